//! What the tables are told of a record: the rows that an event has changed, and decisions.
//!
//! The gateway takes it from its own bridge, right after the event; [`Teller`] from one that is run through a
//! journal. The bridge is a pure function of its events, so both say the same.

use std::collections::VecDeque;
use std::sync::Arc;

use plimsoll_core::{Bridge, Command, Config, OrderKey, OrderState};
use plimsoll_journal::Body;
use plimsoll_ledger::{ExecutionRow, PositionRow};
use plimsoll_model::{Account, BotName, ClOrdId, InstrumentId, NewOrder, Now, OrderId};

use crate::unread::{Lenient, Unread};

/// Commands that move bytes and decide nothing.
const PLUMBING: &[&str] = &["show", "forward", "ask", "flush"];

/// What one record says.
#[derive(Debug)]
pub(crate) enum Told {
    /// What an event has changed.
    Changes(Box<Changes>),
    /// A decision.
    Decision(Box<Decision>),
}

/// Rows as they are after an event.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(super) orders: Vec<(OrderKey, OrderState)>,
    pub(super) executions: Vec<ExecutionRow>,
    pub(super) holdings: Vec<(Account, InstrumentId, Vec<PositionRow>)>,
}

/// A decision as it was recorded, and what it is about.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    pub(super) kind: String,
    pub(super) bot: Option<BotName>,
    pub(super) cl_ord_id: Option<ClOrdId>,
    pub(super) order_id: Option<OrderId>,
    pub(super) guard: Option<&'static str>,
    pub(super) text: String,
}

impl Told {
    /// What the latest event has changed, if anything.
    pub(crate) fn changes(bridge: &Bridge) -> Option<Self> {
        let orders: Vec<_> =
            bridge.changed_orders().map(|(key, state)| (key, without_frames(state))).collect();
        let executions: Vec<_> = bridge.changed_executions().collect();
        let holdings = bridge.changed_holdings();
        let holdings: Vec<_> =
            holdings.map(|(account, of, rows)| (account.clone(), of.clone(), rows)).collect();
        let nothing = orders.is_empty() && executions.is_empty() && holdings.is_empty();
        (!nothing).then(|| Self::Changes(Box::new(Changes { orders, executions, holdings })))
    }

    /// A decision about the latest event as it is recorded, if it deserves a row; `command` is what is behind it,
    /// if this version still decides so.
    pub(crate) fn decision(text: &str, command: Option<&Command>, bridge: &Bridge) -> Option<Self> {
        let kind = text.split(' ').next().unwrap_or_default();
        if PLUMBING.contains(&kind) {
            return None;
        }
        let about = command.map(|command| Decision::about(command).completed(bridge)).unwrap_or_default();
        Some(Self::Decision(Box::new(Decision { kind: kind.to_owned(), text: text.to_owned(), ..about })))
    }

    /// How much memory it takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Changes(changes) => {
                let rows = |all: &(Account, InstrumentId, Vec<PositionRow>)| size_of_val(&*all.2);
                size_of::<Changes>()
                    + size_of_val(&*changes.orders)
                    + size_of_val(&*changes.executions)
                    + changes.holdings.iter().map(rows).sum::<usize>()
            }
            Self::Decision(decision) => size_of::<Decision>() + decision.text.len(),
        }
    }
}

/// The tables show no frames, and a copy of one would keep it in memory for as long as it waits.
fn without_frames(state: &OrderState) -> OrderState {
    let mut state = state.clone();
    (state.open_order, state.status_frame) = (None, None);
    state
}

impl Decision {
    fn about(command: &Command) -> Self {
        let none = Self::default();
        match command {
            Command::Submit { order, .. } => Self::of_order(order.get()),
            Command::Replace { order, .. } => Self::of_order(&order.get().order),
            Command::Deny { order_id, denial, .. } => {
                Self { order_id: *order_id, guard: Some(denial.guard.as_str()), ..none }
            }
            Command::DenyReplace { order_id, denial, .. } => {
                Self { order_id: Some(*order_id), guard: Some(denial.guard.as_str()), ..none }
            }
            Command::Observed { cl_ord_id, denial, .. } => {
                Self { cl_ord_id: cl_ord_id.clone(), guard: Some(denial.guard.as_str()), ..none }
            }
            Command::Cancel { order_id, .. } | Command::CanceledUnsent { order_id, .. } => {
                Self { order_id: Some(*order_id), ..none }
            }
            _ => none,
        }
    }

    fn of_order(order: &NewOrder) -> Self {
        Self {
            bot: Some(order.bot.clone()),
            cl_ord_id: Some(order.cl_ord_id.clone()),
            order_id: Some(order.order_id),
            ..Self::default()
        }
    }

    /// A denial names the bot's number of the order only; the order itself is among what the event changed.
    fn completed(mut self, bridge: &Bridge) -> Self {
        let same = |state: &&OrderState| {
            (self.order_id.is_some() && state.order_id == self.order_id)
                || (self.cl_ord_id.is_some() && state.cl_ord_id == self.cl_ord_id)
        };
        if self.bot.is_none()
            && let Some(state) = bridge.changed_orders().map(|(_, state)| state).find(same)
        {
            self.bot = state.owner.bot().cloned();
            self.cl_ord_id = self.cl_ord_id.or_else(|| state.cl_ord_id.clone());
        }
        self
    }
}

/// A bridge that lives through a journal, and says what the gateway's said then.
pub(super) struct Teller {
    bridge: Bridge,
    /// Decisions of the latest event that the journal has not named yet.
    decided: VecDeque<Command>,
    out: Vec<Command>,
    lenient: Lenient,
}

impl Teller {
    /// `config` stands in for recorded configurations that are refused today.
    pub(super) fn new(config: Option<Arc<Config>>) -> Self {
        Self {
            bridge: Bridge::new(),
            decided: VecDeque::new(),
            out: Vec::new(),
            lenient: Lenient::new(config),
        }
    }

    /// What the next record says.
    pub(super) fn take(&mut self, seq: u64, now: Now, body: Body) -> Option<Told> {
        if let Body::Decision { text } = body {
            let command = self.decided.pop_front().filter(|command| command.to_string() == text);
            return Told::decision(&text, command.as_ref(), &self.bridge);
        }
        let event = self.lenient.event(seq, body)?;
        self.bridge.on(now, event, &mut self.out);
        self.decided.clear();
        self.decided.extend(self.out.drain(..));
        Told::changes(&self.bridge)
    }

    /// A record that cannot be read.
    pub(super) fn pass_over(&mut self, seq: u64, why: &impl std::fmt::Display) {
        self.lenient.pass_over(seq, why);
    }

    /// What was not understood.
    pub(super) fn unread(self) -> Option<Unread> {
        self.lenient.unread()
    }
}
