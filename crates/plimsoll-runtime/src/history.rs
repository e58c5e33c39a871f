//! Requests for history: what of them waits, what is at the venue, and who is told what.
//!
//! A login has one budget for all its clients ([`budget`]), so requests of all bots wait in one place ([`queue`]) and leave
//! when the rules allow it. Requests that differ in their number only are one at the venue, and its answer goes to
//! everybody who asked.
//!
//! Invariants:
//! * every request that is not canceled ends in one of four outcomes: an answer; nothing there, which is asked twice and then
//!   told as an error; the venue's refusal; no answer in time, which is told as an error. Never in silence, and never in bars
//!   that are none;
//! * nothing that a bot sees names another bot's number;
//! * a stream belongs to its bot alone.
//!
//! Pure: time comes in, what is to be done comes out. Orders do not pass here, and nothing here makes them wait.
//!
//! Answers that stay the same are looked for on the disk first ([`cache`]), and those are no request at the venue.
//!
//! Does not own: sockets, the budget of messages (`pacing`), the hours of bars (`session_bars`).

mod answer;
mod answers;
mod budget;
pub(crate) mod cache;
mod canceled;
mod ends;
mod kept;
mod queue;
mod request;
mod standing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::civil::Date;
use plimsoll_model::{BotName, LinkId, Mono, RawFrame};
use plimsoll_tws::ServerVersion;

use budget::{Budget, Free, Token};
use cache::Job;
use canceled::Canceled;
use queue::{Pace, Queue};

pub(crate) use answer::{CODE_HISTORY, PREFIX, answer, is_of_history};
pub(crate) use request::{Ask, Asked, Kind, asked};
use standing::Counts;
pub(crate) use standing::Standing;

/// Requests of one bot that wait. By the rules sixty small ones leave in ten minutes, so this is almost three hours.
const WAITING_PER_BOT_MAX: usize = 1_000;
/// Requests of all bots that wait or are at the venue.
const FLIGHTS_MAX: usize = 4_096;
/// Streams at once, of all bots: they end when their bots like, and what is asked once needs places, too.
const STREAMS_MAX: usize = budget::OPEN_MAX - 8;
/// Requests whose answer may be on the disk, and that have not been looked for yet.
const LOOKS_MAX: usize = FLIGHTS_MAX;
/// Who shares one answer; who comes later has a request of his own.
const ASKERS_MAX: usize = 64;
/// Requests that were given up and may still be answered.
const OVER_MAX: usize = 1_024;

/// TWS: a number that is in use, for history and for market data.
const CODE_DUPLICATE: i32 = 386;
const CODE_DUPLICATE_LINE: i32 = 102;
/// TWS: "No historical data query found for ticker id".
const CODE_NO_QUERY: i32 = 366;
/// TWS: "Failed to request historical ticks", and "Invalid Real-time Query".
const CODE_TICKS: i32 = 10_187;
const CODE_REAL_TIME: i32 = 420;

/// A request of a bot: its link, whether it is one for five-second bars, whose numbers are their own, and its number.
type Key = (LinkId, bool, i32);

/// All requests for history. What has no limit of its own here has that of the flights: [`FLIGHTS_MAX`], with [`ASKERS_MAX`]
/// askers each.
#[derive(Debug, Default)]
pub(crate) struct History {
    budget: Budget,
    queue: Queue,
    flights: BTreeMap<Token, Flight>,
    /// Whose request is in which flight.
    askers: BTreeMap<Key, Token>,
    /// What is at the venue, by the link and the number that it has there.
    upstream: BTreeMap<Key, Token>,
    /// Flights whose answer another bot may share.
    shared: BTreeMap<(ServerVersion, Box<[u8]>), Token>,
    /// What was given up: whatever the venue still says about it is nobody's.
    over: BTreeSet<Key>,
    canceled: Canceled,
    /// Links on which the historical farm was said to be away: no more than there are bots connected.
    without_farm: BTreeSet<LinkId>,
    last: Token,
    /// What the cache was asked for, the oldest first; at most [`LOOKS_MAX`].
    looks: VecDeque<Token>,
    /// When something may leave; at once, where something has changed.
    due: Due,
    counts: Counts,
}

