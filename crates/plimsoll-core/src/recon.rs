//! Reconciliation: after every start and reconnect the broker is asked for its open orders, completed
//! orders, executions and positions, and only when all four answers are complete is new risk let through.
//! The broker wins; what our ledger cannot explain is foreign and is never adopted by a bot.

use plimsoll_model::{LinkId, Mono, ReqId};

use crate::{Ask, limits};

/// How far the reconciliation of this connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconState {
    /// Our own connection is down.
    Down,
    /// Answers are outstanding.
    Asking(Outstanding),
    /// Everything has been answered in this connection.
    Done,
}

/// Which answers have not ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outstanding {
    pub(crate) positions: bool,
    pub(crate) open_orders: bool,
    pub(crate) executions: bool,
    pub(crate) completed_orders: bool,
}

impl ReconState {
    /// What new risk is waiting for, if it is.
    pub(crate) const fn waiting_for(self) -> Option<&'static str> {
        match self {
            Self::Down => Some("our own connection to the broker"),
            Self::Asking(Outstanding { positions: true, .. }) => Some("positions"),
            Self::Asking(Outstanding { open_orders: true, .. }) => Some("open orders"),
            Self::Asking(Outstanding { executions: true, .. }) => Some("executions"),
            Self::Asking(_) => Some("completed orders"),
            Self::Done => None,
        }
    }
}

/// Which of the four answers ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Positions,
    OpenOrders,
    Executions,
    CompletedOrders,
}

/// Our own connection and what is being asked on it.
#[derive(Debug)]
pub(crate) struct Recon {
    pub(crate) state: ReconState,
    pub(crate) link: Option<LinkId>,
    /// Counts the lives of our own connection.
    pub(crate) epoch: u64,
    /// Whether a complete reconciliation has been made since the start.
    pub(crate) was_done: bool,
    /// The API takes no orders in this life of the connection, by a setting of TWS.
    pub(crate) read_only: bool,
    next_req_id: i32,
    executions_req: Option<ReqId>,
    /// A round of questions without losing the state: about orders whose bot is away.
    pub(crate) polling: Option<Outstanding>,
    pub(crate) last_poll: Mono,
    /// The broker's servers are back in reach, by what was told on another connection, and not on ours yet.
    pub(crate) restored: Option<Restored>,
    /// Some connection was told that the broker's servers are out of reach of TWS, and none that they are back.
    out_of_reach: bool,
}

/// What was told elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Restored {
    /// When.
    pub(crate) at: Mono,
    /// What is left of subscriptions to prices.
    pub(crate) data: Data,
}

/// Subscriptions to prices after the broker's servers were out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// They go on.
    Kept,
    /// They are gone.
    Lost,
}

impl Recon {
    pub(crate) fn new() -> Self {
        Self {
            state: ReconState::Down,
            link: None,
            epoch: 0,
            was_done: false,
            read_only: false,
            next_req_id: 1,
            executions_req: None,
            polling: None,
            last_poll: Mono::ZERO,
            restored: None,
            out_of_reach: false,
        }
    }

    /// Our own connection is up: everything is asked anew.
    pub(crate) fn begin(&mut self, link: LinkId, now: Mono, out: &mut Vec<Ask>) {
        self.link = Some(link);
        self.epoch += 1;
        self.read_only = false;
        self.polling = None;
        self.restored = None;
        self.out_of_reach = false;
        let all =
            Outstanding { positions: true, open_orders: true, executions: true, completed_orders: true };
        self.state = ReconState::Asking(all);
        self.last_poll = now;
        out.push(Ask::Positions);
        self.ask_about_orders(out);
    }

    /// Asks about orders once more, without holding up new risk elsewhere.
    pub(crate) fn poll(&mut self, now: Mono, out: &mut Vec<Ask>) {
        // An answer that never comes must not end the asking.
        let lost = self.polling.is_some() && now.since(self.last_poll) >= limits::POLL_PATIENCE;
        if self.state != ReconState::Done || (self.polling.is_some() && !lost) {
            return;
        }
        self.last_poll = now;
        self.polling = Some(Outstanding {
            positions: false,
            open_orders: true,
            executions: true,
            completed_orders: true,
        });
        self.ask_about_orders(out);
    }

