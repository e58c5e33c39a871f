//! What the gateway booked, from its tables, beside a statement.
//!
//! The broker's day does not end at midnight: an execution of the evening may count for the next day. So those around the
//! period's ends are paired too, and of those after the last day's cutoff only what the statement has is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_ledger::Terms;
use plimsoll_ledger::statement::{Books, Comparison, Entry, Pays, compare};
use plimsoll_model::{Account, BotName, Currency, ExecId, InstrumentId, Money, Position, Price, Qty, Side};
use plimsoll_runtime::projection::{self, Filter};
use plimsoll_statement::{Statement, statement_zone};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// After this hour of New York an execution may count for the next day.
const EVENING: i8 = 17;

/// One execution of ours.
#[derive(Debug, Clone)]
pub(crate) struct Booked {
    pub(crate) entry: Entry,
    pub(crate) at: Timestamp,
    /// Whether what its price means in money is known.
    pub(crate) has_terms: bool,
}

/// The tables of the gateway.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) executions: Vec<Booked>,
    positions: BTreeMap<(Account, InstrumentId), Position>,
}

/// A statement compared with the tables.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) found: Comparison,
    pub(crate) ours: Books,
    pub(crate) theirs: Books,
    /// Executions of the last evening that the statement does not have.
    pub(crate) late: Vec<ExecId>,
}

impl Tables {
    /// Reads everything of all days; a gateway may write meanwhile.
    pub(crate) fn read(state_dir: &Path) -> Result<Self, Failure> {
        let file = state_dir.join(projection::FILE);
        let failure = |error| Failure::new(Exit::Environment, error);
        let executions = projection::executions(&file, &Filter::default()).map_err(failure)?;
        let positions = projection::positions(&file).map_err(failure)?;
        let damaged = || {
            let text = format!("{}: a row cannot be read; delete the file, it is made again", file.display());
            Failure::new(Exit::Environment, anyhow::anyhow!(text))
        };
        let zone = statement_zone();
        let mut tables = Self::default();
        for row in executions.iter().filter(|row| row["busted"] != true) {
            tables.executions.push(execution(row, &zone).ok_or_else(damaged)?);
        }
        for row in &positions {
            let (key, qty) = holding(row).ok_or_else(damaged)?;
            let before = tables.positions.get(&key).copied().unwrap_or(Position::FLAT);
            tables.positions.insert(key, before.checked_add(qty).ok_or_else(damaged)?);
        }
        Ok(tables)
    }

    /// Compares executions, fees and holdings of the statement's days and accounts. It must have those that are `owed`: they
    /// were left to it by the one before.
    pub(crate) fn compare(&self, sheet: &Statement, owed: &BTreeSet<ExecId>) -> Result<Compared, Failure> {
        let Some(bounds) = Bounds::of(sheet) else {
            let text = "the statement does not say which days it covers; nothing was compared, add fromDate and toDate";
            return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
        };
        let mut theirs = sheet.books();
        // The gateway keeps no cash, and its profits are by average cost.
        theirs.cash.clear();
        theirs.realised.clear();
        let accounts: BTreeSet<Account> = sheet
            .account
            .iter()
            .cloned()
            .chain(theirs.entries.iter().map(|entry| entry.account.clone()))
            .collect();
        let terms = terms_of(sheet);
        let near: Vec<Booked> = self
            .executions
            .iter()
            .filter(|one| accounts.contains(&one.entry.account))
            .filter(|one| bounds.is_near(one.at) || one.is_among(owed))
            .map(|one| one.with_terms(&terms))
            .collect();
        let all = Books { entries: near.iter().map(|one| one.entry.clone()).collect(), ..Books::default() };
        let holdings = std::mem::take(&mut theirs.positions);
        let complete = std::mem::take(&mut theirs.complete);
        let matched: BTreeSet<usize> = compare(&all, &theirs).matches.iter().map(|one| one.ours).collect();
        let counts =
            |at: usize| matched.contains(&at) || bounds.is_core(near[at].at) || near[at].is_among(owed);
        let late = (0..near.len()).filter(|at| !counts(*at) && near[*at].at >= bounds.evening);
        let late = late.filter_map(|at| near[at].entry.exec_id.clone()).collect();
        let after: Vec<&Booked> = self.after(&near, &bounds, counts);
        (theirs.positions, theirs.complete) = (holdings, complete);
        let ours = Books {
            entries: (0..near.len()).filter(|at| counts(*at)).map(|at| near[at].entry.clone()).collect(),
            positions: self.positions_before(&after, &accounts),
            ..Books::default()
        };
        let found = compare(&ours, &theirs);
        Ok(Compared { found, ours, theirs, late })
    }

    /// Executions that came after what the statement covers.
    fn after<'a>(
        &'a self,
        near: &'a [Booked],
        bounds: &Bounds,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<&'a Booked> {
        let late = near.iter().enumerate().filter(|(at, one)| !counts(*at) && one.at >= bounds.evening);
        let later = self.executions.iter().filter(|one| !bounds.is_near(one.at) && one.at >= bounds.evening);
        late.map(|(_, one)| one).chain(later).collect()
    }

    /// Holdings as they are now, less what came since. A pair of currencies is cash and no holding.
    fn positions_before(
        &self,
        after: &[&Booked],
        accounts: &BTreeSet<Account>,
    ) -> BTreeMap<(Account, InstrumentId), Position> {
        let mut held = self.positions.clone();
        for one in after {
            let key = (one.entry.account.clone(), one.entry.instrument.clone());
            let before = held.get(&key).copied().unwrap_or(Position::FLAT);
            let qty = Position::new(one.entry.signed_qty());
            held.extend(before.checked_sub(qty).map(|left| (key, left)));
        }
        held.retain(|(account, of), _| accounts.contains(account) && !of.as_str().contains(".CASH."));
        held
    }
}

