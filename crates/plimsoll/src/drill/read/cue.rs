//! A line of the script: a time, who, and what.

use jiff::SignedDuration;
use plimsoll_calendar::{Amendment, Announcement, Calendar};
use plimsoll_core::HaltLevel;
use plimsoll_model::{BotName, OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_runtime::config::announced;
use plimsoll_sim::Fault;
use plimsoll_sim::bots::{ScriptAct, ScriptOrder, ScriptStep};
use serde_json::{Value, json};

use super::super::script::{Act, Cue};
use super::super::words::{Line, Problem, Word};
use super::{Reader, offset, servers};

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
            "host" => host(&mut line)?,
            "operator" => self.operator(&mut line)?,
            name => {
                let bot = self.bots.iter().position(|bot| bot.name.as_str() == name);
                let bot = bot.ok_or_else(|| line.at(actor, &format!("`{name}` is nobody here; {write}")))?;
                let act = self.bot_act(bot, &mut line)?;
                self.bots[bot].steps.push(ScriptStep { at, act });
                return line.finish();
            }
        };
        line.finish()?;
        self.cues.push(Cue { at, text: line.tidy(1), act });
        Ok(())
    }

    fn bot_act(&mut self, bot: usize, line: &mut Line<'_>) -> Result<ScriptAct, Problem> {
        if line.take_if("cancel") {
            return Ok(ScriptAct::Cancel(self.own_label(bot, line)?.into()));
        }
        let changed = if line.take_if("change") { Some(self.own_label(bot, line)?) } else { None };
        let mut order = order(line)?;
        let named = line.take_if("as");
        match changed {
            Some(label) if !named => order.label = label.into(),
            Some(_) => return Err(line.wrong("a change keeps its order's name; leave `as` out".to_owned())),
            None => {
                let label = if named {
                    line.word("write a name for the order, `as late`")?.text.to_owned()
                } else {
                    let count = self.bots[bot].labels().count() + 1;
                    format!("{}-{count}", self.bots[bot].name)
                };
                if self.sender(&label).is_some() {
                    let what = format!("an order is called `{label}` already; write another name");
                    return Err(line.wrong(what));
                }
                order.label = label.as_str().into();
                self.labels.push((label, bot));
            }
        }
        Ok(ScriptAct::Place(order))
    }

    /// The name of an order that this bot has sent above.
    fn own_label(&self, bot: usize, line: &mut Line<'_>) -> Result<String, Problem> {
        let word = line.word("write the name of an order of this bot, as in `cancel late`")?;
        if self.sender(word.text) == Some(bot) {
            return Ok(word.text.to_owned());
        }
        let name = &self.bots[bot].name;
        Err(line.at(word, &format!("{name} has sent no order `{}` above; write one that it has", word.text)))
    }

    fn operator(&self, line: &mut Line<'_>) -> Result<Act, Problem> {
        let write = "write `halt`, `halt_all`, `resume`, `restart`, or `announce XNYS 2026-12-03 closed`";
        let word = line.word(write)?;
        match word.text {
            "halt" => Ok(Act::Halt(HaltLevel::NewRisk, self.some_bot(line)?)),
            "halt_all" => Ok(Act::Halt(HaltLevel::All, self.some_bot(line)?)),
            "resume" => Ok(Act::Resume(self.some_bot(line)?)),
            "restart" => Ok(Act::Restart),
            "announce" => announce(line).map(Act::Announce),
            other => Err(line.at(word, &format!("an operator cannot `{other}`; {write}"))),
        }
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

/// `SELL 100 SPY MOC`, `BUY 10 SPY LMT 500.10 OPG account=DU2222222`.
fn order(line: &mut Line<'_>) -> Result<ScriptOrder, Problem> {
    const WRITE: &str = "write `SELL 100 SPY MOC`";
    let side = line.read(WRITE, |word| match word {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    })?;
    let qty = line.read(WRITE, |word| Qty::parse(word).ok())?;
    let symbol = line.word(WRITE)?.text.into();
    let ord_type = line.read("write MKT, LMT, MOC or LOC", |word| {
        ["MKT", "LMT", "MOC", "LOC"].contains(&word).then(|| OrdType::from_wire(word))
    })?;
    let limit_px = if ord_type.has_limit() {
        Some(line.read("write the limit, `LMT 500.10`", |word| Price::parse(word).ok())?)
    } else {
        None
    };
    let mut order = ScriptOrder {
        label: "".into(),
        symbol,
        side,
        qty,
        ord_type,
        limit_px,
        tif: TimeInForce::Day,
        account: None,
    };
    while let Some(word) = line.peek().filter(|word| word.text != "as") {
        let write =
            "write a time in force (OPG, GTC, IOC, AUC), `account=DU2222222`, `account=none`, or `as late`";
        line.take();
        match (word.text, word.text.strip_prefix("account=")) {
            (_, Some("none")) => order.account = Some("".into()),
            (_, Some(account)) => order.account = Some(account.into()),
            ("OPG" | "GTC" | "IOC" | "AUC", None) => order.tif = TimeInForce::from_wire(word.text),
            _ => return Err(line.at(word, &format!("`{}` is not understood; {write}", word.text))),
        }
    }
    Ok(order)
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
                 its clock behind), or `time_servers silent silent silent`";
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
