//! Contracts as messages name them, and the small lists that go with them.

use rust_decimal::Decimal;

use crate::Word;
use crate::layout::{Fields, Layout, Step};

pub(crate) const LEGS_MAX: usize = 64;
pub(crate) const PARAMS_MAX: usize = 128;

/// A contract on the wire. Requests carry all twelve fields, answers leave out the primary exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WireContract {
    /// The broker's number; zero if not named.
    pub con_id: i32,
    /// The symbol.
    pub symbol: Word,
    /// The kind, `STK`.
    pub sec_type: Word,
    /// Last trade date or contract month.
    pub expiry: Word,
    /// Of options; zero or unset otherwise.
    pub strike: Option<Decimal>,
    /// `C`, `P`, empty, or `?` in open orders of stocks.
    pub right: Word,
    /// Units per contract.
    pub multiplier: Word,
    /// Where it is routed; in executions where it was executed.
    pub exchange: Word,
    /// The listing exchange; requests only.
    pub primary_exchange: Word,
    /// The currency.
    pub currency: Word,
    /// The exchange's own symbol.
    pub local_symbol: Word,
    /// The trading class.
    pub trading_class: Word,
}

impl WireContract {
    fn first_seven(&mut self, f: &mut impl Fields) -> Step {
        f.visit("contract.conId", &mut self.con_id)?;
        f.visit("contract.symbol", &mut self.symbol)?;
        f.visit("contract.secType", &mut self.sec_type)?;
        f.visit("contract.lastTradeDateOrContractMonth", &mut self.expiry)?;
        f.opt("contract.strike", &mut self.strike)?;
        f.visit("contract.right", &mut self.right)?;
        f.visit("contract.multiplier", &mut self.multiplier)
    }

    fn last_three(&mut self, f: &mut impl Fields) -> Step {
        f.visit("contract.currency", &mut self.currency)?;
        f.visit("contract.localSymbol", &mut self.local_symbol)?;
        f.visit("contract.tradingClass", &mut self.trading_class)
    }

    /// The twelve fields of requests.
    pub(crate) fn twelve(&mut self, f: &mut impl Fields) -> Step {
        self.first_seven(f)?;
        f.visit("contract.exchange", &mut self.exchange)?;
        f.visit("contract.primaryExchange", &mut self.primary_exchange)?;
        self.last_three(f)
    }

    /// The eleven fields of answers and of the exercise request: no primary exchange.
    pub(crate) fn eleven(&mut self, f: &mut impl Fields) -> Step {
        self.first_seven(f)?;
        f.visit("contract.exchange", &mut self.exchange)?;
        self.last_three(f)
    }

    /// The eleven fields of the portfolio: the primary exchange stands where others have the exchange.
    pub(crate) fn listed(&mut self, f: &mut impl Fields) -> Step {
        self.first_seven(f)?;
        f.visit("contract.primaryExchange", &mut self.primary_exchange)?;
        self.last_three(f)
    }

    pub(crate) fn is_bag(&self) -> bool {
        self.sec_type == "BAG"
    }
}

/// A leg of a combo as orders carry it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComboLeg {
    /// The broker's number of the leg.
    pub con_id: i32,
    /// Units of the leg per unit of the combo.
    pub ratio: i32,
    /// `BUY` or `SELL`.
    pub action: Word,
    /// Where.
    pub exchange: Word,
    /// 0 same, 1 open, 2 close, 3 unknown.
    pub open_close: i32,
    /// Of institutional short sales.
    pub short_sale_slot: i32,
    /// Where the shares are held.
    pub designated_location: Word,
    /// Exemption from the short sale rule; -1 none.
    pub exempt_code: i32,
}

impl Layout for ComboLeg {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("leg.conId", &mut self.con_id)?;
        f.visit("leg.ratio", &mut self.ratio)?;
        f.visit("leg.action", &mut self.action)?;
        f.visit("leg.exchange", &mut self.exchange)?;
        f.visit("leg.openClose", &mut self.open_close)?;
        f.visit("leg.shortSaleSlot", &mut self.short_sale_slot)?;
        f.visit("leg.designatedLocation", &mut self.designated_location)?;
        f.int_or("leg.exemptCode", &mut self.exempt_code, -1)
    }
}

/// A leg of a combo as data requests carry it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarketLeg {
    /// The broker's number of the leg.
    pub con_id: i32,
    /// Units of the leg per unit of the combo.
    pub ratio: i32,
    /// `BUY` or `SELL`.
    pub action: Word,
    /// Where.
    pub exchange: Word,
}

impl Layout for MarketLeg {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("leg.conId", &mut self.con_id)?;
        f.visit("leg.ratio", &mut self.ratio)?;
        f.visit("leg.action", &mut self.action)?;
        f.visit("leg.exchange", &mut self.exchange)
    }
}

/// The other contract of a delta-neutral combo.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeltaNeutralContract {
    /// The broker's number.
    pub con_id: i32,
    /// Its delta.
    pub delta: Option<Decimal>,
    /// Its price.
    pub px: Option<Decimal>,
}

/// A flag, and the contract where the flag is set.
pub(crate) fn delta_neutral_contract(
    f: &mut impl Fields,
    contract: &mut Option<DeltaNeutralContract>,
) -> Step {
    let mut present = contract.is_some();
    f.visit("deltaNeutralContractPresent", &mut present)?;
    if present {
        let contract = contract.get_or_insert_default();
        f.visit("deltaNeutralContract.conId", &mut contract.con_id)?;
        f.opt("deltaNeutralContract.delta", &mut contract.delta)?;
        f.opt("deltaNeutralContract.price", &mut contract.px)?;
    }
    Ok(())
}

/// A named parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagValue {
    /// Its name.
    pub tag: Word,
    /// Its value.
    pub value: Word,
}

impl Layout for TagValue {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("tag", &mut self.tag)?;
        f.visit("value", &mut self.value)
    }
}
