//! Playing a drill: the real gateway and the real simulator in lockstep, bots on their sockets, and what happens at
//! the times of the script.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::Announcement;
use plimsoll_core::{ClockEvent, Operator};
use plimsoll_model::{BotName, ClientId};
use plimsoll_runtime::GatewayHandle;
use plimsoll_runtime::config::Loaded;
use plimsoll_runtime::simulator::{Pace, SimulatorHandle};
use plimsoll_runtime::view::View;
use plimsoll_sim::bots::{Script, Told, scripted};
use serde_json::Value;

use super::host::{Host, woken};
use super::night;
use super::script::{Act, Belief, Bot, Drill};
use super::settings::{self, OWN_CLIENT};
use crate::exit::{Exit, Failure};
use crate::lockstep::{Day, Fleet, Place, knock, open, serve};
use crate::statement::pending::Block;

const TICK: SignedDuration = SignedDuration::from_secs(1);

/// What came of a drill.
pub(crate) struct Played {
    /// How things stood at each time that something is expected of, and at the end.
    pub(crate) scenes: Vec<Scene>,
    /// What each bot did and was told.
    pub(crate) bots: Vec<BotTold>,
}

/// How things stood.
pub(crate) struct Scene {
    pub(crate) at: Timestamp,
    /// The venue's own truth.
    pub(crate) venue: Value,
    /// What the gateway shows; none where there is none.
    pub(crate) view: Option<View>,
}

/// One bot's side.
pub(crate) struct BotTold {
    pub(crate) name: String,
    pub(crate) client_id: i32,
    pub(crate) told: Vec<Told>,
    /// The numbers of its orders by their labels.
    pub(crate) orders: Vec<(String, i32)>,
}

/// What is taken away, for who wants to see harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// Nothing.
    Nothing,
    /// The gateway: bots go straight to the venue.
    Gateway,
    /// A guard is not asked.
    #[cfg(test)]
    Guard(plimsoll_core::GuardId),
    /// Nobody notices that the host has slept.
    #[cfg(test)]
    NewsOfSleep,
}

/// Plays it.
pub(crate) fn play(drill: &Drill, without: Without) -> Result<Played, Failure> {
    let place = Place::new("drill", None)?;
    play_in(&place.dir, drill, without)
}

/// Plays it with a state directory that stays.
pub(crate) fn play_in(dir: &Path, drill: &Drill, without: Without) -> Result<Played, Failure> {
    let runtime = crate::commands::runtime()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let venue = serve(&day(drill), &Pace::Max)?;
        let fleet = Fleet::start(drill.bots.iter().map(|bot| scripted(script(bot))).collect());
        #[cfg_attr(not(test), expect(unused_mut, reason = "only tests take a guard away"))]
        let mut loaded = settings::load(drill, dir, venue.tws_addr(), venue.control_addr())?;
        #[cfg(test)]
        if let Without::Guard(guard) = without {
            loaded.config.switched_off = vec![guard];
        }
        let gateway = match without {
            Without::Gateway => {
                straight(&fleet, &venue).await?;
                None
            }
            Without::Nothing => Some(open(loaded.clone(), &fleet).await?),
            #[cfg(test)]
            Without::Guard(_) | Without::NewsOfSleep => Some(open(loaded.clone(), &fleet).await?),
        };
        let host = Host::new(drill.clock.as_ref(), drill.from);
        let stage = Stage { drill, without, loaded, venue, fleet, gateway, host, announced: Vec::new(), dir };
        stage.run().await
    })
}

/// Everything that is on stage.
struct Stage<'a> {
    drill: &'a Drill,
    without: Without,
    loaded: Loaded,
    venue: SimulatorHandle,
    fleet: Fleet,
    gateway: Option<GatewayHandle>,
    host: Host,
    announced: Vec<Announcement>,
    /// Where this run keeps its files.
    dir: &'a Path,
}

