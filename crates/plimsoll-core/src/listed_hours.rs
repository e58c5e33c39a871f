//! What the broker says of trading hours, compared with the calendar.
//!
//! Owns: the broker's latest list of each stock's coming days, where it differs from the calendar, and when it is to be
//! asked for again. Does not own: the comparison itself ([`plimsoll_calendar::Dispute`]), the calendar, and what
//! happens to an order on a disputed day, which `trading_session` decides.
//!
//! A holiday that the rules lack, a closure announced the evening before, a half day that was called off: the broker
//! knows each of them from its exchange, and says so in every answer about a contract. Of both the narrower counts,
//! and until a person has said which is right, nothing new is begun on such a day.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{
    Announcement, Calendar, CalendarError, Change, Difference, Dispute, HoursError, ListedDay, UnknownZone,
    liquid_hours, past_schedule, zone,
};
use plimsoll_model::{ContractReport, InstrumentId, Mono, Now, ReqId, ScheduleReport};

use crate::limits;

/// Where the numbers of our questions about hours begin. They have their own, so that the others are the same in a
/// journal from before there were any.
const FIRST_REQ_ID: i32 = 1_500_000_000;

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCompared {
    /// Its list has no form that we know.
    #[error(transparent)]
    Hours(#[from] HoursError),
    /// Its zone has a name that we do not know.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// Our own calendar does not reach that far.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// The broker's lists and what they dispute.
#[derive(Debug, Default)]
pub(crate) struct ListedHours {
    heard: BTreeMap<InstrumentId, Heard>,
    /// The disputes that no person has decided.
    open: Vec<OpenDispute>,
    questions: i32,
    /// When the contracts were last asked about, by corrected time: a day is a day also for a machine that slept.
    asked: Option<Timestamp>,
    /// When they are to be asked about again.
    due: Option<Mono>,
    schedule_asked: Option<Mono>,
}

/// A day about which the broker and the calendar differ, and no person has said who is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenDispute {
    /// Of which calendar.
    pub calendar: &'static str,
    /// The stocks whose hours say so.
    pub instruments: Vec<InstrumentId>,
    /// Most of the stocks that were heard of say so: it is about the calendar, and not about one stock that is halted or
    /// just listed.
    pub is_wide: bool,
    /// The day, and what is different.
    pub dispute: Dispute,
}

impl fmt::Display for OpenDispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calendar, instruments, dispute, .. } = self;
        write!(f, "{calendar} on {} by the broker's hours of ", dispute.date)?;
        for (at, instrument) in instruments.iter().enumerate() {
            write!(f, "{}{instrument}", if at == 0 { "" } else { ", " })?;
        }
        write!(f, ": {dispute}")
    }
}

/// The latest list of one instrument.
#[derive(Debug)]
struct Heard {
    calendar: &'static str,
    text: Box<str>,
    days: Vec<ListedDay>,
    /// The day on which it was compared: days that are over are not disputed any more.
    today: Date,
    disputes: Vec<Dispute>,
}

impl ListedHours {
    /// Forgets what was heard, with the configuration that it was heard under.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes in what the broker lists for a stock that keeps the hours of this calendar, which has no amendments of
    /// ours. True if a dispute has come or gone, or may be of more or fewer. An empty list says nothing.
    pub(crate) fn hear(
        &mut self,
        instrument: &InstrumentId,
        report: &ContractReport,
        calendar: &Calendar,
        today: Date,
    ) -> Result<bool, NotCompared> {
        if report.liquid_hours.is_empty() {
            return Ok(false);
        }
        let calendar_name = calendar.name();
        let known = self.heard.get(instrument);
        let same = |known: &Heard| {
            known.text == report.liquid_hours && known.calendar == calendar_name && known.today == today
        };
        if known.is_some_and(same) {
            return Ok(false);
        }
        let days = liquid_hours(&report.liquid_hours, &zone(&report.time_zone)?)?;
        let disputes = calendar.disputes(&days, today)?;
        let is_other = known.map_or(&[][..], |known| &known.disputes) != disputes;
        // Whether a dispute is about the calendar is a question of how many say so, of all that were heard of.
        let is_news = is_other || known.is_none() && !self.open.is_empty();
        let text = report.liquid_hours.clone();
        self.heard.insert(instrument.clone(), Heard { calendar: calendar_name, text, days, today, disputes });
        Ok(is_news)
    }

