//! Orders that ended a while ago, packed into a few bytes each.
//!
//! A venue may speak of an order as long as the day lasts: a late execution, the list of completed orders, a change
//! of a number that was used. So nothing of an order is given up when it ends; it is only kept small, and unpacked
//! when somebody looks.
//!
//! Invariant: what was unpacked is what was packed, digit for digit.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{
    Account, ClOrdId, ClientId, InstrumentId, OrdType, OrderId, OrderStatus, PermId, Price, Qty, Side,
    TimeInForce,
};
use rust_decimal::Decimal;

use super::segments::{Place, Segments};
use super::{OrderKey, OrderState, OrderTerms, Owner};

/// All packed orders. Their bytes lie together and their references are known by a hash: small parts of their own,
/// left behind among the large ones of orders that are whole, would keep what these leave from being used again.
#[derive(Debug, Default)]
pub(super) struct Past {
    orders: BTreeMap<OrderKey, Packed>,
    bytes: Segments,
    /// By the hash of our reference.
    refs: BTreeMap<u64, OrderKey>,
    /// One for all orders that have it in common.
    whose: BTreeSet<Arc<Whose>>,
    /// Those that were unpacked to be looked at.
    looked_at: RefCell<Vec<OrderKey>>,
}

#[derive(Debug)]
struct Packed {
    whose: Arc<Whose>,
    bytes: Place,
    /// While somebody looks.
    unpacked: OnceCell<Box<OrderState>>,
}

/// What many orders have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Whose {
    owner: Owner,
    account: Option<Account>,
    instrument: InstrumentId,
}

impl Past {
    /// Takes an order in; not one of the few that have more to them than fits. By its reference it is found here if it
    /// was before.
    pub(super) fn take(&mut self, key: OrderKey, state: &OrderState, by_ref: bool) -> bool {
        let hash = state.cl_ord_id.as_ref().filter(|_| by_ref).map(hash_of);
        if hash.is_some_and(|hash| self.refs.contains_key(&hash)) {
            // Two references with one hash: the second order stays whole.
            return false;
        }
        let Some(bytes) = pack(state) else { return false };
        let whose = Whose {
            owner: state.owner.clone(),
            account: state.account.clone(),
            instrument: state.instrument.clone(),
        };
        let whose = if let Some(known) = self.whose.get(&whose) {
            Arc::clone(known)
        } else {
            let whose = Arc::new(whose);
            self.whose.insert(Arc::clone(&whose));
            whose
        };
        self.refs.extend(hash.map(|hash| (hash, key)));
        let bytes = self.bytes.add(&bytes);
        self.orders.insert(key, Packed { whose, bytes, unpacked: OnceCell::new() });
        true
    }

    /// By our reference.
    pub(super) fn by_ref(&self, cl_ord_id: &ClOrdId) -> Option<OrderKey> {
        let key = *self.refs.get(&hash_of(cl_ord_id))?;
        let is_it = reference_in(self.bytes.get(self.orders.get(&key)?.bytes)) == Some(cl_ord_id.as_str());
        is_it.then_some(key)
    }

    /// The order, until [`look_away`](Self::look_away).
    pub(super) fn get(&self, key: OrderKey) -> Option<&OrderState> {
        let packed = self.orders.get(&key)?;
        let unpack = || {
            self.looked_at.borrow_mut().push(key);
            Box::new(unpack(&packed.whose, self.bytes.get(packed.bytes)))
        };
        Some(packed.unpacked.get_or_init(unpack))
    }

    /// Gives an order back, and whether it was found by its reference here.
    pub(super) fn give(&mut self, key: OrderKey) -> Option<(Box<OrderState>, bool)> {
        let Packed { whose, bytes, unpacked } = self.orders.remove(&key)?;
        let state = unpacked.into_inner().unwrap_or_else(|| Box::new(unpack(&whose, self.bytes.get(bytes))));
        self.bytes.remove(bytes);
        // This one's and the table's own.
        if Arc::strong_count(&whose) == 2 {
            self.whose.remove(&whose);
        }
        let hash = state.cl_ord_id.as_ref().map(hash_of).filter(|hash| self.refs.get(hash) == Some(&key));
        let was_found = hash.is_some_and(|hash| self.refs.remove(&hash).is_some());
        Some((state, was_found))
    }

