//! The venue in model terms: orders, executions, accounts and the market, without any wire.
//!
//! Owns the state and the passing of seconds. What changes is told as a list of [`Happening`]s, each
//! with the order as it was at that moment; who hears of it is the server's matter. The work is in
//! the files beside: `entry` (new orders and changes), `cancel`, `fill`, `auction`.
//!
//! Invariant: cash and positions move only by executions, and every execution is in `executions`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Account, ClientId, ExecId, OrderId, PermId, Side};
use rust_decimal::Decimal;

use crate::ibkr::accounts::Book;
use crate::ibkr::adviser::{self, Group};
use crate::ibkr::efficiency::Efficiency;
use crate::ibkr::order::Order;
use crate::ibkr::permits::Permits;
use crate::ibkr::violation::{Kind, Violation};
use crate::ibkr::{MissingAccount, Profile, TwsSettings, VenueConfig};
use crate::market::hours::Session;
use crate::market::listing::Product;
use crate::market::{Market, Second, Sym};

/// One execution.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    /// Its key.
    pub(crate) exec_id: ExecId,
    /// Of which order.
    pub(crate) perm_id: PermId,
    /// The order's client.
    pub(crate) client: ClientId,
    /// The client's number.
    pub(crate) order_id: OrderId,
    /// For whom.
    pub(crate) account: Account,
    /// Of what.
    pub(crate) sym: Sym,
    /// Which way.
    pub(crate) side: Side,
    /// Shares.
    pub(crate) qty: i64,
    /// In cents.
    pub(crate) px: i64,
    /// When.
    pub(crate) at: Timestamp,
    /// Where.
    pub(crate) exchange: &'static str,
    /// The order's shares so far.
    pub(crate) cum_qty: i64,
    /// The order's average price so far.
    pub(crate) avg_px: Decimal,
    /// The client's text.
    pub(crate) order_ref: Box<str>,
    /// TWS's `lastLiquidity`: 1 added, 2 removed.
    pub(crate) liquidity: i32,
    /// The charge.
    pub(crate) commission: Decimal,
    /// The profit taken, if it closed anything.
    pub(crate) realized: Option<Decimal>,
    /// What it did to the cost of the position.
    pub(crate) cost_change: Decimal,
    /// The same without commission.
    pub(crate) basis_change: Decimal,
    /// It is an account's own, and not the row of an adviser's whole order.
    pub(crate) booked: bool,
    /// It is the row of a whole combination.
    pub(crate) combo: bool,
}

/// Something that clients may hear of.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// The order's description and its status.
    Order(Box<Order>),
    /// Its status alone.
    Status(Box<Order>),
    /// An execution, by its index.
    Executed(usize),
    /// The commission of an execution, by its index.
    Charged(usize),
    /// A message about an order.
    Message(Message),
}

/// An error or warning about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Whose order.
    pub(crate) client: ClientId,
    /// Which.
    pub(crate) order_id: OrderId,
    /// TWS's code.
    pub(crate) code: i32,
    /// The text.
    pub(crate) text: String,
}

/// What a fault does to orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderFaults {
    /// New orders are refused with this reason.
    pub(crate) reject: Option<Box<str>>,
    /// New orders vanish without a word.
    pub(crate) drop_silently: bool,
    /// Commissions come this much later.
    pub(crate) commission_delay: Option<SignedDuration>,
    /// Each execution and its status are told twice.
    pub(crate) duplicate: bool,
    /// Cancels are acknowledged this much later.
    pub(crate) cancel_delay: Option<SignedDuration>,
}

