//! What holds for any sequence of postings.

use std::collections::BTreeMap;

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use plimsoll_ledger::{FeeError, FeePosted, Ledger, PositionRow, PostError, Posted, Terms};
use plimsoll_model::{
    Account, BotName, Contract, Currency, ExecId, Execution, Fee, InstrumentId, Money, Position, Price, Qty,
    SecType, Side,
};
use rust_decimal::Decimal;

#[derive(Debug, Clone)]
struct Event {
    execution: Execution,
    bot: Option<BotName>,
    fee: Option<Money>,
}

fn exec_id(number: usize, revision: u32) -> ExecId {
    ExecId::new(&format!("0000e0d5.69dd7411.{number}.{revision:02}")).expect("a valid id")
}

fn account(name: &str) -> Account {
    Account::new(name).expect("a valid account")
}

fn event(u: &mut Unstructured<'_>, number: usize) -> Result<Event> {
    let cents = u.int_in_range(1..=100_000)?;
    Ok(Event {
        execution: Execution {
            exec_id: exec_id(number, 1),
            cl_ord_id: None,
            account: account(u.choose(&["U1", "U2"])?),
            instrument: InstrumentId::us_stock(u.choose(&["SPY", "QQQ"])?),
            side: *u.choose(&[Side::Buy, Side::Sell])?,
            last_qty: Qty::whole(u.int_in_range(1..=500)?),
            last_px: Price::new(Decimal::new(cents, 2)),
            at: None,
        },
        bot: u.choose(&[None, Some("trend"), Some("revert")])?.map(|b| BotName::new(b).expect("a bot")),
        fee: u.arbitrary::<bool>()?.then_some(Money { amount: Decimal::ONE, currency: Currency::USD }),
    })
}

fn events(u: &mut Unstructured<'_>) -> Result<Vec<Event>> {
    let count = u.int_in_range(0..=30)?;
    (0..count).map(|number| event(u, number)).collect()
}

fn post(ledger: &mut Ledger, event: &Event) -> Posted {
    let posted = ledger.post(&event.execution, event.bot.as_ref(), Terms::US_STOCK).expect("it fits");
    if let Some(charge) = event.fee {
        ledger.fee(&event.execution.exec_id, Fee { charge }).expect("it fits");
    }
    posted
}

fn posted<'a>(events: impl IntoIterator<Item = &'a Event>) -> Ledger {
    let mut ledger = Ledger::new();
    for event in events {
        post(&mut ledger, event);
    }
    ledger
}

fn is_of(event: &Event, row: &PositionRow) -> bool {
    let e = &event.execution;
    event.bot == row.bot && e.account == row.account && e.instrument == row.instrument
}

#[test]
fn the_order_between_accounts_does_not_matter() {
    arbtest(|u| {
        let events = events(u)?;
        let (first, second): (Vec<_>, Vec<_>) =
            events.iter().partition(|event| event.execution.account.as_str() == "U1");
        assert_eq!(posted(&events), posted(second.into_iter().chain(first)));
        Ok(())
    });
}

#[test]
fn replaying_everything_twice_changes_nothing() {
    arbtest(|u| {
        let events = events(u)?;
        let once = posted(&events);
        let mut twice = once.clone();
        for event in &events {
            assert_eq!(post(&mut twice, event), Posted::Duplicate);
        }
        assert_eq!(once, twice);
        Ok(())
    });
}

#[test]
fn late_fees_and_early_fees_end_in_the_same_ledger() {
    arbtest(|u| {
        let events = events(u)?;
        let mut early = Ledger::new();
        let mut late = Ledger::new();
        for event in &events {
            if let Some(charge) = event.fee {
                early.fee(&event.execution.exec_id, Fee { charge }).unwrap();
            }
            late.post(&event.execution, event.bot.as_ref(), Terms::US_STOCK).unwrap();
        }
        for event in &events {
            early.post(&event.execution, event.bot.as_ref(), Terms::US_STOCK).unwrap();
            if let Some(charge) = event.fee {
                late.fee(&event.execution.exec_id, Fee { charge }).unwrap();
            }
        }
        assert_eq!(early, late);
        Ok(())
    });
}

