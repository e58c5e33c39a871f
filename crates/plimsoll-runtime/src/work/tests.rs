//! The gateway's task with a disk that the test holds by the hand.

use std::sync::mpsc;

use plimsoll_journal::{MemorySink, Options, Writer};
use tokio::sync::mpsc::UnboundedSender;

use super::*;
use crate::journal_thread::JournalSink;
use crate::view::View;

/// A gateway's task, what is said to it, and what its disk has to report and does not.
struct Held {
    inputs: UnboundedSender<Input>,
    reports: mpsc::Receiver<JournalReport>,
    task: tokio::task::JoinHandle<Result<(), GatewayError>>,
}

impl Held {
    fn start() -> Self {
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
            bridge: Bridge::new(),
            unread: None,
            epoch: 1,
            clock: Clock::system(None),
            journal: Journal::start(JournalSink::Memory(Box::new(memory)), None, report).unwrap(),
            follows: None,
            shared,
            ports: Vec::new(),
            api: None,
            ready: watch::channel(false).0,
            lock: None,
        });
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
        self.say(OperatorInput::Look(answer));
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
