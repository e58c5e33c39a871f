//! A fleet in the middle of its day: reconciled, quoted, with orders that work, orders that are done, and
//! their executions and fees in the ledger. Everything came in as events, as it does in life.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use plimsoll_core::config::{
    Bars, BotConfig, Config, ExecutionTimes, FillAccount, Mode, OnCloseCrossing, Shown, VenueConfig,
};
use plimsoll_core::{Ask, Bridge, Command, Event, Quote, Struck};
use plimsoll_model::{
    Account, BotName, ClientId, ConId, Contract, ContractReport, Currency, ExecId, Execution,
    ExecutionReport, InstrumentId, LinkId, Money, Mono, Now, OrdType, OrderId, OrderRequest, OrderStatus,
    PermId, Price, Qty, RawFrame, Report, Request, Side, StatusReport, TimeInForce,
};
use rust_decimal::Decimal;

const OWN: LinkId = LinkId(900);
/// An ordinary Friday, an hour after the open.
const MORNING: &str = "2026-02-27T15:30:00Z";
/// Between two rounds: ten bots then order once a second each.
const STEP: Duration = Duration::from_millis(100);
const BOTS_PER_ACCOUNT: usize = 5;

/// How much there is of everything.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) bots: usize,
    pub(crate) instruments: usize,
    pub(crate) finished: usize,
    pub(crate) open: usize,
    pub(crate) executions: usize,
}

pub(crate) struct Fleet {
    bridge: Bridge,
    size: Size,
    out: Vec<Command>,
    mono: Duration,
    start: Timestamp,
    ids: Vec<i32>,
    executions: usize,
}

impl Fleet {
    pub(crate) fn start(size: &Size) -> Self {
        let mut fleet = Self {
            bridge: Bridge::new(),
            size: *size,
            out: Vec::new(),
            mono: Duration::ZERO,
            start: MORNING.parse().expect("an instant"),
            ids: vec![0; size.bots],
            executions: 0,
        };
        let config = Arc::new(config(size));
        fleet.feed(Event::Started { epoch: 1, config: config.clone() });
        fleet.feed(Event::OwnUp { link: OWN });
        fleet.answer_all();
        for (at, bot) in config.bots.iter().enumerate() {
            let (bot, client_id, raw) = (bot.name.clone(), bot.client_ids[0], RawFrame::default());
            fleet.feed(Event::BotArrived { link: link(at), bot, client_id, raw });
        }
        (0..size.instruments).for_each(|at| fleet.feed_quote(at));
        for number in 0..size.finished {
            let (id, bot) = fleet.place(number);
            let rest = size.executions % size.finished;
            let parts = size.executions / size.finished + usize::from(number < rest);
            (0..parts).for_each(|part| fleet.execute(number, bot, id, part + 1 == parts));
        }
        for number in size.finished..size.finished + size.open {
            let (id, bot) = fleet.place(number);
            fleet.feed(status(bot, id, OrderStatus::New, Qty::ZERO));
        }
        fleet
    }

    /// Takes an event; what comes out stays until the next one.
    pub(crate) fn feed(&mut self, event: Event) {
        self.out.clear();
        let nanos = u64::try_from(self.mono.as_nanos()).expect("a day fits");
        let now = Now { mono: Mono::from_nanos(nanos), wall: self.start + self.mono };
        self.bridge.on(now, event, &mut self.out);
    }

    /// The next quote; with it, time goes on.
    pub(crate) fn quote(&mut self, round: usize) -> Event {
        self.mono += STEP;
        let instrument = instrument(self.traded(round).1);
        let quote = quote(self.traded(round).1, self.start + self.mono);
        Event::Quote { instrument, quote }
    }

