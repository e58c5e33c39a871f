//! One row under reading: typed fields, and the problems that they have.

use std::collections::BTreeMap;

use jiff::civil::Date;
use plimsoll_model::{Account, ConId, Currency};
use rust_decimal::Decimal;

use crate::error::{Problem, shown};
use crate::limits;
use crate::moment::Moment;
use crate::xml::Element;

/// Problems of a file, the first of them listed and all counted.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub(crate) list: Vec<Problem>,
    pub(crate) count: u64,
}

impl Problems {
    pub(crate) fn add(&mut self, line: u64, row: &str, what: String) {
        self.count += 1;
        if self.list.len() < limits::PROBLEMS_MAX {
            self.list.push(Problem { line, row: row.into(), what: what.into() });
        }
    }
}

/// A row's fields, read with their types. What is absent is nothing; what is there and cannot be read is a problem.
pub(crate) struct Row<'a> {
    element: &'a Element,
    problems: &'a mut Problems,
    /// Whose statement it is within.
    account: Option<&'a Account>,
    /// A problem of this row means that it is not used.
    broken: bool,
}

impl<'a> Row<'a> {
    pub(crate) fn new(
        element: &'a Element,
        account: Option<&'a Account>,
        problems: &'a mut Problems,
    ) -> Self {
        Self { element, problems, account, broken: false }
    }

    pub(crate) fn line(&self) -> u64 {
        self.element.line
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        !self.broken
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.element.get(name)
    }

    pub(crate) fn boxed(&self, name: &str) -> Option<Box<str>> {
        self.text(name).map(Into::into)
    }

    /// Says what is wrong; the row is not used.
    pub(crate) fn wrong(&mut self, what: &str) {
        self.broken = true;
        self.problems.add(self.element.line, &self.element.name, format!("{what}; the row was left out"));
    }

    /// Says what is odd; the row is used.
    pub(crate) fn odd(&mut self, what: String) {
        self.problems.add(self.element.line, &self.element.name, what);
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<Decimal> {
        let text = self.text(name)?;
        let number = number(text);
        if number.is_none() {
            self.wrong(&format!("{name} `{}` is no number of at most 28 digits", shown(text)));
        }
        number
    }

    /// A number without which the row means nothing.
    pub(crate) fn needed_number(&mut self, name: &str) -> Option<Decimal> {
        self.needed(name)?;
        self.number(name)
    }

    pub(crate) fn needed(&mut self, name: &str) -> Option<&'a str> {
        let text = self.text(name);
        if text.is_none() {
            self.wrong(&format!("{name} is missing"));
        }
        text
    }

    pub(crate) fn currency(&mut self, name: &str) -> Option<Currency> {
        let text = self.text(name)?;
        let currency = Currency::new(text);
        if currency.is_none() {
            self.wrong(&format!("{name} `{}` is no currency", shown(text)));
        }
        currency
    }

    pub(crate) fn needed_currency(&mut self, name: &str) -> Option<Currency> {
        self.needed(name)?;
        self.currency(name)
    }

    /// The row's account; a query may leave it to the statement around it.
    pub(crate) fn account(&mut self) -> Option<Account> {
        match (self.text("accountId"), self.account) {
            (Some(text), _) => {
                let account = Account::new(text);
                if account.is_none() {
                    self.wrong(&format!("accountId `{}` is no account", shown(text)));
                }
                account
            }
            (None, Some(account)) => Some(account.clone()),
            (None, None) => {
                self.wrong("neither the row nor its statement names an account");
                None
            }
        }
    }

    pub(crate) fn con_id(&self) -> Option<ConId> {
        self.text("conid")?.parse().ok().map(ConId)
    }

    /// A moment in one field.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Moment> {
        let text = self.text(name)?;
        self.noted(Moment::parse(text), name)
    }

    /// A moment in two fields.
    pub(crate) fn moment_of(&mut self, date: &str, time: &str) -> Option<Moment> {
        let day = self.text(date)?;
        self.noted(Moment::of_two(day, self.text(time)), date)
    }

    pub(crate) fn date(&mut self, name: &str) -> Option<Date> {
        self.moment(name).map(|moment| moment.date)
    }

    fn noted(&mut self, read: Result<Moment, String>, name: &str) -> Option<Moment> {
        match read {
            Ok(moment) => Some(moment),
            Err(why) => {
                self.odd(format!("{name} {why}; the row was used without it"));
                None
            }
        }
    }
}

/// An exact decimal. `from_str_exact` errs where another reader would round.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    if plain.contains(['e', 'E']) {
        return Decimal::from_scientific(plain).ok();
    }
    // Thousands are written with commas where the query says so.
    let without: String = plain.chars().filter(|c| *c != ',').collect();
    let grouped = plain.contains(',') && is_grouped(plain);
    let exact = if grouped { &without } else { plain };
    Decimal::from_str_exact(exact).ok()
}

/// `1,234,567.5`: a comma before each three digits, and none elsewhere.
fn is_grouped(text: &str) -> bool {
    let whole = text.trim_start_matches('-').split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
        && !text.split('.').nth(1).is_some_and(|places| places.contains(','))
}

/// Which fields of which rows a file has, for the check of its query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// By the element's name.
    rows: BTreeMap<Box<str>, Counted>,
}

/// How many rows of a kind there are, and in how many each field says something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counted {
    rows: u64,
    said: BTreeMap<Box<str>, u64>,
}

impl Fields {
    pub(crate) fn note(&mut self, element: &Element) {
        let counted = self.rows.entry(element.name.clone()).or_default();
        counted.rows += 1;
        for (name, _) in &element.attributes {
            let said = u64::from(element.get(name).is_some());
            *counted.said.entry(name.clone()).or_insert(0) += said;
        }
    }

    /// How many rows of that kind there are.
    pub fn rows(&self, row: &str) -> u64 {
        self.rows.get(row).map_or(0, |counted| counted.rows)
    }

    /// In how many rows of that kind the field says something; nothing if no row has it at all.
    pub fn said(&self, row: &str, field: &str) -> Option<u64> {
        self.rows.get(row)?.said.get(field).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_nothing() {
        let read = |text| number(text).map(|n| n.to_string());
        assert_eq!(read("-0.32505725").as_deref(), Some("-0.32505725"));
        assert_eq!(read("1,234,567.50").as_deref(), Some("1234567.50"));
        assert_eq!(read("1E-4").as_deref(), Some("0.0001"));
        for text in
            ["1,23", "12,34.5", "1.234,5", "0.12345678901234567890123456789", "NaN", "0x1", "1 000", "--5"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
