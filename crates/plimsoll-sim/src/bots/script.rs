//! A bot that does what it is told at the times it is told, by its own host's clock, and nothing else: the bots of
//! drills. It looks at no answer but those that a step waits for, so it does not wait for those that never come.

use std::fmt;

use jiff::Timestamp;
use plimsoll_model::{OrdType, Position, Price, Qty, Side, TimeInForce};

use super::desk::{Desk, News, Outgoing, Sent, Strategy, Told};
use super::question::{Due, Question, WaitsFor};
use super::wire::DemoBot;

/// What a bot is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The bot's name.
    pub name: Box<str>,
    /// Its client id.
    pub client_id: i32,
    /// The account that it names where an order of the script names none.
    pub account: Option<Box<str>>,
    /// The symbols whose prices it subscribes to.
    pub symbols: Vec<Box<str>>,
    /// What it does, in the order of time.
    pub steps: Vec<ScriptStep>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStep {
    /// When, by the clock of the bot's host.
    pub at: Timestamp,
    /// What.
    pub act: StepAct,
    /// And not before this has been answered.
    pub waits_for: Option<WaitsFor>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepAct {
    /// Something about an order.
    Order(ScriptAct),
    /// A global cancel.
    CancelAll,
    /// A market order under this label that ends the holding which the broker's lines show in the bot's account; none
    /// where they show none.
    Close {
        /// What the script calls the order.
        label: Box<str>,
        /// Of what.
        symbol: Box<str>,
    },
    /// A request for data.
    Ask(Question),
}

/// What a bot can do about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptAct {
    /// Sends an order; one with the label of an order that was sent is a change of that.
    Place(ScriptOrder),
    /// Cancels the order with that label.
    Cancel(Box<str>),
}

/// An order of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptOrder {
    /// What the script calls it.
    pub label: Box<str>,
    /// Of what.
    pub symbol: Box<str>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// What kind.
    pub ord_type: OrdType,
    /// The limit, where the kind has one.
    pub limit_px: Option<Price>,
    /// For how long.
    pub tif: TimeInForce,
    /// The account that it names, which may be empty; none takes the bot's.
    pub account: Option<Box<str>>,
}

/// The bot of a script.
pub fn scripted(script: Script) -> DemoBot {
    DemoBot::new(Box::new(Scripted { script, done: 0, waiting: Vec::new() }))
}

#[derive(Debug)]
struct Scripted {
    script: Script,
    done: usize,
    /// Steps whose time has come and which wait for an answer.
    waiting: Vec<ScriptStep>,
}

impl Strategy for Scripted {
    fn name(&self) -> &str {
        &self.script.name
    }

    fn client_id(&self) -> i32 {
        self.script.client_id
    }

    fn account(&self) -> Option<&str> {
        self.script.account.as_deref()
    }

    fn symbols(&self) -> Vec<Box<str>> {
        self.script.symbols.clone()
    }

    fn on_second(&mut self, desk: &mut Desk) {
        let Some(now) = desk.host_time() else { return };
        while let Some(step) = self.script.steps.get(self.done).filter(|step| step.at <= now) {
            self.done += 1;
            self.waiting.push(step.clone());
        }
        let account = self.script.account.as_deref().unwrap_or_default();
        self.waiting.retain(|step| match step.waits_for.as_ref().map_or(Due::Now, |on| on.due(desk)) {
            Due::Now => {
                step_act(&step.act, account, desk);
                false
            }
            Due::Never => false,
            Due::Later => true,
        });
    }

    fn follows_holdings(&self) -> bool {
        self.script.steps.iter().any(|step| matches!(step.act, StepAct::Close { .. }))
    }

    fn waits_for_answers(&self) -> bool {
        false
    }
}

impl fmt::Display for ScriptOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.side, self.qty, self.symbol, self.ord_type)?;
        if let Some(limit) = self.limit_px {
            write!(f, " {limit}")?;
        }
        match &self.tif {
            TimeInForce::Day => {}
            tif => write!(f, " {}", tif.as_wire())?,
        }
        match self.account.as_deref() {
            None => Ok(()),
            Some("") => f.write_str(" without account"),
            Some(account) => write!(f, " for {account}"),
        }
    }
}

fn step_act(what: &StepAct, account: &str, desk: &mut Desk) {
    match what {
        StepAct::Order(order) => act(order, desk),
        StepAct::CancelAll => desk.outgoing.push(Outgoing::CancelAll),
        StepAct::Close { label, symbol } => close(label, symbol, account, desk),
        StepAct::Ask(question) => desk.ask(question.clone()),
    }
}

/// By what the broker has told of the account, whoever traded it.
fn close(label: &str, symbol: &str, account: &str, desk: &mut Desk) {
    let held = desk.holdings.get(&(account.into(), symbol.into())).copied().unwrap_or(Position::FLAT);
    if held == Position::FLAT {
        return;
    }
    let order = ScriptOrder {
        label: label.into(),
        symbol: symbol.into(),
        side: if held > Position::FLAT { Side::Sell } else { Side::Buy },
        qty: held.size(),
        ord_type: OrdType::Market,
        limit_px: None,
        tif: TimeInForce::Day,
        account: None,
    };
    place(&order, desk);
}

/// Does one thing.
pub(super) fn act(act: &ScriptAct, desk: &mut Desk) {
    match act {
        ScriptAct::Place(order) => place(order, desk),
        ScriptAct::Cancel(label) => cancel(label, desk),
    }
}

fn note(order_id: i32, what: &str, desk: &mut Desk) {
    let at = desk.now.unwrap_or_default();
    desk.told.push(Told { at, order_id, news: News::Sent(what.into()) });
}

fn number(label: &str, desk: &Desk) -> Option<i32> {
    desk.sent.values().find(|sent| *sent.label == *label).map(|sent| sent.order_id)
}

fn place(order: &ScriptOrder, desk: &mut Desk) {
    let known = number(&order.label, desk);
    let order_id = known.unwrap_or(desk.next_id);
    let what = if known.is_some() { format!("change to {order}") } else { order.to_string() };
    note(order_id, &what, desk);
    desk.place(Sent {
        order_id,
        label: order.label.clone(),
        symbol: order.symbol.clone(),
        side: order.side,
        qty: order.qty,
        ord_type: order.ord_type.clone(),
        limit_px: order.limit_px,
        tif: order.tif.clone(),
        account: order.account.clone(),
    });
}

fn cancel(label: &str, desk: &mut Desk) {
    if let Some(order_id) = number(label, desk) {
        note(order_id, "cancel", desk);
        desk.outgoing.push(Outgoing::Cancel(order_id));
    }
}
