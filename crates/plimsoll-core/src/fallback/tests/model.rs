//! An on-close order, a venue with its own truth, connections that break, a gateway that is killed: everything that some
//! events can lead to, in whatever order they come, and long lives by chance.
//!
//! The venue says what IBKR promises and no more: what it says on one connection arrives in order or not at all, an
//! order that it has named once is among its open orders while it works, a status has what was executed until then.
//! An order may be accepted without a word and then be in no answer; an end may be told by a status, by an error, or
//! not at all; executions come late; a cancel may be refused.

use std::collections::{BTreeSet, VecDeque};

use super::*;

const WHOLE: u64 = 2;
/// How many events are followed through whatever order they come in.
const EVENTS: usize = 10;
/// Instants that matter: those of the terms, and from when on the venue has to have answered something.
const INSTANTS: [&str; 4] = ["17:59:53", "17:59:57", "17:59:58", "17:59:59"];
/// Where in them a market order may leave, and from where on answers are its proof.
const DUE: usize = 2;
const FRESH: usize = 1;

/// What the venue knows of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    /// It has not come.
    Away,
    /// It works; whether the venue has named it.
    Works { named: bool },
    /// It has ended.
    Over,
}

/// On the way to the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    Order,
    Cancel,
    OpenOrders,
    Executions,
    CompletedOrders,
}

/// On the way to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Word(Word),
    /// All three answers are complete.
    Answered,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    machine: Fallback,
    instant: usize,
    truth: Truth,
    cum_qty: u64,
    /// Until when the venue has told it in executions.
    told_qty: u64,
    /// The order's connection and our own; one and the same if `is_own`.
    to_venue: [VecDeque<Sent>; 2],
    to_us: [VecDeque<Said>; 2],
    is_own: bool,
    epoch: u64,
    is_up: bool,
    /// At which instant the latest questions were asked, and those that were answered in this life of the connection.
    asked_at: usize,
    answered_at: Option<usize>,
    is_decided: bool,
    market: Option<u64>,
    breaks_left: u8,
    kills_left: u8,
}

impl World {
    fn new(is_own: bool) -> Self {
        Self {
            machine: Fallback::new(Terms { qty: Qty::whole(WHOLE), ..terms() }),
            instant: 0,
            truth: Truth::Away,
            cum_qty: 0,
            told_qty: 0,
            to_venue: Default::default(),
            to_us: Default::default(),
            is_own,
            epoch: 1,
            is_up: true,
            asked_at: 0,
            answered_at: None,
            is_decided: false,
            market: None,
            breaks_left: 2,
            kills_left: 1,
        }
    }

    /// Shortly before the market order is due, with an order that the venue has named, and that works or has ended.
    fn shortly_before(is_own: bool, truth: Truth) -> Self {
        let mut world = Self::new(is_own);
        world.instant = FRESH;
        world.is_decided = true;
        world.truth = truth;
        world.machine.hear(Word::Sent);
        world.machine.hear(Word::Working { cum_qty: Qty::ZERO });
        if truth == Truth::Over {
            world.machine.hear(Word::Ended { cum_qty: Qty::ZERO });
        }
        world.settle()
    }

    /// The connection of the order.
    fn orders(&self) -> usize {
        usize::from(self.is_own)
    }

    fn moment(&self) -> Moment {
        let time = at(INSTANTS[self.instant]);
        Moment { time, arrival: time + Duration::from_secs(1), epoch: self.is_up.then_some(self.epoch) }
    }

    fn say(&mut self, on: usize, word: Word) {
        self.to_us[on].push_back(Said::Word(word));
    }

    /// Takes the steps of this instant, as the bridge does.
    fn settle(mut self) -> Self {
        let moment = self.moment();
        let own = 1;
        while let Some(step) = self.machine.step(moment) {
            match step {
                Step::Ask => {
                    if self.to_venue[own].contains(&Sent::CompletedOrders)
                        || self.to_us[own].contains(&Said::Answered)
                    {
                        break;
                    }
                    self.machine.asked(moment);
                    self.asked_at = self.instant;
                    self.to_venue[own].extend([Sent::OpenOrders, Sent::Executions, Sent::CompletedOrders]);
                }
                Step::Cancel => {
                    let on = self.orders();
                    self.to_venue[on].push_back(Sent::Cancel);
                }
                Step::Send { qty } => self.send(qty),
                Step::Tell(Finding::Contradicted { .. }) => panic!("the venue kept its promises: {self:?}"),
                Step::Tell(_) => {}
            }
        }
        self
    }

