//! Which exchanges stand behind a smart quote.
//!
//! Owns the letters. They are those of the American tapes, as their plans publish them; the bits are in the
//! order of the exchanges here.

use plimsoll_tws::Response;
use plimsoll_tws::message::{ReqSmartComponents, SmartComponent, SmartComponents};

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::market::ladder::EXCHANGES;

/// The set of exchanges that every smart quote here is made of, as `tickReqParams` names it.
pub(crate) const BBO_EXCHANGE: &str = "9c0001";
/// The letters of the exchanges, in their order.
const LETTERS: [&str; EXCHANGES.len()] = ["P", "Q", "V", "Z", "K", "Y"];

impl IbkrVenue {
    /// `reqSmartComponents`.
    pub(crate) fn smart_components(&mut self, from: Asked, m: &ReqSmartComponents, out: &mut Vec<Output>) {
        if m.bbo_exchange != BBO_EXCHANGE {
            // The code is that of other requests that cannot be read; the words are assumed.
            let text = "Error validating request.-'cp' : cause - Invalid BBO exchange";
            self.send_error(from.conn, (m.req_id, 321), text, out);
            return;
        }
        let component = |(bit, (exchange, letter)): (i32, (&&str, &&str))| SmartComponent {
            bit,
            exchange: (*exchange).into(),
            letter: (*letter).into(),
        };
        let components = (0..).zip(EXCHANGES.iter().zip(&LETTERS)).map(component).collect();
        let message = SmartComponents { req_id: m.req_id, components };
        self.send(from.conn, &Response::SmartComponents(message), out);
    }
}
