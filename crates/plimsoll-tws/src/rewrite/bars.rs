//! An answer of bars without some of them. Every other byte of the rest stays as it was.

use bytes::{BufMut, BytesMut};
use plimsoll_model::RawFrame;

use super::{RewriteError, is_protobuf, no_such_field};
use crate::message::NUMBER_LEN;
use crate::proto::surgery;
use crate::{Gate, Response, ServerVersion};

/// The field of a bar's number in the protobuf form.
const BARS: u32 = 2;
/// The fields of one bar in text.
const BAR_FIELDS: usize = 8;

/// A `historicalData` with those bars only of which `keep` says so, by their place.
pub fn keep_bars(version: ServerVersion, frame: &RawFrame, keep: &[bool]) -> Result<RawFrame, RewriteError> {
    let Response::HistoricalData(told) = Response::decode(version, frame)? else {
        return Err(no_such_field(frame, "bars"));
    };
    assert_eq!(told.bars.len(), keep.len(), "invariant: every bar was judged");
    let out =
        if is_protobuf(version, frame) { in_protobuf(frame, keep) } else { in_text(version, frame, keep) };
    out.ok_or_else(|| no_such_field(frame, "bars"))
}

fn in_protobuf(frame: &RawFrame, keep: &[bool]) -> Option<RawFrame> {
    let (head, body) = frame.bytes().split_at_checked(NUMBER_LEN)?;
    let mut out = BytesMut::with_capacity(frame.bytes().len());
    out.put_slice(head);
    out.put_slice(&surgery::keep_parts(body, BARS, keep)?);
    Some(RawFrame::new(out.freeze()))
}

fn in_text(version: ServerVersion, frame: &RawFrame, keep: &[bool]) -> Option<RawFrame> {
    // In front of the bars: the message's number, the request's, below some version the range, and the count.
    let range = if version.has(Gate::HistoricalDataEnd) { 0 } else { 2 };
    let mut fields = frame.bytes().split_inclusive(|byte| *byte == 0);
    let mut out = BytesMut::with_capacity(frame.bytes().len());
    for _ in 0..2 + range {
        out.put_slice(fields.next()?);
    }
    fields.next()?;
    out.put_slice(keep.iter().filter(|keep| **keep).count().to_string().as_bytes());
    out.put_u8(0);
    for keep in keep {
        for _ in 0..BAR_FIELDS {
            let field = fields.next()?;
            if *keep {
                out.put_slice(field);
            }
        }
    }
    Some(RawFrame::new(out.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    fn v(number: u16) -> ServerVersion {
        ServerVersion::new(number).unwrap()
    }

    const EARLY: &str = "20261127 12:59:00 US/Eastern|680.10|680.20|680.0|680.15|120.0|680.12|7|";
    const LATE: &str = "20261127 13:00:00 US/Eastern|680.1|680.2|680.0|680.1|12|680.1|1|";

    #[test]
    fn what_is_left_of_an_answer_in_text_is_byte_for_byte_what_came() {
        let all = frame(&format!("17|5|2|{EARLY}{LATE}"));
        assert_eq!(keep_bars(v(200), &all, &[true, false]).unwrap(), frame(&format!("17|5|1|{EARLY}")));
        assert_eq!(keep_bars(v(200), &all, &[false, true]).unwrap(), frame(&format!("17|5|1|{LATE}")));
        assert_eq!(keep_bars(v(200), &all, &[false, false]).unwrap(), frame("17|5|0|"));
        let with_range = frame(&format!("17|5|20261126|20261127|2|{EARLY}{LATE}"));
        let left = keep_bars(v(178), &with_range, &[true, false]).unwrap();
        assert_eq!(left, frame(&format!("17|5|20261126|20261127|1|{EARLY}")));
    }

    #[test]
    fn in_protobuf_only_the_bars_go_and_unknown_fields_stay() {
        // Number 217 (17 + 200); request 5; two bars with a date each; a field that nobody knows.
        let bar = |date: &[u8]| [&[0x12, 0x0C, 0x0A, 0x0A], date].concat();
        let (early, late) = (bar(b"1795802340"), bar(b"1795802400"));
        let whole = |parts: &[&[u8]]| {
            RawFrame::new(
                [&[0, 0, 0, 217, 0x08, 0x05][..], &parts.concat(), &[0x98, 0x06, 0x01]].concat().into(),
            )
        };
        let left = keep_bars(ServerVersion::PROTOBUF, &whole(&[&early, &late]), &[true, false]).unwrap();
        assert_eq!(left, whole(&[&early]));
    }

    #[test]
    fn another_message_and_a_damaged_one_are_refused() {
        assert!(matches!(keep_bars(v(200), &frame("9|1|379|"), &[]), Err(RewriteError::NoSuchField { .. })));
        let cut = frame("17|5|2|20261127|680.10|");
        assert!(matches!(keep_bars(v(200), &cut, &[true, true]), Err(RewriteError::Damaged(_))));
    }
}
