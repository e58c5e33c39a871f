//! The script's venue: its own truth about orders, executions and holdings, and how it tells it.

use bytes::Bytes;
use plimsoll_model::{
    Account, ClientId, ConId, Contract, ContractReport, Currency, DayBar, DayBarsReport, ErrorReport, ExecId,
    Execution, ExecutionReport, InstrumentId, LinkId, Money, OpenOrderReport, OrdType, OrderId, OrderStatus,
    PermId, Position, PositionReport, Price, Qty, RawFrame, Report, ReqId, ScheduleReport, ScheduledSession,
    Side, StatusReport, TimeInForce,
};
use rust_decimal::Decimal;

use super::{AtVenue, OWN, Script, account, con_id};
use crate::recon::ReconState;
use crate::{Ask, Event};

impl Script {
    pub(super) fn venue(&mut self, words: &[&str]) {
        if let ["holds", whose, symbol, qty] = words {
            let (whose, instrument) = (account(whose), InstrumentId::us_stock(symbol));
            let position = Position::parse(qty).unwrap();
            self.holdings.insert((whose.clone(), instrument), position);
            return self.tell(&whose, symbol);
        }
        if let ["tells", whose, symbol] = words {
            return self.tell(&account(whose), symbol);
        }
        if let ["manual", perm, side, qty, symbol, kind, rest @ ..] = words {
            return self.manual(perm, [side, qty, symbol, kind], rest);
        }
        if let ["closes", px] = words {
            self.official_close = Price::parse(px).ok();
            return;
        }
        if let ["offers", name, id] = words {
            let (link, _) = self.link_of(name);
            return self.say(link, Report::NextValidId(OrderId(id.parse().unwrap())));
        }
        let [verb, name, id, rest @ ..] = words else { panic!("the venue does not know {words:?}") };
        let (link, client_id) = self.link_of(name);
        let key = (client_id, OrderId(id.parse().unwrap()));
        if self.lenient && !self.at_venue.get(&key).is_some_and(|order| order.status.is_open()) {
            return;
        }
        match *verb {
            "accepts" => self.set_status(link, key, OrderStatus::New),
            "deactivates" => self.set_status(link, key, OrderStatus::Inactive),
            "cancels" => {
                self.set_status(link, key, OrderStatus::Canceled);
                let error = ErrorReport { id: Some(key.1.0), code: 202, text: "Order Canceled".into() };
                self.say(link, Report::Error(error));
            }
            // Only the words of an error: the order itself is as it was.
            "errs" => {
                let code = rest[0].parse().unwrap();
                self.say(link, Report::Error(ErrorReport { id: Some(key.1.0), code, text: "x".into() }));
            }
            // A status that overtakes its execution.
            "says" => self.status_first(link, key, rest[1]),
            // An early openOrder, before the broker has given its number.
            "names" => {
                let order = &self.at_venue[&key];
                let perm_id = PermId(rest[0].parse().unwrap());
                let report = OpenOrderReport { perm_id, ..order.report() };
                self.say(link, Report::OpenOrder(Box::new(report)));
            }
            "groups" => {
                let order = self.at_venue.get_mut(&key).unwrap();
                order.request.oca_group = rest[0].trim_matches('-').into();
                let report = order.report();
                self.say(link, Report::OpenOrder(Box::new(report)));
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
            "legs" => self.fill_leg(link, key, [rest[0], rest[1], rest[2], rest[3]]),
            other => panic!("the venue does not know {other}"),
        }
    }

    /// A line about a holding as it is now. An execution brings none by itself: at the broker it comes later.
    pub(in crate::tests) fn tell(&mut self, whose: &Account, symbol: &str) {
        let position = self.holdings.get(&(whose.clone(), InstrumentId::us_stock(symbol)));
        let position = position.copied().unwrap_or(Position::FLAT);
        let contract = Contract::stock(symbol, Currency::USD);
        let report = PositionReport { account: whose.clone(), contract, position, avg_cost: None };
        self.own(Report::Position(Box::new(report)));
    }

    /// An order placed by hand, as our own connection is told of it.
    fn manual(&mut self, perm: &str, words: [&str; 4], rest: &[&str]) {
        let [side, qty, symbol, kind] = words;
        let word = |key: &str| rest.iter().find_map(|w| w.strip_prefix(key)).unwrap_or_default();
        let report = OpenOrderReport {
            order_id: Some(OrderId(word("id=").parse().unwrap_or(0))),
            client_id: Some(ClientId(word("client=").parse().unwrap_or(0))),
            perm_id: PermId(perm.parse().unwrap()),
            contract: Contract::stock(symbol, Currency::USD),
            account: Some(account(if word("account=").is_empty() { "DU1" } else { word("account=") })),
            side: if side == "BUY" { Side::Buy } else { Side::Sell },
            qty: Qty::parse(qty).unwrap(),
            ord_type: OrdType::from_wire(kind),
            limit_px: rest.first().and_then(|px| Price::parse(px).ok()),
            stop_px: None,
            tif: TimeInForce::Day,
            order_ref: word("ref=").into(),
            parent_id: None,
            oca_group: word("oca=").into(),
            status: OrderStatus::New,
            legs: Vec::new(),
            what_if: false,
            cum_qty: None,
        };
        self.own(Report::OpenOrder(Box::new(report)));
    }

    fn status_first(&mut self, link: LinkId, key: (ClientId, OrderId), cum_qty: &str) {
        let order = self.at_venue[&key].clone();
        let cum_qty = Qty::parse(cum_qty).unwrap();
        let leaves_qty = order.request.qty.saturating_sub(cum_qty);
        let status = if leaves_qty.is_zero() { OrderStatus::Filled } else { OrderStatus::New };
        let (order_id, client_id, perm_id) = (key.1, key.0, order.perm_id);
        let report = StatusReport { order_id, client_id, perm_id, status, cum_qty, leaves_qty, avg_px: None };
        self.say(link, Report::Status(report));
    }

    fn fill(&mut self, link: LinkId, key: (ClientId, OrderId), qty: &str, px: &str) {
        let order = self.at_venue.get_mut(&key).unwrap();
        let left = order.request.qty.saturating_sub(order.cum_qty);
        let qty = Qty::parse(qty).map_or(left, |qty| qty.min(left));
        let px = Price::parse(px).unwrap();
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
        if self.is_mute {
            return;
        }
        self.say(link, Report::Execution(Box::new(report)));
        let charge = Some(Money { amount: Decimal::ONE, currency: self.fees_in });
        self.say(link, Report::Commission { exec_id, charge });
        let status = self.at_venue[&key].status;
        self.set_status(link, key, status);
    }

    /// An order of our own is executed, and nothing of it is heard.
    pub(in crate::tests) fn executes_in_silence(&mut self, order_id: i32, px: &str) {
        self.is_mute = true;
        let key = (self.config.venue.client_id, OrderId(order_id));
        self.fill(OWN, key, "all", px);
        self.is_mute = false;
    }

    /// An execution of one leg of a combo: `venue legs trend 5 BUY 2 SPY 500.00`.
    fn fill_leg(&mut self, link: LinkId, key: (ClientId, OrderId), words: [&str; 4]) {
        let [side, qty, symbol, px] = words;
        let order = self.at_venue[&key].clone();
        let side = if side == "BUY" { Side::Buy } else { Side::Sell };
        let qty = Qty::parse(qty).unwrap();
        let number = self.executions.len() + 1;
        let exec_id = ExecId::new(&format!("0001.{number:04}.01.02.01")).unwrap();
        let instrument = InstrumentId::us_stock(symbol);
        let contract = Contract { con_id: Some(con_id(symbol)), ..Contract::stock(symbol, Currency::USD) };
        let report = ExecutionReport {
            req_id: None,
            order_id: key.1,
            client_id: order.client_id,
            perm_id: order.perm_id,
            contract,
            order_ref: order.order_ref.clone(),
            cum_qty: qty,
            execution: Execution {
                exec_id,
                cl_ord_id: None,
                account: order.account.clone(),
                instrument: instrument.clone(),
                side,
                last_qty: qty,
                last_px: Price::parse(px).unwrap(),
                at: Some(self.wall),
            },
        };
        let held = self.holdings.entry((order.account, instrument)).or_insert(Position::FLAT);
        *held = held.after(side, qty).unwrap();
        self.executions.push(report.clone());
        self.say(link, Report::Execution(Box::new(report)));
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
        let view = self.bridge.snapshot(self.now());
        let is_own = link == OWN && view.recon != ReconState::Down;
        let connected = is_own || view.links.iter().any(|view| view.link == link);
        if connected {
            let raw = RawFrame::new(Bytes::from_static(b"venue"));
            self.feed(Event::FromVenue { link, report, raw });
        }
    }

    pub(in crate::tests) fn own(&mut self, report: Report) {
        self.feed(Event::FromVenue { link: OWN, report, raw: RawFrame::default() });
    }

    /// The answers to the questions about holdings, which were asked first; all others are still owed.
    pub(super) fn answer_positions(&mut self) {
        let (now, later) =
            std::mem::take(&mut self.asked).into_iter().partition(|ask| *ask == Ask::Positions);
        self.answer(now);
        self.asked = later;
    }

    /// Answers every open question on our own connection from the venue's truth.
    pub(super) fn answer_all(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        self.answer(asked);
    }

    /// What a contract is.
    pub(in crate::tests) fn describe(&mut self, req_id: ReqId, contract: Contract) {
        let known = (9001..).zip(&self.answers);
        let mut all: Vec<_> = known
            .filter(|(_, known)| known.symbol == contract.symbol)
            .map(|(number, known)| (ConId(number), known.clone()))
            .collect();
        if all.is_empty() {
            all.push((con_id(&contract.symbol), contract));
        }
        for (con_id, contract) in all {
            let london = self.london_hours.iter().find(|(symbol, _)| *contract.symbol == **symbol);
            let (liquid_hours, time_zone) = match london {
                Some((_, listed)) => (listed.clone(), "GB-Eire".into()),
                None => (self.listed_hours.clone(), "US/Eastern".into()),
            };
            self.own(Report::Contract(Box::new(ContractReport {
                req_id,
                contract,
                con_id,
                valid_exchanges: "SMART,ARCA,ISLAND,NYSE".into(),
                liquid_hours,
                time_zone,
                qty_min: self.lots.map(|(min, _)| min),
                qty_step: self.lots.map(|(_, step)| step),
            })));
        }
    }

    fn answer(&mut self, asked: Vec<Ask>) {
        for ask in asked {
            match ask {
                Ask::Positions => {
                    for ((account, instrument), position) in self.holdings.clone() {
                        let contract = Contract::stock(instrument.as_str(), Currency::USD);
                        let avg_cost = None;
                        let line = PositionReport { account, contract, position, avg_cost };
                        self.own(Report::Position(Box::new(line)));
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
                        let req_id = Some(req_id);
                        self.own(Report::Execution(Box::new(ExecutionReport { req_id, ..execution })));
                    }
                    self.own(Report::ExecutionsEnd(req_id));
                }
                Ask::CompletedOrders if self.read_only => {
                    let error = ErrorReport { id: None, code: 321, text: "read-only".into() };
                    self.own(Report::Error(error));
                }
                Ask::CompletedOrders => {
                    let ended: Vec<_> =
                        self.at_venue.values().filter(|o| !o.status.is_open()).map(AtVenue::report).collect();
                    for order in ended {
                        self.own(Report::CompletedOrder(Box::new(order)));
                    }
                    self.own(Report::CompletedOrdersEnd);
                }
                Ask::Contract { req_id, contract } if self.contracts_unanswered => {
                    self.unanswered.push((req_id, contract));
                }
                Ask::Contract { req_id, contract } => self.describe(req_id, contract),
                Ask::Schedule { req_id, .. } if !self.past_sessions.is_empty() => {
                    let session = |(date, open, close): &(&str, &str, &str)| ScheduledSession {
                        date: (*date).into(),
                        open: (*open).into(),
                        close: (*close).into(),
                    };
                    let sessions = self.past_sessions.iter().map(session).collect();
                    let time_zone = "US/Eastern".into();
                    self.own(Report::Schedule(Box::new(ScheduleReport { req_id, time_zone, sessions })));
                }
                Ask::DayBars { req_id, .. } => {
                    let date = self.date.strftime("%Y%m%d").to_string().into();
                    let bars = self.official_close.map(|close| DayBar { date, close: Some(close) });
                    let bars = bars.into_iter().collect();
                    self.own(Report::DayBars(Box::new(DayBarsReport { req_id, bars })));
                }
                Ask::Quotes { .. } | Ask::Schedule { .. } | Ask::Equity { .. } | Ask::EndEquity { .. } => {}
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
            oca_group: self.request.oca_group.clone(),
            status: self.status,
            legs: self.request.legs.clone(),
            what_if: false,
            cum_qty: Some(self.cum_qty),
        }
    }
}
