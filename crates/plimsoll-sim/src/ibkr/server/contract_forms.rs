//! Contracts as answers carry them.
//!
//! Owns the form of each kind of instrument; what a request left out is filled in.

use plimsoll_tws::Word;
use plimsoll_tws::message::WireContract;
use rust_decimal::Decimal;

use crate::ibkr::venue::IbkrVenue;
use crate::market::Sym;
use crate::market::chain::OptionSeries;
use crate::market::forex::PAIRS;
use crate::market::future::Future;
use crate::market::listing::{Listing, Product};

impl IbkrVenue {
    /// A symbol as answers carry it; the caller sets exchange and right where they differ.
    pub(crate) fn wire_contract(&self, sym: Sym) -> WireContract {
        let listing = self.exchange.market.listing(sym);
        match listing.product {
            Product::Stock => stock(listing),
            Product::Option(under, series) => option(self.exchange.market.listing(under), series),
            Product::Future(future) => self::future(future),
            Product::Forex(index) => pair(index),
        }
    }

    /// The same with TWS's sign for a right that is none, which differs from message to message.
    pub(crate) fn wire_contract_with(&self, sym: Sym, no_right: &str) -> WireContract {
        let contract = self.wire_contract(sym);
        if self.exchange.market.listing(sym).is_option() {
            return contract;
        }
        WireContract { right: no_right.into(), ..contract }
    }
}

fn stock(listing: &Listing) -> WireContract {
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

pub(super) fn option(under: &Listing, option: OptionSeries) -> WireContract {
    WireContract {
        con_id: option.con_id(under),
        symbol: (&*under.symbol).into(),
        sec_type: "OPT".into(),
        expiry: compact(option.expiry),
        strike: Some(option.strike_px()),
        right: option.right.as_wire().into(),
        multiplier: "100".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        local_symbol: (&*option.local_symbol(under)).into(),
        trading_class: (&*under.symbol).into(),
        ..WireContract::default()
    }
}

pub(super) fn future(future: Future) -> WireContract {
    let root = future.root();
    WireContract {
        con_id: future.con_id(),
        symbol: root.symbol.into(),
        sec_type: "FUT".into(),
        expiry: compact(future.expiry),
        strike: Some(Decimal::ZERO),
        multiplier: root.multiplier.into(),
        exchange: root.exchange.into(),
        currency: "USD".into(),
        local_symbol: (&*future.local_symbol()).into(),
        trading_class: root.symbol.into(),
        ..WireContract::default()
    }
}

pub(super) fn pair(index: usize) -> WireContract {
    let pair = &PAIRS[index];
    let name = format!("{}.{}", pair.base, pair.quote);
    WireContract {
        con_id: pair.con_id,
        symbol: pair.base.into(),
        sec_type: "CASH".into(),
        strike: Some(Decimal::ZERO),
        exchange: "IDEALPRO".into(),
        currency: pair.quote.into(),
        local_symbol: (&*name).into(),
        trading_class: (&*name).into(),
        ..WireContract::default()
    }
}

/// A day as contracts have it.
pub(super) fn compact(date: jiff::civil::Date) -> Word {
    date.strftime("%Y%m%d").to_string().as_str().into()
}