    /// Nobody looks at anything any more.
    pub(super) fn look_away(&mut self) {
        for key in self.looked_at.get_mut().drain(..) {
            if let Some(packed) = self.orders.get_mut(&key) {
                packed.unpacked.take();
            }
        }
    }

    #[cfg(test)]
    pub(super) fn unpacked_count(&self) -> usize {
        self.orders.values().filter(|packed| packed.unpacked.get().is_some()).count()
    }

    pub(super) fn oldest(&self) -> Option<OrderKey> {
        self.orders.keys().next().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }
}

/// FNV-1a: the same in every replay. References are ours, so nobody chooses them to collide.
fn hash_of(cl_ord_id: &ClOrdId) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    cl_ord_id.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What is rare stays as it is: frames and changes that are gone when an order has ended in an orderly way, combos,
/// and what a guard denied, of which there are few.
fn pack(state: &OrderState) -> Option<Box<[u8]>> {
    // Every field is named, so that a new one cannot be forgotten here.
    let OrderState {
        owner: _,
        account: _,
        instrument: _,
        cl_ord_id,
        client_id,
        order_id,
        perm_id,
        legs,
        side,
        qty,
        ord_type,
        limit_px,
        stop_px,
        tif,
        parent_id,
        oca_group,
        status,
        cum_qty,
        avg_px,
        denied_by,
        bot_ref,
        since,
        open_order,
        status_frame,
        posted_qty,
        lost_qty,
        legs_posted,
        changes,
        by_absence,
    } = state;
    let is_plain = legs.is_empty() && legs_posted.is_empty() && changes.is_empty() && denied_by.is_none();
    if !is_plain || !lost_qty.is_zero() || open_order.is_some() || status_frame.is_some() {
        return None;
    }
    let end = match status {
        OrderStatus::Filled => 0,
        OrderStatus::Canceled => 1,
        OrderStatus::Rejected => 2,
        _ => return None,
    };
    let mut to = Packer(Vec::with_capacity(128));
    to.0.push(end | u8::from(*side == Side::Sell) << 2 | u8::from(*by_absence) << 3);
    to.option(cl_ord_id.as_ref(), |to, id| to.text(id.as_str()));
    to.option(client_id.as_ref(), |to, id| to.signed(id.0.into()));
    to.option(order_id.as_ref(), |to, id| to.signed(id.0.into()));
    to.option(perm_id.as_ref(), |to, id| to.signed(id.0.into()));
    to.decimal(qty.get());
    to.text(ord_type.as_wire());
    to.option(limit_px.as_ref(), |to, px| to.decimal(px.get()));
    to.option(stop_px.as_ref(), |to, px| to.decimal(px.get()));
    to.text(tif.as_wire());
    to.option(parent_id.as_ref(), |to, id| to.signed(id.0.into()));
    to.text(oca_group);
    to.decimal(cum_qty.get());
    to.option(avg_px.as_ref(), |to, px| to.decimal(px.get()));
    to.text(bot_ref);
    to.signed(since.as_nanosecond());
    to.decimal(posted_qty.get());
    Some(to.0.into_boxed_slice())
}

/// Our reference in the bytes of an order.
fn reference_in(bytes: &[u8]) -> Option<&str> {
    let mut from = Unpacker(bytes);
    from.byte();
    from.option(Unpacker::text)
}

fn unpack(whose: &Whose, bytes: &[u8]) -> OrderState {
    let mut from = Unpacker(bytes);
    let first = from.byte();
    let cl_ord_id = from.option(|from| ClOrdId::new(from.text()).expect("it was one"));
    let client_id = from.option(|from| ClientId(from.int()));
    let order_id = from.option(|from| OrderId(from.int()));
    let perm_id = from.option(|from| PermId(from.int()));
    let terms = OrderTerms {
        side: if first & 4 == 0 { Side::Buy } else { Side::Sell },
        qty: from.qty(),
        ord_type: OrdType::from_wire(from.text()),
        limit_px: from.option(Unpacker::px),
        stop_px: from.option(Unpacker::px),
        tif: TimeInForce::from_wire(from.text()),
    };
    let parent_id = from.option(|from| OrderId(from.int()));
    let oca_group = from.text().into();
    let (cum_qty, avg_px) = (from.qty(), from.option(Unpacker::px));
    let bot_ref = from.text().into();
    let since = Timestamp::from_nanosecond(from.signed()).expect("it was one");
    let posted_qty = from.qty();
    OrderState {
        cl_ord_id,
        client_id,
        order_id,
        perm_id,
        account: whose.account.clone(),
        parent_id,
        oca_group,
        status: match first & 3 {
            0 => OrderStatus::Filled,
            1 => OrderStatus::Canceled,
            _ => OrderStatus::Rejected,
        },
        cum_qty,
        avg_px,
        bot_ref,
        posted_qty,
        by_absence: first & 8 != 0,
        ..OrderState::of(whose.owner.clone(), terms, whose.instrument.clone(), since)
    }
}

