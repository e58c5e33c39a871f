//! What a person, a page or a command line may look at. Rows are in a fixed order.

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, LinkId, Money, Now, OrderStatus, Position, Price, Qty,
    Side,
};

use crate::book::OrderState;
use crate::bridge::{AllocationView, Bridge, FallbackView};
use crate::clock::ClockView;
use crate::config::Mode;
use crate::drop_copy::DropCopy;
use crate::fallback::Net;
use crate::guard::{GuardId, Span};
use crate::halt::Halt;
use crate::recon::ReconState;
use crate::result;
use crate::schedule::JobView;

/// Everything at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// `starting`, `reconciling`, `armed`, `read_only` or `halted`.
    pub state: &'static str,
    /// Deny, or only report.
    pub mode: Option<Mode>,
    /// How far reconciliation is.
    pub recon: ReconState,
    /// The broker's API takes no orders.
    pub read_only: bool,
    /// Whether orders of other clients come by themselves.
    pub drop_copy: DropCopy,
    /// Our clock.
    pub clock: ClockView,
    /// The stop of the fleet.
    pub halt: Option<Halt>,
    /// All bot links.
    pub links: Vec<LinkView>,
    /// All bots.
    pub bots: Vec<BotView>,
    /// All orders but those that ended a while ago, oldest first.
    pub orders: Vec<OrderView>,
    /// Orders over several accounts, the latest first.
    pub allocations: Vec<AllocationView>,
    /// All holdings, bots' and foreign.
    pub positions: Vec<PositionView>,
    /// Where the broker and the ledger differ.
    pub breaks: Vec<BreakView>,
    /// Days of which the broker lists other hours than the calendar, for people.
    pub disputed_days: Vec<String>,
    /// All jobs, in the order of the configuration.
    pub jobs: Vec<JobView>,
    /// On-close orders of jobs that a market order may stand in for, until after the close.
    pub fallbacks: Vec<FallbackView>,
}

/// One bot link.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// Which.
    pub link: LinkId,
    /// Whose.
    pub bot: BotName,
    /// As the bot named it.
    pub client_id: ClientId,
}

/// One bot.
#[derive(Debug, Clone)]
pub struct BotView {
    /// Its name.
    pub name: BotName,
    /// Plain word: `trading`, `held`, `halted`, `closed` or `silent` (not connected).
    pub state: &'static str,
    /// Why it is not trading.
    pub because: Option<String>,
    /// Instruments with the age of their latest price.
    pub data_age: Vec<(InstrumentId, Option<std::time::Duration>)>,
    /// How many of its orders were denied.
    pub denied: usize,
    /// How many of its orders left.
    pub sent: usize,
    /// How many can still execute.
    pub open: usize,
    /// Net result including open positions, in US dollars.
    pub net: Money,
}

/// One order.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the order book")]
pub struct OrderView {
    pub bot: Option<BotName>,
    pub account: Option<Account>,
    pub instrument: InstrumentId,
    pub side: Side,
    pub qty: Qty,
    pub cum_qty: Qty,
    pub ord_type: Box<str>,
    pub limit_px: Option<Price>,
    pub status: OrderStatus,
    pub cl_ord_id: Option<ClOrdId>,
    pub perm_id: Option<i64>,
    pub denied_by: Option<GuardId>,
    pub since: Timestamp,
}

/// One holding.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are those of the ledger")]
pub struct PositionView {
    pub bot: Option<BotName>,
    pub account: Account,
    pub instrument: InstrumentId,
    pub qty: Position,
    pub avg_price: Option<Price>,
    pub realised_net: Money,
    pub fees: Money,
    pub unknown_fees: u32,
}

/// One difference.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BreakView {
    pub account: Account,
    pub instrument: InstrumentId,
    pub ledger: Position,
    pub broker: Position,
    /// It lasted and is explained by nothing: no new risk in it.
    pub locked: bool,
}

