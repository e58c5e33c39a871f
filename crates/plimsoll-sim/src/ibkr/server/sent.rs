//! Orders as they were sent, for the echo in openOrder and in the list of completed orders.
//!
//! An order on the wire has some 140 fields, and nearly all of them are the same in all orders of a bot. So an order that
//! differs from one of the latest forms only in what the venue shows from its own books anyway shares that copy. One
//! that is like none of them, as a bracket's child is that names its parent, has a copy of its own.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use plimsoll_model::PermId;
use plimsoll_tws::message::Order as WireOrder;

/// How many of the latest forms a new order is compared with. A fleet of bots has a few each.
const FORMS_MAX: usize = 64;

/// What was sent of each order.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    orders: BTreeMap<PermId, Arc<WireOrder>>,
    /// The latest used forms, the latest last.
    forms: VecDeque<Arc<WireOrder>>,
}

impl Sent {
    /// Keeps an order in the place of what was sent before under its number.
    pub(crate) fn insert(&mut self, perm: PermId, order: WireOrder) {
        let order = form_of(order);
        let known = self.forms.iter().rposition(|form| **form == order).and_then(|at| self.forms.remove(at));
        let form = known.unwrap_or_else(|| Arc::new(order));
        if self.forms.len() == FORMS_MAX {
            self.forms.pop_front();
        }
        self.forms.push_back(Arc::clone(&form));
        self.orders.insert(perm, form);
    }

    /// What was sent, without what the venue has in its own books.
    pub(crate) fn get(&self, perm: PermId) -> Option<&WireOrder> {
        self.orders.get(&perm).map(|form| &**form)
    }
}

/// The order without what `shown_order` writes over it in any case.
fn form_of(order: WireOrder) -> WireOrder {
    WireOrder {
        action: "".into(),
        total_qty: None,
        order_type: "".into(),
        limit_px: None,
        aux_px: None,
        tif: "".into(),
        account: "".into(),
        order_ref: "".into(),
        ..order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(order_ref: &str, display_size: Option<i32>) -> WireOrder {
        WireOrder { order_ref: order_ref.into(), display_size, ..WireOrder::default() }
    }

    #[test]
    fn orders_that_differ_in_what_the_books_have_share_one_copy_and_others_do_not() {
        let mut sent = Sent::default();
        sent.insert(PermId(1), order("a", None));
        sent.insert(PermId(2), order("b", None));
        sent.insert(PermId(3), order("a", Some(5)));
        let at = |number| Arc::as_ptr(&sent.orders[&PermId(number)]);
        assert_eq!((at(1) == at(2), at(1) == at(3)), (true, false));
        assert_eq!(sent.get(PermId(3)).and_then(|order| order.display_size), Some(5));
        assert_eq!(sent.get(PermId(4)), None);
    }

    #[test]
    fn no_more_forms_are_compared_than_are_kept_and_every_order_keeps_its_own() {
        let mut sent = Sent::default();
        for size in 0..200 {
            sent.insert(PermId(i64::from(size)), order("", Some(size)));
        }
        assert_eq!(sent.forms.len(), FORMS_MAX);
        assert_eq!(sent.get(PermId(0)).and_then(|order| order.display_size), Some(0));
    }
}
