//! The whole gateway between a bot and an echoing venue, on loopback.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../benches/gateway/client.rs"]
mod client;
#[path = "../benches/gateway/venue.rs"]
mod venue;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use plimsoll_core::Operator;
use plimsoll_journal::{Body, Options, Raw, StateLock, recover};
use plimsoll_runtime::replay::replay;
use plimsoll_runtime::view::View;
use plimsoll_runtime::{Gateway, Storage, config};

use client::Client;

const ACCOUNT: &str = "DU1111111";

/// A folder of this test's own, removed at its end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A folder that stays behind is no reason to hide why a test failed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a gateway on its own runtime while `scene` plays, and returns how things stood at its end.
fn play(home: &Home, venue: SocketAddr, scene: impl FnOnce(SocketAddr) + Send + 'static) -> View {
    play_told(home, venue, None, scene)
}

/// The same, after an operator has said something.
fn play_told(
    home: &Home,
    venue: SocketAddr,
    operator: Option<Operator>,
    scene: impl FnOnce(SocketAddr) + Send + 'static,
) -> View {
    play_with(home, venue, "", operator, scene)
}

/// The same, with more in the configuration.
fn play_with(
    home: &Home,
    venue: SocketAddr,
    more: &str,
    operator: Option<Operator>,
    scene: impl FnOnce(SocketAddr) + Send + 'static,
) -> View {
    let text = format!(
        r#"[plimsoll]
state_dir = "{}"
mode = "enforce"
[[venue]]
name = "ib"
kind = "ibkr"
environment = "sim"
upstream = "{venue}"
client_id = 900
accounts = ["{ACCOUNT}"]
[[bot]]
name = "trend"
venue = "ib"
listen = "127.0.0.1:0"
client_ids = [11, 12]
accounts = ["{ACCOUNT}"]
instruments = ["SPY"]
stale_after = "1d"
duplicate_window = "0s"
{more}"#,
        home.0.display()
    );
    let loaded = config::parse("test.toml", &text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut gateway = Gateway::start(loaded, Storage::Disk).await.unwrap();
        assert!(gateway.ready().await);
        if let Some(operator) = operator {
            assert!(gateway.act(operator).await);
        }
        let port = gateway.addresses().bots[0].1;
        tokio::task::spawn_blocking(move || scene(port)).await.unwrap();
        let view = gateway.look().await.unwrap();
        gateway.shutdown().await.unwrap();
        view
    })
}

/// Sends bytes and waits until the other side has ended the connection; what it said before.
fn until_closed(port: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(port).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = Vec::new();
    let started = Instant::now();
    // A reset is an end, too; only a time-out is none.
    let _ = stream.read_to_end(&mut said);
    assert!(started.elapsed() < Duration::from_secs(15), "the link was left open");
    said
}

#[test]
fn an_order_is_acknowledged_and_the_journal_decides_the_same_again() {
    let home = Home::new("acknowledged");
    let view = play(&home, venue::start(ACCOUNT), |port| {
        let mut bot = Client::start(port, 11, ACCOUNT);
        bot.settle();
        bot.round_trip();
    });
    assert_eq!(view.status.state, "armed");
    assert_eq!(view.orders.last().unwrap().status, "canceled");
    let report = replay(plimsoll_journal::Reader::open(&home.0.join("journal")).unwrap()).unwrap();
    assert_eq!(report.first_difference, None);
    assert!(report.decisions > 4, "{report:?}");
}

#[test]
fn a_restart_goes_on_where_the_journal_ends() {
    let home = Home::new("restart");
    let venue = venue::start(ACCOUNT);
    let (sender, receiver) = channel();
    play(&home, venue, move |port| {
        let mut bot = Client::start(port, 11, ACCOUNT);
        bot.settle();
        sender.send(bot.next_id()).unwrap();
    });
    let after = receiver.recv().unwrap();
    let view = play(&home, venue, move |port| {
        // The echoing venue offers 1 for ever; the gateway remembers better.
        assert_eq!(Client::start(port, 11, ACCOUNT).next_id(), after);
    });
    assert!(view.orders.iter().any(|order| order.status == "canceled"), "the book was forgotten");
}

