//! What a bot is shown of what the venue says: its accounts, its orders under its own references, its
//! executions, its holdings.
//!
//! A library that sees a stranger's order or position may take it for its own, close it, or trade against it
//! (pitfall 15), so a bot is shown its own only, unless the operator said otherwise ([`Shown::Account`]).
//! Its own is what its book and ledger say, and what it placed under its client id before Plimsoll came.
//! Account values and profits are the broker's, unfiltered. In observe mode a bot sees its whole accounts:
//! what it does is to be what it would do without Plimsoll.

use plimsoll_model::{
    Account, ClientId, ExecutionReport, LinkId, OpenOrderReport, OrderId, PositionReport, Price, RawFrame,
    Report, StatusReport,
};

use super::Bridge;
use crate::book::OrderKey;
use crate::config::{BotConfig, ExecutionTimes, Mode, Shown};
use crate::{Command, Holding, Rewrite, limits};

/// A bot, as far as it matters for what it may see.
#[derive(Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub(super) bot: &'a BotConfig,
    client_id: ClientId,
}

impl Viewer<'_> {
    pub(super) fn has(&self, account: &Account) -> bool {
        self.bot.accounts.contains(account)
    }
}

impl Bridge {
    /// Passes a report on to the bot of this link, as far as it concerns the bot.
    pub(super) fn show(&mut self, link: LinkId, report: &Report, raw: RawFrame, out: &mut Vec<Command>) {
        let Some(viewer) = self.viewer(link) else { return };
        let rewrites = match report {
            Report::ManagedAccounts(all) => {
                let own: Vec<_> = all.iter().filter(|account| viewer.has(account)).cloned().collect();
                if own.is_empty() {
                    let reason = "the login has none of this bot's accounts".to_owned();
                    out.push(Command::CloseBot { link, reason });
                    return;
                }
                if own.len() == all.len() { vec![] } else { vec![Rewrite::Accounts(own)] }
            }
            Report::NextValidId(id) => {
                let client_id = viewer.client_id;
                let next = self.links.next_valid_id(client_id, *id);
                self.links.offered(client_id, *id);
                if next.0 > limits::ORDER_ID_MAX {
                    out.push(Command::Notice { text: no_order_id_left(client_id) });
                }
                if next == *id { vec![] } else { vec![Rewrite::NextValidId(next)] }
            }
            Report::OpenOrder(order) | Report::CompletedOrder(order) => {
                if !self.sees_order(viewer, order) {
                    return;
                }
                let by_client = order.client_id.zip(order.order_id);
                self.bots_own_words(self.find(order.perm_id, by_client, None))
            }
            Report::Status(status) => {
                if !self.sees_status(viewer, status) {
                    return;
                }
                vec![]
            }
            Report::Execution(execution) => {
                if !self.sees_execution(viewer, execution) {
                    return;
                }
                let rewrites = self.execution_rewrites(viewer, execution);
                if let Some(state) = self.links.get_mut(link) {
                    state.show_exec(&execution.execution.exec_id);
                }
                rewrites
            }
            Report::Commission { exec_id, .. } => {
                if !self.sees_commission(link, viewer, exec_id) {
                    return;
                }
                vec![]
            }
            Report::AboutAccount(account) | Report::Equity { account, .. } if !viewer.has(account) => return,
            // The shell asks `holding_seen_by`, because a line of a holding may have to be shown again.
            Report::Position(_) | Report::Portfolio(_) | Report::PositionMulti { .. } => return,
            _ => vec![],
        };
        out.push(Command::ToBot { link, raw, rewrites });
    }