    /// What this is all about.
    fn send(&mut self, qty: Qty) {
        let qty = qty.to_whole().unwrap();
        let on_its_way = self.to_venue.iter().any(|way| way.contains(&Sent::Order));
        assert!(!on_its_way && !matches!(self.truth, Truth::Works { .. }), "it may still execute: {self:?}");
        assert!(qty + self.cum_qty <= WHOLE, "more than is left: {self:?}");
        assert_eq!(self.market, None, "twice: {self:?}");
        assert!(self.instant == DUE, "not in its time: {self:?}");
        assert!(self.is_up && self.answered_at >= Some(FRESH), "the venue may not be there: {self:?}");
        self.market = Some(qty);
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next.settle()
    }

    /// Everything that can happen next.
    fn next(&self) -> Vec<Self> {
        let mut all = Vec::new();
        // The decision is over.
        if self.market.is_some() || self.instant + 1 == INSTANTS.len() {
            return all;
        }
        all.push(self.with(|w| w.instant += 1));
        if !self.is_decided {
            self.decide(&mut all);
        }
        for on in 0..2 {
            if let Some(said) = self.to_us[on].front() {
                all.push(self.with(|w| {
                    w.to_us[on].pop_front();
                    match *said {
                        Said::Word(word) => w.machine.hear(word),
                        Said::Answered => {
                            w.answered_at = Some(w.asked_at);
                            w.machine.answered(w.epoch);
                        }
                    }
                }));
            }
            if let Some(sent) = self.to_venue[on].front() {
                let mut popped = self.clone();
                popped.to_venue[on].pop_front();
                popped.take(on, *sent, &mut all);
            }
        }
        if let Truth::Works { named } = self.truth {
            self.live(named, &mut all);
        }
        if self.told_qty < self.cum_qty {
            all.push(self.with(|w| {
                w.told_qty = w.cum_qty;
                w.say(w.orders(), Word::Executed { cum_qty: Qty::whole(w.cum_qty) });
            }));
        }
        self.fail(&mut all);
        all
    }

    /// The disk has the decision and the order leaves, or a guard says no, or we are killed in between.
    fn decide(&self, all: &mut Vec<Self>) {
        all.push(self.with(|w| {
            w.is_decided = true;
            let on = w.orders();
            w.to_venue[on].push_back(Sent::Order);
            w.machine.hear(Word::Sent);
        }));
        all.push(self.with(|w| {
            w.is_decided = true;
            w.machine.hear(Word::Unsent);
        }));
        for left in [true, false] {
            all.push(self.with(|w| {
                w.is_decided = true;
                let on = w.orders();
                w.to_venue[on].extend(left.then_some(Sent::Order));
                w.machine.restarted();
            }));
        }
    }

    /// The venue takes what comes first on a connection.
    fn take(&self, on: usize, sent: Sent, all: &mut Vec<Self>) {
        let cum_qty = Qty::whole(self.cum_qty);
        match (sent, self.truth) {
            (Sent::Order, _) => {
                all.push(self.with(|w| {
                    w.truth = Truth::Works { named: true };
                    w.say(on, Word::Working { cum_qty });
                }));
                all.push(self.with(|w| w.truth = Truth::Works { named: false }));
                self.end(on, all);
            }
            (Sent::Cancel, Truth::Works { .. }) => {
                all.push(self.clone());
                self.end(on, all);
            }
            (Sent::OpenOrders, Truth::Works { named }) => {
                all.push(self.with(|w| {
                    w.truth = Truth::Works { named: true };
                    w.say(on, Word::Working { cum_qty });
                }));
                all.extend((!named).then(|| self.clone()));
            }
            (Sent::Cancel | Sent::OpenOrders, _) => all.push(self.clone()),
            (Sent::Executions, _) if self.cum_qty == 0 => all.push(self.clone()),
            (Sent::Executions, _) => all.push(self.with(|w| w.say(on, Word::Executed { cum_qty }))),
            (Sent::CompletedOrders, truth) => {
                if truth == Truth::Over {
                    all.push(self.with(|w| {
                        w.say(on, Word::Ended { cum_qty });
                        w.to_us[on].push_back(Said::Answered);
                    }));
                }
                // Not all that has ended is listed.
                all.push(self.with(|w| w.to_us[on].push_back(Said::Answered)));
            }
        }
    }

