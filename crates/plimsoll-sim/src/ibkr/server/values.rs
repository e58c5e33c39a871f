//! The values of an account by TWS's names, and summaries of them.
//!
//! Owns the list of values: what a margin account has is computed, what it does not have (bonds, funds) is there
//! as zero, because bots look it up. Ledger values come as `BASE`, in dollars, and in each other currency held.

use plimsoll_model::Account;
use plimsoll_tws::Response;
use plimsoll_tws::message::{AccountSummary, ById, ReqAccountSummary};
use rust_decimal::Decimal;

use crate::ibkr::accounts::Values;
use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

/// Summaries that a client may subscribe to at once.
const SUMMARIES_MAX: usize = 2;

/// One line of an account's values: name, value, currency.
type ValueLine = (&'static str, String, &'static str);

/// The ledger's names, in TWS's order.
const LEDGER: [&str; 20] = [
    "AccruedCash",
    "CashBalance",
    "CorporateBondValue",
    "Cryptocurrency",
    "Currency",
    "ExchangeRate",
    "FundValue",
    "FutureOptionValue",
    "FuturesPNL",
    "FxCashBalance",
    "MutualFundValue",
    "NetDividend",
    "NetLiquidationByCurrency",
    "OptionMarketValue",
    "RealCurrency",
    "RealizedPnL",
    "StockMarketValue",
    "TBillValue",
    "TotalCashBalance",
    "UnrealizedPnL",
];

impl IbkrVenue {
    /// Every value that TWS names and that has a meaning here.
    pub(crate) fn value_lines(&mut self, account: &Account) -> Vec<ValueLine> {
        let values = self.exchange.values(account);
        // While TWS has lost its server the values are not to be trusted, and it says so.
        let ready = !self.faults.link_down;
        let kind = if self.exchange.is_adviser() && *account == self.exchange.account_names[0] {
            "ADVISOR"
        } else {
            "INDIVIDUAL"
        };
        let mut lines = vec![
            ("AccountCode", account.to_string(), ""),
            ("AccountOrGroup", account.to_string(), "BASE"),
            ("AccountOrGroup", account.to_string(), "USD"),
            ("AccountReady", ready.to_string(), ""),
            ("AccountType", kind.to_owned(), ""),
            ("Cushion", cushion(&values), ""),
            ("DayTradesRemaining", "-1".into(), ""),
            ("HighestSeverity", "0".into(), ""),
            ("Leverage", leverage(&values), ""),
            ("Leverage-S", leverage(&values), ""),
            ("LookAheadNextChange", "0".into(), ""),
            ("NLVAndMarginInReview", "false".into(), ""),
            ("SegmentTitle-S", "US Securities".into(), ""),
            ("TradingType-S", "STKNOPT".into(), ""),
            ("WhatIfPMEnabled", "true".into(), ""),
        ];
        lines.extend(margin_lines(&values).map(|(key, amount)| (key, format!("{amount:.2}"), "USD")));
        for ledger in self.ledgers(account, &values) {
            lines.extend(LEDGER.map(|key| (key, ledger.value(key), ledger.currency)));
        }
        lines
    }

    /// The ledger of everything in dollars, of dollars alone, and of each other currency that the account holds.
    fn ledgers(&self, account: &Account, values: &Values) -> Vec<Ledger> {
        let dollars = Ledger {
            currency: "USD",
            cash: values.dollars,
            worth: values.dollars + values.net_liquidation - values.cash,
            rate: Decimal::ONE,
            positions: Some(*values),
        };
        let base = Ledger { currency: "BASE", cash: values.cash, worth: values.net_liquidation, ..dollars };
        let foreign = self.exchange.books[account].foreign.iter();
        let held = foreign.filter(|(_, amount)| !amount.is_zero()).map(|(currency, amount)| Ledger {
            currency,
            cash: *amount,
            worth: *amount,
            rate: self.exchange.rate(currency),
            positions: None,
        });
        [base, dollars].into_iter().chain(held).collect()
    }

    /// `reqAccountSummary`.
    pub(crate) fn account_summary(&mut self, from: Asked, m: &ReqAccountSummary, out: &mut Vec<Output>) {
        let summaries = &mut self.subscriptions(from).summary;
        if summaries.len() >= SUMMARIES_MAX && !summaries.contains_key(&m.req_id) {
            let text = "Error processing request. Maximum number of account summary requests exceeded";
            self.send_error(from.conn, (m.req_id, 322), text, out);
            return;
        }
        if self.refuse_all(from, (m.req_id, m.group.as_str()), out) {
            return;
        }
        let grouped = self.exchange.groups.contains_key(m.group.as_str());
        if m.group != "All" && !grouped && self.named_account(m.group.as_str()).is_err() {
            let text = "Error processing request. Group name cannot be found";
            self.send_error(from.conn, (m.req_id, 322), text, out);
            return;
        }
        let tags: Box<str> = m.tags.as_str().into();
        self.subscriptions(from).summary.insert(m.req_id, tags.clone());
        self.send_summary((from.conn, m.req_id), &tags, out);
    }