#[test]
fn bots_and_foreign_add_up_to_the_account() {
    arbtest(|u| {
        let mut ledger = posted(&events(u)?);
        let spy = InstrumentId::us_stock("SPY");
        if u.arbitrary()? {
            let position = Position::new(Decimal::from(u.int_in_range(-100..=100)?));
            let price = Price::new(Decimal::TEN);
            ledger.adopt(&account("U1"), &spy, position, price, Terms::US_STOCK).unwrap();
        }
        for name in ["U1", "U2"] {
            let sum = ["trend", "revert"]
                .map(|bot| ledger.bot_position(&BotName::new(bot).unwrap(), &account(name), &spy))
                .into_iter()
                .fold(ledger.foreign_position(&account(name), &spy), |a, b| a.checked_add(b).unwrap());
            assert_eq!(sum, ledger.position(&account(name), &spy));
        }
        Ok(())
    });
}

#[test]
fn realised_and_open_profit_are_exactly_what_was_paid_and_received() {
    arbtest(|u| {
        let events = events(u)?;
        let mark = Price::new(Decimal::new(u.int_in_range(1..=100_000)?, 2));
        let ledger = posted(&events);
        for row in ledger.rows() {
            let of_row = |event: &&Event| is_of(event, &row);
            let received: Decimal = events
                .iter()
                .filter(of_row)
                .map(|e| {
                    let value = e.execution.last_px.get() * e.execution.last_qty.get();
                    if e.execution.side == Side::Sell { value } else { -value }
                })
                .sum();
            let open = ledger.open_pnl(row.bot.as_ref(), &row.account, &row.instrument, mark).unwrap();
            let worth = row.qty.get() * mark.get();
            assert_eq!(row.realised_gross.amount + open.amount, received + worth, "{row:?}");
            let fees = events.iter().filter(of_row).filter(|e| e.fee.is_some()).count();
            let all = events.iter().filter(of_row).count();
            assert_eq!(row.fees.amount, Decimal::from(fees));
            assert_eq!(row.realised_net.amount.amount, row.realised_gross.amount - row.fees.amount);
            assert_eq!(row.realised_net.unknown_fees as usize, all - fees);
        }
        Ok(())
    });
}

#[test]
fn a_corrected_ledger_is_the_one_in_which_the_correction_came_first() {
    arbtest(|u| {
        let events = events(u)?;
        let mut corrected = posted(&events);
        let mut right = events.clone();
        for (number, event) in right.iter_mut().enumerate() {
            if u.arbitrary()? {
                event.execution.exec_id = exec_id(number, 2);
                event.execution.last_px = Price::new(Decimal::new(u.int_in_range(1..=100_000)?, 2));
                event.execution.last_qty = Qty::whole(u.int_in_range(0..=500)?);
                assert_eq!(post(&mut corrected, event), Posted::Corrected);
            }
        }
        assert_eq!(corrected, posted(&right));
        Ok(())
    });
}

#[test]
fn a_busted_execution_leaves_positions_and_profit_as_if_it_had_never_been() {
    arbtest(|u| {
        let events = events(u)?;
        let mut ledger = posted(&events);
        let mut kept = Vec::new();
        for event in &events {
            if u.arbitrary()? {
                ledger.bust(&event.execution.exec_id).unwrap();
            } else {
                kept.push(event);
            }
        }
        // A holder of busted executions only is still listed, with zeros.
        let mut rows = ledger.rows();
        rows.retain(|row| kept.iter().any(|event| is_of(event, row)));
        assert_eq!(rows, posted(kept.iter().copied()).rows());
        Ok(())
    });
}

