//! Reads a message: one pass over its fields, lowest number first.
//!
//! Owns the limits on what a sender may do: how many fields a message whose fields are out of order may
//! have, how many parts a list. Nothing is reserved for a length that the bytes do not fill, and only parts
//! with a form are entered, so that nesting is as deep as the forms are.

use bytes::{BufMut, Bytes, BytesMut};

use super::wire::{self, Field, Kind};
use super::{Numbered, Packed, Step, Whole, double};
use crate::Word;
use crate::layout::{DecodeError, Problem};
use crate::spelling::{Raw, Spelling};

/// Fields of one message that is not in the order of its numbers, as every known sender writes it. Putting
/// it in order needs memory for each.
const UNORDERED_FIELDS_MAX: usize = 4096;
/// Numbers of unknown fields that are remembered.
const UNKNOWN_KEPT: usize = 16;

/// Walks over the fields of one message.
pub(crate) struct Reader {
    frame: Bytes,
    end: usize,
    /// The field that comes next, read once: most visits are to fields that are not there.
    next: Option<Field>,
    message: &'static str,
    last: u32,
    unknown: Vec<u32>,
}

impl Reader {
    /// A reader of the bytes of `frame` from `at` on.
    pub(crate) fn new(frame: Bytes, at: usize, message: &'static str) -> Result<Self, Box<DecodeError>> {
        let end = frame.len();
        Self::within(frame, at, end, message)
    }

    fn within(frame: Bytes, at: usize, end: usize, message: &'static str) -> Result<Self, Box<DecodeError>> {
        let mut reader = Self { frame, end, next: None, message, last: 0, unknown: Vec::new() };
        let begin = if reader.is_in_order(at)? { at } else { reader.put_in_order(at)? };
        reader.next = wire::field(&reader.frame, begin, reader.end);
        Ok(reader)
    }

    /// Whether the fields come lowest number first. From here on every byte is known to be part of one.
    fn is_in_order(&self, mut at: usize) -> Result<bool, Box<DecodeError>> {
        let (mut last, mut in_order) = (0, true);
        while at < self.end {
            let field = wire::field(&self.frame, at, self.end).ok_or_else(|| self.no_field(at))?;
            in_order &= last <= field.number;
            (at, last) = (field.end, field.number);
        }
        Ok(in_order)
    }

    /// Copies the fields, lowest number first; where they begin.
    fn put_in_order(&mut self, begin: usize) -> Result<usize, Box<DecodeError>> {
        let mut fields = Vec::new();
        let mut at = begin;
        while let Some(field) = wire::field(&self.frame, at, self.end) {
            if fields.len() == UNORDERED_FIELDS_MAX {
                let count = i32::try_from(fields.len() + 1).expect("the limit is small");
                let problem = Problem::TooMany { count, max: UNORDERED_FIELDS_MAX };
                return Err(self.problem(field.number, "fields out of order", problem).into());
            }
            at = field.end;
            fields.push(field);
        }
        fields.sort_by_key(|field| field.number);
        let mut bytes = BytesMut::with_capacity(self.end - begin);
        for field in &fields {
            bytes.put_slice(&self.frame[field.start..field.end]);
        }
        (self.frame, self.end) = (bytes.freeze(), at - begin);
        Ok(0)
    }

