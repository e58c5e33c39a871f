//! What a bot does at a time of the script.

use plimsoll_model::{OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_sim::bots::{Question, QuestionKind, ScriptAct, ScriptOrder, StepAct, WaitsFor};

use super::super::words::{Line, Problem};
use super::Reader;

impl Reader {
    pub(super) fn bot_act(&mut self, bot: usize, line: &mut Line<'_>) -> Result<StepAct, Problem> {
        let Some(verb) = line.peek() else { return self.order_act(bot, line).map(StepAct::Order) };
        match verb.text {
            "cancel_all" => {
                line.take();
                Ok(StepAct::CancelAll)
            }
            "close" => {
                line.take();
                let symbol = line.word("write what to close, `close SPY as exit`")?.text.into();
                let label = self.new_label(bot, line)?;
                Ok(StepAct::Close { label, symbol })
            }
            "history" => {
                line.take();
                let write =
                    "write what, the size of a bar and how far back, `history SPY 5_secs 600_S as bars`";
                let symbol = line.word(write)?.text.into();
                let size = line.word(write)?.text.replace('_', " ").into();
                let duration = line.word(write)?.text.replace('_', " ").into();
                let label = self.new_label(bot, line)?;
                let kind = QuestionKind::Bars { size, duration };
                Ok(StepAct::Ask(Question { label, symbol, kind }))
            }
            "snapshot" => {
                line.take();
                let symbol = line.word("write of what, `snapshot SPY as look`")?.text.into();
                let label = self.new_label(bot, line)?;
                Ok(StepAct::Ask(Question { label, symbol, kind: QuestionKind::Snapshot }))
            }
            _ => self.order_act(bot, line).map(StepAct::Order),
        }
    }

    /// `after bars`, `when look`, or nothing.
    pub(super) fn waits_for(&self, bot: usize, line: &mut Line<'_>) -> Result<Option<WaitsFor>, Problem> {
        if line.take_if("after") {
            Ok(Some(WaitsFor::Answer(self.own_label(bot, line)?.into())))
        } else if line.take_if("when") {
            Ok(Some(WaitsFor::Data(self.own_label(bot, line)?.into())))
        } else {
            Ok(None)
        }
    }

    /// `as exit`, or a name that nobody has.
    fn new_label(&mut self, bot: usize, line: &mut Line<'_>) -> Result<Box<str>, Problem> {
        let label = if line.take_if("as") {
            line.word("write a name, `as late`")?.text.to_owned()
        } else {
            let count = self.bots[bot].labels().count() + 1;
            format!("{}-{count}", self.bots[bot].name)
        };
        if self.sender(&label).is_some() {
            return Err(line.wrong(format!("something is called `{label}` already; write another name")));
        }
        self.labels.push((label.clone(), bot));
        Ok(label.into())
    }

    fn order_act(&mut self, bot: usize, line: &mut Line<'_>) -> Result<ScriptAct, Problem> {
        if line.take_if("cancel") {
            return Ok(ScriptAct::Cancel(self.own_label(bot, line)?.into()));
        }
        let changed = if line.take_if("change") { Some(self.own_label(bot, line)?) } else { None };
        let mut order = order(line)?;
        match changed {
            Some(_) if line.peek().is_some_and(|word| word.text == "as") => {
                return Err(line.wrong("a change keeps its order's name; leave `as` out".to_owned()));
            }
            Some(label) => order.label = label.into(),
            None => order.label = self.new_label(bot, line)?,
        }
        Ok(ScriptAct::Place(order))
    }

    /// The name of an order or request that this bot has sent above.
    fn own_label(&self, bot: usize, line: &mut Line<'_>) -> Result<String, Problem> {
        let word = line.word("write the name of an order or request of this bot, as in `cancel late`")?;
        if self.sender(word.text) == Some(bot) {
            return Ok(word.text.to_owned());
        }
        let name = &self.bots[bot].name;
        Err(line.at(
            word,
            &format!("{name} has sent nothing called `{}` above; write one that it has", word.text),
        ))
    }
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
    while let Some(word) = line.peek().filter(|word| !["as", "after", "when"].contains(&word.text)) {
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
