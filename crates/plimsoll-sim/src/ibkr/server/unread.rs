//! What a half-open socket holds back.
//!
//! Owns which connections the server is told not to read, the bytes that came all the same, and that what is read late
//! is charged to nobody: it was sent in its time.

use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

/// Unread bytes of one connection. A server of sockets has at most a queue of pieces under way when it is told to
/// stop, and the rest stays in the sockets' buffers; without sockets this stands for these.
pub(crate) const UNREAD_MAX: usize = 4 << 20;

impl IbkrVenue {
    /// Bytes of a connection that nobody reads.
    pub(crate) fn leave_unread(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        let Some(from) = self.conns.get_mut(&conn) else { return };
        from.unread.extend_from_slice(bytes);
        if from.unread.len() > UNREAD_MAX {
            self.conns.remove(&conn);
            self.faults.forget(conn);
            out.push(Output::Reset { conn });
        }
    }

    /// Says which connections are read no more. Of those that are read again, everything that was sent meanwhile is
    /// dealt with now, late as it is.
    pub(crate) fn tell_reading(&mut self, out: &mut Vec<Output>) {
        let (begun, ended) = self.faults.turn_half_open();
        out.extend(begun.into_iter().map(|conn| Output::StopReading { conn }));
        for conn in ended {
            let Some(from) = self.conns.get_mut(&conn) else { continue };
            let bytes = std::mem::take(&mut from.unread);
            self.take_late(conn, &bytes, out);
            // It may have ended by what it said, and then nobody reads it.
            if self.conns.contains_key(&conn) {
                out.push(Output::ReadOn { conn });
            }
        }
    }

    /// Takes bytes that waited while nobody read.
    pub(crate) fn take_late(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        let Some(from) = self.conns.get_mut(&conn) else { return };
        from.catches_up = true;
        self.take_bytes(conn, bytes, out);
        if let Some(from) = self.conns.get_mut(&conn) {
            from.catches_up = false;
        }
    }
}
