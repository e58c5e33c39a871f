//! `reconciled`: pitfall 8. No new order before the broker's orders, executions and positions are known
//! in this connection, none while its API is read-only, none that adds risk to a holding that differs from our
//! executions, none that was decided for a connection that has gone since, and no way out of a holding that somebody
//! else has closed.

use plimsoll_model::{NewOrder, Position, Side};

use super::{Context, Phase, Reason};
use crate::limits::RELEASE_WAIT_MAX;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if let Some(waiting_for) = ctx.recon.waiting_for() {
        return Err(Reason::NotReconciled { waiting_for });
    }
    if ctx.read_only {
        return Err(Reason::ReadOnly);
    }
    let (account, instrument) = (&order.account, &order.instrument);
    if ctx.unexplained.is_break(account, instrument) && !ctx.is_reducing(order) && !closes_own(ctx, order) {
        return Err(Reason::Unexplained { account: account.clone(), instrument: instrument.clone() });
    }
    match ctx.phase {
        Phase::Release { same_links: false, .. } => Err(Reason::LinkChanged),
        Phase::Release { waited, .. } if waited > RELEASE_WAIT_MAX => {
            Err(Reason::WaitedTooLong { waited, max: RELEASE_WAIT_MAX })
        }
        // An order that was held for the auction is not turned down here: no time is left for a smaller one, and the rest
        // of the holding would stay open over night.
        Phase::Release { .. } => Ok(()),
        Phase::Decision => closed_elsewhere(ctx, order),
    }
}

/// Whether it takes the bot no further than out of its own holding, its working orders counted. Two bots may hold opposite
/// positions in one account, and a share that a person bought must not keep both of them in over night.
fn closes_own(ctx: &Context<'_>, order: &NewOrder) -> bool {
    let (account, instrument) = (&order.account, &order.instrument);
    let held = ctx.ledger.bot_position(&ctx.bot.name, account, instrument);
    let against = match order.side {
        Side::Buy => held < Position::FLAT,
        Side::Sell => held > Position::FLAT,
    };
    let alone = ctx.group.iter().all(|member| member.order_id == order.order_id);
    if !against || !alone || !order.legs.is_empty() {
        return false;
    }
    let foreign = ctx.ledger.foreign_position(account, instrument);
    let is_met = !foreign.is_zero() && (held > Position::FLAT) != (foreign > Position::FLAT);
    let closable = if is_met { held.size().saturating_sub(foreign.size()) } else { held.size() };
    let mut all = Some(order.qty);
    for (_, state) in ctx.book.exposed_in(instrument).filter(|(key, _)| Some(*key) != ctx.own) {
        let is_own = state.owner.bot() == Some(&ctx.bot.name);
        let of_account = state.account.as_ref().is_none_or(|of| of == account);
        if let Some((side, times)) = state.part_in(instrument)
            && is_own
            && of_account
            && side == order.side
        {
            let more = state.exposed_qty().checked_mul(times);
            all = all.zip(more).and_then(|(all, more)| all.checked_add(more));
        }
    }
    all.is_some_and(|all| all <= closable)
}

/// The bot wants out of what it bought, and a person has closed that by hand: in the ledger the two stand against each
/// other, and one more exit reverses the account.
fn closed_elsewhere(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let (account, instrument) = (&order.account, &order.instrument);
    let held = ctx.ledger.bot_position(&ctx.bot.name, account, instrument);
    let foreign = ctx.ledger.foreign_position(account, instrument);
    let is_exit = match order.side {
        Side::Buy => held < Position::FLAT && foreign > Position::FLAT,
        Side::Sell => held > Position::FLAT && foreign < Position::FLAT,
    };
    // Two bots may hold the instrument: what makes the account's risk no larger closes nothing twice, and neither does the
    // part that nobody else has closed.
    if !is_exit || ctx.is_reducing(order) || closes_own(ctx, order) {
        return Ok(());
    }
    let (instrument, account) = (instrument.clone(), account.clone());
    Err(Reason::ClosedElsewhere { instrument, account, held, foreign })
}