    /// What is left has a number that no form names. The numbers of all such fields come back.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        self.pass_over(u32::MAX);
        self.unknown
    }

    /// Goes on to the first field whose number is not below this one.
    fn pass_over(&mut self, number: u32) {
        while let Some(Field { number: found, end, .. }) = self.next
            && found < number
        {
            if self.unknown.len() < UNKNOWN_KEPT {
                self.unknown.push(found);
            }
            self.next = wire::field(&self.frame, end, self.end);
        }
    }

    /// Whether a field of this number can still be there.
    #[inline]
    fn may_come(&mut self, number: u32) -> bool {
        debug_assert!(number >= self.last, "invariant: {} visits its fields in order", self.message);
        self.last = number;
        self.next.as_ref().is_some_and(|next| next.number <= number)
    }

    /// The next field of this number, passing over unknown ones.
    fn next_of(&mut self, number: u32) -> Option<Field> {
        self.pass_over(number);
        let field = self.next.filter(|field| field.number == number)?;
        self.next = wire::field(&self.frame, field.end, self.end);
        Some(field)
    }

    /// The field of this number, which may occur once only.
    fn once(
        &mut self,
        number: u32,
        name: &'static str,
        kind: Kind,
    ) -> Result<Option<Field>, Box<DecodeError>> {
        if !self.may_come(number) {
            return Ok(None);
        }
        let Some(field) = self.next_of(number) else { return Ok(None) };
        self.check_kind(&field, name, kind)?;
        if self.next_of(number).is_some() {
            return Err(self.unreadable(number, name, &field, "one field; it is there twice").into());
        }
        Ok(Some(field))
    }

    fn check_kind(&self, field: &Field, name: &'static str, kind: Kind) -> Step {
        let wanted = match kind {
            Kind::Varint => "a varint",
            Kind::Eight => "a double",
            Kind::Bytes => "a text or a part",
            Kind::Four => "four bytes",
        };
        if field.kind == kind {
            Ok(())
        } else {
            Err(self.unreadable(field.number, name, field, wanted).into())
        }
    }

    fn value(&self, field: &Field) -> &[u8] {
        &self.frame[field.value..field.end]
    }

    fn string(&self, field: &Field, name: &'static str, value: &mut impl Spelling) -> Step {
        let bytes = self.value(field);
        if bytes.contains(&0) || std::str::from_utf8(bytes).is_err() {
            return Err(self.unreadable(field.number, name, field, "text in UTF-8 without NUL").into());
        }
        let read = value.read(Raw::alone(bytes, &self.frame));
        read.map_err(|problem| self.problem(field.number, name, problem).into())
    }

    fn number(&self, number: u32, name: &'static str, text: &str, value: &mut impl Spelling) -> Step {
        let read = value.read(Raw::alone(text.as_bytes(), &self.frame));
        read.map_err(|problem| self.problem(number, name, problem).into())
    }

    fn enter(&self, field: &Field) -> Result<Self, Box<DecodeError>> {
        Self::within(self.frame.clone(), field.value, field.end, self.message)
    }

    /// Takes over what a part did not know.
    fn leave(&mut self, part: Self) {
        let unknown = part.finish();
        let room = UNKNOWN_KEPT - self.unknown.len();
        self.unknown.extend(unknown.into_iter().take(room));
    }

    fn no_field(&self, at: usize) -> DecodeError {
        let start = &self.frame[at..self.end.min(at + 16)];
        let text = start.escape_ascii().to_string().into();
        self.problem(self.last, "field", Problem::Unreadable { text, wanted: "a protobuf field" })
    }

    fn unreadable(
        &self,
        number: u32,
        name: &'static str,
        field: &Field,
        wanted: &'static str,
    ) -> DecodeError {
        let value = self.value(field);
        let text = value[..value.len().min(40)].escape_ascii().to_string().into();
        self.problem(number, name, Problem::Unreadable { text, wanted })
    }

    fn check_room(&self, number: u32, name: &'static str, len: usize, max: usize) -> Step {
        if len < max {
            return Ok(());
        }
        let count = i32::try_from(len + 1).unwrap_or(i32::MAX);
        Err(self.problem(number, name, Problem::TooMany { count, max }).into())
    }
}

impl Numbered for Reader {
    fn whole(
        &mut self,
        number: u32,
        name: &'static str,
        kind: Whole,
        _value: Option<i64>,
    ) -> Result<Option<i64>, Box<DecodeError>> {
        let Some(field) = self.once(number, name, Kind::Varint)? else { return Ok(None) };
        let (bits, _) = wire::varint(self.value(&field)).expect("the field was cut by its varint");
        let value = bits.cast_signed();
        match kind {
            Whole::Int32 if i32::try_from(value).is_err() => {
                let text = value.to_string().into();
                Err(self
                    .problem(number, name, Problem::Unreadable { text, wanted: "a 32-bit integer" })
                    .into())
            }
            Whole::Flag => Ok(Some((value != 0).into())),
            Whole::Int32 | Whole::Int64 => Ok(Some(value)),
        }
    }

