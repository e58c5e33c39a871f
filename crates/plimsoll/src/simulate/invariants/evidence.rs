//! What excuses the gateway, order by order: bytes that came to the venue while it did not read the connection, or while
//! it lost orders. Nothing is excused for a whole day or for a connection that was well.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use plimsoll_sim::ConnId;

use super::Judge;

/// Which bytes came when.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Connections that nobody reads.
    stalled: BTreeSet<ConnId>,
    /// Came on one of them.
    unread: Vec<(Timestamp, Bytes)>,
    /// Until when new orders vanish.
    vanish_until: Option<Timestamp>,
    /// Came meanwhile, or was read then.
    vanishing: Vec<Bytes>,
}

impl Evidence {
    /// When an order with this reference came on a connection that nobody read; none if there was no such.
    pub(super) fn unread(&self, order_ref: &str) -> Option<Timestamp> {
        self.unread.iter().find(|(_, bytes)| names(bytes, order_ref)).map(|(at, _)| *at)
    }

    /// Whether an order with this reference came while orders vanished.
    pub(super) fn may_have_vanished(&self, order_ref: &str) -> bool {
        self.vanishing.iter().any(|bytes| names(bytes, order_ref))
    }

    /// From now on and for so long new orders vanish.
    pub(super) fn vanish(&mut self, now: Timestamp, lasts: SignedDuration) {
        self.vanish_until = self.vanish_until.max(now.checked_add(lasts).ok());
        // What nobody has read may be read while orders vanish.
        self.vanishing.extend(self.unread.iter().map(|(_, bytes)| bytes.clone()));
    }
}

impl Judge {
    /// Bytes are at the venue's end of a connection.
    pub(in crate::simulate) fn arrives(&mut self, now: Timestamp, conn: ConnId, bytes: &Bytes) {
        let evidence = &mut self.evidence;
        if evidence.stalled.contains(&conn) {
            evidence.unread.push((now, bytes.clone()));
        }
        if evidence.vanish_until.is_some_and(|until| now <= until) {
            evidence.vanishing.push(bytes.clone());
        }
    }

    /// The venue does not read a connection any more.
    pub(in crate::simulate) fn stops_reading(&mut self, conn: ConnId) {
        self.evidence.stalled.insert(conn);
    }

    /// It reads it again.
    pub(in crate::simulate) fn reads_on(&mut self, conn: ConnId) {
        self.evidence.stalled.remove(&conn);
    }
}

/// Whether a frame has this reference in it, as a word of its own: `…-1` is not in a frame with `…-12`.
fn names(frame: &[u8], order_ref: &str) -> bool {
    let word = order_ref.as_bytes();
    let ends = |at: usize| !frame.get(at + word.len()).is_some_and(u8::is_ascii_digit);
    !word.is_empty() && frame.windows(word.len()).enumerate().any(|(at, part)| part == word && ends(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_as_a_word_and_not_as_the_beginning_of_another() {
        assert!(names(b"3\x0012\0SPY-trend-20261127-1\0", "SPY-trend-20261127-1"));
        assert!(names(b"SPY-trend-20261127-1", "SPY-trend-20261127-1"));
        assert!(!names(b"3\x0012\0SPY-trend-20261127-12\0", "SPY-trend-20261127-1"));
        assert!(!names(b"3\x0012\0\0", ""));
    }

    #[test]
    fn only_what_came_on_a_connection_that_nobody_read_is_excused() {
        let mut evidence = Evidence::default();
        let at = Timestamp::UNIX_EPOCH;
        evidence.unread.push((at, Bytes::from_static(b"a-b-1\0")));
        assert_eq!((evidence.unread("a-b-1"), evidence.unread("a-b-2")), (Some(at), None));
        assert!(!evidence.may_have_vanished("a-b-1"));
        evidence.vanish(at, SignedDuration::from_secs(1));
        assert!(evidence.may_have_vanished("a-b-1") && !evidence.may_have_vanished("a-b-2"));
    }
}
