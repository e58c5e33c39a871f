//! `reconciled`: pitfall 8. No new order before the broker's orders, executions and positions are known
//! in this connection, none while its API is read-only, none that adds risk to a holding that differs from our
//! executions, and none that was decided for a connection that has gone since.

use plimsoll_model::NewOrder;

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
        Phase::Release { .. } | Phase::Decision => Ok(()),
    }
}
