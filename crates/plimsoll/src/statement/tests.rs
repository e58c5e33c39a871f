//! A day of two bots against the simulated broker, and the statement of it that the broker's own books give: the gateway's
//! tables agree with it, and whatever is changed in it is found and blocks whose it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll_core::Config;
use plimsoll_ledger::statement::BreakKind;
use plimsoll_model::{Account, ExecId};
use plimsoll_runtime::config::{self, BotDatabase, Nightly};
use plimsoll_statement::{Statement, read};
use rust_decimal::Decimal;
use serde_json::Value;

use super::booked::Tables;
use super::coverage::{self, Wanted};
use plimsoll_model::Side;

use super::night::{AccountNight, BotNight, Rules};
use super::of_venue::{Field, flex};
use super::pending::{self, Block};

/// On-close orders that are netted, round trips of both, and a trade by hand.
const DAY: &str = "
title     A day for a statement
pitfall   13-ledger-drifts
guard     self_match

day       2026-11-27 America/New_York
from      12:44:00
to        13:01:00
bot       trend  11 DU1111111 SPY  shared=SPY
bot       revert 12 DU1111111 SPY,QQQ  shared=SPY
on_close_crossing net

12:44:10  trend     BUY 100 SPY MKT     as long
12:44:20  revert    BUY 50 QQQ MKT      as in
12:44:50  revert    SELL 50 QQQ MKT     as out
12:45:00  trend     SELL 100 SPY MOC    as first
12:45:10  venue     manual_trade account=DU1111111 symbol=SPY side=SELL qty=10
12:45:30  revert    BUY 40 SPY MOC      as second

expect    first status Filled
";

/// What the account is worth in the statement; half a percent of it is 50.
const EQUITY: &str = "10000";

/// A folder that goes away with the test.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // What is left in a temporary folder must not fail a test that said what it had to say.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn home(name: &str) -> Home {
    let path = std::env::temp_dir().join(format!("plimsoll-night-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    Home(path)
}

/// The day, played once, and the broker's books of it.
struct Played {
    home: Home,
    venue: Value,
}

fn played(name: &str) -> Played {
    let home = home(name);
    let venue = crate::drill::played_in(&home.0, DAY);
    Played { home, venue }
}

impl Played {
    /// The broker's books as a Flex statement; `change` may alter each trade's fields.
    fn statement(&self, change: impl Fn(&mut Vec<Field>)) -> Statement {
        let equity = Decimal::from_str_exact(EQUITY).unwrap();
        let text = flex(&self.venue, "DU1111111", jiff::civil::date(2026, 11, 27), equity, change);
        let mut file = read(text.as_bytes()).unwrap();
        assert_eq!(file.problems, []);
        file.statements.remove(0)
    }

    fn night(&self, sheet: &Statement, nightly: &Nightly) -> AccountNight {
        self.night_after(sheet, nightly, &BTreeSet::new())
    }

    fn night_after(&self, sheet: &Statement, nightly: &Nightly, owed: &BTreeSet<ExecId>) -> AccountNight {
        let tables = Tables::read(&self.home.0.join("state")).unwrap_or_else(|failure| panic!("{failure:?}"));
        let rules = Rules { config: &fleet(), nightly, tables: &tables };
        rules.judge(sheet, owed).unwrap_or_else(|failure| panic!("{failure:?}"))
    }
}

fn set(fields: &mut [Field], name: &str, value: &str) {
    fields.iter_mut().find(|(field, _)| *field == name).unwrap().1 = value.to_owned();
}

fn is(fields: &[Field], name: &str, part: &str) -> bool {
    fields.iter().any(|(field, value)| *field == name && value.contains(part))
}

/// The fleet of the day.
fn fleet() -> Config {
    let bot = |name: &str, port: u16, symbols: &str| {
        format!(
            "[[bot]]\nname = \"{name}\"\nvenue = \"ib\"\nlisten = \"127.0.0.1:{port}\"\nclient_ids = [{port}]\n\
             accounts = [\"DU1111111\"]\ninstruments = [{symbols}]\nshared = [\"SPY\"]\n"
        )
    };
    let text = format!(
        "[plimsoll]\nmode = \"enforce\"\n[clock]\n[[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\n\
         upstream = \"127.0.0.1:4002\"\nclient_id = 900\naccounts = [\"DU1111111\"]\n{}{}",
        bot("trend", 7401, "\"SPY\""),
        bot("revert", 7402, "\"SPY\", \"QQQ\""),
    );
    config::parse("plimsoll.toml", &text).unwrap_or_else(|error| panic!("{error}")).config
}

fn bot<'a>(night: &'a AccountNight, name: &str) -> &'a BotNight {
    night.bots.iter().find(|(bot, _)| bot.as_str() == name).unwrap().1
}

