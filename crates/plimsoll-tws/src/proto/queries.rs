//! Requests that change nothing at the venue.

use std::mem::take;

use super::contracts::{Beside, contract, contract_with};
use super::{Form, Numbered, Packed, Step, options};
use crate::message::{
    ById, PARAMS_MAX, ReplaceFa, ReqAccountSummary, ReqAccountUpdates, ReqAccountUpdatesMulti,
    ReqAutoOpenOrders, ReqCompletedOrders, ReqContractDetails, ReqExecutions, ReqHeadTimestamp,
    ReqHistoricalData, ReqIds, ReqMarketDataType, ReqMarketRule, ReqMatchingSymbols, ReqMktData,
    ReqNewsBulletins, ReqOfAccount, ReqPnlSingle, ReqRealTimeBars, ReqSecDefOptParams, ReqTickByTickData,
    RequestFa, SetServerLogLevel, StartApi,
};

impl Form for ById {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)
    }
}

impl Form for StartApi {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "clientId", &mut self.client_id)?;
        f.text(2, "optionalCapabilities", &mut self.capabilities)
    }
}

impl Form for ReqIds {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "numIds", &mut self.count)
    }
}

impl Form for ReqAccountUpdates {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.flag(1, "subscribe", &mut self.subscribe)?;
        f.text(2, "acctCode", &mut self.account)
    }
}

impl Form for ReqExecutions {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.part(2, "executionFilter", true, |f| {
            f.int_unless_zero(1, "clientId", &mut self.client_id)?;
            f.text(2, "acctCode", &mut self.account)?;
            f.text(3, "time", &mut self.since)?;
            f.text(4, "symbol", &mut self.symbol)?;
            f.text(5, "secType", &mut self.sec_type)?;
            f.text(6, "exchange", &mut self.exchange)?;
            f.text(7, "side", &mut self.side)?;
            f.opt_int(8, "lastNDays", &mut self.last_days)?;
            f.packed(9, "specificDates", Packed::Int32, &mut self.dates, PARAMS_MAX)
        })
        .map(drop)
    }
}

impl Form for ReqNewsBulletins {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.flag(1, "allMessages", &mut self.all)
    }
}

impl Form for SetServerLogLevel {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "logLevel", &mut self.level)
    }
}

impl Form for ReqAutoOpenOrders {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.flag(1, "autoBind", &mut self.bind)
    }
}

impl Form for RequestFa {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "faDataType", &mut self.kind)
    }
}

impl Form for ReplaceFa {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.int(2, "faDataType", &mut self.kind)?;
        f.text(3, "xml", &mut self.xml)
    }
}

impl Form for ReqAccountSummary {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "group", &mut self.group)?;
        f.text(3, "tags", &mut self.tags)
    }
}

impl Form for ReqOfAccount {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "account", &mut self.account)?;
        f.text(3, "modelCode", &mut self.model_code)
    }
}

impl Form for ReqAccountUpdatesMulti {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "account", &mut self.account)?;
        f.text(3, "modelCode", &mut self.model_code)?;
        f.flag(4, "ledgerAndNLV", &mut self.ledger_and_nlv)
    }
}

impl Form for ReqPnlSingle {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "account", &mut self.account)?;
        f.text(3, "modelCode", &mut self.model_code)?;
        f.int(4, "conId", &mut self.con_id)
    }
}

impl Form for ReqCompletedOrders {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.flag(1, "apiOnly", &mut self.api_only)
    }
}

impl Form for ReqMktData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside {
            legs: take(&mut self.legs).into_iter().map(Into::into).collect(),
            delta_neutral: self.delta_neutral.take(),
            ..Beside::default()
        };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.legs = beside.legs.into_iter().map(Into::into).collect();
        self.delta_neutral = beside.delta_neutral;
        f.text(3, "genericTickList", &mut self.generic_ticks)?;
        f.flag(4, "snapshot", &mut self.snapshot)?;
        f.flag(5, "regulatorySnapshot", &mut self.regulatory_snapshot)?;
        options(f, 6, "marketDataOptions", &mut self.options)
    }
}

impl Form for ReqContractDetails {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside {
            include_expired: self.include_expired,
            sec_id_type: take(&mut self.sec_id_type),
            sec_id: take(&mut self.sec_id),
            issuer_id: take(&mut self.issuer_id),
            ..Beside::default()
        };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.include_expired = beside.include_expired;
        (self.sec_id_type, self.sec_id) = (beside.sec_id_type, beside.sec_id);
        self.issuer_id = beside.issuer_id;
        Ok(())
    }
}

impl Form for ReqHistoricalData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside {
            include_expired: self.include_expired,
            legs: take(&mut self.legs).into_iter().map(Into::into).collect(),
            ..Beside::default()
        };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.include_expired = beside.include_expired;
        self.legs = beside.legs.into_iter().map(Into::into).collect();
        f.text(3, "endDateTime", &mut self.end)?;
        f.text(4, "barSizeSetting", &mut self.bar_size)?;
        f.text(5, "duration", &mut self.duration)?;
        f.flag(6, "useRTH", &mut self.use_rth)?;
        f.text(7, "whatToShow", &mut self.what)?;
        f.int(8, "formatDate", &mut self.format_date)?;
        f.flag(9, "keepUpToDate", &mut self.keep_up_to_date)?;
        options(f, 10, "chartOptions", &mut self.options)
    }
}

impl Form for ReqRealTimeBars {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.int(3, "barSize", &mut self.bar_size)?;
        f.text(4, "whatToShow", &mut self.what)?;
        f.flag(5, "useRTH", &mut self.use_rth)?;
        options(f, 6, "realTimeBarsOptions", &mut self.options)
    }
}

impl Form for ReqMarketDataType {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "marketDataType", &mut self.kind)
    }
}

impl Form for ReqSecDefOptParams {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "underlyingSymbol", &mut self.symbol)?;
        f.text(3, "futFopExchange", &mut self.exchange)?;
        f.text(4, "underlyingSecType", &mut self.sec_type)?;
        f.int(5, "underlyingConId", &mut self.con_id)
    }
}

impl Form for ReqMatchingSymbols {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "pattern", &mut self.pattern)
    }
}

impl Form for ReqHeadTimestamp {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside { include_expired: self.include_expired, ..Beside::default() };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.include_expired = beside.include_expired;
        f.flag(3, "useRTH", &mut self.use_rth)?;
        f.text(4, "whatToShow", &mut self.what)?;
        f.int(5, "formatDate", &mut self.format_date)
    }
}

impl Form for ReqMarketRule {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "marketRuleId", &mut self.rule_id)
    }
}

impl Form for ReqTickByTickData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.text(3, "tickType", &mut self.kind)?;
        f.int(4, "numberOfTicks", &mut self.count)?;
        f.flag(5, "ignoreSize", &mut self.ignore_size)
    }
}
