//! What a bot is told of an order that is held here, as frames.

use jiff::Timestamp;
use plimsoll_core::on_close::Share;
use plimsoll_core::{Held, News};
use plimsoll_model::{Account, Money, Price, Qty, RawFrame, ReqId};
use plimsoll_tws::denial::Addressee;
use plimsoll_tws::held::{self, Part, Progress};

use super::{NEW_YORK, rewrite_up};

/// The frames, in the order they have to be sent. An error means that the bot cannot be told.
pub(crate) fn tell(to: Addressee, order: &Held, news: &News) -> Result<Vec<RawFrame>, String> {
    if let News::Commission { exec_id, charge } = news {
        return Ok(vec![held::commission(to.version, exec_id, *charge)]);
    }
    let held = as_placed(to, order)?;
    Ok(match news {
        News::Accepted | News::Divided { .. } => held.accepted(),
        News::Working => held.working(),
        News::Stands { cum_qty, leaves_qty, avg_px } => {
            held.stands(Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px })
        }
        News::Executed { share, account, leaves_qty, avg_px, exchange, at } => {
            held.executed(&part(share, account, (*leaves_qty, *avg_px), exchange, *at))
        }
        News::Canceled { cum_qty, leaves_qty, avg_px, reason } => {
            let progress = Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px };
            held.canceled(progress, reason)
        }
        News::Commission { .. } => unreachable!("answered above"),
    })
}

/// An execution of it among the answers to a question, and its commission as far as that is known.
pub(crate) fn repeat(
    to: Addressee,
    order: &Held,
    news: &News,
    (req_id, fee): (ReqId, Option<Money>),
) -> Result<Vec<RawFrame>, String> {
    let News::Executed { share, account, leaves_qty, avg_px, exchange, at } = news else { return Ok(vec![]) };
    let held = as_placed(to, order)?;
    let mut frames =
        vec![held.repeated(&part(share, account, (*leaves_qty, *avg_px), exchange, *at), req_id)];
    frames.extend(fee.map(|charge| held::commission(to.version, &share.exec_id, charge)));
    Ok(frames)
}

fn as_placed(to: Addressee, order: &Held) -> Result<held::Held, String> {
    let placed = rewrite_up(to.version, &order.raw, &order.rewrites).map_err(|error| error.to_string())?;
    let held = held::Held::new(to, order.perm_id, order.con_id, &placed);
    held.ok_or_else(|| "its order cannot be read at the version of this connection".to_owned())
}

fn part<'a>(
    share: &'a Share,
    account: &'a Account,
    (leaves_qty, avg_px): (Qty, Option<Price>),
    exchange: &'a str,
    at: Timestamp,
) -> Part<'a> {
    Part {
        exec_id: &share.exec_id,
        account,
        side: share.side,
        last_qty: share.last_qty,
        last_px: share.last_px,
        exchange,
        at,
        login_zone: &NEW_YORK,
        progress: Progress { cum_qty: share.cum_qty, leaves_qty, avg_px },
    }
}
