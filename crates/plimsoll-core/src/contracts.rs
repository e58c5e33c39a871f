//! What the configured contracts are: by the file, and by the broker's answer.
//!
//! Owns the way from a contract in a message to our identifier of it. A symbol alone names several contracts:
//! three futures of one index and one expiry differ in their multiplier, two option chains of one index in
//! their trading class. So an order is held to every field that it names, and a configured contract that the
//! broker knows several of is nobody's until the file says which.

use std::collections::BTreeMap;

use plimsoll_calendar::Listing;
use plimsoll_ledger::Terms;
use plimsoll_model::{ComboLeg, ConId, Contract, ContractReport, InstrumentId, Leg, ReqId, SecType};
use rust_decimal::Decimal;

use crate::allocation::Lots;
use crate::guard::Reason;

/// The listings whose stocks trade by the calendar of the US exchanges, in the broker's words.
const US_LISTINGS: &[&str] =
    &["NYSE", "NASDAQ", "ISLAND", "NASDAQ.NMS", "NASDAQ.SCM", "ARCA", "AMEX", "BATS", "IEX", "PINK"];

/// The calendar that they have in common.
pub(crate) const US: &str = "XNYS";

/// The exchanges whose options do; SMART routes to them.
const US_OPTIONS: &[&str] = &[
    "SMART", "AMEX", "BATS", "BOX", "CBOE", "CBOE2", "EDGX", "EMERALD", "GEMINI", "ISE", "MEMX", "MERCURY",
    "MIAX", "NASDAQBX", "NASDAQOM", "PEARL", "PHLX", "PSE", "SAPPHIRE",
];

/// The exchanges of US stocks whose regular hours are those of all; not the broker's venues of the night.
const US_ROUTES: &[&str] = &[
    "AMEX", "ARCA", "BATS", "BEX", "BYX", "CHX", "DRCTEDGE", "EDGEA", "IEX", "ISLAND", "LTSE", "MEMX",
    "NASDAQ", "NYSE", "NYSENAT", "PEARL", "PINK", "PSX",
];

/// Whether a contract trades by the calendar of the US exchanges, as far as its fields say: a stock or ETF
/// listed there, or an option traded there. One that names no listing is taken for what its currency says.
pub fn keeps_us_hours(contract: &Contract) -> bool {
    let in_dollars = matches!(&*contract.currency, "USD" | "");
    let listing = &*contract.primary_exchange;
    match contract.sec_type {
        SecType::Stock => in_dollars && (listing.is_empty() || US_LISTINGS.contains(&listing)),
        SecType::Option => in_dollars && US_OPTIONS.contains(&&*contract.exchange),
        _ => false,
    }
}

/// The name of the calendar that a contract trades by, as far as its fields say: the one of the US exchanges, or for a
/// stock that of its listing. None of anything else: options, futures and currencies elsewhere have hours of their
/// own.
pub fn calendar_of(contract: &Contract) -> Option<&'static str> {
    if keeps_us_hours(contract) {
        return Some(US);
    }
    let listing = Listing::from_primary_exchange(&contract.primary_exchange);
    // A listing in the US in another currency than its own is nothing that we know.
    let is_known = contract.sec_type == SecType::Stock && !is_us(listing);
    listing.calendar().filter(|_| is_known)
}

/// Whether a calendar's days are those of all US exchanges.
pub(crate) fn shares_us_days(calendar: &str) -> bool {
    Listing::of_calendar(calendar).is_some_and(is_us)
}

/// Whether the listing's days are those of all US exchanges.
pub(crate) fn is_us(listing: Listing) -> bool {
    US_LISTINGS.contains(&listing.as_str())
}

/// What the broker has said about the configured contracts.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    configured: BTreeMap<InstrumentId, Contract>,
    learned: BTreeMap<InstrumentId, Learned>,
    con_ids: BTreeMap<ConId, InstrumentId>,
}

/// The broker's answer to one question about a configured contract.
#[derive(Debug)]
struct Learned {
    asked: ReqId,
    is: Answer,
}

#[derive(Debug)]
enum Answer {
    One(Box<ContractReport>),
    /// More than one contract fits what is configured.
    Several,
}

