//! Accounts: values, holdings, profit.

use super::contracts::contract;
use super::{Form, Numbered, Step};
use crate::message::{
    ACCOUNTS_MAX, AccountDownloadEnd, AccountSummary, AccountUpdateMulti, FamilyCodes, Pnl, PnlSingle,
    PositionLine, PositionMulti, UpdateAccountTime, UpdateAccountValue, UpdatePortfolio,
};

impl Form for UpdateAccountValue {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "key", &mut self.key)?;
        f.text(2, "value", &mut self.value)?;
        f.text(3, "currency", &mut self.currency)?;
        f.text(4, "accountName", &mut self.account)
    }
}

impl Form for UpdatePortfolio {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        contract(f, 1, &mut self.contract)?;
        f.opt_text(2, "position", &mut self.position)?;
        f.opt_double(3, "marketPrice", &mut self.market_px)?;
        f.opt_double(4, "marketValue", &mut self.market_value)?;
        f.opt_double(5, "averageCost", &mut self.avg_cost)?;
        f.opt_double(6, "unrealizedPNL", &mut self.unrealized)?;
        f.opt_double(7, "realizedPNL", &mut self.realized)?;
        f.text(8, "accountName", &mut self.account)
    }
}

impl Form for UpdateAccountTime {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "timeStamp", &mut self.time)
    }
}

impl Form for AccountDownloadEnd {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "accountName", &mut self.account)
    }
}

impl Form for PositionLine {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "account", &mut self.account)?;
        contract(f, 2, &mut self.contract)?;
        f.opt_text(3, "position", &mut self.position)?;
        f.opt_double(4, "avgCost", &mut self.avg_cost)
    }
}

impl Form for PositionMulti {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "account", &mut self.account)?;
        contract(f, 3, &mut self.contract)?;
        f.opt_text(4, "position", &mut self.position)?;
        f.opt_double(5, "avgCost", &mut self.avg_cost)?;
        f.text(6, "modelCode", &mut self.model_code)
    }
}

impl Form for AccountSummary {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "account", &mut self.account)?;
        f.text(3, "tag", &mut self.tag)?;
        f.text(4, "value", &mut self.value)?;
        f.text(5, "currency", &mut self.currency)
    }
}

impl Form for AccountUpdateMulti {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "account", &mut self.account)?;
        f.text(3, "modelCode", &mut self.model_code)?;
        f.text(4, "key", &mut self.key)?;
        f.text(5, "value", &mut self.value)?;
        f.text(6, "currency", &mut self.currency)
    }
}

impl Form for Pnl {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.opt_double(2, "dailyPnL", &mut self.daily)?;
        f.opt_double(3, "unrealizedPnL", &mut self.unrealized)?;
        f.opt_double(4, "realizedPnL", &mut self.realized)
    }
}

impl Form for PnlSingle {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.opt_text(2, "position", &mut self.position)?;
        f.opt_double(3, "dailyPnL", &mut self.daily)?;
        f.opt_double(4, "unrealizedPnL", &mut self.unrealized)?;
        f.opt_double(5, "realizedPnL", &mut self.realized)?;
        f.opt_double(6, "value", &mut self.value)
    }
}

impl Form for FamilyCodes {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.parts(1, "familyCodes", &mut self.codes, ACCOUNTS_MAX, |f, code| {
            f.text(1, "accountId", &mut code.account)?;
            f.text(2, "familyCode", &mut code.code)
        })
    }
}
