//! Display groups: the coloured groups of TWS's windows, without windows.
//!
//! Owns which contract each group shows. A client that subscribes is told at once and at every change,
//! whoever made it.

use plimsoll_tws::message::{ById, DisplayGroupList, GroupContract, SubscribeToGroupEvents, WireContract};
use plimsoll_tws::{Response, Text};

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::{Expired, UNKNOWN};
use crate::ibkr::server::span::invalid;
use crate::ibkr::venue::IbkrVenue;

/// Groups of a TWS.
pub(crate) const GROUPS: usize = 7;
/// What a group shows that shows nothing.
const NOTHING: &str = "none";

impl IbkrVenue {
    /// `queryDisplayGroups`.
    pub(crate) fn display_groups(&mut self, from: Asked, m: &ById, out: &mut Vec<Output>) {
        let numbers: Vec<String> = (1..=GROUPS).map(|number| number.to_string()).collect();
        let list = DisplayGroupList { req_id: m.req_id, groups: numbers.join("|").as_str().into() };
        self.send(from.conn, &Response::DisplayGroupList(list), out);
    }

    /// `subscribeToGroupEvents`.
    pub(crate) fn watch_group(&mut self, from: Asked, m: &SubscribeToGroupEvents, out: &mut Vec<Output>) {
        let group = usize::try_from(m.group).ok().filter(|group| (1..=GROUPS).contains(group));
        let Some(group) = group else {
            let (code, text) = invalid(&format!("Invalid group id {}", m.group));
            self.send_error(from.conn, (m.req_id, code), &text, out);
            return;
        };
        let watched = &mut self.subscriptions(from).groups;
        // One subscription for each group is all that can be of use.
        watched.retain(|_, known| *known != group);
        watched.insert(m.req_id, group);
        let shown = self.shown_in(group);
        let message = GroupContract { req_id: m.req_id, contract: Text::escaped(&shown) };
        self.send(from.conn, &Response::DisplayGroupUpdated(message), out);
    }

    /// `updateDisplayGroup`: `756733@SMART`, or `none`.
    pub(crate) fn show_in_group(&mut self, from: Asked, m: &GroupContract, out: &mut Vec<Output>) {
        let Some(group) = self.subscriptions(from).groups.get(&m.req_id).copied() else {
            self.complain_unless(false, from, m.req_id, out);
            return;
        };
        let wanted = m.contract.to_str_lossy().into_owned();
        if wanted != NOTHING && !self.can_be_shown(&wanted) {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        }
        self.groups.insert(group, wanted.clone());
        for (_, conn) in self.started() {
            let watched = self.conns[&conn].subscriptions.groups.iter();
            let told: Vec<i32> = watched.filter(|(_, known)| **known == group).map(|(id, _)| *id).collect();
            for req_id in told {
                let message = GroupContract { req_id, contract: Text::escaped(&wanted) };
                self.send(conn, &Response::DisplayGroupUpdated(message), out);
            }
        }
    }

    /// `unsubscribeFromGroupEvents`.
    pub(crate) fn leave_group(&mut self, from: Asked, m: &ById, out: &mut Vec<Output>) {
        let known = self.subscriptions(from).groups.remove(&m.req_id).is_some();
        self.complain_unless(known, from, m.req_id, out);
    }

    fn shown_in(&self, group: usize) -> String {
        self.groups.get(&group).cloned().unwrap_or_else(|| NOTHING.to_owned())
    }

    /// Whether a text names one contract by its number.
    fn can_be_shown(&self, text: &str) -> bool {
        let (number, exchange) = text.split_once('@').unwrap_or((text, ""));
        let Some(con_id) = number.parse().ok().filter(|number: &i32| *number > 0) else { return false };
        let contract = WireContract { con_id, exchange: exchange.into(), ..WireContract::default() };
        self.matching(&contract, Expired::Hidden).len() == 1
    }
}
