//! Accounts on the wire: values, portfolio, positions, summaries, profit.
//!
//! Owns the requests about accounts and their streams: lists at once, then changes on every execution,
//! values again every three minutes, profit every second in which it moved.

use plimsoll_model::{Account, Position, Price};
use plimsoll_tws::message::{
    AccountDownloadEnd, AccountUpdateMulti, ById, FamilyCode, FamilyCodes, Pnl, PnlSingle, PositionLine,
    PositionMulti, ReqAccountUpdates, ReqAccountUpdatesMulti, ReqOfAccount, ReqPnlSingle, UpdateAccountTime,
    UpdateAccountValue, UpdatePortfolio, WireContract,
};
use plimsoll_tws::{Response, Word};
use rust_decimal::Decimal;

use crate::ibkr::server::orders::position;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};
use crate::market::Sym;

/// Streams of accounts, positions and profits that a client may follow.
const STREAMS_MAX: usize = 500;
/// Why account values are told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Three minutes have passed.
    ByClock,
    /// Something was executed.
    ByExecution,
}

/// Accounts that may be asked for together.
const ACCOUNTS_AT_ONCE: usize = 50;
const UNKNOWN_ACCOUNT: &str = "Error validating request.-'bP' : cause - Invalid account code";

impl IbkrVenue {
    /// The account of a request: none means all; an unknown one is refused.
    pub(crate) fn named_account(&self, name: &str) -> Result<Option<Account>, ()> {
        if name.is_empty() || name == "All" || self.is_aggregate(name) {
            return Ok(None);
        }
        self.exchange
            .account_names
            .iter()
            .find(|account| account.as_str() == name)
            .cloned()
            .map(Some)
            .ok_or(())
    }

    pub(crate) fn accounts_of(&self, only: Option<&Account>) -> Vec<Account> {
        only.map_or_else(|| self.exchange.account_names.clone(), |account| vec![account.clone()])
    }

    /// An adviser's own name with an `A` behind it stands for all of its accounts.
    fn is_aggregate(&self, name: &str) -> bool {
        let master = self.exchange.account_names[0].as_str();
        self.exchange.is_adviser() && name.strip_suffix('A') == Some(master)
    }

    /// All accounts at once are refused where there are more than fifty.
    pub(crate) fn refuse_all(&mut self, from: Asked, key: (i32, &str), out: &mut Vec<Output>) -> bool {
        let all = matches!(key.1, "" | "All");
        let refused = all && self.exchange.account_names.len() > ACCOUNTS_AT_ONCE;
        if refused {
            // The code is recorded for such logins, the text is assumed.
            let text = format!("Requests for all accounts are limited to {ACCOUNTS_AT_ONCE} accounts");
            self.send_error(from.conn, (key.0, 10322), &text, out);
        }
        refused
    }

    /// Models are an adviser's; and nobody follows more streams than fit.
    fn refuse_model(&mut self, from: Asked, key: (i32, &str), out: &mut Vec<Output>) -> bool {
        let streams = self.subscriptions(from);
        let count = streams.positions_multi.len() + streams.account_multi.len() + streams.pnl.len();
        let text = if !key.1.is_empty() && !self.exchange.is_adviser() {
            "Error validating request.-'bP' : cause - Models need an adviser's login"
        } else if count >= STREAMS_MAX {
            "Error processing request. Too many account streams"
        } else {
            return false;
        };
        self.send_error(from.conn, (key.0, 321), text, out);
        true
    }

    /// `reqAccountUpdates`: one account at a time.
    pub(crate) fn account_updates(&mut self, from: Asked, m: &ReqAccountUpdates, out: &mut Vec<Output>) {
        if !m.subscribe {
            self.subscriptions(from).account = None;
            return;
        }
        let Ok(named) = self.named_account(m.account.as_str()) else {
            self.send_error(from.conn, (NO_ID, 321), UNKNOWN_ACCOUNT, out);
            return;
        };
        let account = named.unwrap_or_else(|| self.exchange.account_names[0].clone());
        let before = self.subscriptions(from).account.replace(account.clone());
        if before.as_ref().is_some_and(|before| *before != account) {
            let text = format!(
                "New account data requested from TWS. API client has been unsubscribed from account data of {}.",
                before.map_or(String::new(), |b| b.to_string())
            );
            self.send_error(from.conn, (NO_ID, 2100), &text, out);
        }
        self.tell_other_subscriber(from, &account, out);
        self.send_account(from.conn, &account, out);
        let end = AccountDownloadEnd { account: account.as_str().into() };
        self.send(from.conn, &Response::AccountDownloadEnd(end), out);
    }

