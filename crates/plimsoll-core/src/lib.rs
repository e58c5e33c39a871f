//! The bridge: a pure function of its event log.
//!
//! Sockets, clocks, disks and threads live in the shells around it (live, simulation, replay). A shell
//! feeds one [`Event`] at a time with the [`Now`] of that instant and carries out the [`Command`]s that
//! come back. The same events give the same commands, always: that is what makes a journal replayable.
//!
//! Owns: who may trade what, the guards, our order book, the wait for the disk, the halt, the
//! reconciliation with the broker after every start and reconnect.
//!
//! Does not own: wire formats (an order's bytes are an opaque [`RawFrame`] here), files, sockets, time.
//!
//! Invariants:
//! * an order leaves only as [`Cleared`], which only the guards can build, and it is judged twice: when
//!   it is decided and again when the disk has it ([`Event::Flushed`]). One exception: in observe mode an
//!   order that cannot be judged at all is forwarded as it came, in its turn and unless somebody said stop;
//! * cancels and halts never wait for the disk;
//! * no new risk before the broker's orders, executions and positions are known in this connection;
//! * a guard reads and judges; state changes in one place per event, after all guards have passed.

mod acks;
pub mod allocation;
mod bars;
mod book;
mod bridge;
mod changes;
pub mod clock;
pub mod config;
mod contracts;
mod drop_copy;
mod elsewhere;
mod equities;
mod fallback;
mod group;
pub mod guard;
mod halt;
mod held;
mod intake;
pub mod limits;
mod link;
mod listed_hours;
pub mod on_close;
mod outbox;
mod quotes;
mod recon;
mod result;
pub mod schedule;
mod snapshot;
mod streams;
mod trace;
mod unexplained;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::Announcement;
use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, Contract, InstrumentId, LinkId, NewOrder, OrderId, Position, Price,
    RawFrame, ReplaceRequest, Report, ReqId, Request,
};
use rust_decimal::Decimal;
use schedule::{Job, JobEnd, JobName};

pub use bars::{BarDays, BarHours, BarTime, Lies};
pub use book::{Book, FLEET, OrderKey, OrderState, Owner};
pub use bridge::{AllocationView, Bridge, FallbackView, PartView, Repeated};
pub use clock::{ClockEvent, ClockSource, ClockState};
pub use config::Config;
pub use contracts::{calendar_of, keeps_us_hours};
pub use drop_copy::DropCopy;
pub use guard::{Cleared, Denial, GUARDS, GuardId, GuardSpec, Reason};
pub use halt::{Halt, HaltLevel};
pub use held::{Held, News, Words};
pub use recon::ReconState;
pub use snapshot::{BotView, BreakView, LinkView, OrderView, PositionView, Snapshot};

/// Everything that can cause the bridge to do something.
#[derive(Debug, Clone)]
pub enum Event {
    /// The process started; every link of an earlier process is gone. First event of each epoch.
    Started {
        /// Counts starts; one higher than the journal's last.
        epoch: u64,
        /// What the operator configured.
        config: Arc<Config>,
    },
    /// Plimsoll's own connection has finished its start-up with the venue.
    OwnUp {
        /// The connection.
        link: LinkId,
    },
    /// Plimsoll's own connection ended.
    OwnDown {
        /// The connection.
        link: LinkId,
    },
    /// A bot and its own upstream connection have shaken hands; the bot has named its client id.
    BotArrived {
        /// The pair of connections.
        link: LinkId,
        /// Whose port it is.
        bot: BotName,
        /// As the bot named it.
        client_id: ClientId,
        /// The bot's start message, to be forwarded if it is welcome.
        raw: RawFrame,
    },
    /// A bot's connection ended, and its upstream is kept: its orders stay in reach. The link ends with
    /// [`Event::BotGone`].
    BotLeft {
        /// The pair of connections.
        link: LinkId,
    },
    /// A bot's upstream ended, or both sides did.
    BotGone {
        /// The pair of connections.
        link: LinkId,
    },
    /// A bot said something.
    FromBot {
        /// On which link.
        link: LinkId,
        /// Decoded as far as the bridge needs.
        request: Request,
        /// As it came.
        raw: RawFrame,
    },
    /// The venue said something, on a bot's upstream connection or on our own.
    FromVenue {
        /// On which link.
        link: LinkId,
        /// Decoded as far as the bridge needs.
        report: Report,
        /// As it came.
        raw: RawFrame,
    },
    /// The latest quote of an instrument, from our own subscription, conflated by the shell.
    Quote {
        /// Of what.
        instrument: InstrumentId,
        /// All fields as last struck.
        quote: Quote,
    },
    /// A bot's own stream of an instrument's prices has stopped while the market moves, or moves again; measured by the
    /// shell.
    Stream {
        /// On which link.
        link: LinkId,
        /// Of what.
        instrument: InstrumentId,
        /// When the last price came that it brought; none: it moves.
        still_since: Option<Timestamp>,
    },
    /// Everything up to this token is on the disk.
    Flushed {
        /// From [`Command::Flush`].
        token: u64,
    },
    /// Something was found out about our own clock.
    Clock(ClockEvent),
    /// The operator said something.
    Operator(Operator),
    /// The program of a job has ended.
    JobEnded {
        /// Which job.
        job: JobName,
        /// For which trade date it ran.
        date: Date,
        /// How.
        end: JobEnd,
    },
    /// The instant asked for by [`Bridge::next_wakeup`] has come.
    Woke,
}

