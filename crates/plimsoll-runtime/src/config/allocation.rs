//! `[[allocation]]`: how one order of a bot is divided over accounts.
//!
//! Owns: the keys, and what they have to do with bots and accounts. Does not own: the sizes, which are
//! `plimsoll_core::allocation`'s.

use std::ops::Range;

use plimsoll_core::allocation::{Allocation, Rule};
use plimsoll_core::config::Mode;
use plimsoll_core::limits;
use plimsoll_model::{Account, BotName, Qty};
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;

use super::Raw;
use super::bot::RawBot;
use super::place::Problems;
use super::section::{Section, wrong_type};
use super::value;
use super::venue::RawVenue;

/// Characters of a name.
const NAME_LEN_MAX: usize = 32;
/// Digits one after the other that a name may have; the broker's accounts have seven.
const NAME_DIGITS_MAX: usize = 3;

/// The words of `by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Equal,
    Equity,
    Ratio,
    Table,
}

/// One `[[allocation]]`, each part optional until the whole file has been judged.
pub(super) struct RawAllocation {
    span: Range<usize>,
    name: Option<Spanned<Account>>,
    bots: Vec<Spanned<BotName>>,
    by: Option<Spanned<By>>,
    /// Of all rules.
    accounts: Vec<Spanned<Account>>,
    /// In the order of `accounts`, for a ratio or a table.
    numbers: Vec<Decimal>,
}

/// Reads all allocations; what is wrong with one does not hide the next.
pub(super) fn read(sections: Vec<Section<'_>>, problems: &mut Problems) -> Vec<RawAllocation> {
    if let Some(beyond) = sections.get(limits::ALLOCATIONS_MAX) {
        let most = limits::ALLOCATIONS_MAX;
        problems.at(beyond.span.clone(), format!("more than {most} allocations; leave some out"));
        return Vec::new();
    }
    sections.into_iter().map(|section| RawAllocation::read(section, problems)).collect()
}

impl RawAllocation {
    fn read(mut section: Section<'_>, problems: &mut Problems) -> Self {
        let name = section.required("name", "\"GROWTH\"", problems, name);
        if section.take("bots").is_none() {
            section.missing("bots", "[\"trend\"]", problems);
        }
        not_empty(&mut section, "bots", "those that may use it", problems);
        let bots = section.texts("bots", problems, value::bot_name);
        let words =
            [("equal", By::Equal), ("equity", By::Equity), ("ratio", By::Ratio), ("table", By::Table)];
        let by = section.required("by", "\"equal\"", problems, |text| value::word(text, &words));
        let mut raw =
            Self { span: section.span.clone(), name, bots, by, accounts: Vec::new(), numbers: Vec::new() };
        match raw.by.as_ref().map(|by| *by.get_ref()) {
            Some(By::Equal | By::Equity) => {
                if section.take("accounts").is_none() {
                    section.missing("accounts", "[\"U1111111\", \"U2222222\"]", problems);
                }
                not_empty(&mut section, "accounts", "those that its orders are for", problems);
                raw.accounts = section.texts("accounts", problems, value::account);
                raw.unwanted(&mut section, &["ratios", "table"], problems);
            }
            Some(By::Ratio) => {
                raw.numbered(&mut section, "ratios", "{ U1111111 = 2, U2222222 = \"1.5\" }", problems);
                raw.unwanted(&mut section, &["accounts", "table"], problems);
            }
            Some(By::Table) => {
                raw.numbered(&mut section, "table", "{ U1111111 = 100, U2222222 = 50 }", problems);
                raw.unwanted(&mut section, &["accounts", "ratios"], problems);
            }
            // One of them is right.
            None => {
                for key in ["accounts", "ratios", "table"] {
                    section.take(key);
                }
            }
        }
        let most = limits::ALLOCATION_ACCOUNTS_MAX;
        if let Some(beyond) = raw.accounts.get(most) {
            problems.at(beyond.span(), format!("more than {most} accounts in one allocation; write two"));
        }
        section.finish(problems);
        raw
    }

    /// A table of an account and a number above zero each.
    fn numbered(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
    ) {
        if section.take(key).is_none() {
            section.missing(key, example, problems);
        }
        let Some(table) = section.table(key, problems) else { return };
        if table.entries().next().is_none() {
            problems.at(table.span.clone(), format!("`{key}` is empty; name those that its orders are for"));
        }
        for (code, value) in table.entries() {
            let number = number(key, value, problems);
            match value::account(code) {
                Ok(account) => {
                    if let Some(number) = number {
                        self.accounts.push(Spanned::new(value.span(), account));
                        self.numbers.push(number);
                    }
                }
                Err(why) => problems.at(value.span(), format!("`{key}`: {why}")),
            }
        }
    }

