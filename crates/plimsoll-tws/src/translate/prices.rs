//! Streams of prices: which a bot asks for, and what a venue's frame strikes in one.
//!
//! Owns the words for both. Does not own when a stream counts as stopped, nor bars.

use plimsoll_model::{Contract, QuoteField, RawFrame};

use super::contract;
use crate::message::message_id;
use crate::{Request, Response, ServerVersion};

/// The kinds of streams that bring prices as they are struck. A client may use their request numbers side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceStream {
    /// `reqMktData`.
    Quotes,
    /// `reqTickByTickData`.
    TickByTick,
}

/// What strikes a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StruckBy {
    /// Every price.
    Prices,
    /// Bids and offers.
    Quotes,
    /// Trades alone.
    Trades,
}

/// What a bot's frame does to its streams of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PricesRequest {
    /// Begins one.
    Begin(Box<Contract>, StruckBy),
    /// Ends it.
    End,
}

/// What a bot's frame does to its streams of prices, if it is about any, and to which request. One answer and no stream is
/// no stream in this sense.
pub fn prices_request(version: ServerVersion, frame: &RawFrame) -> Option<(PriceStream, i32, PricesRequest)> {
    // No other message is read for it.
    if !matches!(message_id(version, frame), Some(1 | 2 | 97 | 98)) {
        return None;
    }
    Some(match Request::decode(version, frame).ok()? {
        // Without its prices it is a stream of news or of something else.
        Request::ReqMktData(m) if m.generic_ticks.as_str().split(',').any(|tick| tick.trim() == "mdoff") => {
            (PriceStream::Quotes, m.req_id, PricesRequest::End)
        }
        Request::ReqMktData(m) if !m.snapshot && !m.regulatory_snapshot => {
            let contract = contract("reqMktData", &m.contract).ok()?;
            let begin = PricesRequest::Begin(Box::new(contract), StruckBy::Prices);
            (PriceStream::Quotes, m.req_id, begin)
        }
        Request::CancelMktData(m) => (PriceStream::Quotes, m.req_id, PricesRequest::End),
        Request::ReqTickByTickData(m) => {
            let contract = contract("reqTickByTickData", &m.contract).ok()?;
            let by = match m.kind.as_str() {
                "BidAsk" | "MidPoint" => StruckBy::Quotes,
                _ => StruckBy::Trades,
            };
            (PriceStream::TickByTick, m.req_id, PricesRequest::Begin(Box::new(contract), by))
        }
        Request::CancelTickByTickData(m) => (PriceStream::TickByTick, m.req_id, PricesRequest::End),
        _ => return None,
    })
}

/// A price that a venue's frame strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// In which kind of stream.
    pub stream: PriceStream,
    /// The request that it belongs to.
    pub req_id: i32,
    /// Of a quote, which of its prices. The first of each is the venue's memory.
    pub field: Option<QuoteField>,
}

/// What a frame strikes. A size that ticks on a frozen price strikes nothing, and neither does yesterday's close or a price
/// that is withdrawn.
pub fn strike(version: ServerVersion, frame: &RawFrame) -> Option<Strike> {
    if !matches!(message_id(version, frame), Some(1 | 99)) {
        return None;
    }
    match Response::decode(version, frame).ok()? {
        Response::TickPrice(m) => {
            // Delayed prices are 66 to 68; they say as well that the stream lives.
            let field = match m.tick {
                1 | 66 => QuoteField::Bid,
                2 | 67 => QuoteField::Ask,
                4 | 68 => QuoteField::Last,
                _ => return None,
            };
            let is_price = m.px.is_some_and(|px| px.get() != rust_decimal::Decimal::NEGATIVE_ONE);
            is_price.then_some(Strike { stream: PriceStream::Quotes, req_id: m.req_id, field: Some(field) })
        }
        Response::TickByTick(m) => {
            Some(Strike { stream: PriceStream::TickByTick, req_id: m.req_id, field: None })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v178() -> ServerVersion {
        ServerVersion::new(178).unwrap()
    }

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    #[test]
    fn a_price_strikes_its_stream_and_a_size_a_close_or_a_withdrawn_price_does_not() {
        let struck = |text: &str| strike(v178(), &bars(text)).map(|strike| (strike.req_id, strike.field));
        assert_eq!(struck("1|6|7|1|500.25|100|0|"), Some((7, Some(QuoteField::Bid))));
        assert_eq!(struck("1|6|7|68|500.25|0|0|"), Some((7, Some(QuoteField::Last))), "delayed");
        assert_eq!(struck("1|6|7|9|500.25|0|0|"), None, "yesterday's close");
        assert_eq!(struck("1|6|7|2|-1|0|0|"), None, "nobody offers");
        assert_eq!(struck("2|6|7|0|100|"), None, "a size");
        assert_eq!(struck("1|6|"), None, "damaged");
    }

    #[test]
    fn a_subscription_begins_a_stream_and_a_snapshot_does_not() {
        let asked = |text: &str| prices_request(v178(), &bars(text));
        let Some((PriceStream::Quotes, 7, PricesRequest::Begin(contract, StruckBy::Prices))) =
            asked("1|11|7|0|SPY|STK||0|||SMART||USD|||0||0|0||")
        else {
            panic!("a stream of quotes")
        };
        assert_eq!(&*contract.symbol, "SPY");
        assert_eq!(asked("1|11|7|0|SPY|STK||0|||SMART||USD|||0||1|0||"), None, "a snapshot");
        let news = asked("1|11|7|0|SPY|STK||0|||SMART||USD|||0|mdoff,292|0|0||");
        assert_eq!(news, Some((PriceStream::Quotes, 7, PricesRequest::End)), "news, and no price");
        assert_eq!(asked("2|2|7|"), Some((PriceStream::Quotes, 7, PricesRequest::End)));
    }
}