#[test]
fn a_bot_s_net_is_the_sum_of_its_rows() {
    arbtest(|u| {
        let ledger = posted(&events(u)?);
        let bot = BotName::new("trend").unwrap();
        let mut sum = Decimal::ZERO;
        let mut unknown = 0;
        for row in ledger.rows().into_iter().filter(|row| row.bot.as_ref() == Some(&bot)) {
            sum += row.realised_net.amount.amount;
            unknown += row.realised_net.unknown_fees;
        }
        match &ledger.bot_net(&bot).unwrap()[..] {
            [] => assert_eq!((sum, unknown), (Decimal::ZERO, 0)),
            [net] => assert_eq!((net.amount.amount, net.unknown_fees), (sum, unknown)),
            more => panic!("one currency gave {more:?}"),
        }
        Ok(())
    });
}

#[test]
fn adopting_what_is_unexplained_leaves_no_break() {
    arbtest(|u| {
        let mut ledger = posted(&events(u)?);
        let mut broker = BTreeMap::new();
        for name in ["U1", "U2"] {
            let position = Position::new(Decimal::from(u.int_in_range(-300..=300)?));
            broker.insert((account(name), InstrumentId::us_stock("SPY")), position);
        }
        for b in ledger.diff(&broker) {
            let opening = ledger.opening(&b.account, &b.instrument);
            let position = opening.checked_add(b.unexplained().unwrap()).unwrap();
            let price = Price::new(Decimal::TEN);
            ledger.adopt(&b.account, &b.instrument, position, price, Terms::US_STOCK).unwrap();
        }
        assert_eq!(ledger.diff(&broker), []);
        Ok(())
    });
}

#[test]
fn a_break_names_both_sides_and_a_missing_row_means_flat() {
    let buy = Execution {
        exec_id: exec_id(1, 1),
        cl_ord_id: None,
        account: account("U1"),
        instrument: InstrumentId::us_stock("SPY"),
        side: Side::Buy,
        last_qty: Qty::whole(100),
        last_px: Price::parse("500").unwrap(),
        at: None,
    };
    let mut ledger = Ledger::new();
    ledger.post(&buy, None, Terms::US_STOCK).unwrap();
    let key = |instrument| (account("U1"), InstrumentId::us_stock(instrument));
    let position = |text| Position::parse(text).unwrap();
    let same = BTreeMap::from([(key("SPY"), position("100")), (key("GLD"), Position::FLAT)]);
    assert_eq!(ledger.diff(&same), []);
    let other = BTreeMap::from([(key("QQQ"), position("-7"))]);
    let breaks: Vec<_> = ledger
        .diff(&other)
        .into_iter()
        .map(|b| (b.instrument.to_string(), b.ledger.to_string(), b.broker.to_string()))
        .collect();
    let text = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(breaks, [text("QQQ", "0", "-7"), text("SPY", "100", "0")]);
}

#[test]
fn a_changed_multiplier_is_refused() {
    let spy = InstrumentId::us_stock("SPY");
    let mut ledger = Ledger::new();
    ledger.adopt(&account("U1"), &spy, Position::new(Decimal::TEN), Price::ZERO, Terms::US_STOCK).unwrap();
    let hundred = Terms { multiplier: Decimal::ONE_HUNDRED, ..Terms::US_STOCK };
    let again = ledger.adopt(&account("U2"), &spy, Position::FLAT, Price::ZERO, hundred);
    assert!(matches!(again, Err(PostError::TermsChanged { .. })), "{again:?}");
}

#[test]
fn a_derivative_without_a_multiplier_has_no_terms() {
    let stock = Contract::stock("SPY", Currency::USD);
    assert_eq!(Terms::of(&stock), Some(Terms::US_STOCK));
    assert_eq!(Terms::of(&Contract { currency: "".into(), ..stock.clone() }), Some(Terms::US_STOCK));
    assert_eq!(Terms::of(&Contract { currency: "$".into(), ..stock.clone() }), None);
    let option = Contract { sec_type: SecType::Option, ..stock };
    assert_eq!(Terms::of(&option), None);
    let hundred = Contract { multiplier: Some(Decimal::ONE_HUNDRED), ..option };
    assert_eq!(Terms::of(&hundred).unwrap().multiplier, Decimal::ONE_HUNDRED);
}

