//! What a bot earned in a span of time: by the broker's count, by our ledger, and by its own database.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_ledger::statement::Certainty;
use plimsoll_ledger::{Ledger, Terms};
use plimsoll_model::{BotName, Currency, Execution, Fee, InstrumentId, Money};
use plimsoll_statement::Statement;
use rust_decimal::Decimal;

use super::booked::{Compared, Tables};

/// By currency; nothing if a part of it is not known.
pub(crate) type Profits = Option<BTreeMap<Currency, Decimal>>;

/// The broker's own count, lot by lot and net of commissions, of the executions that are this bot's. Nothing if one of them is
/// not told, or is a share of an order for several bots.
pub(crate) fn by_the_broker(sheet: &Statement, compared: &Compared, bot: &BotName) -> Profits {
    let shared = compared.found.matches.iter().any(|one| {
        one.certainty == Certainty::Shared && compared.ours.entries[one.ours].bot.as_ref() == Some(bot)
    });
    if shared {
        return None;
    }
    let owner: BTreeMap<usize, &BotName> = compared
        .found
        .matches
        .iter()
        .filter_map(|one| Some((one.theirs, compared.ours.entries[one.ours].bot.as_ref()?)))
        .collect();
    let mut sums = BTreeMap::new();
    for (at, (trade, entry)) in sheet.counted().0.iter().zip(&compared.theirs.entries).enumerate() {
        if owner.get(&at).copied().or(entry.bot.as_ref()) == Some(bot) {
            add(&mut sums, Money { amount: trade.realised?, currency: trade.asset.terms.currency })?;
        }
    }
    Some(sums)
}

/// Our ledger's, by average cost and net of fees, from one instant to another. Nothing if a fee or what a price means is not
/// known.
pub(crate) fn by_the_ledger(
    tables: &Tables,
    bot: &BotName,
    (from, to): (Timestamp, Timestamp),
    terms: &BTreeMap<InstrumentId, Terms>,
) -> Profits {
    let mut ledger = Ledger::new();
    let mut before: Option<BTreeMap<Currency, Decimal>> = None;
    let mut own: Vec<_> =
        tables.executions.iter().filter(|one| one.entry.bot.as_ref() == Some(bot) && one.at < to).collect();
    own.sort_by_key(|one| one.at);
    for one in own {
        if one.at >= from && before.is_none() {
            before = Some(net(&ledger, bot)?);
        }
        let one = one.with_terms(terms);
        let entry = one.entry;
        let (exec_id, last_px) = (entry.exec_id?, entry.px.filter(|_| one.has_terms)?);
        let execution = Execution {
            exec_id: exec_id.clone(),
            cl_ord_id: None,
            account: entry.account,
            instrument: entry.instrument,
            side: entry.side,
            last_qty: entry.qty,
            last_px,
            at: entry.at,
        };
        ledger.post(&execution, Some(bot), entry.terms).ok()?;
        if let Some(charge) = entry.fee {
            ledger.fee(&exec_id, Fee { charge }).ok()?;
        }
    }
    let after = net(&ledger, bot)?;
    let before = before.unwrap_or_else(|| after.clone());
    let mut sums = after;
    for (currency, amount) in before {
        add(&mut sums, Money { amount: -amount, currency })?;
    }
    Some(sums)
}

fn net(ledger: &Ledger, bot: &BotName) -> Option<BTreeMap<Currency, Decimal>> {
    let mut sums = BTreeMap::new();
    for one in ledger.bot_net(bot)? {
        if one.unknown_fees > 0 || one.unknown_cost {
            return None;
        }
        add(&mut sums, one.amount)?;
        for fee in &one.other_fees {
            add(&mut sums, Money { amount: -fee.amount, ..*fee })?;
        }
    }
    Some(sums)
}

fn add(sums: &mut BTreeMap<Currency, Decimal>, money: Money) -> Option<()> {
    let sum = sums.entry(money.currency).or_default();
    *sum = sum.checked_add(money.amount)?;
    Some(())
}
