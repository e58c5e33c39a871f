//! Bytes that wait to be written, in pieces of one size.
//!
//! Other sides that do not read fill megabytes and are gone, over and over. A single buffer for each would be copied
//! as it grows, and leave the process holes of all sizes when it is freed; pieces are given back as they are written.

use std::collections::VecDeque;

/// Bytes of a piece.
const PIECE: usize = 32 * 1024;

/// First in, first out.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece is written already.
    written: usize,
    len: usize,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes at the end.
    pub(super) fn extend(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            if self.pieces.back().is_none_or(|last| last.len() == PIECE) {
                // The first grows with what a quiet link has to say; whoever needs a second will fill it.
                let capacity = if self.pieces.is_empty() { 0 } else { PIECE };
                self.pieces.push_back(Vec::with_capacity(capacity));
            }
            let last = self.pieces.back_mut().expect("there is one with room");
            let (fits, rest) = bytes.split_at(bytes.len().min(PIECE - last.len()));
            last.extend_from_slice(fits);
            bytes = rest;
        }
    }

    /// The next bytes to be written, as many as lie together; none if there are none.
    pub(super) fn first(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |first| &first[self.written..])
    }

    /// So many of the first bytes are written.
    pub(super) fn advance(&mut self, n: usize) {
        self.written += n;
        self.len -= n;
        if self.pieces.front().is_some_and(|first| first.len() == self.written) {
            self.written = 0;
            if self.pieces.len() > 1 {
                self.pieces.pop_front();
            } else if let Some(only) = self.pieces.front_mut() {
                // The next message is as likely as not as long as this one.
                only.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_however_they_are_taken() {
        let lengths = [0, 1, 100, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE];
        let (mut waiting, mut expected, mut seen) = (Waiting::default(), Vec::new(), Vec::new());
        for (at, len) in (0_u8..).zip(lengths.into_iter().cycle().take(50)) {
            waiting.extend(&vec![at; len]);
            expected.extend(vec![at; len]);
            // Everything, nothing, or a part.
            for part in [usize::from(at % 4), 1] {
                let take = waiting.first().len() / 3 * part.min(3);
                seen.extend_from_slice(&waiting.first()[..take]);
                waiting.advance(take);
                assert_eq!(waiting.len(), expected.len() - seen.len());
                assert_eq!(waiting.first().is_empty(), waiting.is_empty());
            }
        }
        while !waiting.is_empty() {
            seen.extend_from_slice(waiting.first());
            waiting.advance(waiting.first().len());
        }
        assert!(seen == expected && waiting.pieces.len() == 1, "{} pieces", waiting.pieces.len());
    }
}
