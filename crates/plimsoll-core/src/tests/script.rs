//! The script's interpreter: a fleet of two bots on one login, and a venue that says what the script says.
//!
//! `HH:MM:SS[.mmm] actor words…` in New York time of the day that `day` names:
//! `trend BUY 100 SPY MKT [500.01] [id=7] [account=DU2|account=-] [tif=GTC] [stop=490] [parent=3] [staged]
//! [oca=g] [rth]` · `trend cancel 7` · `trend cancel all` · `trend leaves` · `trend arrives` ·
//! `quote SPY 500.00 500.02` · `disk slow` / `disk done` · `venue accepts trend 7` ·
//! `venue fills trend 7 60 500.01` · `venue cancels trend 7` · `venue rejects trend 7 201` ·
//! `venue holds DU1 SPY 40` · `own down` / `own up` / `own answers` · `halt new_risk|all [bot]` ·
//! `resume [bot]` · `wake` · `restart`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{
    Account, BotName, CancelRequest, ClientId, ConId, Contract, ContractReport, Currency, ErrorReport,
    ExecId, Execution, ExecutionReport, InstrumentId, LinkId, Money, Mono, Now, OpenOrderReport, OrdType,
    OrderId, OrderRequest, OrderStatus, PermId, Position, PositionReport, Price, Qty, RawFrame, Report,
    Request, Side, StatusReport, TimeInForce,
};
use rust_decimal::Decimal;

use crate::config::{BotConfig, Config, FillAccount, Mode, OnCloseCrossing, VenueConfig};
use crate::{Ask, Bridge, Command, Event, HaltLevel, Operator, Quote};

/// Where our own connection lives in scripts; bots are at 1, 2, …
const OWN: LinkId = LinkId(900);

/// A venue's side of one order.
#[derive(Clone)]
struct AtVenue {
    request: OrderRequest,
    client_id: ClientId,
    order_ref: Box<str>,
    account: Account,
    perm_id: PermId,
    status: OrderStatus,
    cum_qty: Qty,
}

pub(super) struct Script {
    pub(super) bridge: Bridge,
    pub(super) config: Config,
    date: Date,
    wall: Timestamp,
    epoch: u64,
    disk_slow: bool,
    owed_flush: Option<u64>,
    requests: BTreeMap<(LinkId, OrderId), OrderRequest>,
    at_venue: BTreeMap<(ClientId, OrderId), AtVenue>,
    executions: Vec<ExecutionReport>,
    holdings: BTreeMap<(Account, InstrumentId), Position>,
    next_perm: i64,
    next_id: i32,
    asked: Vec<Ask>,
    trace: String,
}

fn account(text: &str) -> Account {
    Account::new(text).unwrap()
}

pub(super) fn bot(name: &str, client: i32, accounts: &[&str], instruments: &[&str]) -> BotConfig {
    BotConfig {
        name: BotName::new(name).unwrap(),
        client_ids: vec![ClientId(client)],
        accounts: accounts.iter().map(|text| account(text)).collect(),
        instruments: instruments
            .iter()
            .map(|symbol| {
                let contract = Contract {
                    primary_exchange: if *symbol == "QQQ" { "NASDAQ" } else { "ARCA" }.into(),
                    ..Contract::stock(symbol, Currency::USD)
                };
                (InstrumentId::us_stock(symbol), contract)
            })
            .collect(),
        shared: instruments.iter().map(|symbol| InstrumentId::us_stock(symbol)).collect(),
        fill_account: FillAccount::Never,
        stale_after: Some(Duration::from_secs(15)),
        order_qty_max: None,
        order_notional_max: None,
        position_notional_max: None,
        daily_loss_max: None,
        orders_per_minute_max: None,
        price_collar: Some(Decimal::new(3, 2)),
        duplicate_window: Duration::from_secs(2),
    }
}

impl Script {
    /// The usual fleet: `trend` (client 11, account DU1) and `revert` (client 12, DU1 and DU2), both on
    /// SPY and QQQ; ordinary Friday 2026-02-27; everything reconciled and both connected.
    pub(super) fn new() -> Self {
        let config = Config {
            mode: Mode::Enforce,
            venue: VenueConfig {
                name: "ib".into(),
                client_id: ClientId(900),
                accounts: vec![account("DU1"), account("DU2"), account("DU3")],
                on_close_crossing: OnCloseCrossing::Deny,
            },
            bots: vec![
                bot("trend", 11, &["DU1"], &["SPY", "QQQ"]),
                bot("revert", 12, &["DU1", "DU2"], &["SPY", "QQQ"]),
            ],
        };
        Self::with(config)
    }