/// Numbers in as many groups of seven bits as they need, texts behind their length.
struct Packer(Vec<u8>);

impl Packer {
    fn unsigned(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// The sign is the lowest bit.
    fn sign_and_size(&mut self, is_negative: bool, size: u128) {
        self.unsigned(size << 1 | u128::from(is_negative));
    }

    fn signed(&mut self, value: i128) {
        self.sign_and_size(value < 0, value.unsigned_abs());
    }

    fn text(&mut self, text: &str) {
        self.unsigned(text.len() as u128);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn decimal(&mut self, value: Decimal) {
        self.unsigned(value.scale().into());
        self.sign_and_size(value.is_sign_negative(), value.mantissa().unsigned_abs());
    }

    fn option<T>(&mut self, value: Option<&T>, pack: impl FnOnce(&mut Self, &T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            pack(self, value);
        }
    }
}

/// What a [`Packer`] wrote, in the same order.
struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("what was packed has all its bytes");
        self.0 = rest;
        *first
    }

    fn unsigned(&mut self) -> u128 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> i128 {
        let value = self.unsigned();
        let size = i128::try_from(value >> 1).expect("half of it fits");
        if value & 1 == 0 { size } else { -size }
    }

    fn int<T: TryFrom<i128>>(&mut self) -> T {
        T::try_from(self.signed()).ok().expect("it was one of these")
    }

    fn text(&mut self) -> &'a str {
        let len = usize::try_from(self.unsigned()).expect("it was the length of a text");
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        std::str::from_utf8(text).expect("it was a text")
    }

    fn decimal(&mut self) -> Decimal {
        let scale = u32::try_from(self.unsigned()).expect("it was a scale");
        let value = self.unsigned();
        let size = i128::try_from(value >> 1).expect("half of it fits");
        let mut decimal = Decimal::from_i128_with_scale(size, scale);
        decimal.set_sign_negative(value & 1 == 1);
        decimal
    }

    fn px(&mut self) -> Price {
        Price::new(self.decimal())
    }

    fn qty(&mut self) -> Qty {
        Qty::new(self.decimal()).expect("it was one")
    }

    fn option<T>(&mut self, unpack: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.byte() == 1).then(|| unpack(self))
    }
}

#[cfg(test)]
mod tests {
    use arbtest::arbitrary::{Result, Unstructured};
    use arbtest::arbtest;
    use plimsoll_model::BotName;

    use super::*;

    fn decimal(u: &mut Unstructured<'_>) -> Result<Decimal> {
        let [lo, mid, hi] = u.arbitrary::<[u32; 3]>()?;
        Ok(Decimal::from_parts(lo, mid, hi, u.arbitrary()?, u.int_in_range(0..=28)?))
    }

    fn qty(u: &mut Unstructured<'_>) -> Result<Qty> {
        Ok(Qty::new(decimal(u)?.abs()).unwrap())
    }

    fn px(u: &mut Unstructured<'_>) -> Result<Option<Price>> {
        u.arbitrary::<bool>()?.then(|| decimal(u).map(Price::new)).transpose()
    }

