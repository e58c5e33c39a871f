//! Layouts: the field order of each message is written once, as a function over [`Fields`], and read,
//! written and searched through that one function, so that the directions cannot disagree.
//!
//! Owns the walk over the fields and its errors. Does not own spellings of values ([`crate::spelling`]).

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::RawFrame;

use crate::spelling::{Number, Opt, OrElse, Raw, Required, Spelling, Unset};
use crate::{Gate, ServerVersion};

/// Why a frame is not the message that its number says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, field {index} `{field}`: {problem}")]
pub struct DecodeError {
    /// The message, `placeOrder`.
    pub message: &'static str,
    /// The field, `totalQuantity`.
    pub field: &'static str,
    /// Its place in the frame; the message number is field 0.
    pub index: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The frame ends before the field does.
    #[error("is missing")]
    Missing,
    /// The frame goes on after its last field.
    #[error("{bytes} bytes are left over")]
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// The text is not what the field holds.
    #[error("`{text}` is not {wanted}")]
    Unreadable {
        /// The text, escaped and shortened.
        text: Box<str>,
        /// What the field holds.
        wanted: &'static str,
    },
    /// A count that is not sane, or that the rest of the frame cannot hold.
    #[error("{count} items do not fit, at most {max} can follow")]
    TooMany {
        /// The count.
        count: i32,
        /// How many may come, or can come in the bytes that are left.
        max: usize,
    },
}

/// What errors call a frame whose message number cannot be read.
pub(crate) const NO_MESSAGE: &str = "frame";

/// The outcome of one step through a layout. An error is boxed, because an order takes a hundred steps that have
/// none: so each says how it went in a register.
pub(crate) type Step = Result<(), Box<DecodeError>>;

impl From<Box<DecodeError>> for DecodeError {
    fn from(boxed: Box<DecodeError>) -> Self {
        *boxed
    }
}

/// A message or a part of one whose fields have an order.
pub(crate) trait Layout {
    fn layout(&mut self, f: &mut impl Fields) -> Step;
}

impl<T: Layout> Layout for Box<T> {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        (**self).layout(f)
    }
}

/// One direction over a layout.
pub(crate) trait Fields: Sized {
    fn version(&self) -> ServerVersion;

