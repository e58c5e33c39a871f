//! A line of the script: a time, who, and what.

use jiff::SignedDuration;
use plimsoll_calendar::{Amendment, Announcement, Calendar};
use plimsoll_core::HaltLevel;
use plimsoll_model::{BotName, Price};
use plimsoll_runtime::config::announced;
use plimsoll_sim::Fault;
use plimsoll_sim::bots::ScriptStep;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::script::{Act, Belief, Cue};
use super::super::words::{Line, Problem, Word};
use super::{Reader, offset, servers};

/// Copies of a bot at once; TWS takes no more clients.
const COPIES_MAX: u16 = 32;

impl Cue {
    /// Whether it is about the host's clock.
    pub(super) fn is_clock(&self) -> bool {
        matches!(self.act, Act::Step(_) | Act::Sleep(..) | Act::Servers(_))
    }
}

impl Reader {
    pub(super) fn script_line(&mut self, time: Word<'_>, mut line: Line<'_>) -> Result<(), Problem> {
        let at = self.instant(&line, time)?;
        self.times.push((at, (line.number, time.column)));
        let bots: Vec<_> = self.bots.iter().map(|bot| bot.name.as_str()).collect();
        let write = format!("write who acts: venue, host, operator{}{}", sep(&bots), bots.join(", "));
        let actor = line.word(&write)?;
        let act = match actor.text {
            "venue" => venue(&mut line)?,
            "host" if line.take_if("copies") => self.copies(&mut line)?,
            "host" => host(&mut line)?,
            "operator" => self.operator(&mut line)?,
            name => {
                let bot = self.bots.iter().position(|bot| bot.name.as_str() == name);
                let bot = bot.ok_or_else(|| line.at(actor, &format!("`{name}` is nobody here; {write}")))?;
                let act = self.bot_act(bot, &mut line)?;
                let waits_for = self.waits_for(bot, &mut line)?;
                self.bots[bot].steps.push(ScriptStep { at, act, waits_for });
                return line.finish();
            }
        };
        line.finish()?;
        self.cues.push(Cue { at, text: line.tidy(1), act });
        Ok(())
    }

    fn operator(&self, line: &mut Line<'_>) -> Result<Act, Problem> {
        let write = "write `halt`, `halt_all`, `resume`, `restart`, `nightly trend=1309`, or `announce XNYS 2026-12-03 closed`";
        let word = line.word(write)?;
        match word.text {
            "halt" => Ok(Act::Halt(HaltLevel::NewRisk, self.some_bot(line)?)),
            "halt_all" => Ok(Act::Halt(HaltLevel::All, self.some_bot(line)?)),
            "resume" => Ok(Act::Resume(self.some_bot(line)?)),
            "restart" => Ok(Act::Restart),
            "nightly" => self.nightly(line),
            "announce" => announce(line).map(Act::Announce),
            other => Err(line.at(word, &format!("an operator cannot `{other}`; {write}"))),
        }
    }

    /// `copies trend 5`.
    fn copies(&self, line: &mut Line<'_>) -> Result<Act, Problem> {
        let write = "write a bot and how many copies of it are started, `copies trend 5`";
        let bot = self.some_bot(line)?.ok_or_else(|| line.missing(write))?;
        let count =
            line.read(write, |word| word.parse().ok().filter(|count| (1..=COPIES_MAX).contains(count)))?;
        Ok(Act::Copies(bot, count))
    }

    /// `nightly`, or with what bots believe to have earned, `nightly trend=1309`.
    fn nightly(&self, line: &mut Line<'_>) -> Result<Act, Problem> {
        let mut beliefs = Vec::new();
        while line.peek().is_some() {
            beliefs.push(line.read("write a bot and its profit, `nightly trend=1309`", |word| {
                let (bot, profit) = word.split_once('=')?;
                let bot = self.bots.iter().find(|known| known.name.as_str() == bot)?.name.clone();
                Some(Belief { bot, profit: Decimal::from_str_exact(profit).ok()? })
            })?);
        }
        Ok(Act::Nightly(beliefs))
    }

