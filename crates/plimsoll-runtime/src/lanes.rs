//! What waits to be fed to the bridge, and in which order it is.
//!
//! Order of work: the operator, the venue's words, cancels, orders that the disk has, then the bots, one
//! frame each in turn, and last the venue's data, which no decision waits for. Within one link the order of
//! the bot's frames is kept, with two exceptions:
//! * a cancel goes ahead of everything but the order that it names (a global cancel: but any order);
//! * frames behind an order that waits for the disk wait too, except further orders right behind it,
//!   which then share the same sync.
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

/// What came from a bot.
#[derive(Debug)]
pub(crate) enum BotInput {
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
pub(crate) enum Piece<O, V> {
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
pub(crate) struct Lanes<O, V> {
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
    pub(crate) fn push_operator(&mut self, input: O) {
        self.operator.push_back(input);
    }

    /// Something that a decision may need, on a link of the venue.
    pub(crate) fn push_word(&mut self, link: LinkId, input: V) {
        if let Some(before) = self.data.get_mut(&link) {
            self.venue.append(before);
        }
        self.venue.push_back(input);
    }

    /// Something for the bot alone, on a link of the venue.
    pub(crate) fn push_data(&mut self, link: LinkId, input: V) {
        self.data.entry(link).or_default().push_back(input);
    }

    pub(crate) fn push_flushed(&mut self, token: u64) {
        self.flushed.push_back(token);
    }

    pub(crate) fn push_bot(&mut self, link: LinkId, input: BotInput) {
        self.cancels += usize::from(input.is_cancel());
        self.bots.entry(link).or_default().queue.push_back(input);
    }

    /// An order of this link waits for the disk.
    pub(crate) fn await_token(&mut self, link: LinkId, token: u64) {
        self.bots.entry(link).or_default().awaits = Some(token);
    }

    /// The bridge has dealt with this token: what waited behind its order may go on.
    pub(crate) fn settled(&mut self, token: u64) {
        for lane in self.bots.values_mut() {
            lane.awaits = lane.awaits.filter(|awaited| *awaited > token);
        }
    }

    /// The link is not open yet: its frames are kept until it is.
    pub(crate) fn hold(&mut self, link: LinkId) {
        self.bots.entry(link).or_default().held = true;
    }

    /// The link is open now.
    pub(crate) fn release(&mut self, link: LinkId) {
        self.bots.entry(link).or_default().held = false;
    }