    /// TWS follows one account for all its clients: who asks for another one is told so.
    fn tell_other_subscriber(&mut self, from: Asked, account: &Account, out: &mut Vec<Output>) {
        let other = |(id, conn): (&ConnId, &crate::ibkr::conn::Conn)| {
            let follows = conn.subscriptions.account.as_ref().filter(|other| *other != account)?;
            (*id != from.conn).then(|| follows.clone())
        };
        if let Some(other) = self.conns.iter().find_map(other) {
            let text = format!(
                "Unable to subscribe to account as the following clients are subscribed to a different account: {other}."
            );
            self.send_error(from.conn, (NO_ID, 2101), &text, out);
        }
    }

    fn send_account(&mut self, conn: ConnId, account: &Account, out: &mut Vec<Output>) {
        for (key, value, currency) in self.value_lines(account) {
            let line = UpdateAccountValue {
                key: key.into(),
                value: value.as_str().into(),
                currency: currency.into(),
                account: account.as_str().into(),
            };
            self.send(conn, &Response::UpdateAccountValue(line), out);
        }
        for sym in self.held(account) {
            self.send_portfolio(conn, account, sym, out);
        }
        let zone = self.exchange.market.hours.zone().clone();
        let time = self.exchange.now.to_zoned(zone).strftime("%H:%M").to_string();
        self.send(conn, &Response::UpdateAccountTime(UpdateAccountTime { time: time.as_str().into() }), out);
    }

    fn held(&self, account: &Account) -> Vec<Sym> {
        let holdings = &self.exchange.books[account].holdings;
        holdings.iter().filter(|(_, holding)| holding.qty != 0).map(|(sym, _)| *sym).collect()
    }

    fn send_portfolio(&mut self, conn: ConnId, account: &Account, sym: Sym, out: &mut Vec<Output>) {
        let last = self.exchange.last_px(sym);
        let holding = self.exchange.books[account].holdings.get(&sym).cloned().unwrap_or_default();
        let contract = self.wire_contract_with(sym, "0");
        let each = self.exchange.each(sym, last);
        let px = self.exchange.market.listing(sym).decimal(last);
        let line = UpdatePortfolio {
            contract,
            position: Some(position(holding.qty)),
            market_px: Some(Price::new(px)),
            market_value: Some(each * Decimal::from(holding.qty)),
            avg_cost: Some(Price::new(holding.avg_cost())),
            unrealized: Some(holding.unrealized(each).round_dp(2)),
            realized: Some(holding.realized.round_dp(2)),
            account: account.as_str().into(),
        };
        self.send(conn, &Response::UpdatePortfolio(Box::new(line)), out);
    }

    /// `reqPositions`: every account's, then each change.
    pub(crate) fn positions(&mut self, from: Asked, out: &mut Vec<Output>) {
        self.subscriptions(from).positions = true;
        for account in self.exchange.account_names.clone() {
            for sym in self.held(&account) {
                self.send_position(from.conn, &account, sym, out);
            }
        }
        self.send(from.conn, &Response::PositionEnd, out);
    }

    fn position_numbers(&self, account: &Account, sym: Sym) -> (Position, Price) {
        let holding = self.exchange.books[account].holdings.get(&sym).cloned().unwrap_or_default();
        (position(holding.qty), Price::new(holding.avg_cost()))
    }

    /// A position names the listing venue, not the route.
    fn position_contract(&self, sym: Sym) -> WireContract {
        let contract = self.wire_contract(sym);
        // Of a stock it is the listing venue, and of everything else there is none.
        WireContract { exchange: contract.primary_exchange.clone(), ..contract }
    }

    fn send_position(&mut self, conn: ConnId, account: &Account, sym: Sym, out: &mut Vec<Output>) {
        let (held, avg_cost) = self.position_numbers(account, sym);
        let line = PositionLine {
            account: account.as_str().into(),
            contract: self.position_contract(sym),
            position: Some(held),
            avg_cost: Some(avg_cost),
        };
        self.send(conn, &Response::Position(Box::new(line)), out);
    }

    /// `reqPositionsMulti`.
    pub(crate) fn positions_multi(&mut self, from: Asked, m: &ReqOfAccount, out: &mut Vec<Output>) {
        let asked = (m.req_id, m.account.as_str());
        if self.refuse_all(from, asked, out)
            || self.refuse_model(from, (m.req_id, m.model_code.as_str()), out)
        {
            return;
        }
        let Ok(only) = self.named_account(m.account.as_str()) else {
            self.send_error(from.conn, (m.req_id, 321), UNKNOWN_ACCOUNT, out);
            return;
        };
        self.subscriptions(from).positions_multi.insert(m.req_id, (only.clone(), m.model_code.clone()));
        for account in self.accounts_of(only.as_ref()) {
            for sym in self.held(&account) {
                self.send_position_multi((from.conn, m.req_id, &m.model_code), &account, sym, out);
            }
        }
        self.send(from.conn, &Response::PositionMultiEnd(ById { req_id: m.req_id }), out);
    }

