//! Writes a message, lowest number first.

use bytes::{BufMut, BytesMut};

use super::wire::{self, Kind};
use super::{Numbered, Packed, Step, Whole, double};
use crate::Word;
use crate::layout::{DecodeError, Problem};
use crate::spelling::Spelling;

/// The bytes of one message as far as they are written.
pub(crate) struct Writer {
    out: BytesMut,
    /// One value's text, before it is known whether and how it is written.
    value: BytesMut,
}

impl Writer {
    /// A writer whose bytes follow those that are there.
    pub(crate) fn new(out: BytesMut) -> Self {
        Self { out, value: BytesMut::with_capacity(64) }
    }

    pub(crate) fn into_bytes(self) -> BytesMut {
        self.out
    }

    fn spell(&mut self, value: &impl Spelling) {
        self.value.clear();
        value.write(&mut self.value);
    }

    /// Writes what `body` writes as one part.
    fn nest(&mut self, number: u32, body: impl FnOnce(&mut Self) -> Step) -> Step {
        let whole = std::mem::replace(&mut self.out, BytesMut::with_capacity(128));
        let done = body(self);
        let part = std::mem::replace(&mut self.out, whole);
        wire::put_bytes(&mut self.out, number, &part);
        done
    }
}

impl Numbered for Writer {
    fn whole(
        &mut self,
        number: u32,
        _name: &'static str,
        _kind: Whole,
        value: Option<i64>,
    ) -> Result<Option<i64>, Box<DecodeError>> {
        if let Some(value) = value {
            wire::put_whole(&mut self.out, number, value);
        }
        Ok(value)
    }

    fn text(&mut self, number: u32, _name: &'static str, value: &mut impl Spelling) -> Step {
        self.spell(value);
        if !self.value.is_empty() {
            // A text of the text protocol may be anything; readers of this one insist on UTF-8.
            let text = String::from_utf8_lossy(&self.value);
            wire::put_bytes(&mut self.out, number, text.as_bytes());
        }
        Ok(())
    }

    fn double(&mut self, number: u32, _name: &'static str, value: &mut impl Spelling) -> Step {
        self.spell(value);
        if let Some(bits) = double::from_text(&self.value) {
            wire::put_tag(&mut self.out, number, Kind::Eight);
            self.out.put_u64_le(bits);
        }
        Ok(())
    }

    fn part(
        &mut self,
        number: u32,
        _name: &'static str,
        present: bool,
        body: impl FnOnce(&mut Self) -> Step,
    ) -> Result<bool, Box<DecodeError>> {
        if present {
            self.nest(number, body)?;
        }
        Ok(present)
    }

    fn parts<T: Default>(
        &mut self,
        number: u32,
        _name: &'static str,
        items: &mut Vec<T>,
        _max: usize,
        each: impl Fn(&mut Self, &mut T) -> Step,
    ) -> Step {
        items.iter_mut().try_for_each(|item| self.nest(number, |f| each(f, item)))
    }

    fn texts(&mut self, number: u32, _name: &'static str, items: &mut Vec<Word>, _max: usize) -> Step {
        for item in items {
            wire::put_bytes(&mut self.out, number, item.as_str().as_bytes());
        }
        Ok(())
    }

    fn packed<T: Spelling + Default>(
        &mut self,
        number: u32,
        _name: &'static str,
        kind: Packed,
        items: &mut Vec<T>,
        _max: usize,
    ) -> Step {
        let mut numbers = BytesMut::with_capacity(8 * items.len());
        for item in items {
            self.spell(item);
            match kind {
                Packed::Double => numbers.put_u64_le(double::from_text(&self.value).unwrap_or(double::UNSET)),
                Packed::Int32 => {
                    let text = std::str::from_utf8(&self.value).unwrap_or_default();
                    wire::put_varint(&mut numbers, text.parse().unwrap_or(0_i64).cast_unsigned());
                }
            }
        }
        if !numbers.is_empty() {
            wire::put_bytes(&mut self.out, number, &numbers);
        }
        Ok(())
    }

    fn problem(&self, number: u32, name: &'static str, problem: Problem) -> DecodeError {
        unreachable!("invariant: writing has no way to fail, field {number} {name}: {problem}")
    }

    fn aside(&mut self, _number: u32, _name: &'static str) -> Step {
        Ok(())
    }
}
