//! Scripts of postings with results computed by hand.

use std::fmt::Write;

use expect_test::{Expect, expect};
use plimsoll_ledger::{Ledger, Terms};
use plimsoll_model::{
    Account, BotName, Currency, ExecId, Execution, Fee, InstrumentId, Money, Position, Price, Qty, Side,
};
use rust_decimal::Decimal;

/// One account; `CALL` has a hundred units per contract, `USDJPY` is priced in yen.
struct Script {
    ledger: Ledger,
    trace: String,
}

fn account() -> Account {
    Account::new("DU1111111").expect("a valid account")
}

fn terms(instrument: &str) -> Terms {
    match instrument {
        "CALL" => Terms { multiplier: Decimal::ONE_HUNDRED, ..Terms::US_STOCK },
        "USDJPY" => Terms { currency: Currency::new("JPY").expect("a currency"), multiplier: Decimal::ONE },
        _ => Terms::US_STOCK,
    }
}

/// `3` and `3.02` are the first and the second revision of one execution.
fn exec_id(word: &str) -> ExecId {
    let (number, revision) = word.split_once('.').unwrap_or((word, "01"));
    ExecId::new(&format!("0000e0d5.69dd7411.{number}.{revision}")).expect("a valid id")
}

fn bot(word: &str) -> Option<BotName> {
    (word != "-").then(|| BotName::new(word).expect("a valid bot"))
}

fn px(word: &str) -> Price {
    Price::parse(word).expect("a price")
}

impl Script {
    fn line(&mut self, words: &[&str]) {
        let said = match *words {
            ["post", id, owner, side, qty, instrument, price] => {
                let execution = Execution {
                    exec_id: exec_id(id),
                    cl_ord_id: None,
                    account: account(),
                    instrument: InstrumentId::us_stock(instrument),
                    side: if side == "BUY" { Side::Buy } else { Side::Sell },
                    last_qty: Qty::parse(qty).expect("a quantity"),
                    last_px: px(price),
                    at: None,
                };
                let posted = self.ledger.post(&execution, bot(owner).as_ref(), terms(instrument));
                posted.map_or_else(|e| e.to_string(), |p| format!("{p:?}"))
            }
            ["fee", id, amount, currency] => {
                let charge = Money::parse(&format!("{amount} {currency}")).expect("money");
                let posted = self.ledger.fee(&exec_id(id), Fee { charge });
                posted.map_or_else(|e| e.to_string(), |p| format!("{p:?}"))
            }
            ["bust", id] => {
                self.ledger.bust(&exec_id(id)).map_or_else(|e| e.to_string(), |p| format!("{p:?}"))
            }
            ["adopt", qty, instrument, avg] => {
                let position = Position::parse(qty).expect("a position");
                let instrument_id = InstrumentId::us_stock(instrument);
                let adopted = self.ledger.adopt(
                    &account(),
                    &instrument_id,
                    position,
                    (avg != "-").then(|| px(avg)),
                    terms(instrument),
                );
                adopted.map_or_else(|e| e.to_string(), |()| "Adopted".to_owned())
            }
            ["mark", owner, instrument, price] => {
                let instrument = InstrumentId::us_stock(instrument);
                let open = self.ledger.open_pnl(bot(owner).as_ref(), &account(), &instrument, px(price));
                open.map_or_else(|| "not known".to_owned(), |money| format!("open {money}"))
            }
            _ => panic!("unknown line {words:?}"),
        };
        self.say(&format!("{}: {said}", words.join(" ")));
    }

    fn say(&mut self, line: &str) {
        writeln!(self.trace, "{line}").expect("writing to a string never fails");
    }

