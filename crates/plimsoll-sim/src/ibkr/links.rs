//! Faults of the connections: the sockets of clients, TWS's link to IBKR, the data farms, the nightly restart.
//!
//! Owns what these faults do at their beginning and at their end. Whether one of them is on is kept in
//! `faults`.

use plimsoll_model::{ClientId, OrderId};

use crate::ibkr::faults::Timer;
use crate::ibkr::order::State;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

/// TWS repeats 1100 about this often while a reset lasts.
pub(crate) const LINK_DOWN_REPEAT_SECS: i64 = 4;
/// TWS has lost IBKR; the code is 1100.
pub(crate) const LINK_LOST: &str = "Connectivity between IBKR and Trader Workstation has been lost.";

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
        for (from, request) in std::mem::take(&mut self.faults.kept) {
            if self.conns.get(&from.conn).and_then(crate::ibkr::conn::Conn::client) == Some(from.client) {
                self.answer_kept(from, request, out);
            }
        }
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
            .filter(|perm| self.exchange.order(*perm).state == State::Staged)
            .collect();
        for perm in staged {
            // Orders with transmit=0 live in TWS alone and do not survive its restart.
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

impl crate::ibkr::exchange::Exchange {
    /// The next ids of all clients fall back by so many, as was seen after restarts: ids come again, and what a
    /// client knew under them is another order.
    pub(crate) fn roll_back_ids(&mut self, count: i32) {
        for highest in self.highest_id.values_mut() {
            *highest = OrderId(highest.0.saturating_sub(count).max(0));
        }
        let highest = self.highest_id.clone();
        let above = |client: &ClientId, id: &OrderId| highest.get(client).is_some_and(|highest| id > highest);
        self.by_client.retain(|(client, id), _| !above(client, id));
    }
}
