//! What a bot asks, as far as the bridge has to understand it.

use crate::{Account, CancelRequest, OrderId, OrderRequest, ReqId};

/// One message from a bot. Everything that cannot create, change or end an order and names no account
/// stays opaque and is relayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A new order, or a change of a working one: TWS uses one message for both.
    Order(Box<OrderRequest>),
    /// A message that enters an order and could not be read. Never forwarded.
    UnreadableOrder {
        /// The order's number, if that much could be read.
        order_id: Option<OrderId>,
        /// What was wrong.
        why: Box<str>,
    },
    /// A cancel.
    Cancel(CancelRequest),
    /// Cancel everything: becomes cancels of the bot's own orders.
    GlobalCancel,
    /// Enters or changes orders in a way that no guard can bound (exercise, adviser changes). Denied.
    Unguarded {
        /// The message's name, `exerciseOptions`.
        name: &'static str,
        /// Where the refusal is addressed.
        id: Option<ReqId>,
    },
    /// A message that has its place at the start of a connection only, where it says whose orders these
    /// are. Refused.
    OutOfPlace {
        /// The message's name, `startApi`.
        name: &'static str,
    },
    /// Asks for the next order id.
    Ids,
    /// Asks about one account (updates, profit, positions of one account).
    AboutAccount {
        /// The message's name.
        name: &'static str,
        /// Where a refusal is addressed; account updates have no number.
        id: Option<ReqId>,
        /// The account; none where the message left it empty.
        account: Option<Account>,
    },
    /// The same without an account where the answer does not say whose it is: one sum over all accounts of the
    /// login. Refused.
    AboutAllAccounts {
        /// The message's name.
        name: &'static str,
        /// Where the refusal is addressed.
        id: Option<ReqId>,
    },
    /// Asks which groups and aliases an adviser has given the accounts of the login. Refused.
    AdviserData,
    /// Anything else, relayed.
    Other,
}
