//! Requests that nobody wants any more: a bot cancels, or is gone.

use plimsoll_model::{LinkId, Mono};

use super::answer::{self, CODE_HISTORY};
use super::budget::Token;
use super::{Act, Asker, CODE_NO_QUERY, Due, History, Key, Kind, Passes, Stage, key, pace, refuse};

impl History {
    /// A bot wants no more of it. Passes if the venue has to hear of it.
    pub(crate) fn cancel(&mut self, now: Mono, asker: &Asker, kind: Kind, out: &mut Vec<Act>) -> Passes {
        let key = key(asker.link, kind, asker.req_id);
        if self.over.contains(&key) {
            if kind == Kind::Bars {
                let text = format!("No historical data query found for ticker id:{}", asker.req_id);
                out.push(Act::Refuse { link: asker.link, req_id: asker.req_id, code: CODE_NO_QUERY, text });
            }
            return Passes::No;
        }
        let Some(token) = self.askers.get(&key).copied() else { return Passes::Yes };
        let flight = &self.flights[&token];
        let at = flight.stage.upstream();
        if at.is_some_and(|at| flight.key(at) == key) && flight.askers.len() == 1 {
            self.land(now, token);
            return Passes::Yes;
        }
        if kind == Kind::Bars {
            let text = format!("{}API historical data query cancelled: {}", answer::PREFIX, asker.req_id);
            out.push(Act::Refuse { link: asker.link, req_id: asker.req_id, code: CODE_HISTORY, text });
        }
        self.forget(now, token, key, out);
        Passes::No
    }

    /// A bot's pair of connections has ended.
    pub(crate) fn link_ended(&mut self, now: Mono, link: LinkId, out: &mut Vec<Act>) {
        self.bot_left(now, link, out);
        let lost: Vec<Token> =
            self.upstream.iter().filter(|(key, _)| key.0 == link).map(|(_, token)| *token).collect();
        for token in lost {
            let Some(flight) = self.flights.get_mut(&token) else { continue };
            flight.askers.retain(|asker| asker.link != link);
            if flight.askers.is_empty() || flight.ask.share.is_none() {
                self.land(now, token);
            } else if flight.is_begun {
                let text = "Plimsoll: the connection to the broker was lost in the middle of the answer; what has come is not \
                            all, ask again";
                out.extend(flight.askers.iter().map(|asker| refuse(&flight.ask, asker, text)));
                self.counts.unanswered += 1;
                self.land(now, token);
            } else {
                self.wait(now, token, now);
            }
        }
        self.askers.retain(|key, _| key.0 != link);
        self.over.retain(|key| key.0 != link);
        self.canceled.link_ended(link);
        self.without_farm.remove(&link);
    }

    /// A bot is gone and its upstream stays: what waits for it is taken out, what is at the venue ends there.
    pub(crate) fn bot_left(&mut self, now: Mono, link: LinkId, out: &mut Vec<Act>) {
        let elsewhere = |token: &Token| self.flights[token].stage.upstream().is_none_or(|at| at.link != link);
        let gone: Vec<(Key, Token)> = self
            .askers
            .iter()
            .filter(|(key, token)| key.0 == link && elsewhere(token))
            .map(|(key, token)| (*key, *token))
            .collect();
        for (key, token) in gone {
            self.forget(now, token, key, out);
        }
    }

    /// One asker less. Without any the flight ends.
    fn forget(&mut self, now: Mono, token: Token, key: Key, out: &mut Vec<Act>) {
        self.askers.remove(&key);
        let Some(flight) = self.flights.get_mut(&token) else { return };
        let queued_for = flight.askers.first().map(|asker| asker.bot.clone());
        let kind = flight.ask.kind;
        flight.askers.retain(|asker| super::key(asker.link, kind, asker.req_id) != key);
        let first = flight.askers.first().map(|asker| asker.bot.clone());
        match (flight.stage, first) {
            (Stage::Waiting { .. }, Some(bot)) => {
                if let Some(before) = queued_for.filter(|before| *before != bot) {
                    self.queue.remove(&before, token);
                    self.queue.push(&bot, pace(&flight.ask), token);
                }
            }
            (Stage::Looking { .. } | Stage::Waiting { .. }, None) => {
                if let Some(before) = queued_for {
                    self.queue.remove(&before, token);
                }
                self.land(now, token);
            }
            (Stage::Looking { .. } | Stage::Open { .. } | Stage::Streaming { .. }, Some(_)) => {}
            (Stage::Open { .. } | Stage::Streaming { .. }, None) => {
                self.withdraw(now, token, out);
                self.land(now, token);
            }
        }
    }

    /// Ends a request at the venue that nobody is to hear of any more under the number that it has there.
    pub(super) fn withdraw(&mut self, now: Mono, token: Token, out: &mut Vec<Act>) {
        let flight = &self.flights[&token];
        let Some(at) = flight.stage.upstream() else { return };
        let key = flight.key(at);
        self.upstream.remove(&key);
        self.budget.closed(now, token);
        self.put_over(key);
        let flight = &self.flights[&token];
        if let Some(raw) = flight.ask.cancel(at.version, at.req_id) {
            out.push(Act::ToVenue { link: at.link, raw });
            // Only of bars a cancel is confirmed.
            if matches!(flight.ask.kind, Kind::Bars | Kind::Stream) {
                self.canceled.sent(now, key);
            }
        }
        self.due = Due::Now;
    }
}
