//! The guards: one table, one function per guard, one proof.
//!
//! Guards read and judge; they never change state and never repair. Documentation pages, configuration
//! keys, denial texts, FIX reason codes and `plimsoll explain` come from [`GUARDS`]. The order of the
//! table is the order of judgement: cheap and certain first, so that a bot is told the plainest reason.
//!
//! Only this module can build a [`Cleared`]; a command that sends an order needs one.

mod account;
mod close_cutoff;
mod cutoff;
mod duplicate;
mod exposure;
mod halted;
mod judged;
mod limits;
mod ownership;
mod reason;
mod reconciled;
mod self_match;
mod stale_data;
mod supported;
mod trading_session;

use std::cell::OnceCell;
use std::fmt;

use plimsoll_model::{NewOrder, Side};
use rust_decimal::Decimal;

use crate::config::Mode;

pub use judged::{Context, Phase};
pub(crate) use reason::Span;
pub use reason::{Auction, Crossing, Margin, Reason};

/// A guard's name, the same in configuration, denials, status and documentation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardId {
    /// The message can be read and every feature in it can be bounded.
    Supported,
    /// The order names an account that this bot may use.
    Account,
    /// The bot owns the instrument.
    Ownership,
    /// Nobody has said stop.
    Halt,
    /// The broker's orders, executions and positions are known, and the way to the venue is the same as
    /// when the order was decided.
    Reconciled,
    /// The market is open for this kind of order.
    TradingSession,
    /// An on-close order is in time for today's auction.
    CloseCutoff,
    /// The order is not a repetition.
    Duplicate,
    /// The price that the bot must have seen is young enough.
    StaleData,
    /// Quantity, money, position, price and rate are inside the bot's limits.
    Limits,
    /// No two orders of one account could trade with each other.
    SelfMatch,
}

impl GuardId {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Account => "account",
            Self::Ownership => "ownership",
            Self::Halt => "halt",
            Self::Reconciled => "reconciled",
            Self::TradingSession => "trading_session",
            Self::CloseCutoff => "close_cutoff",
            Self::Duplicate => "duplicate",
            Self::StaleData => "stale_data",
            Self::Limits => "limits",
            Self::SelfMatch => "self_match",
        }
    }
}

impl fmt::Display for GuardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for GuardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One guard.
#[derive(Debug)]
pub struct GuardSpec {
    /// Its name.
    pub id: GuardId,
    /// The pitfall behind it: a page in `docs/pitfalls`.
    pub pitfall: &'static str,
    /// What it refuses, in one line.
    pub summary: &'static str,
    /// The configuration keys that steer it.
    pub keys: &'static [&'static str],
    /// The reasons that it can give, by [`Reason::as_str`]; any of them may also come as `group_denied`.
    pub reasons: &'static [&'static str],
    /// What of a combo it judges.
    judges: Judges,
    /// The judgement.
    check: fn(&Context<'_>, &NewOrder) -> Result<(), Reason>,
}

/// What a guard is handed of a combo. Any other order is its own only part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judges {
    /// The message as it is: its account, its time, its repetition.
    Message,
    /// What it trades of each leg.
    Parts,
}