    /// The link has ended; nothing of it is fed any more.
    pub(crate) fn forget(&mut self, link: LinkId) {
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

    /// The next piece of work. With `cancels_only` bots are heard for nothing else: the journal lags.
    pub(crate) fn next(&mut self, cancels_only: bool) -> Option<Piece<O, V>> {
        if let Some(input) = self.operator.pop_front() {
            return Some(Piece::Operator(input));
        }
        if let Some(input) = self.venue.pop_front() {
            return Some(Piece::Venue(input));
        }
        if let Some((link, input)) = self.pop_cancel() {
            return Some(Piece::Bot(link, input));
        }
        if let Some(token) = self.flushed.pop_front() {
            return Some(Piece::Flushed(token));
        }
        if self.since_data >= FRAMES_BEFORE_DATA
            && let Some(input) = self.pop_data()
        {
            return Some(Piece::Venue(input));
        }
        if !cancels_only && let Some((link, input)) = self.pop_bot() {
            self.since_data = self.since_data.saturating_add(1);
            return Some(Piece::Bot(link, input));
        }
        self.pop_data().map(Piece::Venue)
    }

    /// Whether [`next`](Self::next) would find anything.
    pub(crate) fn has_work(&self, cancels_only: bool) -> bool {
        !(self.operator.is_empty() && self.venue.is_empty() && self.flushed.is_empty())
            || (self.cancels > 0 && self.bots.values().any(|lane| lane.first_free_cancel().is_some()))
            || (!cancels_only && self.bots.values().any(Lane::is_ready))
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
        let input = self.bots.get_mut(&link)?.queue.remove(at)?;
        self.cancels -= 1;
        Some((link, input))
    }

    fn pop_bot(&mut self) -> Option<(LinkId, BotInput)> {
        let link = next_in_turn(&self.bots, self.served, Lane::is_ready)?;
        let input = self.bots.get_mut(&link)?.queue.pop_front()?;
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
    fn is_ready(&self) -> bool {
        match self.queue.front() {
            None => false,
            Some(_) if self.held => false,
            Some(input) => self.awaits.is_none() || input.enters_order(),
        }
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

    fn enters_order(&self) -> bool {
        matches!(self, Self::Frame { request: Request::Order(_) | Request::UnreadableOrder { .. }, .. })
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{CancelRequest, Contract, Currency, OrdType, OrderRequest, Qty, Side, TimeInForce};

    use super::*;

    const TREND: LinkId = LinkId(1);
    const REVERT: LinkId = LinkId(2);

    fn order(id: i32) -> Request {
        Request::Order(Box::new(OrderRequest {
            order_id: OrderId(id),
            contract: Contract::stock("SPY", Currency::USD),
            side: Side::Buy,
            qty: Qty::whole(1),
            ord_type: OrdType::Market,
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            account: None,
            order_ref: "".into(),
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            legs: Vec::new(),
            what_if: false,
            outside_rth: false,
            unguarded: vec![],
        }))
    }

    fn cancel(id: i32) -> Request {
        Request::Cancel(CancelRequest { order_id: OrderId(id) })
    }

    /// Fills the lanes from `link request` pairs.
    fn lanes(frames: Vec<(LinkId, Request)>) -> Lanes<&'static str, &'static str> {
        let mut lanes = Lanes::default();
        for (link, request) in frames {
            lanes.push_bot(link, BotInput::Frame { request, raw: RawFrame::default(), _room: None });
        }
        lanes
    }

    fn drain(lanes: &mut Lanes<&'static str, &'static str>) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(work) = lanes.next(false) {
            seen.push(match work {
                Piece::Operator(text) | Piece::Venue(text) => text.to_owned(),
                Piece::Flushed(token) => format!("flushed {token}"),
                Piece::Bot(link, BotInput::Gone(_)) => format!("{link} gone"),
                Piece::Bot(link, BotInput::Frame { request, .. }) => match request {
                    Request::Order(order) => format!("{link} order {}", order.order_id),
                    Request::Cancel(cancel) => format!("{link} cancel {}", cancel.order_id),
                    Request::GlobalCancel => format!("{link} cancel all"),
                    _ => format!("{link} other"),
                },
            });
        }
        seen
    }

    #[test]
    fn a_request_behind_a_waiting_order_waits_and_an_order_right_behind_does_not() {
        let mut lanes =
            lanes(vec![(TREND, order(1)), (TREND, order(2)), (TREND, Request::Other), (TREND, order(3))]);
        assert!(matches!(lanes.next(false), Some(Piece::Bot(TREND, _))));
        lanes.await_token(TREND, 7);
        assert_eq!(drain(&mut lanes), ["1 order 2"]);
        lanes.await_token(TREND, 8);
        lanes.settled(7);
        assert_eq!(drain(&mut lanes), Vec::<String>::new(), "order 2 still waits");
        lanes.settled(8);
        assert!(!lanes.is_waiting(TREND));
        assert_eq!(drain(&mut lanes), ["1 other", "1 order 3"]);
    }

    #[test]
    fn a_cancel_goes_ahead_of_everything_but_its_own_order() {
        let mut lanes =
            lanes(vec![(TREND, Request::Other), (TREND, order(5)), (TREND, cancel(5)), (TREND, cancel(4))]);
        assert_eq!(drain(&mut lanes), ["1 cancel 4", "1 other", "1 order 5", "1 cancel 5"]);
    }

    #[test]
    fn a_cancel_passes_a_link_that_waits_for_the_disk() {
        let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(1))]);
        lanes.await_token(TREND, 1);
        assert_eq!(drain(&mut lanes), ["1 cancel 1"]);
    }