#[test]
fn fees_without_executions_are_kept_up_to_a_limit() {
    let charge = Money::zero(Currency::USD);
    let mut ledger = Ledger::new();
    for number in 0..10_000 {
        assert_eq!(ledger.fee(&exec_id(number, 1), Fee { charge }), Ok(FeePosted::Waiting));
    }
    let refused = ledger.fee(&exec_id(10_000, 1), Fee { charge });
    assert_eq!(refused, Err(FeeError::TooManyWaiting { exec_id: exec_id(10_000, 1) }));
    assert_eq!(ledger.fee(&exec_id(7, 1), Fee { charge }), Ok(FeePosted::Duplicate));
}

/// Events with times that grow, so that a ledger can tell old ones from new ones.
fn timed(u: &mut Unstructured<'_>) -> Result<Vec<Event>> {
    let mut events = events(u)?;
    for (second, event) in (1_795_000_000..).zip(&mut events) {
        event.execution.at = Some(jiff::Timestamp::from_second(second).expect("a time"));
    }
    Ok(events)
}

#[test]
fn a_ledger_that_keeps_little_adds_up_to_the_same_and_books_nothing_twice() {
    arbtest(|u| {
        let (events, kept) = (timed(u)?, u.int_in_range(1..=8)?);
        let (mut all, mut few) = (Ledger::new(), Ledger::keeping(kept));
        for event in &events {
            assert_eq!((post(&mut all, event), post(&mut few, event)), (Posted::New, Posted::New));
        }
        assert_eq!(few.rows(), all.rows());
        // Everything of the day again, as after a reconnect.
        for (at, event) in events.iter().enumerate() {
            let is_kept = at + kept >= events.len();
            let again = few.post(&event.execution, event.bot.as_ref(), Terms::US_STOCK).unwrap();
            assert_eq!(again, if is_kept { Posted::Duplicate } else { Posted::Settled });
            assert_eq!(few.execution(&event.execution.exec_id).is_some(), is_kept);
        }
        assert_eq!(few.rows(), all.rows());
        Ok(())
    });
}

#[test]
fn what_is_kept_can_be_corrected_and_busted_as_if_everything_were_there() {
    arbtest(|u| {
        let (events, kept) = (timed(u)?, u.int_in_range(1..=8)?);
        let (mut all, mut few) = (Ledger::new(), Ledger::keeping(kept));
        for event in &events {
            post(&mut all, event);
            post(&mut few, event);
        }
        for (at, event) in events.iter().enumerate().rev().take(kept) {
            let mut corrected = event.execution.clone();
            corrected.exec_id = exec_id(at, 2);
            corrected.last_qty = Qty::whole(u.int_in_range(0..=500)?);
            let is_bust = u.ratio(1, 3)?;
            for ledger in [&mut all, &mut few] {
                let posted = if is_bust {
                    ledger.bust(&event.execution.exec_id)
                } else {
                    ledger.post(&corrected, None, Terms::US_STOCK)
                };
                assert_eq!(posted, Ok(Posted::Corrected));
            }
            assert_eq!(few.rows(), all.rows());
        }
        Ok(())
    });
}

