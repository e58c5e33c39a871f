//! A plan out of its text.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{Announcement, Change};
use plimsoll_model::{OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_sim::Fault;
use plimsoll_sim::bots::{ScriptAct, ScriptOrder};

use super::draw::{amendment, close_of};
use super::write::zone;
use super::{About, Plan, PlannedAct, PlannedBot, SYMBOL, What};
use crate::simulate::disk::Crash;

/// More lines than any plan has.
const LINES_MAX: usize = 10_000;

/// Reads a plan; the error names the line.
pub(in crate::simulate) fn read(text: &str) -> Result<Plan, String> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    let lines: Vec<(&str, usize)> = lines.take(LINES_MAX + 1).collect();
    if lines.len() > LINES_MAX {
        return Err(format!("a plan of more than {LINES_MAX} lines; nothing was played"));
    }
    let head = |word: &str| {
        let found = lines.iter().find_map(|(line, _)| line.strip_prefix(word)?.strip_prefix(' '));
        found.ok_or_else(|| format!("the plan has no line `{word} …`; nothing was played"))
    };
    let date: Date =
        head("day")?.parse().map_err(|_| "`day` is no date; write `day 2026-11-27`".to_owned())?;
    let (cutoff, close) =
        close_of(date).ok_or_else(|| format!("{date} is no trading day of the US exchanges"))?;
    let mut plan = Plan {
        seed: head("seed")?.parse().map_err(|_| "`seed` is no whole number".to_owned())?,
        date,
        about: match head("hours") {
            Ok(from) => About::Hours { from: instant(date, from)? },
            Err(_) => About::Closing,
        },
        close,
        cutoff,
        nets: match head("crossing")? {
            "net" => true,
            "deny" => false,
            other => return Err(format!("crossing `{other}` is not known; write `net` or `deny`")),
        },
        network: spans(head("network")?)?,
        sync: spans(head("sync")?)?,
        ahead: match head("clock")? {
            "followed" => None,
            ahead => Some(signed(ahead)?),
        },
        bots: Vec::new(),
        acts: Vec::new(),
    };
    for (line, number) in &lines {
        let at = |why: String| format!("line {number}: {why}");
        if let Some(rest) = line.strip_prefix("bot ") {
            plan.bots.push(bot(rest).map_err(at)?);
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            plan.acts.push(act(date, line).map_err(at)?);
        }
    }
    for act in &plan.acts {
        let (What::Bot { bot, .. } | What::Leaves(bot)) = &act.what else { continue };
        if !plan.bots.iter().any(|known| known.name == *bot) {
            return Err(format!("`{bot}` is none of the plan's bots; nothing was played"));
        }
    }
    plan.acts.sort_by_key(|act| act.at);
    Ok(plan)
}

fn bot(text: &str) -> Result<PlannedBot, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, client_id, account, ref rest @ ..] = words[..] else {
        return Err("write `bot trend 11 DU1111111`, with `closes` where a job closes".to_owned());
    };
    let (closes, instruments) = match rest {
        [] => (false, vec![SYMBOL.to_owned()]),
        ["closes"] => (true, vec![SYMBOL.to_owned()]),
        ["trades", symbols @ ..] if !symbols.is_empty() => {
            (false, symbols.iter().map(|symbol| (*symbol).to_owned()).collect())
        }
        _ => return Err("behind a bot's account write nothing, `closes`, or `trades SPY QQQ`".to_owned()),
    };
    let client_id = client_id.parse().map_err(|_| format!("`{client_id}` is no client id"))?;
    Ok(PlannedBot { name: name.to_owned(), client_id, account: account.to_owned(), closes, instruments })
}

fn act(date: Date, line: &str) -> Result<PlannedAct, String> {
    let (time, rest) = line.split_once(' ').ok_or("a time and nothing to do")?;
    Ok(PlannedAct { at: instant(date, time)?, what: what(rest)? })
}

fn instant(date: Date, time: &str) -> Result<Timestamp, String> {
    let time: Time = time.parse().map_err(|_| format!("`{time}` is no time; write `12:49:50.250`"))?;
    zone().to_timestamp(date.to_datetime(time)).map_err(|error| error.to_string())
}

