//! `on_close_crossing` of `[[venue]]` and what belongs to it: how early netted orders leave, and which instruments stand
//! in for which.
//!
//! Does not own: what becomes of an order (`plimsoll_core`).

use std::collections::BTreeMap;
use std::ops::Range;

use plimsoll_core::config::{Equivalent, OnCloseCrossing, Sizing};
use plimsoll_core::limits::NET_LEAD;
use plimsoll_model::{Contract, InstrumentId};
use toml::Spanned;
use toml::de::DeValue;

use super::bot::RawBot;
use super::place::Problems;
use super::section::{self, Section};
use super::value;

/// Pairs that one file may name: far more than the instruments that bots share.
const EQUIVALENTS_MAX: usize = 100;

const WRITE_EQUIVALENTS: &str = "`equivalents = [{ of = \"SPY\", use = \"IVV\" }]`";

/// What becomes of opposite on-close orders.
pub(super) struct RawCrossing {
    /// Nothing if it could not be read.
    pub(super) policy: Option<OnCloseCrossing>,
    equivalents: Vec<RawEquivalent>,
}

/// One pair.
struct RawEquivalent {
    of: Spanned<InstrumentId>,
    with: Spanned<InstrumentId>,
    ratio: Option<rust_decimal::Decimal>,
}

/// The word of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Deny,
    Net,
    Equivalent,
}

impl RawCrossing {
    pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Self {
        let lead = section.text("on_close_lead", problems, value::positive_duration);
        let key = section.take("equivalents").map(Spanned::span);
        let equivalents = equivalents(section, problems);
        let word = match section.take("on_close_crossing") {
            None => Some(Word::Deny),
            Some(_) => section
                .text("on_close_crossing", problems, |text| {
                    let words = [("net", Word::Net), ("equivalent", Word::Equivalent), ("deny", Word::Deny)];
                    value::word(text, &words)
                })
                .map(Spanned::into_inner),
        };
        let policy = word.map(|word| {
            misplaced(word, (lead.as_ref().map(Spanned::span), key.clone()), problems);
            match word {
                Word::Deny => OnCloseCrossing::Deny,
                Word::Net => OnCloseCrossing::Net { lead: lead.map_or(NET_LEAD, Spanned::into_inner) },
                Word::Equivalent => {
                    if key.is_none() {
                        section.missing("equivalents", "[{ of = \"SPY\", use = \"IVV\" }]", problems);
                    }
                    OnCloseCrossing::Equivalent(equivalents.iter().map(RawEquivalent::entry).collect())
                }
            }
        });
        Self { policy, equivalents }
    }

    /// What only shows with the bots: whether they trade these instruments.
    pub(super) fn check(&self, bots: &[RawBot], problems: &mut Problems) {
        let contracts: BTreeMap<&InstrumentId, &Contract> = bots
            .iter()
            .flat_map(|bot| &bot.instruments)
            .map(|both| (&both.get_ref().0, &both.get_ref().1))
            .collect();
        for (at, pair) in self.equivalents.iter().enumerate() {
            let (of, with) = (pair.of.get_ref(), pair.with.get_ref());
            for (key, named) in [("of", &pair.of), ("use", &pair.with)] {
                if !contracts.contains_key(named.get_ref()) {
                    let text = format!(
                        "`{key}`: `{}` is among no bot's instruments; write it there, or one that is",
                        named.get_ref()
                    );
                    problems.at(named.span(), text);
                }
            }
            if of == with {
                problems.at(
                    pair.with.span(),
                    format!("`use`: `{with}` cannot stand in for itself; write another"),
                );
            } else if self.equivalents.iter().any(|other| other.of.get_ref() == with) {
                let text = format!(
                    "`use`: `{with}` has an equivalent itself, and what stands in for another is not sent on; name \
                     each instrument on one side only"
                );
                problems.at(pair.with.span(), text);
            }
            if self.equivalents[..at].iter().any(|earlier| earlier.of.get_ref() == of) {
                problems.at(pair.of.span(), format!("`of`: `{of}` has an equivalent already; leave one out"));
            }
            if let (Some(one), Some(other)) = (contracts.get(of), contracts.get(with))
                && one.currency != other.currency
                && pair.ratio.is_none()
            {
                let text = format!(
                    "`use`: `{of}` in {} and `{with}` in {} cannot be compared by their worth; write a `ratio`",
                    one.currency, other.currency
                );
                problems.at(pair.with.span(), text);
            }
            if contracts.contains_key(with) {
                without(of, with, bots, pair.with.span(), problems);
            }
        }
    }
}

