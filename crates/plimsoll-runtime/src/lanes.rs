//! What waits to be fed to the bridge, and in which order it is.
//!
//! Order of work: the operator, the venue's words, cancels, orders that the disk has, then the bots, one
//! frame each in turn, and last the venue's data, which no decision waits for. Within one link the order of
//! the bot's frames is kept, with three exceptions:
//! * a cancel goes ahead of everything but the order that it names (a global cancel: but any order);
//! * frames behind an order that waits for the disk wait too, except further orders right behind it,
//!   which then share the same sync;
//! * orders, cancels and the bot's end go ahead of what waits for the venue's budget of messages only.
//!
//! What a venue sends on one link is never reordered: a word that comes behind data takes that data along.
//!
//! Does not own: what the work does.

use std::collections::{BTreeMap, VecDeque};

use plimsoll_model::{LinkId, OrderId, RawFrame, Request};
use tokio::sync::OwnedSemaphorePermit;

/// Bots' frames after which data gets a turn: a bot that never stops asking must not silence the market of
/// the others.
const FRAMES_BEFORE_DATA: u32 = 16;

/// What bots are heard for at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Whatever there is.
    Everything,
    /// Orders, cancels and their end: the venue takes no more of anything else for now.
    Unpaced,
    /// The journal lags.
    Cancels,
}

/// What came from a bot.
#[derive(Debug)]
pub enum BotInput {
    /// A frame.
    Frame {
        /// Decoded as far as the bridge needs.
        request: Request,
        /// As it came.
        raw: RawFrame,
        /// Room in the link's budget, given back when the frame has been dealt with.
        _room: Option<OwnedSemaphorePermit>,
    },
    /// The bot's connection ended; why, if not by its own will.
    Gone(Option<String>),
}

/// One piece of work.
#[derive(Debug)]
pub enum WorkItem<O, V> {
    /// From the operator.
    Operator(O),
    /// From the venue.
    Venue(V),
    /// From a bot.
    Bot(LinkId, BotInput),
    /// The disk has everything up to this token.
    Flushed(u64),
}

/// All that waits. `O` is what operators say, `V` what venues say.
#[derive(Debug)]
pub struct Lanes<O, V> {
    operator: VecDeque<O>,
    /// Words of all venue links, in the order of their arrival, each behind the data that came before it.
    venue: VecDeque<V>,
    /// Data of each venue link since its last word.
    data: BTreeMap<LinkId, VecDeque<V>>,
    flushed: VecDeque<u64>,
    bots: BTreeMap<LinkId, Lane>,
    /// Whose turn it was last.
    served: Option<LinkId>,
    /// Whose data was served last.
    data_served: Option<LinkId>,
    /// Bots' frames since data had its turn.
    since_data: u32,
    /// Cancels in all lanes, so that no lane is searched for nothing.
    cancels: usize,
}

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<BotInput>,
    /// How many of them do not wait for the venue's budget, so that no lane is searched for nothing.
    unpaced: usize,
    /// The token of this link's last order that the disk does not have yet.
    awaits: Option<u64>,
    /// The link is not open yet; nothing of it is heard.
    held: bool,
}

impl<O, V> Default for Lanes<O, V> {
    fn default() -> Self {
        Self {
            operator: VecDeque::new(),
            venue: VecDeque::new(),
            data: BTreeMap::new(),
            flushed: VecDeque::new(),
            bots: BTreeMap::new(),
            served: None,
            data_served: None,
            since_data: 0,
            cancels: 0,
        }
    }
}

impl<O, V> Lanes<O, V> {
    /// Something that an operator said.
    pub fn push_operator(&mut self, input: O) {
        self.operator.push_back(input);
    }

    /// Something that a decision may need, on a link of the venue.
    pub fn push_word(&mut self, link: LinkId, input: V) {
        if let Some(before) = self.data.get_mut(&link) {
            self.venue.append(before);
        }
        self.venue.push_back(input);
    }

    /// Something for the bot alone, on a link of the venue.
    pub fn push_data(&mut self, link: LinkId, input: V) {
        self.data.entry(link).or_default().push_back(input);
    }

    /// The disk has everything up to this token.
    pub fn push_flushed(&mut self, token: u64) {
        self.flushed.push_back(token);
    }

    /// Something that came from a bot.
    pub fn push_bot(&mut self, link: LinkId, input: BotInput) {
        self.cancels += usize::from(input.is_cancel());
        let lane = self.bots.entry(link).or_default();
        lane.unpaced += usize::from(!input.is_paced());
        lane.queue.push_back(input);
    }

    /// An order of this link waits for the disk.
    pub fn await_token(&mut self, link: LinkId, token: u64) {
        self.bots.entry(link).or_default().awaits = Some(token);
    }

    /// The bridge has dealt with this token: what waited behind its order may go on.
    pub fn settled(&mut self, token: u64) {
        for lane in self.bots.values_mut() {
            lane.awaits = lane.awaits.filter(|awaited| *awaited > token);
        }
    }

    /// The link is not open yet: its frames are kept until it is.
    pub fn hold(&mut self, link: LinkId) {
        self.bots.entry(link).or_default().held = true;
    }

    /// The link is open now.
    pub fn release(&mut self, link: LinkId) {
        self.bots.entry(link).or_default().held = false;
    }

    /// The link has ended; nothing of it is fed any more.
    pub fn forget(&mut self, link: LinkId) {
        self.data.remove(&link);
        if let Some(lane) = self.bots.remove(&link) {
            self.cancels -= lane.queue.iter().filter(|input| input.is_cancel()).count();
        }
    }

