//! Orders between their two judgements, and the memory of what each bot asked lately.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, Leg, LinkId, Mono, NewOrder, OrdType, OrderId, Price,
    Qty, RawFrame, Side,
};

use crate::Rewrite;
use crate::book::OrderKey;
use crate::guard::Crossing;
use crate::limits;

/// One message that waits for the disk.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) order: NewOrder,
    pub(crate) key: OrderKey,
    pub(crate) raw: RawFrame,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) replaces: bool,
    pub(crate) unbounded: Option<&'static str>,
    /// Its number in [`Recent`].
    pub(crate) asked: u64,
}

/// An order or a change that no guard can judge and observe mode lets through. It waits like all others: what
/// overtakes the order that it is to change would become that order.
#[derive(Debug)]
pub(crate) struct LetThrough {
    pub(crate) order_id: OrderId,
    /// None if nobody knows what it trades.
    pub(crate) key: Option<OrderKey>,
    pub(crate) raw: RawFrame,
    pub(crate) replaces: bool,
}

/// An order of our own that waits for the disk.
#[derive(Debug)]
pub(crate) struct OwnWaiting {
    pub(crate) order: NewOrder,
    pub(crate) key: OrderKey,
    /// Its number in [`Recent`], if it is for one bot.
    pub(crate) asked: Option<u64>,
    /// The order of the bot that stays here for it.
    pub(crate) in_place_of: Option<Box<Replaced>>,
}

/// A bot's order in whose place one of our own is sent. Its bot is told so when that leaves, or does not.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) link: LinkId,
    pub(crate) client_id: ClientId,
    pub(crate) order_id: OrderId,
    /// The bot's request.
    pub(crate) raw: RawFrame,
    /// What it could have traded with.
    pub(crate) with: Crossing,
}

/// What a parcel carries.
#[derive(Debug)]
pub(crate) enum Load {
    /// Each is judged again before it leaves.
    Orders(Vec<Waiting>),
    /// In observe mode only.
    LetThrough(Vec<LetThrough>),
    /// On our own connection.
    Own(Box<OwnWaiting>),
}

impl Load {
    /// Each message: its number, its order in the book, and whether it is a change of that.
    pub(crate) fn members(&self) -> Vec<(OrderId, Option<OrderKey>, bool)> {
        match self {
            Self::Orders(all) => {
                all.iter().map(|one| (one.order.order_id, Some(one.key), one.replaces)).collect()
            }
            Self::LetThrough(all) => all.iter().map(|one| (one.order_id, one.key, one.replaces)).collect(),
            Self::Own(own) => vec![(own.order.order_id, Some(own.key), false)],
        }
    }

    fn names(&self, order_id: OrderId) -> bool {
        match self {
            Self::Orders(all) => all.iter().any(|one| one.order.order_id == order_id),
            Self::LetThrough(all) => all.iter().any(|one| one.order_id == order_id),
            Self::Own(own) => own.order.order_id == order_id,
        }
    }
}

/// Messages that leave or stay together: one order, or a bracket.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) token: u64,
    pub(crate) link: LinkId,
    pub(crate) client_id: ClientId,
    /// Which life of our own connection the decision was made in.
    pub(crate) own_epoch: u64,
    pub(crate) decided: Mono,
    pub(crate) load: Load,
}

/// All parcels, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    parcels: VecDeque<Parcel>,
    next_token: u64,
}

impl Outbox {
    /// A token for the next flush.
    pub(crate) fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    /// Whether this link's share is used up; one bot must not fill the others'.
    pub(crate) fn is_full(&self, link: LinkId) -> bool {
        self.parcels.iter().filter(|parcel| parcel.link == link).count() >= limits::OUTBOX_PER_LINK_MAX
    }

    /// How many more parcels this link may have.
    pub(crate) fn room(&self, link: LinkId) -> usize {
        let waiting = self.parcels.iter().filter(|parcel| parcel.link == link).count();
        limits::OUTBOX_PER_LINK_MAX.saturating_sub(waiting)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.parcels.push_back(parcel);
    }

