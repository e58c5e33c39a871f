//! The script's interpreter: a fleet of two bots on one login, and a venue that says what the script says.
//!
//! `HH:MM:SS[.mmm] actor words…` in New York time of the day that `day` names:
//! `trend BUY 100 SPY MKT [500.01] [id=7] [account=DU2|account=-] [tif=GTC] [stop=490] [parent=3] [staged]
//! [oca=g] [ref=decision:x]
//! [legs=BUY:1:SPY,SELL:2:QQQ] [rth] [sec=FUT] [expiry=202612] [mult=5] [cur=EUR] [exch=EUREX]
//! [primary=ARCA] [class=FDXM] [conid=756733]` · `trend cancel 7` · `trend cancel all` · `trend leaves [upstream]` · `trend arrives` ·
//! `quote SPY 500.00 500.02 [struck=TIME|bid=TIME ask=TIME]` · `trades SPY 500.00` · `disk slow` / `disk done` · `venue accepts trend 7` ·
//! `venue fills trend 7 60 500.01` · `venue cancels trend 7` · `venue rejects trend 7 201` ·
//! `venue holds DU1 SPY 40` · `venue tells DU1 SPY` · `own down` / `own up` / `own answers [positions]` · `halt new_risk|all [bot]` ·
//! `resume [bot]` · `wake` · `restart` · `clock watched 250` · `clock hears NAME 0 4` · `clock misses NAME` ·
//! `clock stepped -2000` · `clock slept 90000` · `clock set 7200000` (the wall clock, and nobody has said so yet) ·
//! `job ends flat 0|signal 9|late|unstarted|stopped` ·
//! `venue manual 77 BUY 40 SPY LMT 500.00 [account=DU2] [ref=x] [client=7] [id=6] [oca=g]` ·
//! `venue errs trend 7 200` · `venue deactivates trend 7` · `venue says trend 7 filled 100` · `venue names trend 7 0` ·
//! `venue groups trend 7 4711|-` · `own places trend SELL 40 SPY MKT` · `venue accepts own 100000000` ·
//! `venue closes 600.25`.
//!
//! Before the first event: `day 2026-11-27` · `observe` · `nets` · `limit qty|order|position|loss|rate|collar|stale 5`
//! (of `trend`; `none` switches it off) · `fill account` · `shows account` ·
//! `zoned times`.

mod bot;
mod own;
mod venue;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{
    Account, BotName, ClientId, ConId, Contract, Currency, ErrorReport, ExecutionReport, InstrumentId,
    LinkId, Money, Mono, NewOrder, Now, OrderId, OrderRequest, OrderStatus, PermId, Position, Price, Qty,
    RawFrame, Report, ReqId,
};
use rust_decimal::Decimal;

use crate::config::{
    Bars, BotConfig, Config, ExecutionTimes, FillAccount, Mode, OnCloseCrossing, Shown, VenueConfig,
};
use crate::{Ask, Bridge, Command, Event, HaltLevel, Operator, Quote, Struck};

/// Where our own connection lives in scripts; bots are at 1, 2, …
const OWN: LinkId = LinkId(900);

/// The broker's number of an instrument, as the script's venue gives it.
fn con_id(symbol: &str) -> ConId {
    ConId(match symbol {
        "SPY" => 756_733,
        "IVV" => 8_991_352,
        _ => 320_227_571,
    })
}

/// A venue's side of one order.
#[derive(Clone)]
pub(super) struct AtVenue {
    pub(super) request: OrderRequest,
    client_id: ClientId,
    order_ref: Box<str>,
    pub(super) account: Account,
    perm_id: PermId,
    pub(super) status: OrderStatus,
    pub(super) cum_qty: Qty,
}

