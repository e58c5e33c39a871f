//! How a gateway's process begins and ends, and the clock of its host.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use plimsoll_calendar::Announcement;
use plimsoll_core::{Bridge, Operator};
use plimsoll_model::LinkId;
use plimsoll_runtime::replay;

use super::{Event, World};
use crate::drill::host::Host;
use crate::drill::script::HostClock;
use crate::simulate::disk::{Crash, Left};
use crate::simulate::gateway::Gateway;
use crate::simulate::plan::Plan;

/// The host of a plan. Its time servers are right.
pub(super) fn host(plan: &Plan) -> Host {
    let servers = vec![Some(SignedDuration::ZERO); 3];
    let clock = plan.ahead.map(|ahead| HostClock { ahead, servers });
    Host::new(clock.as_ref(), plan.from())
}

impl World<'_> {
    /// The process ends; nothing that it had only in its memory is left.
    pub(super) fn crash(&mut self, crash: Crash, keeps: i64, down: Duration) {
        let Some(gateway) = self.gateway.take() else { return };
        self.judge.crashes(gateway.bridge(), self.host_time(), crash);
        let Left { lost, broken, .. } = self.disk.crash(crash, keeps);
        self.judge.forgets(self.host_time(), &mut self.disk);
        self.trace.note(self.now, || format!("{lost} written records were lost"));
        if broken > 0 {
            self.judge.found("I18", self.now, format!("{broken} records that were durable are gone"));
        }
        for (at, conn) in self.wires.all_close(self.now) {
            self.at(at, Event::HungUp(conn));
        }
        let lines: Vec<_> = self.bots.iter().filter_map(|bot| bot.line).collect();
        for key in lines {
            self.bot_closed(key);
        }
        self.after(down, Event::Start);
    }

    /// A process begins as the live one does: the journal through the bridge, then a new epoch.
    pub(super) fn start(&mut self) {
        if self.gateway.is_some() {
            return;
        }
        self.life += 1;
        let records = self.disk.written().unwrap_or_else(|error| {
            self.judge.found("I18", self.now, format!("the journal cannot be read: {error}"));
            Vec::new()
        });
        let epoch = records.last().map_or(0, |record| record.epoch) + 1;
        let (bridge, last_link) = match replay::resume(records.into_iter().map(Ok), &self.config) {
            Ok(resumed) => {
                if let Some(difference) = resumed.report.first_difference.filter(|_| !self.planted.is_any()) {
                    self.judge.found(
                        "I18",
                        self.now,
                        format!("the journal decides otherwise: {difference:?}"),
                    );
                }
                (resumed.bridge, resumed.last_link)
            }
            Err(error) => {
                self.judge.found("I18", self.now, format!("the journal cannot be run again: {error}"));
                (Bridge::new(), LinkId(0))
            }
        };
        self.trace.note(self.now, || format!("the gateway starts, epoch {epoch}"));
        let now = self.host_time();
        let mut gateway = Gateway::new(Arc::clone(&self.config), bridge, last_link, now);
        gateway.set_broken(self.planted.broken());
        let is_news = *gateway.bridge().announced_days() != *self.announced;
        self.gateway = Some(gateway);
        let text = self.text.clone();
        self.tell(|gateway| gateway.begin(epoch, &text));
        if is_news {
            let days: Arc<[Announcement]> = self.announced.clone().into();
            self.tell(|gateway| gateway.operator(Operator::Calendar { days, problems: Box::default() }));
        }
        let news = self.host.begin(self.now);
        self.tell(|gateway| gateway.clock_news(news));
        self.next_question();
    }

    pub(super) fn host_asks(&mut self) {
        if self.host.due().is_none_or(|due| due > self.now) {
            return;
        }
        let news = self.host.ask(self.now);
        self.tell(|gateway| gateway.clock_news(news));
        self.next_question();
    }

    fn next_question(&mut self) {
        if let Some(due) = self.host.due() {
            self.at(due, Event::HostAsks);
        }
    }
}
