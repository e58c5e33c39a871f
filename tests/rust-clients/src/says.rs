//! What every client here prints: the lines of `tests/bots/says.py`, made of what the library handed over.
//!
//! Owns: a value's `Debug` text as pairs of name and value. The libraries' types are not all serializable, but
//! all of them can be printed, and their field names are in it.

use std::fmt::Debug;
use std::io::Write;

use serde_json::{Value, json};

/// From now on, what is heard belongs to this step.
pub fn step(name: &str) {
    say(&json!(["step", name]));
}

/// One message. Its kind is the type's or the variant's name, in the broker's words where they differ.
pub fn heard(value: &impl Debug) {
    let (name, fields) = flat(&format!("{value:#?}"));
    heard_as(kind_of(&name), &fields);
}

/// One message under a kind of the script's choice.
pub fn heard_under(kind: &str, value: &impl Debug) {
    heard_as(kind, &flat(&format!("{value:#?}")).1);
}

/// What came of the step.
pub fn result(value: &impl Debug) {
    say(&json!(["result", format!("{value:?}")]));
}

fn heard_as(kind: &str, fields: &[(String, String)]) {
    say(&json!(["heard", kind, fields]));
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").expect("the reader of the transcript waits for the last line");
}

/// The names of the broker's own messages for what the libraries call otherwise.
fn kind_of(name: &str) -> &str {
    match name {
        "OpenOrder" | "OrderData" => "openOrder",
        "ExecutionData" => "execDetails",
        "Message" | "Notice" | "Error" => "error",
        "Summary" => "accountSummary",
        "AccountValue" => "updateAccountValue",
        "PortfolioValue" => "updatePortfolio",
        "UpdateTime" => "updateAccountTime",
        "AccountMultiValue" => "accountUpdateMulti",
        "Price" | "PriceSize" => "tickPrice",
        "Size" => "tickSize",
        "String" => "tickString",
        "Generic" => "tickGeneric",
        "OptionComputation" => "tickOptionComputation",
        "MarketDepth" => "updateMktDepth",
        "MarketDepthL2" => "updateMktDepthL2",
        other => other,
    }
}

/// The outermost name of a pretty `Debug` text, and its values with the path of names to each. What is empty is
/// left out: a value that comes or goes is seen by its line.
fn flat(text: &str) -> (String, Vec<(String, String)>) {
    let mut outermost = None;
    let mut path: Vec<String> = Vec::new();
    let mut counts: Vec<Option<usize>> = Vec::new();
    let mut fields = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_end_matches(',');
        let (name, rest) = match line.split_once(": ") {
            Some((name, rest)) if is_name(name) => (name.to_owned(), rest),
            _ => (next_place(&mut counts), line),
        };
        let word = rest.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        outermost.get_or_insert_with(|| word.split(['(', ' ', '{']).next().unwrap_or(word).to_owned());
        match rest.chars().last() {
            Some('{' | '(') => {
                path.push(name);
                counts.push(None);
            }
            Some('[') => {
                path.push(name);
                counts.push(Some(0));
            }
            _ if matches!(rest, "}" | ")" | "]") => {
                path.pop();
                counts.pop();
            }
            _ if matches!(rest, "None" | "\"\"" | "[]") => {}
            _ => {
                let names = path.iter().chain([&name]).filter(|name| !name.is_empty());
                let value = rest.trim_matches('"').to_owned();
                fields.push((names.cloned().collect::<Vec<_>>().join("."), value));
            }
        }
    }
    (outermost.unwrap_or_default(), fields)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The place in a list; tuples and wrappers have no names worth a word.
fn next_place(counts: &mut [Option<usize>]) -> String {
    match counts.last_mut() {
        Some(Some(count)) => {
            *count += 1;
            (*count - 1).to_string()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    enum Said {
        OpenOrder(Data),
        End,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    struct Data {
        order_id: i32,
        symbol: Option<String>,
        account: String,
        legs: Vec<f64>,
    }

    #[test]
    fn a_value_becomes_its_kind_and_its_fields_by_name() {
        let data =
            Data { order_id: 7, symbol: Some("a: b, {".into()), account: String::new(), legs: vec![1.5] };
        let (name, fields) = flat(&format!("{:#?}", Said::OpenOrder(data)));
        let wanted = [("order_id", "7"), ("symbol", "a: b, {"), ("legs.0", "1.5")];
        assert_eq!(kind_of(&name), "openOrder");
        assert_eq!(fields, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(flat(&format!("{:#?}", Said::End)).0, "End");
    }
}
