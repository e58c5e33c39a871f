//! A venue under script: what tests of orders in model terms are written in.

use expect_test::Expect;
use plimsoll_model::{ClientId, OrdType, OrderId, Price, Qty, Side, TimeInForce};

use super::config;
use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::{Exchange, Happening};
use crate::ibkr::terms::Terms;
use crate::ibkr::*;
use crate::market::{Print, Second};

/// A venue under script. Each line is a command; what happens is traced under it.
///
/// `@12:45:00` runs to that time on the same day in New York · `price 500.00 500.02` sets SPY's quote,
/// 100 shares on each side · `11 5 DU1 BUY 100 MOC [limit] [stop] [word…]` is an order of client 11 with
/// id 5 · `cancel 11 5` · `positions`.
struct Script {
    venue: Exchange,
    trace: String,
}

impl Script {
    fn run(config: &VenueConfig, script: &str) -> Self {
        let symbols: Vec<Box<str>> = vec!["SPY".into(), "QQQ".into()];
        let mut this = Self { venue: Exchange::new(config, &symbols), trace: String::new() };
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            this.trace.push_str(line);
            this.trace.push('\n');
            this.line(line);
            this.drain();
        }
        this
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["price", bid, ask] => self.price(bid, ask, 100),
            ["price", bid, ask, size] => self.price(bid, ask, size.parse().unwrap()),
            ["cancel", client, id] => {
                self.venue.cancel(ClientId(client.parse().unwrap()), OrderId(id.parse().unwrap()));
            }
            ["cancel-all"] => self.venue.cancel_all(),
            ["positions"] => self.positions(),
            [time] if time.starts_with('@') => self.run_to(&time[1..]),
            [client, id, account, side, qty, kind, rest @ ..] => {
                let entry = self.entry([client, id, account, side, qty, kind], rest);
                self.venue.place(&entry);
            }
            _ => panic!("unreadable line {line:?}"),
        }
    }

    fn entry(&self, words: [&str; 6], rest: &[&str]) -> Entry {
        let [client, id, account, side, qty, kind] = words;
        let mut prices = rest.iter().filter_map(|word| Price::parse(word).ok());
        let kind = OrdType::from_wire(&kind.replace('_', " "));
        let limited = matches!(kind, OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose);
        let value = |name: &str| rest.iter().find_map(|word| word.strip_prefix(name));
        Entry {
            client: ClientId(client.parse().unwrap()),
            order_id: OrderId(id.parse().unwrap()),
            sym: self.venue.market.find(value("sym=").unwrap_or("SPY")).unwrap(),
            account: account.trim_matches('-').into(),
            side: if side == "BUY" { Side::Buy } else { Side::Sell },
            qty: Qty::parse(qty).unwrap(),
            limit_px: if limited { prices.next() } else { None },
            stop_px: prices.next(),
            ord_type: kind,
            tif: TimeInForce::from_wire(value("tif=").unwrap_or("DAY")),
            good_till: None,
            transmit: !rest.contains(&"staged"),
            parent_id: value("parent=").map(|id| OrderId(id.parse().unwrap())),
            oca_group: value("oca=").unwrap_or("").into(),
            oca_type: 1,
            outside_rth: false,
            order_ref: "".into(),
            terms: Terms::default(),
        }
    }

    fn price(&mut self, bid: &str, ask: &str, size: i64) {
        let cents = |text: &str| {
            let px = Price::parse(text).unwrap().get() * Decimal::ONE_HUNDRED;
            i64::try_from(px).unwrap()
        };
        let (bid, ask) = (cents(bid), cents(ask));
        let print = Some(Print { price: bid, beyond: 0, size: 100, count: 1 });
        let sym = self.venue.market.find("SPY").unwrap();
        self.venue.set_price(sym, Second { bid, ask, bid_size: size, ask_size: size, print });
    }

    fn run_to(&mut self, time: &str) {
        let zone = self.venue.market.hours.zone().clone();
        let date = self.venue.market.hours.date_at(self.venue.now);
        let time: jiff::civil::Time = time.parse().unwrap();
        let to = date.to_datetime(time).to_zoned(zone).unwrap().timestamp();
        while self.venue.next_second() <= to {
            let next = self.venue.next_second();
            self.venue.second(next);
            self.venue.run_charges();
        }
        self.venue.now = to;
        self.venue.run_charges();
    }

    fn positions(&mut self) {
        for (account, book) in &self.venue.books {
            for (sym, holding) in &book.holdings {
                let symbol = self.venue.symbol(*sym);
                let line = format!("  {account} {} {symbol} at {}\n", holding.qty, holding.avg_cost());
                self.trace.push_str(&line);
            }
        }
    }

    fn note(&mut self, line: &str) {
        self.trace.push_str("  ");
        self.trace.push_str(line);
        self.trace.push('\n');
    }

    fn drain(&mut self) {
        for happening in std::mem::take(&mut self.venue.happenings) {
            let line = match happening {
                Happening::Order(order) => {
                    format!("{} {} open {}", order.client, order.order_id, status(&order))
                }
                Happening::Status(order) => format!("{} {} {}", order.client, order.order_id, status(&order)),
                Happening::Executed(index) => {
                    let fill = &self.venue.fills[index];
                    let px = crate::ibkr::order::dollars(fill.px);
                    format!(
                        "{} {} exec {} {} @ {px} {}",
                        fill.client, fill.order_id, fill.side, fill.qty, fill.exchange
                    )
                }
                Happening::Charged(index) => {
                    let fill = &self.venue.fills[index];
                    let realized = fill.realized.map_or("none".into(), |realized| realized.to_string());
                    format!(
                        "{} {} commission {} profit {realized}",
                        fill.client, fill.order_id, fill.commission
                    )
                }
                Happening::Message(message) => {
                    format!("{} {} error {} {}", message.client, message.order_id, message.code, message.text)
                }
            };
            self.note(&line);
        }
        for violation in std::mem::take(&mut self.venue.violations) {
            let kind = violation.kind.as_str();
            self.note(&format!("! {kind} {}: {}", violation.client, violation.detail));
        }
    }
}

fn status(order: &crate::ibkr::order::Order) -> String {
    let why = match order.state {
        crate::ibkr::order::State::Held(why) if !why.is_empty() => format!(" ({why})"),
        _ => String::new(),
    };
    format!("{}{why} {}/{}", order.state.as_wire(), order.cum_qty, order.qty)
}

/// Eleven on a half day in New York.
pub(super) const NOON: &str = "2026-11-27T11:00:00-05:00";
/// Eleven on a whole day.
pub(super) const FULL_DAY: &str = "2026-11-24T11:00:00-05:00";

/// Runs a script and compares its trace.
pub(super) fn check(profile: Profile, start: &str, script: &str, expect: &Expect) {
    expect.assert_eq(&Script::run(&config(profile, start), script).trace);
}
