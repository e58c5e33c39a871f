//! The protobuf form of the messages, spoken at server version 213.
//!
//! Owns: which field has which number ([`Form`]), and the walk over a message by number ([`Numbered`]) in
//! every direction, so that reading and writing cannot disagree; the same idea as the text layouts. The
//! generated structs of a protobuf library would be a second set of a hundred types, full of doubles, with a
//! conversion each way; here one function per message serves both ways and texts share the frame's bytes.
//!
//! Rules of this wire: a field that is absent is unset, not zero. False flags and empty texts are never
//! written, numbers that a message always has are written even when they are zero. Prices are doubles and
//! become decimals by their shortest text ([`double`]), sizes are texts. A field that may occur once and
//! occurs twice is an error: readers that merge and readers that take the last would see two orders in it.
//!
//! Fields without a place in the typed message are skipped here and stay in the frame, which is what a
//! gateway relays; what it changes, it changes in the bytes ([`surgery`]).

mod accounts;
mod bond_details;
mod contracts;
mod depth;
mod display_group;
mod double;
mod fundamental;
mod history;
mod market_data;
mod news;
mod option_model;
mod orders;
#[cfg(test)]
mod paths;
mod queries;
mod reader;
mod scanner;
mod subscription;
pub(crate) mod surgery;
mod system;
#[cfg(test)]
mod tests;
mod tick_history;
#[cfg(test)]
mod two_wires;
mod verify;
mod wire;
mod writer;

use std::fmt::Write as _;

use crate::layout::{DecodeError, Problem};
use crate::message::TagValue;
use crate::spelling::{Number, Spelling};
use crate::{Text, Word};

pub(crate) use crate::layout::Step;
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// A message or a part of one whose fields have numbers.
pub(crate) trait Form {
    /// Visits the fields, lowest number first.
    fn form(&mut self, f: &mut impl Numbered) -> Step;
}

impl<T: Form> Form for Box<T> {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        (**self).form(f)
    }
}

/// The whole numbers of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Int32,
    Int64,
    Flag,
}

/// One direction over the fields of a message. Numbers have to be visited in ascending order.
pub(crate) trait Numbered: Sized {
    /// A whole number: what comes back is what is there. Writers write what is given, readers ignore it.
    fn whole(
        &mut self,
        number: u32,
        name: &'static str,
        kind: Whole,
        value: Option<i64>,
    ) -> Result<Option<i64>, Box<DecodeError>>;

