//! Market scanners.

use super::contracts::contract;
use super::{Form, Numbered, Step, options};
use crate::message::{ReqScannerSubscription, SCANNER_ROWS_MAX, ScannerData, ScannerParameters};

impl Form for ReqScannerSubscription {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.part(2, "scannerSubscription", true, |f| {
            f.int_or(1, "numberOfRows", &mut self.rows, -1)?;
            f.text(2, "instrument", &mut self.instrument)?;
            f.text(3, "locationCode", &mut self.location)?;
            f.text(4, "scanCode", &mut self.scan)?;
            f.opt_double(5, "abovePrice", &mut self.above_px)?;
            f.opt_double(6, "belowPrice", &mut self.below_px)?;
            f.opt_long(7, "aboveVolume", &mut self.above_volume)?;
            f.opt_double(8, "marketCapAbove", &mut self.market_cap_above)?;
            f.opt_double(9, "marketCapBelow", &mut self.market_cap_below)?;
            f.text(10, "moodyRatingAbove", &mut self.moody_rating_above)?;
            f.text(11, "moodyRatingBelow", &mut self.moody_rating_below)?;
            f.text(12, "spRatingAbove", &mut self.sp_rating_above)?;
            f.text(13, "spRatingBelow", &mut self.sp_rating_below)?;
            f.text(14, "maturityDateAbove", &mut self.maturity_date_above)?;
            f.text(15, "maturityDateBelow", &mut self.maturity_date_below)?;
            f.opt_double(16, "couponRateAbove", &mut self.coupon_rate_above)?;
            f.opt_double(17, "couponRateBelow", &mut self.coupon_rate_below)?;
            f.flag(18, "excludeConvertible", &mut self.exclude_convertible)?;
            f.opt_long(19, "averageOptionVolumeAbove", &mut self.average_option_volume_above)?;
            f.text(20, "scannerSettingPairs", &mut self.setting_pairs)?;
            f.text(21, "stockTypeFilter", &mut self.stock_type)?;
            options(f, 22, "scannerSubscriptionFilterOptions", &mut self.filter_options)?;
            options(f, 23, "scannerSubscriptionOptions", &mut self.options)
        })
        .map(drop)
    }
}

impl Form for ScannerParameters {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "xml", &mut self.xml)
    }
}

impl Form for ScannerData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "scannerDataElement", &mut self.rows, SCANNER_ROWS_MAX, |f, row| {
            f.int(1, "rank", &mut row.rank)?;
            contract(f, 2, &mut row.contract)?;
            f.text(3, "marketName", &mut row.market_name)?;
            f.text(4, "distance", &mut row.distance)?;
            f.text(5, "benchmark", &mut row.benchmark)?;
            f.text(6, "projection", &mut row.projection)?;
            f.text(7, "comboKey", &mut row.legs)
        })
    }
}