    /// Compares everything anew with a calendar, which has only what was announced, and says which disputes are open
    /// now. Two stocks that say the same of a day are one dispute.
    pub(crate) fn compare(&mut self, calendar: &Calendar, announced: &[Announcement], today: Date) {
        let name = calendar.name();
        self.open.retain(|open| open.calendar != name);
        let heard_of = self.heard.values().filter(|heard| heard.calendar == name).count();
        for (instrument, heard) in self.heard.iter_mut().filter(|(_, heard)| heard.calendar == name) {
            // What was comparable before stays so: announcements move no end of a calendar.
            heard.disputes = calendar.disputes(&heard.days, today).unwrap_or_default();
            heard.today = today;
            for dispute in heard.disputes.iter().filter(|dispute| !is_decided(dispute, name, announced)) {
                let known =
                    self.open.iter_mut().find(|open| open.calendar == name && open.dispute == *dispute);
                if let Some(known) = known {
                    known.instruments.push(instrument.clone());
                } else {
                    let (instruments, dispute) = (vec![instrument.clone()], dispute.clone());
                    self.open.push(OpenDispute { calendar: name, instruments, is_wide: false, dispute });
                }
            }
        }
        for open in self.open.iter_mut().filter(|open| open.calendar == name) {
            open.is_wide = 2 * open.instruments.len() > heard_of;
        }
    }

    /// The disputes that no person has decided.
    pub(crate) fn open(&self) -> &[OpenDispute] {
        &self.open
    }

    /// When the broker is to be asked again, once it was.
    pub(crate) const fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Says when, as things stand: soon while a day is short or disputed, and before trading begins.
    pub(crate) fn plan(&mut self, now: Now, time: Timestamp, is_short: bool, next_open: Option<Timestamp>) {
        let Some(asked) = self.asked else {
            self.due = None;
            return;
        };
        let pause =
            if is_short || !self.open.is_empty() { limits::HOURS_AUDIT_SHORT } else { limits::HOURS_AUDIT };
        let shifted = |at: Timestamp, by: SignedDuration| at.saturating_add(by).unwrap_or(at);
        let span = |span| SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
        let morning = next_open.map(|open| shifted(open, -span(limits::HOURS_AUDIT_BEFORE_OPEN)));
        let due = shifted(asked, span(pause)).min(morning.filter(|at| asked < *at).unwrap_or(Timestamp::MAX));
        // A clock that was set far back must not put it off.
        let left = Duration::try_from(due.duration_since(time)).unwrap_or_default().min(pause);
        self.due = Some(now.mono.after(left));
    }

    /// The number of our next question.
    pub(crate) fn req_id(&mut self) -> ReqId {
        self.questions = self.questions.saturating_add(1);
        ReqId(FIRST_REQ_ID.saturating_add(self.questions))
    }

    /// The contracts have just been asked about.
    pub(crate) const fn note_asked(&mut self, time: Timestamp) {
        self.asked = Some(time);
    }

    /// Whether the sessions of the past are to be asked for now; asking counts.
    pub(crate) fn takes_schedule(&mut self, now: Mono) -> bool {
        let is_due = self.schedule_asked.is_none_or(|asked| now.since(asked) >= limits::SCHEDULE_AUDIT);
        if is_due {
            self.schedule_asked = Some(now);
        }
        is_due
    }
}

/// What the broker's sessions of the past say against the calendar.
pub(crate) fn past_disputes(
    report: &ScheduleReport,
    calendar: &Calendar,
) -> Result<Vec<Dispute>, NotCompared> {
    let rows = report.sessions.iter().map(|s| (&*s.date, &*s.open, &*s.close));
    let days = past_schedule(rows, &zone(&report.time_zone)?)?;
    Ok(calendar.disputes(&days, calendar.valid_from())?)
}

/// Whether a person has decided this dispute. Who lists a day wider than the calendar has it is overruled by any
/// announcement for the day; who lists it narrower only by one with force.
fn is_decided(dispute: &Dispute, calendar: &str, announced: &[Announcement]) -> bool {
    let narrows = matches!(
        dispute.difference,
        Difference::ListedClosed | Difference::ClosesEarlier { .. } | Difference::OpensLater { .. }
    );
    let of_the_day = announced.iter().filter(|a| a.date == dispute.date && a.concerns(calendar));
    of_the_day
        .into_iter()
        .any(|a| !narrows || a.amendment.force && matches!(a.amendment.change, Change::Open(..)))
}
