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
    if ctx.unexplained.is_break(account, instrument) && !ctx.is_reducing(order) {
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
    // Two bots may hold the instrument: what makes the account's risk no larger closes nothing twice.
    if !is_exit || ctx.is_reducing(order) {
        return Ok(());
    }
    let (instrument, account) = (instrument.clone(), account.clone());
    Err(Reason::ClosedElsewhere { instrument, account, held, foreign })
}
