//! Each rule at its boundary, and all of them against a checker of their own.

use arbtest::arbtest;

use super::super::request::Kind;
use super::*;

const fn at(ms: u64) -> Mono {
    Mono::from_nanos(ms * 1_000_000)
}

fn ask(contract: i32, rest: &str, weight: Option<u32>) -> Ask {
    let what = if weight == Some(2) { "BID_ASK" } else { "TRADES" };
    let subject = Subject::made_up(contract, what, rest);
    Ask { kind: Kind::Bars, req_id: 1, subject, weight, bars: 1, share: None, question: None }
}

/// Sends it if it may, and is answered at once.
fn send(budget: &mut Budget, now: Mono, token: Token, ask: &Ask) -> bool {
    let free = budget.free(now, ask) == Free::Now;
    if free {
        budget.sent(now, token, ask);
        budget.closed(now, token);
    }
    free
}

#[test]
fn the_sixty_first_waits_until_the_first_is_ten_minutes_old() {
    let mut budget = Budget::default();
    for n in 0..60 {
        assert!(send(&mut budget, at(n * 1_000), n, &ask(i32::try_from(n).unwrap() + 1, "x", Some(1))));
    }
    assert_eq!(budget.used(at(60_000)), 60);
    let next = ask(99, "x", Some(1));
    let due = Mono::ZERO.after(WINDOW + MARGIN);
    assert_eq!(budget.free(at(60_000), &next), Free::At(due));
    assert_eq!(budget.next_free(at(60_000)), Some(due));
    assert_eq!(budget.free(due, &next), Free::Now, "the boundary belongs to who waits");
    assert_eq!(
        budget.free(due, &ask(99, "x", Some(2))),
        Free::At(at(1_000).after(WINDOW + MARGIN)),
        "it needs two"
    );
    assert_eq!(budget.free(at(60_000), &ask(99, "x", None)), Free::Now, "large bars are free");
}

#[test]
fn the_same_request_waits_fifteen_seconds_and_another_one_does_not() {
    let mut budget = Budget::default();
    assert!(send(&mut budget, at(0), 1, &ask(1, "x", Some(1))));
    assert_eq!(budget.free(at(1), &ask(1, "x", Some(1))), Free::At(Mono::ZERO.after(SAME + MARGIN)));
    assert_eq!(budget.free(at(1), &ask(1, "y", Some(1))), Free::Now);
    assert_eq!(budget.free(at(1), &ask(2, "x", Some(1))), Free::Now);
}

#[test]
fn the_sixth_for_one_contract_waits_two_seconds_and_both_sides_of_the_quote_count_twice() {
    let mut budget = Budget::default();
    for n in 0..5 {
        assert!(send(&mut budget, at(0), n, &ask(1, &n.to_string(), Some(1))));
    }
    let due = Free::At(Mono::ZERO.after(BURST + MARGIN));
    assert_eq!(budget.free(at(1), &ask(1, "x", Some(1))), due);
    assert_eq!(budget.free(at(1), &ask(2, "x", Some(1))), Free::Now);
    assert!(
        send(&mut budget, at(1), 10, &ask(3, "x", Some(2)))
            && send(&mut budget, at(1), 11, &ask(3, "y", Some(2)))
    );
    assert!(matches!(budget.free(at(2), &ask(3, "z", Some(2))), Free::At(_)));
}

#[test]
fn a_request_counts_from_its_answer_on_because_it_may_have_arrived_just_before() {
    let mut budget = Budget::default();
    let one = ask(1, "x", Some(1));
    budget.sent(at(0), 1, &one);
    assert_eq!(budget.free(at(1), &one), Free::At(at(0).after(UNHEARD_MAX + SAME + MARGIN)));
    budget.answered(at(7_000), 1);
    assert_eq!(budget.free(at(7_000), &one), Free::At(at(7_000).after(SAME + MARGIN)));
    budget.answered(at(9_000), 1);
    assert_eq!(
        budget.free(at(9_000), &one),
        Free::At(at(7_000).after(SAME + MARGIN)),
        "a second word is no news"
    );
}

#[test]
fn no_more_are_open_than_the_venue_takes_whatever_their_size() {
    let mut budget = Budget::default();
    for token in 0..OPEN_MAX as u64 {
        budget.sent(at(0), token, &ask(1, "x", None));
    }
    assert_eq!(budget.free(at(0), &ask(2, "x", None)), Free::AfterAnAnswer);
    budget.closed(at(1), 5);
    assert_eq!(budget.free(at(1), &ask(2, "x", None)), Free::Now);
}