    /// An order that passes every guard.
    pub(crate) fn next_order(&mut self, round: usize) -> (Event, OrderId) {
        let (bot, at) = self.traded(round);
        self.ids[bot] += 1;
        let id = OrderId(self.ids[bot]);
        let side = if (round / self.size.bots).is_multiple_of(2) { Side::Buy } else { Side::Sell };
        // Away from the market, and each a little elsewhere, so that none crosses and none repeats another.
        let away = 1 + i64::try_from(round % 90).expect("a small number");
        let cents = if side == Side::Buy { cents(at) - away } else { cents(at) + away };
        let request = OrderRequest {
            order_id: id,
            contract: Contract::stock(&symbol(at), Currency::USD),
            side,
            qty: Qty::parse("10").expect("a quantity"),
            ord_type: OrdType::Limit,
            limit_px: Some(px(cents)),
            stop_px: None,
            tif: TimeInForce::Day,
            account: Some(account(bot)),
            order_ref: "its own words".into(),
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            legs: Vec::new(),
            what_if: false,
            outside_rth: false,
            unguarded: Vec::new(),
            fa_group: "".into(),
            beyond: Vec::new(),
        };
        let raw = RawFrame::new(Bytes::from_static(&[b'x'; 582]));
        (Event::FromBot { link: link(bot), request: Request::Order(Box::new(request)), raw }, id)
    }

    /// The disk has what was decided last.
    pub(crate) fn flushed(&self) -> Event {
        match self.out.as_slice() {
            [Command::Flush { token }] => Event::Flushed { token: *token },
            other => panic!("the order was not decided on: {other:?}"),
        }
    }

    pub(crate) fn assert_sent(&self) {
        assert!(matches!(self.out.as_slice(), [Command::Submit { .. }]), "not sent: {:?}", self.out);
    }

    pub(crate) fn canceled(&self, round: usize, id: OrderId) -> Event {
        status(self.traded(round).0, id, OrderStatus::Canceled, Qty::ZERO)
    }

    /// Which bot trades what in this round; every instrument has two bots.
    fn traded(&self, round: usize) -> (usize, usize) {
        let bot = round % self.size.bots;
        let share = self.size.instruments / self.size.bots;
        let at = bot * share + round / self.size.bots % (2 * share);
        (bot, at % self.size.instruments)
    }

    fn place(&mut self, number: usize) -> (OrderId, usize) {
        let quote = self.quote(number);
        self.feed(quote);
        let (order, id) = self.next_order(number);
        self.feed(order);
        let flushed = self.flushed();
        self.feed(flushed);
        self.assert_sent();
        (id, self.traded(number).0)
    }

    fn execute(&mut self, number: usize, bot: usize, order_id: OrderId, last: bool) {
        let (_, at) = self.traded(number);
        self.executions += 1;
        let exec_id = ExecId::new(&format!("0001.{:06}.01.01", self.executions)).expect("an id");
        let side = if (number / self.size.bots).is_multiple_of(2) { Side::Buy } else { Side::Sell };
        let report = ExecutionReport {
            req_id: None,
            order_id,
            client_id: client(bot),
            perm_id: perm(bot, order_id),
            contract: Contract::stock(&symbol(at), Currency::USD),
            order_ref: "".into(),
            cum_qty: Qty::parse("1").expect("a quantity"),
            execution: Execution {
                exec_id: exec_id.clone(),
                cl_ord_id: None,
                account: account(bot),
                instrument: instrument(at),
                side,
                last_qty: Qty::parse("1").expect("a quantity"),
                last_px: px(cents(at)),
                at: Some(self.start + self.mono),
            },
        };
        let raw = RawFrame::default();
        self.feed(Event::FromVenue { link: link(bot), report: Report::Execution(Box::new(report)), raw });
        let charge = Some(Money { amount: Decimal::ONE, currency: Currency::USD });
        let report = Report::Commission { exec_id, charge };
        self.feed(Event::FromVenue { link: link(bot), report, raw: RawFrame::default() });
        if last {
            self.feed(status(bot, order_id, OrderStatus::Filled, Qty::parse("1").expect("a quantity")));
        }
    }

    fn feed_quote(&mut self, at: usize) {
        let quote = quote(at, self.start + self.mono);
        self.feed(Event::Quote { instrument: instrument(at), quote });
    }

