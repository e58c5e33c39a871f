//! The broker's own hours against the calendar: asking for them, and what follows.

use jiff::civil::Date;
use plimsoll_calendar::{Announcement, Calendar, SessionState};
use plimsoll_model::{ContractReport, InstrumentId, Now, ScheduleReport};

use super::Bridge;
use crate::elsewhere::Elsewhere;
use crate::listed_hours::{OpenDispute, past_disputes};
use crate::{Ask, Command};

/// How many days of the past a notice names.
const PAST_NAMED: usize = 5;

impl Bridge {
    /// What the broker lists for a stock of ours.
    pub(super) fn hear_hours(
        &mut self,
        now: Now,
        instrument: &InstrumentId,
        report: &ContractReport,
        out: &mut Vec<Command>,
    ) {
        if !self.contracts.lists_hours(instrument) {
            return;
        }
        let today = self.civil_date(now);
        match self.listed.hear(instrument, report, &self.announced, today) {
            Ok(false) => {}
            Ok(true) => self.settle_hours(now, out),
            Err(error) => out.push(Command::Notice {
                text: format!(
                    "the broker's hours of {instrument} are not compared with the calendar: {error}"
                ),
            }),
        }
    }

    /// The sessions of the past, by the broker. They change nothing any more; but a calendar that was wrong about them
    /// may be wrong about what comes.
    pub(super) fn hear_schedule(&self, report: &ScheduleReport, out: &mut Vec<Command>) {
        let text = match past_disputes(report, &self.announced) {
            Ok(disputes) if disputes.is_empty() => return,
            Ok(disputes) => {
                let named: Vec<_> =
                    disputes.iter().take(PAST_NAMED).map(|d| format!("{} {d}", d.date)).collect();
                let (count, name) = (disputes.len(), self.announced.name());
                format!(
                    "{count} differences between {name} and the broker's sessions of the past: {}",
                    named.join("; ")
                )
            }
            Err(error) => {
                format!("the broker's sessions of the past are not compared with the calendar: {error}")
            }
        };
        out.push(Command::Notice { text });
    }

    /// Days that were announced after the rules were written. One that cannot be taken in leaves the day as the rules
    /// have it, and is told.
    pub(super) fn take_announced(
        &mut self,
        now: Now,
        days: std::sync::Arc<[Announcement]>,
        problems: &[Box<str>],
        out: &mut Vec<Command>,
    ) {
        let mut calendar = Calendar::us_equities();
        let name = calendar.name();
        for day in days.iter().filter(|day| day.concerns(name)) {
            if let Err(error) = calendar.announce(day) {
                out.push(Command::Notice { text: error.to_string() });
            }
        }
        let (elsewhere, refused) = Elsewhere::announced(&days);
        out.extend(refused.into_iter().map(|error| Command::Notice { text: error.to_string() }));
        self.elsewhere = elsewhere;
        for problem in problems {
            out.push(Command::Notice { text: format!("calendar: {problem}") });
        }
        out.push(Command::Notice { text: format!("{} announced calendar days hold now", days.len()) });
        self.announced = calendar;
        self.announced_days = days;
        self.settle_hours(now, out);
    }

    /// Makes the calendar as narrow as whoever is the narrowest, and tells which disputes have come and gone.
    fn settle_hours(&mut self, now: Now, out: &mut Vec<Command>) {
        let before = self.listed.open().to_vec();
        let today = self.civil_date(now);
        self.listed.compare(&self.announced, &self.announced_days, today);
        let mut calendar = self.announced.clone();
        for OpenDispute { instruments, dispute, .. } in self.listed.open().iter().filter(|open| open.is_wide)
        {
            let source = format!("the broker's hours of {}", instruments[0]);
            // Two disputes can cut the same day, the second by nothing more.
            let _ = dispute.amendment(&source).map(|amendment| calendar.amend(dispute.date, amendment));
        }
        self.calendar = calendar;
        self.moment = Some(self.calendar.moment(self.clock.corrected(now)));
        self.plan_audit(now);
        self.plan_jobs(now);
        let same = |a: &OpenDispute, b: &OpenDispute| a.calendar == b.calendar && a.dispute == b.dispute;
        let is_known = |open: &OpenDispute| before.iter().any(|b| same(b, open) && b.is_wide == open.is_wide);
        for open in self.listed.open().iter().filter(|open| !is_known(open)) {
            let (calendar, date) = (open.calendar, open.dispute.date);
            let holds = if open.is_wide {
                "the narrower of both holds, and new risk of that day"
            } else {
                "new risk of that day in what is listed so"
            };
            let text = format!(
                "{open}; {holds} waits until a person decides: plimsoll calendar add {calendar} {date}"
            );
            out.push(Command::Notice { text });
        }
        for gone in before.iter().filter(|gone| !self.listed.open().iter().any(|open| same(open, gone))) {
            out.push(Command::Notice { text: format!("no longer disputed: {gone}") });
        }
    }

    /// Asks for hours again when it is time, and now and then for the past.
    pub(super) fn audit_hours(&mut self, now: Now, out: &mut Vec<Command>) {
        let Some(config) = self.config.clone() else { return };
        let mut asks = Vec::new();
        for (instrument, contract) in config.instruments() {
            if self.contracts.lists_hours(instrument) {
                self.contract_reqs.retain(|_, of| of != instrument);
                let req_id = self.listed.req_id();
                self.contract_reqs.insert(req_id, instrument.clone());
                asks.push(Ask::Contract { req_id, contract: contract.clone() });
            }
        }
        self.listed.note_asked(self.clock.corrected(now));
        self.plan_audit(now);
        self.ask_schedule(now, &mut asks);
        Self::ask(out, asks);
    }

    /// The sessions of the past of one stock, if they are due: all of a calendar have the same.
    pub(super) fn ask_schedule(&mut self, now: Now, asks: &mut Vec<Ask>) {
        let Some(config) = self.config.clone() else { return };
        let all = config.instruments();
        let Some((_, contract)) = all.iter().find(|(instrument, _)| self.contracts.lists_hours(instrument))
        else {
            return;
        };
        if self.listed.takes_schedule(now.mono) {
            let req_id = self.listed.req_id();
            asks.push(Ask::Schedule { req_id, contract: (*contract).clone() });
        }
    }

    /// Says when that is, as things stand: whenever trading begins or ends, the calendar is another, or the time is.
    pub(super) fn plan_audit(&mut self, now: Now) {
        let next_open = match self.moment().state {
            Ok(SessionState::PreOpen { open } | SessionState::Closed { next_open: open }) => Some(open),
            Ok(SessionState::Open { .. }) | Err(_) => None,
        };
        self.listed.plan(now, self.clock.corrected(now), self.is_short_day(), next_open);
    }

    /// Whether today, or the day that trading is next, is short.
    fn is_short_day(&self) -> bool {
        let date = self.moment.as_ref().and_then(|moment| moment.trade_date.as_ref().ok());
        let day = date.and_then(|date| self.calendar.session(*date).ok().flatten());
        day.is_some_and(|day| day.early().is_some())
    }

    /// The venue's civil date.
    pub(super) fn civil_date(&self, now: Now) -> Date {
        self.announced.zone().to_datetime(self.clock.corrected(now)).date()
    }
}