impl Contracts {
    /// Starts over with the contracts of a configuration. What the broker has said stays for those that
    /// are configured as before, so that its reports are understood until it answers again.
    pub(crate) fn configure<'a>(&mut self, all: impl Iterator<Item = (&'a InstrumentId, &'a Contract)>) {
        let before = std::mem::take(&mut self.configured);
        self.configured = all.map(|(id, contract)| (id.clone(), contract.clone())).collect();
        self.learned.retain(|id, _| self.configured.get(id).is_some_and(|now| before.get(id) == Some(now)));
        self.con_ids.clear();
        for (id, contract) in &self.configured {
            let learned = self.learned.get(id).and_then(Learned::one).map(|report| report.con_id);
            self.con_ids
                .extend(contract.con_id.into_iter().chain(learned).map(|con_id| (con_id, id.clone())));
        }
    }

    /// Learns what the broker says a configured contract is, and what a person has to know about that.
    pub(crate) fn learn(&mut self, instrument: &InstrumentId, report: &ContractReport) -> Option<String> {
        let (is_first, kept) = (self.is_first(instrument, report)?, self.keeps_us_hours(instrument));
        let is = if is_first { Answer::One(Box::new(report.clone())) } else { Answer::Several };
        self.learned.insert(instrument.clone(), Learned { asked: report.req_id, is });
        let configured = self.configured.get(instrument).and_then(|contract| contract.con_id);
        self.con_ids.retain(|con_id, known| known != instrument || Some(*con_id) == configured);
        if is_first {
            self.con_ids.insert(report.con_id, instrument.clone());
            let loses = kept && !self.keeps_us_hours(instrument);
            return loses.then(|| match self.calendar_of(instrument) {
                Some(name) => format!(
                    "{instrument} is not listed in the US: the days and cutoffs of {name} hold for it"
                ),
                None => format!(
                    "{instrument} is not listed in the US, and its hours are not known: orders for it need a \
                     limit or stop price, and prices count as stale at any hour"
                ),
            });
        }
        Some(format!(
            "{instrument} is more than one contract at the broker, and orders for it are denied; name its \
             multiplier, trading_class or con_id in the configuration"
        ))
    }

    /// Whether this is the only contract that fits so far; none if it is known that it is not.
    fn is_first(&self, instrument: &InstrumentId, report: &ContractReport) -> Option<bool> {
        let before = self.learned.get(instrument).filter(|learned| learned.asked == report.req_id);
        match before.map(|learned| &learned.is) {
            Some(Answer::Several) => None,
            Some(Answer::One(other)) => Some(other.con_id == report.con_id),
            None => Some(true),
        }
    }

    /// Whether it trades by the calendar of the US exchanges.
    pub(crate) fn keeps_us_hours(&self, instrument: &InstrumentId) -> bool {
        self.with_listing(instrument).is_some_and(keeps_us_hours)
    }

    /// The name of the calendar that it trades by where its listing trades, if that is known.
    pub(crate) fn calendar_of(&self, instrument: &InstrumentId) -> Option<&'static str> {
        self.with_listing(instrument).and_then(calendar_of)
    }

    /// The same where an order is routed.
    pub(crate) fn calendar_at(&self, instrument: &InstrumentId, route: &str) -> Option<&'static str> {
        self.with_listing(instrument).filter(|known| keeps_hours(known, route)).and_then(calendar_of)
    }

    /// The broker says where it is listed; where it does not, the file may.
    fn with_listing(&self, instrument: &InstrumentId) -> Option<&Contract> {
        let learned = self.learned(instrument).map(|report| &report.contract);
        let configured = self.configured.get(instrument)?;
        Some(learned.filter(|contract| !contract.primary_exchange.is_empty()).unwrap_or(configured))
    }

    /// The listing of a stock and the name of its calendar, if both are known for certain and trading keeps to them on
    /// the route that this contract names.
    pub(crate) fn certain_listing(&self, asked: &Contract) -> Option<(Listing, &'static str)> {
        let instrument = self.identify(asked).ok()?;
        let known = self.with_listing(&instrument).unwrap_or(asked);
        // Where no listing is named its currency suggests one, which is no more than that.
        let listing = Listing::from_primary_exchange(&known.primary_exchange);
        let is_known = known.sec_type == SecType::Stock && listing != Listing::Unknown;
        let name = calendar_of(known).filter(|_| is_known && keeps_hours(known, &asked.exchange))?;
        Some((listing, name))
    }

    /// Whether the broker knows it as this contract and no other.
    pub(crate) fn is_known_as(&self, instrument: &InstrumentId, con_id: ConId) -> bool {
        self.learned(instrument).is_some_and(|report| report.con_id == con_id)
    }

    /// The calendar that the broker's hours of it are compared with: a stock's are those of its listing, while options,
    /// futures and currencies have hours of their own.
    pub(crate) fn lists_hours_of(&self, instrument: &InstrumentId) -> Option<&'static str> {
        let is_stock = self.configured.get(instrument).is_some_and(|c| c.sec_type == SecType::Stock);
        self.calendar_of(instrument).filter(|_| is_stock)
    }

    /// The legs of a combo that the venue reports, as far as they are ours.
    pub(crate) fn legs(&self, legs: &[ComboLeg]) -> Vec<Leg> {
        let known = |leg: &ComboLeg| {
            let instrument = self.by_number(leg.con_id)?.clone();
            Some(Leg { instrument, ratio: leg.ratio, side: leg.side })
        };
        legs.iter().filter_map(known).collect()
    }

    /// The configured contract of this number, if the broker or the file has named it.
    pub(crate) fn by_number(&self, con_id: ConId) -> Option<&InstrumentId> {
        self.con_ids.get(&con_id)
    }

    /// As configured, with the broker's number where that is known.
    pub(crate) fn to_order(&self, instrument: &InstrumentId) -> Option<Contract> {
        let configured = self.configured.get(instrument)?;
        let con_id = self.learned(instrument).map(|report| report.con_id).or(configured.con_id);
        Some(Contract { con_id, ..configured.clone() })
    }

    /// Whether a bot may trade it at all.
    pub(crate) fn is_configured(&self, instrument: &InstrumentId) -> bool {
        self.configured.contains_key(instrument)
    }

    /// Where the instrument is listed; unknown means the most conservative cutoffs.
    pub(crate) fn listing(&self, instrument: &InstrumentId) -> Listing {
        let learned = self.learned(instrument).map(|report| &*report.contract.primary_exchange);
        let configured = self.configured.get(instrument).map(|contract| &*contract.primary_exchange);
        let word = learned.filter(|word| !word.is_empty()).or(configured).unwrap_or_default();
        Listing::from_primary_exchange(word)
    }

    /// What a price of the instrument means in money, by the broker or by the configuration.
    pub(crate) fn terms(&self, instrument: &InstrumentId) -> Option<Terms> {
        let learned = self.learned(instrument).and_then(|report| Terms::of(&report.contract));
        learned.or_else(|| self.configured.get(instrument).and_then(Terms::of))
    }

    /// In what quantities the broker takes orders of it. Of everything but crypto the API takes whole units only (10243),
    /// however small the step that is told.
    pub(crate) fn lots(&self, instrument: &InstrumentId) -> Lots {
        let units = Lots::units();
        let Some(report) = self.learned(instrument) else { return units };
        let is_fractional = matches!(&report.contract.sec_type, SecType::Other(word) if &**word == "CRYPTO");
        let step = report.qty_step.unwrap_or(units.step);
        let step = if is_fractional { step } else { step.max(units.step) };
        Lots { step, min: report.qty_min.unwrap_or(step).max(step) }
    }

    /// Our identifier of a contract that a message names by number, by symbol, or by both. The two must
    /// agree.
    pub(crate) fn identify(&self, contract: &Contract) -> Result<InstrumentId, Reason> {
        let by_number = contract.con_id.and_then(|con_id| self.by_number(con_id));
        let by_name = InstrumentId::of(contract);
        match (by_number, by_name, contract.con_id) {
            (Some(known), Some(named), Some(con_id)) if !self.is_name_of(&named, known) => {
                Err(Reason::ContractMismatch { instrument: named, con_id: con_id.0 })
            }
            (None, Some(named), Some(con_id)) if self.number_of(&named).is_some() => {
                Err(Reason::ContractMismatch { instrument: named, con_id: con_id.0 })
            }
            (Some(known), _, _) => Ok(known.clone()),
            (None, Some(named), _) => Ok(named),
            (None, None, _) => Err(Reason::ContractUnknown { symbol: contract.symbol.clone() }),
        }
    }

    /// The same for an order, which is held to every field that it names: the venue would go by them all.
    pub(crate) fn ordered(&self, contract: &Contract) -> Result<InstrumentId, Reason> {
        let instrument = self.identify(contract)?;
        let Some(configured) = self.configured.get(&instrument) else {
            return Ok(instrument);
        };
        // A combo is what its legs are, and they are named by number.
        if contract.sec_type == SecType::Combo {
            return Ok(instrument);
        }
        let differs = match self.learned.get(&instrument).map(|learned| &learned.is) {
            Some(Answer::Several) => return Err(Reason::ContractAmbiguous { instrument }),
            Some(Answer::One(report)) => difference(contract, &report.contract, &report.valid_exchanges),
            None if configured.sec_type == SecType::Stock => difference(contract, configured, "SMART"),
            // What a point of a derivative is worth, only the broker knows for certain.
            None => return Err(Reason::ContractUnknown { symbol: instrument.as_str().into() }),
        };
        match differs {
            None => Ok(instrument),
            Some((field, asked)) => Err(Reason::ContractDiffers { instrument, field, asked }),
        }
    }

    fn learned(&self, instrument: &InstrumentId) -> Option<&ContractReport> {
        self.learned.get(instrument).and_then(Learned::one)
    }

    /// The broker spells an expiry to the day where the file may have said a month.
    fn is_name_of(&self, named: &InstrumentId, known: &InstrumentId) -> bool {
        let full = || self.learned(known).and_then(|report| InstrumentId::of(&report.contract));
        named == known || full().is_some_and(|full| full == *named)
    }

    fn number_of(&self, instrument: &InstrumentId) -> Option<ConId> {
        self.con_ids.iter().find(|(_, known)| *known == instrument).map(|(con_id, _)| *con_id)
    }
}

