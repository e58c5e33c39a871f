//! What may stand in for an on-close order, and when. `model` looks at everything that can happen in between.

mod model;

use std::time::Duration;

use super::*;

const QTY: u64 = 100;

/// A half day: close at 13:00:00 in New York, which is 18:00:00 UTC.
fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().unwrap()
}

fn terms() -> Terms {
    Terms {
        qty: Qty::whole(QTY),
        ask_from: at("17:59:53"),
        at: at("17:59:58"),
        close: at("18:00:00"),
        settle: at("18:05:00"),
    }
}

/// One that has left.
fn sent() -> Fallback {
    let mut one = Fallback::new(terms());
    one.hear(Word::Sent);
    one
}

fn seen() -> Fallback {
    let mut one = sent();
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one
}

/// An order needs a second to the venue.
fn now(time: &str) -> Moment {
    Moment { time: at(time), arrival: at(time) + Duration::from_secs(1), epoch: Some(1) }
}

/// Takes the steps of this instant; questions are asked.
fn steps(one: &mut Fallback, moment: Moment) -> Vec<Step> {
    let mut all = Vec::new();
    while let Some(step) = one.step(moment) {
        if step == Step::Ask {
            one.asked(moment);
        }
        all.push(step);
    }
    all
}

/// The same where the venue answers at once and does not name the order.
fn heard(one: &mut Fallback, moment: Moment) -> Vec<Step> {
    let mut all = Vec::new();
    while let Some(step) = one.step(moment) {
        if step == Step::Ask {
            one.asked(moment);
            one.answered(moment.epoch.unwrap());
        } else {
            all.push(step);
        }
    }
    all
}

fn send(qty: u64) -> Step {
    Step::Send { qty: Qty::whole(qty) }
}

fn not_proved(all: &[Step]) -> bool {
    matches!(all, [Step::Tell(Finding::NotProved { .. })])
}

#[test]
fn a_canceled_order_is_replaced_by_a_market_order_two_seconds_before_the_close_and_not_earlier() {
    let mut one = seen();
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(heard(&mut one, now("17:59:57.999999999")), []);
    assert_eq!(steps(&mut one, now("17:59:58")), [send(100)]);
    assert_eq!(steps(&mut one, now("17:59:58")), []);
}

#[test]
fn no_market_order_leaves_before_the_venue_has_answered_what_was_asked_shortly_before() {
    let mut unsent = Fallback::new(terms());
    unsent.hear(Word::Unsent);
    let mut ended = seen();
    ended.hear(Word::Ended { cum_qty: Qty::ZERO });
    for mut one in [unsent, ended] {
        assert_eq!(steps(&mut one, now("17:59:56.999999999")), []);
        assert_eq!(one.next(at("17:59:56.999999999")), Some(at("17:59:57")));
        assert_eq!(steps(&mut one, now("17:59:57")), [Step::Ask]);
        assert_eq!(steps(&mut one, now("17:59:58")), []);
        one.answered(1);
        assert_eq!(steps(&mut one, now("17:59:58.9")), [send(100)]);
    }
}

#[test]
fn what_was_answered_long_before_is_no_sign_of_life() {
    let mut one = seen();
    assert_eq!(heard(&mut one, now("17:59:56.999999999")), []);
    assert_eq!(one.fate, Fate::Dead);
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    let told = Step::Tell(Finding::Unanswered { leaves_qty: Qty::whole(100) });
    assert_eq!(steps(&mut one, now("17:59:59")), [told]);
}

#[test]
fn what_was_answered_before_the_venue_was_out_of_reach_is_no_sign_of_life() {
    let mut one = seen();
    assert_eq!(heard(&mut one, now("17:59:57")), []);
    one.doubt_reach();
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.1")), [send(100)]);
}

#[test]
fn an_order_that_a_later_answer_names_again_is_left_to_the_auction() {
    let mut one = seen();
    assert_eq!(heard(&mut one, now("17:59:53")), []);
    assert_eq!(steps(&mut one, now("17:59:57")), [Step::Ask]);
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58")), []);
    assert_eq!(steps(&mut one, now("17:59:59")), [Step::Tell(Finding::Alive)]);
}

#[test]
fn from_the_instant_on_at_which_it_may_arrive_after_the_close_no_market_order_leaves_and_a_person_is_told() {
    let mut one = seen();
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.answered(1);
    one.hear(Word::Ended { cum_qty: Qty::whole(40) });
    let told = Step::Tell(Finding::TooLate { leaves_qty: Qty::whole(60) });
    assert_eq!(steps(&mut one, now("17:59:59")), [told]);
}

#[test]
fn only_what_was_not_executed_is_sent() {
    let mut one = seen();
    one.hear(Word::Executed { cum_qty: Qty::whole(30) });
    one.hear(Word::Ended { cum_qty: Qty::whole(20) });
    assert_eq!(heard(&mut one, now("17:59:58")), [send(70)]);
}

#[test]
fn an_order_that_never_left_us_is_dead_whatever_is_answered() {
    let mut one = Fallback::new(terms());
    one.hear(Word::Unsent);
    assert_eq!(heard(&mut one, now("17:59:58")), [send(100)]);
}

#[test]
fn an_order_that_the_venue_names_as_open_is_left_to_the_auction() {
    let mut one = seen();
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.5")), []);
    assert_eq!(steps(&mut one, now("17:59:59")), [Step::Tell(Finding::Alive)]);
}

