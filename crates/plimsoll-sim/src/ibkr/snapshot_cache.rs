//! Snapshots out of the cache: what a TWS that hears nothing new says of now.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The instants whose quotes are shown, by symbol; under none that of every symbol.
#[derive(Debug, Default)]
pub(crate) struct SnapshotCache(BTreeMap<Option<Box<str>>, Timestamp>);

impl SnapshotCache {
    /// From now on snapshots show this instant.
    pub(crate) fn keep(&mut self, symbol: Option<&str>, now: Timestamp) {
        self.0.entry(symbol.map(Into::into)).or_insert(now);
    }

    /// Snapshots show the present again.
    pub(crate) fn forget(&mut self, symbol: Option<&str>) {
        let key: Option<Box<str>> = symbol.map(Into::into);
        self.0.remove(&key);
    }

    /// The instant that a snapshot of a symbol shows; none: the present.
    pub(crate) fn shown(&self, symbol: &str) -> Option<Timestamp> {
        let of = |key: Option<Box<str>>| self.0.get(&key).copied();
        of(Some(symbol.into())).or_else(|| of(None))
    }
}