    /// The bot of a link, while it is there.
    pub(super) fn viewer(&self, link: LinkId) -> Option<Viewer<'_>> {
        let state = self.links.get(link).filter(|state| state.attached)?;
        Some(Viewer { bot: self.bot_config(&state.bot)?, client_id: state.client_id })
    }

    pub(super) fn execution_rewrites(&self, viewer: Viewer<'_>, report: &ExecutionReport) -> Vec<Rewrite> {
        let by_client = Some((report.client_id, report.order_id));
        let mut rewrites = self.bots_own_words(self.find(report.perm_id, by_client, None));
        if viewer.bot.execution_times == ExecutionTimes::Zoned {
            rewrites.push(Rewrite::ExecutionTime);
        }
        rewrites
    }

    /// What a bot is to see of a line about a holding of an account.
    pub fn holding_seen_by(&self, link: LinkId, line: &PositionReport) -> Holding {
        let Some(bot) = self.links.get(link).and_then(|state| self.bot_config(&state.bot)) else {
            return Holding::Hidden;
        };
        if !bot.accounts.contains(&line.account) {
            return Holding::Hidden;
        }
        if self.shows_all(bot) {
            return Holding::AsItIs;
        }
        let Ok(instrument) = self.contracts.identify(&line.contract) else { return Holding::Hidden };
        let position = self.ledger.bot_position(&bot.name, &line.account, &instrument);
        if position == line.position {
            return Holding::AsItIs;
        }
        let multiplier = self.terms(&instrument).map_or(rust_decimal::Decimal::ONE, |terms| terms.multiplier);
        let avg_px = self.ledger.bot_avg_px(&bot.name, &line.account, &instrument);
        // The broker's average of a derivative is per contract.
        let avg_cost = avg_px.and_then(|px| px.get().checked_mul(multiplier)).map(Price::new);
        Holding::Own { position, avg_cost, multiplier }
    }

    fn sees_order(&self, viewer: Viewer<'_>, order: &OpenOrderReport) -> bool {
        let by_client = order.client_id.zip(order.order_id);
        let key = self.find(order.perm_id, by_client, None);
        // The venue may leave the account out; then the book or the client's own id decides.
        let known = key.and_then(|key| self.book.get(key)).and_then(|state| state.account.as_ref());
        match order.account.as_ref().or(known) {
            Some(account) => viewer.has(account) && self.is_shown(viewer, key, by_client),
            None => by_client.is_some_and(|client| is_of(viewer, client)),
        }
    }

    fn sees_status(&self, viewer: Viewer<'_>, status: &StatusReport) -> bool {
        let client = (status.client_id, status.order_id);
        if is_of(viewer, client) {
            return true;
        }
        let key = self.find(status.perm_id, Some(client), None);
        let account = key.and_then(|key| self.book.get(key)).and_then(|state| state.account.as_ref());
        account.is_some_and(|account| viewer.has(account)) && self.is_shown(viewer, key, Some(client))
    }

    pub(super) fn sees_execution(&self, viewer: Viewer<'_>, report: &ExecutionReport) -> bool {
        let client = (report.client_id, report.order_id);
        let key = self.find(report.perm_id, Some(client), None);
        viewer.has(&report.execution.account) && self.is_shown(viewer, key, Some(client))
    }

    /// Whether an order in an account of the bot's is one that it is shown.
    fn is_shown(
        &self,
        viewer: Viewer<'_>,
        key: Option<OrderKey>,
        client: Option<(ClientId, OrderId)>,
    ) -> bool {
        let owner = key.and_then(|key| self.book.get(key)).and_then(|state| state.owner.bot());
        let is_part = key.is_some_and(|key| self.allocations.of_leg(key).is_some());
        match owner {
            // Its bot is told of it as of the order that it is a part of.
            Some(owner) if is_part && *owner == viewer.bot.name => false,
            _ if self.shows_all(viewer.bot) => true,
            Some(owner) => *owner == viewer.bot.name,
            None => client.is_some_and(|client| is_of(viewer, client)),
        }
    }

    /// Whether a bot is shown everything in its accounts.
    fn shows_all(&self, bot: &BotConfig) -> bool {
        let observes = self.config.as_ref().is_some_and(|config| config.mode == Mode::Observe);
        observes || bot.positions == Shown::Account
    }

    /// The reference that the bot itself wrote.
    fn bots_own_words(&self, key: Option<OrderKey>) -> Vec<Rewrite> {
        key.and_then(|key| self.book.get(key))
            .filter(|state| state.cl_ord_id.is_some())
            .map(|state| vec![Rewrite::OrderRef(state.bot_ref.clone())])
            .unwrap_or_default()
    }
}

/// Whether an order of this client and number was placed on the viewer's own connection. Orders by hand have
/// no number, or a negative one, and show up under client 0: they are nobody's.
fn is_of(viewer: Viewer<'_>, (client_id, order_id): (ClientId, OrderId)) -> bool {
    client_id == viewer.client_id && order_id.0 > 0
}

fn no_order_id_left(client_id: ClientId) -> String {
    format!(
        "client {client_id} has no order id left and its orders are denied; reset the API order ids in the API settings \
         of TWS while it has no working orders, and connect again"
    )
}
