//! Who hears of what happened.
//!
//! Owns the routing: an order's messages go to the client that sent it and to the master client; orders
//! made by hand go to client 0 and to the master client. Positions and account values go to whoever
//! subscribed to the account.

use plimsoll_model::ClientId;

use crate::ibkr::exchange::{Fill, Happening, Message};
use crate::ibkr::order::Order;
use crate::ibkr::server::NO_ID;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

impl IbkrVenue {
    /// Sends everything that happened since the last call. With the link down, TWS hears of nothing and
    /// tells it all when the link is back.
    pub(crate) fn tell_happenings(&mut self, out: &mut Vec<Output>) {
        for happening in std::mem::take(&mut self.exchange.at_once) {
            self.tell(happening, out);
        }
        if self.faults.link_down {
            return;
        }
        while !self.exchange.happenings.is_empty() {
            for happening in std::mem::take(&mut self.exchange.happenings) {
                self.tell(happening, out);
            }
        }
    }

    fn tell(&mut self, happening: Happening, out: &mut Vec<Output>) {
        match happening {
            Happening::Order(order) => self.tell_order(&order, out),
            Happening::Status(order) => {
                for conn in self.listeners(order.client) {
                    self.send(conn, &Self::order_status(&order), out);
                }
            }
            Happening::Executed(index) => {
                let fill = self.exchange.fills[index].clone();
                self.tell_fill(&fill, out);
            }
            Happening::Charged(index) => {
                let fill = self.exchange.fills[index].clone();
                for conn in self.listeners(fill.client) {
                    self.send(conn, &Self::commission_report(&fill), out);
                }
            }
            Happening::Message(message) => self.tell_message(&message, out),
        }
    }

    fn tell_order(&mut self, order: &Order, out: &mut Vec<Output>) {
        let description = self.open_order(order);
        for conn in self.listeners(order.client) {
            self.send(conn, &description, out);
            self.send(conn, &Self::order_status(order), out);
        }
    }

    fn tell_fill(&mut self, fill: &Fill, out: &mut Vec<Output>) {
        for conn in self.listeners(fill.client) {
            let Some(version) = self.conns.get(&conn).map(|conn| conn.version) else { continue };
            let details = self.exec_details(fill, NO_ID, version);
            self.send(conn, &details, out);
        }
        if !fill.booked {
            // An adviser's whole order, or a whole combination: the accounts' own rows follow.
            return;
        }
        self.tell_position(&fill.account, fill.sym, out);
        self.moved.insert(fill.account.clone());
    }

    /// Errors go to the order's own client only; the number would mean another order to anybody else.
    fn tell_message(&mut self, message: &Message, out: &mut Vec<Output>) {
        if let Some(conn) = self.conn_of(message.client) {
            self.send_error(conn, (message.order_id.0, message.code), &message.text, out);
        }
    }

    /// The connections that hear of a client's orders.
    fn listeners(&self, client: ClientId) -> Vec<ConnId> {
        let own = self.conn_of(client);
        let master = self.config.master_client_id.filter(|master| *master != client);
        let master = master.and_then(|master| self.conn_of(master));
        own.into_iter().chain(master).collect()
    }

    /// Sends a system notice to every started connection.
    pub(crate) fn notice_all(&mut self, code: i32, text: &str, out: &mut Vec<Output>) {
        for (_, conn) in self.started() {
            self.send_error(conn, (NO_ID, code), text, out);
        }
    }
}