    fn unwanted(&self, section: &mut Section<'_>, keys: &[&'static str], problems: &mut Problems) {
        for key in keys {
            if let (Some(value), Some(by)) = (section.take(key), &self.by) {
                let word = by.get_ref().as_str();
                problems.at(value.span(), format!("`{key}` does not go with by = \"{word}\"; remove it"));
            }
        }
    }

    fn rule(&self) -> Option<Rule> {
        let accounts = || self.accounts.iter().map(|account| account.get_ref().clone());
        Some(match self.by.as_ref()?.get_ref() {
            By::Equal => Rule::Equal(accounts().collect()),
            By::Equity => Rule::Equity(accounts().collect()),
            By::Ratio => Rule::Ratio(accounts().zip(self.numbers.iter().copied()).collect()),
            By::Table => {
                let table =
                    accounts().zip(&self.numbers).map(|(account, qty)| Some((account, Qty::new(*qty)?)));
                Rule::Table(table.collect::<Option<_>>()?)
            }
        })
    }

    pub(super) fn into_config(self) -> Option<Allocation> {
        let rule = self.rule()?;
        let bots = self.bots.into_iter().map(Spanned::into_inner).collect();
        Some(Allocation { name: self.name?.into_inner(), bots, rule })
    }
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Equity => "equity",
            Self::Ratio => "ratio",
            Self::Table => "table",
        }
    }
}

/// Adds every problem that only shows between allocations, bots and accounts.
pub(super) fn check(raw: &Raw, problems: &mut Problems) {
    let (all, bots, venue) = (&raw.allocations, &raw.bots, raw.venues.first());
    if let Some(first) = all.first().filter(|_| raw.plimsoll.mode == Some(Mode::Observe)) {
        problems.at(
            first.span.clone(),
            "an order over several accounts is sent as orders of Plimsoll's own, which it does not place while it only \
             observes; write mode = \"enforce\", or remove the [[allocation]]",
        );
    }
    let mut names: Vec<(&Account, Range<usize>)> = Vec::new();
    for name in all.iter().filter_map(|one| one.name.as_ref()) {
        if let Some((_, first)) = names.iter().find(|(known, _)| *known == name.get_ref()) {
            let line = problems.line(first.clone());
            let text = format!("`name`: `{}` is already the allocation of line {line}", name.get_ref());
            problems.at(name.span(), text);
        }
        if let Some(venue) = venue
            && venue.accounts.iter().any(|known| known.get_ref() == name.get_ref())
        {
            problems
                .at(name.span(), format!("`name`: `{}` is an account; write another name", name.get_ref()));
        }
        names.push((name.get_ref(), name.span()));
    }
    for one in all {
        within(one, bots, venue, problems);
    }
}

fn within(one: &RawAllocation, bots: &[RawBot], venue: Option<&RawVenue>, problems: &mut Problems) {
    for (at, account) in one.accounts.iter().enumerate() {
        let code = account.get_ref();
        if one.accounts[..at].iter().any(|before| before.get_ref() == code) {
            problems.at(account.span(), format!("`accounts`: `{code}` is listed twice"));
        } else if venue.is_some_and(|venue| venue.accounts.iter().all(|known| known.get_ref() != code)) {
            problems.at(
                account.span(),
                format!("`{code}` is not among the venue's accounts; add it there or correct it"),
            );
        }
    }
    for name in &one.bots {
        let is_it = |bot: &&RawBot| bot.name.as_ref().is_some_and(|known| known.get_ref() == name.get_ref());
        let Some(bot) = bots.iter().find(is_it) else {
            problems.at(name.span(), format!("`bots`: no [[bot]] is named `{}`", name.get_ref()));
            continue;
        };
        let may = |account: &Account| bot.accounts.iter().any(|known| known.get_ref() == account);
        let barred: Vec<_> = one
            .accounts
            .iter()
            .map(Spanned::get_ref)
            .filter(|account| !may(account))
            .map(Account::as_str)
            .collect();
        if !barred.is_empty() {
            problems.at(
                name.span(),
                format!(
                    "`bots`: {} may not trade {}; add that to its `accounts`, or leave the bot out",
                    name.get_ref(),
                    barred.join(", ")
                ),
            );
        }
    }
}

fn not_empty(section: &mut Section<'_>, key: &'static str, whom: &str, problems: &mut Problems) {
    let list = section.take(key);
    if let Some(list) = list.filter(|list| list.get_ref().as_array().is_some_and(|all| all.is_empty())) {
        problems.at(list.span(), format!("`{key}` is empty; name {whom}"));
    }
}

/// It stands where an account stands, and nobody may take it for one.
fn name(text: &str) -> Result<Account, String> {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= NAME_LEN_MAX
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let name = Account::new(text).filter(|_| is_word).ok_or_else(|| {
        format!(
            "`{text}` is no name; write at most {NAME_LEN_MAX} letters, digits, `_` and `-`, a letter first"
        )
    })?;
    let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    if digits > NAME_DIGITS_MAX {
        return Err(format!(
            "`{text}` looks like an account, and an order in it would go there if this section were removed; write a name \
             with at most {NAME_DIGITS_MAX} digits in a row"
        ));
    }
    if text.eq_ignore_ascii_case("all") {
        return Err(format!("`{text}` is the broker's word for all accounts; write another name"));
    }
    Ok(name)
}

/// A number above zero, exactly as written.
fn number(key: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<Decimal> {
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        _ => {
            problems.at(value.span(), wrong_type(key, "a whole number, or one in quotes", value));
            return None;
        }
    };
    match Decimal::from_str_exact(&text) {
        Ok(number) if number > Decimal::ZERO => Some(number),
        Ok(number) => {
            problems.at(
                value.span(),
                format!("`{key}`: {number} is not above zero; leave the account out instead"),
            );
            None
        }
        Err(_) => {
            problems.at(value.span(), format!("`{key}`: `{text}` is no number of at most 28 digits"));
            None
        }
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it updates")]
mod tests;
