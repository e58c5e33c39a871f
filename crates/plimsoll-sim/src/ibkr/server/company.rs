//! What is known about companies: nothing, said as a login without those subscriptions hears it.
//!
//! Owns the refusals of fundamentals and of Wall Street Horizon's calendar. Inventing balance sheets and
//! dates of earnings would give bots something to trust that is nowhere else in the simulation.

use plimsoll_tws::message::ReqFundamentalData;

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::{Expired, Instrument, UNKNOWN};
use crate::ibkr::venue::IbkrVenue;

impl IbkrVenue {
    /// `reqFundamentalData`: a fund or a future has no fundamentals, a company has some that are not
    /// subscribed.
    pub(crate) fn fundamentals(&mut self, from: Asked, m: &ReqFundamentalData, out: &mut Vec<Output>) {
        let (code, text) = match self.matching(&m.contract, Expired::Hidden).as_slice() {
            [] => (200, UNKNOWN),
            [Instrument::Stock(sym)] if self.exchange.market.listing(*sym).stock_type == "COMMON" => {
                (10358, "Fundamentals data is not allowed.")
            }
            _ => (430, "We are sorry, but fundamentals data for the security specified is not available."),
        };
        self.send_error(from.conn, (m.req_id, code), text, out);
    }

    /// `reqWshMetaData` and `reqWshEventData`.
    pub(crate) fn no_calendar(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        self.send_error(from.conn, (req_id, 10276), "News feed is not allowed.", out);
    }
}