#[test]
fn a_client_id_of_nobody_and_a_second_link_of_one_are_refused_like_326() {
    let home = Home::new("identity");
    play(&home, venue::start(ACCOUNT), |port| {
        let mut bot = Client::start(port, 11, ACCOUNT);
        bot.settle();
        for client_id in ["11", "13"] {
            let mut bytes = b"API\0\0\0\0\x09v157..178".to_vec();
            let start = format!("71\0002\0{client_id}\0\0");
            bytes.extend(plimsoll_tws::frame::encode(start.as_bytes()));
            let said = String::from_utf8_lossy(&until_closed(port, &bytes)).into_owned();
            assert!(said.contains("\x00326\0"), "{client_id}: {said:?}");
        }
        bot.round_trip();
    });
}

#[test]
fn garbage_ends_its_own_link_and_no_other() {
    let home = Home::new("garbage");
    play(&home, venue::start(ACCOUNT), |port| {
        let mut bot = Client::start(port, 11, ACCOUNT);
        bot.settle();
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"API\0\xFF\xFF\xFF\xFF", b"API\0\0\0\0\x09v900..901"]
        {
            until_closed(port, garbage);
            bot.round_trip();
        }
    });
}

#[test]
fn a_record_of_an_older_version_halts_new_risk_once_and_stops_no_start() {
    let home = Home::new("older");
    {
        let lock = StateLock::acquire(&home.0).unwrap();
        let mut journal = recover(&lock).unwrap().into_writer(Options::default());
        let raw = Raw(plimsoll_model::RawFrame::new("3\x005\0Submitted\0".into()));
        let bodies = [
            Body::Started { epoch: 1, config_toml: "[plimsoll]\na_key_of_old = 1\n".into() },
            Body::FromVenue { link: 1, server_version: 178, raw },
        ];
        for body in &bodies {
            let now =
                plimsoll_model::Now { mono: plimsoll_model::Mono::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
            journal.append(now, body).unwrap();
        }
        journal.sync().unwrap();
    }
    let venue = venue::start(ACCOUNT);
    let halted = play(&home, venue, |_| {}).status;
    assert_eq!(halted.state, "halted");
    let halt = halted.halt.unwrap();
    assert_eq!((&*halt.by, halt.level), ("plimsoll", "new_risk"));
    assert!(halt.reason.starts_with("2 records of the journal"), "{}", halt.reason);
    let resume = Operator::Resume { bot: None, by: "me".into(), reason: "compared".into() };
    assert_eq!(play_told(&home, venue, Some(resume), |_| {}).status.state, "armed");
    assert_eq!(play(&home, venue, |_| {}).status.state, "armed", "the person's word was forgotten");
}

/// The clock of the machine that tests may be anybody's, so the job waits for nothing.
#[test]
fn a_program_of_a_job_runs_once_for_its_date_over_a_restart() {
    let home = Home::new("job");
    let ran = home.0.join("ran");
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4);
    let job = format!(
        "[[job]]\nname = \"once\"\ncalendar = \"ALWAYS_OPEN_247\"\nat = \"{} UTC\"\nhalf_days = \"run\"\nrequire = []\n\
         missed = \"run_late\"\nlate_by = \"1h\"\ndo = \"command\"\n\
         command = [\"sh\", \"-c\", \"echo $$ $PLIMSOLL_JOB $PLIMSOLL_TRADE_DATE >> '{}'\"]\n",
        due.strftime("%H:%M:%S"),
        ran.display()
    );
    let venue = venue::start(ACCOUNT);
    let watched = ran.clone();
    play_with(&home, venue, &job, None, move |_| {
        let started = Instant::now();
        let in_time =
            || assert!(started.elapsed() < Duration::from_secs(30), "the program has not come and gone");
        let pid = loop {
            in_time();
            let said = std::fs::read_to_string(&watched).unwrap_or_default();
            if let Some((pid, _)) = said.split_once(' ') {
                break pid.to_owned();
            }
            std::thread::yield_now();
        };
        while Path::new("/proc").join(&pid).exists() {
            in_time();
            std::thread::yield_now();
        }
    });
    let view = play_with(&home, venue, &job, None, |_| {});
    let said = std::fs::read_to_string(&ran).unwrap();
    let (_, said) = said.split_once(' ').unwrap();
    assert_eq!(said, format!("once {}\n", due.strftime("%Y-%m-%d")));
    let [row] = &view.status.jobs[..] else { panic!("{:?}", view.status.jobs) };
    assert_eq!(row.last.as_ref().unwrap().outcome, "done", "{row:?}");
    let report = replay(plimsoll_journal::Reader::open(&home.0.join("journal")).unwrap()).unwrap();
    assert_eq!(report.first_difference, None);
}
