//! A line of what has to come of it.

use plimsoll_model::{Account, Qty};
use plimsoll_sim::violation_kinds;
use rust_decimal::Decimal;

use super::super::script::{Expectation, Expected};
use super::super::words::{Line, Problem};
use super::{Reader, guard};

/// What can be written behind `expect`.
const WRITE: &str = "write `ORDER denied GUARD`, `ORDER reached|not_reached`, `ORDER filled QTY`, `ORDER told CODE`, `REQUEST answered`, \
                     `ORDER status WORD`, `orders N`, `position ACCOUNT SYMBOL QTY`, `violations none`, \
                     `violation KIND`, `state WORD`, `clock WORD`, `job NAME WORD` or `breaks N`";

/// What a job is doing, and what became of it last.
const JOB_WORDS: [&str; 8] =
    ["planned", "waiting", "running", "ended", "started", "done", "failed", "missed"];

/// The words of `plimsoll status`.
const STATES: &[&str] = &["starting", "reconciling", "armed", "read_only", "halted"];
/// Its words for the clock.
const CLOCKS: &[&str] = &["good", "degraded", "bad", "stepped", "followed"];
/// The words of TWS for what an order is.
const STATUSES: &[&str] = &[
    "ApiPending",
    "PendingSubmit",
    "PendingCancel",
    "PreSubmitted",
    "Submitted",
    "ApiCancelled",
    "Cancelled",
    "Filled",
    "Inactive",
];

impl Reader {
    pub(super) fn expectation(&mut self, line: &mut Line<'_>) -> Result<(), Problem> {
        let timed = line.peek().filter(|word| word.text.starts_with(|c: char| c.is_ascii_digit()));
        let at = match timed {
            Some(word) => {
                line.take();
                let at = self.instant(line, word)?;
                self.times.push((at, (line.number, word.column)));
                Some(at)
            }
            None => None,
        };
        let (number, column) = (line.number, line.peek().map_or(1, |word| word.column));
        let what = expectation(line)?;
        self.expected.push(Expected { line: number, column, at, text: line.tidy(1), what });
        Ok(())
    }
}

/// A word of a closed list: a misspelled one would be expected of nothing, and be met or missed for that alone.
fn one_of(line: &mut Line<'_>, known: &[&str]) -> Result<String, Problem> {
    let write = format!("write one of {}", known.join(", "));
    line.read(&write, |word| known.contains(&word).then(|| word.to_owned()))
}

fn expectation(line: &mut Line<'_>) -> Result<Expectation, Problem> {
    let first = line.word(WRITE)?;
    match first.text {
        "orders" => {
            return line.read("write how many, `orders 1`", |w| w.parse().ok()).map(Expectation::Orders);
        }
        "breaks" => {
            return line.read("write how many, `breaks 0`", |w| w.parse().ok()).map(Expectation::Breaks);
        }
        "violations" => {
            line.read("write `violations none`, or `violation late_on_close`", |w| {
                (w == "none").then_some(())
            })?;
            return Ok(Expectation::NoViolation);
        }
        "violation" => {
            let kind = one_of(line, &violation_kinds().collect::<Vec<_>>())?;
            let count = match line.peek() {
                Some(_) => {
                    Some(line.read("write how often, `violation late_on_close 1`", |w| w.parse().ok())?)
                }
                None => None,
            };
            return Ok(Expectation::Violation { kind, count });
        }
        "state" => return one_of(line, STATES).map(Expectation::State),
        "clock" => return one_of(line, CLOCKS).map(Expectation::Clock),
        "job" => {
            let name = line.word("write the job's name, `job trend-halt done`")?.text.into();
            let write = "write planned, waiting, running or ended; or started, done, failed or missed";
            let word = line.read(write, |word| JOB_WORDS.contains(&word).then(|| word.to_owned()))?;
            return Ok(Expectation::Job { name, word });
        }
        "position" => {
            let write = "write account, symbol and quantity, `position DU1111111 SPY -40`";
            let account = line.read(write, Account::new)?;
            let symbol = line.word(write)?.text.into();
            let qty = line.read(write, |word| Decimal::from_str_exact(word).ok())?;
            return Ok(Expectation::Position { account, symbol, qty });
        }
        _ => {}
    }
    let order = first.text.to_owned();
    let verb = line.word(WRITE)?;
    match verb.text {
        "denied" => Ok(Expectation::Denied { order, guard: guard(line)?, words: line.rest() }),
        "reached" => Ok(Expectation::Reached { order, reached: true }),
        "not_reached" => Ok(Expectation::Reached { order, reached: false }),
        "filled" => {
            let qty = line.read("write how much, `filled 100`", |word| Qty::parse(word).ok())?;
            Ok(Expectation::Filled { order, qty })
        }
        "told" => {
            let code = line.read("write a code, `told 202`", |word| word.parse().ok())?;
            Ok(Expectation::Told { order, code })
        }
        "answered" => Ok(Expectation::Answered { order }),
        "status" => Ok(Expectation::Status { order, word: one_of(line, STATUSES)? }),
        other => Err(line.at(verb, &format!("nothing is known about `{other}`; {WRITE}"))),
    }
}
