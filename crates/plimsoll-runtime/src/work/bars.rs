//! Bars outside of the hours that they were asked for: what a bot is told of them, and what is written down.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_core::config::Bars;
use plimsoll_model::{BotName, LinkId, Mono, RawFrame};

use super::Work;
use crate::carry::Carrier as _;
use crate::session_bars::{Found, Shows};
use crate::view::BarsRow;

/// How often a bot's bars are written down: a stream of them brings one every second for hours.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// What was found of all bots since the start.
#[derive(Debug, Default)]
pub(super) struct BarCounts(BTreeMap<BotName, BarCount>);

#[derive(Debug, Default)]
struct BarCount {
    all: BarsRow,
    /// Not noted yet, and on which link.
    since: Option<(LinkId, Found)>,
    /// When the next note may be.
    next: Option<Mono>,
}

impl BarCounts {
    fn add(&mut self, bot: &BotName, link: LinkId, found: Found) {
        let count = self.0.entry(bot.clone()).or_default();
        count.all.left_out += found.outside;
        count.all.across += found.across;
        match &mut count.since {
            Some((_, since)) => {
                since.outside += found.outside;
                since.across += found.across;
            }
            None => count.since = Some((link, found)),
        }
    }

    /// What is to be noted now.
    fn take_due(&mut self, now: Mono) -> Vec<(LinkId, String)> {
        let mut due = Vec::new();
        for (bot, count) in &mut self.0 {
            if count.next.is_some_and(|next| now < next) {
                continue;
            }
            if let Some((link, found)) = count.since.take() {
                count.next = Some(now.after(NOTE_EVERY));
                due.push((link, text(bot, &found)));
            }
        }
        due
    }

    /// When something is to be noted next.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.0.values().filter(|count| count.since.is_some()).filter_map(|count| count.next).min()
    }

    /// What was found of a bot's.
    pub(super) fn rows(&self) -> BTreeMap<BotName, BarsRow> {
        self.0.iter().map(|(bot, count)| (bot.clone(), count.all)).collect()
    }
}

fn text(bot: &BotName, found: &Found) -> String {
    let Found { outside, across, example } = found;
    format!(
        "{bot} asked for bars of a session: {outside} outside of it were left out, {across} across its open or close were \
         passed on, the first of them {example}; bars = \"as_sent\" passes on all"
    )
}

impl Work {
    /// Bars for a bot. They are data: no decision needs them, and they are not journaled.
    pub(super) fn told_bars(&mut self, link: LinkId, raw: &RawFrame) {
        let Some(state) = self.links.get_mut(&link).filter(|state| state.kept_until.is_none()) else {
            return;
        };
        let is_held = self.config.bot(&state.bot).is_some_and(|bot| bot.bars == Bars::OfSession);
        if !is_held {
            self.send_to_bot(link, raw);
            return;
        }
        let bridge = &self.bridge;
        let (shows, found) =
            state.bars.told(state.version, raw, |contract, hours| bridge.bar_days(contract, hours));
        if found != Found::default() {
            self.bar_counts.add(&state.bot, link, found);
            let now = self.clock.now().mono;
            self.note_bars(now);
        }
        match shows {
            Shows::AsItIs => self.send_to_bot(link, raw),
            Shows::Part(frame) => self.send_to_bot(link, &frame),
            Shows::Nothing => {}
        }
    }

    /// Notes what the last minute has brought, the first of it at once.
    pub(super) fn note_bars(&mut self, now: Mono) {
        for (link, text) in self.bar_counts.take_due(now) {
            self.note(link, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Mono = Mono::from_nanos(0);

    fn found(outside: u64, across: u64, example: &str) -> Found {
        Found { outside, across, example: example.into() }
    }

    #[test]
    fn the_first_bar_is_noted_at_once_and_the_rest_once_a_minute() {
        let (mut counts, bot) = (BarCounts::default(), BotName::new("trend").unwrap());
        counts.add(&bot, LinkId(1), found(1, 0, "SPY 1795802400"));
        assert_eq!(counts.next_due(), None, "it is due now");
        let [(link, first)] = &counts.take_due(START)[..] else { panic!("one note") };
        assert_eq!(*link, LinkId(1));
        assert!(first.contains("1 outside") && first.contains("the first of them SPY 1795802400"), "{first}");
        for second in 1..60 {
            counts.add(&bot, LinkId(1), found(1, 0, &format!("SPY {second}")));
            assert!(counts.take_due(START.after(Duration::from_secs(second))).is_empty());
        }
        let minute = START.after(NOTE_EVERY);
        assert_eq!(counts.next_due(), Some(minute));
        let notes = counts.take_due(minute);
        assert!(notes[0].1.contains("59 outside") && notes[0].1.contains("SPY 1;"), "{notes:?}");
        assert!(counts.take_due(minute.after(NOTE_EVERY)).is_empty(), "nothing new");
        assert_eq!(counts.rows()[&bot], BarsRow { left_out: 60, across: 0 });
    }
}