pub(super) struct Script {
    pub(super) bridge: Bridge,
    pub(super) config: Config,
    date: Date,
    wall: Timestamp,
    /// By so much the host's wall clock is ahead of the script's times.
    ahead: SignedDuration,
    epoch: u64,
    disk_slow: bool,
    owed_flush: Option<u64>,
    pub(super) requests: BTreeMap<(LinkId, OrderId), OrderRequest>,
    pub(super) at_venue: BTreeMap<(ClientId, OrderId), AtVenue>,
    pub(super) executions: Vec<ExecutionReport>,
    pub(super) holdings: BTreeMap<(Account, InstrumentId), Position>,
    next_perm: i64,
    next_id: i32,
    pub(super) asked: Vec<Ask>,
    /// What the venue says of contracts of these symbols; of any other what it was asked about.
    pub(super) answers: Vec<Contract>,
    /// What the venue lists as the hours of every contract.
    pub(super) listed_hours: Box<str>,
    /// And of contracts of these symbols, in London's time.
    pub(super) london_hours: Vec<(&'static str, Box<str>)>,
    /// The smallest order of every contract, and its step.
    pub(super) lots: Option<(Qty, Qty)>,
    /// The auction's price by its bar of the day, once there is one.
    official_close: Option<Price>,
    /// The sessions of the past that it tells: trade date, open, close.
    pub(super) past_sessions: Vec<(&'static str, &'static str, &'static str)>,
    /// Its API is read-only.
    pub(super) read_only: bool,
    /// What the venue takes its fees in.
    pub(super) fees_in: Currency,
    /// The venue stays silent about contracts.
    pub(super) contracts_unanswered: bool,
    /// What it was asked about them then.
    pub(super) unanswered: Vec<(ReqId, Contract)>,
    /// Words about orders that the venue does not have are passed over.
    pub(super) lenient: bool,
    /// What the venue says of executions gets lost.
    is_mute: bool,
    /// The venue keeps no books; for events that no script has written.
    pub(super) deaf: bool,
    /// What bots are shown is part of the trace.
    pub(super) shows: bool,
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
        positions: Shown::Own,
        execution_times: ExecutionTimes::AsSent,
        bars: Bars::AsSent,
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
            jobs: Vec::new(),
            allocations: Vec::new(),
            switched_off: Vec::new(),
        };
        Self::with(config)
    }

    pub(super) fn with(config: Config) -> Self {
        Self {
            bridge: Bridge::new(),
            config,
            date: Date::constant(2026, 2, 27),
            wall: "2026-02-27T14:00:00Z".parse().unwrap(),
            ahead: SignedDuration::ZERO,
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
            answers: Vec::new(),
            listed_hours: "".into(),
            london_hours: Vec::new(),
            lots: None,
            official_close: None,
            past_sessions: Vec::new(),
            read_only: false,
            fees_in: Currency::USD,
            contracts_unanswered: false,
            unanswered: Vec::new(),
            lenient: false,
            is_mute: false,
            deaf: false,
            shows: false,
            trace: String::new(),
        }
    }

    /// Runs the script after an ordinary start; the trace begins where the script begins.
    pub(super) fn run(&mut self, script: &str) -> String {
        let lines = || script.lines().map(str::trim).filter(|line| !line.is_empty());
        let is_event = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
        for line in lines().filter(|line| !is_event(line)) {
            self.setting(line);
        }
        self.set_time("09:30:00");
        if self.epoch == 0 {
            self.start();
        }
        self.trace.clear();
        for line in lines().filter(is_event) {
            self.line(line);
        }
        std::mem::take(&mut self.trace)
    }

    /// A line before the first event.
    fn setting(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let bot = &mut self.config.bots[0];
        let usd = |text: &str| {
            Some(Money { amount: text.parse().unwrap(), currency: Currency::USD }).filter(|_| text != "none")
        };
        match words[..] {
            ["day", date] => self.date = date.parse().unwrap(),
            ["nets"] => {
                let lead = Duration::from_secs(2);
                self.config.venue.on_close_crossing = OnCloseCrossing::Net { lead };
            }
            ["equivalent", of, with, ref ratio @ ..] => self.add_equivalent(of, with, ratio.first().copied()),
            ["observe"] => self.config.mode = Mode::Observe,
            ["fill", "account"] => bot.fill_account = FillAccount::TheOnlyOne,
            ["zoned", "times"] => bot.execution_times = ExecutionTimes::Zoned,
            ["shows", "account"] => bot.positions = Shown::Account,
            ["limit", "collar", "none"] => bot.price_collar = None,
            ["limit", "stale", "none"] => bot.stale_after = None,
            ["limit", "qty", max] => bot.order_qty_max = Some(Qty::parse(max).unwrap()),
            ["limit", "order", max] => bot.order_notional_max = usd(max),
            ["limit", "position", max] => bot.position_notional_max = usd(max),
            ["limit", "loss", max] => bot.daily_loss_max = usd(max),
            ["limit", "rate", max] => bot.orders_per_minute_max = Some(max.parse().unwrap()),
            _ => panic!("unknown setting {line:?}"),
        }
    }

    pub(super) fn now(&self) -> Now {
        let nanos = u64::try_from(self.wall.as_nanosecond()).unwrap();
        Now { mono: Mono::from_nanos(nanos), wall: self.wall + self.ahead }
    }

    /// The operator takes the broker's side of a break for right.
    fn accept(&mut self, account: &str, symbol: &str, difference: &str) {
        self.feed(Event::Operator(Operator::Accept {
            account: Account::new(account).unwrap(),
            instrument: InstrumentId::us_stock(symbol),
            difference: Position::parse(difference).unwrap(),
            by: "op".into(),
            reason: "split".into(),
        }));
    }