    /// The next parcel that the disk has.
    pub(crate) fn pop_flushed(&mut self, token: u64) -> Option<Parcel> {
        let due = self.parcels.front().is_some_and(|parcel| parcel.token <= token);
        if due { self.parcels.pop_front() } else { None }
    }

    /// Takes the parcel of an order back before it leaves.
    pub(crate) fn recall(&mut self, link: LinkId, order_id: OrderId) -> Option<Parcel> {
        let names = |parcel: &Parcel| parcel.link == link && parcel.load.names(order_id);
        let at = self.parcels.iter().position(names)?;
        self.parcels.remove(at)
    }

    /// Whether this order of our own still waits.
    pub(crate) fn holds_own(&self, key: OrderKey) -> bool {
        self.parcels.iter().any(|parcel| matches!(&parcel.load, Load::Own(own) if own.key == key))
    }

    /// Takes back an order of our own before it leaves; whether it still waited.
    pub(crate) fn take_own(&mut self, key: OrderKey) -> bool {
        let before = self.parcels.len();
        self.parcels.retain(|parcel| !matches!(&parcel.load, Load::Own(own) if own.key == key));
        self.parcels.len() < before
    }

    /// Takes back everything; for a new start.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Parcel> {
        self.parcels.drain(..)
    }
}

/// One message about an order that a bot asked for.
#[derive(Debug)]
struct Asked {
    /// Counted up over all bots.
    number: u64,
    at: Mono,
    denied: bool,
    /// What it said; none for a change, for what was denied at once, and for what could not be taken in.
    /// In a box: the rate is found by a search through thousands of these.
    said: Option<Box<Said>>,
}

/// What makes two orders the same decision.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    cl_ord_id: ClOrdId,
    account: Account,
    instrument: InstrumentId,
    legs: Vec<Leg>,
    side: Side,
    qty: Qty,
    ord_type: OrdType,
    px: (Option<Price>, Option<Price>),
}

/// What bots asked lately, for the duplicate guard and the rate limit. Each bot has a memory of its own:
/// the flood of one must not wipe out that of another.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    bots: BTreeMap<BotName, VecDeque<Asked>>,
    /// The order that carried out each decision that a bot has declared, and its number.
    decisions: BTreeMap<BotName, BTreeMap<Box<str>, (u64, ClOrdId)>>,
    next: u64,
    /// The longest window of repetition that is configured.
    window_max: Duration,
}

impl Recent {
    /// The windows of repetition are at most this long; what is older than that and than the rate limit looks back
    /// is of no use to anybody.
    pub(crate) fn look_back(&mut self, window_max: Duration) {
        self.window_max = window_max;
    }

    /// Remembers a new order, and says under which number.
    pub(crate) fn new_order(&mut self, at: Mono, order: &NewOrder, denied: bool) -> u64 {
        // What was denied was not said: the same order may come again.
        let said = (!denied).then(|| {
            Box::new(Said {
                cl_ord_id: order.cl_ord_id.clone(),
                account: order.account.clone(),
                instrument: order.instrument.clone(),
                legs: order.legs.clone(),
                side: order.side,
                qty: order.qty,
                ord_type: order.ord_type.clone(),
                px: (order.limit_px, order.stop_px),
            })
        });
        let number = self.push(at, &order.bot, said, denied);
        if let Some(decision) = order.decision.clone().filter(|_| !denied) {
            let taken = self.decisions.entry(order.bot.clone()).or_default();
            taken.entry(decision).or_insert_with(|| (number, order.cl_ord_id.clone()));
        }
        number
    }

    /// Remembers a change, or an order that could not be taken in: they count towards the rate.
    pub(crate) fn other(&mut self, at: Mono, bot: &BotName) -> u64 {
        self.push(at, bot, None, false)
    }

