//! Market scanners: what can be scanned for, a subscription, and the contracts it found.

use plimsoll_model::Price;
use rust_decimal::Decimal;

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// A subscription gives 50 rows.
pub(crate) const SCANNER_ROWS_MAX: usize = 4096;

/// Subscribes to a scanner. Filters that are unset do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct ReqScannerSubscription {
    pub req_id: i32,
    /// -1 for as many as there are.
    pub rows: i32,
    /// `STK`.
    pub instrument: Word,
    /// `STK.US.MAJOR`.
    pub location: Word,
    /// `TOP_PERC_GAIN`.
    pub scan: Word,
    pub above_px: Option<Price>,
    pub below_px: Option<Price>,
    pub above_volume: Option<i64>,
    pub market_cap_above: Option<Decimal>,
    pub market_cap_below: Option<Decimal>,
    pub moody_rating_above: Word,
    pub moody_rating_below: Word,
    pub sp_rating_above: Word,
    pub sp_rating_below: Word,
    pub maturity_date_above: Word,
    pub maturity_date_below: Word,
    pub coupon_rate_above: Option<Decimal>,
    pub coupon_rate_below: Option<Decimal>,
    pub exclude_convertible: bool,
    pub average_option_volume_above: Option<i64>,
    pub setting_pairs: Text,
    pub stock_type: Word,
    /// `tag=value;tag=value;`, the filters of newer scanners.
    pub filter_options: Text,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqScannerSubscription {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.int_or("numberOfRows", &mut self.rows, -1)?;
        f.visit("instrument", &mut self.instrument)?;
        f.visit("locationCode", &mut self.location)?;
        f.visit("scanCode", &mut self.scan)?;
        f.opt("abovePrice", &mut self.above_px)?;
        f.opt("belowPrice", &mut self.below_px)?;
        f.opt("aboveVolume", &mut self.above_volume)?;
        f.opt("marketCapAbove", &mut self.market_cap_above)?;
        f.opt("marketCapBelow", &mut self.market_cap_below)?;
        f.visit("moodyRatingAbove", &mut self.moody_rating_above)?;
        f.visit("moodyRatingBelow", &mut self.moody_rating_below)?;
        f.visit("spRatingAbove", &mut self.sp_rating_above)?;
        f.visit("spRatingBelow", &mut self.sp_rating_below)?;
        f.visit("maturityDateAbove", &mut self.maturity_date_above)?;
        f.visit("maturityDateBelow", &mut self.maturity_date_below)?;
        f.opt("couponRateAbove", &mut self.coupon_rate_above)?;
        f.opt("couponRateBelow", &mut self.coupon_rate_below)?;
        f.visit("excludeConvertible", &mut self.exclude_convertible)?;
        f.opt("averageOptionVolumeAbove", &mut self.average_option_volume_above)?;
        f.visit("scannerSettingPairs", &mut self.setting_pairs)?;
        f.visit("stockTypeFilter", &mut self.stock_type)?;
        f.visit("scannerSubscriptionFilterOptions", &mut self.filter_options)?;
        f.visit("scannerSubscriptionOptions", &mut self.options)?;
        Ok(())
    }
}

/// What can be scanned for: one large document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScannerParameters {
    /// The document.
    pub xml: Text,
}

impl Layout for ScannerParameters {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("xml", &mut self.xml)?;
        Ok(())
    }
}

/// The contracts that a scanner found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScannerData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Best first.
    pub rows: Vec<ScannerRow>,
}

impl Layout for ScannerData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("numberOfElementsCount", &mut self.rows, SCANNER_ROWS_MAX, |f, row| row.layout(f))
    }
}

/// A contract that a scanner found. Neither multiplier nor primary exchange are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct ScannerRow {
    /// From 0.
    pub rank: i32,
    pub contract: WireContract,
    pub market_name: Text,
    pub distance: Text,
    pub benchmark: Text,
    pub projection: Text,
    /// Of combos.
    pub legs: Text,
}

impl Layout for ScannerRow {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        let contract = &mut self.contract;
        f.visit("rank", &mut self.rank)?;
        f.visit("contract.conId", &mut contract.con_id)?;
        f.visit("contract.symbol", &mut contract.symbol)?;
        f.visit("contract.secType", &mut contract.sec_type)?;
        f.visit("contract.lastTradeDateOrContractMonth", &mut contract.expiry)?;
        f.opt("contract.strike", &mut contract.strike)?;
        f.visit("contract.right", &mut contract.right)?;
        f.visit("contract.exchange", &mut contract.exchange)?;
        f.visit("contract.currency", &mut contract.currency)?;
        f.visit("contract.localSymbol", &mut contract.local_symbol)?;
        f.visit("marketName", &mut self.market_name)?;
        f.visit("contract.tradingClass", &mut contract.trading_class)?;
        f.visit("distance", &mut self.distance)?;
        f.visit("benchmark", &mut self.benchmark)?;
        f.visit("projection", &mut self.projection)?;
        f.visit("legsStr", &mut self.legs)
    }
}
