//! Records that this version does not understand, where a journal is read to go on and not to prove it.
//!
//! A newer version may refuse what an older one wrote: a configuration with a key that is gone, a line of the
//! venue that today's codec reads otherwise. If one such record stopped every start, the only way out would
//! be to throw the journal away, and with it every halt, limit and order id that it remembers.
//!
//! Owns: what stands in for such a record, and the account of what was passed over. Invariant: nothing is
//! passed over in silence. Whoever goes on halts new risk and writes down, behind the halt, that these records
//! are dealt with ([`Body::Unread`]), so that a person's resume holds at the next start.

use std::fmt;
use std::sync::Arc;

use plimsoll_core::{Config, Event};
use plimsoll_journal::Body;

use crate::record;

/// Records that were passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: u64,
    /// What is not understood about it.
    pub why: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, first, why } = self;
        write!(
            f,
            "{count} records of the journal are not understood by this version and were passed over, the first is \
             {first}: {why}; compare positions and orders with the broker, then resume"
        )
    }
}

/// A reader that passes over what it does not understand, and counts it.
#[derive(Debug)]
pub(crate) struct Lenient {
    /// Stands in for a configuration that is refused today; where there is none, the one before does.
    stand_in: Option<Arc<Config>>,
    latest: Option<Arc<Config>>,
    unread: Option<Unread>,
}

impl Lenient {
    pub(crate) fn new(stand_in: Option<Arc<Config>>) -> Self {
        Self { stand_in, latest: None, unread: None }
    }

    /// The event of a record, as far as it can be told.
    pub(crate) fn event(&mut self, seq: u64, body: Body) -> Option<Event> {
        let epoch = match &body {
            Body::Started { epoch, .. } => Some(*epoch),
            Body::Unread { .. } => {
                self.unread = None;
                None
            }
            _ => None,
        };
        match record::event(body) {
            Ok(event) => {
                if let Some(Event::Started { config, .. }) = &event {
                    self.latest = Some(Arc::clone(config));
                }
                event
            }
            Err(error) => {
                self.pass_over(seq, &error);
                let config = self.stand_in.clone().or_else(|| self.latest.clone())?;
                Some(Event::Started { epoch: epoch?, config })
            }
        }
    }

    /// Counts a record that is passed over.
    pub(crate) fn pass_over(&mut self, seq: u64, why: &impl fmt::Display) {
        let unread = self.unread.get_or_insert_with(|| Unread { count: 0, first: seq, why: why.to_string() });
        unread.count += 1;
    }

    /// What was passed over and not dealt with since.
    pub(crate) fn unread(self) -> Option<Unread> {
        self.unread
    }
}
