//! The start of a connection: hello, version, `startApi`, and what a Gateway says then.

use plimsoll_model::{ClientId, OrderId};
use plimsoll_tws::frame;
use plimsoll_tws::handshake::{self, ClientHello, ServerHello};
use plimsoll_tws::message::{ManagedAccounts, NextValidId};
use plimsoll_tws::{Request, Response};

use crate::ibkr::conn::{Conn, Phase};
use crate::ibkr::permits;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};

/// Connections at work at once; a Gateway takes no more.
const CLIENTS_MAX: usize = 32;

impl IbkrVenue {
    /// Tries to read a hello. True once the version is agreed and frames may follow.
    pub(crate) fn try_hello(&mut self, conn: ConnId, out: &mut Vec<Output>) -> bool {
        let Some(from) = self.conns.get_mut(&conn) else { return false };
        let Phase::Hello(buffer) = &mut from.phase else { return true };
        let parsed = ClientHello::parse(buffer).map_err(|error| error.to_string());
        let bytes = std::mem::take(buffer);
        let (hello, used) = match parsed {
            Ok(Some(found)) => found,
            Ok(None) => {
                *buffer = bytes;
                return false;
            }
            Err(error) => {
                self.refuse_hello(conn, error, out);
                return false;
            }
        };
        match handshake::negotiate(&hello, u16::MAX) {
            Ok(version) => {
                from.version = version;
                from.phase = Phase::Shaken;
                from.decoder.push(&bytes[used..]);
                self.send_hello(conn, version.number(), out);
                true
            }
            Err(error) => {
                self.refuse_hello(conn, error.to_string(), out);
                false
            }
        }
    }

    fn send_hello(&mut self, conn: ConnId, version: u16, out: &mut Vec<Output>) {
        let zone = self.exchange.market.hours.zone().clone();
        let time = self.told_time().to_zoned(zone).strftime("%Y%m%d %H:%M:%S America/New_York").to_string();
        let payload = ServerHello { version, time_text: time.into() }.encode().into_bytes();
        out.push(Output::Send { conn, bytes: frame::encode(&payload) });
    }

    fn refuse_hello(&mut self, conn: ConnId, why: String, out: &mut Vec<Output>) {
        self.exchange.violated(ClientId(NO_ID), Kind::MalformedFrame, why);
        self.close(conn, out);
    }

    /// Takes the first message, which has to be `startApi`.
    pub(crate) fn take_start(&mut self, conn: ConnId, request: &Request, out: &mut Vec<Output>) {
        let Request::StartApi(start) = request else {
            let detail = format!("{} before startApi", request.name());
            self.exchange.violated(ClientId(NO_ID), Kind::MalformedFrame, detail);
            self.close(conn, out);
            return;
        };
        let client = ClientId(start.client_id);
        let in_use = self.conn_of(client).is_some();
        let full = self.started().len() >= CLIENTS_MAX;
        if let Some(from) = self.conns.get_mut(&conn) {
            from.phase = Phase::Started(client);
        }
        if in_use || full || client.0 < 0 {
            self.exchange.violated(client, Kind::ClientIdInUse, format!("client id {client}"));
            let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
            self.send_error(conn, (NO_ID, 326), text, out);
            self.close(conn, out);
            return;
        }
        self.faults.seize(conn, Some(client));
        self.tell_reading(out);
        self.greet(Asked { conn, client }, out);
    }

    fn greet(&mut self, from: Asked, out: &mut Vec<Output>) {
        if self.config.settings.push_open_orders && self.has_open_orders(from.client) {
            // Since 2026 a Gateway hands a returning client its open orders before anything else.
            self.answer_open_orders(from, out);
        }
        self.send_managed_accounts(from.conn, out);
        self.send_next_valid_id(from, out);
        self.send_farms(from.conn, out);
    }

    /// Tells how the farms are.
    pub(crate) fn send_farms(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        // Nobody here wants anything of the two farms of Europe, so they sleep as they do in most logins.
        let rows = [
            ("usfarm", 2103, 2104, "Market data farm connection is"),
            ("eufarm", 0, 0, ""),
            ("ushmds", 2105, 2106, "HMDS data farm connection is"),
            ("euhmds", 0, 0, ""),
            ("secdefnj", 2157, 2158, "Sec-def data farm connection is"),
        ];
        for (farm, broken, fine, what) in rows {
            let (code, text) = match () {
                () if self.faults.farm_down(farm) => (broken, format!("{what} broken:{farm}")),
                () if what.is_empty() || self.faults.is_idle(farm) => permits::idle_notice(farm),
                () => (fine, format!("{what} OK:{farm}")),
            };
            self.send_error(conn, (NO_ID, code), &text, out);
        }
        if self.faults.link_down {
            let text = "Connectivity between Trader Workstation and server is broken. It will be restored automatically.";
            self.send_error(conn, (NO_ID, 2110), text, out);
        }
    }

    /// Tells the accounts of the login.
    pub(crate) fn send_managed_accounts(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let names: Vec<&str> =
            self.exchange.account_names.iter().map(plimsoll_model::Account::as_str).collect();
        let list = names.join(",");
        let message = ManagedAccounts { list: list.as_str().into() };
        self.send(conn, &Response::ManagedAccounts(message), out);
    }

    /// Tells the next order id of a client.
    pub(crate) fn send_next_valid_id(&mut self, from: Asked, out: &mut Vec<Output>) {
        let OrderId(order_id) = self.exchange.next_valid_id(from.client);
        self.send(from.conn, &Response::NextValidId(NextValidId { order_id }), out);
    }

    /// What a client subscribed to. A request is only ever answered while its connection exists.
    pub(crate) fn subscriptions(&mut self, from: Asked) -> &mut crate::ibkr::conn::Subscriptions {
        let conn: &mut Conn =
            self.conns.get_mut(&from.conn).expect("requests are answered before their connection can end");
        &mut conn.subscriptions
    }
}
