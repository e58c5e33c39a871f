//! What a bot is told of an order that is held here: the shapes that the bridge hands to the shell.
//!
//! Does not own: which orders are held and what becomes of them ([`crate::on_close`]), and how it reads on the wire.

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClientId, ConId, Contract, ExecId, Money, NewOrder, OrderId, PermId, Price, Qty,
    RawFrame,
};

use crate::{Rewrite, on_close};

/// An order for a bot that is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub bot: BotName,
    /// The number of it.
    pub order_id: OrderId,
    /// In which the bot is told of it.
    pub words: Words,
    /// A number as the broker's, and none of the broker's.
    pub perm_id: PermId,
    /// The broker's number of the contract, if it is known.
    pub con_id: Option<ConId>,
}

/// The words in which an order was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// The bot's own.
    Bots {
        /// Its bytes.
        raw: RawFrame,
        /// What to change in them before the bot reads them.
        rewrites: Vec<Rewrite>,
    },
    /// Ours, for the bot.
    Ours {
        /// Our own client.
        client_id: ClientId,
        /// As it was judged.
        order: Box<NewOrder>,
        /// What it is of.
        contract: Box<Contract>,
    },
}

/// What a bot is told of an order that is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It waits for its auction.
    Accepted,
    /// It is divided over so many accounts.
    Divided {
        /// How many of them have an order.
        accounts: usize,
    },
    /// Orders for it work at the venue.
    Working,
    /// How it stands, for a bot that asks.
    Stands {
        /// FIX 14.
        cum_qty: Qty,
        /// FIX 151.
        leaves_qty: Qty,
        /// FIX 6.
        avg_px: Option<Price>,
    },
    /// The order that was sent for all is over or was not needed, and no execution tells the price at which this one has met
    /// others: it waits for the official close.
    AwaitsClose {
        /// FIX 14.
        cum_qty: Qty,
        /// FIX 151: what is not executed yet, of which not all will be.
        leaves_qty: Qty,
        /// FIX 6.
        avg_px: Option<Price>,
        /// How much has met others.
        crossed_qty: Qty,
        /// How much will not be executed.
        lost_qty: Qty,
        /// Why there is no execution, for people.
        reason: Box<str>,
    },
    /// A part of it is executed, or all that was left.
    Executed {
        /// How much, at what price, and of what execution of the broker's.
        share: Box<on_close::Share>,
        /// Of which account.
        account: Account,
        /// FIX 151: how much of the order is not executed with it.
        leaves_qty: Qty,
        /// FIX 6.
        avg_px: Option<Price>,
        /// Where.
        exchange: Box<str>,
        /// When.
        at: Timestamp,
    },
    /// What is left of it will not be executed.
    Canceled {
        /// FIX 14.
        cum_qty: Qty,
        /// What will not be executed.
        leaves_qty: Qty,
        /// FIX 6.
        avg_px: Option<Price>,
        /// Why, for people; empty if the bot has asked for it.
        reason: Box<str>,
    },
    /// What one of its executions costs.
    Commission {
        /// Ours.
        exec_id: ExecId,
        /// How much.
        charge: Money,
    },
}