/// A quote and when the venue last struck a price of it. Sizes do not refresh it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Last trade.
    pub last: Option<Price>,
    /// When they came from the venue.
    pub struck: Struck,
}

/// When a venue last struck the prices of a quote. One side can stand still while the other moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struck {
    /// Any of them.
    pub latest: Timestamp,
    /// The bid.
    pub bid: Timestamp,
    /// The offer.
    pub ask: Timestamp,
}

impl Struck {
    /// All at once, or nobody knows which.
    pub const fn at(latest: Timestamp) -> Self {
        Self { latest, bid: latest, ask: latest }
    }
}

/// What an operator may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// Stop. Needs nothing and never waits.
    Halt {
        /// How much to stop.
        level: HaltLevel,
        /// One bot, or everything.
        bot: Option<BotName>,
        /// Who said it.
        by: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// Start again. The shell has checked that a person asked.
    Resume {
        /// One bot, or everything.
        bot: Option<BotName>,
        /// Who said it.
        by: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// The broker is right about a holding that no execution explains. The shell has checked that a person asked.
    Accept {
        /// In which account.
        account: Account,
        /// Of what.
        instrument: InstrumentId,
        /// By how much the broker's side is more, as the person saw it. If it is another by now, nothing is accepted.
        difference: Position,
        /// Who said it.
        by: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// Days that were announced after this version was written: all that hold from now on, in place of those
    /// before.
    Calendar {
        /// The days.
        days: Arc<[Announcement]>,
        /// What was found wrong with others that were left as they were.
        problems: Box<[Box<str>]>,
    },
}

/// Everything that the bridge can ask a shell to do, in order.
#[derive(Debug, Clone)]
pub enum Command {
    /// Send a new order on the bot's own upstream connection.
    Submit {
        /// Where.
        link: LinkId,
        /// The proof that it was judged.
        order: Cleared<NewOrder>,
        /// The bot's bytes.
        raw: RawFrame,
        /// What to change in them.
        rewrites: Vec<Rewrite>,
    },
    /// Send a change of a working order.
    Replace {
        /// Where.
        link: LinkId,
        /// The proof that it was judged.
        order: Cleared<ReplaceRequest>,
        /// The bot's bytes.
        raw: RawFrame,
        /// What to change in them.
        rewrites: Vec<Rewrite>,
    },
    /// Cancel an order of this link's client, in our own words; on our own connection one of our own.
    Cancel {
        /// Where.
        link: LinkId,
        /// The order.
        order_id: OrderId,
    },
    /// Send an order of our own on our own connection.
    Place {
        /// Our own connection, as it was when the order was judged.
        link: LinkId,
        /// The proof that it was judged.
        order: Cleared<NewOrder>,
        /// What it is of.
        contract: Contract,
    },
    /// Pass a bot's message on. Nothing but the account of a margin preview is ever written into it.
    Forward {
        /// Where.
        link: LinkId,
        /// The bytes.
        raw: RawFrame,
        /// What to change in them.
        rewrites: Vec<Rewrite>,
    },
    /// Ask the venue something on our own connection.
    Ask(Ask),
    /// Pass a venue's message to the bot.
    ToBot {
        /// To whom.
        link: LinkId,
        /// The bytes.
        raw: RawFrame,
        /// What to change in them.
        rewrites: Vec<Rewrite>,
    },
    /// Tell the bot that its new order was denied, in the venue's own form.
    Deny {
        /// To whom.
        link: LinkId,
        /// The bot's number of the order, if it could be read.
        order_id: Option<OrderId>,
        /// Why.
        denial: Denial,
        /// The bot's request.
        raw: RawFrame,
    },
    /// Tell the bot that a change was denied and that its order stands as it was.
    DenyReplace {
        /// To whom.
        link: LinkId,
        /// The bot's number of the order.
        order_id: OrderId,
        /// Why.
        denial: Denial,
        /// The venue's latest description of the unchanged order, as the bot may see it.
        open_order: Option<(RawFrame, Vec<Rewrite>)>,
        /// The venue's latest status of it.
        status: Option<RawFrame>,
    },
    /// Tell the bot that an order which never left was canceled, as it asked.
    CanceledUnsent {
        /// To whom.
        link: LinkId,
        /// The bot's number of the order.
        order_id: OrderId,
    },
    /// Tell a bot of an order of its own that is held here, as the venue would tell it of one that it has.
    Tell {
        /// To whom; none while the bot is away.
        link: Option<LinkId>,
        /// Of which order.
        held: Box<Held>,
        /// What.
        news: News,
    },
    /// Answer a bot's request with an error of the venue's form.
    Refuse {
        /// To whom.
        link: LinkId,
        /// Where the answer is addressed; none for a message without a number.
        id: Option<i32>,
        /// The venue's code for it.
        code: i32,
        /// For people.
        text: String,
    },
    /// End a bot's link.
    CloseBot {
        /// Which.
        link: LinkId,
        /// Why, for the journal.
        reason: String,
    },
    /// Make everything appended so far durable, then send [`Event::Flushed`].
    Flush {
        /// Counts up.
        token: u64,
    },
    /// In observe mode: a guard would have denied this, and it was let through.
    Observed {
        /// Whose.
        link: LinkId,
        /// The order, as far as it was understood.
        cl_ord_id: Option<ClOrdId>,
        /// Why it would have been denied.
        denial: Denial,
    },
    /// Start the program of a job, then say how it ended ([`Event::JobEnded`]).
    StartJob {
        /// Which job.
        job: Arc<Job>,
        /// For which trade date.
        date: Date,
    },
    /// What a job does, or does not; nobody has to look.
    JobNote {
        /// About what.
        text: String,
    },
    /// A person should look today.
    Notice {
        /// About what.
        text: String,
    },
}

/// A declared change of a relayed message. Everything else keeps its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    /// Write this account into an order that named none.
    Account(Account),
    /// Write this order reference.
    OrderRef(Box<str>),
    /// Write this next order id.
    NextValidId(OrderId),
    /// Show only these accounts.
    Accounts(Vec<Account>),
    /// Name the zone of an execution's time where the venue left it out.
    ExecutionTime,
}

/// What a bot is to see of a line about a holding of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// The broker's bytes.
    AsItIs,
    /// Nothing: not its account, or nothing that it could ever hold.
    Hidden,
    /// Only what is its own.
    Own {
        /// Its own position; may be flat.
        position: Position,
        /// Per contract as the broker counts, commissions left out; none where it holds nothing or nobody
        /// knows.
        avg_cost: Option<Price>,
        /// Units per contract.
        multiplier: Decimal,
    },
}

/// A question on our own connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// All holdings, and their changes from then on.
    Positions,
    /// The open orders of all clients.
    OpenOrders,
    /// Today's executions of all clients.
    Executions {
        /// Our number.
        req_id: ReqId,
    },
    /// What all accounts are worth, and its changes from then on.
    Equity {
        /// Our number.
        req_id: ReqId,
    },
    /// No more of that, under this number.
    EndEquity {
        /// Of the question.
        req_id: ReqId,
    },
    /// Orders that ended today.
    CompletedOrders,
    /// What a contract is.
    Contract {
        /// Our number.
        req_id: ReqId,
        /// As configured.
        contract: Contract,
    },
    /// The sessions of the past, as the broker has them.
    Schedule {
        /// Our number.
        req_id: ReqId,
        /// As configured.
        contract: Contract,
    },
    /// The bars of the latest days.
    DayBars {
        /// Our number.
        req_id: ReqId,
        /// As the broker knows it.
        contract: Contract,
    },
    /// Quotes of an instrument, from then on.
    Quotes {
        /// Our number.
        req_id: ReqId,
        /// Ours.
        instrument: InstrumentId,
        /// The venue's.
        contract: Contract,
    },
}