/// All guards, in the order of judgement.
pub const GUARDS: &[GuardSpec] = &[
    GuardSpec {
        id: GuardId::Supported,
        pitfall: "09-paper-accepts-live-cancels",
        summary: "orders that cannot be read, or whose quantity, price or time no guard can bound",
        keys: &[],
        reasons: &[
            "unreadable",
            "unbounded",
            "word_unknown",
            "qty_zero",
            "order_id_range",
            "order_changed",
            "not_working",
            "parent_unknown",
            "too_many",
            "recalled",
            "held_for_close",
            "divided",
            "not_divided",
        ],
        judges: Judges::Message,
        check: supported::check,
    },
    GuardSpec {
        id: GuardId::Account,
        pitfall: "07-account-missing",
        summary: "orders without an account, or for an account that is not the bot's",
        keys: &["bot.accounts", "bot.fill_account"],
        reasons: &["account_missing", "account_not_allowed", "account_changed"],
        judges: Judges::Message,
        check: account::check,
    },
    GuardSpec {
        id: GuardId::Ownership,
        pitfall: "15-orphan-adopted",
        summary: "orders for an instrument or a group that the bot does not own, or for another contract of its name",
        keys: &["bot.instruments", "bot.shared"],
        reasons: &[
            "not_owned",
            "group_not_owned",
            "contract_unknown",
            "contract_mismatch",
            "contract_ambiguous",
            "contract_unconfirmed",
        ],
        judges: Judges::Parts,
        check: ownership::check,
    },
    GuardSpec {
        id: GuardId::Halt,
        pitfall: "14-half-open-socket",
        summary: "new risk after somebody said stop",
        keys: &[],
        reasons: &["halted"],
        judges: Judges::Parts,
        check: halted::check,
    },
    GuardSpec {
        id: GuardId::Reconciled,
        pitfall: "08-restart-with-foreign-position",
        summary: "orders before the broker's orders, executions and positions are known, new risk where they differ from ours, and exits from what somebody else has closed",
        keys: &["venue.client_id"],
        reasons: &[
            "not_reconciled",
            "unexplained",
            "read_only",
            "waited_too_long",
            "link_changed",
            "closed_elsewhere",
        ],
        judges: Judges::Parts,
        check: reconciled::check,
    },
    GuardSpec {
        id: GuardId::TradingSession,
        pitfall: "05-early-close",
        summary: "orders outside the trading session of that day, and opening orders that may not arrive before their cutoff",
        keys: &["clock.servers", "clock.max_uncertainty"],
        reasons: &["outside_session", "after_cutoff", "cutoff_near", "hours_disputed", "calendar_unknown"],
        judges: Judges::Message,
        check: trading_session::check,
    },
    GuardSpec {
        id: GuardId::CloseCutoff,
        pitfall: "04-moc-after-cutoff",
        summary: "on-close orders that may not arrive before the entry cutoff of the listing venue",
        keys: &["clock.servers", "clock.max_uncertainty", "venue.on_close_lead"],
        reasons: &["after_cutoff", "cutoff_near", "auction_left", "calendar_unknown"],
        judges: Judges::Message,
        check: close_cutoff::check,
    },
    GuardSpec {
        id: GuardId::Duplicate,
        pitfall: "18-duplicate-burst",
        summary: "the same order again within the window, decisions carried out before, and order ids used before",
        keys: &["bot.duplicate_window"],
        reasons: &["repeated", "order_id_used", "decision_taken", "too_many"],
        judges: Judges::Message,
        check: duplicate::check,
    },
    GuardSpec {
        id: GuardId::StaleData,
        pitfall: "01-quotes-stop-socket-stays",
        summary: "new risk on a price that is too old",
        keys: &["bot.stale_after"],
        reasons: &["stale", "no_quote", "stream_still"],
        judges: Judges::Parts,
        check: stale_data::check,
    },
    GuardSpec {
        id: GuardId::Limits,
        pitfall: "19-fat-finger",
        summary: "orders beyond the bot's quantity, money, position, price or rate limits",
        keys: &[
            "bot.max_order_qty",
            "bot.max_order_notional",
            "bot.max_position_notional",
            "bot.max_daily_loss",
            "bot.max_orders_per_minute",
            "bot.price_collar",
        ],
        reasons: &[
            "qty_max",
            "notional_max",
            "position_max",
            "daily_loss_max",
            "rate_max",
            "collar",
            "no_reference",
            "not_representable",
            "other_currency",
            "contract_unknown",
        ],
        judges: Judges::Parts,
        check: limits::check,
    },
    GuardSpec {
        id: GuardId::SelfMatch,
        pitfall: "02-moc-would-cross",
        summary: "orders that could trade with another order of the same account",
        keys: &["venue.on_close_crossing", "venue.equivalents", "bot.price_collar"],
        reasons: &["would_cross", "sent_elsewhere", "no_equivalent"],
        judges: Judges::Parts,
        check: self_match::check,
    },
];

/// A guard said no. Not an error: a decision, with the numbers that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Which guard.
    pub guard: GuardId,
    /// Why.
    pub reason: Reason,
}

impl Denial {
    /// Whether the order stays here. In observe mode guards only report; but a halt is no guard's opinion,
    /// it is a person who said stop.
    pub(crate) fn binds(&self, mode: Mode) -> bool {
        mode == Mode::Enforce || self.guard == GuardId::Halt
    }
}

impl fmt::Display for Denial {
    /// The text that the bot reads: `Plimsoll stale_data: SPY last struck 14m12s ago, limit 15s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plimsoll {}: {}", self.guard, self.reason)
    }
}

/// Proof that the guards have judged this, at the instant of its release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared<T>(T);

