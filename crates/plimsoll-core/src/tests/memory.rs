//! What is kept small or forgotten, and what comes of it later all the same.

use std::fmt::Write as _;

use plimsoll_ledger::Ledger;
use plimsoll_model::{ClientId, OrderId, OrderStatus, PermId};

use super::order_state;
use super::script::Script;
use crate::Book;
use crate::limits::{BOOK_ORDERS_MAX, ENDED_ORDERS_MAX};

/// A world whose book packs what has ended at once.
fn packing() -> Script {
    let mut world = Script::new();
    world.bridge.book = Book::with_ended(0);
    world
}

fn filled(order_id: i32) -> crate::OrderState {
    let mut state = order_state(order_id);
    (state.status, state.cum_qty, state.posted_qty) = (OrderStatus::Filled, state.qty, state.qty);
    state.perm_id = Some(PermId(i64::from(order_id) + 1_000_000));
    state
}

#[test]
fn an_execution_that_comes_long_after_the_end_is_its_bots() {
    let mut world = packing();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.02 id=1
        10:00:02 venue accepts trend 1
        10:00:03 venue cancels trend 1
        10:00:04 quote SPY 500.00 500.02
        ",
    );
    assert!(trace.contains(" submit "), "{trace}");
    assert_eq!(world.bridge.book.recent().count(), 0, "it was not packed");
    // The cancel and the execution crossed on their way.
    world.run("10:05:00 venue fills trend 1 40 500.01\n10:05:01 wake");
    let (trend, book) = (world.config.bots[0].name.clone(), &world.bridge.book);
    let key = book.by_client(ClientId(11), OrderId(1)).unwrap();
    let state = book.get(key).unwrap();
    assert_eq!((state.cum_qty.to_string(), state.posted_qty.to_string()), ("40".into(), "40".into()));
    let view = world.bridge.snapshot(world.now());
    let held = view.positions.iter().find(|row| row.bot.as_ref() == Some(&trend)).unwrap();
    assert_eq!((held.qty.to_string(), held.fees.to_string()), ("40".into(), "1 USD".into()));
}

#[test]
fn the_number_of_an_order_that_ended_long_ago_is_still_used() {
    let mut world = packing();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.02 id=1
        10:00:02 venue fills trend 1 all 500.02
        ",
    );
    let trace = world.run("10:00:09 quote SPY 500.00 500.02\n10:00:09 trend BUY 1 SPY LMT 499.00 id=1");
    assert!(trace.contains("deny") && trace.contains("order id 1"), "{trace}");
}

#[test]
fn orders_are_packed_from_the_oldest_on_and_found_under_every_name_until_they_are_forgotten() {
    let mut book = Book::default();
    for id in 1..=i32::try_from(BOOK_ORDERS_MAX).unwrap() {
        book.insert(filled(id));
        book.begin_event();
    }
    assert_eq!(book.recent().count(), ENDED_ORDERS_MAX);
    let first = filled(1);
    let key = book.by_perm(PermId(1_000_001)).unwrap();
    assert_eq!(book.by_client(ClientId(11), OrderId(1)), Some(key));
    assert_eq!(book.by_ref(first.cl_ord_id.as_ref().unwrap()), Some(key));
    assert_eq!(format!("{:?}", book.get(key).unwrap()), format!("{first:?}"));
    // One more than there is room for: the oldest goes, packed or not, and leaves no name behind.
    book.insert(filled(30_000));
    assert!(book.get(key).is_none());
    assert_eq!(book.by_perm(PermId(1_000_001)), None);
    assert_eq!(book.by_client(ClientId(11), OrderId(1)), None);
    assert_eq!(book.by_ref(first.cl_ord_id.as_ref().unwrap()), None);
    assert!(book.by_client(ClientId(11), OrderId(2)).is_some());
}

#[test]
fn an_order_that_is_told_of_again_is_whole_for_a_while() {
    let mut book = Book::with_ended(1);
    let (first, second) = (book.insert(filled(1)), book.insert(filled(2)));
    book.begin_event();
    let whole = |book: &Book| book.recent().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(whole(&book), [second]);
    book.update(first, |state| state.perm_id = Some(PermId(7)));
    assert_eq!(book.changed().map(|(key, _)| key).collect::<Vec<_>>(), [first]);
    assert_eq!(book.by_perm(PermId(7)), Some(first));
    book.begin_event();
    assert_eq!(whole(&book), [first]);
    assert_eq!(book.get(second).unwrap().order_id, Some(OrderId(2)));
}

/// The broker repeats all executions of the day whenever it is asked, and the ledger keeps only three.
#[test]
fn no_execution_is_booked_twice_when_the_broker_repeats_more_than_is_kept() {
    let mut world = packing();
    world.bridge.ledger = Ledger::keeping(3);
    let mut day = String::from("10:00:00 quote SPY 500.00 500.02\n");
    for id in 1..=8 {
        writeln!(day, "10:00:{:02} quote SPY 500.00 500.02", 2 * id).unwrap();
        writeln!(day, "10:00:{:02} trend BUY {id} SPY LMT 500.02 id={id}", 2 * id).unwrap();
        writeln!(day, "10:00:{:02} venue fills trend {id} all 500.02", 2 * id + 1).unwrap();
    }
    world.run(&day);
    let rows = |world: &Script| format!("{:?}", world.bridge.ledger.rows());
    let before = rows(&world);
    assert!(before.contains("qty: 36"), "{before}");
    let trace = world.run("10:01:00 own down\n10:01:01 own up\n10:01:02 own answers");
    assert_eq!(rows(&world), before);
    let said = trace.lines().filter(|line| line.contains("only the sums of executions are kept")).count();
    assert_eq!(said, 1, "{trace}");
    assert!(trace.contains("reconciled") && !trace.contains("is foreign"), "{trace}");
    // A new one counts, repeated or not.
    world.run(
        "
        10:01:10 quote SPY 500.00 500.02
        10:01:10 trend BUY 4 SPY LMT 500.02 id=9
        10:01:11 venue fills trend 9 all 500.02
        10:01:12 own down
        10:01:13 own up
        10:01:14 own answers
        ",
    );
    assert!(rows(&world).contains("qty: 40"), "{}", rows(&world));
    assert!(world.bridge.snapshot(world.now()).breaks.is_empty());
}
