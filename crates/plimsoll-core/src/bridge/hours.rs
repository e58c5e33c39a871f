//! The broker's own hours against the calendar: asking for them, and what follows.

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::{Announcement, Calendar, CalendarError, SessionState};
use plimsoll_model::{ContractReport, InstrumentId, Now, ScheduleReport};

use super::Bridge;
use crate::contracts::shares_us_days;
use crate::elsewhere::Elsewhere;
use crate::listed_hours::{OpenDispute, past_disputes};
use crate::{Ask, Command};

/// How many days of the past a notice names.
const PAST_NAMED: usize = 5;

impl Bridge {
    /// The calendar that an instrument trades by, with what was announced and as narrow as the broker's hours; none where
    /// nobody knows its hours.
    pub(crate) fn calendar_for(&self, instrument: &InstrumentId) -> Option<&Calendar> {
        let name = self.contracts.calendar_at(instrument, "")?;
        self.elsewhere.get(name).or_else(|| shares_us_days(name).then_some(&self.calendar))
    }

    /// What the broker lists for a stock of ours.
    pub(super) fn hear_hours(
        &mut self,
        now: Now,
        instrument: &InstrumentId,
        report: &ContractReport,
        out: &mut Vec<Command>,
    ) {
        let Some(name) = self.contracts.lists_hours_of(instrument) else { return };
        let calendar = self.elsewhere.as_announced(name).unwrap_or(&self.announced);
        let today = civil_date(calendar, self.clock.corrected(now));
        match self.listed.hear(instrument, report, calendar, today) {
            Ok(false) => self.plan_audit(now),
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
        let asked = self.contract_reqs.get(&report.req_id);
        let name = asked.and_then(|instrument| self.contracts.lists_hours_of(instrument));
        let calendar = name.and_then(|name| self.elsewhere.as_announced(name)).unwrap_or(&self.announced);
        let text = match past_disputes(report, calendar) {
            Ok(disputes) if disputes.is_empty() => return,
            Ok(disputes) => {
                let named: Vec<_> =
                    disputes.iter().take(PAST_NAMED).map(|d| format!("{} {d}", d.date)).collect();
                let (count, name) = (disputes.len(), calendar.name());
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

    /// Makes each calendar as narrow as whoever is the narrowest, and tells which disputes have come and gone.
    fn settle_hours(&mut self, now: Now, out: &mut Vec<Command>) {
        let before = self.listed.open().to_vec();
        self.calendar = self.announced.clone();
        self.elsewhere.widen();
        for name in self.listed.calendars() {
            let announced = self.elsewhere.as_announced(name).unwrap_or(&self.announced);
            let today = civil_date(announced, self.clock.corrected(now));
            self.listed.compare(announced, &self.announced_days, today);
            let narrowed = narrowed(announced.clone(), self.listed.open());
            if name == self.calendar.name() {
                self.calendar = narrowed;
            } else {
                self.elsewhere.narrow(narrowed);
            }
        }
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
            if self.contracts.lists_hours_of(instrument).is_some() {
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

    /// The sessions of the past of one stock of each calendar, if they are due: all of a calendar have the same.
    pub(super) fn ask_schedule(&mut self, now: Now, asks: &mut Vec<Ask>) {
        let Some(config) = self.config.clone() else { return };
        for (instrument, contract) in config.instruments() {
            let Some(name) = self.contracts.lists_hours_of(instrument) else { continue };
            if self.listed.takes_schedule(name, now.mono) {
                let req_id = self.listed.req_id();
                self.contract_reqs.insert(req_id, instrument.clone());
                asks.push(Ask::Schedule { req_id, contract: contract.clone() });
            }
        }
    }

    /// Says when that is, as things stand: whenever trading begins or ends, the calendar is another, or the time is.
    pub(super) fn plan_audit(&mut self, now: Now) {
        let time = self.clock.corrected(now);
        let (mut is_short, mut opens) =
            (is_short_day(&self.calendar, time), Vec::from_iter(next_open(&self.moment().state)));
        for calendar in self.listed.calendars().into_iter().filter_map(|name| self.elsewhere.get(name)) {
            is_short |= is_short_day(calendar, time);
            opens.extend(next_open(&calendar.session_state(time)));
        }
        self.listed.plan(now, time, is_short, &opens);
    }

    /// The civil date of the US exchanges.
    pub(super) fn civil_date(&self, now: Now) -> Date {
        civil_date(&self.announced, self.clock.corrected(now))
    }
}

/// The venue's civil date.
fn civil_date(calendar: &Calendar, time: Timestamp) -> Date {
    calendar.zone().to_datetime(time).date()
}

/// When a venue that does not trade trades next.
fn next_open(state: &Result<SessionState, CalendarError>) -> Option<Timestamp> {
    match state {
        Ok(SessionState::PreOpen { open } | SessionState::Closed { next_open: open }) => Some(*open),
        Ok(SessionState::Open { .. }) | Err(_) => None,
    }
}

/// Whether today, or the day that trading is next, is short.
fn is_short_day(calendar: &Calendar, time: Timestamp) -> bool {
    let day = calendar.trade_date(time).ok().and_then(|date| calendar.session(date).ok().flatten());
    day.is_some_and(|day| day.early().is_some())
}

/// A calendar with what most of the broker's lists take away from it.
fn narrowed(mut calendar: Calendar, open: &[OpenDispute]) -> Calendar {
    let name = calendar.name();
    for OpenDispute { instruments, dispute, .. } in open.iter().filter(|o| o.is_wide && o.calendar == name) {
        let source = format!("the broker's hours of {}", instruments[0]);
        // Two disputes can cut the same day, the second by nothing more.
        let _ = dispute.amendment(&source).map(|amendment| calendar.amend(dispute.date, amendment));
    }
    calendar
}