    fn text(&mut self, number: u32, name: &'static str, value: &mut impl Spelling) -> Step {
        match self.once(number, name, Kind::Bytes)? {
            Some(field) => self.string(&field, name, value),
            None => Ok(()),
        }
    }

    fn double(&mut self, number: u32, name: &'static str, value: &mut impl Spelling) -> Step {
        let Some(field) = self.once(number, name, Kind::Eight)? else { return Ok(()) };
        let bits = eight(self.value(&field));
        self.number(number, name, &double::to_text(bits), value)
    }

    fn part(
        &mut self,
        number: u32,
        name: &'static str,
        _present: bool,
        body: impl FnOnce(&mut Self) -> Step,
    ) -> Result<bool, Box<DecodeError>> {
        let Some(field) = self.once(number, name, Kind::Bytes)? else { return Ok(false) };
        let mut part = self.enter(&field)?;
        body(&mut part)?;
        self.leave(part);
        Ok(true)
    }

    fn parts<T: Default>(
        &mut self,
        number: u32,
        name: &'static str,
        items: &mut Vec<T>,
        max: usize,
        each: impl Fn(&mut Self, &mut T) -> Step,
    ) -> Step {
        while let Some(field) = self.next_of(number) {
            self.check_kind(&field, name, Kind::Bytes)?;
            self.check_room(number, name, items.len(), max)?;
            let mut part = self.enter(&field)?;
            let mut item = T::default();
            each(&mut part, &mut item)?;
            self.leave(part);
            items.push(item);
        }
        Ok(())
    }

    fn texts(&mut self, number: u32, name: &'static str, items: &mut Vec<Word>, max: usize) -> Step {
        while let Some(field) = self.next_of(number) {
            self.check_kind(&field, name, Kind::Bytes)?;
            self.check_room(number, name, items.len(), max)?;
            let mut item = Word::EMPTY;
            self.string(&field, name, &mut item)?;
            items.push(item);
        }
        Ok(())
    }

    fn packed<T: Spelling + Default>(
        &mut self,
        number: u32,
        name: &'static str,
        kind: Packed,
        items: &mut Vec<T>,
        max: usize,
    ) -> Step {
        while let Some(field) = self.next_of(number) {
            let value = self.frame.slice(field.value..field.end);
            let mut rest = &value[..];
            let single =
                matches!((kind, field.kind), (Packed::Double, Kind::Eight) | (Packed::Int32, Kind::Varint));
            if !single {
                self.check_kind(&field, name, Kind::Bytes)?;
            }
            while !rest.is_empty() {
                self.check_room(number, name, items.len(), max)?;
                let (text, used) = match kind {
                    Packed::Double if rest.len() >= 8 => (double::to_text(eight(rest)), 8),
                    Packed::Int32 => match wire::varint(rest) {
                        Some((bits, used)) => (bits.cast_signed().to_string().into(), used),
                        None => return Err(self.unreadable(number, name, &field, "packed numbers").into()),
                    },
                    Packed::Double => {
                        return Err(self.unreadable(number, name, &field, "packed doubles").into());
                    }
                };
                let mut item = T::default();
                self.number(number, name, &text, &mut item)?;
                items.push(item);
                rest = &rest[used..];
            }
        }
        Ok(())
    }

    fn problem(&self, number: u32, name: &'static str, problem: Problem) -> DecodeError {
        DecodeError { message: self.message, field: name, index: number as usize, problem }
    }

    fn aside(&mut self, number: u32, _name: &'static str) -> Step {
        while self.next_of(number).is_some() {}
        Ok(())
    }
}

/// The first eight bytes as the bits of a double.
fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("the field was cut by its kind"))
}