fn what(text: &str) -> Result<What, String> {
    let (who, rest) = text.split_once(' ').ok_or("somebody and nothing to do")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    Ok(match (who, &words[..]) {
        ("venue", ["silent", "for", lasts]) => What::Silent(span(lasts)?),
        ("venue", _) => {
            let fault =
                serde_json::from_str(rest).map_err(|error| format!("the fault is no JSON: {error}"))?;
            serde_json::from_value::<Fault>(fault).map_err(|error| error.to_string())?;
            What::Fault(serde_json::from_str(rest).map_err(|error| error.to_string())?)
        }
        ("gateway", ["killed", "down", down]) => {
            What::Crash { crash: Crash::Process, keeps: 100, down: span(down)? }
        }
        ("gateway", ["unpowered", "keeps", keeps, "down", down]) => {
            let keeps = keeps.parse().map_err(|_| format!("`{keeps}` is no percentage"))?;
            What::Crash { crash: Crash::Power, keeps, down: span(down)? }
        }
        ("disk", ["slow", sync, "for", lasts]) => What::Slow { sync: span(sync)?, lasts: span(lasts)? },
        ("host", ["step", by]) => What::Step(signed(by)?),
        ("operator", ["halt"]) => What::Halt,
        ("operator", ["resume"]) => What::Resume,
        ("operator", ["announce", calendar, date, change @ ..]) => {
            What::Announce(announcement(calendar, date, change)?)
        }
        (bot, ["leaves"]) => What::Leaves(bot.to_owned()),
        (bot, ["cancel", label]) => {
            What::Bot { bot: bot.to_owned(), act: ScriptAct::Cancel((*label).into()) }
        }
        (bot, words) => What::Bot { bot: bot.to_owned(), act: ScriptAct::Place(order(words)?) },
    })
}

fn order(words: &[&str]) -> Result<ScriptOrder, String> {
    let write = "write `SELL 40 SPY MOC as a` or `BUY 40 SPY LOC 500.25 as b`";
    let (words, account) = match *words {
        [ref before @ .., "without", "account", "as", label] => {
            ([before, &["as", label]].concat(), Some("".into()))
        }
        [ref before @ .., "for", account, "as", label] => {
            ([before, &["as", label]].concat(), Some(account.into()))
        }
        _ => (words.to_vec(), None),
    };
    let (side, qty, symbol, kind, limit, label) = match words[..] {
        [side, qty, symbol, kind, "as", label] => (side, qty, symbol, kind, None, label),
        [side, qty, symbol, kind, limit, "as", label] => (side, qty, symbol, kind, Some(limit), label),
        _ => return Err(write.to_owned()),
    };
    let side = match side {
        "BUY" | "Buy" => Side::Buy,
        "SELL" | "Sell" => Side::Sell,
        other => return Err(format!("`{other}` is no side; {write}")),
    };
    let price = |text: &str| Price::parse(text).map_err(|_| format!("`{text}` is no price; {write}"));
    Ok(ScriptOrder {
        label: label.into(),
        symbol: symbol.into(),
        side,
        qty: Qty::parse(qty).map_err(|_| format!("`{qty}` is no quantity; {write}"))?,
        ord_type: OrdType::from_wire(kind),
        limit_px: limit.map(price).transpose()?,
        tif: TimeInForce::Day,
        account,
    })
}

fn announcement(calendar: &str, date: &str, change: &[&str]) -> Result<Announcement, String> {
    let time = |text: &str| text.parse::<Time>().map_err(|_| format!("`{text}` is no time"));
    let change = match *change {
        ["closed"] => Change::Closed,
        ["early", close] => Change::EarlyClose(time(close)?),
        ["late", open] => Change::LateOpen(time(open)?),
        _ => {
            return Err(
                "write `announce XNYS 2026-12-03 closed`, `… early 13:00` or `… late 12:00`".to_owned()
            );
        }
    };
    let date = date.parse().map_err(|_| format!("`{date}` is no date"))?;
    Ok(Announcement { calendar: calendar.into(), date, amendment: amendment(change) })
}

fn spans(text: &str) -> Result<(Duration, Duration), String> {
    let (least, most) = text.split_once(' ').ok_or("write two spans, the least and the most: `1ms 40ms`")?;
    let (least, most) = (span(least)?, span(most)?);
    if least > most { Err(format!("`{text}`: the least is more than the most")) } else { Ok((least, most)) }
}

fn span(text: &str) -> Result<Duration, String> {
    Duration::try_from(signed(text)?).map_err(|_| format!("`{text}` is negative"))
}

fn signed(text: &str) -> Result<SignedDuration, String> {
    text.parse().map_err(|_| format!("`{text}` is no span of time; write `250ms` or `5s`"))
}