    fn push(&mut self, at: Mono, bot: &BotName, said: Option<Box<Said>>, denied: bool) -> u64 {
        self.next += 1;
        let keep = self.window_max.max(limits::RATE_WINDOW);
        let all = self.bots.entry(bot.clone()).or_default();
        while all.front().is_some_and(|oldest| at.since(oldest.at) >= keep) {
            all.pop_front();
        }
        if all.len() >= limits::RECENT_ORDERS_MAX {
            all.pop_front();
        }
        all.push_back(Asked { number: self.next, at, denied, said });
        self.next
    }

    /// An order that was denied at release after all no longer counts as a first one.
    pub(crate) fn mark_denied(&mut self, bot: &BotName, number: u64) {
        let all = self.bots.get_mut(bot).into_iter().flatten();
        for asked in all.filter(|asked| asked.number == number) {
            asked.denied = true;
        }
        if let Some(taken) = self.decisions.get_mut(bot) {
            taken.retain(|_, (first, _)| *first != number);
        }
    }

    /// The earlier order that carried out the decision which this one declares.
    pub(crate) fn same_decision(&self, order: &NewOrder, number: Option<u64>) -> Option<&ClOrdId> {
        let (first, by) = self.decisions.get(&order.bot)?.get(order.decision.as_ref()?)?;
        number.is_none_or(|number| *first < number).then_some(by)
    }

    /// Whether this order declares a decision that nobody could remember.
    pub(crate) fn is_full_of_decisions(&self, order: &NewOrder) -> bool {
        let taken = self.decisions.get(&order.bot);
        order.decision.as_ref().is_some_and(|decision| {
            taken.is_some_and(|taken| {
                taken.len() >= limits::DECISIONS_PER_BOT_MAX && !taken.contains_key(decision)
            })
        })
    }

    /// The latest earlier order that says the same, and how long ago it was.
    pub(crate) fn same_order<'a>(
        &'a self,
        now: Mono,
        order: &'a NewOrder,
        number: Option<u64>,
        window: Duration,
    ) -> Option<(&'a ClOrdId, Duration)> {
        self.before(&order.bot, number)
            .map(|asked| (asked, now.since(asked.at)))
            .take_while(|(_, age)| *age < window)
            .filter(|(asked, _)| !asked.denied)
            .filter_map(|(asked, age)| Some((asked.said.as_ref()?, age)))
            .find(|(said, _)| said.says(order))
            .map(|(said, age)| (&said.cl_ord_id, age))
    }

    /// How much this bot asked for in the rate window before this message, denied orders included.
    pub(crate) fn count_before(&self, now: Mono, bot: &BotName, number: Option<u64>) -> usize {
        let Some(all) = self.bots.get(bot) else { return 0 };
        let first = all.partition_point(|asked| now.since(asked.at) >= limits::RATE_WINDOW);
        until(all, number).saturating_sub(first)
    }

    #[cfg(test)]
    pub(crate) fn len_of(&self, bot: &BotName) -> usize {
        self.bots.get(bot).map_or(0, VecDeque::len)
    }

    /// What was asked before the message of this number, or at all, latest first.
    fn before(&self, bot: &BotName, number: Option<u64>) -> impl Iterator<Item = &Asked> {
        let all = self.bots.get(bot);
        all.into_iter().flat_map(move |all| all.range(..until(all, number)).rev())
    }
}

/// Where the message of this number stands, or would. Numbers and instants both only grow.
fn until(all: &VecDeque<Asked>, number: Option<u64>) -> usize {
    // It is among the latest, so it is looked for from the end.
    let behind = |number| all.iter().rev().take_while(|asked| asked.number >= number).count();
    all.len() - number.map_or(0, behind)
}

impl Said {
    fn says(&self, order: &NewOrder) -> bool {
        self.account == order.account
            && self.instrument == order.instrument
            && self.legs == order.legs
            && self.side == order.side
            && self.qty == order.qty
            && self.ord_type == order.ord_type
            && self.px == (order.limit_px, order.stop_px)
    }
}