/// One request at the venue, or on its way there.
#[derive(Debug)]
struct Flight {
    ask: Ask,
    /// Never empty while it waits.
    askers: Vec<Asker>,
    stage: Stage,
    /// How often it has left.
    tries: u32,
    /// The date on which its answer, if it is complete now, is as it stays.
    stays: Option<Date>,
    /// The bars of such an answer, until its end is there.
    bars: Option<RawFrame>,
    /// A part of its answer has been told. Asked again, that part would come twice.
    is_begun: bool,
}

/// Somebody who wants the answer.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) link: LinkId,
    pub(crate) bot: BotName,
    pub(crate) version: ServerVersion,
    pub(crate) req_id: i32,
    /// As it came.
    pub(crate) raw: RawFrame,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its answer may be on the disk.
    Looking {
        since: Mono,
    },
    Waiting {
        not_before: Mono,
    },
    Open {
        at: Upstream,
        sent: Mono,
        is_empty: bool,
    },
    Streaming {
        at: Upstream,
    },
}

/// Under which number a request is at the venue, and on whose connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Upstream {
    link: LinkId,
    version: ServerVersion,
    req_id: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Due {
    #[default]
    Now,
    At(Mono),
    Never,
}

/// Something that is to be done.
#[derive(Debug)]
pub(crate) enum Act {
    /// Send this to the venue.
    ToVenue { link: LinkId, raw: RawFrame },
    /// Tell this to a bot, under its own number.
    ToBot { link: LinkId, req_id: i32, raw: RawFrame },
    /// Tell a bot no, in the venue's form.
    Refuse { link: LinkId, req_id: i32, code: i32, text: String },
    /// Write this down.
    Note { link: LinkId, text: String },
    /// Have the cache do this.
    Cache(Job),
}

/// Whether a request is under way from now on, or the bot was told why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    No,
}

/// Whether a frame goes where it would go without all this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    Yes,
    No,
}

impl History {
    /// A bot asks. What leaves for it comes out of [`next`](Self::next). `stays`: today's date at the exchange, where an answer
    /// that is complete today is as it stays.
    pub(crate) fn ask(
        &mut self,
        now: Mono,
        (ask, stays): (Ask, Option<Date>),
        asker: Asker,
        out: &mut Vec<Act>,
    ) -> Taken {
        let key = key(asker.link, ask.kind, asker.req_id);
        if self.askers.contains_key(&key) {
            out.push(duplicate(&ask, &asker));
            return Taken::No;
        }
        if let Some(token) = self.upstream.get(&key).copied() {
            // The bot has canceled it while others still waited for the answer.
            self.withdraw(now, token, out);
            self.wait(now, token, now);
        }
        if let Some(token) = ask.share.as_ref().and_then(|share| self.shared.get(share)).copied()
            && let Some(flight) = self.flights.get_mut(&token)
            && flight.askers.len() < ASKERS_MAX
        {
            flight.askers.push(asker);
            self.askers.insert(key, token);
            return Taken::Yes;
        }
        if let Some(why) = self.is_full_for(&ask, &asker) {
            out.push(refuse(&ask, &asker, &why));
            return Taken::No;
        }
        self.over.remove(&key);
        self.last += 1;
        let token = self.last;
        if let Some(share) = &ask.share {
            self.shared.insert(share.clone(), token);
        }
        self.askers.insert(key, token);
        let stays = stays.filter(|_| ask.question.is_some());
        let flight = Flight {
            ask,
            askers: vec![asker],
            stage: Stage::Looking { since: now },
            tries: 0,
            stays,
            bars: None,
            is_begun: false,
        };
        let looks = flight.look(token).filter(|_| self.looks.len() < LOOKS_MAX);
        self.flights.insert(token, flight);
        match looks {
            Some(job) => {
                self.looks.push_back(token);
                out.push(Act::Cache(job));
            }
            None => self.line_up(token, now),
        }
        Taken::Yes
    }