impl Learned {
    fn one(&self) -> Option<&ContractReport> {
        match &self.is {
            Answer::One(report) => Some(report),
            Answer::Several => None,
        }
    }
}

/// The first field in which an order's contract is another than the known one, and what the order says.
/// Symbol, kind, currency, expiry, strike and right are in the identifier.
fn difference(asked: &Contract, known: &Contract, routes: &str) -> Option<(&'static str, Box<str>)> {
    // Some clients write a zero where a stock has none.
    let multiplier = asked.multiplier.filter(|multiplier| !multiplier.is_zero());
    if let Some(multiplier) = multiplier.filter(|m| *m != known.multiplier.unwrap_or(Decimal::ONE)) {
        return Some(("multiplier", multiplier.to_string().into()));
    }
    let same = |asked: &str, known: &str| asked.is_empty() || known.is_empty() || asked == known;
    let is_route =
        |exchange: &str| routes.split(',').chain([&*known.exchange]).any(|route| is_same(exchange, route));
    [
        ("trading class", &asked.trading_class, same(&asked.trading_class, &known.trading_class)),
        ("local symbol", &asked.local_symbol, same(asked.local_symbol.trim(), known.local_symbol.trim())),
        (
            "primary exchange",
            &asked.primary_exchange,
            asked.primary_exchange.is_empty()
                || known.primary_exchange.is_empty()
                || is_same(&asked.primary_exchange, &known.primary_exchange),
        ),
        ("exchange", &asked.exchange, asked.exchange.is_empty() || is_route(&asked.exchange)),
    ]
    .into_iter()
    .find_map(|(field, text, is_same)| (!is_same).then(|| (field, text.clone())))
}

/// Whether a contract trades in the hours of its listing on this route: a stock does by the broker's own routing, which goes
/// where trading is, on the listing itself, and in the US on every exchange of the day.
fn keeps_hours(known: &Contract, route: &str) -> bool {
    known.sec_type != SecType::Stock
        || matches!(route, "" | "SMART")
        || is_same(route, &known.primary_exchange)
        || keeps_us_hours(known) && US_ROUTES.contains(&route)
}

/// Whether two words name one exchange; some have an older word as well.
fn is_same(one: &str, other: &str) -> bool {
    let listing = Listing::from_primary_exchange(one);
    one == other || listing != Listing::Unknown && listing == Listing::from_primary_exchange(other)
}
