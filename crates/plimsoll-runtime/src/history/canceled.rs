//! Cancels of our own that the venue has yet to confirm. No bot is told of them.
//!
//! Owns which error is such a confirmation. A bot may use the number again at once, so not every error that names it is one,
//! and one that never comes is not waited for: for ever after it would swallow what the bot has to hear.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_model::{ErrorReport, LinkId, Mono};

use super::answer::CODE_HISTORY;
use super::{CODE_NO_QUERY, Key};

/// Cancels that are waited for.
pub(super) const CANCELED_MAX: usize = 1_024;
/// For how long. A TWS confirms at once, and its servers when they are back.
const CONFIRMED_WITHIN: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
pub(super) struct Canceled(BTreeMap<Key, Open>);

#[derive(Debug, Clone, Copy)]
struct Open {
    count: u32,
    until: Mono,
}

impl Canceled {
    /// A cancel leaves.
    pub(super) fn sent(&mut self, now: Mono, key: Key) {
        if self.0.len() >= CANCELED_MAX && !self.0.contains_key(&key) {
            self.0.retain(|_, open| open.until > now);
            let oldest = self.0.iter().min_by_key(|(_, open)| open.until).map(|(key, _)| *key);
            if let Some(oldest) = oldest.filter(|_| self.0.len() >= CANCELED_MAX) {
                self.0.remove(&oldest);
            }
        }
        let until = now.after(CONFIRMED_WITHIN);
        let open = self.0.entry(key).or_insert(Open { count: 0, until });
        *open = Open { count: open.count.saturating_add(1), until };
    }

    /// Whether this error confirms one of them. It is then over.
    pub(super) fn confirms(&mut self, now: Mono, key: Key, error: &ErrorReport) -> bool {
        let is_confirmation = match error.code {
            CODE_NO_QUERY => true,
            CODE_HISTORY => error.text.contains("query cancelled"),
            _ => false,
        };
        let Some(open) = self.0.get_mut(&key).filter(|_| is_confirmation) else { return false };
        let is_waited_for = open.until > now;
        open.count = open.count.saturating_sub(1);
        if open.count == 0 || !is_waited_for {
            self.0.remove(&key);
        }
        is_waited_for
    }

    /// The number is used again and that is answered: what the venue had to say of the cancel came before.
    pub(super) fn answered(&mut self, key: Key) {
        self.0.remove(&key);
    }

    pub(super) fn link_ended(&mut self, link: LinkId) {
        self.0.retain(|key, _| key.0 != link);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
