//! Contracts: finding what a client means, and describing it.
//!
//! Owns resolution of contracts, contract details, symbol search and market rules. Only US stocks and
//! ETFs in dollars exist here; the answer to anything else is TWS's 200, as from a venue without it.

use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    ById, ContractDetails, MarketRule, PriceIncrement, ReqContractDetails, ReqMarketRule, ReqMatchingSymbols,
    ReqSecDefOptParams, SymbolSample, SymbolSamples, WireContract,
};
use rust_decimal::Decimal;

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::times::ZONE_NAME;
use crate::ibkr::venue::IbkrVenue;
use crate::market::Sym;

/// TWS's text for a contract that it cannot find; the code is 200.
pub(crate) const UNKNOWN: &str = "No security definition has been found for the request";
/// Where stocks may be routed.
const ROUTES: &str =
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,PEARL,MEMX";
/// The order types that this venue takes, in TWS's words.
const ORDER_TYPES: &str = "COND,DAY,FOK,GTC,GTD,IOC,LMT,LOC,MKT,MOC,OCA,OPG,STP,STPLMT,WHATIF";
/// The price steps of US stocks: a cent.
const STOCK_RULE: i32 = 26;
const SAMPLES_MAX: usize = 16;

impl IbkrVenue {
    /// The symbol that a contract means, if it is one of this market.
    pub(crate) fn resolve(&self, contract: &WireContract) -> Option<Sym> {
        let market = &self.exchange.market;
        let kind = contract.sec_type.as_str();
        let by_number = contract.con_id != 0;
        let stock = kind == "STK" || (kind.is_empty() && by_number);
        let dollars = matches!(contract.currency.as_str(), "USD" | "");
        let exchange = contract.exchange.as_str();
        let routed =
            exchange.is_empty() || ROUTES.split(',').any(|route| route == exchange) || exchange == "ISLAND";
        if !stock || !dollars || !routed {
            return None;
        }
        let sym = if by_number {
            market.find_con_id(contract.con_id)?
        } else {
            let named = if contract.symbol.is_empty() { &contract.local_symbol } else { &contract.symbol };
            market.find(named.as_str())?
        };
        let listing = market.listing(sym);
        let listed = listing.venue.as_wire();
        let same_symbol = contract.symbol.is_empty() || contract.symbol == *listing.symbol;
        let primary = contract.primary_exchange.as_str();
        let same_listing =
            primary.is_empty() || primary == listed || (primary == "ISLAND" && listed == "NASDAQ");
        (same_symbol && same_listing).then_some(sym)
    }

    /// A contract as answers carry it; the caller sets exchange and right where they differ.
    pub(crate) fn wire_contract(&self, sym: Sym) -> WireContract {
        let listing = self.exchange.market.listing(sym);
        WireContract {
            con_id: listing.con_id,
            symbol: (&*listing.symbol).into(),
            sec_type: "STK".into(),
            strike: Some(Decimal::new(0, 1)),
            exchange: "SMART".into(),
            primary_exchange: listing.venue.as_wire().into(),
            currency: "USD".into(),
            local_symbol: (&*listing.symbol).into(),
            trading_class: (&*listing.trading_class).into(),
            ..WireContract::default()
        }
    }

    /// `reqContractDetails`.
    pub(crate) fn contract_details(&mut self, from: Asked, m: &ReqContractDetails, out: &mut Vec<Output>) {
        let Some(sym) = self.resolve(&m.contract) else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        };
        let details = self.describe_contract(sym, m);
        self.send(from.conn, &Response::ContractDetails(Box::new(details)), out);
        self.send(from.conn, &Response::ContractDetailsEnd(ById { req_id: m.req_id }), out);
    }

    fn describe_contract(&self, sym: Sym, m: &ReqContractDetails) -> ContractDetails {
        let market = &self.exchange.market;
        let listing = market.listing(sym);
        let today = market.hours.date_at(self.exchange.now);
        let rules = vec![STOCK_RULE.to_string(); ROUTES.split(',').count()].join(",");
        let mut contract = self.wire_contract(sym);
        if !m.contract.exchange.is_empty() {
            contract.exchange = m.contract.exchange.clone();
        }
        contract.strike = Some(Decimal::ZERO);
        let share = Some(Decimal::ONE);
        ContractDetails {
            req_id: m.req_id,
            contract,
            market_name: (&*listing.trading_class).into(),
            min_tick: Some(Decimal::new(1, 2)),
            md_size_multiplier: Some(100),
            order_types: ORDER_TYPES.into(),
            valid_exchanges: ROUTES.into(),
            price_magnifier: 1,
            long_name: (&*listing.name).into(),
            time_zone: ZONE_NAME.into(),
            trading_hours: (&*market.hours.trading_hours(today)).into(),
            liquid_hours: (&*market.hours.liquid_hours(today)).into(),
            agg_group: Some(1),
            market_rule_ids: (&*rules).into(),
            stock_type: listing.stock_type.into(),
            size_min_tick: share,
            min_size: share,
            size_increment: share,
            suggested_size_increment: Some(Decimal::ONE_HUNDRED),
            ..ContractDetails::default()
        }
    }

    /// `reqMatchingSymbols`: by the beginning of the symbol, or anywhere in the name.
    pub(crate) fn matching_symbols(&mut self, from: Asked, m: &ReqMatchingSymbols, out: &mut Vec<Output>) {
        let wanted = m.pattern.to_str_lossy().trim().to_ascii_uppercase();
        let market = &self.exchange.market;
        let fits = |sym: &Sym| {
            let listing = market.listing(*sym);
            !wanted.is_empty() && (listing.symbol.starts_with(&*wanted) || listing.name.contains(&*wanted))
        };
        let sample = |sym: Sym| {
            let listing = market.listing(sym);
            SymbolSample {
                con_id: listing.con_id,
                symbol: (&*listing.symbol).into(),
                sec_type: "STK".into(),
                primary_exchange: listing.venue.as_wire().into(),
                currency: "USD".into(),
                derivatives: Vec::new(),
                description: (&*listing.name).into(),
                issuer_id: "".into(),
            }
        };
        let samples = market.all().filter(fits).take(SAMPLES_MAX).map(sample).collect();
        self.send(from.conn, &Response::SymbolSamples(SymbolSamples { req_id: m.req_id, samples }), out);
    }

    /// `reqMarketRule`.
    pub(crate) fn market_rule(&mut self, from: Asked, m: &ReqMarketRule, out: &mut Vec<Output>) {
        if m.rule_id != STOCK_RULE {
            let text = format!("Error processing request. Market rule {} is not known", m.rule_id);
            self.send_error(from.conn, (super::NO_ID, 322), &text, out);
            return;
        }
        let cent =
            PriceIncrement { low_edge: Some(Price::ZERO), increment: Some(Price::new(Decimal::new(1, 2))) };
        let rule = MarketRule { rule_id: STOCK_RULE, increments: vec![cent] };
        self.send(from.conn, &Response::MarketRule(rule), out);
    }

    /// `reqSecDefOptParams`: there are no options here, so there is no definition to be found.
    pub(crate) fn option_params(&mut self, from: Asked, m: &ReqSecDefOptParams, out: &mut Vec<Output>) {
        self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
    }
}
