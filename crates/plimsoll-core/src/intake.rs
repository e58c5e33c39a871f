//! From a bot's words to an order that names its bot, account and instrument, or a denial. The account
//! is filled in here where the configuration allows it, as a declared rewrite and nowhere else.

use plimsoll_model::{Account, ClOrdId, InstrumentId, Leg, NewOrder, OrderRequest, SecType};

use crate::config::{BotConfig, FillAccount};
use crate::contracts::Contracts;
use crate::guard::{Denial, GuardId, Reason};
use crate::{group, limits};

/// How a bot's own reference declares a decision.
const DECISION_PREFIX: &str = "decision:";

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
        contracts.ordered(&request.contract).map_err(|reason| deny(GuardId::Ownership, reason))?;
    // By name and by a number that nobody has checked: the venue would go by the number.
    if let Some(con_id) = request.contract.con_id.filter(|id| contracts.by_number(*id).is_none())
        && contracts.is_configured(&instrument)
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
        ex_destination: request.contract.exchange.clone(),
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
    if request.parent_id.is_some() || group::key(&request.oca_group).is_some() {
        return Err(unbounded("a combo in a bracket or a one-cancels-all group"));
    }
    let mut legs: Vec<Leg> = Vec::new();
    for leg in &request.legs {
        let Some(instrument) = contracts.by_number(leg.con_id).cloned() else {
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