#[test]
fn an_order_once_seen_open_that_no_answer_names_any_more_is_dead() {
    let mut one = seen();
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    one.answered(1);
    assert_eq!(heard(&mut one, now("17:59:58")), [send(100)]);
}

#[test]
fn answers_of_an_earlier_life_of_the_connection_prove_nothing() {
    let mut one = seen();
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    let later = Moment { epoch: Some(2), ..now("17:59:58") };
    assert_eq!(steps(&mut one, later), [Step::Ask]);
    one.answered(1);
    assert_eq!(steps(&mut one, later), []);
    one.answered(2);
    assert_eq!(steps(&mut one, later), [send(100)]);
}

#[test]
fn a_silent_order_that_no_answer_names_is_canceled_first_and_dead_when_that_is_confirmed() {
    let mut one = sent();
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:54")), [Step::Cancel]);
    assert_eq!(heard(&mut one, now("17:59:57")), []);
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(steps(&mut one, now("17:59:58")), [send(100)]);
}

#[test]
fn a_silent_order_whose_cancel_stays_without_an_answer_is_told_and_nothing_is_sent() {
    let mut one = sent();
    steps(&mut one, now("17:59:53"));
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:53.2")), [Step::Cancel]);
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.2")), []);
    assert!(not_proved(&steps(&mut one, now("17:59:59"))));
}

#[test]
fn an_order_that_is_on_its_way_while_the_questions_are_answered_is_not_dead() {
    let mut one = sent();
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    one.answered(1);
    steps(&mut one, now("17:59:53"));
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:56.999")), []);
    assert_eq!(steps(&mut one, now("17:59:57")), [Step::Ask]);
}

#[test]
fn an_execution_is_no_word_about_the_rest_so_a_silent_order_is_canceled_all_the_same() {
    let mut one = sent();
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.hear(Word::Executed { cum_qty: Qty::whole(10) });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.1")), [Step::Cancel]);
    one.hear(Word::Ended { cum_qty: Qty::whole(10) });
    assert_eq!(steps(&mut one, now("17:59:58.2")), [send(90)]);
}

#[test]
fn an_inactive_order_is_canceled_and_is_dead_only_then() {
    let mut one = sent();
    one.hear(Word::Inactive { cum_qty: Qty::ZERO });
    assert_eq!(steps(&mut one, now("17:59:53")), [Step::Ask]);
    one.hear(Word::Inactive { cum_qty: Qty::ZERO });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:54")), [Step::Cancel]);
    assert_eq!(steps(&mut one, now("17:59:56.999")), []);
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(heard(&mut one, now("17:59:58.3")), [send(100)]);
}

#[test]
fn an_error_that_says_that_it_is_over_is_a_reason_to_ask_and_no_proof() {
    let mut one = sent();
    one.hear(Word::Refused);
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.hear(Word::Executed { cum_qty: Qty::whole(60) });
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.3")), [send(40)]);
}

#[test]
fn without_a_connection_nothing_is_known_and_nothing_is_sent() {
    let mut one = seen();
    let down = |time| Moment { epoch: None, ..now(time) };
    assert_eq!(steps(&mut one, down("17:59:53")), []);
    let mut dead = seen();
    dead.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(steps(&mut dead, down("17:59:58")), []);
    assert_eq!(heard(&mut dead, now("17:59:58.9")), [send(100)]);
    assert_eq!(steps(&mut one, down("17:59:58")), []);
    assert!(not_proved(&steps(&mut one, down("17:59:59"))));
}

#[test]
fn an_order_that_may_have_left_just_before_a_crash_is_not_taken_for_one_that_never_left() {
    let mut one = Fallback::new(terms());
    one.restarted();
    one.hear(Word::Unsent);
    assert_eq!(steps(&mut one, now("17:59:58")), [Step::Ask]);
    one.answered(1);
    assert_eq!(steps(&mut one, now("17:59:58.1")), [Step::Cancel]);
}

#[test]
fn a_market_order_is_not_repeated_after_a_restart() {
    let mut one = seen();
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(heard(&mut one, now("17:59:58")), [send(100)]);
    one.restarted();
    one.hear(Word::Working { cum_qty: Qty::ZERO });
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(steps(&mut one, now("17:59:58.5")), []);
}

#[test]
fn a_late_execution_of_an_order_that_was_said_to_be_over_is_told_at_once() {
    let mut one = seen();
    one.hear(Word::Ended { cum_qty: Qty::ZERO });
    assert_eq!(heard(&mut one, now("17:59:58")), [send(100)]);
    one.hear(Word::Executed { cum_qty: Qty::whole(10) });
    let told = Finding::Contradicted { sent: Qty::whole(100), cum_qty: Qty::whole(10) };
    assert_eq!(steps(&mut one, now("17:59:58.5")), [Step::Tell(told)]);
}

#[test]
fn after_the_close_its_executions_are_asked_for_and_told() {
    let mut one = seen();
    steps(&mut one, now("17:59:59"));
    assert_eq!(one.next(at("18:00:00")), Some(at("18:05:00")));
    one.hear(Word::Executed { cum_qty: Qty::whole(100) });
    assert_eq!(steps(&mut one, now("18:04:59")), []);
    assert_eq!(steps(&mut one, now("18:05:00")), [Step::Ask]);
    assert!(!one.answered(1));
    let told =
        Finding::Settled { executed: Qty::whole(100), qty: Qty::whole(100), owed: Qty::ZERO, is_over: true };
    assert_eq!(steps(&mut one, now("18:05:01")), [Step::Tell(told)]);
    assert!(one.is_over());
}
