//! The guard table against its pages, and every reason against its text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_model::{Account, ClOrdId, Currency, InstrumentId, Money, OrderId, Position, Price, Qty, Side};
use rust_decimal::Decimal;

use crate::guard::{Auction, Crossing, GUARDS, GuardId, Margin, Reason};
use crate::halt::HaltLevel;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

/// The first drill that is about a guard, by the `guard` line of its file; one of the guard's own pitfall if there is one.
fn drill_of(id: GuardId, pitfall: &str) -> String {
    let folder = docs().join("../drills");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let says = |words: [&str; 2]| text.lines().any(|line| line.split_whitespace().eq(words));
        if says(["guard", id.as_str()]) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            names.push((!says(["pitfall", pitfall]), name));
        }
    }
    names.into_iter().min().unwrap_or_else(|| panic!("no drill is about {id}")).1
}

/// One row per guard.
fn table() -> String {
    let mut rows = Vec::new();
    for spec in GUARDS {
        let mut row = String::from("  {");
        write!(
            row,
            "\"id\": \"{}\", \"pitfall\": \"{}\", \"drill\": \"{}\",",
            spec.id,
            spec.pitfall,
            drill_of(spec.id, spec.pitfall)
        )
        .unwrap();
        write!(row, "\n   \"summary\": \"{}\",", spec.summary).unwrap();
        write!(row, "\n   \"keys\": [{}],\n   \"reasons\": [{}]}}", list(spec.keys), list(spec.reasons))
            .unwrap();
        rows.push(row);
    }
    format!("[\n{}\n]\n", rows.join(",\n"))
}

#[test]
fn the_committed_table_is_that_of_the_code() {
    let path = docs().join("guards.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, table()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, table(), "run the test with UPDATE_EXPECT=1 and read the difference");
}

#[test]
fn every_guard_has_its_page_and_its_pitfall() {
    for spec in GUARDS {
        for page in [format!("guards/{}.md", spec.id), format!("pitfalls/{}.md", spec.pitfall)] {
            assert!(docs().join(&page).is_file(), "docs/{page} is missing");
        }
    }
}

/// Every reason once. The count is that of the enum's words, so a new one has to be entered here.
fn all_reasons() -> Vec<Reason> {
    let spy = || InstrumentId::us_stock("SPY");
    let flat = Position::FLAT;
    let (ten, qty) = (Duration::from_secs(10), Qty::whole(10));
    let of = ClOrdId::new("SPY-trend-20260227-1").unwrap();
    let du1 = Account::new("DU1").unwrap();
    let at = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let crossing = Crossing { label: "x".into(), side: Side::Buy, qty, ord_type: "LMT".into() };
    let mut reasons = vec![
        Reason::Unreadable { why: "x".into() },
        Reason::Unbounded { feature: "x" },
        Reason::WordUnknown { field: "order type", word: "x".into() },
        Reason::QtyZero,
        Reason::OrderIdRange { order_id: OrderId(0) },
        Reason::OrderChanged { what: "side" },
        Reason::NotWorking { order_id: OrderId(1) },
        Reason::ParentUnknown { parent_id: OrderId(1) },
        Reason::TooMany { what: "x", max: 1 },
        Reason::AccountMissing { allowed: vec![du1.clone(), du1.clone()] },
        Reason::AccountNotAllowed { account: du1.clone(), allowed: vec![] },
        Reason::AccountChanged { was: du1.clone(), asked: du1.clone() },
        Reason::NotOwned { instrument: spy() },
        Reason::GroupNotOwned { group: "x".into(), account: du1.clone() },
        Reason::ContractUnknown { symbol: "".into() },
        Reason::ContractMismatch { instrument: spy(), con_id: 1 },
        Reason::ContractDiffers { instrument: spy(), field: "multiplier", asked: "25".into() },
        Reason::ContractAmbiguous { instrument: spy() },
        Reason::ContractUnconfirmed { con_id: 1 },
        Reason::Halted { level: HaltLevel::All, by: "x".into(), reason: "x".into() },
        Reason::NotReconciled { waiting_for: "x" },
        Reason::Unexplained { account: du1.clone(), instrument: spy() },
        Reason::ReadOnly,
        Reason::ClosedElsewhere { instrument: spy(), account: du1.clone(), held: flat, foreign: flat },
        Reason::WaitedTooLong { waited: ten, max: ten },
        Reason::LinkChanged,
        Reason::Recalled { member: OrderId(1) },
        Reason::GroupDenied { member: OrderId(1), guard: "halt" },
        Reason::OutsideSession { next_open: at.clone() },
        Reason::CalendarUnknown { why: "x".into() },
        Reason::HoursDisputed { dispute: "x".into() },
        Reason::AfterCutoff {
            auction: Auction::Open,
            instrument: spy(),
            cutoff: at.clone(),
            rule: "x".into(),
        },
        Reason::CutoffNear {
            auction: Auction::Close,
            instrument: spy(),
            cutoff: at,
            rule: "x".into(),
            margin: Margin { uncertainty: ten, ack: ten },
        },
        Reason::AuctionLeft { instrument: spy(), date: jiff::civil::Date::constant(2026, 11, 27) },
        Reason::HeldForClose { order_id: OrderId(1) },
        Reason::Divided { order_id: OrderId(1) },
        Reason::NotDivided { allocation: du1.clone(), why: "x".into() },
        Reason::Repeated { of: of.clone(), age: ten, window: ten },
        Reason::OrderIdUsed { order_id: OrderId(1) },
        Reason::DecisionTaken { decision: "x".into(), by: of },
        Reason::Stale { instrument: spy(), field: None, age: ten, max: ten },
        Reason::NoQuote { instrument: spy() },
        Reason::StreamStill { instrument: spy(), age: Duration::from_secs(16), max: Duration::from_secs(15) },
        Reason::WouldCross { with: crossing.clone() },
        Reason::SentElsewhere { with: crossing.clone(), sent: "x".into() },
        Reason::NoEquivalent { with: crossing, why: "x".into() },
    ];
    reasons.extend(reasons_of_limits());
    reasons
}

/// Those of amounts, prices and counts.
fn reasons_of_limits() -> Vec<Reason> {
    let usd = Money { amount: Decimal::TEN, currency: Currency::USD };
    let (qty, px) = (Qty::whole(10), Price::new(Decimal::TEN));
    vec![
        Reason::QtyMax { qty, max: qty },
        Reason::NotionalMax { notional: usd, max: usd },
        Reason::PositionMax { notional: usd, max: usd },
        Reason::DailyLossMax { loss: usd, max: usd },
        Reason::RateMax { count: 1, max: 1 },
        Reason::Collar { px, reference: px, collar: Decimal::MAX },
        Reason::NoReference { instrument: InstrumentId::us_stock("SPY") },
        Reason::NotRepresentable { what: "x" },
        Reason::OtherCurrency { limit: usd, traded: "EUR".into() },
    ]
}

#[test]
fn every_reason_has_a_text_a_code_and_a_guard() {
    let known: Vec<&str> =
        GUARDS.iter().flat_map(|spec| spec.reasons).copied().chain(["group_denied"]).collect();
    let all = all_reasons();
    for reason in &all {
        assert!(!reason.to_string().is_empty());
        assert!(reason.ord_rej_reason() > 0);
        assert!(known.contains(&reason.as_str()), "{} belongs to no guard", reason.as_str());
    }
    for word in known {
        assert!(all.iter().any(|reason| reason.as_str() == word), "{word} is no reason");
    }
}