fn kinds(night: &AccountNight) -> Vec<&str> {
    night.breaks.iter().map(|row| row["kind"].as_str().unwrap()).collect()
}

#[test]
fn the_broker_s_own_books_of_the_day_agree_and_each_change_blocks_whose_it_is() {
    let day = played("day");
    let usual = Nightly::default();

    let night = day.night(&day.statement(|_| {}), &usual);
    assert_eq!(kinds(&night), [""; 0], "{:?}", night.breaks);
    assert!(night.bots.values().all(|bot| bot.because.is_empty()));
    assert_eq!(night.limit, Decimal::from(50));
    assert!(night.notes[0].contains("as shares of a netted order"), "{:?}", night.notes);

    // The statement's commission of one execution is 50 more than the broker told, which is the limit, and then a cent more.
    let dearer = |by: Decimal| {
        day.statement(|fields| {
            if is(fields, "symbol", "QQQ") && is(fields, "buySell", "BUY") {
                let told = fields.iter().find(|(name, _)| *name == "ibCommission").unwrap().1.clone();
                let more = Decimal::from_str_exact(&told).unwrap() - by;
                set(fields, "ibCommission", &more.to_string());
            }
        })
    };
    let night = day.night(&dearer(Decimal::from(50)), &usual);
    assert_eq!(kinds(&night), [BreakKind::Commission.as_str()]);
    assert_eq!(bot(&night, "revert").difference, Some(Decimal::from(-50)));
    assert_eq!(bot(&night, "revert").because, [""; 0]);
    let night = day.night(&dearer(Decimal::new(5001, 2)), &usual);
    assert_eq!(bot(&night, "revert").because, ["the broker's books differ by -50.01 USD, limit 50"]);
    assert_eq!(bot(&night, "trend").because, [""; 0]);

    // An execution of trend's that never reached the gateway: here under another id than the one that did.
    let other = day.statement(|fields| {
        if is(fields, "orderReference", "-trend-") {
            set(fields, "ibExecID", "0000ffff.ffffffff.01.01");
        }
    });
    let night = day.night(&other, &usual);
    assert_eq!(bot(&night, "trend").unexplained, 2, "{:?}", night.breaks);
    assert!(bot(&night, "trend").because[0].starts_with("2 executions or holdings that only one side has"));
    assert_eq!(bot(&night, "revert").because, [""; 0]);
}

