//! Everything that reaches the task that owns the bridge, and what the connection tasks share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_core::schedule::{JobEnd, JobName};
use plimsoll_core::{ClockEvent, Operator};
use plimsoll_model::{BotName, ClientId, LinkId, RawFrame, Report};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::VENUE_FRAME_MAX;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::VenueClock;
use crate::door::Place;
use crate::history::cache::Said;
use crate::journal_thread::JournalReport;
use crate::lanes::BotInput;
use crate::link::Outgoing;
use crate::time_questions::TimeQuestions;
use crate::view::View;
use crate::wire::Told;

/// Bytes of frames that one connection to the venue may have waiting for the gateway; more than the longest
/// frame.
pub(crate) const VENUE_WAITING_MAX: usize = 2 * VENUE_FRAME_MAX;

/// The same for words of the venue on a bot's connection, each with [`WORD_BYTES`] more for what it is decoded into; a
/// longer one waits alone. They have it until their records are written. A venue answers a question for the day's
/// executions with thousands at once, and to ten bots that ask at once; as many of them are read as can be dealt
/// with, so that nobody's order waits behind more than some thousands, and the rest waits with the kernel.
pub(crate) const WORDS_WAITING_MAX: usize = 256 * 1024;

/// What a word takes in memory beside its bytes, about.
const WORD_BYTES: usize = 1024;

/// Room in a connection's budget, given back when what takes it has been dealt with; of a word on a bot's connection,
/// when it is written.
pub(crate) type Room = Option<OwnedSemaphorePermit>;

/// Waits until the gateway has dealt with enough of this connection's earlier frames.
pub(crate) async fn take_room(budget: &Arc<Semaphore>, len: usize) -> Room {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    Arc::clone(budget).acquire_many_owned(len).await.ok()
}

/// The same for a word on a bot's connection.
pub(crate) async fn take_room_for_word(budget: &Arc<Semaphore>, len: usize) -> Room {
    take_room(budget, (len + WORD_BYTES).min(WORDS_WAITING_MAX)).await
}

/// One message to the gateway's task. The channel has no bound of its own: the readers of all connections
/// wait for room, and everybody else says little, or nothing while the task works.
#[derive(Debug)]
pub(crate) enum Input {
    Operator(OperatorInput),
    Venue(VenueInput),
    Bot(LinkId, BotInput),
    Journal(JournalReport),
    /// Something was found out about the system's clock.
    ClockNews(ClockEvent),
    /// The program of a job has ended.
    JobEnded {
        job: JobName,
        date: Date,
        end: JobEnd,
    },
    /// The followed venue's clock has changed.
    Clock(VenueClock, std::time::Instant),
    /// A drill: the host's clock is so far ahead from now on, and this is what its watch finds.
    Rehearsal {
        ahead: jiff::SignedDuration,
        news: Vec<ClockEvent>,
        done: oneshot::Sender<()>,
    },
    /// A connection ended before it was a link.
    Stranger {
        link: LinkId,
        bot: BotName,
        why: String,
    },
}

/// How much somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything but the orders, of which there are many.
    Standing,
    /// Orders, too.
    Everything,
}

/// What operators say.
#[derive(Debug)]
pub(crate) enum OperatorInput {
    /// A decision of the bridge's: in force at once, answered when the disk has it.
    Act(Operator, oneshot::Sender<()>),
    /// How things stand.
    Look(Detail, oneshot::Sender<View>),
    /// End in order.
    Shutdown,
}

/// Where the cache's words wait among the data of connections, which are numbered from one on.
const NO_LINK: LinkId = LinkId(0);

/// What the venue says, in the order of each connection.
#[derive(Debug)]
pub(crate) enum VenueInput {
    /// A bot has named its client id on a fresh pair of connections.
    Arrived(Box<Arrival>),
    /// A frame for a bot.
    Told { link: LinkId, told: Told, raw: RawFrame, _room: Room },
    /// A bot's upstream ended; why, if not in order.
    Gone { link: LinkId, why: Option<String> },
    /// Both sockets of a pair are closed; the venue is done with the client id.
    Ended { link: LinkId },
    /// Our own connection has finished its start.
    OwnUp { link: LinkId, version: ServerVersion, out: Outgoing },
    /// A message on our own connection.
    OwnReport {
        link: LinkId,
        report: Box<Report>,
        raw: RawFrame,
        /// When the gateway's task was handed a price. It may wait before it is dealt with, and is no fresher then.
        heard: Option<Timestamp>,
        _room: Room,
    },
    /// Something unreadable on our own connection.
    OwnUnreadable { link: LinkId, why: String, _room: Room },
    /// The cache of history has said something: on no connection, and as late as any data.
    Kept(Said),
    /// Our own connection ended; whether because nothing was heard on it any more.
    OwnDown { link: LinkId, why: String, silent: bool },
}

impl VenueInput {
    /// On which connection it came.
    pub(crate) fn link(&self) -> LinkId {
        match self {
            Self::Arrived(arrival) => arrival.link,
            Self::Told { link, .. }
            | Self::Gone { link, .. }
            | Self::Ended { link }
            | Self::OwnUp { link, .. }
            | Self::OwnReport { link, .. }
            | Self::OwnUnreadable { link, .. }
            | Self::OwnDown { link, .. } => *link,
            Self::Kept(_) => NO_LINK,
        }
    }

    /// Whether it may wait for what a decision needs: it is for the bot alone, or a price, of which the bridge is
    /// told at most once a second anyway.
    pub(crate) fn is_data(&self) -> bool {
        match self {
            Self::Told { told, .. } => told.is_data(),
            Self::Kept(_) => true,
            Self::OwnReport { report, .. } => matches!(**report, Report::Quote { .. }),
            _ => false,
        }
    }
}

/// A bot at the door.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) link: LinkId,
    pub(crate) bot: BotName,
    pub(crate) client_id: ClientId,
    pub(crate) version: ServerVersion,
    pub(crate) raw: RawFrame,
    pub(crate) to_bot: Outgoing,
    pub(crate) to_venue: Outgoing,
    /// Its place before it is a link; given back when that is decided.
    pub(crate) place: Option<Place>,
}

/// What all connection tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) upstream: Box<str>,
    pub(crate) inputs: UnboundedSender<Input>,
    /// Whether the venue waits for us; then heartbeats would be taken for our "taken".
    pub(crate) lockstep: AtomicBool,
    /// Whether the system's clock is watched, and the venue's counts as a source.
    pub(crate) clock_watched: AtomicBool,
    /// The venue is there again: our own connection need not wait for its next attempt.
    pub(crate) venue_seen: Notify,
    /// Where the venue is asked for its time from.
    pub(crate) time_questions: TimeQuestions,
    links: AtomicU64,
}

impl Shared {
    pub(crate) fn new(upstream: &str, inputs: UnboundedSender<Input>, last_link: LinkId) -> Self {
        Self {
            upstream: upstream.into(),
            inputs,
            lockstep: AtomicBool::new(false),
            clock_watched: AtomicBool::new(false),
            venue_seen: Notify::new(),
            time_questions: TimeQuestions::default(),
            links: AtomicU64::new(last_link.0),
        }
    }

    /// A number for a new connection, never used before in this journal.
    pub(crate) fn next_link(&self) -> LinkId {
        LinkId(self.links.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Hands over; a gateway that has ended no longer listens, and its connections are about to end too.
    pub(crate) fn send(&self, input: Input) {
        let _ = self.inputs.send(input);
    }
}
