//! One table of the file: hands out values by key, remembers which keys exist, complains about the rest.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::place::Problems;

/// A table under reading.
pub(super) struct Section<'d> {
    /// How messages name it, `[[bot]]`.
    title: String,
    /// Its header, or the inline table.
    pub(super) span: Range<usize>,
    table: &'d DeTable<'d>,
    asked: Vec<&'static str>,
}

impl<'d> Section<'d> {
    /// The document itself.
    pub(super) fn root(document: &'d Spanned<DeTable<'d>>) -> Self {
        Self { title: "the file".into(), span: 0..0, table: document.get_ref(), asked: Vec::new() }
    }

    fn new(title: String, span: Range<usize>, table: &'d DeTable<'d>) -> Self {
        Self { title, span, table, asked: Vec::new() }
    }

    /// The value of a key, whatever its type.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    /// A table that may be absent.
    pub(super) fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Section<'d>> {
        let value = self.take(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            problems.at(value.span(), wrong_type(key, "a table", value));
        }
        table.map(|table| Self::new(format!("[{key}]"), value.span(), table))
    }

    /// A list of tables, `[[key]]`.
    pub(super) fn tables(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Section<'d>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            problems.at(value.span(), format!("`{key}` is a list: write [[{key}]] instead of [{key}]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array {
            match item.get_ref().as_table() {
                Some(table) => sections.push(Self::new(format!("[[{key}]]"), item.span(), table)),
                None => problems.at(item.span(), wrong_type(key, "a table", item)),
            }
        }
        sections
    }

    /// A text, read further by `parse`, whose error says what is wrong and what to write.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Spanned<T>> {
        let value = self.take(key)?;
        let Some(text) = value.get_ref().as_str() else {
            problems.at(value.span(), wrong_type(key, "a text in quotes", value));
            return None;
        };
        parsed(key, value.span(), parse(text), problems)
    }

    /// A text that must be there; `example` is shown when it is not.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Spanned<T>> {
        if !self.table.contains_key(key) {
            self.missing(key, example, problems);
        }
        self.text(key, problems, parse)
    }

    /// Says that a key is missing.
    pub(super) fn missing(&mut self, key: &'static str, example: &str, problems: &mut Problems) {
        let title = &self.title;
        problems.at(self.span.clone(), format!("{title} has no `{key}`; write `{key} = {example}`"));
    }

    /// A whole number.
    pub(super) fn integer(&mut self, key: &'static str, problems: &mut Problems) -> Option<Spanned<i64>> {
        integer(key, self.take(key)?, problems)
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<Spanned<bool>> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            problems.at(value.span(), wrong_type(key, "true or false", value));
        }
        flag.map(|flag| Spanned::new(value.span(), flag))
    }

    /// A list; empty if the key is absent.
    pub(super) fn list(&mut self, key: &'static str, problems: &mut Problems) -> Option<&'d DeArray<'d>> {
        let value = self.take(key)?;
        let array = value.get_ref().as_array();
        if array.is_none() {
            problems.at(value.span(), wrong_type(key, "a list in brackets", value));
        }
        array
    }

    /// A list of texts, each read further by `parse`.
    pub(super) fn texts<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<Spanned<T>> {
        let mut read = Vec::new();
        for item in self.list(key, problems).into_iter().flat_map(|list| list.iter()) {
            match item.get_ref().as_str() {
                Some(text) => read.extend(parsed(key, item.span(), parse(text), problems)),
                None => problems.at(item.span(), wrong_type(key, "a list of texts in quotes", item)),
            }
        }
        read
    }

    /// Every key and value, for tables whose keys are data.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, &'d Spanned<DeValue<'d>>)> + use<'d> {
        self.table.iter().map(|(key, value)| (&**key.get_ref(), value))
    }

    /// Complains about every key that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let title = &self.title;
            let hint = match nearest(name, &self.asked) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known are {}", self.asked.join(", ")),
            };
            problems.at(key.span(), format!("unknown key `{name}` in {title}; {hint}"));
        }
    }
}

/// An inline table of a list, as a section of its own.
pub(super) fn inline<'d>(title: &str, item: &'d Spanned<DeValue<'d>>) -> Option<Section<'d>> {
    let table = item.get_ref().as_table()?;
    Some(Section::new(title.into(), item.span(), table))
}

/// A whole number, out of any value.
pub(super) fn integer<'d>(
    key: &str,
    value: &'d Spanned<DeValue<'d>>,
    problems: &mut Problems,
) -> Option<Spanned<i64>> {
    let number = value.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
    if number.is_none() {
        problems.at(value.span(), wrong_type(key, "a whole number", value));
    }
    number.map(|number| Spanned::new(value.span(), number))
}

/// Says that a value has another type than the key wants.
pub(super) fn wrong_type(key: &str, wanted: &str, value: &Spanned<DeValue<'_>>) -> String {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point, which cannot be kept exactly",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("`{key}` is {found}; write {wanted}")
}

fn parsed<T>(
    key: &str,
    span: Range<usize>,
    result: Result<T, String>,
    problems: &mut Problems,
) -> Option<Spanned<T>> {
    match result {
        Ok(value) => Some(Spanned::new(span, value)),
        Err(why) => {
            problems.at(span, format!("`{key}`: {why}"));
            None
        }
    }
}

/// The known key that a typing error most likely meant.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let best = known.iter().map(|key| (distance(name, key), *key)).min()?;
    // Two slips, and fewer in a short word, where two letters are half of it.
    (best.0 <= 2 && best.0 * 2 < name.len().max(1)).then_some(best.1)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
