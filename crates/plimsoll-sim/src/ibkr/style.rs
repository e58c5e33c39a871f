//! How each order type works at this venue.
//!
//! Owns the table from TWS's words to ways of working, and which order types may become which. The words
//! themselves stay with the order: a client is told the one that it sent.

use plimsoll_model::OrdType;

/// A way of working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Takes what is there.
    Market,
    /// Takes and rests up to its price.
    Limit,
    /// A market order once its price was touched against it.
    Stop,
    /// A limit order once its price was touched against it.
    StopLimit,
    /// A stop that follows the market.
    Trail,
    /// A stop with a limit, both following the market.
    TrailLimit,
    /// A market order once its price was touched in its favour.
    IfTouched,
    /// A limit order once its price was touched in its favour.
    LimitIfTouched,
    /// In the closing auction.
    OnClose,
    /// In the closing auction, up to its price.
    LimitOnClose,
    /// A market order whose rest becomes a limit order at the price of its first execution.
    ToLimit,
    /// Rests ahead of the best price of its own side.
    Relative,
    /// Rests at the middle of the quote.
    Midprice,
    /// Rests at the middle of the quote, in a pool beside the exchanges.
    PegMid,
    /// Rests there as far ahead of the best price of its own side as it says, up to the middle.
    PegBest,
    /// Rests as far from the best price of the other side as it says.
    PegMarket,
}

impl Style {
    /// The way in which a type works; none where this venue does not offer it.
    pub(crate) fn of(ord_type: &OrdType) -> Option<Self> {
        Some(match ord_type {
            OrdType::Market => Self::Market,
            OrdType::Limit => Self::Limit,
            OrdType::Stop => Self::Stop,
            OrdType::StopLimit => Self::StopLimit,
            OrdType::MarketOnClose => Self::OnClose,
            OrdType::LimitOnClose => Self::LimitOnClose,
            OrdType::Other(word) => match &**word {
                "TRAIL" => Self::Trail,
                "TRAIL LIMIT" => Self::TrailLimit,
                "MIT" => Self::IfTouched,
                "LIT" => Self::LimitIfTouched,
                "MTL" => Self::ToLimit,
                "REL" => Self::Relative,
                "MIDPRICE" => Self::Midprice,
                "PEG MID" => Self::PegMid,
                "PEG BEST" => Self::PegBest,
                "PEG MKT" => Self::PegMarket,
                _ => return None,
            },
        })
    }

    /// Whether it waits for a price before it works.
    pub(crate) const fn has_trigger(self) -> bool {
        self.is_stop() || matches!(self, Self::IfTouched | Self::LimitIfTouched)
    }

    /// Whether its trigger lies against it: above the market for a buy.
    pub(crate) const fn is_stop(self) -> bool {
        matches!(self, Self::Stop | Self::StopLimit | Self::Trail | Self::TrailLimit)
    }

    /// Whether its trigger follows the market.
    pub(crate) const fn trails(self) -> bool {
        matches!(self, Self::Trail | Self::TrailLimit)
    }

    /// Whether the limit price of the message has to be there.
    pub(crate) const fn needs_limit(self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit | Self::LimitIfTouched | Self::LimitOnClose)
    }

    /// Whether the auxiliary price of the message is the price that it waits for.
    pub(crate) const fn needs_trigger(self) -> bool {
        self.has_trigger() && !self.trails()
    }

    /// Whether its price follows the quote while it rests.
    pub(crate) const fn is_pegged(self) -> bool {
        matches!(self, Self::Relative | Self::Midprice | Self::PegMarket) || self.is_in_the_pool()
    }

    /// Whether it rests in IBKR's own pool and not at an exchange.
    pub(crate) const fn is_in_the_pool(self) -> bool {
        matches!(self, Self::PegMid | Self::PegBest)
    }

    /// Whether it takes part in the closing auction only.
    pub(crate) const fn is_on_close(self) -> bool {
        matches!(self, Self::OnClose | Self::LimitOnClose)
    }

    /// Whether a working order of this kind may be changed into the other. Auctions and pegs are other
    /// places than the book, and TWS does not move an order from one to the other.
    pub(crate) fn may_become(self, other: Self) -> bool {
        let place = |style: Self| (style.is_on_close(), style.is_pegged());
        self == other || place(self) == place(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_order_may_become_a_market_order_and_no_on_close_order() {
        assert!(Style::Limit.may_become(Style::Market));
        assert!(Style::OnClose.may_become(Style::LimitOnClose));
        assert!(!Style::Limit.may_become(Style::OnClose));
        assert!(!Style::Midprice.may_become(Style::Limit));
    }
}