#[test]
fn a_bot_that_believes_in_another_profit_than_the_broker_s_is_blocked() {
    let day = played("believes");
    let own = day.home.0.join("own.csv");
    let nightly = |path: &Path| Nightly {
        databases: vec![BotDatabase {
            bot: plimsoll_model::BotName::new("revert").unwrap(),
            file: path.to_owned(),
            table: None,
            time: "time".into(),
            profit: "profit".into(),
            fees: None,
            currency: plimsoll_model::Currency::USD,
            zone: jiff::tz::TimeZone::UTC,
        }],
        ..Nightly::default()
    };
    // By the broker's own books, and by hand: what the round trip in QQQ brought, less both commissions.
    let qqq = day.venue["executions"].as_array().unwrap().iter().filter(|row| row["symbol"] == "QQQ");
    let earned: Decimal = qqq
        .map(|row| {
            let number = |key: &str| Decimal::from_str_exact(row[key].as_str().unwrap()).unwrap();
            let sign = if row["side"] == "SELL" { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
            sign * number("qty") * number("price") - number("commission")
        })
        .sum();
    let sheet = day.statement(|_| {});
    let believed = |profit: Decimal| {
        std::fs::write(&own, format!("time,profit\n2026-11-27T17:50:00Z,{profit}\n")).unwrap();
        day.night(&sheet, &nightly(&own))
    };
    // Its share of the netted order costs a commission too, which is in the limit.
    let night = believed(earned);
    assert_eq!(bot(&night, "revert").because, [""; 0], "{:?}", bot(&night, "revert").own);
    let night = believed(Decimal::from(1309));
    let because = &bot(&night, "revert").because;
    assert!(because.len() == 1 && because[0].starts_with("its own database says 1309 USD"), "{because:?}");
    std::fs::remove_file(&own).unwrap();
    let because =
        day.night(&sheet, &nightly(&own)).bots.remove(&plimsoll_model::BotName::new("revert").unwrap());
    let because = because.unwrap().because;
    assert!(because[0].ends_with("the bot's own profit was not compared"), "{because:?}");
}

#[test]
fn differences_that_make_up_for_each_other_are_counted_one_by_one() {
    let day = played("opposite");
    let sheet = day.statement(|fields| {
        if is(fields, "symbol", "QQQ") {
            let by = if is(fields, "buySell", "BUY") { 60 } else { -60 };
            let told = fields.iter().find(|(name, _)| *name == "ibCommission").unwrap().1.clone();
            let other = Decimal::from_str_exact(&told).unwrap() - Decimal::from(by);
            set(fields, "ibCommission", &other.to_string());
        }
    });
    let night = day.night(&sheet, &Nightly::default());
    let revert = bot(&night, "revert");
    assert_eq!((revert.difference, revert.apart), (Some(Decimal::ZERO), Some(Decimal::from(120))));
    assert_eq!(revert.because.len(), 1, "{:?}", revert.because);
    assert!(revert.because[0].contains("one by one"), "{:?}", revert.because);
    assert_eq!(bot(&night, "trend").because, [""; 0]);
}

#[test]
fn what_an_evening_left_over_must_be_in_the_next_statement() {
    let day = played("evening");
    let mut next = day.statement(|_| {});
    (next.from, next.to) = (Some("2026-11-28".parse().unwrap()), Some("2026-11-28".parse().unwrap()));
    next.trades.clear();
    // It says nothing of holdings: the execution that it lacks would be missing in them, too.
    next.sections.remove("OpenPositions");
    let tables = Tables::read(&day.home.0.join("state")).unwrap_or_else(|failure| panic!("{failure:?}"));
    let of_trend = |one: &&super::booked::Booked| {
        one.entry.bot.as_ref().is_some_and(|bot| bot.as_str() == "trend") && one.entry.side == Side::Buy
    };
    let id = tables.executions.iter().find(of_trend).unwrap().entry.exec_id.clone().unwrap();
    let report = |date: &str, against: &str, account: &str, left: &str| {
        let text = format!(
            "{{\"against\":\"{against}\",\"accounts\":[{{\"account\":\"{account}\",\"unjudged\":[\"{left}\"]}}]}}"
        );
        std::fs::write(day.home.0.join(format!("nightly-{date}.json")), text).unwrap();
    };
    // One before says nothing any more.
    report("2026-11-25", "statement a.xml", "DU1111111", "gone");
    let first = next.from.unwrap();
    let why = coverage::owed(&day.home.0, "DU1111111", first).unwrap_err();
    assert!(why.contains("nobody has compared 2026-11-27, which lies between"), "{why}");
    report("2026-11-27", "statement b.xml", "DU1111111", id.as_str());
    let owed = coverage::owed(&day.home.0, "DU1111111", next.from.unwrap()).unwrap();
    assert_eq!(owed, BTreeSet::from([id]));
    assert_eq!(coverage::owed(&day.home.0, "DU2222222", first).unwrap(), BTreeSet::new());
    // What lies between and was against no statement, or of another account, takes nothing away.
    let monday = "2026-11-30".parse().unwrap();
    report("2026-11-28", "what the broker's API told", "DU1111111", "");
    report("2026-11-29", "statement c.xml", "DU2222222", "");
    assert_eq!(coverage::owed(&day.home.0, "DU1111111", monday).unwrap(), owed);
    std::fs::remove_file(day.home.0.join("nightly-2026-11-28.json")).unwrap();
    std::fs::remove_file(day.home.0.join("nightly-2026-11-29.json")).unwrap();
    let night = day.night_after(&next, &Nightly::default(), &owed);
    assert_eq!(kinds(&night), [BreakKind::OnlyLedger.as_str()], "{:?}", night.breaks);
    assert_eq!(bot(&night, "trend").unexplained, 1);
    // Without the report nobody says that this statement must have it: it may have been in the one before.
    assert_eq!(kinds(&day.night(&next, &Nightly::default())), [""; 0]);
    std::fs::write(day.home.0.join("nightly-2026-11-27.json"), "{").unwrap();
    let why = coverage::owed(&day.home.0, "DU1111111", next.from.unwrap()).unwrap_err();
    assert!(why.ends_with("what its evening left over was not compared"), "{why}");
}

#[test]
fn a_statement_of_another_account_or_day_or_without_trades_is_named_as_not_compared() {
    let sheet = |account: &str, date: &str, sections: &str| {
        let text = format!(
            "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"{account}\" fromDate=\"{date}\" \
             toDate=\"{date}\">{sections}</FlexStatement></FlexStatements></FlexQueryResponse>"
        );
        read(text.as_bytes()).unwrap().statements
    };
    let accounts = [Account::new("DU1111111").unwrap()];
    let missing = |sheets: &[Statement]| {
        Wanted { accounts: &accounts, day: Some("2026-11-27".parse().unwrap()) }.missing(sheets)
    };
    let both = "<Trades/><OpenPositions/>";
    assert_eq!(missing(&sheet("DU1111111", "20261127", both)), [""; 0]);
    assert_eq!(
        missing(&sheet("DU2222222", "20261127", both)),
        ["DU1111111: no statement of it is in the file; nothing of it was compared"]
    );
    assert_eq!(
        missing(&sheet("DU1111111", "20261125", both)),
        [
            "DU1111111: the statement covers 2026-11-25 to 2026-11-25 and not 2026-11-27; that day was not compared"
        ]
    );
    assert_eq!(
        missing(&sheet("DU1111111", "20261127", "")),
        [
            "DU1111111: the statement has no section Trades; executions were not compared",
            "DU1111111: the statement has no section OpenPositions; holdings were not compared",
        ]
    );
}

#[test]
fn a_block_that_found_no_gateway_waits_and_is_a_halt_for_new_risk() {
    let home = home("pending");
    let block = |bot: &str, reason: &str| Block { bot: bot.into(), reason: reason.into() };
    assert_eq!(pending::read(&home.0).unwrap(), []);
    pending::add(&home.0, &[block("trend", "first"), block("revert", "too")]).unwrap();
    pending::add(&home.0, &[block("trend", "second")]).unwrap();
    let waiting = pending::read(&home.0).unwrap();
    assert_eq!(waiting, [block("revert", "too"), block("trend", "second")]);
    let said = format!("{:?}", waiting[1].as_halt().unwrap());
    assert!(said.contains("NewRisk") && said.contains("trend") && said.contains("nightly"), "{said}");
    // A person has looked at one of them; nothing is left of it to come back.
    pending::remove(&home.0, "trend").unwrap();
    pending::remove(&home.0, "unheard_of").unwrap();
    assert_eq!(pending::read(&home.0).unwrap(), [block("revert", "too")]);
    pending::clear(&home.0).unwrap();
    assert_eq!(pending::read(&home.0).unwrap(), []);
    std::fs::write(home.0.join("nightly.pending"), "[{").unwrap();
    assert!(pending::read(&home.0).unwrap_err().to_string().contains("halt them with `plimsoll halt`"));
}