    /// Visits one field.
    fn visit(&mut self, name: &'static str, value: &mut impl Spelling) -> Step;

    /// Visits a field that always says the same and that nobody reads.
    fn constant(&mut self, name: &'static str, value: &'static str) -> Step;

    /// Passes over a field that some senders write and that the message does not have. It is never written.
    fn stray(&mut self, name: &'static str, value: &'static str) -> Step;

    /// Whether `count` items may follow in what is left of the frame.
    fn check_count(&self, name: &'static str, count: i32, max: usize) -> Result<usize, Box<DecodeError>>;

    /// Whether at least so many fields follow. Writers go by whether they are to write them.
    fn has_more(&mut self, fields: usize, to_write: bool) -> bool;

    /// The error that the value just visited is none of the known ones.
    fn unknown(&self, name: &'static str, value: i32, wanted: &'static str) -> DecodeError;

    fn has(&self, gate: Gate) -> bool {
        self.version().has(gate)
    }

    /// An optional number that senders leave empty.
    #[inline]
    fn opt<T: Number>(&mut self, name: &'static str, value: &mut Option<T>) -> Step {
        self.visit(name, &mut Opt(value, Unset::Empty))
    }

    /// An optional number that senders spell with the largest value.
    #[inline]
    fn opt_max<T: Number>(&mut self, name: &'static str, value: &mut Option<T>) -> Step {
        self.visit(name, &mut Opt(value, Unset::Max))
    }

    /// An integer that is `default` where the field is empty.
    #[inline]
    fn int_or(&mut self, name: &'static str, value: &mut i32, default: i32) -> Step {
        self.visit(name, &mut OrElse(value, default))
    }

    /// A number that must be there.
    #[inline]
    fn id(&mut self, name: &'static str, value: &mut i32) -> Step {
        self.visit(name, &mut Required(value))
    }

    /// A count and that many items.
    fn list<T: Default>(
        &mut self,
        name: &'static str,
        items: &mut Vec<T>,
        max: usize,
        each: fn(&mut Self, &mut T) -> Step,
    ) -> Step {
        let mut count = i32::try_from(items.len()).expect("a list of ours is far shorter than 2^31");
        self.visit(name, &mut count)?;
        let count = self.check_count(name, count, max)?;
        for at in 0..count {
            // Grown item by item, after the fields of the one before were there: a count reserves nothing.
            if at == items.len() {
                items.push(T::default());
            }
            each(self, &mut items[at])?;
        }
        Ok(())
    }
}

/// Reads a frame; optionally remembers where one field is.
pub(crate) struct Reader<'a> {
    frame: &'a Bytes,
    /// What is not read yet of the frame.
    rest: &'a [u8],
    index: usize,
    version: ServerVersion,
    message: &'static str,
    sought: &'static str,
    found: Option<Range<usize>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(frame: &'a Bytes, version: ServerVersion) -> Self {
        Self { frame, rest: frame, index: 0, version, message: NO_MESSAGE, sought: "", found: None }
    }

    /// Remembers the place of the first field of this name.
    pub(crate) fn seeking(frame: &'a Bytes, version: ServerVersion, name: &'static str) -> Self {
        Self { sought: name, ..Self::new(frame, version) }
    }

    pub(crate) const fn found(&self) -> Option<&Range<usize>> {
        self.found.as_ref()
    }

    /// The message number, the first field of every frame.
    pub(crate) fn message_id(&mut self) -> Result<i32, Box<DecodeError>> {
        let mut id = 0;
        self.id("message number", &mut id)?;
        Ok(id)
    }

    /// Begins behind the first bytes, which are no text.
    pub(crate) fn pass_over(&mut self, bytes: usize) {
        self.rest = &self.frame[bytes.min(self.frame.len())..];
    }

    pub(crate) const fn enter(&mut self, message: &'static str) {
        self.message = message;
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self) -> Step {
        match self.rest.len() {
            0 => Ok(()),
            bytes => Err(self.error("end of frame", self.index, Problem::LeftOver { bytes }).into()),
        }
    }

    #[cold]
    fn error(&self, field: &'static str, index: usize, problem: Problem) -> DecodeError {
        DecodeError { message: self.message, field, index, problem }
    }

    #[cold]
    fn missing(&self, name: &'static str) -> DecodeError {
        self.error(name, self.index, Problem::Missing)
    }

    /// Goes on behind the next field.
    #[inline]
    fn pass(&mut self, name: &'static str, len: usize) {
        if self.sought == name {
            self.find(len);
        }
        self.rest = &self.rest[len + 1..];
        self.index += 1;
    }

    #[cold]
    fn find(&mut self, len: usize) {
        let at = self.frame.len() - self.rest.len();
        self.found.get_or_insert(at..at + len);
    }
}

/// How long the first field is; none if nothing ends it. Most fields are empty or short, and the others are
/// looked through eight bytes at a time.
#[inline]
fn field_len(rest: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    if let [0, ..] = rest {
        return Some(0);
    }
    let mut at = 0;
    while let Some(eight) = rest[at..].first_chunk() {
        let eight = u64::from_le_bytes(*eight);
        // The lowest bit left is the high one of the first NUL.
        let nuls = eight.wrapping_sub(ONES) & !eight & HIGHS;
        if nuls != 0 {
            return Some(at + nuls.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    rest[at..].iter().position(|byte| *byte == 0).map(|more| at + more)
}

impl Fields for Reader<'_> {
    fn version(&self) -> ServerVersion {
        self.version
    }

    #[inline]
    fn visit(&mut self, name: &'static str, value: &mut impl Spelling) -> Step {
        let rest = self.rest;
        let Some(len) = field_len(rest) else { return Err(self.missing(name).into()) };
        self.pass(name, len);
        value
            .read(Raw { bytes: &rest[..len], behind: rest, frame: self.frame })
            .map_err(|problem| self.error(name, self.index - 1, problem).into())
    }

    fn constant(&mut self, name: &'static str, _value: &'static str) -> Step {
        let Some(len) = field_len(self.rest) else { return Err(self.missing(name).into()) };
        self.pass(name, len);
        Ok(())
    }

    fn stray(&mut self, name: &'static str, value: &'static str) -> Step {
        let after = self.rest.strip_prefix(value.as_bytes());
        // Anything else is left over, and an error as in any other message.
        if after.is_some_and(|after| after.starts_with(b"\0")) { self.constant(name, value) } else { Ok(()) }
    }

    fn check_count(&self, name: &'static str, count: i32, max: usize) -> Result<usize, Box<DecodeError>> {
        // Every item has at least one field, and every field at least its NUL.
        let max = max.min(self.rest.len());
        match usize::try_from(count) {
            Ok(n) if n <= max => Ok(n),
            _ => Err(self.error(name, self.index - 1, Problem::TooMany { count, max }).into()),
        }
    }

    fn has_more(&mut self, fields: usize, _to_write: bool) -> bool {
        self.rest.iter().filter(|b| **b == 0).take(fields).count() == fields
    }

    fn unknown(&self, name: &'static str, value: i32, wanted: &'static str) -> DecodeError {
        let text = value.to_string().into();
        self.error(name, self.index.saturating_sub(1), Problem::Unreadable { text, wanted })
    }
}

/// Writes a frame.
pub(crate) struct Writer {
    out: BytesMut,
    version: ServerVersion,
}

impl Writer {
    /// A writer whose fields follow the given bytes.
    pub(crate) fn new(version: ServerVersion, head: &[u8]) -> Self {
        let mut out = BytesMut::with_capacity(128);
        out.put_slice(head);
        Self { out, version }
    }

    pub(crate) fn into_frame(self) -> RawFrame {
        RawFrame::new(self.out.freeze())
    }
}

impl Fields for Writer {
    fn version(&self) -> ServerVersion {
        self.version
    }

    fn visit(&mut self, _name: &'static str, value: &mut impl Spelling) -> Step {
        value.write(&mut self.out);
        self.out.put_u8(0);
        Ok(())
    }

    fn constant(&mut self, _name: &'static str, value: &'static str) -> Step {
        self.out.put_slice(value.as_bytes());
        self.out.put_u8(0);
        Ok(())
    }

    fn stray(&mut self, _name: &'static str, _value: &'static str) -> Step {
        Ok(())
    }

    fn check_count(&self, _name: &'static str, count: i32, _max: usize) -> Result<usize, Box<DecodeError>> {
        Ok(usize::try_from(count).expect("the length of a list is not negative"))
    }

    fn has_more(&mut self, _fields: usize, to_write: bool) -> bool {
        to_write
    }

    fn unknown(&self, name: &'static str, value: i32, _wanted: &'static str) -> DecodeError {
        unreachable!("invariant: a message of ours holds only values that exist, {name} has {value}")
    }
}