/// The venue without a wire.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Prices.
    pub(crate) market: Market,
    /// The present.
    pub(crate) now: Timestamp,
    /// The rules in force.
    pub(crate) profile: Profile,
    /// What an order without account meets.
    pub(crate) missing_account: MissingAccount,
    /// The accounts of the login, the default one first.
    pub(crate) account_names: Vec<Account>,
    /// What they hold.
    pub(crate) books: BTreeMap<Account, Book>,
    /// Every order of the run, by its account-wide number.
    pub(crate) orders: BTreeMap<PermId, Box<Order>>,
    /// The orders that may still change.
    pub(crate) open: BTreeSet<PermId>,
    /// The account-wide number of a client's order.
    pub(crate) by_client: BTreeMap<(ClientId, OrderId), PermId>,
    /// The highest order id that each client has used.
    pub(crate) highest_id: BTreeMap<ClientId, OrderId>,
    /// Every execution of the run.
    pub(crate) fills: Vec<Fill>,
    /// Live rules that somebody broke.
    pub(crate) violations: Vec<Violation>,
    /// What was not yet told.
    pub(crate) happenings: Vec<Happening>,
    /// New orders that wait for TWS's server, in the order in which they came; some may have been taken back.
    pub(crate) kept: Vec<PermId>,
    /// What TWS tells by itself, also while it has no server.
    pub(crate) at_once: Vec<Happening>,
    /// Faults that touch orders.
    pub(crate) faults: OrderFaults,
    /// What the login may not see or trade.
    pub(crate) permits: Permits,
    /// Commissions that were not told yet: when, which.
    pub(crate) charges: BTreeSet<(Timestamp, usize)>,
    /// Cancels that were asked for and not carried out yet: when, which.
    pub(crate) cancels: BTreeSet<(Timestamp, PermId)>,
    /// Open orders whose cancel waits until their exchange opens.
    pub(crate) waiting_cancels: BTreeSet<PermId>,
    /// The trade date whose session was ended early.
    pub(crate) closed_early: Option<jiff::civil::Date>,
    /// Shares of this second's quote that are already taken.
    pub(crate) taken: BTreeMap<(Sym, Side), i64>,
    /// The last price of each symbol in cents, as of the last second.
    pub(crate) marks: BTreeMap<Sym, i64>,
    /// The next account-wide order number.
    pub(crate) next_perm: i64,
    /// What each account did today.
    pub(crate) efficiency: BTreeMap<Account, Efficiency>,
    /// An adviser's groups by name; empty where the login is nobody's adviser.
    pub(crate) groups: BTreeMap<Box<str>, Group>,
    /// Symbols whose shares have to be found before they are sold short.
    pub(crate) hard_to_borrow: BTreeSet<Sym>,
    /// Options that shall not be exercised at their end, and how many of them.
    pub(crate) lapsing: BTreeMap<(Account, Sym), i64>,
    /// TWS has lost its server.
    pub(crate) link_down: bool,
    /// How the TWS in front is set up.
    pub(crate) settings: TwsSettings,
    /// Decides prices and sequences.
    pub(crate) seed: u64,
}

impl Exchange {
    /// A venue before anything happened.
    pub(crate) fn new(config: &VenueConfig, symbols: &[Box<str>]) -> Self {
        Self::with_market(config, Market::new(config.seed, symbols, config.start))
    }

    /// The same over a market that is there already.
    pub(crate) fn with_market(config: &VenueConfig, mut market: Market) -> Self {
        market.set_slices(config.settings.quotes_per_second);
        let marks = market.all().map(|sym| (sym, market.last_price(sym, config.start))).collect();
        let cash = |account: &Account| if adviser::is_adviser(account) { Decimal::ZERO } else { config.cash };
        let books =
            config.accounts.iter().map(|account| (account.clone(), Book::new(cash(account)))).collect();
        Self {
            market,
            now: config.start,
            profile: config.profile,
            missing_account: config.missing_account,
            account_names: config.accounts.clone(),
            books,
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            by_client: BTreeMap::new(),
            highest_id: BTreeMap::new(),
            fills: Vec::new(),
            violations: Vec::new(),
            happenings: Vec::new(),
            kept: Vec::new(),
            at_once: Vec::new(),
            faults: OrderFaults::default(),
            permits: Permits::default(),
            charges: BTreeSet::new(),
            cancels: BTreeSet::new(),
            waiting_cancels: BTreeSet::new(),
            closed_early: None,
            taken: BTreeMap::new(),
            marks,
            next_perm: 600_000_001,
            efficiency: BTreeMap::new(),
            groups: adviser::first_groups(&config.accounts),
            hard_to_borrow: BTreeSet::new(),
            lapsing: BTreeMap::new(),
            link_down: false,
            settings: config.settings.clone(),
            seed: config.seed,
        }
    }

    /// The next second at which something can happen by itself.
    pub(crate) fn next_second(&self) -> Timestamp {
        let whole = self.now.as_second() + 1;
        let next = crate::market::timestamp(whole);
        let session = self.market.hours.last_begun(next);
        if next <= session.close { next } else { self.market.hours.after(session.date).open }
    }

    /// Lets the market stand at a whole second: auctions, triggers, executions, expiries.
    pub(crate) fn second(&mut self, at: Timestamp) {
        self.now = at;
        self.taken.clear();
        self.mark();
        // Before anything trades: what was asked in the night goes ahead of the opening auction.
        self.answer_waiting_cancels();
        let session = self.market.hours.last_begun(at);
        if at == session.open {
            self.efficiency.clear();
            self.open_session(session);
        }
        self.turn_sessions_abroad();
        let abroad = self.open.iter().any(|perm| self.is_on(self.order(*perm)));
        if abroad || at < session.close && self.closed_early != Some(session.date) {
            self.end_overdue();
            self.arm_orders();
            self.move_stops();
            self.trigger_stops();
            for perm in self.open.iter().copied().collect::<Vec<_>>() {
                self.work_resting(perm);
            }
        }
        if at == session.close {
            self.close_session(session);
            self.expire_options(session);
        }
        self.expire_futures();
    }

