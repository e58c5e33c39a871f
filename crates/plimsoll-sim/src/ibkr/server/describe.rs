//! Contract details: what TWS tells of an instrument.
//!
//! Owns the answer to `reqContractDetails`: names, hours, price steps and routes of each kind of
//! instrument.

use plimsoll_tws::message::{ById, ContractDetails, ReqContractDetails, TagValue, WireContract};
use plimsoll_tws::{Response, Word};
use rust_decimal::Decimal;

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contract_forms::{self, compact};
use crate::ibkr::server::contracts::{
    COMBO_CON_ID, Expired, Instrument, ROUTES, UNKNOWN, cross_listed_con_id,
};
use crate::ibkr::venue::IbkrVenue;
use crate::market::chain::{self, OptionSeries};
use crate::market::forex::PAIRS;
use crate::market::future::Future;
use crate::market::{Market, Sym, steps};

/// More details than this are not sent for one request; the chain of a large index fund stays below.
const DETAILS_MAX: usize = 16_384;
/// The order types that this venue takes for stocks, in TWS's words.
const STOCK_ORDERS: &str = "COND,DAY,FOK,GTC,GTD,IOC,LMT,LOC,MKT,MOC,OCA,OPG,STP,STPLMT,WHATIF";
/// The order types that it takes for everything else.
const OTHER_ORDERS: &str = "ACTIVETIM,ADJUST,ALERT,COND,DAY,GTC,GTD,IOC,LMT,MKT,OCA,STP,STPLMT,TRAIL,WHATIF";

/// The official numbers of the stocks that everybody knows. An invented stock has none.
const ISINS: &[(&str, &str)] =
    &[("SPY", "US78462F1030"), ("QQQ", "US46090E1038"), ("AAPL", "US0378331005"), ("MSFT", "US5949181045")];

fn isin(symbol: &str) -> Vec<TagValue> {
    let known = ISINS.iter().filter(|(known, _)| *known == symbol);
    known.map(|(_, isin)| TagValue { tag: "ISIN".into(), value: (*isin).into() }).collect()
}

impl IbkrVenue {
    /// `reqContractDetails`.
    pub(crate) fn contract_details(&mut self, from: Asked, m: &ReqContractDetails, out: &mut Vec<Output>) {
        // The schemes of other numbers, ISIN and its like, are not kept here.
        let found = if m.sec_id.is_empty() {
            self.matching(&m.contract, Expired::from_wire(m.include_expired))
        } else {
            Vec::new()
        };
        if found.is_empty() {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        }
        if found.len() > DETAILS_MAX {
            let text = format!(
                "Error validating request.-'bN' : cause - {} contracts match, more than {DETAILS_MAX}; name the expiry or the right",
                found.len()
            );
            self.send_error(from.conn, (m.req_id, 321), &text, out);
            return;
        }
        for instrument in found {
            let details = self.describe(instrument, m);
            self.send(from.conn, &Response::ContractDetails(Box::new(details)), out);
        }
        self.send(from.conn, &Response::ContractDetailsEnd(ById { req_id: m.req_id }), out);
    }

    fn describe(&self, instrument: Instrument, m: &ReqContractDetails) -> ContractDetails {
        let market = &self.exchange.market;
        let details = match instrument {
            Instrument::Stock(sym) => self.describe_stock(sym),
            Instrument::CrossListed(sym) => self.describe_cross_listed(sym),
            Instrument::Option(sym, option) => self.describe_option(sym, option),
            Instrument::Future(future) => describe_future(market, future, self.exchange.now),
            Instrument::Forex(pair) => describe_pair(market, pair, self.exchange.now),
            Instrument::Combo(sym) => self.describe_combo(sym),
        };
        let mut details = ContractDetails { req_id: m.req_id, price_magnifier: 1, ..details };
        if !m.contract.exchange.is_empty() {
            details.contract.exchange = m.contract.exchange.clone();
        }
        if m.contract.sec_type == "CONTFUT" {
            details.contract.sec_type = "CONTFUT".into();
        }
        details
    }

    fn describe_stock(&self, sym: Sym) -> ContractDetails {
        let market = &self.exchange.market;
        let listing = market.listing(sym);
        let contract = WireContract { strike: Some(Decimal::ZERO), ..self.wire_contract(sym) };
        let share = Some(Decimal::ONE);
        ContractDetails {
            market_name: (&*listing.trading_class).into(),
            min_tick: Some(steps::min_tick(steps::STOCK)),
            md_size_multiplier: Some(100),
            order_types: STOCK_ORDERS.into(),
            valid_exchanges: ROUTES.into(),
            long_name: (&*listing.name).into(),
            time_zone: market.hours.zone_name().into(),
            trading_hours: (&*market.hours.trading_hours(self.exchange.now)).into(),
            liquid_hours: (&*market.hours.liquid_hours(self.exchange.now)).into(),
            agg_group: Some(1),
            market_rule_ids: (&*rule_ids(steps::STOCK, ROUTES)).into(),
            stock_type: listing.stock_type.into(),
            size_min_tick: share,
            min_size: share,
            size_increment: share,
            suggested_size_increment: Some(Decimal::ONE_HUNDRED),
            sec_ids: isin(&listing.symbol),
            contract,
            ..ContractDetails::default()
        }
    }

