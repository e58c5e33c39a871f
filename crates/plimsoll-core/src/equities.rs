//! What accounts are worth, as the broker told.
//!
//! The broker tells a worth when it is asked, and again when it has changed. So one that was told long ago is either still
//! right, or nobody tells any more; only a new question shows which. Hence the question is put again every
//! [`limits::EQUITY_AGAIN`], and a worth older than [`limits::EQUITY_AGE_MAX`] counts no more.
//!
//! Does not own: who asks, nor what is divided by it.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_model::{Account, Money, Mono, ReqId};

use crate::limits;

/// The latest answers to the latest question.
#[derive(Debug, Default)]
pub(crate) struct Equities {
    /// By account, of those that are configured.
    told: BTreeMap<Account, (Money, Mono)>,
    asked: Option<(ReqId, Mono)>,
}

/// Why a worth is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the equity of {account} was told {}s ago, limit {}s; it is asked for again",
    age.as_secs(),
    limits::EQUITY_AGE_MAX.as_secs()
)]
pub(crate) struct TooOld {
    account: Account,
    age: Duration,
}

impl Equities {
    /// Nobody tells any more, and what was told may have changed since.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// TWS has lost the broker, and what was told may have changed since. The question stands.
    pub(crate) fn forget_answers(&mut self) {
        self.told.clear();
    }

    /// They are asked for. The number of the question that this one replaces.
    pub(crate) fn asks(&mut self, now: Mono, req_id: ReqId) -> Option<ReqId> {
        self.asked.replace((req_id, now)).map(|(before, _)| before)
    }

    /// The broker says what an account is worth. Of one whose worth is no amount of money nobody knows it.
    pub(crate) fn told(&mut self, now: Mono, req_id: ReqId, account: Account, worth: Option<Money>) {
        if self.asked.is_none_or(|(asked, _)| asked != req_id) {
            return;
        }
        match worth {
            Some(worth) => self.told.insert(account, (worth, now)),
            None => self.told.remove(&account),
        };
    }

    /// What an account is worth, if that was ever told.
    pub(crate) fn of(&self, account: &Account) -> Option<Money> {
        self.told.get(account).map(|(worth, _)| *worth)
    }

    /// Whether what was told of the account may still be counted on.
    pub(crate) fn fresh(&self, now: Mono, account: &Account) -> Result<(), TooOld> {
        let age = self.told.get(account).map(|(_, at)| now.since(*at));
        match age.filter(|age| *age > limits::EQUITY_AGE_MAX) {
            Some(age) => Err(TooOld { account: account.clone(), age }),
            None => Ok(()),
        }
    }

    /// When the question is to be put again; none where nobody has asked.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.asked.map(|(_, at)| at.after(limits::EQUITY_AGAIN))
    }

    #[cfg(test)]
    pub(crate) fn question(&self) -> Option<ReqId> {
        self.asked.map(|(req_id, _)| req_id)
    }
}