    #[test]
    fn a_global_cancel_stays_behind_orders_that_came_before_it() {
        let mut lanes = lanes(vec![
            (TREND, Request::Other),
            (TREND, Request::GlobalCancel),
            (TREND, order(1)),
            (TREND, Request::GlobalCancel),
        ]);
        assert_eq!(drain(&mut lanes), ["1 cancel all", "1 other", "1 order 1", "1 cancel all"]);
    }

    #[test]
    fn one_bot_cannot_starve_another() {
        let mut lanes =
            lanes(vec![(TREND, order(1)), (TREND, order(2)), (TREND, order(3)), (REVERT, order(1))]);
        assert_eq!(drain(&mut lanes), ["1 order 1", "2 order 1", "1 order 2", "1 order 3"]);
    }

    #[test]
    fn halts_go_first_then_the_venue_then_cancels_then_what_the_disk_has() {
        let mut lanes = lanes(vec![(TREND, order(1)), (REVERT, cancel(1))]);
        lanes.push_flushed(3);
        lanes.push_data(REVERT, "tick");
        lanes.push_word(TREND, "status");
        lanes.push_operator("halt");
        assert_eq!(drain(&mut lanes), ["halt", "status", "2 cancel 1", "flushed 3", "1 order 1", "tick"]);
    }

    #[test]
    fn a_cancel_goes_ahead_of_a_flood_of_ticks() {
        let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(4))]);
        for _ in 0..1000 {
            lanes.push_data(TREND, "tick");
        }
        assert_eq!(drain(&mut lanes)[..2], ["1 cancel 4", "1 other"]);
    }

    #[test]
    fn what_a_venue_sends_on_one_link_is_never_reordered() {
        let mut lanes = lanes(vec![]);
        lanes.push_data(TREND, "tick 1");
        lanes.push_data(REVERT, "other tick");
        lanes.push_word(TREND, "status");
        lanes.push_data(TREND, "tick 2");
        assert_eq!(drain(&mut lanes), ["tick 1", "status", "tick 2", "other tick"]);
    }

    #[test]
    fn a_bot_that_never_stops_asking_does_not_silence_the_market() {
        let mut lanes = lanes((0..40).map(|_| (TREND, Request::Other)).collect());
        lanes.push_data(REVERT, "tick 1");
        lanes.push_data(REVERT, "tick 2");
        let seen = drain(&mut lanes);
        let at = |tick: &str| seen.iter().position(|seen| seen == tick);
        assert_eq!((at("tick 1"), at("tick 2")), (Some(16), Some(33)));
    }

    #[test]
    fn data_flows_on_while_the_journal_lags() {
        let mut lanes = lanes(vec![(TREND, order(1))]);
        lanes.push_data(TREND, "tick");
        assert!(lanes.has_work(true));
        assert!(matches!(lanes.next(true), Some(Piece::Venue("tick"))));
        assert!(!lanes.has_work(true));
    }

    #[test]
    fn while_the_journal_lags_only_cancels_are_heard() {
        let mut lanes = lanes(vec![(TREND, order(1)), (REVERT, cancel(1))]);
        assert!(matches!(lanes.next(true), Some(Piece::Bot(REVERT, _))));
        assert!(lanes.next(true).is_none());
        assert!(lanes.next(false).is_some());
    }

    #[test]
    fn nothing_is_heard_of_a_link_before_it_is_open_and_nothing_is_lost() {
        let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(1))]);
        lanes.hold(TREND);
        assert!(!lanes.has_work(false));
        assert_eq!(drain(&mut lanes), Vec::<String>::new());
        lanes.release(TREND);
        assert_eq!(drain(&mut lanes), ["1 cancel 1", "1 other"]);
    }

    #[test]
    fn a_forgotten_link_leaves_no_cancel_behind() {
        let mut lanes = lanes(vec![(TREND, cancel(1)), (REVERT, Request::Other)]);
        lanes.push_data(TREND, "tick");
        lanes.forget(TREND);
        assert_eq!(drain(&mut lanes), ["2 other"]);
        assert_eq!(lanes.cancels, 0);
    }
}
