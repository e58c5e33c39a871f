//! Small pieces of bytes, kept in few large ones.
//!
//! Owns where a piece lies and when a segment is given up. Pieces go about as they came, the oldest first, so no segment
//! is kept for long for the sake of one piece.

use std::collections::BTreeMap;

/// Bytes of one segment. An order takes seventy, so this holds some hundred.
const SEGMENT: usize = 16 << 10;

/// Many small pieces of bytes in few large ones. They are given up together, the oldest first, as orders are.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// By their number, which is never used again.
    all: BTreeMap<u32, Segment>,
    next: u32,
}

#[derive(Debug)]
struct Segment {
    bytes: Vec<u8>,
    /// How many pieces of it are still asked for.
    used: usize,
}

/// Where a piece lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    segment: u32,
    start: u32,
    len: u32,
}

impl Segments {
    pub(super) fn add(&mut self, piece: &[u8]) -> Place {
        let has_room = |segment: &Segment| segment.bytes.capacity() - segment.bytes.len() >= piece.len();
        let last = self.all.last_entry().filter(|last| has_room(last.get())).map(|last| *last.key());
        let number = last.unwrap_or_else(|| {
            let number = self.next;
            self.next += 1;
            let bytes = Vec::with_capacity(SEGMENT.max(piece.len()));
            self.all.insert(number, Segment { bytes, used: 0 });
            number
        });
        let segment = self.all.get_mut(&number).expect("it is the last one, or was just made");
        let start = segment.bytes.len();
        segment.bytes.extend_from_slice(piece);
        segment.used += 1;
        let fits = |len: usize| u32::try_from(len).expect("the texts of an order are limited");
        Place { segment: number, start: fits(start), len: fits(piece.len()) }
    }

    pub(super) fn get(&self, place: Place) -> &[u8] {
        &self.all[&place.segment].bytes[place.start as usize..][..place.len as usize]
    }

    /// The piece is not asked for any more.
    pub(super) fn remove(&mut self, place: Place) {
        let Some(segment) = self.all.get_mut(&place.segment) else { return };
        segment.used -= 1;
        if segment.used == 0 {
            self.all.remove(&place.segment);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use arbtest::arbtest;

    use super::*;

    #[test]
    fn pieces_of_all_lengths_are_found_as_they_were_while_others_go() {
        arbtest(|u| {
            let mut segments = Segments::default();
            let mut known = Vec::new();
            for _ in 0..u.int_in_range(0..=200)? {
                if known.is_empty() || u.ratio(2, 3)? {
                    let piece = vec![u.arbitrary()?; u.int_in_range(0..=SEGMENT / 3)?];
                    known.push((segments.add(&piece), piece));
                } else {
                    let (place, _): (Place, Vec<u8>) = known.swap_remove(u.choose_index(known.len())?);
                    segments.remove(place);
                }
                assert!(known.iter().all(|(place, piece)| segments.get(*place) == piece));
            }
            for (place, _) in known {
                segments.remove(place);
            }
            assert!(segments.all.is_empty());
            Ok(())
        });
    }
}
