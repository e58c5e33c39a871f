//! What the venue says to requests for history, and what becomes of it: the four outcomes.

use std::time::Duration;

use plimsoll_model::{ErrorReport, LinkId, Mono, RawFrame};

use super::answer::{self, Answer, Fault, Part};
use super::budget::{SAME, Token};
use super::{Act, Asker, CODE_TICKS, Flight, History, Key, Kind, OVER_MAX, Passes, Stage, refuse};

/// How often a request leaves before "nothing there" is believed.
const TRIES_MAX: u32 = 2;
/// How soon a request of large bars is asked again, which no rule holds back.
const AGAIN: Duration = Duration::from_secs(2);
/// How long nothing that counts leaves after the venue has said that we are too fast: somebody else asks on the login, and
/// nobody knows how much.
const PAUSE: Duration = Duration::from_mins(1);

/// How often a request leaves at most: a farm that comes and goes would put off its outcome for ever.
const LEAVES_MAX: u32 = 5;

/// TWS: connection to the servers is back, without and with what was subscribed to; the historical farm is away, and back.
const CODE_BACK_WITHOUT: i32 = 1101;
const CODE_BACK_WITH: i32 = 1102;
const CODE_FARM_AWAY: i32 = 2105;
const CODE_FARM_BACK: i32 = 2106;

impl History {
    /// The venue answers. Passes if the bot on whose link it came is told.
    pub(crate) fn answered(
        &mut self,
        now: Mono,
        link: LinkId,
        answer: Answer,
        raw: &RawFrame,
        out: &mut Vec<Act>,
    ) -> Passes {
        let key = (link, answer.part == Part::RealTime, answer.req_id);
        let Some(token) = self.upstream.get(&key).copied() else { return self.unless_over(key) };
        self.budget.answered(now, token);
        self.canceled.answered(key);
        let flight = self.flights.get_mut(&token).expect("what is at the venue is a flight");
        let is_stream = flight.ask.kind == Kind::Stream;
        match (answer.part, &mut flight.stage) {
            (Part::RealTime, _) => {
                self.land(now, token);
                Passes::Yes
            }
            // Its bars may come yet.
            (Part::Bars { is_last, .. }, Stage::Open { at, .. }) if is_stream => {
                flight.stage = Stage::Streaming { at: *at };
                self.counts.answered += u64::from(is_last);
                Passes::Yes
            }
            (Part::Bars { count: 0, is_last }, Stage::Open { is_empty, .. }) => {
                *is_empty = true;
                if is_last { self.empty(now, token, None, out) } else { Passes::No }
            }
            (Part::End, Stage::Open { is_empty: true, .. }) => self.empty(now, token, None, out),
            (Part::End, Stage::Streaming { .. }) => {
                self.counts.answered += 1;
                Passes::Yes
            }
            (Part::Bars { is_last: false, .. }, _) => {
                flight.bars = flight.stays.map(|_| raw.clone());
                flight.is_begun = true;
                self.unshare(token);
                self.tell(token, key, raw, out)
            }
            (Part::Ticks { is_last: false }, _) => {
                flight.is_begun = true;
                self.unshare(token);
                self.tell(token, key, raw, out)
            }
            (Part::Bars { .. } | Part::Ticks { .. } | Part::End | Part::Whole, _) => {
                let askers = u64::try_from(self.flights[&token].askers.len()).unwrap_or(u64::MAX);
                self.counts.answered += askers;
                self.counts.shared += askers.saturating_sub(1);
                let passes = self.tell(token, key, raw, out);
                self.keep(token, raw, out);
                self.land(now, token);
                passes
            }
        }
    }