    /// The broker knows every contract and holds nothing.
    fn answer_all(&mut self) {
        for command in std::mem::take(&mut self.out) {
            let Command::Ask(ask) = command else { continue };
            let report = match ask {
                Ask::Positions => Report::PositionsEnd,
                Ask::OpenOrders => Report::OpenOrderEnd,
                Ask::Executions { req_id } => Report::ExecutionsEnd(req_id),
                Ask::CompletedOrders => Report::CompletedOrdersEnd,
                Ask::Quotes { .. }
                | Ask::Schedule { .. }
                | Ask::DayBars { .. }
                | Ask::Equity { .. }
                | Ask::EndEquity { .. } => {
                    continue;
                }
                Ask::Contract { req_id, contract } => {
                    let number = contract.symbol[1..].parse().expect("symbols are numbered");
                    Report::Contract(Box::new(ContractReport {
                        req_id,
                        contract: Contract { primary_exchange: "ARCA".into(), ..contract },
                        con_id: ConId(number),
                        valid_exchanges: "SMART,ARCA".into(),
                        liquid_hours: "".into(),
                        time_zone: "US/Eastern".into(),
                        qty_min: None,
                        qty_step: None,
                    }))
                }
            };
            self.feed(Event::FromVenue { link: OWN, report, raw: RawFrame::default() });
        }
    }
}

fn config(size: &Size) -> Config {
    let usd = |amount: i64| Some(Money { amount: amount.into(), currency: Currency::USD });
    let share = size.instruments / size.bots;
    let bot = |at: usize| {
        let instruments = (0..2 * share).map(|nth| (at * share + nth) % size.instruments);
        let contracts =
            instruments.map(|nth| (instrument(nth), Contract::stock(&symbol(nth), Currency::USD)));
        let instruments: std::collections::BTreeMap<_, _> = contracts.collect();
        BotConfig {
            name: BotName::new(&format!("bot_{at}")).expect("a name"),
            client_ids: vec![client(at)],
            accounts: vec![account(at)],
            shared: instruments.keys().cloned().collect(),
            instruments,
            fill_account: FillAccount::Never,
            positions: Shown::Own,
            execution_times: ExecutionTimes::AsSent,
            bars: Bars::AsSent,
            stale_after: Some(Duration::from_hours(8)),
            order_qty_max: Some(Qty::parse("1000").expect("a quantity")),
            order_notional_max: usd(25_000),
            position_notional_max: usd(10_000_000),
            daily_loss_max: usd(1_000_000),
            orders_per_minute_max: Some(1_000),
            price_collar: Some(Decimal::new(3, 2)),
            duplicate_window: Duration::from_secs(2),
        }
    };
    Config {
        mode: Mode::Enforce,
        venue: VenueConfig {
            name: "ib".into(),
            client_id: ClientId(900),
            accounts: (0..size.bots).step_by(BOTS_PER_ACCOUNT).map(account).collect(),
            on_close_crossing: OnCloseCrossing::Deny,
        },
        bots: (0..size.bots).map(bot).collect(),
        jobs: Vec::new(),
        allocations: Vec::new(),
        switched_off: Vec::new(),
    }
}

fn status(bot: usize, order_id: OrderId, status: OrderStatus, cum_qty: Qty) -> Event {
    let report = StatusReport {
        order_id,
        client_id: client(bot),
        perm_id: perm(bot, order_id),
        status,
        cum_qty,
        leaves_qty: Qty::ZERO,
        avg_px: None,
    };
    Event::FromVenue { link: link(bot), report: Report::Status(report), raw: RawFrame::default() }
}

fn link(bot: usize) -> LinkId {
    LinkId(1 + u64::try_from(bot).expect("a small number"))
}

fn client(bot: usize) -> ClientId {
    ClientId(11 + i32::try_from(bot).expect("a small number"))
}

fn perm(bot: usize, id: OrderId) -> PermId {
    PermId(i64::try_from(bot + 1).expect("a small number") * 1_000_000 + i64::from(id.0))
}

fn account(bot: usize) -> Account {
    Account::new(&format!("DU{}", bot / BOTS_PER_ACCOUNT)).expect("an account")
}

fn symbol(at: usize) -> String {
    format!("S{}", at + 1)
}

fn instrument(at: usize) -> InstrumentId {
    InstrumentId::us_stock(&symbol(at))
}

fn cents(at: usize) -> i64 {
    10_000 + 100 * i64::try_from(at).expect("a small number")
}

fn px(cents: i64) -> Price {
    Price::new(Decimal::new(cents, 2))
}

fn quote(at: usize, struck: Timestamp) -> Quote {
    let px = |away| Some(px(cents(at) + away));
    Quote { bid: px(-1), ask: px(1), last: px(0), struck: Struck::at(struck) }
}