impl RawEquivalent {
    fn read(mut table: Section<'_>, problems: &mut Problems) -> Option<Self> {
        let name = |text: &str| match text {
            "" => Err("is empty; write an instrument of a bot".to_owned()),
            // The identifier of a US stock is its symbol; that of anything else is spelled like one.
            text => Ok(InstrumentId::us_stock(text)),
        };
        let of = table.required("of", "\"SPY\"", problems, name);
        let with = table.required("use", "\"IVV\"", problems, name);
        let ratio = table.text("ratio", problems, value::positive_decimal).map(Spanned::into_inner);
        table.finish(problems);
        Some(Self { of: of?, with: with?, ratio })
    }

    fn entry(&self) -> (InstrumentId, Equivalent) {
        let sizing = self.ratio.map_or(Sizing::Notional, Sizing::Ratio);
        (self.of.get_ref().clone(), Equivalent { instrument: self.with.get_ref().clone(), sizing })
    }
}

fn equivalents(section: &mut Section<'_>, problems: &mut Problems) -> Vec<RawEquivalent> {
    let Some(list) = section.list("equivalents", problems) else { return Vec::new() };
    if let Some(beyond) = list.get(EQUIVALENTS_MAX) {
        problems.at(beyond.span(), format!("`equivalents`: more than {EQUIVALENTS_MAX}; leave some out"));
    }
    let read = |item: &Spanned<DeValue<'_>>, problems: &mut Problems| {
        let table = section::inline("an equivalent", item);
        if table.is_none() {
            problems.at(item.span(), format!("`equivalents`: write tables, {WRITE_EQUIVALENTS}"));
        }
        RawEquivalent::read(table?, problems)
    };
    list.iter().take(EQUIVALENTS_MAX).filter_map(|item| read(item, problems)).collect()
}

/// Keys that mean nothing beside this word.
fn misplaced(
    word: Word,
    (lead, equivalents): (Option<Range<usize>>, Option<Range<usize>>),
    problems: &mut Problems,
) {
    for (key, span, needs) in [
        ("on_close_lead", lead, (Word::Net, "net")),
        ("equivalents", equivalents, (Word::Equivalent, "equivalent")),
    ] {
        if let Some(span) = span.filter(|_| word != needs.0) {
            let text = format!("`{key}` needs on_close_crossing = \"{}\"; write that, or remove it", needs.1);
            problems.at(span, text);
        }
    }
}

/// Bots whose orders have an equivalent that they may not trade: theirs are denied as if there were none.
fn without(
    of: &InstrumentId,
    with: &InstrumentId,
    bots: &[RawBot],
    span: Range<usize>,
    problems: &mut Problems,
) {
    let has = |bot: &RawBot, id: &InstrumentId| bot.instruments.iter().any(|both| both.get_ref().0 == *id);
    let names: Vec<_> = bots
        .iter()
        .filter(|bot| has(bot, of) && !has(bot, with))
        .filter_map(|bot| Some(bot.name.as_ref()?.get_ref().as_str()))
        .collect();
    if !names.is_empty() {
        let text = format!(
            "`{with}` is not among the instruments of {}, whose on-close orders it cannot stand in for",
            names.join(", ")
        );
        problems.note(span, text);
    }
}

#[cfg(test)]
mod tests;