    /// The venue says an error. Passes if the bot on whose link it came is told.
    pub(crate) fn failed(
        &mut self,
        now: Mono,
        link: LinkId,
        error: &ErrorReport,
        out: &mut Vec<Act>,
    ) -> Passes {
        let Some(req_id) = error.id else {
            self.heard_of_farm(now, link, error.code, out);
            return Passes::Yes;
        };
        let key = (link, false, req_id);
        if self.canceled.confirms(now, key, error) {
            return Passes::No;
        }
        let real_time = (link, true, req_id);
        let found = self.upstream.get_key_value(&key).or_else(|| self.upstream.get_key_value(&real_time));
        let Some((key, token)) = found.map(|(key, token)| (*key, *token)) else {
            // Other requests and orders have numbers of the same kind, and what is said of them is the bot's.
            let is_about_it = answer::is_of_history(error.code) || error.code == CODE_TICKS;
            return if is_about_it { self.unless_over(key) } else { Passes::Yes };
        };
        let tries = self.flights[&token].tries;
        match answer::fault(error.code, &error.text) {
            Fault::Notice => self.tell_error(token, key, error, out),
            Fault::Empty => self.empty(now, token, Some(error), out),
            Fault::TooFast => {
                let until = now.after(PAUSE);
                self.budget.pause(until);
                let name = self.flights[&token].ask.subject.name();
                let text = format!(
                    "the broker calls requests for history too fast ({name}), within the rules for all bots here: something \
                     else asks on this login; small requests pause for {PAUSE:?}"
                );
                out.push(Act::Note { link, text });
                if tries < TRIES_MAX {
                    self.wait(now, token, until);
                    return Passes::No;
                }
                self.refused(now, token, key, error, out)
            }
            Fault::Refused => self.refused(now, token, key, error, out),
        }
    }

    /// Tells whoever has waited too long for an answer.
    pub(crate) fn give_up(&mut self, now: Mono, out: &mut Vec<Act>) {
        self.end_slow_looks(now);
        let is_late = |token: &Token| self.flights[token].late_at().is_some_and(|late| late <= now);
        let late: Vec<(Key, Token)> = self
            .upstream
            .iter()
            .filter(|(_, token)| is_late(token))
            .map(|(key, token)| (*key, *token))
            .collect();
        for (key, token) in late {
            let flight = &self.flights[&token];
            // No bar outside of the session is no failure: the stream has begun.
            if flight.ask.kind == Kind::RealTime {
                self.land(now, token);
                continue;
            }
            let (name, span) = (flight.ask.subject.name(), flight.ask.answer_max());
            let text = format!(
                "Plimsoll: no answer of the broker within {span:?} to {name}; it was asked to end it"
            );
            let all = flight.askers.iter().map(|asker| refuse(&flight.ask, asker, &text));
            out.extend(all);
            out.push(Act::Note { link: key.0, text: format!("history: {text}") });
            self.counts.unanswered += 1;
            self.withdraw(now, token, out);
            self.land(now, token);
        }
    }

    /// There is nothing, says the venue. That is asked again before it is believed, and then told as an error: no library
    /// of a bot tells an answer without bars from bars.
    fn empty(&mut self, now: Mono, token: Token, error: Option<&ErrorReport>, out: &mut Vec<Act>) -> Passes {
        let flight = &self.flights[&token];
        if flight.tries < TRIES_MAX && !flight.askers.is_empty() {
            let pause = if flight.ask.weight.is_some() { SAME } else { AGAIN };
            self.wait(now, token, now.after(pause));
            return Passes::No;
        }
        self.counts.empty += 1;
        let key = flight.stage.upstream().map(|at| flight.key(at));
        let passes = if let Some((error, key)) = error.zip(key) {
            self.tell_error(token, key, error, out)
        } else {
            let text = no_data(flight);
            out.extend(flight.askers.iter().map(|asker| refuse(&flight.ask, asker, &text)));
            Passes::No
        };
        self.land(now, token);
        passes
    }

    fn refused(
        &mut self,
        now: Mono,
        token: Token,
        key: Key,
        error: &ErrorReport,
        out: &mut Vec<Act>,
    ) -> Passes {
        self.counts.refused += 1;
        let passes = self.tell_error(token, key, error, out);
        self.land(now, token);
        passes
    }