#[test]
fn after_a_violation_nothing_that_counts_leaves_for_a_while() {
    let mut budget = Budget::default();
    budget.pause(at(5_000));
    budget.pause(at(4_000));
    assert_eq!(budget.free(at(0), &ask(1, "x", Some(1))), Free::At(at(5_000)));
    assert_eq!(budget.free(at(0), &ask(1, "x", None)), Free::Now);
    assert_eq!(budget.free(at(5_000), &ask(1, "x", Some(1))), Free::Now);
}

/// What reached the venue: when, and what.
struct Arrived {
    at: u64,
    contract: i32,
    rest: u8,
    weight: u32,
}

/// The rules once more, from the broker's page and by counting: every pair, every window that ends with an arrival.
fn broken(arrived: &[Arrived]) -> Option<String> {
    for (n, one) in arrived.iter().enumerate() {
        let within = |ms: u64| arrived[..n].iter().filter(move |earlier| one.at - earlier.at < ms);
        let same_stream =
            |earlier: &&Arrived| (earlier.contract, earlier.weight) == (one.contract, one.weight);
        let all: u32 = within(600_000).map(|earlier| earlier.weight).sum();
        let burst: u32 = within(2_000).filter(same_stream).map(|earlier| earlier.weight).sum();
        if within(15_000).filter(same_stream).any(|earlier| earlier.rest == one.rest) {
            return Some(format!("the same again at {}", one.at));
        }
        if burst + one.weight > 5 {
            return Some(format!("a burst at {}", one.at));
        }
        if all + one.weight > 60 {
            return Some(format!("too many at {}", one.at));
        }
    }
    None
}

/// Requests at random times, each on its way for as long as it likes, for as many windows as it takes.
#[test]
fn no_sequence_and_no_delay_on_the_way_breaks_a_rule_at_the_venue() {
    arbtest(|u| {
        let mut budget = Budget::default();
        let (mut now, mut token) = (0_u64, 0_u64);
        let mut arrived: Vec<Arrived> = Vec::new();
        // Those on their way: when they arrive, when their answer is here, which.
        let mut away: Vec<(u64, Token)> = Vec::new();
        for _ in 0..400 {
            let (contract, rest, weight) =
                (u.int_in_range(1..=4)?, u.int_in_range(0..=20_u8)?, *u.choose(&[1, 1, 1, 2])?);
            let wanted = ask(contract, &rest.to_string(), Some(weight));
            if u.ratio(1, 8)? {
                now += u.int_in_range(0..=3_000)?;
            }
            // Waits as it is told to.
            let mut turns = 0;
            while let Free::At(due) = budget.free(at(now), &wanted) {
                let due = due.as_nanos().div_ceil(1_000_000);
                let answer = away.iter().map(|(answer, _)| *answer).min().unwrap_or(u64::MAX);
                now = due.min(answer).max(now);
                away.retain(|(answer, token)| {
                    if *answer <= now {
                        budget.closed(at(*answer), *token);
                    }
                    *answer > now
                });
                turns += 1;
                assert!(turns < 10_000, "it never comes to an end");
            }
            token += 1;
            budget.sent(at(now), token, &wanted);
            let there = now + u.int_in_range(0..=4_000)?;
            let answer = there + u.int_in_range(0..=4_000)?;
            arrived.push(Arrived { at: there, contract, rest, weight });
            away.push((answer, token));
        }
        arrived.sort_by_key(|one| one.at);
        assert_eq!(broken(&arrived), None);
        Ok(())
    })
    .budget_ms(700);
}

#[test]
fn the_checker_can_say_no() {
    let one = |at, contract, rest, weight| Arrived { at, contract, rest, weight };
    assert!(broken(&[one(0, 1, 0, 1), one(14_999, 1, 0, 1)]).is_some());
    assert!(broken(&[one(0, 1, 0, 1), one(15_000, 1, 0, 1)]).is_none());
    assert!(broken(&[one(0, 1, 0, 2), one(0, 1, 1, 2), one(1_999, 1, 2, 2)]).is_some());
    let sixty_one: Vec<_> = (0..61).map(|n| one(n * 9_000, i32::try_from(n).unwrap(), 0, 1)).collect();
    assert!(broken(&sixty_one).is_some());
}
