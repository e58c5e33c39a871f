//! Bots on their sockets. A bot whose connection ends connects again, wherever it is told to.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use plimsoll_runtime::link;
use plimsoll_sim::bots::{DemoBot, Refusal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};

/// How long a bot waits for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long all bots together may take to be at work.
const START_MAX: Duration = Duration::from_secs(20);

/// Running bots. Dropped, they end.
pub(crate) struct Fleet {
    bots: Vec<Rc<RefCell<DemoBot>>>,
    addresses: Vec<watch::Sender<Option<SocketAddr>>>,
    _tasks: JoinSet<()>,
}

impl Fleet {
    /// Starts the bots; none connects before it is given an address.
    pub(crate) fn start(bots: Vec<DemoBot>) -> Self {
        let bots: Vec<_> = bots.into_iter().map(|bot| Rc::new(RefCell::new(bot))).collect();
        let mut tasks = JoinSet::new();
        let addresses = bots
            .iter()
            .map(|bot| {
                let (address, told) = watch::channel(None);
                tasks.spawn_local(live(Rc::clone(bot), told));
                address
            })
            .collect();
        Self { bots, addresses, _tasks: tasks }
    }

    /// The bots' names, in the order of their client ids.
    pub(crate) fn names(&self) -> Vec<String> {
        self.bots.iter().map(|bot| bot.borrow().name().to_owned()).collect()
    }

    /// Looks at each bot.
    pub(crate) fn each(&self, mut look: impl FnMut(&mut DemoBot)) {
        for bot in &self.bots {
            look(&mut bot.borrow_mut());
        }
    }

    /// Tells each bot where its broker is now; none means that it is away.
    pub(crate) fn point(&self, address_of: impl Fn(&str) -> Option<SocketAddr>) {
        for (bot, address) in self.bots.iter().zip(&self.addresses) {
            address.send_replace(address_of(bot.borrow().name()));
        }
    }

    /// Waits until every bot is connected and subscribed.
    pub(crate) async fn at_work(&self) -> anyhow::Result<()> {
        let all = async {
            while !self.bots.iter().all(|bot| bot.borrow().is_at_work()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let late = || {
            let idle = self.bots.iter().filter(|bot| !bot.borrow().is_at_work());
            let names: Vec<_> = idle.map(|bot| bot.borrow().name().to_owned()).collect();
            anyhow::anyhow!("{} could not subscribe within {START_MAX:?}", names.join(", "))
        };
        tokio::time::timeout(START_MAX, all).await.map_err(|_| late())
    }

    /// Each bot's orders that did not live.
    pub(crate) fn refusals(&self) -> Vec<(String, Vec<Refusal>)> {
        let of = |bot: &DemoBot| (bot.name().to_owned(), bot.refusals().to_vec());
        self.bots.iter().map(|bot| of(&bot.borrow())).collect()
    }
}

/// One bot's life.
async fn live(bot: Rc<RefCell<DemoBot>>, mut told: watch::Receiver<Option<SocketAddr>>) {
    loop {
        let address = *told.borrow_and_update();
        if let Some(address) = address
            && let Ok(stream) = link::connect(&address.to_string(), CONNECT_MAX).await
        {
            tokio::select! {
                biased;
                changed = told.changed() => if changed.is_err() { return },
                () = converse(&bot, stream) => {}
            }
            bot.borrow_mut().disconnected();
            yield_now().await;
            continue;
        }
        if told.changed().await.is_err() {
            return;
        }
    }
}

/// One connection, until either side ends it.
async fn converse(bot: &RefCell<DemoBot>, mut stream: TcpStream) {
    let mut out = BytesMut::new();
    bot.borrow_mut().connected(&mut out);
    let mut chunk = vec![0; 16 * 1024];
    loop {
        if stream.write_all(&out).await.is_err() {
            return;
        }
        out.clear();
        let read = match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => read,
            Ok(_) | Err(_) => return,
        };
        if let Err(error) = bot.borrow_mut().received(&chunk[..read], &mut out) {
            tracing::warn!(bot = bot.borrow().name(), %error, "bot gave its connection up");
            return;
        }
    }
}
