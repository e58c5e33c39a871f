//! What a bot does: orders of every kind, changes, cancels, and what the venue refuses.
//!
//! The same for both generations of the library; `crate::api` is the one in question.

use anyhow::Result;

use crate::api::orders::{Action, OcaType, Order, TimeInForce};
use crate::says;
use crate::session::{MINE, Session, stock};

fn order(kind: &str, action: Action, quantity: f64) -> Order {
    Order {
        action,
        order_type: kind.into(),
        total_quantity: quantity,
        account: MINE.into(),
        tif: TimeInForce::Day,
        order_ref: "mine".into(),
        transmit: true,
        ..Order::default()
    }
}

fn limit(action: Action, quantity: f64, price: f64) -> Order {
    Order { limit_price: Some(price), ..order("LMT", action, quantity) }
}

fn below(session: &Session, part: f64) -> f64 {
    (session.near * part).round()
}

/// Sends an order and says what it is told until it has one of these statuses.
fn place(session: &mut Session, order: &Order, status: &str) -> Result<i32> {
    let number = session.order_id();
    session.client.submit_order(number, &session.spy, order)?;
    session.until_status(number, status)?;
    Ok(number)
}

/// Says what comes until a refusal, and its code.
fn refused(session: &Session) -> Result<()> {
    says::result(&session.until_refusal()?);
    Ok(())
}

/// Asks for the end of an order. The stream of orders tells what comes of it.
fn cancel(session: &Session, number: i32) -> Result<()> {
    drop(session.client.cancel_order(number, "")?);
    Ok(())
}

fn cancelled(session: &Session, number: i32) -> Result<()> {
    session.settle();
    cancel(session, number)?;
    session.until_status(number, "Cancelled")
}

pub fn what_if(session: &mut Session) -> Result<()> {
    let number = session.order_id();
    let order = Order { what_if: true, ..limit(Action::Buy, 10.0, session.near) };
    session.client.submit_order(number, &session.spy, &order)?;
    session.until_open(number, None)
}

pub fn buy_market(session: &mut Session) -> Result<()> {
    place(session, &order("MKT", Action::Buy, 10.0), "Filled")?;
    session.until_commission()
}

pub fn rest_limit(session: &mut Session) -> Result<()> {
    let order = limit(Action::Buy, 5.0, below(session, 0.9));
    session.resting = place(session, &order, "Submitted")?;
    Ok(())
}

pub fn modify_limit(session: &mut Session) -> Result<()> {
    let (number, price) = (session.resting, below(session, 0.9) - 1.0);
    session.client.submit_order(number, &session.spy, &limit(Action::Buy, 6.0, price))?;
    session.until_open(number, Some(price))
}

pub fn cancel_limit(session: &mut Session) -> Result<()> {
    cancelled(session, session.resting)
}

pub fn cancel_again(session: &mut Session) -> Result<()> {
    cancel(session, session.resting)?;
    refused(session)
}

pub fn cancel_unknown(session: &mut Session) -> Result<()> {
    cancel(session, 987_654)?;
    refused(session)
}

pub fn duplicate_number(session: &mut Session) -> Result<()> {
    let order = limit(Action::Buy, 5.0, below(session, 0.9));
    session.client.submit_order(session.resting, &session.spy, &order)?;
    refused(session)
}

pub fn rest_stop(session: &mut Session) -> Result<()> {
    let stop = Order { aux_price: Some(below(session, 0.8)), ..order("STP", Action::Sell, 5.0) };
    let number = place(session, &stop, "PreSubmitted")?;
    cancelled(session, number)
}

pub fn rest_stop_limit(session: &mut Session) -> Result<()> {
    let (trigger, price) = (Some(below(session, 0.8)), Some(below(session, 0.79)));
    let stop = Order { aux_price: trigger, limit_price: price, ..order("STP LMT", Action::Sell, 5.0) };
    let number = place(session, &stop, "PreSubmitted")?;
    cancelled(session, number)
}

pub fn bracket(session: &mut Session) -> Result<()> {
    let [parent, profit, loss] = [session.order_id(), session.order_id(), session.order_id()];
    let entry = Order { transmit: false, ..limit(Action::Buy, 5.0, below(session, 0.9)) };
    let take = Order { transmit: false, parent_id: parent, ..limit(Action::Sell, 5.0, below(session, 1.1)) };
    let trigger = Some(below(session, 0.8));
    let stop = Order { aux_price: trigger, parent_id: parent, ..order("STP", Action::Sell, 5.0) };
    for (number, order) in [(parent, &entry), (profit, &take), (loss, &stop)] {
        session.client.submit_order(number, &session.spy, order)?;
    }
    session.until_status(parent, "Submitted")?;
    session.settle();
    cancel(session, parent)?;
    for number in [parent, profit, loss] {
        session.until_status(number, "Cancelled")?;
    }
    Ok(())
}

pub fn on_close(session: &mut Session) -> Result<()> {
    let number = session.order_id();
    session.client.submit_order(number, &session.spy, &order("MOC", Action::Buy, 5.0))?;
    session.until_open(number, None)?;
    cancelled(session, number)
}

pub fn one_cancels_all(session: &mut Session) -> Result<()> {
    let grouped = |order| Order { oca_group: "either".into(), oca_type: OcaType::CancelWithBlock, ..order };
    let first = place(session, &grouped(limit(Action::Buy, 5.0, below(session, 0.9))), "Submitted")?;
    place(session, &grouped(limit(Action::Buy, 5.0, below(session, 1.05))), "Filled")?;
    session.until_status(first, "Cancelled")
}

pub fn global_cancel(session: &mut Session) -> Result<()> {
    let mut numbers = Vec::new();
    for part in [0.9, 0.85] {
        let order = limit(Action::Buy, 5.0, below(session, part));
        numbers.push(place(session, &order, "Submitted")?);
    }
    session.client.global_cancel()?;
    for number in numbers {
        session.until_status(number, "Cancelled")?;
    }
    Ok(())
}

pub fn wrong_tick(session: &mut Session) -> Result<()> {
    let number = session.order_id();
    let order = limit(Action::Buy, 5.0, below(session, 0.9) + 0.0123);
    session.client.submit_order(number, &session.spy, &order)?;
    refused(session)
}

pub fn unknown_contract_order(session: &mut Session) -> Result<()> {
    let number = session.order_id();
    session.client.submit_order(number, &stock("NOSUCH"), &order("MKT", Action::Buy, 5.0))?;
    refused(session)
}

pub fn sell_market(session: &mut Session) -> Result<()> {
    place(session, &order("MKT", Action::Sell, 15.0), "Filled")?;
    session.until_commission()
}