impl Compared {
    /// What was not compared, and why.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |count: u64, what: &str| {
            if count > 0 {
                notes.push(format!("{count} {what}"));
            }
        };
        let found = &self.found;
        note(
            self.late.len() as u64,
            "executions of the last evening are not in it; the next statement must have them",
        );
        note(found.commissions_not_told, "commissions are not in the statement, so ours are not confirmed");
        note(found.prices_not_told, "prices are not in the statement, so ours are not confirmed");
        note(found.crossed, "executions of bots against each other, of which the broker has none");
        if self.theirs.complete.is_empty() {
            notes.push("holdings are not in the statement and were not compared".to_owned());
        }
        notes
    }
}

/// The instants of a statement's period.
struct Bounds {
    start: Timestamp,
    evening: Timestamp,
    end: Timestamp,
}

impl Bounds {
    fn of(sheet: &Statement) -> Option<Self> {
        let (from, to) = (sheet.from?, sheet.to?);
        let zone = statement_zone();
        let instant = |date: Date, hour| zone.to_timestamp(date.at(hour, 0, 0, 0)).ok();
        Some(Self {
            start: instant(from, 0)?,
            evening: instant(to, EVENING)?,
            end: instant(to.tomorrow().ok()?, 0)?,
        })
    }

    /// Surely within the period.
    fn is_core(&self, at: Timestamp) -> bool {
        at >= self.start && at < self.evening
    }

    /// Within it, or within a day of it.
    fn is_near(&self, at: Timestamp) -> bool {
        let day = SignedDuration::from_hours(24);
        at >= self.start.saturating_sub(day).unwrap_or(self.start)
            && at < self.end.saturating_add(day).unwrap_or(self.end)
    }
}

impl Booked {
    fn is_among(&self, ids: &BTreeSet<ExecId>) -> bool {
        self.entry.exec_id.as_ref().is_some_and(|id| ids.contains(id))
    }

    /// With what the statement says that a price means.
    pub(crate) fn with_terms(&self, terms: &BTreeMap<InstrumentId, Terms>) -> Self {
        let mut one = self.clone();
        match terms.get(&one.entry.instrument) {
            Some(known) => (one.entry.terms, one.has_terms) = (*known, true),
            // An amount of money that would be wrong a hundredfold is none.
            None if !one.has_terms => one.entry.pays = Pays::Charges,
            None => {}
        }
        one
    }
}

/// What a price of each instrument means, by the statement.
pub(crate) fn terms_of(sheet: &Statement) -> BTreeMap<InstrumentId, Terms> {
    let traded = sheet.trades.iter().map(|trade| &trade.asset);
    let held = sheet.open_positions.iter().map(|held| &held.asset);
    traded.chain(held).map(|asset| (asset.instrument.clone(), asset.terms)).collect()
}

fn execution(row: &Value, zone: &TimeZone) -> Option<Booked> {
    let text = |key: &str| row[key].as_str();
    let instrument = InstrumentId::us_stock(text("symbol")?);
    let (terms, pays) = meaning(&instrument);
    let at: Timestamp = text("at")?.parse().ok()?;
    let fee = match (text("commission"), text("commission_currency")) {
        (Some(amount), Some(currency)) => {
            Some(Money { amount: Decimal::from_str_exact(amount).ok()?, currency: Currency::new(currency)? })
        }
        _ => None,
    };
    let entry = Entry {
        exec_id: Some(ExecId::new(text("exec_id")?)?),
        trade_id: None,
        order_ref: text("cl_ord_id").map(Into::into),
        bot: match text("bot") {
            Some(bot) => Some(BotName::new(bot)?),
            None => None,
        },
        account: Account::new(text("account")?)?,
        instrument,
        terms: terms.unwrap_or(Terms::US_STOCK),
        pays,
        side: match text("side")? {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            _ => return None,
        },
        qty: Qty::parse(text("qty")?).ok()?,
        px: Some(Price::parse(text("price")?).ok()?),
        at: Some(at),
        date: Some(zone.to_datetime(at).date()),
        fee,
        taxes: Decimal::ZERO,
    };
    Some(Booked { entry, at, has_terms: terms.is_some() })
}

/// What the instrument's own name says that its price means; nothing for derivatives, whose multiplier it does not tell.
fn meaning(instrument: &InstrumentId) -> (Option<Terms>, Pays) {
    let mut parts = instrument.as_str().split('.');
    let (symbol, kind, currency) = (parts.next(), parts.next(), parts.next().and_then(Currency::new));
    let unit = currency.map(|currency| Terms { currency, multiplier: Decimal::ONE });
    match (kind, currency) {
        (Some("STK"), Some(_)) => (unit, Pays::Principal),
        (Some("CASH"), Some(_)) => (unit, symbol.and_then(Currency::new).map_or(Pays::Charges, Pays::Pair)),
        (Some("OPT" | "BAG"), Some(_)) => (None, Pays::Principal),
        (Some("FUT" | "FOP" | "CFD"), Some(_)) => (None, Pays::Charges),
        _ => (Some(Terms::US_STOCK), Pays::Principal),
    }
}

fn holding(row: &Value) -> Option<((Account, InstrumentId), Position)> {
    let account = Account::new(row["account"].as_str()?)?;
    let instrument = InstrumentId::us_stock(row["symbol"].as_str()?);
    Some(((account, instrument), Position::parse(row["qty"].as_str()?).ok()?))
}