impl<T> Cleared<T> {
    /// What was judged.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// Runs every guard in order; the first no is the answer.
pub(crate) fn judge(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Denial> {
    if !order.legs.is_empty() {
        return judge_combo(ctx, order);
    }
    judge_parts(ctx, order, std::slice::from_ref(order))
}

/// A combo is allowed if the message is, and what it trades of each leg.
fn judge_combo(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Denial> {
    let Some(parts) = order.parts() else {
        let reason = Reason::NotRepresentable { what: "the quantity of a leg" };
        return Err(Denial { guard: GuardId::Limits, reason });
    };
    let ctx = Context { parts: &parts, known: OnceCell::new(), ..*ctx };
    judge_parts(&ctx, order, &parts)
}

fn judge_parts(ctx: &Context<'_>, order: &NewOrder, parts: &[NewOrder]) -> Result<(), Denial> {
    if ctx.config.mode == Mode::Observe {
        // The only word that binds in observe mode must not be hidden behind another guard's.
        let halted = parts.iter().try_for_each(|part| halted::check(ctx, part));
        halted.map_err(|reason| Denial { guard: GuardId::Halt, reason })?;
    }
    for spec in GUARDS.iter().filter(|spec| !ctx.config.switched_off.contains(&spec.id)) {
        let judged = match spec.judges {
            Judges::Message => std::slice::from_ref(order),
            Judges::Parts => parts,
        };
        judged.iter().try_for_each(|one| (spec.check)(ctx, one)).map_err(|reason| {
            let listed = spec.reasons.contains(&reason.as_str());
            debug_assert!(listed, "invariant: {} is a reason of {} in the table", reason.as_str(), spec.id);
            Denial { guard: spec.id, reason }
        })?;
    }
    Ok(())
}

/// An order that is divided over accounts, as the bot asks for it: whether it can be read, was asked before, and is
/// within what the bot may ask for at once. What it does is judged of each part, in the account of that.
pub(crate) fn judge_whole(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Denial> {
    type Check = fn(&Context<'_>, &NewOrder) -> Result<(), Reason>;
    let checks: [(GuardId, Check); 3] = [
        (GuardId::Supported, supported::check),
        (GuardId::Duplicate, duplicate::check),
        (GuardId::Limits, limits::whole),
    ];
    for (guard, check) in checks.into_iter().filter(|(id, _)| !ctx.config.switched_off.contains(id)) {
        check(ctx, order).map_err(|reason| Denial { guard, reason })?;
    }
    Ok(())
}

/// The money in all parts of a divided order together, of which at least one adds risk.
pub(crate) fn judge_worth(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Denial> {
    if ctx.config.switched_off.contains(&GuardId::Limits) {
        return Ok(());
    }
    limits::order_notional(ctx, order).map_err(|reason| Denial { guard: GuardId::Limits, reason })
}

/// Whether all orders that could trade with this one are on-close orders of others than its bot. Its own it can cancel,
/// and one that may execute at any moment is no matter of the auction.
pub(crate) fn meets_only_others_on_close(ctx: &Context<'_>, order: &NewOrder) -> bool {
    self_match::all(ctx, order)
        .all(|state| state.ord_type.is_on_close() && state.owner.bot() != Some(&order.bot))
}

/// A preview adds no risk, and the venue counts it as a message all the same.
pub(crate) fn judge_preview(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Denial> {
    account::check(ctx, order).map_err(|reason| Denial { guard: GuardId::Account, reason })?;
    limits::rate(ctx, order).map_err(|reason| Denial { guard: GuardId::Limits, reason })
}

/// The difference of orders that were each cleared, as one order. What makes it up is judged, and it can do nothing that
/// they could not: it is no larger than the larger side of them.
pub(crate) fn net(parts: &[Cleared<NewOrder>], net: NewOrder) -> Cleared<NewOrder> {
    let side = |side| parts.iter().filter(move |part| part.0.side == side).map(|part| part.0.qty.get());
    let bought: Decimal = side(Side::Buy).sum();
    let sold: Decimal = side(Side::Sell).sum();
    let of_one =
        |part: &Cleared<NewOrder>| part.0.account == net.account && part.0.instrument == net.instrument;
    assert!(
        parts.iter().all(of_one) && (bought - sold).abs() == net.qty.get(),
        "invariant: what is sent for all is their difference: {net:?}"
    );
    Cleared(net)
}

/// What the mode of the gateway makes of a judgement.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// It may leave.
    Cleared(Cleared<T>),
    /// It may leave, and a guard would have denied it.
    Observed(Cleared<T>, Denial),
    /// It may not.
    Denied(T, Denial),
}

/// The last judgement before the bytes leave.
pub(crate) fn release<T>(ctx: &Context<'_>, judged: T, order: fn(&T) -> &NewOrder) -> Verdict<T> {
    match (judge(ctx, order(&judged)), ctx.config.mode) {
        (Ok(()), _) => Verdict::Cleared(Cleared(judged)),
        (Err(denial), mode) if denial.binds(mode) => Verdict::Denied(judged, denial),
        (Err(denial), _) => Verdict::Observed(Cleared(judged), denial),
    }
}
