//! Plimsoll's own connection: made again and again until it stands, and watched while it does.
//!
//! Owns: its handshake and start, the check that the login has the configured accounts, the heartbeat, the
//! pauses between attempts. Does not own: what is asked on it, which the bridge says.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_core::ClockSource;
use plimsoll_model::{Account, ClientId, LinkId, RawFrame, Report};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::frame::VENUE_FRAME_MAX;
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::clock::watch::broker::{BrokerClock, Grain};
use crate::clock::watch::news;
use crate::config::Environment;
use crate::input::{Input, Room, Shared, VENUE_WAITING_MAX, VenueInput, take_room};
use crate::link::{self, HANDSHAKE_MAX, Incoming, Outgoing};
use crate::wire::{self, Told};

const BACKOFF_MIN: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// From the start message to the accounts and the next id. TWS may wait for a person's click.
const START_MAX: Duration = Duration::from_secs(10);
/// TWS leaves faster questions for its time unanswered.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Silence after which the connection is taken for dead: two unanswered heartbeats.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What the operator configured about the login.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) client_id: ClientId,
    pub(crate) environment: Environment,
    pub(crate) accounts: Vec<Account>,
}

/// Keeps the connection up for ever, from a moment on or at once. It is the first to the venue: until it has told how
/// things stand there, no bot is let in.
pub(crate) async fn keep(login: Login, from: Option<std::time::Instant>, shared: Arc<Shared>) {
    if let Some(from) = from {
        sleep_until(Instant::from_std(from)).await;
    }
    let mut backoff = BACKOFF_MIN;
    let mut said = String::new();
    loop {
        let link = shared.next_link();
        let (was_up, ended) = attempt(&login, link, &shared).await;
        let why = ended.to_string();
        if was_up {
            backoff = BACKOFF_MIN;
            let silent = matches!(ended, Ended::Silent);
            shared.send(Input::Venue(VenueInput::OwnDown { link, why: why.clone(), silent }));
        }
        // The same reason every five seconds would bury the rest of the log.
        if was_up || why != said {
            tracing::warn!(link = %link, upstream = %shared.upstream, "own connection: {why}; trying again");
            said = why;
        }
        tokio::select! {
            biased;
            () = sleep(backoff) => {}
            () = shared.venue_seen.notified() => {}
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// How a life of the connection ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// Nothing was heard any more; the other side may not know of it.
    Silent,
    /// Everything else.
    Because(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => write!(f, "silent for {SILENCE_MAX:?}, two heartbeats unanswered"),
            Self::Because(why) => f.write_str(why),
        }
    }
}

/// One life of the connection: whether it came up, and why it ended.
async fn attempt(login: &Login, link: LinkId, shared: &Shared) -> (bool, Ended) {
    match link::connect(&shared.upstream, HANDSHAKE_MAX).await {
        Err(error) => (false, Ended::Because(error.to_string())),
        Ok(stream) => live(stream, login, link, shared).await,
    }
}

async fn live(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    login: &Login,
    link: LinkId,
    shared: &Shared,
) -> (bool, Ended) {
    let (read, write) = tokio::io::split(stream);
    let mut from = Incoming::new(read, VENUE_FRAME_MAX);
    let out = Outgoing::new();
    let budget = Arc::new(Semaphore::new(VENUE_WAITING_MAX));
    let write = async {
        match out.write_to(write).await {
            Ok(()) => "closed by Plimsoll".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let read = async {
        let (version, early) = match start(&mut from, &out, login, &budget).await {
            Ok(started) => started,
            Err(why) => return (false, Ended::Because(why)),
        };
        shared.send(Input::Venue(VenueInput::OwnUp { link, version, out: out.clone() }));
        for (raw, report, room) in early {
            shared.send(Input::Venue(VenueInput::OwnReport { link, report, raw, heard: None, _room: room }));
        }
        (true, watch(&mut from, &out, (version, link), &budget, shared).await)
    };
    tokio::pin!(read);
    tokio::select! {
        biased;
        ended = &mut read => ended,
        why = write => (true, Ended::Because(why)),
    }
}

/// What the venue said before it was ready.
type Early = (RawFrame, Box<Report>, Room);

/// Handshake and start. What the venue says before it is ready is handed over afterwards: a Gateway may
/// push open orders before the accounts. Nobody deals with it until then, so it must fit into the budget.
async fn start(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    out: &Outgoing,
    login: &Login,
    budget: &Arc<Semaphore>,
) -> Result<(ServerVersion, Vec<Early>), String> {
    let offer = ClientHello {
        min: ServerVersion::MIN.number(),
        max: ServerVersion::MAX.number(),
        options: "".into(),
    };
    out.push_raw(&offer.encode());
    let reply = timeout(HANDSHAKE_MAX, from.next())
        .await
        .map_err(|_| format!("no answer to the handshake within {HANDSHAKE_MAX:?}"))?
        .map_err(|error| error.to_string())?
        .ok_or("closed during the handshake; is 127.0.0.1 among TWS's trusted addresses?")?;
    let hello = ServerHello::parse(&reply).map_err(|error| error.to_string())?;
    let version = ServerVersion::new(hello.version)
        .filter(|version| version.number() <= offer.max)
        .ok_or_else(|| format!("it speaks version {}, which Plimsoll does not", hello.version))?;
    out.push(wire::plain_start(version, login.client_id).bytes()).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + START_MAX;
    let mut early = Vec::new();
    let mut refusal = String::new();
    let (mut has_id, mut has_accounts) = (false, false);
    while !(has_id && has_accounts) {
        let frame = timeout_at(deadline, from.next())
            .await
            .map_err(|_| format!("no accounts and next id within {START_MAX:?}{refusal}"))?
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("closed during the start{refusal}"))?;
        match wire::told_us(version, &frame) {
            Told::Report(report) => {
                match &*report {
                    Report::NextValidId(_) => has_id = true,
                    Report::ManagedAccounts(accounts) => {
                        check_accounts(login, accounts)?;
                        has_accounts = true;
                    }
                    Report::Error(error) => refusal = format!(" (it said {}: {})", error.code, error.text),
                    _ => {}
                }
                let len = u32::try_from(frame.bytes().len()).unwrap_or(u32::MAX);
                let room = Arc::clone(budget).try_acquire_many_owned(len).map_err(|_| {
                    format!("it said more than {VENUE_WAITING_MAX} bytes before it was ready{refusal}")
                })?;
                early.push((frame, report, Some(room)));
            }
            Told::Relay | Told::RelayTick(_) | Told::Bars | Told::FamilyCodes | Told::Repeated(_) => {}
            Told::Unreadable(why) => return Err(why),
        }
    }
    Ok((version, early))
}

/// The configuration must fit the login, or orders would go where nobody looks.
fn check_accounts(login: &Login, has: &[Account]) -> Result<(), String> {
    let missing: Vec<&str> =
        login.accounts.iter().filter(|account| !has.contains(account)).map(Account::as_str).collect();
    if !missing.is_empty() {
        let has: Vec<&str> = has.iter().map(Account::as_str).collect();
        return Err(format!(
            "the login has the accounts {} and not {}; correct `accounts` or the login",
            has.join(", "),
            missing.join(", ")
        ));
    }
    let is_paper = |account: &Account| {
        let text = account.as_str();
        text.starts_with("DU") || text.starts_with("DF")
    };
    match login.environment {
        Environment::Live if has.iter().any(is_paper) => {
            Err("the login is a paper login and the environment is \"live\"".into())
        }
        Environment::Paper if !has.iter().all(is_paper) => {
            Err("the login is a live login and the environment is \"paper\"; nothing was asked of it".into())
        }
        Environment::Live | Environment::Paper | Environment::Sim => Ok(()),
    }
}

/// Hands over what comes as fast as it is dealt with, and asks for the time so that silence means something.
async fn watch(
    from: &mut Incoming<impl AsyncRead + Unpin>,
    out: &Outgoing,
    (version, link): (ServerVersion, LinkId),
    budget: &Arc<Semaphore>,
    shared: &Shared,
) -> Ended {
    let mut heard = Instant::now();
    let mut next_question = heard;
    // Bots ask for the time, too, and the venue answers one question a second.
    let mut reserved = false;
    let mut clock = BrokerClock::new(heard.into_std());
    loop {
        let lockstep = shared.lockstep.load(Ordering::Relaxed);
        tokio::select! {
            biased;
            frame = from.next() => match frame {
                Ok(Some(raw)) => {
                    let room = take_room(budget, raw.bytes().len()).await;
                    // Only now: while we do not read, the venue is not silent.
                    heard = Instant::now();
                    if let Some((time, grain)) = wire::venue_time(version, &raw) {
                        tell_clock(&mut clock, time, grain, heard, shared);
                    }
                    if let Err(why) = hand_over(version, link, raw, room, shared) {
                        return Ended::Because(why);
                    }
                }
                Ok(None) => return Ended::Because("closed by the venue".into()),
                Err(error) => return Ended::Because(error.to_string()),
            },
            // In lockstep the venue would take the question for our "taken", and is silent while it waits.
            () = sleep_until(next_question), if !lockstep => {
                if heard.elapsed() >= SILENCE_MAX {
                    return Ended::Silent;
                }
                let now = Instant::now();
                if !reserved {
                    next_question = shared.time_questions.reserve(now);
                    reserved = next_question > now;
                    if reserved {
                        continue;
                    }
                }
                reserved = false;
                clock.asks(now.into_std());
                if let Err(full) = out.push(wire::ask_precise_time(version).bytes()) {
                    return Ended::Because(full.to_string());
                }
                let watched = shared.clock_watched.load(Ordering::Relaxed);
                next_question = now + if watched { clock.pause(now.into_std(), HEARTBEAT) } else { HEARTBEAT };
            }
        }
    }
}

/// What the venue's clock says of ours. Of a venue whose own time runs faster it says nothing.
fn tell_clock(clock: &mut BrokerClock, time: Timestamp, grain: Grain, heard: Instant, shared: &Shared) {
    if shared.clock_watched.load(Ordering::Relaxed)
        && let Some(bounds) = clock.answered(time, grain, heard.into_std(), Timestamp::now())
    {
        shared.send(Input::ClockNews(news(ClockSource::Broker, Ok(bounds))));
    }
}

/// A line about an order, an execution or a holding that cannot be read ends the connection: what is
/// missing would count as nothing there, so new risk has to wait until somebody has looked.
fn hand_over(
    version: ServerVersion,
    link: LinkId,
    raw: RawFrame,
    room: Room,
    shared: &Shared,
) -> Result<(), String> {
    match wire::told_us(version, &raw) {
        Told::Report(report) => {
            shared.send(Input::Venue(VenueInput::OwnReport { link, report, raw, heard: None, _room: room }));
        }
        Told::Unreadable(why) if wire::is_broker_state(version, &raw) => {
            return Err(format!(
                "the broker's state is not known, because a line of it cannot be read: {why}"
            ));
        }
        Told::Unreadable(why) => {
            shared.send(Input::Venue(VenueInput::OwnUnreadable { link, why, _room: room }));
        }
        Told::Relay | Told::RelayTick(_) | Told::Bars | Told::FamilyCodes | Told::Repeated(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use plimsoll_model::LinkId;
    use plimsoll_tws::frame;
    use tokio::io::{AsyncWriteExt, DuplexStream};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
    use tokio::task::JoinHandle;

    use super::*;

    fn hand(text: &'static str) -> Result<(), String> {
        let (inputs, _receiver) = unbounded_channel();
        let shared = Shared::new("127.0.0.1:1", inputs, LinkId(0));
        let raw = RawFrame::new(text.replace('|', "\0").into());
        hand_over(ServerVersion::MAX, LinkId(1), raw, None, &shared)
    }

    #[test]
    fn a_holding_that_cannot_be_read_ends_the_connection_and_does_not_count_as_flat() {
        let why = hand("61|3|DU1|756733|SPY|STK||0.0|||ARCA|USD|SPY|SPY|many|500.1|").unwrap_err();
        assert!(why.contains("the broker's state is not known"), "{why}");
    }

    #[test]
    fn a_line_of_an_account_that_cannot_be_read_is_noted_and_the_connection_goes_on() {
        assert_eq!(hand("6|2|NetLiquidation|"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_said_to_the_venue_before_what_the_life_before_has_spent_is_over() {
        let venue = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        venue.set_nonblocking(true).unwrap();
        let upstream = venue.local_addr().unwrap().to_string();
        let (inputs, _receiver) = unbounded_channel();
        let shared = Arc::new(Shared::new(&upstream, inputs, LinkId(0)));
        let login = Login { client_id: ClientId(900), environment: Environment::Sim, accounts: Vec::new() };
        let spent_until = Instant::now() + Duration::from_millis(1_100);
        let task = tokio::spawn(keep(login, Some(spent_until.into_std()), shared));
        sleep_until(spent_until - Duration::from_millis(10)).await;
        let early = venue.accept().map(|_| ());
        assert_eq!(early.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        sleep_until(spent_until + Duration::from_millis(10)).await;
        venue.accept().unwrap();
        task.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_venue_that_says_nothing_any_more_is_told_from_one_that_closes() {
        let (inputs, _receiver) = unbounded_channel();
        let shared = Shared::new("127.0.0.1:1", inputs, LinkId(0));
        let (ours, venue) = tokio::io::duplex(1024);
        let mut from = Incoming::new(ours, VENUE_FRAME_MAX);
        let (out, budget) = (Outgoing::new(), Arc::new(Semaphore::new(VENUE_WAITING_MAX)));
        let on = (ServerVersion::MAX, LinkId(1));
        let ended = watch(&mut from, &out, on, &budget, &shared).await;
        assert_eq!(ended, Ended::Silent);
        drop(venue);
        let ended = watch(&mut from, &out, on, &budget, &shared).await;
        assert_eq!(ended.to_string(), "closed by the venue");
    }
    /// A tick of our own subscription.
    const TICK: &[u8] = b"1\x006\x005\x001\x00600.25\x000\x000\x00";

    /// A watched connection with room for two ticks on which three have come, and what the gateway is told.
    async fn flooded() -> (UnboundedReceiver<Input>, DuplexStream, JoinHandle<Ended>) {
        let (inputs, told) = unbounded_channel();
        let (ours, mut venue) = tokio::io::duplex(1024);
        for _ in 0..3 {
            venue.write_all(&frame::encode(TICK)).await.unwrap();
        }
        let task = tokio::spawn(async move {
            let shared = Shared::new("127.0.0.1:1", inputs, LinkId(0));
            let mut from = Incoming::new(ours, VENUE_FRAME_MAX);
            let (out, budget) = (Outgoing::new(), Arc::new(Semaphore::new(2 * TICK.len())));
            watch(&mut from, &out, (ServerVersion::new(178).unwrap(), LinkId(1)), &budget, &shared).await
        });
        (told, venue, task)
    }

    #[tokio::test(start_paused = true)]
    async fn a_venue_that_floods_our_own_connection_waits_until_its_words_are_dealt_with() {
        let (mut told, _venue, _task) = flooded().await;
        let first = told.recv().await.unwrap();
        let second = told.recv().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(told.try_recv().is_err(), "a third was read");
        drop(first);
        assert!(matches!(told.recv().await, Some(Input::Venue(VenueInput::OwnReport { .. }))));
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_gateway_has_no_room_the_venue_is_not_taken_for_silent() {
        let (mut told, venue, task) = flooded().await;
        let held = (told.recv().await, told.recv().await);
        tokio::time::sleep(4 * SILENCE_MAX).await;
        drop(held);
        assert!(told.recv().await.is_some(), "the connection was given up");
        drop(venue);
        assert_eq!(task.await.unwrap().to_string(), "closed by the venue");
    }
    #[tokio::test]
    async fn a_venue_that_says_too_much_before_it_is_ready_is_given_up() {
        let (ours, mut venue) = tokio::io::duplex(1024);
        venue.write_all(&frame::encode(b"178\x0020261127 09:30:00 EST\x00")).await.unwrap();
        venue.write_all(&frame::encode(b"9\x001\x007\x00")).await.unwrap();
        let login = Login { client_id: ClientId(900), environment: Environment::Paper, accounts: Vec::new() };
        let (mut from, budget) = (Incoming::new(ours, VENUE_FRAME_MAX), Arc::new(Semaphore::new(5)));
        let why = start(&mut from, &Outgoing::new(), &login, &budget).await.unwrap_err();
        assert!(why.ends_with("before it was ready"), "{why}");
    }
}