    /// Somebody moves the market by hand: what rests or waits for a price meets it at once.
    pub(crate) fn set_price(&mut self, sym: Sym, quote: Second) {
        self.market.set_price(sym, self.now, quote);
        self.mark();
        self.taken.remove(&(sym, Side::Buy));
        self.taken.remove(&(sym, Side::Sell));
        self.arm_orders();
        self.move_stops();
        self.trigger_stops();
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            self.work_resting(perm);
        }
    }

    /// Tells commissions and carries out cancels that are due.
    pub(crate) fn run_charges(&mut self) {
        while let Some((due, fill)) = self.charges.first().copied() {
            if due > self.now {
                break;
            }
            self.charges.pop_first();
            self.tell(Happening::Charged(fill));
        }
        while let Some((due, perm)) = self.cancels.first().copied().filter(|(due, _)| *due <= self.now) {
            self.cancels.remove(&(due, perm));
            self.finish_cancel(perm);
        }
    }

    /// The running session.
    pub(crate) fn session(&self) -> Option<Session> {
        self.market.hours.open_at(self.now).filter(|session| self.closed_early != Some(session.date))
    }

    /// The session that an order entered now works in first.
    pub(crate) fn session_for_orders(&self) -> Session {
        let session = self.market.hours.at_or_after(self.now);
        if self.closed_early == Some(session.date) { self.market.hours.after(session.date) } else { session }
    }

    /// An execution by its id; none means the last one.
    pub(crate) fn find_fill(&self, exec_id: Option<&str>) -> Option<usize> {
        self.fills.iter().rposition(|fill| exec_id.is_none_or(|exec_id| exec_id == fill.exec_id.as_str()))
    }

    /// The last price of a symbol in cents, or in its own units.
    pub(crate) fn last_px(&self, sym: Sym) -> i64 {
        self.marks[&sym]
    }

    fn mark(&mut self) {
        for (sym, px) in &mut self.marks {
            *px = self.market.last_price(*sym, self.now);
        }
    }

    /// An order that must exist because its number came from the book itself.
    pub(crate) fn order(&self, perm: PermId) -> &Order {
        &self.orders[&perm]
    }

    /// The same, to be changed.
    pub(crate) fn order_mut(&mut self, perm: PermId) -> &mut Order {
        self.orders.get_mut(&perm).expect("orders are never removed from the book")
    }

    /// Puts something on the list of what clients hear.
    pub(crate) fn tell(&mut self, happening: Happening) {
        let again =
            self.faults.duplicate && matches!(happening, Happening::Status(_) | Happening::Executed(_));
        if again {
            self.happenings.push(happening.clone());
        }
        self.happenings.push(happening);
    }

    /// Tells an order's description and status as they are now.
    pub(crate) fn tell_order(&mut self, perm: PermId) {
        let order = Box::new(self.order(perm).clone());
        self.tell(Happening::Order(order));
    }

    /// Tells an order's status as it is now.
    pub(crate) fn tell_status(&mut self, perm: PermId) {
        let order = Box::new(self.order(perm).clone());
        self.tell(Happening::Status(order));
    }

    /// Tells a message about an order.
    pub(crate) fn tell_message(&mut self, order: (ClientId, OrderId), code: i32, text: String) {
        let (client, order_id) = order;
        self.tell(Happening::Message(Message { client, order_id, code, text }));
    }

    /// Records that a live rule was broken.
    pub(crate) fn violated(&mut self, client: ClientId, kind: Kind, detail: String) {
        let at = self.now;
        self.violations.push(Violation { at, kind, detail, client });
    }

    /// The id of the next execution: `0000e0d5`, order and count in hexadecimal, revision `01.01`.
    pub(crate) fn next_exec_id(&self) -> ExecId {
        let text = format!("0000{:04x}.{:08x}.01.01", self.seed % 0xFFFF, self.fills.len() + 0x0100_0000);
        ExecId::new(&text).expect("the text of an execution id is short and not empty")
    }

    /// What texts call a symbol: the ticker of a stock, the local symbol of everything else.
    pub(crate) fn name(&self, sym: Sym) -> String {
        let listing = self.market.listing(sym);
        match listing.product {
            Product::Stock => listing.symbol.to_string(),
            Product::Option(under, series) => series.local_symbol(self.market.listing(under)),
            Product::Future(future) => future.local_symbol(),
            Product::Forex(_) => format!("{} Forex", listing.trading_class),
        }
    }

    /// A symbol's ticker.
    pub(crate) fn symbol(&self, sym: Sym) -> &str {
        &self.market.listing(sym).symbol
    }
}