    /// Why one more is too many. It says nothing about other bots.
    fn is_full_for(&self, ask: &Ask, asker: &Asker) -> Option<String> {
        let is_stream = |flight: &&Flight| flight.ask.kind == Kind::Stream;
        if ask.kind == Kind::Stream && self.flights.values().filter(is_stream).count() >= STREAMS_MAX {
            return Some(format!(
                "Plimsoll: all {STREAMS_MAX} places for bars that are kept up to date are taken on this login (the broker has \
                 50 requests open at once, and what is asked once needs some); this one was not taken, cancel another first"
            ));
        }
        if self.queue.waiting_of(&asker.bot) >= WAITING_PER_BOT_MAX {
            return Some(format!(
                "Plimsoll: {WAITING_PER_BOT_MAX} requests for history of {} wait, and no more may; this one was not taken, ask \
                 again when some are answered",
                asker.bot
            ));
        }
        (self.flights.len() >= FLIGHTS_MAX).then(|| {
            format!(
                "Plimsoll: {FLIGHTS_MAX} requests for history are under way on this login, and no more may be; this one was not \
                 taken, ask again when some are answered"
            )
        })
    }

    /// By how much more than a host's clock the one may be off by which this goes.
    pub(crate) fn allow_for(&mut self, jitter: Duration) {
        self.budget.allow_for(jitter);
    }

    /// The next request that leaves, if one may.
    pub(crate) fn next(&mut self, now: Mono) -> Option<(LinkId, RawFrame)> {
        if !self.is_due(now) {
            return None;
        }
        let (flights, budget) = (&self.flights, &self.budget);
        let Some(token) = self.queue.pop(|token| flights[&token].may_leave(now, budget)) else {
            self.reckon(now);
            return None;
        };
        let flight = self.flights.get_mut(&token).expect("what waits is a flight");
        let first = flight.askers.first().expect("a flight that waits has an asker");
        let at = Upstream { link: first.link, version: first.version, req_id: first.req_id };
        let raw = first.raw.clone();
        flight.stage = Stage::Open { at, sent: now, is_empty: false };
        flight.tries += 1;
        self.budget.sent(now, token, &flight.ask);
        let key = flight.key(at);
        self.over.remove(&key);
        self.upstream.insert(key, token);
        Some((at.link, raw))
    }

    /// Whether [`next`](Self::next) is worth a call.
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        match self.due {
            Due::Now => true,
            Due::At(due) => due <= now,
            Due::Never => false,
        }
    }

    /// When the next request may leave or the next answer is late.
    pub(crate) fn next_due(&self) -> Option<Mono> {
        let leaves = match self.due {
            Due::Now => Some(Mono::ZERO),
            Due::At(due) => Some(due),
            Due::Never => None,
        };
        let late = self.upstream.values().filter_map(|token| self.flights[token].late_at());
        leaves.into_iter().chain(late).chain(self.next_slow_look()).min()
    }

    /// It waits for another time.
    fn wait(&mut self, now: Mono, token: Token, not_before: Mono) {
        self.budget.closed(now, token);
        let Some(flight) = self.flights.get_mut(&token) else { return };
        if let Some(at) = flight.stage.upstream() {
            self.upstream.remove(&flight.key(at));
        }
        self.counts.again += 1;
        self.line_up(token, not_before);
    }

    /// It is in the queue from now on.
    fn line_up(&mut self, token: Token, not_before: Mono) {
        let Some(flight) = self.flights.get_mut(&token) else { return };
        flight.stage = Stage::Waiting { not_before };
        let first = flight.askers.first().expect("a flight that waits has an asker");
        self.queue.push(&first.bot, pace(&flight.ask), token);
        self.due = Due::Now;
    }

    /// It is over, and its numbers are free.
    fn land(&mut self, now: Mono, token: Token) {
        self.budget.closed(now, token);
        self.unshare(token);
        if let Some(flight) = self.flights.remove(&token) {
            if let Some(at) = flight.stage.upstream() {
                self.upstream.remove(&flight.key(at));
            }
            for asker in &flight.askers {
                self.askers.remove(&key(asker.link, flight.ask.kind, asker.req_id));
            }
        }
        self.due = Due::Now;
    }

    /// Nobody joins it any more.
    fn unshare(&mut self, token: Token) {
        if let Some(share) = self.flights.get(&token).and_then(|flight| flight.ask.share.as_ref())
            && self.shared.get(share) == Some(&token)
        {
            self.shared.remove(share);
        }
    }

    /// When one of those that wait may leave, as far as that is known.
    fn reckon(&mut self, now: Mono) {
        let due = self.queue.candidates().filter_map(|token| {
            let flight = &self.flights[&token];
            match self.budget.free(now, &flight.ask) {
                Free::Now => flight.not_before(),
                Free::At(due) => flight.not_before().max(Some(due)),
                Free::AfterAnAnswer => None,
            }
        });
        self.due = due.min().map_or(Due::Never, Due::At);
    }
}