    fn send_position_multi(
        &mut self,
        to: (ConnId, i32, &Word),
        account: &Account,
        sym: Sym,
        out: &mut Vec<Output>,
    ) {
        let (held, avg_cost) = self.position_numbers(account, sym);
        let line = PositionMulti {
            req_id: to.1,
            account: account.as_str().into(),
            contract: self.position_contract(sym),
            position: Some(held),
            avg_cost: Some(avg_cost),
            model_code: to.2.clone(),
        };
        self.send(to.0, &Response::PositionMulti(Box::new(line)), out);
    }

    /// `reqAccountUpdatesMulti`.
    pub(crate) fn account_updates_multi(
        &mut self,
        from: Asked,
        m: &ReqAccountUpdatesMulti,
        out: &mut Vec<Output>,
    ) {
        let asked = (m.req_id, m.account.as_str());
        if self.refuse_all(from, asked, out)
            || self.refuse_model(from, (m.req_id, m.model_code.as_str()), out)
        {
            return;
        }
        let Ok(only) = self.named_account(m.account.as_str()) else {
            self.send_error(from.conn, (m.req_id, 321), UNKNOWN_ACCOUNT, out);
            return;
        };
        let wish = (only, m.ledger_and_nlv, m.model_code.clone());
        self.send_account_multi((from.conn, m.req_id), &wish, out);
        self.subscriptions(from).account_multi.insert(m.req_id, wish);
        self.send(from.conn, &Response::AccountUpdateMultiEnd(ById { req_id: m.req_id }), out);
    }

    fn send_account_multi(
        &mut self,
        to: (ConnId, i32),
        wish: &(Option<Account>, bool, Word),
        out: &mut Vec<Output>,
    ) {
        let (only, brief, model) = wish;
        for account in self.accounts_of(only.as_ref()) {
            for (key, value, currency) in self.value_lines(&account) {
                if *brief && !matches!(key, "CashBalance" | "NetLiquidation" | "NetLiquidationByCurrency") {
                    continue;
                }
                let line = AccountUpdateMulti {
                    req_id: to.1,
                    account: account.as_str().into(),
                    key: key.into(),
                    value: value.as_str().into(),
                    currency: currency.into(),
                    model_code: model.clone(),
                };
                self.send(to.0, &Response::AccountUpdateMulti(line), out);
            }
        }
    }

    /// `reqPnL`.
    pub(crate) fn pnl(&mut self, from: Asked, m: &ReqOfAccount, out: &mut Vec<Output>) {
        let asked = (m.req_id, m.account.as_str());
        if self.refuse_all(from, asked, out)
            || self.refuse_model(from, (m.req_id, m.model_code.as_str()), out)
        {
            return;
        }
        let Ok(only) = self.named_account(m.account.as_str()) else {
            self.send_error(from.conn, (m.req_id, 321), UNKNOWN_ACCOUNT, out);
            return;
        };
        self.subscriptions(from).pnl.insert(m.req_id, (only, String::new()));
        self.stream_pnl(from.conn, out);
    }

    /// `reqPnLSingle`.
    pub(crate) fn pnl_single(&mut self, from: Asked, m: &ReqPnlSingle, out: &mut Vec<Output>) {
        let sym = self.exchange.market.find_any(m.con_id).filter(|sym| self.exchange.marks.contains_key(sym));
        let account = self.named_account(m.account.as_str());
        let (Some(sym), Ok(Some(account))) = (sym, account) else {
            let text = "Error validating request.-'cd' : cause - Invalid account code or contract";
            self.send_error(from.conn, (m.req_id, 321), text, out);
            return;
        };
        self.subscriptions(from).pnl_single.insert(m.req_id, (account, sym, String::new()));
        self.stream_pnl(from.conn, out);
    }

