//! From a bot's words to an order that names its bot, account and instrument, or a denial. The account
//! is filled in here where the configuration allows it, as a declared rewrite and nowhere else.

use std::collections::BTreeMap;

use plimsoll_calendar::Listing;
use plimsoll_ledger::Terms;
use plimsoll_model::{
    Account, ClOrdId, ComboLeg, ConId, Contract, ContractReport, InstrumentId, Leg, NewOrder, OrderRequest,
    SecType,
};

use crate::config::{BotConfig, FillAccount};
use crate::guard::{Denial, GuardId, Reason};
use crate::limits;

/// How a bot's own reference declares a decision.
const DECISION_PREFIX: &str = "decision:";

/// What the broker has said about the configured contracts.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    configured: BTreeMap<InstrumentId, Contract>,
    con_ids: BTreeMap<ConId, InstrumentId>,
    listings: BTreeMap<InstrumentId, Listing>,
    terms: BTreeMap<InstrumentId, Terms>,
}

impl Contracts {
    /// Starts over with the contracts of a configuration.
    pub(crate) fn configure<'a>(&mut self, all: impl Iterator<Item = (&'a InstrumentId, &'a Contract)>) {
        self.configured = all.map(|(id, contract)| (id.clone(), contract.clone())).collect();
        for (id, contract) in &self.configured {
            if let Some(con_id) = contract.con_id {
                self.con_ids.insert(con_id, id.clone());
            }
            if !contract.primary_exchange.is_empty() {
                self.listings.insert(id.clone(), Listing::from_primary_exchange(&contract.primary_exchange));
            }
        }
    }

    /// Learns what the broker says a configured contract is.
    pub(crate) fn learn(&mut self, instrument: &InstrumentId, report: &ContractReport) {
        self.con_ids.insert(report.con_id, instrument.clone());
        if let Some(terms) = Terms::of(&report.contract) {
            self.terms.insert(instrument.clone(), terms);
        }
        let exchange = &report.contract.primary_exchange;
        if !exchange.is_empty() {
            self.listings.insert(instrument.clone(), Listing::from_primary_exchange(exchange));
        }
    }

    /// The legs of a combo that the venue reports, as far as they are ours.
    pub(crate) fn legs(&self, legs: &[ComboLeg]) -> Vec<Leg> {
        let known = |leg: &ComboLeg| {
            let instrument = self.con_ids.get(&leg.con_id)?.clone();
            Some(Leg { instrument, ratio: leg.ratio, side: leg.side })
        };
        legs.iter().filter_map(known).collect()
    }

    /// Where the instrument is listed; unknown means the most conservative cutoffs.
    pub(crate) fn listing(&self, instrument: &InstrumentId) -> Listing {
        self.listings.get(instrument).copied().unwrap_or(Listing::Unknown)
    }

    /// What a price of the instrument means in money, by the configuration or by the broker.
    pub(crate) fn terms(&self, instrument: &InstrumentId) -> Option<Terms> {
        self.terms.get(instrument).copied().or_else(|| self.configured.get(instrument).and_then(Terms::of))
    }

    /// Our identifier of a contract that a message names by number, by symbol, or by both. The two must
    /// agree.
    pub(crate) fn identify(&self, contract: &Contract) -> Result<InstrumentId, Reason> {
        let by_number = contract.con_id.and_then(|con_id| self.con_ids.get(&con_id));
        let by_name = InstrumentId::of(contract);
        match (by_number, by_name, contract.con_id) {
            (Some(known), Some(named), Some(con_id)) if *known != named => {
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

    fn number_of(&self, instrument: &InstrumentId) -> Option<ConId> {
        self.con_ids.iter().find(|(_, known)| *known == instrument).map(|(con_id, _)| *con_id)
    }
}

/// An order that the guards can judge.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) order: NewOrder,
    /// The account was written by us.
    pub(crate) filled_account: Option<Account>,
    /// What no guard can bound.
    pub(crate) unbounded: Option<&'static str>,
}

/// Names everything that the bot left open, or says why not.
pub(crate) fn take(
    bot: &BotConfig,
    contracts: &Contracts,
    request: &OrderRequest,
    cl_ord_id: impl FnOnce(&str) -> ClOrdId,
) -> Result<Intake, Denial> {
    let deny = |guard, reason| Denial { guard, reason };
    let unbounded = request.unguarded.first().copied();
    let legs = legs(contracts, request)?;
    let (account, filled_account) = match (&request.account, bot.fill_account) {
        (Some(account), _) => (account.clone(), None),
        (None, FillAccount::TheOnlyOne) if bot.accounts.len() == 1 => {
            (bot.accounts[0].clone(), Some(bot.accounts[0].clone()))
        }
        (None, _) => {
            let reason = Reason::AccountMissing { allowed: bot.accounts.clone() };
            return Err(deny(GuardId::Account, reason));
        }
    };
    let instrument =
        contracts.identify(&request.contract).map_err(|reason| deny(GuardId::Ownership, reason))?;
    // By name and by a number that nobody has checked: the venue would go by the number.
    if let Some(con_id) = request.contract.con_id.filter(|id| !contracts.con_ids.contains_key(id))
        && contracts.configured.contains_key(&instrument)
    {
        let reason = Reason::ContractUnconfirmed { con_id: con_id.0 };
        return Err(deny(GuardId::Ownership, reason));
    }
    let order = NewOrder {
        cl_ord_id: cl_ord_id(symbol(&instrument)),
        bot: bot.name.clone(),
        order_id: request.order_id,
        account,
        instrument,
        side: request.side,
        qty: request.qty,
        ord_type: request.ord_type.clone(),
        limit_px: request.limit_px,
        stop_px: request.stop_px,
        tif: request.tif.clone(),
        transmit: request.transmit,
        parent_id: request.parent_id,
        oca_group: request.oca_group.clone(),
        outside_rth: request.outside_rth,
        legs,
        decision: decision(&request.order_ref),
    };
    Ok(Intake { order, filled_account, unbounded })
}

/// The length of the longest text of an order, if it is too long to be kept.
pub(crate) fn text_too_long(request: &OrderRequest) -> Option<usize> {
    let contract = &request.contract;
    let texts = [
        &contract.symbol,
        &contract.expiry,
        &contract.right,
        &contract.exchange,
        &contract.primary_exchange,
        &contract.currency,
        &contract.local_symbol,
        &contract.trading_class,
        &request.order_ref,
        &request.oca_group,
    ];
    let words = [contract.sec_type.as_wire(), request.ord_type.as_wire(), request.tif.as_wire()];
    let longest = texts.map(|text| text.len()).into_iter().chain(words.map(str::len)).max();
    longest.filter(|len| *len > limits::ORDER_TEXT_MAX)
}

/// The legs of a combo. Each has to be a contract that the broker has named to us; the venue knows no other
/// name of it in this message.
fn legs(contracts: &Contracts, request: &OrderRequest) -> Result<Vec<Leg>, Denial> {
    if request.contract.sec_type != SecType::Combo {
        return Ok(Vec::new());
    }
    let unbounded = |feature| Denial { guard: GuardId::Supported, reason: Reason::Unbounded { feature } };
    if request.legs.is_empty() {
        return Err(unbounded(request.unguarded.first().copied().unwrap_or("a combo without legs")));
    }
    // A group's sums are kept by contract; a combo's part in one would not be counted.
    if request.parent_id.is_some() || !request.oca_group.is_empty() {
        return Err(unbounded("a combo in a bracket or a one-cancels-all group"));
    }
    let mut legs: Vec<Leg> = Vec::new();
    for leg in &request.legs {
        let Some(instrument) = contracts.con_ids.get(&leg.con_id).cloned() else {
            let reason = Reason::ContractUnconfirmed { con_id: leg.con_id.0 };
            return Err(Denial { guard: GuardId::Ownership, reason });
        };
        if legs.iter().any(|known| known.instrument == instrument) {
            return Err(unbounded("a combo with one contract in two legs"));
        }
        legs.push(Leg { instrument, ratio: leg.ratio, side: leg.side });
    }
    Ok(legs)
}

/// The decision that a bot declares in the reference it writes: `decision:2026-11-27T10:00 SPY`. The wire has
/// no other field that every library lets a bot fill and that means nothing to the broker.
fn decision(order_ref: &str) -> Option<Box<str>> {
    let named = order_ref.strip_prefix(DECISION_PREFIX)?.trim();
    (!named.is_empty()).then(|| named.into())
}

/// The symbol part of an order reference.
fn symbol(instrument: &InstrumentId) -> &str {
    instrument.as_str().split('.').next().unwrap_or_default()
}