    fn start(&mut self) {
        self.epoch += 1;
        let config = Arc::new(self.config.clone());
        self.feed(Event::Started { epoch: self.epoch, config });
        self.feed(Event::OwnUp { link: OWN });
        self.own(Report::NextValidId(OrderId(1)));
        self.answer_all();
        let bots: Vec<_> = self.config.bots.iter().map(|bot| bot.name.to_string()).collect();
        for name in bots {
            self.arrive(&name);
        }
    }

    fn link_of(&self, name: &str) -> (LinkId, ClientId) {
        if name == "own" {
            return (OWN, self.config.venue.client_id);
        }
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
        self.take(out);
    }

    fn take(&mut self, out: Vec<Command>) {
        let mut flush = None;
        for command in out {
            self.carry_out(&command, &mut flush);
        }
        match flush {
            Some(token) if self.disk_slow => self.owed_flush = Some(token),
            Some(token) => self.feed(Event::Flushed { token }),
            None => {}
        }
    }

    fn carry_out(&mut self, command: &Command, flush: &mut Option<u64>) {
        match command {
            Command::Flush { token } => {
                *flush = Some(*token);
                return;
            }
            Command::Ask(ask) => {
                self.asked.push(ask.clone());
                return;
            }
            Command::Forward { raw, .. } if raw.bytes().is_empty() => return,
            // What a bot is shown is tested on its own; most scripts are about decisions.
            Command::ToBot { .. } if !self.shows => return,
            Command::Submit { .. } | Command::Replace { .. } | Command::Place { .. } if self.deaf => {}
            Command::Submit { link, order, .. } => {
                let order = order.get();
                self.reach_venue(*link, order);
            }
            Command::Place { order, contract, .. } => self.own_reaches_venue(order.get(), contract),
            Command::Replace { link, order, .. } => {
                let order = &order.get().order;
                let client_id = self.config.bots[usize::try_from(link.0).unwrap() - 1].client_ids[0];
                if let Some(at_venue) = self.at_venue.get_mut(&(client_id, order.order_id)) {
                    let request = &mut at_venue.request;
                    (request.qty, request.ord_type) = (order.qty, order.ord_type.clone());
                    (request.limit_px, request.stop_px) = (order.limit_px, order.stop_px);
                }
            }
            _ => {}
        }
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let at = self.wall.to_zoned(zone).strftime("%H:%M:%S%.f").to_string();
        writeln!(self.trace, "{at} {command}").unwrap();
    }

    fn reach_venue(&mut self, link: LinkId, order: &NewOrder) {
        let order_id = order.order_id;
        let client_id = self.config.bots[usize::try_from(link.0).unwrap() - 1].client_ids[0];
        self.next_perm += 1;
        // What was cleared; a later message under the same number may have been denied meanwhile.
        let request = OrderRequest {
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type.clone(),
            limit_px: order.limit_px,
            stop_px: order.stop_px,
            ..self.requests[&(link, order_id)].clone()
        };
        let order = AtVenue {
            request,
            client_id,
            order_ref: order.cl_ord_id.as_str().into(),
            account: order.account.clone(),
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
            ["quote", symbol, bid, ask] => self.quote(symbol, bid, ask, self.wall),
            ["quote", symbol, bid, ask, struck] => {
                let now = self.wall;
                self.set_time(struck.trim_start_matches("struck="));
                let struck = std::mem::replace(&mut self.wall, now);
                self.quote(symbol, bid, ask, struck);
            }
            ["quote", symbol, bid, ask, bid_at, ask_at] => self.sides(symbol, [bid, ask], [bid_at, ask_at]),
            ["trades", symbol, px] => {
                let last = Price::parse(px).ok();
                let quote = Quote { bid: None, ask: None, last, struck: Struck::at(self.wall) };
                self.feed(Event::Quote { instrument: InstrumentId::us_stock(symbol), quote });
            }
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
            ["own", "answers", "positions"] => self.answer_positions(),
            ["own", "places", name, side, qty, symbol, kind] => {
                self.own_places(name, [side, qty, symbol, kind]);
            }
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
            ["accept", account, symbol, difference] => self.accept(account, symbol, difference),
            ["resume", ref whom @ ..] => {
                let bot = whom.first().map(|name| BotName::new(name).unwrap());
                let (by, reason) = ("op".into(), "drill".into());
                self.feed(Event::Operator(Operator::Resume { bot, by, reason }));
            }
            ["wake"] => self.feed(Event::Woke),
            ["clock", "set", by] => self.ahead += SignedDuration::from_millis(by.parse().unwrap()),
            ["clock", ref what @ ..] => self.clock(what),
            ["job", "ends", name, ref how @ ..] => self.job_ends(name, how),
            ["journal", "lost"] => {
                self.bridge = Bridge::new();
                self.epoch = 0;
                self.asked.clear();
                self.start();
            }
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
}