    fn describe_cross_listed(&self, sym: Sym) -> ContractDetails {
        let mut details = self.describe_stock(sym);
        details.contract.con_id = cross_listed_con_id(details.contract.con_id);
        details.contract.primary_exchange = "MEXI".into();
        details.contract.currency = "MXN".into();
        details.contract.trading_class = details.contract.symbol.clone();
        details.valid_exchanges = "SMART,MEXI".into();
        details.market_rule_ids = (&*rule_ids(steps::STOCK, "SMART,MEXI")).into();
        details
    }

    fn describe_option(&self, sym: Sym, option: OptionSeries) -> ContractDetails {
        let market = &self.exchange.market;
        let under = market.listing(sym);
        let rule = steps::option_rule(under);
        let expiry = compact(option.expiry);
        let one = Some(Decimal::ONE);
        let hours = market.hours.liquid_hours(self.exchange.now);
        ContractDetails {
            contract: contract_forms::option(under, option),
            last_trade_date: expiry.clone(),
            market_name: (&*under.symbol).into(),
            min_tick: Some(steps::min_tick(rule)),
            md_size_multiplier: Some(1),
            order_types: OTHER_ORDERS.into(),
            valid_exchanges: chain::ROUTES.into(),
            under_con_id: under.con_id,
            long_name: (&*under.name).into(),
            contract_month: month(option.expiry),
            time_zone: market.hours.zone_name().into(),
            trading_hours: (&*hours).into(),
            liquid_hours: (&*hours).into(),
            agg_group: Some(2),
            under_symbol: (&*under.symbol).into(),
            under_sec_type: "STK".into(),
            market_rule_ids: (&*rule_ids(rule, chain::ROUTES)).into(),
            real_expiration_date: expiry,
            size_min_tick: one,
            min_size: one,
            size_increment: one,
            suggested_size_increment: one,
            ..ContractDetails::default()
        }
    }

    /// A combination on an underlying; the legs are not part of it.
    pub(crate) fn combo_contract(&self, sym: Sym) -> WireContract {
        WireContract {
            con_id: COMBO_CON_ID,
            symbol: self.exchange.symbol(sym).into(),
            sec_type: "BAG".into(),
            strike: Some(Decimal::ZERO),
            exchange: "SMART".into(),
            currency: "USD".into(),
            local_symbol: COMBO_CON_ID.to_string().as_str().into(),
            trading_class: "COMB".into(),
            ..WireContract::default()
        }
    }

    fn describe_combo(&self, sym: Sym) -> ContractDetails {
        let mut details = self.describe_stock(sym);
        details.contract = self.combo_contract(sym);
        details.market_name = "COMB".into();
        details.stock_type = Word::EMPTY;
        details.order_types = OTHER_ORDERS.into();
        details
    }
}

fn describe_future(market: &Market, future: Future, now: jiff::Timestamp) -> ContractDetails {
    let root = future.root();
    let hours = market.globex();
    let expiry = compact(future.expiry);
    let exchanges = format!("{},QBALGO", root.exchange);
    let under = if root.symbol.starts_with('M') { &root.symbol[1..] } else { root.symbol };
    let one = Some(Decimal::ONE);
    ContractDetails {
        contract: contract_forms::future(future),
        last_trade_date: expiry.clone(),
        market_name: root.symbol.into(),
        min_tick: Some(steps::min_tick(root.rule)),
        md_size_multiplier: Some(1),
        order_types: OTHER_ORDERS.into(),
        valid_exchanges: (&*exchanges).into(),
        under_con_id: root.under_con_id,
        long_name: root.name.into(),
        contract_month: month(future.expiry),
        time_zone: hours.zone_name().into(),
        trading_hours: (&*hours.trading_hours(now)).into(),
        liquid_hours: (&*hours.liquid_hours(now)).into(),
        agg_group: Some(i32::MAX),
        under_symbol: under.into(),
        under_sec_type: "IND".into(),
        market_rule_ids: (&*rule_ids(root.rule, &exchanges)).into(),
        real_expiration_date: expiry,
        size_min_tick: one,
        min_size: one,
        size_increment: one,
        suggested_size_increment: one,
        ..ContractDetails::default()
    }
}

fn describe_pair(market: &Market, index: usize, now: jiff::Timestamp) -> ContractDetails {
    let pair = &PAIRS[index];
    let hours = market.forex();
    let name = format!("{}.{}", pair.base, pair.quote);
    let one = Some(Decimal::ONE);
    ContractDetails {
        contract: contract_forms::pair(index),
        market_name: (&*name).into(),
        min_tick: Some(steps::min_tick(pair.rule)),
        md_size_multiplier: Some(1),
        order_types: OTHER_ORDERS.into(),
        valid_exchanges: "IDEALPRO".into(),
        long_name: pair.name.into(),
        time_zone: hours.zone_name().into(),
        trading_hours: (&*hours.trading_hours(now)).into(),
        liquid_hours: (&*hours.liquid_hours(now)).into(),
        agg_group: Some(4),
        market_rule_ids: (&*rule_ids(pair.rule, "IDEALPRO")).into(),
        size_min_tick: one,
        min_size: one,
        size_increment: one,
        suggested_size_increment: one,
        ..ContractDetails::default()
    }
}

/// The rule once for each exchange, in their order.
fn rule_ids(rule: i32, exchanges: &str) -> String {
    vec![rule.to_string(); exchanges.split(',').count()].join(",")
}

fn month(date: jiff::civil::Date) -> Word {
    date.strftime("%Y%m").to_string().as_str().into()
}