impl Flight {
    fn may_leave(&self, now: Mono, budget: &Budget) -> bool {
        self.not_before().is_some_and(|at| at <= now) && budget.free(now, &self.ask) == Free::Now
    }

    fn not_before(&self) -> Option<Mono> {
        match self.stage {
            Stage::Waiting { not_before } => Some(not_before),
            Stage::Looking { .. } | Stage::Open { .. } | Stage::Streaming { .. } => None,
        }
    }

    /// When its answer is late.
    fn late_at(&self) -> Option<Mono> {
        match self.stage {
            Stage::Open { sent, .. } => Some(sent.after(self.ask.answer_max())),
            Stage::Looking { .. } | Stage::Waiting { .. } | Stage::Streaming { .. } => None,
        }
    }

    /// What the cache is to look for.
    fn look(&self, token: Token) -> Option<Job> {
        let (question, today) = self.ask.question.clone().zip(self.stays)?;
        Some(Job::Find { token, question: Box::new(question), today })
    }

    fn key(&self, at: Upstream) -> Key {
        key(at.link, self.ask.kind, at.req_id)
    }
}

impl Stage {
    fn upstream(self) -> Option<Upstream> {
        match self {
            Self::Looking { .. } | Self::Waiting { .. } => None,
            Self::Open { at, .. } | Self::Streaming { at } => Some(at),
        }
    }
}

fn key(link: LinkId, kind: Kind, req_id: i32) -> Key {
    (link, kind == Kind::RealTime, req_id)
}

fn pace(ask: &Ask) -> Pace {
    if ask.is_quick() { Pace::Quick } else { Pace::Backfill }
}

fn duplicate(ask: &Ask, asker: &Asker) -> Act {
    let (link, req_id) = (asker.link, asker.req_id);
    match ask.kind {
        Kind::RealTime => {
            Act::Refuse { link, req_id, code: CODE_DUPLICATE_LINE, text: "Duplicate ticker ID".to_owned() }
        }
        Kind::Bars | Kind::Stream | Kind::Head | Kind::Ticks => {
            let text = format!("Duplicate ticker id:{req_id} for API historical data query");
            Act::Refuse { link, req_id, code: CODE_DUPLICATE, text }
        }
    }
}

/// A no of ours, with the code that the venue says no to such a request with.
fn refuse(ask: &Ask, asker: &Asker, why: &str) -> Act {
    let (code, prefix) = match ask.kind {
        Kind::Bars | Kind::Stream | Kind::Head => (CODE_HISTORY, answer::PREFIX),
        Kind::Ticks => (CODE_TICKS, "Failed to request historical ticks:"),
        Kind::RealTime => (CODE_REAL_TIME, "Invalid Real-time Query:"),
    };
    Act::Refuse { link: asker.link, req_id: asker.req_id, code, text: format!("{prefix}{why}") }
}

#[cfg(test)]
mod tests;