    fn ended(u: &mut Unstructured<'_>) -> Result<OrderState> {
        let kinds = ["MKT", "LMT", "STP", "STP LMT", "MOC", "LOC", "TRAIL", "", "ü"];
        let terms = OrderTerms {
            side: *u.choose(&[Side::Buy, Side::Sell])?,
            qty: qty(u)?,
            ord_type: OrdType::from_wire(u.choose(&kinds)?),
            limit_px: px(u)?,
            stop_px: px(u)?,
            tif: TimeInForce::from_wire(u.choose(&["DAY", "GTC", "GTD", "IOC", "FOK", "OPG", "DTC"])?),
        };
        let owner =
            u.choose(&[Owner::Foreign, Owner::Fleet, Owner::Bot(BotName::new("trend").unwrap())])?.clone();
        let since = Timestamp::from_nanosecond(i128::from(u.arbitrary::<i64>()?)).unwrap();
        Ok(OrderState {
            cl_ord_id: ClOrdId::new(u.choose(&["", "SPY-trend-20261127-7"])?),
            client_id: u.arbitrary::<Option<i32>>()?.map(ClientId),
            order_id: u.arbitrary::<Option<i32>>()?.map(OrderId),
            perm_id: u.arbitrary::<Option<i64>>()?.map(PermId),
            account: Account::new(u.choose(&["", "U1"])?),
            parent_id: u.arbitrary::<Option<i32>>()?.map(OrderId),
            oca_group: u.arbitrary::<&str>()?.into(),
            status: *u.choose(&[OrderStatus::Filled, OrderStatus::Canceled, OrderStatus::Rejected])?,
            cum_qty: qty(u)?,
            avg_px: px(u)?,
            bot_ref: u.arbitrary::<&str>()?.into(),
            posted_qty: qty(u)?,
            by_absence: u.arbitrary()?,
            ..OrderState::of(owner, terms, InstrumentId::us_stock("SPY"), since)
        })
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        arbtest(|u| {
            let (state, key) = (ended(u)?, OrderKey(7));
            let mut past = Past::default();
            assert!(past.take(key, &state, true));
            let text = format!("{state:?}");
            assert_eq!(format!("{:?}", past.get(key).unwrap()), text);
            past.look_away();
            assert_eq!(format!("{:?}", past.get(key).unwrap()), text);
            let found = state.cl_ord_id.as_ref().and_then(|id| past.by_ref(id));
            assert_eq!(found, state.cl_ord_id.as_ref().map(|_| key));
            let (given, was_found) = past.give(key).unwrap();
            assert_eq!((format!("{given:?}"), was_found), (text, found.is_some()));
            assert!(past.get(key).is_none() && past.whose.is_empty());
            assert!(past.refs.is_empty() && past.bytes.is_empty());
            Ok(())
        });
    }

    #[test]
    fn an_order_whose_reference_is_found_elsewhere_is_not_found_by_it_here() {
        arbtest(|u| {
            let state = OrderState { cl_ord_id: ClOrdId::new("SPY-trend-20261127-7"), ..ended(u)? };
            let mut past = Past::default();
            assert!(past.take(OrderKey(1), &state, false));
            assert_eq!(past.by_ref(state.cl_ord_id.as_ref().unwrap()), None);
            // Nor is a second order packed under a hash that is taken.
            assert!(past.take(OrderKey(2), &state, true) && !past.take(OrderKey(3), &state, true));
            assert_eq!(past.by_ref(state.cl_ord_id.as_ref().unwrap()), Some(OrderKey(2)));
            assert!(!past.give(OrderKey(1)).unwrap().1 && past.give(OrderKey(2)).unwrap().1);
            Ok(())
        });
    }

    #[test]
    fn an_ordinary_order_takes_less_than_a_sixth_of_what_it_took() {
        let terms = OrderTerms {
            side: Side::Buy,
            qty: Qty::whole(100),
            ord_type: OrdType::Limit,
            limit_px: Some(Price::parse("650.25").unwrap()),
            stop_px: None,
            tif: TimeInForce::Day,
        };
        let since = Timestamp::from_second(1_795_000_000).unwrap();
        let state = OrderState {
            cl_ord_id: ClOrdId::new("SPY-trend-20261127-7"),
            client_id: Some(ClientId(11)),
            order_id: Some(OrderId(123)),
            perm_id: Some(PermId(1_234_567_890)),
            account: Account::new("U1234567"),
            status: OrderStatus::Canceled,
            ..OrderState::of(Owner::Foreign, terms, InstrumentId::us_stock("SPY"), since)
        };
        assert!(pack(&state).unwrap().len() * 6 < size_of::<OrderState>(), "{:?}", pack(&state));
    }

    #[test]
    fn what_has_more_to_it_stays_as_it_is() {
        arbtest(|u| {
            let state = ended(u)?;
            let open = OrderState { status: OrderStatus::New, ..state.clone() };
            let denied = OrderState { denied_by: Some(crate::GuardId::Halt), ..state.clone() };
            let shown = OrderState { open_order: Some(plimsoll_model::RawFrame::default()), ..state };
            let mut past = Past::default();
            for state in [open, denied, shown] {
                assert!(!past.take(OrderKey(1), &state, true), "{state:?}");
            }
            assert_eq!(past.len(), 0);
            Ok(())
        });
    }
}
