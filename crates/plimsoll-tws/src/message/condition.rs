//! Conditions under which the venue activates or cancels an order.

use plimsoll_model::Price;
use rust_decimal::Decimal;

use crate::Word;
use crate::layout::{Fields, Layout, Problem, Step};
use crate::spelling::{Raw, Spelling};

pub(crate) const CONDITIONS_MAX: usize = 64;

/// How a condition is joined to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conjunction {
    /// Both must hold.
    #[default]
    And,
    /// One is enough.
    Or,
}

impl Spelling for Conjunction {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self = match raw.bytes {
            b"a" => Self::And,
            b"o" => Self::Or,
            other => {
                let text = other.escape_ascii().to_string().into();
                return Err(Problem::Unreadable { text, wanted: "`a` or `o`" });
            }
        };
        Ok(())
    }

    fn write(&self, out: &mut bytes::BytesMut) {
        out.extend_from_slice(match self {
            Self::And => b"a",
            Self::Or => b"o",
        });
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields carry the venue's own names, explained by the variants")]
pub enum Condition {
    /// The price of a contract is above or below.
    Price {
        join: Conjunction,
        is_more: bool,
        px: Option<Price>,
        con_id: i32,
        exchange: Word,
        trigger_method: i32,
    },
    /// It is later or earlier than.
    Time { join: Conjunction, is_more: bool, time: Word },
    /// The margin cushion is above or below, in percent.
    Margin { join: Conjunction, is_more: bool, percent: i32 },
    /// A contract was executed.
    Execution { join: Conjunction, sec_type: Word, exchange: Word, symbol: Word },
    /// The volume of a contract is above or below.
    Volume { join: Conjunction, is_more: bool, volume: i32, con_id: i32, exchange: Word },
    /// The price of a contract changed by more or less, in percent.
    PercentChange { join: Conjunction, is_more: bool, percent: Option<Decimal>, con_id: i32, exchange: Word },
}

impl Default for Condition {
    fn default() -> Self {
        Self::Margin { join: Conjunction::And, is_more: false, percent: 0 }
    }
}

impl Condition {
    /// The number of the kind on the wire.
    pub const fn kind(&self) -> i32 {
        match self {
            Self::Price { .. } => 1,
            Self::Time { .. } => 3,
            Self::Margin { .. } => 4,
            Self::Execution { .. } => 5,
            Self::Volume { .. } => 6,
            Self::PercentChange { .. } => 7,
        }
    }

    fn blank(kind: i32) -> Option<Self> {
        let (join, is_more, con_id, exchange) = (Conjunction::And, false, 0, Word::EMPTY);
        Some(match kind {
            1 => Self::Price { join, is_more, px: None, con_id, exchange, trigger_method: 0 },
            3 => Self::Time { join, is_more, time: Word::EMPTY },
            4 => Self::Margin { join, is_more, percent: 0 },
            5 => Self::Execution { join, sec_type: Word::EMPTY, exchange, symbol: Word::EMPTY },
            6 => Self::Volume { join, is_more, volume: 0, con_id, exchange },
            7 => Self::PercentChange { join, is_more, percent: None, con_id, exchange },
            _ => return None,
        })
    }
}

impl Layout for Condition {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        let mut kind = self.kind();
        f.id("condition.type", &mut kind)?;
        if kind != self.kind() {
            *self = Self::blank(kind)
                .ok_or_else(|| f.unknown("condition.type", kind, "a condition type (1, 3, 4, 5, 6 or 7)"))?;
        }
        let (Self::Price { join, .. }
        | Self::Time { join, .. }
        | Self::Margin { join, .. }
        | Self::Execution { join, .. }
        | Self::Volume { join, .. }
        | Self::PercentChange { join, .. }) = self;
        f.visit("condition.conjunction", join)?;
        match self {
            Self::Price { is_more, px, con_id, exchange, trigger_method, .. } => {
                f.visit("condition.isMore", is_more)?;
                f.opt("condition.price", px)?;
                f.visit("condition.conId", con_id)?;
                f.visit("condition.exchange", exchange)?;
                f.visit("condition.triggerMethod", trigger_method)
            }
            Self::Time { is_more, time, .. } => {
                f.visit("condition.isMore", is_more)?;
                f.visit("condition.time", time)
            }
            Self::Margin { is_more, percent, .. } => {
                f.visit("condition.isMore", is_more)?;
                f.visit("condition.percent", percent)
            }
            Self::Execution { sec_type, exchange, symbol, .. } => {
                f.visit("condition.secType", sec_type)?;
                f.visit("condition.exchange", exchange)?;
                f.visit("condition.symbol", symbol)
            }
            Self::Volume { is_more, volume, con_id, exchange, .. } => {
                f.visit("condition.isMore", is_more)?;
                f.visit("condition.volume", volume)?;
                f.visit("condition.conId", con_id)?;
                f.visit("condition.exchange", exchange)
            }
            Self::PercentChange { is_more, percent, con_id, exchange, .. } => {
                f.visit("condition.isMore", is_more)?;
                f.opt("condition.changePercent", percent)?;
                f.visit("condition.conId", con_id)?;
                f.visit("condition.exchange", exchange)
            }
        }
    }
}

/// A count of conditions, the conditions, and two flags if there is any.
pub(crate) fn conditions(
    f: &mut impl Fields,
    list: &mut Vec<Condition>,
    ignore_rth: &mut bool,
    cancel_order: &mut bool,
) -> Step {
    f.list("conditionsCount", list, CONDITIONS_MAX, |f, condition| condition.layout(f))?;
    if !list.is_empty() {
        f.visit("conditionsIgnoreRth", ignore_rth)?;
        f.visit("conditionsCancelOrder", cancel_order)?;
    }
    Ok(())
}
