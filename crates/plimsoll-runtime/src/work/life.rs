//! How the gateway's task begins, lets bots in, and ends.
//!
//! Owns the tasks beside it: our own connection, the operator's API, the watched or followed clock, the ports.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_core::{ClockEvent, Event, HaltLevel, Operator};
use plimsoll_journal::Body;
use plimsoll_model::BotName;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

use super::Work;
use crate::announced;
use crate::bot_link;
use crate::clock::{stream, watch};
use crate::gateway::GatewayError;
use crate::input::{Input, Shared};
use crate::link::{self, LINGER_MAX};
use crate::own::{self, Login};
use crate::unread::Unread;

/// How long to wait before the simulator's clock is asked again after its stream broke.
const FOLLOW_AGAIN: Duration = Duration::from_secs(1);

impl Work {
    pub(super) fn begin(&mut self) {
        let config = Arc::clone(&self.config);
        let text = self.settings.text.clone();
        let event = Event::Started { epoch: self.epoch, config };
        self.feed_with(event, None, &text);
        if let Some(unread) = self.unread.take() {
            self.halt_for(unread);
        }
        if let Some(folder) = self.announced.take() {
            // The journal has brought back what held before; only a difference is news.
            if *folder.days() != *self.bridge.announced_days() {
                self.feed(Event::Operator(announced::told(&folder)), None);
            }
            let path = self.settings.state_dir.join(announced::FOLDER);
            self.tasks.spawn(announced::watch(path, folder, Arc::clone(&self.shared)));
        }
        let login = Login {
            client_id: self.settings.client_id,
            environment: self.settings.environment,
            accounts: self.config.venue.accounts.clone(),
        };
        self.tasks.spawn(own::keep(login, self.spent_until, Arc::clone(&self.shared)));
        if let Some(api) = self.api.take() {
            self.tasks.spawn(api.serve());
        }
        match self.settings.follow.clone() {
            None => {
                let uncertainty_max = self.settings.clock.uncertainty_max;
                self.feed(Event::Clock(ClockEvent::Watched { uncertainty_max }), None);
                watch::start(&self.settings.clock.servers, &mut self.tasks, &self.shared);
            }
            Some(_) if self.clock.is_lockstep() => {}
            Some(control) => {
                self.tasks.spawn(follow(control, Arc::clone(&self.shared)));
            }
        }
    }

    /// What the journal said and this version does not understand is missing in everything that is judged by.
    fn halt_for(&mut self, unread: Unread) {
        let (bot, by, reason) = (None, "plimsoll".into(), unread.to_string().into());
        self.feed(Event::Operator(Operator::Halt { level: HaltLevel::NewRisk, bot, by, reason }), None);
        // Behind the halt: a crash between the two repeats it, and never leaves it out.
        let Unread { count, first, why } = unread;
        let now = self.clock.now();
        self.journal.append(now, Body::Unread { count, first, why });
        self.journal.commit();
    }

    /// Lets bots in: the broker's orders, executions and positions are known.
    pub(super) fn open_ports(
        &mut self,
        accepted: &UnboundedSender<(BotName, TcpStream)>,
    ) -> Result<(), GatewayError> {
        for (bot, bound) in self.ports.drain(..) {
            let listener = bound.listen()?;
            let accepted = accepted.clone();
            self.tasks.spawn(async move {
                loop {
                    let stream = link::accept(&listener).await;
                    if accepted.send((bot.clone(), stream)).is_err() {
                        return;
                    }
                }
            });
        }
        self.ready.send_replace(true);
        Ok(())
    }

    pub(super) fn welcome(&mut self, bot: BotName, stream: TcpStream) {
        while let Some(ended) = self.connections.try_join_next() {
            pass_on_panic(ended);
        }
        let door = self.strangers.door(&bot);
        self.connections.spawn(bot_link::serve(stream, bot, door, Arc::clone(&self.shared)));
    }

    /// The orderly end, or the end after a failed journal: then nothing that waits for the disk leaves.
    pub(super) async fn end(mut self) -> Result<(), GatewayError> {
        self.tasks.abort_all();
        for (job, date, end) in self.programs.stop().await {
            if self.failed.is_none() {
                self.feed(Event::JobEnded { job, date, end }, None);
            }
        }
        for state in self.links.values() {
            state.to_bot.close();
            state.to_venue.close();
        }
        if let Some(own) = &self.own {
            own.out.close();
        }
        let farewell = async { while self.connections.join_next().await.is_some() {} };
        if tokio::time::timeout(LINGER_MAX / 5, farewell).await.is_err() {
            tracing::debug!("some connections did not take their last bytes");
        }
        self.connections.abort_all();
        let failed = self.failed.take();
        let head = self.journal.close();
        tracing::info!(journal = %head.anchor(), "gateway ended");
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Keeps the followed clock up to date; between two connections it runs on as it last did.
async fn follow(control: Box<str>, shared: Arc<Shared>) {
    loop {
        let ended = stream(&control, |reading| shared.send(Input::Clock(reading, Instant::now()))).await;
        let why = ended.err().map_or_else(|| "the stream ended".to_owned(), |error| error.to_string());
        tracing::warn!(%control, "the simulator's clock: {why}; trying again");
        tokio::time::sleep(FOLLOW_AGAIN).await;
    }
}

fn pass_on_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}
