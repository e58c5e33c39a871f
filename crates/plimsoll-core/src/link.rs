//! Bot links: who is connected, which order ids it has used, which executions it has been shown, and
//! the orders that it has staged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use plimsoll_model::{BotName, ClientId, ExecId, LinkId, OrderId, OrderRequest, RawFrame};

use crate::limits;

/// One bot's connection.
#[derive(Debug)]
pub(crate) struct BotLink {
    pub(crate) bot: BotName,
    pub(crate) client_id: ClientId,
    /// Whether the bot itself is there; its upstream can outlive it.
    pub(crate) attached: bool,
    /// Orders with `transmit = 0`, held here until the last of the group comes.
    pub(crate) staged: BTreeMap<OrderId, (OrderRequest, RawFrame)>,
    /// Executions whose commission may be shown as well, and their order.
    shown_execs: BTreeSet<ExecId>,
    shown_order: VecDeque<ExecId>,
}

/// All bot links, and what outlives them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    open: BTreeMap<LinkId, BotLink>,
    /// The highest order id that each client has used, denied ones included, remembered over restarts.
    high_water: BTreeMap<ClientId, OrderId>,
    /// The next order id that the broker last offered each client.
    offered: BTreeMap<ClientId, OrderId>,
}

impl Links {
    pub(crate) fn open(&mut self, link: LinkId, bot: BotName, client_id: ClientId) {
        let state = BotLink {
            bot,
            client_id,
            attached: true,
            staged: BTreeMap::new(),
            shown_execs: BTreeSet::new(),
            shown_order: VecDeque::new(),
        };
        self.open.insert(link, state);
    }

    pub(crate) fn close(&mut self, link: LinkId) -> Option<BotLink> {
        self.open.remove(&link)
    }

    pub(crate) fn close_all(&mut self) {
        self.open.clear();
    }

    pub(crate) fn get(&self, link: LinkId) -> Option<&BotLink> {
        self.open.get(&link)
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> Option<&mut BotLink> {
        self.open.get_mut(&link)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LinkId, &BotLink)> {
        self.open.iter().map(|(link, state)| (*link, state))
    }

    /// The link on which this client is connected.
    pub(crate) fn of_client(&self, client_id: ClientId) -> Option<LinkId> {
        self.open.iter().find(|(_, state)| state.client_id == client_id).map(|(link, _)| *link)
    }

    /// Remembers that an order of a client leaves under this id: the broker will remember it too.
    pub(crate) fn used(&mut self, client_id: ClientId, order_id: OrderId) {
        // One beyond the last possible next one must not use up all others.
        if order_id.0 <= limits::ORDER_ID_MAX {
            let mark = self.high_water.entry(client_id).or_insert(order_id);
            *mark = (*mark).max(order_id);
        }
    }

    /// Remembers that a client has named an order id, whatever becomes of its order.
    pub(crate) fn named(&mut self, client_id: ClientId, order_id: OrderId) {
        let mark = self.high_water.get(&client_id).map_or(0, |mark| mark.0);
        let offered = self.offered.get(&client_id).map_or(0, |next| next.0);
        if order_id.0 <= mark.max(offered).saturating_add(limits::ORDER_ID_JUMP_MAX) {
            self.used(client_id, order_id);
        }
    }

    /// Remembers what the broker has offered.
    pub(crate) fn offered(&mut self, client_id: ClientId, next: OrderId) {
        self.offered.insert(client_id, next);
    }

    /// The next order id of a client that has no other source of them, which is used by that. None if the broker has not
    /// offered any, or all are used.
    pub(crate) fn take_next(&mut self, client_id: ClientId, least: i32) -> Option<OrderId> {
        let brokers = *self.offered.get(&client_id)?;
        if self.is_used_up(client_id) {
            return None;
        }
        let next = OrderId(self.next_valid_id(client_id, brokers).0.max(least));
        self.used(client_id, next);
        (next.0 <= limits::ORDER_ID_MAX).then_some(next)
    }

    /// Whether a client has used the highest order id, so that only the broker can begin anew.
    pub(crate) fn is_used_up(&self, client_id: ClientId) -> bool {
        self.high_water.get(&client_id).is_some_and(|mark| mark.0 >= limits::ORDER_ID_MAX)
    }

    /// The next order id to offer: the broker's, or above everything that this client has used.
    pub(crate) fn next_valid_id(&self, client_id: ClientId, brokers: OrderId) -> OrderId {
        if self.is_used_up(client_id) {
            return brokers;
        }
        let own = self.high_water.get(&client_id).map_or(0, |mark| mark.0.saturating_add(1));
        OrderId(brokers.0.max(own))
    }
}

impl BotLink {
    /// The bot is gone and its upstream stays: nobody is left to show anything to, or to release a group.
    pub(crate) fn leave(&mut self) {
        self.attached = false;
        self.staged.clear();
    }

    /// Remembers that this link was shown an execution.
    pub(crate) fn show_exec(&mut self, exec_id: &ExecId) {
        if !self.shown_execs.insert(exec_id.clone()) {
            return;
        }
        self.shown_order.push_back(exec_id.clone());
        if self.shown_order.len() > limits::SHOWN_EXECS_MAX
            && let Some(oldest) = self.shown_order.pop_front()
        {
            self.shown_execs.remove(&oldest);
        }
    }

    /// Whether this link was shown an execution.
    pub(crate) fn was_shown(&self, exec_id: &ExecId) -> bool {
        self.shown_execs.contains(exec_id)
    }

    /// Whether another order may be staged.
    pub(crate) fn can_stage(&self, order_id: OrderId) -> bool {
        self.staged.contains_key(&order_id) || self.staged.len() < limits::STAGED_PER_LINK_MAX
    }

    /// Takes out the staged orders that belong to this one, parents first: its parent, and every other
    /// child of that parent or of this order.
    pub(crate) fn take_group(&mut self, last: &OrderRequest) -> Vec<(OrderRequest, RawFrame)> {
        self.staged.remove(&last.order_id);
        let root = last.parent_id.unwrap_or(last.order_id);
        let members: Vec<OrderId> = self
            .staged
            .iter()
            .filter(|(id, (request, _))| **id == root || request.parent_id == Some(root))
            .map(|(id, _)| *id)
            .collect();
        let mut group: Vec<_> = members.iter().filter_map(|id| self.staged.remove(id)).collect();
        group.sort_by_key(|(request, _)| (request.parent_id.is_some(), request.order_id));
        group
    }
}