impl Stage<'_> {
    async fn run(mut self) -> Result<Played, Failure> {
        self.tell_host().await?;
        let looks = self.drill.expected.iter().filter_map(|expected| expected.at);
        let looks: BTreeSet<Timestamp> = looks.filter(|at| *at < self.drill.to).collect();
        let mut looks = looks.into_iter().peekable();
        let mut scenes = Vec::new();
        for cue in
            self.drill.cues.iter().filter(|cue| cue.at > self.drill.from || cue.act.as_fault().is_none())
        {
            while let Some(at) = looks.next_if(|at| *at < cue.at) {
                scenes.push(self.look(at).await?);
            }
            // Before the tick of that time, so that whoever acts in it finds it done.
            self.run_until(cue.at - TICK).await?;
            self = self.act(&cue.act).await?;
        }
        for at in looks {
            scenes.push(self.look(at).await?);
        }
        scenes.push(self.look(self.drill.to).await?);
        let bots = self.told();
        self.end().await?;
        Ok(Played { scenes, bots })
    }

    /// Lets time run; on the way the time servers are asked.
    async fn run_until(&mut self, limit: Timestamp) -> Result<(), Failure> {
        while let Some(due) = self.host.due().filter(|due| *due <= limit) {
            self.venue_until(due).await?;
            let news = self.host.ask(due);
            self.rehearse(news).await?;
        }
        self.venue_until(limit).await
    }

    async fn venue_until(&self, limit: Timestamp) -> Result<(), Failure> {
        self.venue.run_until(limit).await.map(|_| ()).ok_or_else(|| ended("simulator"))
    }

    async fn rehearse(&self, news: Vec<ClockEvent>) -> Result<(), Failure> {
        let Some(gateway) = &self.gateway else { return Ok(()) };
        let heard = gateway.rehearse(self.host.ahead(), news).await;
        if heard { Ok(()) } else { Err(ended("gateway")) }
    }

    /// Gateway and bots run on the same host.
    async fn tell_host(&mut self) -> Result<(), Failure> {
        let news = self.host.begin(self.drill.from);
        self.fleet.each(|bot| bot.set_clock_ahead(self.host.ahead()));
        if news.is_empty() { Ok(()) } else { self.rehearse(news).await }
    }

    async fn act(mut self, act: &Act) -> Result<Self, Failure> {
        let refused = |error| Failure::new(Exit::Usage, anyhow::Error::new(error));
        match act {
            Act::Fault(fault) => drop(self.venue.fault(fault.clone()).await.map_err(refused)?),
            Act::Heal => drop(self.venue.heal().await.map_err(refused)?),
            Act::Price(price) => drop(self.venue.price(price.clone()).await.map_err(refused)?),
            Act::Step(by) => {
                let news = self.host.step(*by);
                self.fleet.each(|bot| bot.set_clock_ahead(self.host.ahead()));
                self.rehearse(news).await?;
            }
            Act::Sleep(span, wakes) => self.sleep(*span, *wakes).await?,
            Act::Servers(servers) => self.host.set_servers(servers),
            Act::Halt(level, bot) => {
                let (by, reason) = ("drill".into(), "drill".into());
                self.say(Operator::Halt { level: *level, bot: bot.clone(), by, reason }).await?;
            }
            Act::Resume(bot) => {
                let (by, reason) = ("drill".into(), "drill".into());
                self.say(Operator::Resume { bot: bot.clone(), by, reason }).await?;
            }
            Act::Announce(day) => {
                self.announced.push(day.clone());
                let days: Arc<[Announcement]> = self.announced.clone().into();
                self.say(Operator::Calendar { days, problems: Box::default() }).await?;
            }
            Act::Restart => return self.restart().await,
            Act::Nightly(beliefs) => return self.night(beliefs).await,
            Act::Copies(bot, count) => self.copies(bot, *count).await,
        }
        Ok(self)
    }

    /// Copies of a bot knock where it is connected, under its client id.
    async fn copies(&self, bot: &BotName, count: u16) {
        let ports = self.gateway.as_ref().map(|gateway| &gateway.addresses().bots);
        let port = ports.map(|ports| ports.iter().find(|(name, _)| name == bot).map(|(_, address)| *address));
        let address = port.flatten().unwrap_or(self.venue.tws_addr());
        let script = self.drill.bots.iter().find(|script| script.name == *bot);
        let script = script.expect("invariant: only bots of the drill are copied");
        knock(address, script.client_id, count).await;
    }

    async fn say(&self, operator: Operator) -> Result<(), Failure> {
        let Some(gateway) = &self.gateway else { return Ok(()) };
        if gateway.act(operator).await { Ok(()) } else { Err(ended("gateway")) }
    }

    /// Nobody on the host sees the time pass. What the venue says meanwhile is lost, as it is when the connection's
    /// buffers are full.
    async fn sleep(&mut self, span: SignedDuration, wakes: SignedDuration) -> Result<(), Failure> {
        let silence = serde_json::json!({ "kind": "half_open", "for": format!("{}s", span.as_secs()) });
        self.venue.fault(silence).await.map_err(|error| Failure::new(Exit::Internal, error))?;
        let asleep = self.now().await?;
        self.venue_until(asleep + span).await?;
        self.host.wake(wakes);
        self.fleet.each(|bot| bot.set_clock_ahead(self.host.ahead()));
        let news = match self.without {
            Without::Nothing | Without::Gateway => woken(span),
            #[cfg(test)]
            Without::Guard(_) => woken(span),
            #[cfg(test)]
            Without::NewsOfSleep => Vec::new(),
        };
        self.rehearse(news).await
    }

    async fn restart(mut self) -> Result<Self, Failure> {
        self.stop().await?;
        self.start_again().await
    }

    /// The bots lose their connections, and so they do where there is no gateway, to be fair.
    async fn stop(&mut self) -> Result<(), Failure> {
        self.fleet.point(|_| None);
        match self.gateway.take() {
            Some(gateway) => gateway.shutdown().await.map_err(|error| Failure::new(Exit::Internal, error)),
            None => Ok(()),
        }
    }

    async fn start_again(mut self) -> Result<Self, Failure> {
        if self.without == Without::Gateway {
            straight(&self.fleet, &self.venue).await?;
            return Ok(self);
        }
        self.gateway = Some(open(self.loaded.clone(), &self.fleet).await?);
        let news = self.host.begin(self.now().await?);
        if !news.is_empty() {
            self.rehearse(news).await?;
        }
        Ok(self)
    }

    /// The gateway is started anew, and whom the night has blocked is halted.
    async fn night(mut self, beliefs: &[Belief]) -> Result<Self, Failure> {
        self.stop().await?;
        let mut halts = Vec::new();
        if self.without != Without::Gateway {
            let venue = self.venue.state().await.ok_or_else(|| ended("simulator"))?;
            let now = self.now().await?;
            let blocks = night::judge(self.dir, &self.loaded, &venue, now, beliefs)?;
            halts.extend(blocks.iter().filter_map(Block::as_halt));
        }
        self = self.start_again().await?;
        for halt in halts {
            self.say(halt).await?;
        }
        Ok(self)
    }

    async fn now(&self) -> Result<Timestamp, Failure> {
        let state = self.venue.state().await.ok_or_else(|| ended("simulator"))?;
        Ok(state["now"].as_str().and_then(|now| now.parse().ok()).expect("the venue tells its time"))
    }

    /// How things stand when a time has come.
    async fn look(&mut self, at: Timestamp) -> Result<Scene, Failure> {
        self.run_until(at).await?;
        let venue = self.venue.state().await.ok_or_else(|| ended("simulator"))?;
        let view = match &self.gateway {
            Some(gateway) => Some(gateway.look().await.ok_or_else(|| ended("gateway"))?),
            None => None,
        };
        Ok(Scene { at, venue, view })
    }

    fn told(&self) -> Vec<BotTold> {
        let mut all = Vec::new();
        let mut scripts = self.drill.bots.iter();
        self.fleet.each(|bot| {
            let script = scripts.next().expect("the fleet has a bot for each of the drill's, in their order");
            let number = |label: &str| Some((label.to_owned(), bot.number_of(label)?));
            all.push(BotTold {
                name: bot.name().to_owned(),
                client_id: script.client_id,
                told: bot.told().to_vec(),
                orders: script.labels().filter_map(number).collect(),
            });
        });
        all
    }

    async fn end(self) -> Result<(), Failure> {
        if let Some(gateway) = self.gateway {
            gateway.shutdown().await.map_err(|error| Failure::new(Exit::Internal, error))?;
        }
        self.venue.shutdown().await;
        Ok(())
    }
}