    /// The values of a summary: tags by name, and the ledger by `$LEDGER`, which means the base currency,
    /// `$LEDGER:USD`, or `$LEDGER:ALL`.
    pub(crate) fn send_summary(&mut self, to: (ConnId, i32), tags: &str, out: &mut Vec<Output>) {
        for account in self.exchange.account_names.clone() {
            let lines = self.value_lines(&account);
            for (key, value, currency) in lines.iter().filter(|line| is_wanted(tags, line)) {
                let line = AccountSummary {
                    req_id: to.1,
                    account: account.as_str().into(),
                    tag: (*key).into(),
                    value: value.as_str().into(),
                    currency: (*currency).into(),
                };
                self.send(to.0, &Response::AccountSummary(line), out);
            }
        }
        self.send(to.0, &Response::AccountSummaryEnd(ById { req_id: to.1 }), out);
    }
}

fn is_wanted(tags: &str, line: &ValueLine) -> bool {
    let (key, _, currency) = line;
    let in_ledger = LEDGER.contains(key);
    tags.split(',').map(str::trim).any(|tag| match tag.strip_prefix("$LEDGER") {
        Some("") => in_ledger && *currency == "BASE",
        Some(":ALL") => in_ledger,
        Some(wanted) => in_ledger && wanted.strip_prefix(':') == Some(*currency),
        None => tag == *key && (!in_ledger || *currency == "USD"),
    })
}

/// What belongs to margin, in dollars; the names with `-S` are those of the securities segment, and there is no other.
fn margin_lines(values: &Values) -> [(&'static str, Decimal); 36] {
    let (margin, available) = (values.margin, values.available());
    let worth = values.net_liquidation;
    [
        ("AccruedCash-S", Decimal::ZERO),
        ("AvailableFunds", available),
        ("AvailableFunds-S", available),
        ("Billable", Decimal::ZERO),
        ("BuyingPower", available * Decimal::from(4)),
        ("EquityWithLoanValue", worth),
        ("EquityWithLoanValue-S", worth),
        ("ExcessLiquidity", available),
        ("ExcessLiquidity-S", available),
        ("FullAvailableFunds", available),
        ("FullAvailableFunds-S", available),
        ("FullExcessLiquidity", available),
        ("FullExcessLiquidity-S", available),
        ("FullInitMarginReq", margin),
        ("FullInitMarginReq-S", margin),
        ("FullMaintMarginReq", margin),
        ("FullMaintMarginReq-S", margin),
        ("GrossPositionValue", values.gross),
        ("GrossPositionValue-S", values.gross),
        ("InitMarginReq", margin),
        ("InitMarginReq-S", margin),
        ("LookAheadAvailableFunds", available),
        ("LookAheadExcessLiquidity", available),
        ("LookAheadInitMarginReq", margin),
        ("LookAheadMaintMarginReq", margin),
        ("MaintMarginReq", margin),
        ("MaintMarginReq-S", margin),
        ("NetLiquidation", worth),
        ("NetLiquidation-S", worth),
        ("PreviousDayEquityWithLoanValue", worth - values.daily),
        ("RegTEquity", worth),
        ("RegTMargin", values.gross * Decimal::new(5, 1)),
        ("SMA", worth - values.gross * Decimal::new(5, 1)),
        ("SettledCash", values.cash),
        ("TotalCashValue", values.cash),
        ("TotalCashValue-S", values.cash),
    ]
}

/// One currency of an account.
#[derive(Clone, Copy)]
struct Ledger {
    currency: &'static str,
    cash: Decimal,
    worth: Decimal,
    /// In dollars.
    rate: Decimal,
    /// What is held in it beside cash: all instruments here are valued in dollars.
    positions: Option<Values>,
}

impl Ledger {
    fn value(&self, key: &str) -> String {
        let held = |of: fn(&Values) -> Decimal| self.positions.as_ref().map_or(Decimal::ZERO, of);
        let amount = match key {
            "Currency" | "RealCurrency" => return self.currency.to_owned(),
            "ExchangeRate" if self.rate == Decimal::ONE => return "1.00".to_owned(),
            "ExchangeRate" => return self.rate.round_dp(7).normalize().to_string(),
            "CashBalance" | "TotalCashBalance" => self.cash,
            "NetLiquidationByCurrency" => self.worth,
            "RealizedPnL" => held(|values| values.realized),
            "StockMarketValue" => held(|values| values.stocks),
            "OptionMarketValue" => held(|values| values.options),
            "FuturesPNL" => held(|values| values.futures),
            "UnrealizedPnL" => held(|values| values.unrealized),
            _ => Decimal::ZERO,
        };
        format!("{amount:.2}")
    }
}

fn cushion(values: &Values) -> String {
    if values.net_liquidation <= Decimal::ZERO {
        return "0".into();
    }
    (values.available() / values.net_liquidation).round_dp(6).normalize().to_string()
}

fn leverage(values: &Values) -> String {
    if values.net_liquidation <= Decimal::ZERO {
        return "0.00".into();
    }
    format!("{:.2}", values.gross / values.net_liquidation)
}