    /// Asks for all holdings with the other questions of a round that has just begun.
    pub(crate) fn ask_positions(&mut self, out: &mut Vec<Ask>) {
        if let Some(round) = &mut self.polling {
            round.positions = true;
            out.push(Ask::Positions);
        }
    }

    /// Asks once more for what is outstanding of a whole round.
    pub(crate) fn ask_again(&mut self, now: Mono, out: &mut Vec<Ask>) {
        let ReconState::Asking(round) = self.state else { return };
        self.last_poll = now;
        if round.positions {
            out.push(Ask::Positions);
        }
        if round.open_orders {
            out.push(Ask::OpenOrders);
        }
        if round.executions {
            let req_id = self.req_id();
            self.executions_req = Some(req_id);
            out.push(Ask::Executions { req_id });
        }
        if round.completed_orders {
            out.push(Ask::CompletedOrders);
        }
    }

    pub(crate) fn down(&mut self) {
        self.state = ReconState::Down;
        self.link = None;
        self.polling = None;
        self.restored = None;
    }

    /// A connection, ours or another, was told that TWS does not reach the broker's servers.
    pub(crate) fn lose_reach(&mut self) {
        self.restored = None;
        self.out_of_reach = true;
    }

    /// The life of our own connection, while its answers come from the broker's servers: without them TWS answers by what
    /// it remembers, and keeps what it is sent.
    pub(crate) fn epoch_in_reach(&self) -> Option<u64> {
        (!self.out_of_reach).then_some(self.epoch)
    }

    /// Another connection was told that the broker's servers are back. Ours may hear it a moment later; where it does not,
    /// its line got lost, and nothing would ever be asked again.
    pub(crate) fn restored_elsewhere(&mut self, at: Mono, data: Data) {
        self.out_of_reach = false;
        if self.state == ReconState::Down && self.link.is_some() {
            let earlier = self.restored.map(|restored| restored.at);
            self.restored = Some(Restored { at: earlier.unwrap_or(at), data });
        }
    }

    /// When everything is asked anew although ours has heard nothing.
    pub(crate) fn restored_due(&self) -> Option<Mono> {
        self.restored.map(|restored| restored.at.after(limits::RESTORED_GRACE))
    }

    pub(crate) fn is_own(&self, link: LinkId) -> bool {
        self.link == Some(link)
    }

    pub(crate) fn req_id(&mut self) -> ReqId {
        let id = ReqId(self.next_req_id);
        self.next_req_id =
            if self.next_req_id + 1 < limits::OWN_ORDER_ID_MIN { self.next_req_id + 1 } else { 1 };
        id
    }

    pub(crate) fn is_executions_answer(&self, req_id: ReqId) -> bool {
        self.executions_req == Some(req_id)
    }

    /// Notes the end of an answer; whether a round has become complete.
    pub(crate) fn ended(&mut self, which: Ended) -> bool {
        let round = match (&mut self.state, &mut self.polling) {
            (ReconState::Asking(round), _) | (_, Some(round)) => round,
            (ReconState::Down | ReconState::Done, None) => return false,
        };
        match which {
            Ended::Positions => round.positions = false,
            Ended::OpenOrders => round.open_orders = false,
            Ended::Executions => round.executions = false,
            Ended::CompletedOrders => round.completed_orders = false,
        }
        let complete = !(round.positions || round.open_orders || round.executions || round.completed_orders);
        if complete {
            self.polling = None;
            self.state = ReconState::Done;
            self.was_done = true;
        }
        complete
    }

    /// Whether the answer about ended orders is outstanding, in a round or a poll.
    pub(crate) fn awaits_completed_orders(&self) -> bool {
        let asked = match (&self.state, &self.polling) {
            (ReconState::Asking(round), _) | (_, Some(round)) => Some(round),
            (ReconState::Down | ReconState::Done, None) => None,
        };
        asked.is_some_and(|round| round.completed_orders)
    }

    fn ask_about_orders(&mut self, out: &mut Vec<Ask>) {
        let req_id = self.req_id();
        self.executions_req = Some(req_id);
        out.extend([Ask::OpenOrders, Ask::Executions { req_id }, Ask::CompletedOrders]);
    }
}
