//! Faults of the connections: the sockets of clients, TWS's link to IBKR, the data farms, the nightly restart.
//!
//! Owns what these faults do at their beginning and at their end. Whether one of them is on is kept in
//! `faults`.

use plimsoll_model::{ClientId, OrderId, PermId};
use plimsoll_tws::{Request, ServerVersion};

use crate::ibkr::exchange::Exchange;
use crate::ibkr::faults::Timer;
use crate::ibkr::order::State;
use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

/// TWS repeats 1100 about this often while a reset lasts.
pub(crate) const LINK_DOWN_REPEAT_SECS: i64 = 4;
/// Orders that TWS takes while it has no server, and messages about working ones that wait for it, each.
pub(crate) const KEPT_MAX: usize = 1_000;
/// TWS has lost IBKR; the code is 1100.
pub(crate) const LINK_LOST: &str = "Connectivity between IBKR and Trader Workstation has been lost.";

/// A message about an order at the exchange that waits for the link.
#[derive(Debug)]
pub(crate) struct KeptRequest {
    /// How many new orders were kept before it.
    behind: usize,
    from: Asked,
    /// What it was sent at: the client may be gone, or back with another one.
    version: ServerVersion,
    request: Request,
}

impl IbkrVenue {
    /// The connections that a fault means.
    pub(crate) fn conns_of(&self, client: Option<i32>) -> Vec<ConnId> {
        match client {
            None => self.conns.keys().copied().collect(),
            Some(client) => self.conn_of(ClientId(client)).into_iter().collect(),
        }
    }

    /// Ends connections, orderly or by a reset.
    pub(crate) fn drop_connections(&mut self, client: Option<i32>, reset: bool, out: &mut Vec<Output>) {
        for conn in self.conns_of(client) {
            self.conns.remove(&conn);
            self.faults.forget(conn);
            out.push(if reset { Output::Reset { conn } } else { Output::Close { conn } });
        }
    }

    /// 1100 comes again and again while the link is down.
    pub(crate) fn repeat_link_down(&mut self, out: &mut Vec<Output>) {
        if self.faults.link_down {
            self.notice_all(1100, LINK_LOST, out);
            self.set_timer(LINK_DOWN_REPEAT_SECS, Timer::LinkStillDown);
        }
    }

    /// The link is back: orders that were kept go out now, and what happened meanwhile is told.
    pub(crate) fn link_up(&mut self, data_kept: bool, out: &mut Vec<Output>) {
        self.faults.end_link_down();
        self.exchange.link_down = false;
        if data_kept {
            let text = "Connectivity between IBKR and Trader Workstation has been restored - data maintained. \
                        All data farms are connected: usfarm; ushmds; secdefnj.";
            self.notice_all(1102, text, out);
            self.reset_depth(out);
        } else {
            for conn in self.conns.values_mut() {
                conn.subscriptions.drop_market_data();
            }
            let text = "Connectivity between IBKR and Trader Workstation has been restored - data lost.";
            self.notice_all(1101, text, out);
        }
        self.tell_happenings(out);
        // All in the order in which it came. It is TWS's by now: whether the client that sent it is still there makes no
        // difference.
        let orders = std::mem::take(&mut self.exchange.kept);
        let mut requests = std::mem::take(&mut self.faults.kept).into_iter().peekable();
        for at in 0..=orders.len() {
            while let Some(kept) = requests.next_if(|kept| kept.behind <= at) {
                let conn = self.conn_of(kept.from.client).unwrap_or(kept.from.conn);
                let from = Asked { conn, ..kept.from };
                match kept.request {
                    Request::PlaceOrder(m) => self.place_order(from, kept.version, *m, out),
                    other => self.answer_kept(from, other, out),
                }
            }
            if let Some(perm) = orders.get(at) {
                self.exchange.release_kept(*perm);
            }
        }
        self.tell_happenings(out);
    }

    /// What becomes of an order message while the link is down. One that TWS can deal with by itself it takes at once;
    /// what concerns an order at the exchange waits for the link.
    pub(crate) fn take_without_link(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        let state_of = |order_id: i32| {
            let perm = self.exchange.by_client.get(&(from.client, OrderId(order_id)))?;
            Some(self.exchange.order(*perm).state)
        };
        let is_tws_own = |order_id| matches!(state_of(order_id), None | Some(State::Staged | State::Kept));
        let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
        // Cancels still find room when others have filled it with changes.
        let max = if matches!(request, Request::PlaceOrder(_)) { KEPT_MAX } else { 2 * KEPT_MAX };
        let before = self.exchange.happenings.len();
        match request {
            Request::PlaceOrder(m) if is_tws_own(m.order_id) => self.place_order(from, version, *m, out),
            Request::CancelOrder(m) if is_tws_own(m.order_id) => {
                self.exchange.cancel(from.client, OrderId(m.order_id));
            }
            request if self.faults.kept.len() < max => {
                if matches!(request, Request::ReqGlobalCancel(_)) {
                    self.exchange.cancel_kept();
                }
                let behind = self.exchange.kept.len();
                self.faults.kept.push(KeptRequest { behind, from, version, request });
            }
            request => {
                let (id, code, text) = match request {
                    Request::PlaceOrder(m) => {
                        (m.order_id, 134, "Modify order failed: no connection to the server.")
                    }
                    Request::CancelOrder(m) => {
                        (m.order_id, 161, "Cancel attempted when there is no connection to the server.")
                    }
                    _ => (-1, 1100, LINK_LOST),
                };
                self.send_error(from.conn, (id, code), text, out);
            }
        }
        self.exchange.tell_at_once(before);
        self.tell_happenings(out);
    }