    /// The order ends, which is told in one of three ways, or not at all.
    fn end(&self, on: usize, all: &mut Vec<Self>) {
        let cum_qty = Qty::whole(self.cum_qty);
        for words in
            [&[][..], &[Word::Refused], &[Word::Ended { cum_qty }], &[Word::Refused, Word::Ended { cum_qty }]]
        {
            all.push(self.with(|w| {
                w.truth = Truth::Over;
                for word in words {
                    w.say(on, *word);
                }
            }));
        }
    }

    /// What a working order may do by itself.
    fn live(&self, named: bool, all: &mut Vec<Self>) {
        let on = self.orders();
        self.end(on, all);
        if self.cum_qty < WHOLE {
            for told in [true, false] {
                all.push(self.with(|w| {
                    w.cum_qty += 1;
                    let cum_qty = Qty::whole(w.cum_qty);
                    let is_over = w.cum_qty == WHOLE;
                    w.truth = if is_over { Truth::Over } else { Truth::Works { named: named || told } };
                    if told {
                        w.say(on, if is_over { Word::Ended { cum_qty } } else { Word::Working { cum_qty } });
                    }
                }));
            }
        }
    }

    /// Connections break, and processes end.
    fn fail(&self, all: &mut Vec<Self>) {
        if self.is_up && self.breaks_left > 0 {
            // What was on its way is lost, or is read by the venue all the same.
            for reads in [true, false] {
                all.push(self.with(|w| {
                    w.breaks_left -= 1;
                    w.is_up = false;
                    w.answered_at = None;
                    w.to_us[1].clear();
                    w.to_venue[1].retain(|sent| reads && matches!(sent, Sent::Order | Sent::Cancel));
                }));
            }
        }
        if !self.is_up {
            all.push(self.with(|w| {
                w.is_up = true;
                w.epoch += 1;
                // Nobody is told any more on a connection that is gone.
                w.to_us[1].clear();
            }));
        }
        if self.kills_left > 0 && self.is_decided {
            all.push(self.with(|w| {
                w.kills_left -= 1;
                w.is_up = false;
                w.answered_at = None;
                w.to_us = Default::default();
                for way in &mut w.to_venue {
                    way.retain(|sent| matches!(sent, Sent::Order | Sent::Cancel));
                }
                w.machine.restarted();
            }));
        }
    }
}

/// Walks through everything that so many events can lead to; how many states that are, and in how many of them a
/// market order has left.
fn explore(from: World, events: usize) -> (usize, usize) {
    let mut known = BTreeSet::from([from]);
    let mut latest = known.clone();
    for _ in 0..events {
        let next: BTreeSet<World> = latest.iter().flat_map(World::next).collect();
        latest = next.difference(&known).cloned().collect();
        known.extend(latest.iter().cloned());
    }
    (known.len(), known.iter().filter(|world| world.market.is_some()).count())
}

#[test]
fn no_short_sequence_of_events_doubles_an_order() {
    for is_own in [true, false] {
        // The nearer to the decision a walk begins, the further it goes; the last one comes to an end.
        let works = Truth::Works { named: true };
        let walks = [
            explore(World::new(is_own), EVENTS),
            explore(World::shortly_before(is_own, works), EVENTS),
            explore(World::shortly_before(is_own, Truth::Over), EVENTS + 4),
        ];
        let all: usize = walks.iter().map(|(all, _)| all).sum();
        let sent: usize = walks.iter().map(|(_, sent)| sent).sum();
        assert!(sent > 50 && all > 100_000, "the walk is too short to mean anything: {walks:?}");
    }
}

#[test]
fn no_long_sequence_of_events_doubles_an_order() {
    arbtest::arbtest(|u| {
        let mut world = World::new(u.arbitrary()?);
        loop {
            let next = world.next();
            if next.is_empty() {
                return Ok(());
            }
            world = u.choose(&next)?.clone();
        }
    })
    .budget_ms(700);
}