    /// Sends profits that changed since they were sent last.
    pub(crate) fn stream_pnl(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get(&conn) else { return };
        let all: Vec<(i32, Option<Account>)> =
            to.subscriptions.pnl.iter().map(|(id, (account, _))| (*id, account.clone())).collect();
        let single: Vec<(i32, Account, Sym)> = to
            .subscriptions
            .pnl_single
            .iter()
            .map(|(id, (account, sym, _))| (*id, account.clone(), *sym))
            .collect();
        for (req_id, only) in all {
            let accounts = self.accounts_of(only.as_ref());
            let mut sum = [Decimal::ZERO; 3];
            for account in accounts {
                let values = self.exchange.values(&account);
                sum[0] += values.daily;
                sum[1] += values.unrealized;
                sum[2] += values.realized;
            }
            let [daily, unrealized, realized] = sum.map(|amount| Some(amount.round_dp(4).normalize()));
            let line = Response::Pnl(Pnl { req_id, daily, unrealized, realized });
            let told = format!("{line:?}");
            let memory = self.conns.get_mut(&conn).and_then(|to| to.subscriptions.pnl.get_mut(&req_id));
            if memory.is_some_and(|(_, last)| std::mem::replace(last, told.clone()) != told) {
                self.send(conn, &line, out);
            }
        }
        for (req_id, account, sym) in single {
            let line = self.pnl_single_line(req_id, &account, sym);
            let told = format!("{line:?}");
            let memory =
                self.conns.get_mut(&conn).and_then(|to| to.subscriptions.pnl_single.get_mut(&req_id));
            if memory.is_some_and(|(_, _, last)| std::mem::replace(last, told.clone()) != told) {
                self.send(conn, &line, out);
            }
        }
    }

    fn pnl_single_line(&mut self, req_id: i32, account: &Account, sym: Sym) -> Response {
        let last = self.exchange.last_px(sym);
        let holding = self.exchange.books[account].holdings.get(&sym).cloned().unwrap_or_default();
        let each = self.exchange.each(sym, last);
        let unrealized = holding.unrealized(each);
        let cents = |amount: Decimal| Some(amount.round_dp(4).normalize());
        Response::PnlSingle(PnlSingle {
            req_id,
            position: Some(position(holding.qty)),
            // A position is the day's own work here unless it was carried over the night.
            daily: cents(unrealized + holding.realized - holding.carried),
            unrealized: cents(unrealized),
            realized: cents(holding.realized),
            value: cents(each * Decimal::from(holding.qty)),
        })
    }

    /// `reqFamilyCodes`: the accounts belong to no family.
    pub(crate) fn family_codes(&mut self, from: Asked, out: &mut Vec<Output>) {
        let code = |account: &Account| FamilyCode { account: account.as_str().into(), code: "".into() };
        let codes = self.exchange.account_names.iter().map(code).collect();
        self.send(from.conn, &Response::FamilyCodes(FamilyCodes { codes }), out);
    }

    /// An execution changed a position: everybody who follows it is told.
    pub(crate) fn tell_position(&mut self, account: &Account, sym: Sym, out: &mut Vec<Output>) {
        for (_, conn) in self.started() {
            let Some(to) = self.conns.get(&conn) else { continue };
            let positions = to.subscriptions.positions;
            let portfolio = to.subscriptions.account.as_ref() == Some(account);
            let multi: Vec<(i32, Word)> = to
                .subscriptions
                .positions_multi
                .iter()
                .filter(|(_, (only, _))| only.as_ref().is_none_or(|only| only == account))
                .map(|(id, (_, model))| (*id, model.clone()))
                .collect();
            if positions {
                self.send_position(conn, account, sym, out);
            }
            if portfolio {
                self.send_portfolio(conn, account, sym, out);
            }
            for (req_id, model) in multi {
                self.send_position_multi((conn, req_id, &model), account, sym, out);
            }
        }
    }

    /// Tells the values of accounts that moved, or whose turn it is, to those who subscribed to them.
    pub(crate) fn refresh_accounts(&mut self, due: Due, out: &mut Vec<Output>) {
        let moved = std::mem::take(&mut self.moved);
        if moved.is_empty() || self.faults.link_down {
            return;
        }
        let touches = |only: Option<&Account>| only.is_none_or(|account| moved.contains(account));
        for (_, conn) in self.started() {
            let Some(to) = self.conns.get(&conn) else { continue };
            let account = to.subscriptions.account.clone().filter(|account| moved.contains(account));
            let multi =
                to.subscriptions.account_multi.iter().filter(|(_, (only, ..))| touches(only.as_ref()));
            let multi: Vec<_> = multi.map(|(id, wish)| (*id, wish.clone())).collect();
            // Summaries come by the clock alone, whatever is executed in between.
            let timely = to.subscriptions.summary.iter().filter(|_| due == Due::ByClock);
            let summaries: Vec<(i32, Box<str>)> = timely.map(|(id, tags)| (*id, tags.clone())).collect();
            if let Some(account) = account {
                self.send_account(conn, &account, out);
            }
            for (req_id, wish) in multi {
                self.send_account_multi((conn, req_id), &wish, out);
            }
            for (req_id, tags) in summaries {
                self.send_summary((conn, req_id), &tags, out);
            }
        }
    }
}