    /// Tells everybody who asked. The one under whose number it came is told what came.
    fn tell(&self, token: Token, key: Key, raw: &RawFrame, out: &mut Vec<Act>) -> Passes {
        let flight = &self.flights[&token];
        let is_own = |asker: &Asker| super::key(asker.link, flight.ask.kind, asker.req_id) == key;
        let others = flight.askers.iter().filter(|asker| !is_own(asker));
        out.extend(others.map(|asker| Act::ToBot {
            link: asker.link,
            req_id: asker.req_id,
            raw: raw.clone(),
        }));
        if flight.askers.iter().any(is_own) { Passes::Yes } else { Passes::No }
    }

    /// Tells everybody an error, each with his own number in its words, too.
    fn tell_error(&self, token: Token, key: Key, error: &ErrorReport, out: &mut Vec<Act>) -> Passes {
        let flight = &self.flights[&token];
        let is_own = |asker: &Asker| super::key(asker.link, flight.ask.kind, asker.req_id) == key;
        let others = flight.askers.iter().filter(|asker| !is_own(asker));
        out.extend(others.map(|asker| Act::Refuse {
            link: asker.link,
            req_id: asker.req_id,
            code: error.code,
            text: answer::with_number(&error.text, key.2, asker.req_id),
        }));
        if flight.askers.iter().any(is_own) { Passes::Yes } else { Passes::No }
    }

    /// What was asked while the broker's servers or its historical farm were away is never answered: it is asked again.
    fn heard_of_farm(&mut self, now: Mono, link: LinkId, code: i32, out: &mut Vec<Act>) {
        if code == CODE_FARM_AWAY {
            self.without_farm.insert(link);
        }
        // A farm that was only idle says that it is back, too, and then answers.
        let is_back = match code {
            CODE_BACK_WITHOUT | CODE_BACK_WITH => true,
            CODE_FARM_BACK => self.without_farm.remove(&link),
            _ => false,
        };
        if !is_back {
            return;
        }
        if code == CODE_BACK_WITHOUT {
            // They are gone at the venue, and the bot is told of it in the venue's words. Their places are free.
            let is_stream = |flight: &Flight| matches!(flight.stage, Stage::Streaming { .. });
            for token in self.at_venue(link, is_stream) {
                self.land(now, token);
            }
        }
        // Of one that has begun to be answered the rest comes, or it is late: its bars must not come twice.
        let is_unanswered = |flight: &Flight| {
            let is_asked_again = flight.ask.kind != Kind::RealTime && flight.tries < LEAVES_MAX;
            matches!(flight.stage, Stage::Open { .. }) && is_asked_again && !flight.is_begun
        };
        for token in self.at_venue(link, is_unanswered) {
            self.withdraw(now, token, out);
            if self.flights[&token].askers.is_empty() {
                self.land(now, token);
            } else {
                self.wait(now, token, now);
            }
        }
    }

    /// What is at the venue on this link, of those that are meant.
    fn at_venue(&self, link: LinkId, is_meant: impl Fn(&Flight) -> bool) -> Vec<Token> {
        let on_link = self.upstream.iter().filter(|(key, _)| key.0 == link).map(|(_, token)| *token);
        on_link.filter(|token| is_meant(&self.flights[token])).collect()
    }

    fn unless_over(&self, key: Key) -> Passes {
        if self.over.contains(&key) { Passes::No } else { Passes::Yes }
    }

    /// Whatever the venue still says under this number is nobody's, until it is used again.
    pub(super) fn put_over(&mut self, key: Key) {
        if self.over.len() >= OVER_MAX {
            self.over.pop_first();
        }
        self.over.insert(key);
    }
}

/// In the venue's words, which a bot may know, and with what was done about it.
fn no_data(flight: &Flight) -> String {
    let name = flight.ask.subject.name();
    format!("HMDS query returned no data: {name} (an answer without bars, asked {} times)", flight.tries)
}
