//! What goes wrong around a request: streams that end unasked, numbers that are used again, answers that are cut.

use super::*;

fn stream(req_id: i32) -> RawFrame {
    history(req_id, "", "1 min", "1 D", "TRADES", 1)
}

/// A stream that has begun.
fn streaming(world: &mut World, link: u64, req_id: i32) {
    world.ask(link, &stream(req_id));
    assert_eq!(world.leaves(), [(link, req_id)]);
    world.bars(link, req_id);
}

#[test]
fn streams_that_did_not_survive_1101_give_their_places_back() {
    let mut world = World::new();
    (1..=3).for_each(|req_id| streaming(&mut world, 1, req_id));
    streaming(&mut world, 2, 1);
    world.error(1, None, 1100, "Connectivity between IBKR and TWS has been lost");
    world.error(1, None, 1102, "Connectivity restored - data maintained");
    assert_eq!(world.history.standing(world.now).open, 4, "1102 keeps them");
    world.error(1, None, 1101, "Connectivity restored - data lost");
    assert_eq!(world.history.standing(world.now).open, 1, "the other link has not lost its own");
    assert!(world.told().is_empty(), "the bot hears 1101 itself");
    world.ask(1, &stream(2));
    assert_eq!(world.leaves(), [(1, 2)], "its number is free for the one that asks again");
    assert!(world.told().is_empty());
}

#[test]
fn streams_never_take_all_places_and_one_too_many_is_told_so() {
    let mut world = World::new();
    let max = i32::try_from(STREAMS_MAX).unwrap();
    (1..=max).for_each(|req_id| streaming(&mut world, 1, req_id));
    world.ask(2, &stream(1));
    assert_eq!(world.told(), ["no 2 1 162"]);
    world.ask(2, &large(2));
    assert_eq!(world.leaves(), [(2, 2)], "what is asked once still has places");
    world.cancel(1, 1);
    world.ask(2, &stream(1));
    assert_eq!(world.leaves(), [(2, 1)]);
}

#[test]
fn a_stream_that_goes_on_keeps_its_number() {
    let mut world = World::new();
    streaming(&mut world, 1, 7);
    assert_eq!(world.asks(1, &small(7)), Taken::No, "or its hours would be those of another request");
    assert_eq!(world.told(), ["no 1 7 386"]);
    assert_eq!(world.history.standing(world.now).open, 1);
}

#[test]
fn a_farm_that_comes_and_goes_does_not_put_off_the_outcome_for_ever() {
    let mut world = World::new();
    world.ask(1, &large(7));
    world.leaves();
    let mut outcome = Vec::new();
    for _ in 0..20 {
        world.wait(Duration::from_secs(20));
        outcome.extend(world.told().into_iter().filter(|said| said.starts_with("no ")));
        world.error(1, None, 2105, "HMDS data farm connection is broken:ushmds");
        world.error(1, None, 2106, "HMDS data farm connection is OK:ushmds");
        world.leaves();
    }
    assert_eq!(outcome, ["no 1 7 162"]);
}

/// Gives up on request 7 of link 1, and asks another thing under its number.
fn asked_anew() -> World {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.leaves();
    world.wait(Duration::from_secs(55));
    world.told();
    world.ask(1, &large(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world
}

#[test]
fn a_refusal_of_a_number_that_is_used_again_is_not_taken_for_the_end_of_the_cancel() {
    let mut world = asked_anew();
    let refused = "Historical Market Data Service error message:No market data permissions for NYSE STK";
    assert_eq!(world.error(1, Some(7), 162, refused), Passes::Yes);
    let canceled = "Historical Market Data Service error message:API historical data query cancelled: 7";
    assert_eq!(world.error(1, Some(7), 162, canceled), Passes::No, "which comes late, and still is ours");
}

#[test]
fn a_cancel_that_is_never_confirmed_is_forgotten() {
    let mut world = asked_anew();
    assert_eq!(world.bars(1, 7), Passes::Yes);
    world.ask(1, &large(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    let canceled = "Historical Market Data Service error message:API historical data query cancelled: 7";
    assert_eq!(world.error(1, Some(7), 162, canceled), Passes::Yes, "the venue has ended it by itself");
}

#[test]
fn cancels_that_nobody_confirms_fill_no_memory() {
    let mut world = World::new();
    for req_id in 0..i32::try_from(canceled::CANCELED_MAX).unwrap() + 100 {
        world.ask(1, &large(req_id % 1_400));
        world.leaves();
        world.ask(2, &large(req_id % 1_400));
        world.cancel(1, req_id % 1_400);
        world.cancel(2, req_id % 1_400);
    }
    assert!(world.history.canceled.len() <= canceled::CANCELED_MAX);
    assert!(world.history.canceled.len() > canceled::CANCELED_MAX - 100);
}

#[test]
fn bars_are_not_told_twice_where_the_link_was_lost_before_their_end() {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.leaves();
    world.ask(2, &same(9));
    world.answer(1, 7, Part::Bars { count: 3, is_last: false });
    assert_eq!(world.told(), ["bot 2 9"]);
    world.history.link_ended(world.now, LinkId(1), &mut world.said);
    assert_eq!(world.told(), ["no 2 9 162"], "what it has is not all, and it is told so");
    world.wait(SAME + MARGIN);
    assert!(world.leaves().is_empty());
    assert_eq!(world.history.standing(world.now).open, 0);
}

#[test]
fn bars_are_not_told_twice_where_the_servers_come_back_before_their_end() {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.leaves();
    world.answer(1, 7, Part::Bars { count: 3, is_last: false });
    world.error(1, None, 1101, "Connectivity restored - data lost");
    assert!(world.leaves().is_empty());
    world.wait(Duration::from_secs(55));
    assert_eq!(world.told()[0], "no 1 7 162", "the end never came");
}

#[test]
fn an_error_names_to_each_bot_its_own_number_only() {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.leaves();
    world.ask(2, &same(9));
    let text = "Historical Market Data Service error message:API historical data query cancelled: 7";
    assert_eq!(world.error(1, Some(7), 162, text), Passes::Yes);
    let [Act::Refuse { link: LinkId(2), req_id: 9, code: 162, text }] = &world.said[..] else {
        panic!("{:?}", world.said)
    };
    assert_eq!(
        &**text,
        "Historical Market Data Service error message:API historical data query cancelled: 9"
    );
}

#[test]
fn errors_of_other_requests_with_a_number_that_was_given_up_pass() {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.leaves();
    world.wait(Duration::from_secs(55));
    assert_eq!(world.error(1, Some(7), 354, "Requested market data is not subscribed"), Passes::Yes);
    assert_eq!(world.error(1, Some(7), 162, "x:HMDS query returned no data: SPY"), Passes::No);
}

#[test]
fn a_text_that_refuses_says_nothing_of_other_bots() {
    let mut world = World::new();
    for req_id in 0..i32::try_from(WAITING_PER_BOT_MAX).unwrap() + 10 {
        world.ask(1, &small(req_id));
    }
    for act in &world.said {
        let Act::Refuse { text, .. } = act else { panic!("{act:?}") };
        assert!(text.contains("1000 requests for history of bot1 wait") && !text.contains("1005"), "{text}");
    }
    assert_eq!(world.said.len(), 10);
}

#[test]
fn looks_at_the_disk_fill_no_memory() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    for req_id in 0..i32::try_from(LOOKS_MAX).unwrap() + 100 {
        world.ask(1, &small(req_id % 1_400));
        world.cancel(1, req_id % 1_400);
    }
    assert!(world.history.looks.len() <= LOOKS_MAX);
}
