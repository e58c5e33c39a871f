//! Requests whose answer may be on the disk.

use std::time::Duration;

use plimsoll_model::{Mono, RawFrame};

use super::budget::Token;
use super::cache::{Job, Kept, Series};
use super::{Act, History, LOOKS_MAX, Stage};

/// How long the disk may take. Beyond it the question goes to the venue, as it would without the cache.
const LOOK_MAX: Duration = Duration::from_secs(2);

impl History {
    /// The cache has looked. An answer goes to everybody who asked, under their own numbers.
    pub(crate) fn found(&mut self, now: Mono, token: Token, answer: Option<&Kept>, out: &mut Vec<Act>) {
        let Some(flight) = self.flights.get(&token) else { return };
        if !matches!(flight.stage, Stage::Looking { .. }) {
            return;
        }
        let Some(answer) = answer else {
            self.line_up(token, now);
            return;
        };
        let askers = u64::try_from(flight.askers.len()).unwrap_or(u64::MAX);
        for asker in &flight.askers {
            let frames = [Some(&answer.bars), answer.end.as_ref()];
            let told = frames.into_iter().flatten().map(|raw| Act::ToBot {
                link: asker.link,
                req_id: asker.req_id,
                raw: raw.clone(),
            });
            out.extend(told);
        }
        self.counts.answered += askers;
        self.counts.kept += askers;
        self.land(now, token);
    }

    /// Answers of a series count again: what waits for one of them looks once more before it asks the venue.
    pub(crate) fn proved(&mut self, now: Mono, series: &Series, out: &mut Vec<Act>) {
        for (token, flight) in &mut self.flights {
            let asks = flight.ask.question.as_ref().is_some_and(|question| question.series == *series);
            if !asks || flight.tries > 0 || !matches!(flight.stage, Stage::Waiting { .. }) {
                continue;
            }
            if self.looks.len() < LOOKS_MAX
                && let Some(job) = flight.look(*token)
            {
                if let Some(first) = flight.askers.first() {
                    self.queue.remove(&first.bot, *token);
                }
                flight.stage = Stage::Looking { since: now };
                self.looks.push_back(*token);
                out.push(Act::Cache(job));
            }
        }
    }

    /// The end of an answer has come: if it is one that stays, it is kept.
    pub(super) fn keep(&mut self, token: Token, raw: &RawFrame, out: &mut Vec<Act>) {
        let Some(flight) = self.flights.get_mut(&token) else { return };
        let Some(at) = flight.stage.upstream() else { return };
        let Some((question, today)) = flight.ask.question.clone().zip(flight.stays) else { return };
        let answer = match flight.bars.take() {
            Some(bars) => Kept { bars, end: Some(raw.clone()) },
            None => Kept { bars: raw.clone(), end: None },
        };
        out.push(Act::Cache(Job::Keep { question: Box::new(question), today, version: at.version, answer }));
    }

    /// What the disk takes too long for goes to the venue.
    pub(super) fn end_slow_looks(&mut self, now: Mono) {
        while let Some(token) = self.looks.front().copied() {
            match self.flights.get(&token).map(|flight| flight.stage) {
                Some(Stage::Looking { since }) if now.since(since) < LOOK_MAX => return,
                Some(Stage::Looking { .. }) => self.line_up(token, now),
                _ => {}
            }
            self.looks.pop_front();
        }
    }

    /// When the oldest look has taken too long.
    pub(super) fn next_slow_look(&self) -> Option<Mono> {
        let flight = self.flights.get(self.looks.front()?)?;
        match flight.stage {
            Stage::Looking { since } => Some(since.after(LOOK_MAX)),
            Stage::Waiting { .. } | Stage::Open { .. } | Stage::Streaming { .. } => None,
        }
    }
}