    /// Tells how a farm is.
    pub(crate) fn tell_farm(&mut self, farm: &str, up: bool, out: &mut Vec<Output>) {
        let (what, broken, fine) = match farm {
            "ushmds" => ("HMDS data farm connection is", 2105, 2106),
            "secdefnj" => ("Sec-def data farm connection is", 2157, 2158),
            _ => ("Market data farm connection is", 2103, 2104),
        };
        let (code, state) = if up { (fine, "OK") } else { (broken, "broken") };
        if code == 2104 {
            self.notice_all(2119, &format!("Market data farm is connecting:{farm}"), out);
        }
        self.notice_all(code, &format!("{what} {state}:{farm}"), out);
        if code == 2104 {
            self.reset_depth(out);
        }
    }

    /// TWS restarts: sockets are reset, the port is closed, and what only TWS knew is gone.
    pub(crate) fn restart(&mut self, roll_back_ids: Option<i32>, out: &mut Vec<Output>) {
        self.notice_all(1100, LINK_LOST, out);
        out.push(Output::RefuseConnections(true));
        self.drop_connections(None, true, out);
        let staged: Vec<_> = self
            .exchange
            .open
            .iter()
            .copied()
            .filter(|perm| matches!(self.exchange.order(*perm).state, State::Staged | State::Kept))
            .collect();
        self.faults.kept.clear();
        self.exchange.kept.clear();
        for perm in staged {
            // Orders with transmit=0, and those that wait for the link, live in TWS alone and do not survive its restart.
            self.exchange.order_mut(perm).state = State::Canceled;
            self.exchange.finish(perm, "Lost with the restart of TWS");
        }
        if let Some(count) = roll_back_ids {
            self.exchange.roll_back_ids(count.max(0));
        }
    }

    /// The port moved: 1300, then the end.
    pub(crate) fn change_port(&mut self, port: u16, out: &mut Vec<Output>) {
        let text = format!(
            "TWS socket port has been reset and this connection is being dropped. \
             Please reconnect on the new port - {port}"
        );
        self.notice_all(1300, &text, out);
        self.drop_connections(None, false, out);
    }
}

impl Exchange {
    /// TWS has no server: it takes the order, and sends it once it has one again.
    pub(crate) fn keep(&mut self, perm: PermId) {
        let kept = self.open.iter().filter(|other| self.order(**other).state == State::Kept).count();
        if kept >= KEPT_MAX {
            self.at_once(|exchange| {
                exchange.reject(perm, "Too many orders wait for the connection to the server");
            });
            return;
        }
        self.order_mut(perm).state = State::Kept;
        self.kept.push(perm);
        self.at_once(|exchange| exchange.tell_order(perm));
    }

    /// The link is back: what was taken meanwhile goes to the exchange, if it was not taken back.
    fn release_kept(&mut self, perm: PermId) {
        if self.order(perm).state == State::Kept {
            self.release(perm);
        }
    }

    /// A global cancel ends at once what has never left.
    fn cancel_kept(&mut self) {
        for perm in self.kept.clone() {
            if self.order(perm).state == State::Kept {
                self.end_canceled(perm, "");
            }
        }
    }

    /// What this tells is told whether or not there is a server.
    pub(crate) fn at_once(&mut self, act: impl FnOnce(&mut Self)) {
        let before = self.happenings.len();
        act(self);
        self.tell_at_once(before);
    }

    /// What was told behind the first so many is told whether or not there is a server.
    fn tell_at_once(&mut self, before: usize) {
        let told = self.happenings.split_off(before.min(self.happenings.len()));
        self.at_once.extend(told);
    }

    /// The next ids of all clients fall back by so many, as was seen after restarts: ids come again, and what a
    /// client knew under them is another order. One that still works keeps its id.
    pub(crate) fn roll_back_ids(&mut self, count: i32) {
        for highest in self.highest_id.values_mut() {
            *highest = OrderId(highest.0.saturating_sub(count).max(0));
        }
        let (highest, orders) = (&self.highest_id, &self.orders);
        let above = |client: &ClientId, id: &OrderId| highest.get(client).is_some_and(|highest| id > highest);
        self.by_client.retain(|(client, id), perm| !above(client, id) || orders[perm].state.is_open());
    }
}
