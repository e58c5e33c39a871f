//! `exerciseOptions`: from the wire to the clearing house.
//!
//! Owns the reading of the request. It has a number, but no answer: what it does is told as executions.

use plimsoll_model::OrderId;
use plimsoll_tws::message::ExerciseOptions;

use crate::ibkr::Output;
use crate::ibkr::expiry::{Exercise, Wish};
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::UNKNOWN;
use crate::ibkr::venue::IbkrVenue;
use crate::market::listing::Product;

impl IbkrVenue {
    /// `exerciseOptions`.
    pub(crate) fn exercise_options(&mut self, from: Asked, m: &ExerciseOptions, out: &mut Vec<Output>) {
        if let Err((code, text)) = self.try_exercise(from, m) {
            self.send_error(from.conn, (m.req_id, code), &text, out);
        }
    }

    fn try_exercise(&mut self, from: Asked, m: &ExerciseOptions) -> Result<(), (i32, String)> {
        let invalid = |cause: &str| (321, format!("Error validating request.-'bF' : cause - {cause}"));
        let (under, series) = self.option_of(&m.contract).ok_or_else(|| (200, UNKNOWN.to_owned()))?;
        let wish = match m.action {
            1 => Wish::Exercise,
            2 => Wish::Lapse,
            _ => return Err(invalid("Invalid exercise action")),
        };
        let named = self.named_account(m.account.as_str()).map_err(|()| invalid("Invalid account code."))?;
        let account = match named {
            Some(account) => account,
            None if self.exchange.account_names.len() == 1 => self.exchange.account_names[0].clone(),
            None => return Err((435, "You must specify an account.".to_owned())),
        };
        let sym = self.exchange.market.open_book(Product::Option(under, series));
        let sym = sym.ok_or_else(|| invalid("Too many options"))?;
        self.exchange.keep_mark(sym);
        let asked = Exercise {
            by: (from.client, OrderId(m.req_id)),
            account,
            sym,
            qty: i64::from(m.qty),
            wish,
            overriding: m.override_action,
        };
        self.exchange.exercise(&asked).map_err(|refusal| (refusal.code, refusal.text))
    }
}
