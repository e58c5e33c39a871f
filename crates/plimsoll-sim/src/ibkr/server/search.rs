//! Small questions about contracts: matching symbols, price steps, option chains.
//!
//! Owns the answers to `reqMatchingSymbols`, `reqMarketRule` and `reqSecDefOptParams`.

use std::collections::BTreeSet;

use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    ById, MarketRule, PriceIncrement, ReqMarketRule, ReqMatchingSymbols, ReqSecDefOptParams, SecDefOptParam,
    SymbolSample, SymbolSamples,
};
use rust_decimal::Decimal;

use crate::ibkr::Output;
use crate::ibkr::server::contracts::UNKNOWN;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::venue::IbkrVenue;
use crate::market::future::ROOTS;
use crate::market::{Sym, chain, steps};

/// TWS answers with at most so many samples.
const SAMPLES_MAX: usize = 16;

impl IbkrVenue {
    /// `reqMatchingSymbols`: by the beginning of the symbol, or anywhere in the name.
    pub(crate) fn matching_symbols(&mut self, from: Asked, m: &ReqMatchingSymbols, out: &mut Vec<Output>) {
        let wanted = m.pattern.to_str_lossy().trim().to_ascii_uppercase();
        let market = &self.exchange.market;
        let fits = |symbol: &str, name: &str| {
            !wanted.is_empty()
                && (symbol.starts_with(&*wanted) || name.to_ascii_uppercase().contains(&*wanted))
        };
        let stock = |sym: Sym| {
            let listing = market.listing(sym);
            fits(&listing.symbol, &listing.name).then(|| SymbolSample {
                con_id: listing.con_id,
                symbol: (&*listing.symbol).into(),
                sec_type: "STK".into(),
                primary_exchange: listing.venue.as_wire().into(),
                currency: "USD".into(),
                derivatives: ["OPT", "BAG"].map(Into::into).to_vec(),
                description: (&*listing.name).into(),
                issuer_id: "".into(),
            })
        };
        let index = |root: &crate::market::future::Root| {
            fits(root.symbol, root.name).then(|| SymbolSample {
                con_id: root.under_con_id,
                symbol: root.symbol.into(),
                sec_type: "IND".into(),
                primary_exchange: root.exchange.into(),
                currency: "USD".into(),
                derivatives: ["FUT", "BAG"].map(Into::into).to_vec(),
                description: root.name.into(),
                issuer_id: "".into(),
            })
        };
        let samples =
            market.all().filter_map(stock).chain(ROOTS.iter().filter_map(index)).take(SAMPLES_MAX).collect();
        self.send(from.conn, &Response::SymbolSamples(SymbolSamples { req_id: m.req_id, samples }), out);
    }

    /// `reqMarketRule`, by the numbers that contract details name.
    pub(crate) fn market_rule(&mut self, from: Asked, m: &ReqMarketRule, out: &mut Vec<Output>) {
        let Some(bands) = steps::bands(m.rule_id) else {
            let text = format!("Error processing request. Market rule {} is not known", m.rule_id);
            self.send_error(from.conn, (NO_ID, 322), &text, out);
            return;
        };
        let increment = |(low, step)| PriceIncrement {
            low_edge: Some(Price::new(low)),
            increment: Some(Price::new(step)),
        };
        let rule = MarketRule { rule_id: m.rule_id, increments: bands.into_iter().map(increment).collect() };
        self.send(from.conn, &Response::MarketRule(rule), out);
    }

    /// `reqSecDefOptParams`: the chain once for each exchange, as TWS sends it.
    pub(crate) fn option_params(&mut self, from: Asked, m: &ReqSecDefOptParams, out: &mut Vec<Output>) {
        let market = &self.exchange.market;
        let known = market.find_con_id(m.con_id).filter(|sym| {
            let fits = m.symbol == *market.listing(*sym).symbol;
            fits && m.sec_type == "STK" && m.exchange.is_empty()
        });
        let Some(sym) = known else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        };
        let under = market.listing(sym);
        let today = market.hours.date_at(self.exchange.now);
        let days = chain::expiries(under, &market.hours, today);
        let strikes: BTreeSet<i64> =
            days.iter().flat_map(|expiry| chain::strikes(under, today, *expiry)).collect();
        let params = SecDefOptParam {
            req_id: m.req_id,
            exchange: "".into(),
            underlying_con_id: under.con_id,
            trading_class: (&*under.symbol).into(),
            multiplier: "100".into(),
            expirations: days.iter().map(|day| day.strftime("%Y%m%d").to_string().as_str().into()).collect(),
            strikes: strikes.iter().map(|cents| Some(Decimal::new(*cents, 2).normalize())).collect(),
        };
        for exchange in chain::ROUTES.split(',') {
            let params = SecDefOptParam { exchange: exchange.into(), ..params.clone() };
            self.send(from.conn, &Response::SecDefOptParam(params), out);
        }
        self.send(from.conn, &Response::SecDefOptParamEnd(ById { req_id: m.req_id }), out);
    }
}
