//! What a bond is: the message of contract details under a number of its own.

use super::contracts::contract;
use super::{Form, Numbered, Step};
use crate::message::{BondContractDetails, PARAMS_MAX};

impl Form for BondContractDetails {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        contract(f, 2, &mut self.contract)?;
        f.part(3, "contractDetails", true, |f| {
            self.listed(f)?;
            self.rules(f)?;
            self.bond(f)
        })
        .map(drop)
    }
}

impl BondContractDetails {
    fn listed(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "marketName", &mut self.market_name)?;
        f.opt_text(2, "minTick", &mut self.min_tick)?;
        f.text(3, "orderTypes", &mut self.order_types)?;
        f.text(4, "validExchanges", &mut self.valid_exchanges)?;
        f.aside(5, "priceMagnifier")?;
        f.aside(6, "underConId")?;
        f.text(7, "longName", &mut self.long_name)?;
        for number in 8..=11 {
            f.aside(number, "month or industry")?;
        }
        f.text(12, "timeZoneId", &mut self.time_zone)?;
        f.text(13, "tradingHours", &mut self.trading_hours)?;
        f.text(14, "liquidHours", &mut self.liquid_hours)
    }

    fn rules(&mut self, f: &mut impl Numbered) -> Step {
        f.text(15, "evRule", &mut self.ev_rule)?;
        f.opt_double(16, "evMultiplier", &mut self.ev_multiplier)?;
        f.map(17, "secIdList", &mut self.sec_ids, PARAMS_MAX)?;
        f.opt_int(18, "aggGroup", &mut self.agg_group)?;
        f.aside(19, "underSymbol")?;
        f.aside(20, "underSecType")?;
        f.text(21, "marketRuleIds", &mut self.market_rule_ids)?;
        f.aside(22, "realExpirationDate")?;
        f.aside(23, "stockType")?;
        f.opt_text(24, "minSize", &mut self.min_size)?;
        f.opt_text(25, "sizeIncrement", &mut self.size_increment)?;
        f.opt_text(26, "suggestedSizeIncrement", &mut self.suggested_size_increment)?;
        for number in 27..=43 {
            f.aside(number, "fund")?;
        }
        Ok(())
    }

    fn bond(&mut self, f: &mut impl Numbered) -> Step {
        f.text(44, "cusip", &mut self.cusip)?;
        f.text(45, "issueDate", &mut self.issue_date)?;
        f.text(46, "ratings", &mut self.ratings)?;
        f.text(47, "bondType", &mut self.bond_type)?;
        f.opt_double(48, "coupon", &mut self.coupon)?;
        f.text(49, "couponType", &mut self.coupon_type)?;
        f.flag(50, "convertible", &mut self.convertible)?;
        f.flag(51, "callable", &mut self.callable)?;
        f.flag(52, "puttable", &mut self.putable)?;
        f.text(53, "descAppend", &mut self.description)?;
        f.text(54, "nextOptionDate", &mut self.next_option_date)?;
        f.text(55, "nextOptionType", &mut self.next_option_type)?;
        f.flag(56, "nextOptionPartial", &mut self.next_option_partial)?;
        f.text(57, "bondNotes", &mut self.notes)?;
        for number in 58..=62 {
            f.aside(number, "ineligibility, event contract or algorithm")?;
        }
        Ok(())
    }
}
