//! What the login may see and trade, and the farms that sleep.
//!
//! Owns what the faults `not_subscribed`, `not_allowed` and `farm_idle` mean, and the words of TWS about them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Account;
use plimsoll_tws::Request;

use crate::ibkr::Output;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::fault::FaultKind;
use crate::ibkr::rules::Refusal;
use crate::ibkr::venue::IbkrVenue;
use crate::market::Sym;

/// What an absent subscription is told by unless the fault says otherwise.
const NOT_SUBSCRIBED: i32 = 10_089;

/// What the login may not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permits {
    /// Stocks without live data, and the code that says so.
    unsubscribed: BTreeMap<Sym, i32>,
    /// Stocks that an account, or no account, may trade.
    forbidden: BTreeSet<(Sym, Option<Account>)>,
}

/// TWS's word for a request for data that is not subscribed; nothing for a code that does not mean that.
pub(crate) fn not_subscribed(code: i32, of: &str) -> Option<String> {
    let dialog = "See link in 'Market Data Connections' dialog for more details.";
    Some(match code {
        354 => format!("Requested market data is not subscribed.Delayed market data is not available.{of}"),
        10_089 => format!(
            "Requested market data requires additional subscription for API. {dialog}Delayed market data is available.{of}"
        ),
        10_090 => format!(
            "Part of requested market data is not subscribed. Subscription-independent ticks are still active.Delayed market data is available.{of}"
        ),
        10_091 => format!(
            "Part of requested market data requires additional subscription for API. {dialog}Delayed market data is available.{of}"
        ),
        10_168 | 10_186 => {
            "Requested market data is not subscribed. Delayed market data is not enabled.".to_owned()
        }
        _ => return None,
    })
}

/// Whether a code means that some of what was asked for comes.
pub(crate) const fn is_partial(code: i32) -> bool {
    matches!(code, 10_090 | 10_091)
}

/// What TWS says of a farm that sleeps: the name stands behind a dot.
pub(crate) fn idle_notice(farm: &str) -> (i32, String) {
    let (code, what) = if is_historical(farm) {
        (2107, "HMDS data farm connection is")
    } else {
        (2108, "Market data farm connection is")
    };
    (code, format!("{what} inactive but should be available upon demand.{farm}"))
}

fn is_historical(farm: &str) -> bool {
    farm.ends_with("hmds")
}

impl Exchange {
    /// Why live data of a stock does not come.
    pub(crate) fn unsubscribed(&self, sym: Sym) -> Option<i32> {
        self.permits.unsubscribed.get(&sym).copied()
    }

    /// `ARCA STK`, as texts about permissions have it.
    pub(crate) fn permission_of(&self, sym: Sym) -> String {
        let listing = self.market.listing(sym);
        format!("No market data permissions for {} {}", listing.venue.as_wire(), listing.sec_type())
    }

    /// Whether an account may trade a stock.
    pub(crate) fn check_allowed(&self, sym: Sym, account: &str) -> Result<(), Refusal> {
        let forbidden = |(of, who): &(Sym, Option<Account>)| {
            *of == sym && who.as_ref().is_none_or(|who| who.as_str() == account)
        };
        if !self.permits.forbidden.iter().any(forbidden) {
            return Ok(());
        }
        let text = format!("The security {} is not available or allowed for this account.", self.name(sym));
        Err(Refusal::new(203, text))
    }
}

impl IbkrVenue {
    /// Some fault has begun or ended: what the login may follows from those that last.
    pub(crate) fn refresh_permits(&mut self) {
        let mut permits = Permits::default();
        for kind in self.faults.active_kinds() {
            match kind {
                FaultKind::NotSubscribed { symbol, code } => {
                    let code = code.unwrap_or(NOT_SUBSCRIBED);
                    permits.unsubscribed.extend(self.exchange.market.find(symbol).map(|sym| (sym, code)));
                }
                FaultKind::NotAllowed { symbol, account } => {
                    let account = account.as_deref().and_then(Account::new);
                    permits
                        .forbidden
                        .extend(self.exchange.market.find(symbol).map(|sym| (sym, account.clone())));
                }
                _ => {}
            }
        }
        self.exchange.permits = permits;
    }

    /// A request wakes the farm that it needs.
    pub(crate) fn wake_farms(&mut self, request: &Request, out: &mut Vec<Output>) {
        let farm = match request {
            Request::ReqMktData(_)
            | Request::ReqRealTimeBars(_)
            | Request::ReqTickByTickData(_)
            | Request::ReqMktDepth(_) => "usfarm",
            Request::ReqHistoricalData(_)
            | Request::ReqHeadTimestamp(_)
            | Request::ReqHistoricalTicks(_)
            | Request::ReqHistogramData(_) => "ushmds",
            _ => return,
        };
        if !self.faults.link_down && self.faults.wake(farm) {
            self.tell_farm(farm, true, out);
        }
    }

    /// A farm goes to sleep.
    pub(crate) fn tell_idle(&mut self, farm: &str, out: &mut Vec<Output>) {
        let (code, text) = idle_notice(farm);
        self.notice_all(code, &text, out);
    }
}
