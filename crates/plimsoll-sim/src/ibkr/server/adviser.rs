//! Adviser data on the wire: groups and aliases as XML.
//!
//! Owns `requestFA` and `replaceFA`. Profiles were merged into groups in TWS 10.20 and are answered with 585's
//! server-side cousin, 321.

use plimsoll_tws::message::{ReceiveFa, ReplaceFa, ReplaceFaEnd};
use plimsoll_tws::{Response, Text};

use crate::ibkr::Output;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::venue::IbkrVenue;

const GROUPS: i32 = 1;
const ALIASES: i32 = 3;
const NO_ADVISER: &str = "FA data operations ignored for non FA customers.";

impl IbkrVenue {
    /// `requestFA`.
    pub(crate) fn adviser_data(&mut self, from: Asked, kind: i32, out: &mut Vec<Output>) {
        if !self.exchange.is_adviser() {
            self.send_error(from.conn, (NO_ID, 321), NO_ADVISER, out);
            return;
        }
        let xml = match kind {
            GROUPS => self.exchange.groups_xml(),
            ALIASES => self.aliases_xml(),
            _ => {
                let text = "Error validating request.-'bT' : cause - Profiles were merged into groups";
                self.send_error(from.conn, (NO_ID, 321), text, out);
                return;
            }
        };
        self.send(from.conn, &Response::ReceiveFa(ReceiveFa { kind, xml: Text::escaped(&xml) }), out);
    }

    fn aliases_xml(&self) -> String {
        let alias = |name: &plimsoll_model::Account| {
            format!("<AccountAlias><account>{name}</account><alias>{name}</alias></AccountAlias>")
        };
        let rows: String = self.exchange.account_names.iter().map(alias).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListOfAccountAliases>{rows}</ListOfAccountAliases>"
        )
    }

    /// `replaceFA`: 10230 and 10231 say what is wrong with the groups.
    pub(crate) fn replace_adviser_data(&mut self, from: Asked, m: &ReplaceFa, out: &mut Vec<Output>) {
        let text = if !self.exchange.is_adviser() {
            self.send_error(from.conn, (m.req_id, 321), NO_ADVISER, out);
            NO_ADVISER
        } else if m.kind != GROUPS {
            self.send_error(from.conn, (m.req_id, 321), "Only groups can be replaced", out);
            "failure"
        } else if let Err(why) = self.exchange.replace_groups(&m.xml.to_str_lossy()) {
            self.send_error(from.conn, (m.req_id, 10231), &format!("FA groups contain errors: {why}"), out);
            "failure"
        } else {
            "success"
        };
        let end = ReplaceFaEnd { req_id: m.req_id, text: text.into() };
        self.send(from.conn, &Response::ReplaceFaEnd(end), out);
    }
}
