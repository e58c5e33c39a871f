//! What a bot is told of an order that is held here, as frames.

use plimsoll_core::{Held, News};
use plimsoll_model::RawFrame;
use plimsoll_tws::denial::Addressee;
use plimsoll_tws::held::{self, Part, Progress};

use super::{NEW_YORK, rewrite_up};

/// The frames, in the order they have to be sent. An error means that the bot cannot be told.
pub(crate) fn tell(to: Addressee, order: &Held, news: &News) -> Result<Vec<RawFrame>, String> {
    if let News::Commission { exec_id, charge } = news {
        return Ok(vec![held::commission(to.version, exec_id, *charge)]);
    }
    let placed = rewrite_up(to.version, &order.raw, &order.rewrites).map_err(|error| error.to_string())?;
    let held = held::Held::new(to, order.perm_id, order.con_id, &placed)
        .ok_or("its order cannot be read at the version of this connection")?;
    Ok(match news {
        News::Accepted => held.accepted(),
        News::Stands { cum_qty, leaves_qty, avg_px } => {
            held.stands(Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px })
        }
        News::Executed { share, leaves_qty, avg_px, exchange, at } => held.executed(&Part {
            exec_id: &share.exec_id,
            side: share.side,
            last_qty: share.last_qty,
            last_px: share.last_px,
            exchange,
            at: *at,
            login_zone: &NEW_YORK,
            progress: Progress { cum_qty: share.cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px },
        }),
        News::Canceled { cum_qty, leaves_qty, avg_px, reason } => {
            let progress = Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px };
            held.canceled(progress, reason)
        }
        News::Commission { .. } => unreachable!("answered above"),
    })
}