    /// A text, or a number spelled as one; empty is absent.
    fn text(&mut self, number: u32, name: &'static str, value: &mut impl Spelling) -> Step;

    /// A double; a value whose spelling is empty, or no number, is absent.
    fn double(&mut self, number: u32, name: &'static str, value: &mut impl Spelling) -> Step;

    /// A part with fields of its own, written if `present`. True if it was there.
    fn part(
        &mut self,
        number: u32,
        name: &'static str,
        present: bool,
        body: impl FnOnce(&mut Self) -> Step,
    ) -> Result<bool, Box<DecodeError>>;

    /// Parts of one kind.
    fn parts<T: Default>(
        &mut self,
        number: u32,
        name: &'static str,
        items: &mut Vec<T>,
        max: usize,
        each: impl Fn(&mut Self, &mut T) -> Step,
    ) -> Step;

    /// Texts of one kind.
    fn texts(&mut self, number: u32, name: &'static str, items: &mut Vec<Word>, max: usize) -> Step;

    /// Doubles or whole numbers of one kind, packed or one by one, as texts.
    fn packed<T: Spelling + Default>(
        &mut self,
        number: u32,
        name: &'static str,
        kind: Packed,
        items: &mut Vec<T>,
        max: usize,
    ) -> Step;

    /// The error at the field visited last.
    fn problem(&self, number: u32, name: &'static str, problem: Problem) -> DecodeError;

    /// The error that a value is none of the known ones.
    fn unknown(&self, number: u32, name: &'static str, value: i32, wanted: &'static str) -> DecodeError {
        self.problem(number, name, Problem::Unreadable { text: value.to_string().into(), wanted })
    }

    /// A whole number that the message always has; absent is zero.
    fn int(&mut self, number: u32, name: &'static str, value: &mut i32) -> Step {
        self.int_or(number, name, value, 0)
    }

    /// The same where absent means something else.
    fn int_or(&mut self, number: u32, name: &'static str, value: &mut i32, absent: i32) -> Step {
        *value = narrow(self.whole(number, name, Whole::Int32, Some((*value).into()))?).unwrap_or(absent);
        Ok(())
    }

    /// A whole number that is left out when it is zero.
    fn int_unless_zero(&mut self, number: u32, name: &'static str, value: &mut i32) -> Step {
        let there = (*value != 0).then_some((*value).into());
        *value = narrow(self.whole(number, name, Whole::Int32, there)?).unwrap_or(0);
        Ok(())
    }

    /// A whole number whose absence has a meaning. The largest one means the same in old hands.
    fn opt_int(&mut self, number: u32, name: &'static str, value: &mut Option<i32>) -> Step {
        let found = narrow(self.whole(number, name, Whole::Int32, value.map(i64::from))?);
        *value = found.filter(|found| *found != i32::MAX);
        Ok(())
    }

    /// A whole number that must be there: an order's or a request's.
    fn id(&mut self, number: u32, name: &'static str, value: &mut i32) -> Step {
        let found = narrow(self.whole(number, name, Whole::Int32, Some((*value).into()))?);
        *value = found.ok_or_else(|| self.problem(number, name, Problem::Missing))?;
        Ok(())
    }

    /// A long number that the message always has; absent is zero.
    fn long(&mut self, number: u32, name: &'static str, value: &mut i64) -> Step {
        *value = self.whole(number, name, Whole::Int64, Some(*value))?.unwrap_or(0);
        Ok(())
    }

    /// A long number that is left out when it is zero.
    fn long_unless_zero(&mut self, number: u32, name: &'static str, value: &mut i64) -> Step {
        let there = (*value != 0).then_some(*value);
        *value = self.whole(number, name, Whole::Int64, there)?.unwrap_or(0);
        Ok(())
    }

    /// A long number whose absence has a meaning. The largest ones mean the same in old hands.
    fn opt_long(&mut self, number: u32, name: &'static str, value: &mut Option<i64>) -> Step {
        *value = self.whole(number, name, Whole::Int64, *value)?.filter(|found| !found.is_unset());
        Ok(())
    }

    /// A flag; false is absent.
    fn flag(&mut self, number: u32, name: &'static str, value: &mut bool) -> Step {
        *value = self.whole(number, name, Whole::Flag, value.then_some(1))?.is_some_and(|v| v != 0);
        Ok(())
    }

    /// A double that may be unset.
    fn opt_double<T: Number>(&mut self, number: u32, name: &'static str, value: &mut Option<T>) -> Step {
        self.double(number, name, value)
    }

    /// A number spelled as a text that may be unset.
    fn opt_text<T: Number>(&mut self, number: u32, name: &'static str, value: &mut Option<T>) -> Step {
        self.text(number, name, value)
    }

    /// Named parameters. A map on the wire; the order is kept.
    fn map(&mut self, number: u32, name: &'static str, items: &mut Vec<TagValue>, max: usize) -> Step {
        self.parts(number, name, items, max, |f, item| {
            f.text(1, "tag", &mut item.tag)?;
            f.text(2, "value", &mut item.value)
        })
    }

    /// A field of this message that the typed message has no place for.
    fn aside(&mut self, number: u32, name: &'static str) -> Step;
}

/// The first field of a message that is otherwise unreadable: an order's number.
pub(crate) fn leading_whole(message: &[u8]) -> Option<i32> {
    let first = wire::field(message, 0, message.len())?;
    if (first.number, first.kind) != (1, wire::Kind::Varint) {
        return None;
    }
    let (bits, _) = wire::varint(&message[first.value..first.end])?;
    i32::try_from(bits.cast_signed()).ok()
}

/// What a list of plain numbers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packed {
    Double,
    Int32,
}

/// A number whose kind was said to be `Int32`.
fn narrow(value: Option<i64>) -> Option<i32> {
    value.map(|value| i32::try_from(value).expect("checked against its kind when it was read"))
}

/// A word for which the text protocol writes `?` or `0` where there is none, in open orders and portfolios.
/// Here it is left out: the Rust crate refuses a contract whose right is one of those.
fn known_word(f: &mut impl Numbered, number: u32, name: &'static str, value: &mut Word) -> Step {
    let unknown = |value: &Word| *value == "?" || *value == "0";
    if unknown(value) {
        *value = Word::EMPTY;
    }
    f.text(number, name, value)?;
    if unknown(value) {
        *value = Word::EMPTY;
    }
    Ok(())
}

/// Options that the text protocol carries as `tag=value;` in one field and this one as a map.
fn options(f: &mut impl Numbered, number: u32, name: &'static str, value: &mut Text) -> Step {
    let mut items: Vec<TagValue> = Vec::new();
    for item in value.to_str_lossy().split(';').filter(|item| !item.is_empty()) {
        let (tag, value) = item.split_once('=').unwrap_or((item, ""));
        items.push(TagValue { tag: tag.into(), value: value.into() });
    }
    f.map(number, name, &mut items, OPTIONS_MAX)?;
    let mut joined = String::new();
    for TagValue { tag, value } in &items {
        write!(joined, "{tag}={value};").expect("a string grows as needed");
    }
    *value = Text::from(&*joined);
    Ok(())
}

/// More options than any request has.
const OPTIONS_MAX: usize = 128;
