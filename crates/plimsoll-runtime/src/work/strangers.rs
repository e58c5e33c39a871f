//! Connections that never become links: at which door they wait, and what is written down about them.
//!
//! Anybody on this host can make them by the thousand, and each would be a record on the disk. So they are counted,
//! and a port has one note a minute, with the first reason word for word.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_core::Config;
use plimsoll_model::{BotName, LinkId, Mono};

use super::Work;
use crate::door::{Door, Lobby};

/// A port has at most one note about such connections in this time.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// The doors of all ports, and who was turned away at them.
#[derive(Debug)]
pub(super) struct Strangers {
    lobby: Lobby,
    doors: BTreeMap<BotName, Door>,
    /// Ports that had a note within the last minute.
    noted: BTreeMap<BotName, Noted>,
}

/// What has happened at a port since its last note.
#[derive(Debug)]
struct Noted {
    next: Mono,
    /// The first one since then.
    first: Option<(LinkId, String)>,
    more: u64,
}

impl Strangers {
    pub(super) fn new(config: &Config) -> Self {
        let client_ids = config.bots.iter().map(|bot| bot.client_ids.len()).sum();
        Self { lobby: Lobby::beside(client_ids), doors: BTreeMap::new(), noted: BTreeMap::new() }
    }

    /// The door of a bot's port.
    pub(super) fn door(&mut self, bot: &BotName) -> Door {
        self.doors.entry(bot.clone()).or_insert_with(|| self.lobby.door()).clone()
    }

    /// One more. What to note at once, if anything.
    fn count(&mut self, now: Mono, link: LinkId, bot: &BotName, why: String) -> Option<String> {
        match self.noted.get_mut(bot) {
            None => {
                let text = format!("{bot}'s port: {why}");
                self.noted.insert(bot.clone(), Noted { next: now.after(NOTE_EVERY), first: None, more: 0 });
                Some(text)
            }
            Some(noted) if noted.first.is_some() => {
                noted.more += 1;
                None
            }
            Some(noted) => {
                noted.first = Some((link, why));
                None
            }
        }
    }

    /// The notes whose minute is over.
    fn take_due(&mut self, now: Mono) -> Vec<(LinkId, String)> {
        let mut due = Vec::new();
        self.noted.retain(|bot, noted| {
            if noted.next > now {
                return true;
            }
            // A minute without any: the next one is noted at once again.
            let Some((link, why)) = noted.first.take() else { return false };
            let text = match std::mem::take(&mut noted.more) {
                0 => format!("{bot}'s port: {why}"),
                more => format!("{bot}'s port: {why}; and {more} more that became no link within a minute"),
            };
            due.push((link, text));
            noted.next = now.after(NOTE_EVERY);
            true
        });
        due
    }

    /// When the next minute is over.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.noted.values().map(|noted| noted.next).min()
    }
}

impl Work {
    /// The bridge has said whether this arrival becomes a link. One that does not is a stranger like the others.
    pub(super) fn settle_arrival(&mut self, link: LinkId, bot: &BotName) {
        let door = self.strangers.door(bot);
        let Some(at) = self.to_end.iter().position(|(refused, _)| *refused == link) else {
            door.let_in();
            return;
        };
        let (_, why) = self.to_end.swap_remove(at);
        // Before the broker's state is known nobody is let in, which is nobody's doing.
        if self.is_reconciled() {
            door.turned_away();
        }
        self.stranger_left(link, bot, why);
        self.end_link(link, None);
    }

    /// A connection ended before it was a link.
    pub(super) fn stranger_left(&mut self, link: LinkId, bot: &BotName, why: String) {
        let now = self.clock.now().mono;
        if let Some(text) = self.strangers.count(now, link, bot, why) {
            self.note(link, &text);
        }
    }

    /// Notes what the last minute has brought.
    pub(super) fn note_strangers(&mut self, now: Mono) {
        for (link, text) in self.strangers.take_due(now) {
            self.note(link, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono::ZERO.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_flood_is_one_note_a_minute_with_its_first_reason_and_its_number() {
        let loaded = crate::config::parse("plimsoll.toml", crate::config::tests::GOOD).unwrap();
        let mut strangers = Strangers::new(&loaded.config);
        let (trend, revert) = (BotName::new("trend").unwrap(), BotName::new("revert").unwrap());
        let mut told = Vec::new();
        for n in 0..24_000_u64 {
            let (now, link) = (at(n / 200), LinkId(n));
            told.extend(strangers.count(now, link, &trend, format!("reason {n}")));
            told.extend(strangers.take_due(now).into_iter().map(|(link, text)| format!("{link} {text}")));
        }
        assert_eq!(
            told,
            [
                "trend's port: reason 0",
                "1 trend's port: reason 1; and 11999 more that became no link within a minute",
            ]
        );
        let other = strangers.count(at(119), LinkId(1), &revert, "x".into());
        assert_eq!(other.as_deref(), Some("revert's port: x"), "each port has its own");
        assert_eq!(strangers.next_due(), Some(at(120)));
    }

    #[test]
    fn after_a_quiet_minute_the_next_one_is_noted_at_once() {
        let loaded = crate::config::parse("plimsoll.toml", crate::config::tests::GOOD).unwrap();
        let mut strangers = Strangers::new(&loaded.config);
        let trend = BotName::new("trend").unwrap();
        assert!(strangers.count(at(0), LinkId(1), &trend, "one".into()).is_some());
        assert!(strangers.count(at(1), LinkId(2), &trend, "two".into()).is_none());
        assert!(strangers.take_due(at(59)).is_empty());
        assert_eq!(strangers.take_due(at(60)), [(LinkId(2), "trend's port: two".to_owned())]);
        assert!(strangers.take_due(at(120)).is_empty());
        assert_eq!(strangers.next_due(), None);
        assert!(strangers.count(at(121), LinkId(3), &trend, "three".into()).is_some());
    }
}
