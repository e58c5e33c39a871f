//! The gateway's task with a disk that the test holds by the hand.

use std::sync::mpsc;

use jiff::Timestamp;
use plimsoll_core::{HaltLevel, Operator};
use plimsoll_journal::{MemorySink, Options, Writer};
use plimsoll_model::{InstrumentId, Price, QuoteField, RawFrame, Report, ReqId, Request};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::UnboundedSender;

use super::*;
use crate::clock::VenueClock;
use crate::gateway::Inputs;
use crate::input::{Arrival, Detail};
use crate::journal_thread::JournalSink;
use crate::view::View;

/// A gateway's task, what is said to it, and what its disk has to report and does not.
struct Held {
    inputs: UnboundedSender<Input>,
    reports: mpsc::Receiver<JournalReport>,
    task: tokio::task::JoinHandle<Result<(), GatewayError>>,
}

/// A gateway's task that nobody runs yet.
fn work() -> (Work, UnboundedSender<Input>, Inputs, mpsc::Receiver<JournalReport>) {
    // Nobody listens on the upstream, and nobody needs to.
    let text = crate::config::tests::GOOD.replace("127.0.0.1:4001", "127.0.0.1:1");
    let loaded = crate::config::parse("plimsoll.toml", &text).unwrap();
    let (inputs, receiver) = unbounded_channel();
    let shared = Arc::new(Shared::new(&loaded.settings.upstream, inputs.clone(), LinkId(0)));
    let memory = Writer::new(MemorySink::new(), Options::default(), 1);
    let (held, reports) = mpsc::channel();
    let report = move |report| held.send(report).unwrap();
    let work = Work::new(Parts {
        config: Arc::new(loaded.config),
        settings: loaded.settings,
        notes: Vec::new(),
        announced: None,
        bridge: Bridge::new(),
        unread: None,
        epoch: 1,
        spent_until: None,
        clock: Clock::system(None),
        journal: Journal::start(JournalSink::Memory(Box::new(memory)), None, report).unwrap(),
        follows: None,
        cache: None,
        shared,
        ports: Vec::new(),
        api: None,
        ready: watch::channel(false).0,
        lock: None,
    });
    (work, inputs, receiver, reports)
}

impl Held {
    fn start() -> Self {
        let (work, inputs, receiver, reports) = work();
        Self { inputs, reports, task: tokio::spawn(work.run(receiver)) }
    }

    fn say(&self, input: OperatorInput) {
        self.inputs.send(Input::Operator(input)).unwrap();
    }

    fn halt(&self) -> oneshot::Receiver<()> {
        let (done, asked) = oneshot::channel();
        let (by, reason) = ("me".into(), "test".into());
        self.say(OperatorInput::Act(Operator::Halt { level: HaltLevel::All, bot: None, by, reason }, done));
        asked
    }

    async fn look(&self) -> View {
        let (answer, asked) = oneshot::channel();
        self.say(OperatorInput::Look(Detail::Everything, answer));
        asked.await.unwrap()
    }
}

#[tokio::test]
async fn a_halt_is_in_force_at_once_and_done_only_when_the_disk_has_it() {
    let held = Held::start();
    let mut halted = held.halt();
    assert!(held.look().await.status.halt.is_some(), "the disk was waited for");
    assert!(halted.try_recv().is_err(), "done was said before the disk had it");
    let report = held.reports.try_recv().expect("a sync was asked for");
    held.inputs.send(Input::Journal(report)).unwrap();
    halted.await.expect("the disk has it");
}

#[tokio::test]
async fn a_halt_that_the_disk_did_not_take_is_never_called_done() {
    let held = Held::start();
    let halted = held.halt();
    held.look().await;
    let failed = std::io::Error::other("no space left");
    held.inputs.send(Input::Journal(JournalReport::Failed(WriteError::Io(failed)))).unwrap();
    assert!(halted.await.is_err());
    assert!(held.task.await.unwrap().is_err());
}

/// A gateway with one bot, after our own connection went silent and came up again; and what the upstream was sent.
fn after_a_silence() -> (Work, Outgoing) {
    let (mut work, ..) = work();
    let version = ServerVersion::new(178).unwrap();
    let to_venue = Outgoing::new();
    work.arrived(Arrival { to_venue: to_venue.clone(), ..arrival() });
    // The bridge refuses it before the first reconciliation, and what it wants ended is not ended here.
    work.to_end.clear();
    work.on_venue(VenueInput::OwnDown { link: LinkId(1), why: "silent".into(), silent: true });
    work.on_venue(VenueInput::OwnUp { link: LinkId(2), version, out: Outgoing::new() });
    (work, to_venue)
}

fn arrival() -> Arrival {
    Arrival {
        link: LinkId(7),
        bot: BotName::new("trend").unwrap(),
        client_id: ClientId(11),
        version: ServerVersion::new(178).unwrap(),
        raw: frame("71|2|11||"),
        to_bot: Outgoing::new(),
        to_venue: Outgoing::new(),
        place: None,
    }
}