impl Bridge {
    /// Everything at this instant.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let allocations = self.allocation_views();
        Snapshot { orders: self.order_views(), allocations, ..self.snapshot_without_orders(now) }
    }

    /// Everything but the orders. Whoever only asks how things stand must not hold up those who trade: of orders
    /// there are thousands.
    pub fn snapshot_without_orders(&self, now: Now) -> Snapshot {
        Snapshot {
            at: now.wall,
            state: self.state_word(),
            mode: self.config.as_ref().map(|config| config.mode),
            recon: self.recon.state,
            read_only: self.recon.read_only,
            drop_copy: self.hearing.state,
            clock: self.clock.view(now),
            halt: self.halts.fleet().cloned(),
            links: self
                .links
                .iter()
                .map(|(link, state)| LinkView { link, bot: state.bot.clone(), client_id: state.client_id })
                .collect(),
            bots: self.bot_views(now),
            orders: Vec::new(),
            allocations: Vec::new(),
            positions: self.position_views(),
            breaks: self.break_views(),
            disputed_days: self.listed.open().iter().map(ToString::to_string).collect(),
            jobs: self.schedule.views(),
            fallbacks: self.fallback_views(),
        }
    }

    /// `starting`, `reconciling`, `armed`, `read_only` or `halted`.
    pub fn state_word(&self) -> &'static str {
        match (self.halts.fleet(), self.recon.state) {
            (Some(_), ReconState::Done) => "halted",
            (None, ReconState::Done) if self.recon.read_only => "read_only",
            (None, ReconState::Done) => "armed",
            (_, ReconState::Asking(_)) => "reconciling",
            (_, ReconState::Down) if self.recon.was_done => "reconciling",
            (_, ReconState::Down) => "starting",
        }
    }

    /// Whether the answers of a round of questions are outstanding.
    pub fn is_asking(&self) -> bool {
        matches!(self.recon.state, ReconState::Asking(_))
    }

    /// Whether bots may connect: a first reconciliation has been made.
    pub fn is_ready(&self) -> bool {
        self.recon.was_done
    }

    fn bot_views(&self, now: Now) -> Vec<BotView> {
        let Some(config) = &self.config else { return Vec::new() };
        config
            .bots
            .iter()
            .map(|bot| {
                let (state, because) = self.bot_word(now, bot);
                BotView {
                    name: bot.name.clone(),
                    state,
                    because,
                    data_age: bot
                        .instruments
                        .keys()
                        .map(|id| (id.clone(), self.quotes.age(id, now.wall)))
                        .collect(),
                    denied: self.book.denied_count_of(&bot.name),
                    sent: self.book.sent_count_of(&bot.name),
                    open: self.book.open_count_of(&bot.name),
                    net: result::of(&self.ledger, &self.quotes, &bot.name),
                }
            })
            .collect()
    }

    fn bot_word(&self, now: Now, bot: &crate::config::BotConfig) -> (&'static str, Option<String>) {
        if let Some(halt) = self.halts.of(&bot.name) {
            return ("halted", Some(format!("{} by {}: {}", halt.level, halt.by, halt.reason)));
        }
        if !self.links.iter().any(|(_, state)| state.bot == bot.name && state.attached) {
            return ("silent", Some("not connected".to_owned()));
        }
        if let Some(what) = self.recon.state.waiting_for() {
            return ("held", Some(format!("waiting for {what}")));
        }
        if self.recon.read_only {
            return ("held", Some("the broker's API is read-only".to_owned()));
        }
        let locked = |id: &InstrumentId| {
            let of = |account| self.unexplained.is_break(account, id);
            bot.accounts.iter().any(of)
        };
        if let Some(id) = bot.instruments.keys().find(|id| locked(id)) {
            return ("held", Some(format!("the broker's {id} is not explained, see `plimsoll breaks`")));
        }
        let trading: Vec<_> = bot.instruments.keys().filter(|id| self.is_trading(now, id)).collect();
        if trading.is_empty() {
            return ("closed", None);
        }
        let oldest = bot.stale_after.and_then(|max| {
            trading
                .into_iter()
                .map(|id| (id, self.quotes.age(id, now.wall)))
                .find(|(_, age)| age.is_none_or(|age| age > max))
        });
        match oldest {
            Some((id, Some(age))) => ("held", Some(format!("no {id} price for {}", Span(age)))),
            Some((id, None)) => ("held", Some(format!("no {id} price yet"))),
            None => ("trading", None),
        }
    }

    /// Whether the venue of an instrument is open; of what has no calendar nobody knows that it is not.
    fn is_trading(&self, now: Now, instrument: &InstrumentId) -> bool {
        let Some(calendar) = self.calendar_for(instrument) else { return true };
        calendar.is_regular_session(self.clock.corrected(now)).unwrap_or(false)
    }

    fn order_views(&self) -> Vec<OrderView> {
        self.book
            .recent()
            .map(|(_, state)| OrderView {
                bot: state.owner.bot().cloned(),
                account: state.account.clone(),
                instrument: state.instrument.clone(),
                side: state.side,
                qty: state.qty,
                cum_qty: state.cum_qty,
                ord_type: state.ord_type.as_wire().into(),
                limit_px: state.limit_px,
                status: self.status_for_people(state),
                cl_ord_id: state.cl_ord_id.clone(),
                perm_id: state.perm_id.map(|id| id.0),
                denied_by: state.denied_by,
                since: state.since,
            })
            .collect()
    }

    /// An order that left with others' is as sure as that one: the venue knows no other.
    fn status_for_people(&self, state: &OrderState) -> OrderStatus {
        let net = state.cl_ord_id.as_ref().and_then(|id| self.batches.net_of(id, &self.book));
        let is_silent = state.status.is_open() && net == Some(Net::Unacknowledged);
        if is_silent { OrderStatus::PendingNew } else { state.status }
    }

    fn position_views(&self) -> Vec<PositionView> {
        self.ledger
            .rows()
            .into_iter()
            .map(|row| PositionView {
                bot: row.bot,
                account: row.account,
                instrument: row.instrument,
                qty: row.qty,
                avg_price: row.avg_price,
                unknown_fees: row.realised_net.unknown_fees,
                realised_net: row.realised_net.amount,
                fees: row.fees,
            })
            .collect()
    }
}