    /// Whether any order waits for the disk.
    #[cfg(test)]
    pub(crate) fn is_waiting(&self, link: LinkId) -> bool {
        self.bots.get(&link).is_some_and(|lane| lane.awaits.is_some())
    }

    /// How many of the link's frames may have to wait for the venue's budget.
    pub fn paced(&self, link: LinkId) -> usize {
        self.bots.get(&link).map_or(0, |lane| lane.queue.len() - lane.unpaced)
    }

    /// The next piece of work.
    pub fn next(&mut self, heard: Heard) -> Option<WorkItem<O, V>> {
        if let Some(input) = self.operator.pop_front() {
            return Some(WorkItem::Operator(input));
        }
        if let Some(input) = self.venue.pop_front() {
            return Some(WorkItem::Venue(input));
        }
        if let Some((link, input)) = self.pop_cancel() {
            return Some(WorkItem::Bot(link, input));
        }
        if let Some(token) = self.flushed.pop_front() {
            return Some(WorkItem::Flushed(token));
        }
        if self.since_data >= FRAMES_BEFORE_DATA
            && let Some(input) = self.pop_data()
        {
            return Some(WorkItem::Venue(input));
        }
        if let Some((link, input)) = self.pop_bot(heard) {
            self.since_data = self.since_data.saturating_add(1);
            return Some(WorkItem::Bot(link, input));
        }
        self.pop_data().map(WorkItem::Venue)
    }

    /// Whether [`next`](Self::next) would find anything.
    pub fn has_work(&self, heard: Heard) -> bool {
        !(self.operator.is_empty() && self.venue.is_empty() && self.flushed.is_empty())
            || (self.cancels > 0 && self.bots.values().any(|lane| lane.first_free_cancel().is_some()))
            || self.bots.values().any(|lane| lane.ready(heard).is_some())
            || self.data.values().any(|queue| !queue.is_empty())
    }

    /// The next data of the links in turn.
    fn pop_data(&mut self) -> Option<V> {
        self.since_data = 0;
        let link = next_in_turn(&self.data, self.data_served, |queue| !queue.is_empty())?;
        self.data_served = Some(link);
        self.data.get_mut(&link)?.pop_front()
    }

    fn pop_cancel(&mut self) -> Option<(LinkId, BotInput)> {
        if self.cancels == 0 {
            return None;
        }
        let (link, at) =
            self.bots.iter().find_map(|(link, lane)| Some((*link, lane.first_free_cancel()?)))?;
        let lane = self.bots.get_mut(&link)?;
        let input = lane.queue.remove(at)?;
        lane.unpaced -= 1;
        self.cancels -= 1;
        Some((link, input))
    }

    fn pop_bot(&mut self, heard: Heard) -> Option<(LinkId, BotInput)> {
        let link = next_in_turn(&self.bots, self.served, |lane| lane.ready(heard).is_some())?;
        let lane = self.bots.get_mut(&link)?;
        let input = lane.queue.remove(lane.ready(heard)?)?;
        lane.unpaced -= usize::from(!input.is_paced());
        self.served = Some(link);
        self.cancels -= usize::from(input.is_cancel());
        Some((link, input))
    }
}

/// The first link behind the one that was served last, round and round, for which there is work.
fn next_in_turn<T>(
    of: &BTreeMap<LinkId, T>,
    served: Option<LinkId>,
    ready: impl Fn(&T) -> bool,
) -> Option<LinkId> {
    let after = served.map_or(LinkId(0), |link| LinkId(link.0.saturating_add(1)));
    let find = |(link, one): (&LinkId, &T)| ready(one).then_some(*link);
    of.range(after..).find_map(find).or_else(|| of.range(..after).find_map(find))
}

impl Lane {
    /// Which of the frames may be dealt with next.
    fn ready(&self, heard: Heard) -> Option<usize> {
        let at = match heard {
            Heard::Cancels => None,
            Heard::Unpaced if self.unpaced == 0 => None,
            Heard::Unpaced => self.queue.iter().position(|input| !input.is_paced()),
            Heard::Everything => Some(0),
        }?;
        let input = self.queue.get(at).filter(|_| !self.held)?;
        (self.awaits.is_none() || input.enters_order()).then_some(at)
    }

    /// The first cancel with none of the orders that it may end in front of it.
    fn first_free_cancel(&self) -> Option<usize> {
        if self.held {
            return None;
        }
        let mut orders: Vec<Option<OrderId>> = Vec::new();
        for (at, input) in self.queue.iter().enumerate() {
            match input {
                BotInput::Frame { request: Request::Order(order), .. } => orders.push(Some(order.order_id)),
                BotInput::Frame { request: Request::UnreadableOrder { order_id, .. }, .. } => {
                    orders.push(*order_id);
                }
                BotInput::Frame { request: Request::Cancel(cancel), .. }
                    if !orders.contains(&Some(cancel.order_id)) =>
                {
                    return Some(at);
                }
                BotInput::Frame { request: Request::GlobalCancel, .. } if orders.is_empty() => {
                    return Some(at);
                }
                BotInput::Frame { .. } | BotInput::Gone(_) => {}
            }
        }
        None
    }
}

impl BotInput {
    fn is_cancel(&self) -> bool {
        matches!(self, Self::Frame { request: Request::Cancel(_) | Request::GlobalCancel, .. })
    }

    /// Whether it goes to the venue and may wait until that takes more.
    pub fn is_paced(&self) -> bool {
        matches!(self, Self::Frame { .. }) && !self.is_cancel() && !self.enters_order()
    }

    fn enters_order(&self) -> bool {
        matches!(self, Self::Frame { request: Request::Order(_) | Request::UnreadableOrder { .. }, .. })
    }
}

#[cfg(test)]
mod tests;