    pub(super) fn with(config: Config) -> Self {
        Self {
            bridge: Bridge::new(),
            config,
            date: Date::constant(2026, 2, 27),
            wall: "2026-02-27T14:00:00Z".parse().unwrap(),
            epoch: 0,
            disk_slow: false,
            owed_flush: None,
            requests: BTreeMap::new(),
            at_venue: BTreeMap::new(),
            executions: Vec::new(),
            holdings: BTreeMap::new(),
            next_perm: 1000,
            next_id: 0,
            asked: Vec::new(),
            trace: String::new(),
        }
    }

    /// Runs the script after an ordinary start; the trace begins where the script begins.
    pub(super) fn run(&mut self, script: &str) -> String {
        let first = script.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if let Some(day) = first.strip_prefix("day ") {
            self.date = day.trim().parse().unwrap();
        }
        self.set_time("09:30:00");
        if self.epoch == 0 {
            self.start();
        }
        self.trace.clear();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !line.starts_with("day ") {
                self.line(line);
            }
        }
        std::mem::take(&mut self.trace)
    }

    pub(super) fn now(&self) -> Now {
        let nanos = u64::try_from(self.wall.as_nanosecond()).unwrap();
        Now { mono: Mono::from_nanos(nanos), wall: self.wall }
    }

    fn start(&mut self) {
        self.epoch += 1;
        let config = Arc::new(self.config.clone());
        self.feed(Event::Started { epoch: self.epoch, config });
        self.feed(Event::OwnUp { link: OWN });
        self.answer_all();
        let bots: Vec<_> = self.config.bots.iter().map(|bot| bot.name.to_string()).collect();
        for name in bots {
            self.arrive(&name);
        }
    }

    fn link_of(&self, name: &str) -> (LinkId, ClientId) {
        let at = self.config.bots.iter().position(|bot| bot.name.as_str() == name);
        let at = at.unwrap_or_else(|| panic!("no bot {name} in the script's fleet"));
        (LinkId(u64::try_from(at).unwrap() + 1), self.config.bots[at].client_ids[0])
    }

    fn arrive(&mut self, name: &str) {
        let (link, client_id) = self.link_of(name);
        let bot = BotName::new(name).unwrap();
        self.feed(Event::BotArrived { link, bot, client_id, raw: RawFrame::default() });
    }

    fn set_time(&mut self, clock: &str) {
        let time: jiff::civil::Time = clock.parse().unwrap();
        let zoned = self.date.to_datetime(time).in_tz("America/New_York").unwrap();
        self.wall = zoned.timestamp();
    }

    /// Feeds one event, writes the trace, and plays the disk.
    pub(super) fn feed(&mut self, event: Event) {
        let mut out = Vec::new();
        self.bridge.on(self.now(), event, &mut out);
        let mut flush = None;
        for command in out {
            self.carry_out(command, &mut flush);
        }
        match flush {
            Some(token) if self.disk_slow => self.owed_flush = Some(token),
            Some(token) => self.feed(Event::Flushed { token }),
            None => {}
        }
    }

    fn carry_out(&mut self, command: Command, flush: &mut Option<u64>) {
        match &command {
            Command::Flush { token } => {
                *flush = Some(*token);
                return;
            }
            Command::Ask(ask) => {
                self.asked.push(ask.clone());
                return;
            }
            Command::Forward { raw, .. } if raw.bytes().is_empty() => return,
            Command::Submit { link, order, .. } => {
                let order = order.get();
                self.reach_venue(*link, order.order_id, &order.cl_ord_id, order.account.clone());
            }
            _ => {}
        }
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let at = self.wall.to_zoned(zone).strftime("%H:%M:%S%.f").to_string();
        writeln!(self.trace, "{at} {command}").unwrap();
    }

    fn reach_venue(
        &mut self,
        link: LinkId,
        order_id: OrderId,
        reference: &plimsoll_model::ClOrdId,
        account: Account,
    ) {
        let client_id = self.config.bots[usize::try_from(link.0).unwrap() - 1].client_ids[0];
        self.next_perm += 1;
        let request = self.requests[&(link, order_id)].clone();
        let order = AtVenue {
            request,
            client_id,
            order_ref: reference.as_str().into(),
            account,
            perm_id: PermId(self.next_perm),
            status: OrderStatus::PendingNew,
            cum_qty: Qty::ZERO,
        };
        self.at_venue.insert((client_id, order_id), order);
    }

    fn line(&mut self, line: &str) {
        let (clock, rest) = line.split_once(' ').unwrap();
        self.set_time(clock);
        let words: Vec<&str> = rest.split_whitespace().collect();
        match words[..] {
            ["quote", symbol, bid, ask] => self.quote(symbol, bid, ask),
            ["disk", "slow"] => self.disk_slow = true,
            ["disk", "done"] => {
                self.disk_slow = false;
                if let Some(token) = self.owed_flush.take() {
                    self.feed(Event::Flushed { token });
                }
            }
            ["own", "down"] => self.feed(Event::OwnDown { link: OWN }),
            ["own", "up"] => {
                self.asked.clear();
                self.feed(Event::OwnUp { link: OWN });
            }
            ["own", "answers"] => self.answer_all(),
            ["own", "error", code] => {
                let error = ErrorReport { id: None, code: code.parse().unwrap(), text: "x".into() };
                self.own(Report::Error(error));
            }
            ["halt", level, ref whom @ ..] => {
                let level = if level == "all" { HaltLevel::All } else { HaltLevel::NewRisk };
                let bot = whom.first().map(|name| BotName::new(name).unwrap());
                let (by, reason) = ("op".into(), "drill".into());
                self.feed(Event::Operator(Operator::Halt { level, bot, by, reason }));
            }
            ["resume", ref whom @ ..] => {
                let bot = whom.first().map(|name| BotName::new(name).unwrap());
                let (by, reason) = ("op".into(), "drill".into());
                self.feed(Event::Operator(Operator::Resume { bot, by, reason }));
            }
            ["wake"] => self.feed(Event::Woke),
            ["restart"] => {
                self.owed_flush = None;
                self.disk_slow = false;
                self.asked.clear();
                self.start();
            }
            ["venue", ref what @ ..] => self.venue(what),
            [name, ref what @ ..] => self.bot_line(name, what),
            [] => panic!("empty line"),
        }
    }

    fn quote(&mut self, symbol: &str, bid: &str, ask: &str) {
        let quote = Quote {
            bid: Some(Price::parse(bid).unwrap()),
            ask: Some(Price::parse(ask).unwrap()),
            last: None,
            struck: self.wall,
        };
        self.feed(Event::Quote { instrument: InstrumentId::us_stock(symbol), quote });
    }

    fn bot_line(&mut self, name: &str, words: &[&str]) {
        let (link, _) = self.link_of(name);
        let raw = RawFrame::new(Bytes::from(words.join("|")));
        let request = match words {
            ["leaves"] => return self.feed(Event::BotGone { link }),
            ["arrives"] => return self.arrive(name),
            ["cancel", "all"] => Request::GlobalCancel,
            ["cancel", id] => Request::Cancel(CancelRequest { order_id: OrderId(id.parse().unwrap()) }),
            ["ids"] => Request::Ids,
            ["garbles", id] => Request::UnreadableOrder {
                order_id: Some(OrderId(id.parse().unwrap())),
                why: "field 17 is not a number".into(),
            },
            ["exercises"] => Request::Unguarded { name: "exerciseOptions", id: None },
            ["asks", name @ ("reqPnL" | "reqAccountUpdates"), of] => Request::AboutAccount {
                name: if *name == "reqPnL" { "reqPnL" } else { "reqAccountUpdates" },
                id: None,
                account: Account::new(of),
            },
            _ => {
                let order = self.order(name, words);
                self.requests.insert((link, order.order_id), order.clone());
                Request::Order(Box::new(order))
            }
        };
        self.feed(Event::FromBot { link, request, raw });
    }

    fn order(&mut self, name: &str, words: &[&str]) -> OrderRequest {
        let [side, qty, symbol, kind, rest @ ..] = words else { panic!("not an order: {words:?}") };
        let main = self.config.bots.iter().find(|bot| bot.name.as_str() == name).unwrap().accounts[0].clone();
        let mut order = OrderRequest {
            order_id: OrderId(0),
            contract: Contract::stock(symbol, Currency::USD),
            side: if *side == "BUY" { Side::Buy } else { Side::Sell },
            qty: Qty::parse(qty).unwrap(),
            ord_type: OrdType::from_wire(&kind.replace('_', " ")),
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            account: Some(main),
            order_ref: "own words".into(),
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            what_if: false,
            outside_rth: false,
            unguarded: Vec::new(),
        };
        for word in rest {
            match word.split_once('=') {
                Some(("id", v)) => order.order_id = OrderId(v.parse().unwrap()),
                Some(("account", v)) => order.account = Account::new(v.trim_matches('-')),
                Some(("tif", v)) => order.tif = TimeInForce::from_wire(v),
                Some(("stop", v)) => order.stop_px = Some(Price::parse(v).unwrap()),
                Some(("parent", v)) => order.parent_id = Some(OrderId(v.parse().unwrap())),
                Some(("oca", v)) => order.oca_group = v.into(),
                Some(("conid", v)) => order.contract.con_id = Some(ConId(v.parse().unwrap())),
                None if *word == "staged" => order.transmit = false,
                None if *word == "rth" => order.outside_rth = true,
                None if *word == "whatif" => order.what_if = true,
                None if *word == "cash" => order.unguarded.push("a cash quantity"),
                None => order.limit_px = Some(Price::parse(word).unwrap()),
                Some(other) => panic!("unknown word {other:?}"),
            }
        }
        if order.order_id.0 == 0 {
            self.next_id += 1;
            order.order_id = OrderId(self.next_id);
        }
        order
    }

    fn venue(&mut self, words: &[&str]) {
        if let ["holds", whose, symbol, qty] = words {
            let (whose, instrument) = (account(whose), InstrumentId::us_stock(symbol));
            let position = Position::parse(qty).unwrap();
            self.holdings.insert((whose.clone(), instrument), position);
            let contract = Contract::stock(symbol, Currency::USD);
            let report = PositionReport { account: whose, contract, position, avg_cost: None };
            return self.own(Report::Position(report));
        }
        let [verb, name, id, rest @ ..] = words else { panic!("the venue does not know {words:?}") };
        let (link, client_id) = self.link_of(name);
        let key = (client_id, OrderId(id.parse().unwrap()));
        match *verb {
            "accepts" => self.set_status(link, key, OrderStatus::New),
            "cancels" => {
                self.set_status(link, key, OrderStatus::Canceled);
                let error = ErrorReport { id: Some(key.1.0), code: 202, text: "Order Canceled".into() };
                self.say(link, Report::Error(error));
            }
            "rejects" => {
                let error =
                    ErrorReport { id: Some(key.1.0), code: rest[0].parse().unwrap(), text: "x".into() };
                self.at_venue.get_mut(&key).unwrap().status = OrderStatus::Rejected;
                self.say(link, Report::Error(error));
            }
            "forgets" => {
                self.at_venue.remove(&key);
            }
            "fills" => self.fill(link, key, rest[0], rest[1]),
            other => panic!("the venue does not know {other}"),
        }
    }

    fn fill(&mut self, link: LinkId, key: (ClientId, OrderId), qty: &str, px: &str) {
        let (qty, px) = (Qty::parse(qty).unwrap(), Price::parse(px).unwrap());
        let order = self.at_venue.get_mut(&key).unwrap();
        order.cum_qty = order.cum_qty.checked_add(qty).unwrap();
        let full = order.cum_qty >= order.request.qty;
        order.status = if full { OrderStatus::Filled } else { OrderStatus::New };
        let order = order.clone();
        let number = self.executions.len() + 1;
        let exec_id = ExecId::new(&format!("0001.{number:04}.01.01")).unwrap();
        let instrument = InstrumentId::of(&order.request.contract).unwrap();
        let report = ExecutionReport {
            req_id: None,
            order_id: key.1,
            client_id: order.client_id,
            perm_id: order.perm_id,
            contract: order.request.contract.clone(),
            order_ref: order.order_ref.clone(),
            cum_qty: order.cum_qty,
            execution: Execution {
                exec_id: exec_id.clone(),
                cl_ord_id: None,
                account: order.account.clone(),
                instrument: instrument.clone(),
                side: order.request.side,
                last_qty: qty,
                last_px: px,
                at: Some(self.wall),
            },
        };
        let held = self.holdings.entry((order.account.clone(), instrument)).or_insert(Position::FLAT);
        *held = held.after(order.request.side, qty).unwrap();
        self.executions.push(report.clone());
        self.say(link, Report::Execution(Box::new(report)));
        let charge = Some(Money { amount: Decimal::ONE, currency: Currency::USD });
        self.say(link, Report::Commission { exec_id, charge });
        let status = self.at_venue[&key].status;
        self.set_status(link, key, status);
    }

    fn set_status(&mut self, link: LinkId, key: (ClientId, OrderId), status: OrderStatus) {
        let order = self.at_venue.get_mut(&key).unwrap();
        order.status = status;
        let order = order.clone();
        self.say(link, Report::OpenOrder(Box::new(order.report())));
        self.say(
            link,
            Report::Status(StatusReport {
                order_id: key.1,
                client_id: key.0,
                perm_id: order.perm_id,
                status,
                cum_qty: order.cum_qty,
                leaves_qty: order.request.qty.saturating_sub(order.cum_qty),
                avg_px: None,
            }),
        );
    }

    /// Says something to a bot, if it is there to hear it; the venue does not know Plimsoll.
    fn say(&mut self, link: LinkId, report: Report) {
        let connected = self.bridge.snapshot(self.now()).links.iter().any(|view| view.link == link);
        if connected {
            let raw = RawFrame::new(Bytes::from_static(b"venue"));
            let before = self.trace.len();
            self.feed(Event::FromVenue { link, report, raw });
            // What the bot is shown is tested on its own; scripts are about decisions.
            let shown = self.trace.split_off(before);
            self.trace.extend(shown.lines().filter(|l| !l.contains(" show ")).map(|l| format!("{l}\n")));
        }
    }

    pub(super) fn own(&mut self, report: Report) {
        self.feed(Event::FromVenue { link: OWN, report, raw: RawFrame::default() });
    }

    /// Answers every open question on our own connection from the venue's truth.
    fn answer_all(&mut self) {
        for ask in std::mem::take(&mut self.asked) {
            match ask {
                Ask::Positions => {
                    for ((account, instrument), position) in self.holdings.clone() {
                        let contract = Contract::stock(instrument.as_str(), Currency::USD);
                        let avg_cost = None;
                        self.own(Report::Position(PositionReport { account, contract, position, avg_cost }));
                    }
                    self.own(Report::PositionsEnd);
                }
                Ask::OpenOrders => {
                    let open: Vec<_> =
                        self.at_venue.values().filter(|o| o.status.is_open()).map(AtVenue::report).collect();
                    for order in open {
                        self.own(Report::OpenOrder(Box::new(order)));
                    }
                    self.own(Report::OpenOrderEnd);
                }
                Ask::Executions { req_id } => {
                    for execution in self.executions.clone() {
                        self.own(Report::Execution(Box::new(execution)));
                    }
                    self.own(Report::ExecutionsEnd(req_id));
                }
                Ask::CompletedOrders => {
                    let ended: Vec<_> =
                        self.at_venue.values().filter(|o| !o.status.is_open()).map(AtVenue::report).collect();
                    for order in ended {
                        self.own(Report::CompletedOrder(Box::new(order)));
                    }
                    self.own(Report::CompletedOrdersEnd);
                }
                Ask::Contract { req_id, contract } => {
                    let con_id = ConId(if &*contract.symbol == "SPY" { 756_733 } else { 320_227_571 });
                    self.own(Report::Contract(Box::new(ContractReport {
                        req_id,
                        contract,
                        con_id,
                        tick: Some(Price::parse("0.01").unwrap()),
                        liquid_hours: "".into(),
                        time_zone: "US/Eastern".into(),
                    })));
                }
                Ask::Quotes { .. } => {}
            }
        }
    }
}

impl AtVenue {
    fn report(&self) -> OpenOrderReport {
        OpenOrderReport {
            order_id: Some(self.request.order_id),
            client_id: Some(self.client_id),
            perm_id: self.perm_id,
            contract: self.request.contract.clone(),
            account: Some(self.account.clone()),
            side: self.request.side,
            qty: self.request.qty,
            ord_type: self.request.ord_type.clone(),
            limit_px: self.request.limit_px,
            stop_px: self.request.stop_px,
            tif: self.request.tif.clone(),
            order_ref: self.order_ref.clone(),
            parent_id: self.request.parent_id,
            status: self.status,
            what_if: false,
            cum_qty: Some(self.cum_qty),
        }
    }
}