/// A gateway that was reconciled once and has lost its own connection since.
fn without_own() -> Work {
    let (mut work, ..) = work();
    let version = ServerVersion::new(178).unwrap();
    let config = Arc::clone(&work.config);
    work.feed(Event::Started { epoch: 1, config }, None);
    work.on_venue(VenueInput::OwnUp { link: LinkId(1), version, out: Outgoing::new() });
    answer_the_round(&mut work, LinkId(1));
    work.on_venue(VenueInput::OwnDown { link: LinkId(1), why: "reset".into(), silent: false });
    work
}

/// The venue answers every question of a round, whatever its number.
fn answer_the_round(work: &mut Work, link: LinkId) {
    let numbered = (1..=40).map(|id| Report::ExecutionsEnd(ReqId(id)));
    let ends = [Report::PositionsEnd, Report::OpenOrderEnd, Report::CompletedOrdersEnd];
    for report in ends.into_iter().chain(numbered) {
        let report = Box::new(report);
        work.on_venue(VenueInput::OwnReport { link, report, raw: frame("53|1|"), heard: None, _room: None });
    }
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_back_before_us_waits_for_the_round_and_then_comes_in() {
    let mut work = without_own();
    let version = ServerVersion::new(178).unwrap();
    work.on_venue(VenueInput::OwnUp { link: LinkId(2), version, out: Outgoing::new() });
    work.arrive(arrival());
    work.tell_time();
    assert!(!work.links.contains_key(&LinkId(7)), "nothing is known of the broker yet");
    answer_the_round(&mut work, LinkId(2));
    work.tell_time();
    assert!(work.links.contains_key(&LinkId(7)));
}

#[tokio::test(start_paused = true)]
async fn a_bot_is_not_kept_out_for_ever_by_a_round_that_does_not_end() {
    let mut work = without_own();
    work.arrive(arrival());
    tokio::time::advance(Duration::from_millis(2_900)).await;
    work.tell_time();
    assert!(!work.links.contains_key(&LinkId(7)));
    assert!(work.wait() <= Duration::from_millis(100), "it is woken for it");
    tokio::time::advance(Duration::from_millis(100)).await;
    work.tell_time();
    assert!(work.links.contains_key(&LinkId(7)));
}

#[tokio::test]
async fn a_bot_that_gave_up_at_the_door_is_forgotten() {
    let mut work = without_own();
    let version = ServerVersion::new(178).unwrap();
    work.arrive(arrival());
    work.on_venue(VenueInput::Ended { link: LinkId(7) });
    work.on_venue(VenueInput::OwnUp { link: LinkId(2), version, out: Outgoing::new() });
    answer_the_round(&mut work, LinkId(2));
    work.tell_time();
    assert!(!work.links.contains_key(&LinkId(7)));
}

fn frame(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").into_bytes().into())
}

#[tokio::test]
async fn after_a_silence_of_our_own_connection_a_bots_upstream_that_says_nothing_is_ended() {
    let (mut work, to_venue) = after_a_silence();
    let now = work.clock.now().mono;
    work.end_unproved(now);
    assert!(work.links.contains_key(&LinkId(7)), "ended before its deadline");
    work.end_unproved(now.after(proof::ANSWER_MAX + Duration::from_secs(1)));
    assert!(work.links.contains_key(&LinkId(7)), "ended after one question");
    work.end_unproved(now.after(2 * proof::ANSWER_MAX + Duration::from_secs(2)));
    assert!(!work.links.contains_key(&LinkId(7)), "orders would go nowhere");
    let (mut venue, socket) = tokio::io::duplex(1024);
    to_venue.write_to(socket).await.unwrap();
    let mut sent = Vec::new();
    venue.read_to_end(&mut sent).await.unwrap();
    // Not for the time: TWS answers that once a second per login, and the other upstreams would look dead.
    let questions = String::from_utf8_lossy(&sent).matches("8\x001\x001\x00").count();
    assert_eq!(questions, 2, "{sent:?}");
}

#[tokio::test]
async fn an_upstream_that_answers_stays_and_the_bot_is_not_shown_the_answer() {
    let (mut work, _to_venue) = after_a_silence();
    let link = LinkId(7);
    assert!(
        !work.is_proof(link, &frame("49|1|1764255600|")),
        "the answer to the bot's question for the time"
    );
    assert!(work.is_proof(link, &frame("9|1|7|")), "the answer to our question");
    assert!(!work.is_proof(link, &frame("9|1|7|")), "the answer to the bot's");
    let now = work.clock.now().mono;
    work.end_unproved(now.after(3 * proof::ANSWER_MAX));
    assert!(work.links.contains_key(&link));
}

#[tokio::test]
async fn a_disk_that_takes_nothing_ends_the_gateway_before_the_memory_is_full() {
    let (mut work, ..) = work();
    let (stalled, _waiting) = Journal::stalled();
    work.journal = stalled;
    let reason = "x".repeat(LAG_BYTES_LAST / 16);
    for _ in 0..16 {
        assert!(work.failed.is_none());
        let halt = Operator::Halt {
            level: HaltLevel::NewRisk,
            bot: None,
            by: "me".into(),
            reason: reason.as_str().into(),
        };
        work.feed(Event::Operator(halt), None);
        if work.failed.is_some() {
            break;
        }
    }
    assert!(work.failed.is_some());
}

/// A gateway whose own connection is up, with a subscription of its own.
fn subscribed(clock: Option<Clock>) -> (Work, InstrumentId) {
    let (mut work, ..) = work();
    work.clock = clock.unwrap_or(work.clock);
    let (link, version) = (LinkId(2), ServerVersion::new(178).unwrap());
    work.on_venue(VenueInput::OwnUp { link, version, out: Outgoing::new() });
    let spy = InstrumentId::us_stock("SPY");
    work.quotes.subscribed(ReqId(5), spy.clone());
    (work, spy)
}

fn on_our_own(report: Report, raw: &str) -> Input {
    let (link, report, raw) = (LinkId(2), Box::new(report), frame(raw));
    Input::Venue(VenueInput::OwnReport { link, report, raw, heard: None, _room: None })
}

fn tick() -> Input {
    let price = Some(Price::parse("600.25").unwrap());
    on_our_own(Report::Quote { id: ReqId(5), field: QuoteField::Bid, price }, "1|6|5|1|600.25|0|0|")
}

#[tokio::test]
async fn a_cancel_goes_ahead_of_the_ticks_of_our_own_connection() {
    let (mut work, _) = subscribed(None);
    work.ingest(tick());
    let cancel = BotInput::Frame { request: Request::GlobalCancel, raw: frame("58|1|"), _room: None };
    work.ingest(Input::Bot(LinkId(7), cancel));
    assert!(matches!(work.lanes.next(lanes::Heard::Everything), Some(lanes::WorkItem::Bot(LinkId(7), _))));
}

#[tokio::test]
async fn a_tick_that_had_to_wait_is_not_taken_for_fresh() {
    let (mut work, spy) = subscribed(None);
    work.ingest(tick());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let later = work.clock.now().wall;
    let waited = work.lanes.next(lanes::Heard::Everything).unwrap();
    work.take(waited);
    let (instrument, quote) = work.quotes.take_due(later).remove(0);
    assert_eq!(instrument, spy);
    assert!(quote.struck.latest < later, "struck at {} and dealt with from {later} on", quote.struck.latest);
}

#[tokio::test]
async fn in_lockstep_a_tick_is_of_the_time_with_which_its_batch_begins() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let reading = VenueClock { now: at(1_764_255_600), speed_ppm: None, lockstep: true };
    let (mut work, _) = subscribed(Some(Clock::following(reading, std::time::Instant::now(), None)));
    work.ingest(on_our_own(Report::CurrentTime(at(1_764_255_601)), "49|1|1764255601|"));
    work.ingest(tick());
    work.ingest(on_our_own(Report::CurrentTime(at(1_764_255_602)), "49|1|1764255602|"));
    for _ in 0..2 {
        let next = work.lanes.next(lanes::Heard::Everything).unwrap();
        work.take(next);
    }
    let (_, quote) = work.quotes.take_due(at(1_764_255_601)).remove(0);
    assert_eq!(
        quote.struck.latest,
        at(1_764_255_601),
        "the next batch's time came first, or this one's later"
    );
}