/// Lets the bots in at the venue.
async fn straight(fleet: &Fleet, venue: &SimulatorHandle) -> Result<(), Failure> {
    let address = venue.tws_addr();
    fleet.point(|_| Some(address));
    Ok(fleet.at_work().await?)
}

fn ended(who: &str) -> Failure {
    Failure::new(Exit::Internal, anyhow::anyhow!("the {who} ended in the middle of the drill"))
}

fn day(drill: &Drill) -> Day {
    Day {
        start: drill.from,
        seed: drill.seed,
        accounts: drill.accounts.clone(),
        own_client: ClientId(OWN_CLIENT),
        profile: drill.profile,
        tws: drill.tws.clone(),
        symbols: drill.bots.iter().flat_map(|bot| bot.symbols.clone()).collect(),
        faults: from_the_start(drill).filter_map(Act::as_fault).cloned().collect(),
    }
}

/// What is so before anybody connects: what the venue does at the beginning.
fn from_the_start(drill: &Drill) -> impl Iterator<Item = &Act> {
    drill.cues.iter().filter(|cue| cue.at == drill.from).map(|cue| &cue.act)
}

fn script(bot: &Bot) -> Script {
    Script {
        name: bot.name.as_str().into(),
        client_id: bot.client_id,
        account: Some(bot.account.as_str().into()),
        symbols: bot.symbols.clone(),
        steps: bot.steps.clone(),
    }
}