    fn rows(&mut self) {
        for row in self.ledger.rows() {
            let owner = row.bot.map_or("-".to_owned(), |bot| bot.to_string());
            let avg = row.avg_price.map_or("-".to_owned(), |avg| avg.to_string());
            self.say(&format!(
                "{owner} {} {} @ {avg} gross {} fees {} net {} unknown {}",
                row.qty,
                row.instrument,
                row.realised_gross,
                row.fees,
                row.realised_net.amount,
                row.realised_net.unknown_fees,
            ));
            if row.realised_net.unknown_cost {
                self.say("    and something was closed whose cost is unknown");
            }
            for fee in row.realised_net.other_fees {
                self.say(&format!("    and a fee of {fee}"));
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at every call")]
fn check(script: &str, expected: Expect) {
    let mut run = Script { ledger: Ledger::new(), trace: String::new() };
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        run.line(&line.split_whitespace().collect::<Vec<_>>());
    }
    run.rows();
    expected.assert_eq(&run.trace);
}

#[test]
fn additions_change_the_average_and_reductions_leave_it() {
    // (100 x 10 + 50 x 13) / 150 = 11; 60 x (12 - 11) = 60; 90 x (11.50 - 11) = 45.
    check(
        "
        post 1 trend BUY 100 SPY 10.00
        fee 1 1.00 USD
        post 2 trend BUY 50 SPY 13.00
        fee 2 1.00 USD
        post 3 trend SELL 60 SPY 12.00
        mark trend SPY 11.50
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10.00: New
            fee 1 1.00 USD: New
            post 2 trend BUY 50 SPY 13.00: New
            fee 2 1.00 USD: New
            post 3 trend SELL 60 SPY 12.00: New
            mark trend SPY 11.50: open 45 USD
            trend 90 SPY @ 11 gross 60 USD fees 2 USD net 58 USD unknown 1
        "]],
    );
}

#[test]
fn a_reversal_closes_the_old_holding_and_opens_a_new_one() {
    // 100 x (12 - 10) = 200, then 30 short at 12, covered: 30 x (12 - 11.50) = 15 and 20 long at 11.50.
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 2 trend SELL 130 SPY 12
        mark trend SPY 13
        post 3 trend BUY 50 SPY 11.50
        mark trend SPY 13
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 2 trend SELL 130 SPY 12: New
            mark trend SPY 13: open -30 USD
            post 3 trend BUY 50 SPY 11.50: New
            mark trend SPY 13: open 30 USD
            trend 20 SPY @ 11.5 gross 215 USD fees 0 USD net 215 USD unknown 3
        "]],
    );
}

#[test]
fn a_short_holding_profits_from_a_fall() {
    // Average of 100 at 50 and 100 at 52 is 51; 150 x (51 - 49) = 300.
    check(
        "
        post 1 revert SELL 100 QQQ 50
        post 2 revert SELL 100 QQQ 52
        post 3 revert BUY 150 QQQ 49
        fee 1 1 USD
        fee 2 1 USD
        fee 3 1 USD
        ",
        expect![[r"
            post 1 revert SELL 100 QQQ 50: New
            post 2 revert SELL 100 QQQ 52: New
            post 3 revert BUY 150 QQQ 49: New
            fee 1 1 USD: New
            fee 2 1 USD: New
            fee 3 1 USD: New
            revert -50 QQQ @ 51 gross 300 USD fees 3 USD net 297 USD unknown 0
        "]],
    );
}

#[test]
fn a_contract_of_a_hundred_units_counts_a_hundredfold() {
    // 2 x 100 x (1.50 - 0.40) = 220.
    check(
        "
        post 1 trend SELL 2 CALL 1.50
        mark trend CALL 1.00
        post 2 trend BUY 2 CALL 0.40
        fee 1 1.30 USD
        fee 2 1.30 USD
        ",
        expect![[r"
            post 1 trend SELL 2 CALL 1.50: New
            mark trend CALL 1.00: open 100 USD
            post 2 trend BUY 2 CALL 0.40: New
            fee 1 1.30 USD: New
            fee 2 1.30 USD: New
            trend 0 CALL @ - gross 220 USD fees 2.6 USD net 217.4 USD unknown 0
        "]],
    );
}

#[test]
fn an_average_without_an_end_loses_nothing() {
    // 31 / 3 does not end. The whole: 3 x 12 - 31 = 5, however it is split.
    check(
        "
        post 1 trend BUY 1 SPY 10
        post 2 trend BUY 1 SPY 10
        post 3 trend BUY 1 SPY 11
        post 4 trend SELL 1 SPY 12
        post 5 trend SELL 2 SPY 12
        ",
        expect![[r"
            post 1 trend BUY 1 SPY 10: New
            post 2 trend BUY 1 SPY 10: New
            post 3 trend BUY 1 SPY 11: New
            post 4 trend SELL 1 SPY 12: New
            post 5 trend SELL 2 SPY 12: New
            trend 0 SPY @ - gross 5 USD fees 0 USD net 5 USD unknown 5
        "]],
    );
}

#[test]
fn a_repetition_changes_nothing_and_says_so() {
    check(
        "
        post 1 trend BUY 100 SPY 10
        fee 1 1 USD
        post 1 trend BUY 100 SPY 10.00
        fee 1 1.00 USD
        fee 1 1.05 USD
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            fee 1 1 USD: New
            post 1 trend BUY 100 SPY 10.00: Duplicate
            fee 1 1.00 USD: Duplicate
            fee 1 1.05 USD: Changed { from: 1 USD }
            trend 100 SPY @ 10 gross 0 USD fees 1.05 USD net -1.05 USD unknown 0
        "]],
    );
}

#[test]
fn a_correction_replaces_the_execution_in_its_place_and_its_fee_is_unknown_again() {
    // 100 x (11 - 10.10) = 90, and not 100 x (11 - 10).
    check(
        "
        post 1 trend BUY 100 SPY 10
        fee 1 1 USD
        post 2 trend SELL 100 SPY 11
        fee 2 1 USD
        post 1.02 - BUY 100 SPY 10.10
        post 1 trend BUY 100 SPY 10
        fee 1 1 USD
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            fee 1 1 USD: New
            post 2 trend SELL 100 SPY 11: New
            fee 2 1 USD: New
            post 1.02 - BUY 100 SPY 10.10: Corrected
            post 1 trend BUY 100 SPY 10: Superseded
            fee 1 1 USD: Superseded
            trend 0 SPY @ - gross 90 USD fees 1 USD net 89 USD unknown 1
        "]],
    );
}

#[test]
fn a_fee_that_is_early_waits_for_its_execution() {
    check(
        "
        fee 1 1 USD
        fee 1 1 USD
        post 1 trend BUY 100 SPY 10
        fee 1.02 1.20 USD
        post 1.02 trend BUY 100 SPY 10.10
        ",
        expect![[r"
            fee 1 1 USD: Waiting
            fee 1 1 USD: Duplicate
            post 1 trend BUY 100 SPY 10: New
            fee 1.02 1.20 USD: Waiting
            post 1.02 trend BUY 100 SPY 10.10: Corrected
            trend 100 SPY @ 10.1 gross 0 USD fees 1.2 USD net -1.2 USD unknown 0
        "]],
    );
}

#[test]
fn a_bust_takes_the_execution_back_once_and_for_all() {
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 2 trend BUY 100 SPY 12
        fee 2 1 USD
        bust 2
        bust 2
        post 2 trend BUY 100 SPY 12
        fee 2 1 USD
        bust 3
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 2 trend BUY 100 SPY 12: New
            fee 2 1 USD: New
            bust 2: Corrected
            bust 2: Duplicate
            post 2 trend BUY 100 SPY 12: Duplicate
            fee 2 1 USD: Superseded
            bust 3: execution 0000e0d5.69dd7411.3.01 is not in the ledger and cannot be busted; nothing changed; reconcile with the broker
            trend 100 SPY @ 10 gross 0 USD fees 0 USD net 0 USD unknown 1
        "]],
    );
}

#[test]
fn a_correction_after_a_bust_brings_the_execution_back() {
    // (100 x 10 + 50 x 13) / 150 = 11.
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 2 trend BUY 100 SPY 12
        bust 2
        post 2.02 trend BUY 50 SPY 13
        bust 2
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 2 trend BUY 100 SPY 12: New
            bust 2: Corrected
            post 2.02 trend BUY 50 SPY 13: Corrected
            bust 2: Superseded
            trend 150 SPY @ 11 gross 0 USD fees 0 USD net 0 USD unknown 2
        "]],
    );
}

#[test]
fn an_execution_corrected_to_nothing_moves_nothing_and_owes_no_fee() {
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 1.02 trend BUY 0 SPY 10
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 1.02 trend BUY 0 SPY 10: Corrected
            trend 0 SPY @ - gross 0 USD fees 0 USD net 0 USD unknown 0
        "]],
    );
}

#[test]
fn what_the_broker_holds_and_no_bot_explains_stays_apart() {
    // The manual sale is out of the foreign holding: 10 x (450 - 400) = 500.
    check(
        "
        adopt 60 SPY 400
        post 1 trend BUY 40 SPY 500
        post 2 - SELL 10 SPY 450
        adopt 60 SPY 400
        mark - SPY 450
        ",
        expect![[r"
            adopt 60 SPY 400: Adopted
            post 1 trend BUY 40 SPY 500: New
            post 2 - SELL 10 SPY 450: New
            adopt 60 SPY 400: Adopted
            mark - SPY 450: open 2500 USD
            trend 40 SPY @ 500 gross 0 USD fees 0 USD net 0 USD unknown 1
            - 50 SPY @ 400 gross 500 USD fees 0 USD net 500 USD unknown 1
        "]],
    );
}

#[test]
fn a_holding_of_unknown_cost_makes_no_profit_up() {
    // Of the first 60 nothing is known. After the reversal the 10 short at 450 are known: 10 x (450 - 440).
    check(
        "
        adopt 60 SPY -
        mark - SPY 450
        post 1 - SELL 20 SPY 450
        post 2 - BUY 10 SPY 450
        mark - SPY 450
        post 3 - SELL 60 SPY 450
        mark - SPY 440
        post 4 - BUY 10 SPY 440
        ",
        expect![[r"
            adopt 60 SPY -: Adopted
            mark - SPY 450: not known
            post 1 - SELL 20 SPY 450: New
            post 2 - BUY 10 SPY 450: New
            mark - SPY 450: not known
            post 3 - SELL 60 SPY 450: New
            mark - SPY 440: open 100 USD
            post 4 - BUY 10 SPY 440: New
            - 0 SPY @ - gross 100 USD fees 0 USD net 100 USD unknown 4
                and something was closed whose cost is unknown
        "]],
    );
}

#[test]
fn a_fee_in_another_currency_is_never_added_in() {
    check(
        "
        post 1 trend BUY 1000 USDJPY 150.00
        post 2 trend SELL 1000 USDJPY 151.00
        fee 1 2 USD
        fee 2 100 JPY
        ",
        expect![[r"
            post 1 trend BUY 1000 USDJPY 150.00: New
            post 2 trend SELL 1000 USDJPY 151.00: New
            fee 1 2 USD: New
            fee 2 100 JPY: New
            trend 0 USDJPY @ - gross 1000 JPY fees 100 JPY net 900 JPY unknown 0
                and a fee of 2 USD
        "]],
    );
}

#[test]
fn two_executions_under_one_id_are_a_conflict_and_the_first_is_kept() {
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 1 trend SELL 100 SPY 10
        post 1 trend BUY 90 SPY 10
        post 1 trend BUY 100 QQQ 10
        post 1.02 trend BUY 100 QQQ 10
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 1 trend SELL 100 SPY 10: execution 0000e0d5.69dd7411.1.01 differs in side from what the venue sent before under that id; the first was kept; compare both with the broker's statement
            post 1 trend BUY 90 SPY 10: execution 0000e0d5.69dd7411.1.01 differs in quantity from what the venue sent before under that id; the first was kept; compare both with the broker's statement
            post 1 trend BUY 100 QQQ 10: execution 0000e0d5.69dd7411.1.01 differs in instrument from what the venue sent before under that id; the first was kept; compare both with the broker's statement
            post 1.02 trend BUY 100 QQQ 10: execution 0000e0d5.69dd7411.1.02 differs in instrument from what the venue sent before under that id; the first was kept; compare both with the broker's statement
            trend 100 SPY @ 10 gross 0 USD fees 0 USD net 0 USD unknown 1
        "]],
    );
}

#[test]
fn a_number_that_does_not_fit_changes_nothing() {
    check(
        "
        post 1 trend BUY 100 SPY 10
        post 2 trend BUY 10000000000000000000 SPY 10000000000000000000
        ",
        expect![[r"
            post 1 trend BUY 100 SPY 10: New
            post 2 trend BUY 10000000000000000000 SPY 10000000000000000000: SPY in DU1111111 would need more than 28 digits; nothing was posted; check quantity and price
            trend 100 SPY @ 10 gross 0 USD fees 0 USD net 0 USD unknown 1
        "]],
    );
}
