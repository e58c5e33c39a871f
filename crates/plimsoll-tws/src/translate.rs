//! From wire messages to the vocabulary of `plimsoll-model`: what a bot asks, what a venue says.
//!
//! Owns which message means what to the guards and the ledger, and which features of an order no guard
//! can bound. Does not own any decision about either, nor the relay of what it calls `Other`.

mod bars;
mod beyond;
mod prices;
mod report;
mod request;
mod time;

use plimsoll_model::{ComboLeg, ConId, Contract, OrdType, Price, SecType, Side};
use rust_decimal::Decimal;

pub use bars::{
    AskedBars, BarLen, BarStart, BarStream, BarsRequest, ToldBars, bar_start, bars_request, told_bars,
};
pub use prices::{PriceStream, PricesRequest, Strike, StruckBy, prices_request, strike};
pub use report::{order_status, report};
pub use request::request;
pub use time::{timestamp, zone_of};

use crate::message::{self, Combo, WireContract};
use crate::{DecodeError, Problem, Word};

/// A value that is well-formed on the wire and still means nothing.
fn meaningless(message: &'static str, field: &'static str, text: &str, wanted: &'static str) -> DecodeError {
    let text = text.chars().take(40).collect::<String>().escape_debug().to_string().into();
    // The place is unknown here: the field was read long ago. Zero is the message number's own place.
    DecodeError { message, field, index: 0, problem: Problem::Unreadable { text, wanted } }
}

fn contract(message: &'static str, wire: &WireContract) -> Result<Contract, DecodeError> {
    let multiplier = match wire.multiplier.as_str() {
        "" => None,
        text => Some(Decimal::from_str_exact(text).map_err(|_| {
            meaningless(message, "contract.multiplier", text, "a decimal number of at most 28 digits")
        })?),
    };
    Ok(Contract {
        con_id: (wire.con_id != 0).then_some(ConId(wire.con_id)),
        symbol: wire.symbol.as_str().into(),
        sec_type: SecType::from_wire(wire.sec_type.as_str()),
        expiry: wire.expiry.as_str().into(),
        strike: wire.strike,
        right: wire.right.as_str().into(),
        multiplier,
        exchange: wire.exchange.as_str().into(),
        primary_exchange: wire.primary_exchange.as_str().into(),
        currency: wire.currency.as_str().into(),
        local_symbol: wire.local_symbol.as_str().into(),
        trading_class: wire.trading_class.as_str().into(),
    })
}

/// Orders say `BUY`, `SELL`, and for institutions `SSHORT` (sell short) and `SLONG` (sell long);
/// executions say `BOT` and `SLD`.
fn side(message: &'static str, word: &Word) -> Result<Side, DecodeError> {
    match word.as_str() {
        "BUY" | "BOT" => Ok(Side::Buy),
        "SELL" | "SSHORT" | "SLONG" | "SLD" => Ok(Side::Sell),
        other => Err(meaningless(message, "action", other, "BUY or SELL")),
    }
}

/// The legs of a combo; none if any of them cannot be told, because a leg left out would be a risk left out.
fn legs(combo: &Combo) -> Vec<ComboLeg> {
    let leg = |leg: &message::ComboLeg| {
        let ratio = u32::try_from(leg.ratio).ok().filter(|ratio| *ratio > 0)?;
        let con_id = Some(ConId(leg.con_id)).filter(|id| id.0 > 0)?;
        Some(ComboLeg { con_id, ratio, side: side("combo", &leg.action).ok()? })
    };
    combo.legs.iter().map(leg).collect::<Option<_>>().unwrap_or_default()
}

/// The limit price where the type has one. Servers write `0.0` where there is none, and a computed price
/// into the echo of a stop order.
fn limit_px(ord_type: &OrdType, px: Option<Price>) -> Option<Price> {
    match ord_type {
        OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose => px,
        OrdType::Market | OrdType::Stop | OrdType::MarketOnClose => None,
        OrdType::Other(_) => px.filter(|px| !px.is_zero()),
    }
}

/// The stop or auxiliary price where the type has one.
fn stop_px(ord_type: &OrdType, px: Option<Price>) -> Option<Price> {
    match ord_type {
        OrdType::Stop | OrdType::StopLimit => px,
        OrdType::Market | OrdType::Limit | OrdType::MarketOnClose | OrdType::LimitOnClose => None,
        OrdType::Other(_) => px.filter(|px| !px.is_zero()),
    }
}