#[test]
fn an_opening_that_changes_moves_the_position_by_as_much_whatever_is_kept() {
    arbtest(|u| {
        let (events, kept) = (timed(u)?, u.int_in_range(1..=8)?);
        let (mut all, mut few) = (Ledger::new(), Ledger::keeping(kept));
        let (u1, spy) = (account("U1"), InstrumentId::us_stock("SPY"));
        let adopted_at = u.int_in_range(0..=events.len())?;
        for ledger in [&mut all, &mut few] {
            for (at, event) in events.iter().enumerate() {
                if at == adopted_at {
                    let five = Position::new(Decimal::from(5));
                    ledger.adopt(&u1, &spy, five, Price::new(Decimal::TEN), Terms::US_STOCK).unwrap();
                }
                post(ledger, event);
            }
            let opening = Position::new(Decimal::from(-7));
            ledger.adopt(&u1, &spy, opening, None, Terms::US_STOCK).unwrap();
            assert_eq!(ledger.opening(&u1, &spy), opening);
        }
        assert_eq!(few.position(&u1, &spy), all.position(&u1, &spy));
        assert_eq!(few.foreign_position(&u1, &spy), all.foreign_position(&u1, &spy));
        let of_bots =
            |ledger: &Ledger| ledger.rows().into_iter().filter(|row| row.bot.is_some()).collect::<Vec<_>>();
        assert_eq!(of_bots(&few), of_bots(&all), "what is foreign is none of the bots' business");
        Ok(())
    });
}

#[test]
fn what_may_be_settled_is_not_posted_and_what_is_certainly_new_is() {
    let at = |second: i64| Some(jiff::Timestamp::from_second(1_795_000_000 + second).expect("a time"));
    let execution = |number: usize, revision: u32, at: Option<jiff::Timestamp>| Execution {
        exec_id: exec_id(number, revision),
        cl_ord_id: None,
        account: account("U1"),
        instrument: InstrumentId::us_stock("SPY"),
        side: Side::Buy,
        last_qty: Qty::whole(10),
        last_px: Price::new(Decimal::TEN),
        at,
    };
    let mut ledger = Ledger::keeping(2);
    let mut say = |number, revision, at| {
        ledger.post(&execution(number, revision, at), None, Terms::US_STOCK).expect("it fits")
    };
    // Nothing is settled yet: a venue that tells no time, or whose first word is a correction, is believed.
    assert_eq!(say(1, 1, at(1)), Posted::New);
    assert_eq!(say(2, 3, None), Posted::New);
    // The first is settled now, up to second 1.
    assert_eq!(say(3, 1, at(3)), Posted::New);
    assert_eq!(say(4, 1, at(1)), Posted::Settled, "as old as the newest that is settled");
    assert_eq!(say(4, 1, None), Posted::Settled, "it tells no time");
    assert_eq!(say(4, 2, at(9)), Posted::Settled, "a correction, whose time may be its own");
    assert_eq!(say(1, 2, at(1)), Posted::Settled, "the correction of one that is settled");
    // The second told no time; it was posted by second 3 at the latest.
    assert_eq!(say(5, 1, at(2)), Posted::New);
    assert_eq!(say(6, 1, at(3)), Posted::Settled);
    assert_eq!(say(6, 1, at(4)), Posted::New);
    let spy = InstrumentId::us_stock("SPY");
    assert_eq!(ledger.position(&account("U1"), &spy).to_string(), "50");
    // A late fee of one that is settled waits, and stays unknown: the profit is never shown without it.
    let charge = Money { amount: Decimal::ONE, currency: Currency::USD };
    assert_eq!(ledger.fee(&exec_id(1, 1), Fee { charge }), Ok(FeePosted::Waiting));
    assert_eq!(ledger.rows()[0].realised_net.unknown_fees, 5);
    // Nor does the broker's repetition of all of them fill the memory, or the ears.
    for number in 101..10_100 {
        assert_eq!(ledger.fee(&exec_id(number, 1), Fee { charge }), Ok(FeePosted::Waiting));
    }
    assert_eq!(ledger.fee(&exec_id(20_000, 1), Fee { charge }), Ok(FeePosted::Settled));
    assert_eq!(ledger.rows()[0].realised_net.unknown_fees, 5);
    let gone = ledger.bust(&exec_id(1, 1));
    assert!(matches!(gone, Err(PostError::NotPosted { .. })), "{gone:?}");
}