    fn some_bot(&self, line: &mut Line<'_>) -> Result<Option<BotName>, Problem> {
        if line.peek().is_none() {
            return Ok(None);
        }
        let names: Vec<_> = self.bots.iter().map(|bot| bot.name.as_str()).collect();
        let write = format!("write one of {}, or nothing for the whole fleet", names.join(", "));
        line.read(&write, |word| BotName::new(word).filter(|name| names.contains(&name.as_str()))).map(Some)
    }
}

fn sep(bots: &[&str]) -> &'static str {
    if bots.is_empty() { "" } else { ", " }
}

/// `freeze_data symbol=SPY for=20m`, `price SPY 500.00 500.02`, `heal`.
fn venue(line: &mut Line<'_>) -> Result<Act, Problem> {
    let kind = line.word("write a fault and its keys, `freeze_data symbol=SPY for=20m`")?;
    match kind.text {
        "heal" => return Ok(Act::Heal),
        "price" => {
            let write = "write symbol, bid and ask, `price SPY 500.00 500.02`";
            let symbol = line.word(write)?.text;
            let bid = line.read(write, |word| Price::parse(word).ok())?;
            let ask = line.read(write, |word| Price::parse(word).ok())?;
            return Ok(Act::Price(json!({"symbol": symbol, "bid": bid.to_string(), "ask": ask.to_string()})));
        }
        _ => {}
    }
    let mut fault = json!({ "kind": kind.text });
    while line.peek().is_some() {
        let (key, value) =
            line.read("write a key and its value, `symbol=SPY`", |word| word.split_once('='))?;
        let number = value.parse::<i64>().ok().filter(|_| key != "qty");
        let value = match (number, value) {
            (Some(number), _) => Value::from(number),
            (None, "true" | "false") => Value::from(value == "true"),
            (None, text) => Value::from(text.replace('_', " ")),
        };
        fault[key] = value;
    }
    // The simulator's own reader says what is wrong with a fault.
    match serde_json::from_value::<Fault>(fault.clone()) {
        Ok(_) => Ok(Act::Fault(fault)),
        Err(error) => Err(line.at(kind, &format!("{error}; docs/simulator.md lists the faults"))),
    }
}

fn host(line: &mut Line<'_>) -> Result<Act, Problem> {
    let write = "write `step +90s` (the clock is set), `sleep 90s` (the machine sleeps), `sleep 90s -2s` (and wakes with \
                 its clock behind), `time_servers silent silent silent`, or `copies trend 5`";
    let word = line.word(write)?;
    match word.text {
        "step" => line.read("write by how much, `step +90s` or `step -2s`", offset).map(Act::Step),
        "sleep" => {
            let span = line.read("write how long in whole seconds, `sleep 90s`", |word| {
                let span: SignedDuration = word.parse().ok()?;
                (span.is_positive() && span.subsec_nanos() == 0).then_some(span)
            })?;
            let wakes = match line.peek() {
                Some(_) => line.read("write by how much its clock is wrong then, `sleep 90s -2s`", offset)?,
                None => SignedDuration::ZERO,
            };
            Ok(Act::Sleep(span, wakes))
        }
        "time_servers" => servers(line).map(Act::Servers),
        other => Err(line.at(word, &format!("a host cannot `{other}`; {write}"))),
    }
}

/// `XNYS 2026-12-03 closed`, `… early 13:00`, `… late 12:00`: what `plimsoll calendar add` takes.
fn announce(line: &mut Line<'_>) -> Result<Announcement, Problem> {
    let write = "write `announce XNYS 2026-12-03 closed`, `… early 13:00` or `… late 12:00`";
    let calendar = line.read(write, |word| Calendar::named(word).ok())?;
    let date = line.read(write, |word| word.parse().ok())?;
    let word = line.word(write)?;
    let kind = announced::Word::ALL.iter().find(|(text, _)| *text == word.text).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| line.at(word, &format!("`{}` is not understood; {write}", word.text)))?;
    let mut time = |kind_is: bool| {
        if kind_is { line.read(write, |word| announced::clock(word).ok()).map(Some) } else { Ok(None) }
    };
    let open = time(kind == announced::Word::Late)?;
    let close = time(kind == announced::Word::Early)?;
    let change = kind.change(open, close).map_err(|text| line.at(word, &text))?;
    let amendment = Amendment { change, name: "drill".into(), source: "drill".into(), force: false };
    Ok(Announcement { calendar: calendar.name().into(), date, amendment })
}