/// What a bot's upstream was sent until now; it ends with that.
async fn sent(to_venue: &Outgoing) -> String {
    to_venue.close();
    let (mut venue, socket) = tokio::io::duplex(4096);
    to_venue.write_to(socket).await.unwrap();
    let mut sent = Vec::new();
    venue.read_to_end(&mut sent).await.unwrap();
    String::from_utf8_lossy(&sent).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_bots_question_for_the_time_waits_for_the_second_after_ours_and_is_asked_once() {
    let (mut work, to_venue) = after_a_silence();
    let asks = || BotInput::Frame { request: Request::Other, raw: frame("49|1|"), _room: None };
    work.shared.time_questions.reserve(tokio::time::Instant::now());
    for _ in 0..3 {
        work.on_bot(LinkId(7), asks());
    }
    work.tell_time();
    assert_eq!(work.time_waiting.len(), 1, "asked while the venue would not answer, or more than once");
    assert!(work.wait() <= crate::time_questions::APART, "nobody wakes for it");
    tokio::time::advance(crate::time_questions::APART).await;
    work.tell_time();
    assert!(work.time_waiting.is_empty());
    let sent = sent(&to_venue).await;
    assert_eq!(sent.matches("49\x001\x00").count(), 1, "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bots_question_for_the_time_leaves_at_once_where_nobody_else_asks() {
    let (mut work, to_venue) = after_a_silence();
    work.on_bot(LinkId(7), BotInput::Frame { request: Request::Other, raw: frame("49|1|"), _room: None });
    assert!(sent(&to_venue).await.contains("49\x001\x00"));
}
