//! Bots that ask and a venue that answers, refuses, or says nothing.

use jiff::civil::date;
use plimsoll_model::ErrorReport;

use super::answer::{Answer, Part};
use super::budget::{MARGIN, SAME};
use super::cache::Kept;
use super::request::tests::{begin, frame, history, v};
use super::*;

mod mends;

/// Bots on links of their own, a venue that is asked, and a clock that goes as the test says.
struct World {
    history: History,
    now: Mono,
    /// What bots were told, and what left for the venue but requests.
    said: Vec<Act>,
    /// The date at the exchange, where there is a cache.
    stays: Option<Date>,
}

const ANSWER: &str = "108|7|20261126|20261127|";

impl World {
    fn new() -> Self {
        Self { history: History::default(), now: Mono::ZERO, said: Vec::new(), stays: None }
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now.after(span);
        self.history.give_up(self.now, &mut self.said);
    }

    fn asker(link: u64, req_id: i32, raw: &RawFrame) -> Asker {
        let bot = BotName::new(&format!("bot{link}")).unwrap();
        Asker { link: LinkId(link), bot, version: v(200), req_id, raw: raw.clone() }
    }

    fn ask(&mut self, link: u64, raw: &RawFrame) {
        self.asks(link, raw);
    }

    fn asks(&mut self, link: u64, raw: &RawFrame) -> Taken {
        let ask = begin(raw);
        let asker = Self::asker(link, ask.req_id, raw);
        self.history.ask(self.now, (ask, self.stays), asker, &mut self.said)
    }

    fn cancel(&mut self, link: u64, req_id: i32) -> Passes {
        let asker = Self::asker(link, req_id, &frame("25|1|7|"));
        self.history.cancel(self.now, &asker, Kind::Bars, &mut self.said)
    }

    /// What leaves now, by link and number.
    fn leaves(&mut self) -> Vec<(u64, i32)> {
        let number = |raw: &RawFrame| begin(raw).req_id;
        std::iter::from_fn(|| self.history.next(self.now)).map(|(link, raw)| (link.0, number(&raw))).collect()
    }

    fn answer(&mut self, link: u64, req_id: i32, part: Part) -> Passes {
        let answer = Answer { req_id, part };
        self.history.answered(self.now, LinkId(link), answer, &frame(ANSWER), &mut self.said)
    }

    /// Bars and their end.
    fn bars(&mut self, link: u64, req_id: i32) -> Passes {
        let bars = self.answer(link, req_id, Part::Bars { count: 3, is_last: false });
        assert_eq!(self.answer(link, req_id, Part::End), bars);
        bars
    }

    fn error(&mut self, link: u64, id: Option<i32>, code: i32, text: &str) -> Passes {
        let error = ErrorReport { id, code, text: text.into() };
        self.history.failed(self.now, LinkId(link), &error, &mut self.said)
    }

    fn told(&mut self) -> Vec<String> {
        let say = |act: Act| match act {
            Act::ToVenue { link, raw } => format!("venue {} {}", link.0, raw.bytes().escape_ascii()),
            Act::ToBot { link, req_id, .. } => format!("bot {} {req_id}", link.0),
            Act::Refuse { link, req_id, code, .. } => format!("no {} {req_id} {code}", link.0),
            Act::Note { .. } => "note".to_owned(),
            Act::Cache(Job::Find { token, .. }) => format!("find {token}"),
            Act::Cache(Job::Keep { .. }) => "keep".to_owned(),
        };
        self.said.drain(..).map(say).collect()
    }
}

/// Ten minutes of five-second bars, each of them another ten minutes.
fn small(req_id: i32) -> RawFrame {
    history(
        req_id,
        &format!("20261127-{:02}:{:02}:00", req_id / 60, req_id % 60),
        "5 secs",
        "600 S",
        "TRADES",
        0,
    )
}

fn same(req_id: i32) -> RawFrame {
    history(req_id, "20261127-15:00:00", "5 secs", "600 S", "TRADES", 0)
}

fn large(req_id: i32) -> RawFrame {
    history(
        req_id,
        &format!("20261127-{:02}:{:02}:00", req_id / 60, req_id % 60),
        "1 min",
        "1 D",
        "TRADES",
        0,
    )
}

#[test]
fn what_may_leave_leaves_at_once_and_its_answer_passes_untouched() {
    let mut world = World::new();
    world.ask(1, &large(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    assert_eq!(world.bars(1, 7), Passes::Yes);
    assert!(world.told().is_empty());
    assert_eq!(world.answer(1, 7, Part::End), Passes::Yes, "what nobody asked for is none of ours");
}

#[test]
fn the_sixth_for_one_contract_leaves_two_seconds_after_the_answer_to_the_first() {
    let mut world = World::new();
    (1..=6).for_each(|req_id| world.ask(1, &small(req_id)));
    assert_eq!(world.leaves(), [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    world.wait(Duration::from_secs(1));
    (1..=5).for_each(|req_id| assert_eq!(world.bars(1, req_id), Passes::Yes));
    assert!(world.leaves().is_empty());
    let due = world.now.after(Duration::from_secs(2) + MARGIN);
    assert_eq!(world.history.next_due(), Some(due));
    world.now = due;
    assert_eq!(world.leaves(), [(1, 6)]);
}

#[test]
fn one_request_serves_all_who_ask_the_same_each_under_its_own_number() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    world.ask(3, &same(7));
    assert!(world.leaves().is_empty());
    assert_eq!(world.bars(1, 7), Passes::Yes);
    assert_eq!(world.told(), ["bot 2 9", "bot 3 7", "bot 2 9", "bot 3 7"], "bars, then their end");
    let standing = world.history.standing(world.now);
    assert_eq!((standing.counts.answered, standing.counts.shared, standing.used), (3, 2, 1));
    world.ask(2, &same(10));
    assert!(
        world.leaves().is_empty(),
        "an answer is no longer shared once it is there, and the same again waits"
    );
    world.wait(SAME + MARGIN);
    assert_eq!(world.leaves(), [(2, 10)]);
}

#[test]
fn a_stream_is_shared_with_nobody_and_stays_open_until_its_bot_ends_it() {
    let mut world = World::new();
    let stream = |req_id| history(req_id, "", "1 min", "1 D", "TRADES", 1);
    world.ask(1, &stream(7));
    world.ask(2, &stream(7));
    assert_eq!(world.leaves(), [(1, 7), (2, 7)]);
    assert_eq!(
        world.answer(1, 7, Part::Bars { count: 0, is_last: false }),
        Passes::Yes,
        "its bars may come yet"
    );
    assert_eq!(world.answer(1, 7, Part::End), Passes::Yes);
    world.bars(2, 7);
    world.wait(Duration::from_hours(3));
    assert!(world.told().is_empty());
    assert_eq!(world.history.standing(world.now).open, 2);
    assert_eq!(world.cancel(1, 7), Passes::Yes);
    assert_eq!(world.history.standing(world.now).open, 1);
    assert_eq!(
        world.error(1, Some(7), 162, "API historical data query cancelled: 7"),
        Passes::Yes,
        "as from a TWS"
    );
}

#[test]
fn a_request_that_is_canceled_while_it_waits_never_leaves() {
    let mut world = World::new();
    (1..=7).for_each(|req_id| world.ask(1, &small(req_id)));
    assert_eq!(world.leaves().len(), 5);
    assert_eq!(world.cancel(1, 6), Passes::No);
    assert_eq!(world.told(), ["no 1 6 162"]);
    (1..=5).for_each(|req_id| assert_eq!(world.bars(1, req_id), Passes::Yes));
    world.wait(Duration::from_secs(3));
    assert_eq!(world.leaves(), [(1, 7)]);
}

#[test]
fn who_shares_and_cancels_is_told_so_and_the_others_get_their_answer() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    assert_eq!(world.cancel(1, 7), Passes::No);
    assert_eq!(world.told(), ["no 1 7 162"]);
    assert_eq!(world.bars(1, 7), Passes::No, "its own bot wants it no more");
    assert_eq!(world.told(), ["bot 2 9", "bot 2 9"]);
}

#[test]
fn without_anybody_left_the_request_is_ended_at_the_venue_and_nobody_hears_of_it() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    world.cancel(1, 7);
    assert_eq!(world.cancel(2, 9), Passes::No);
    assert_eq!(world.told(), ["no 1 7 162", "no 2 9 162", "venue 1 25\\x001\\x007\\x00"]);
    assert_eq!(world.bars(1, 7), Passes::No, "it crossed the cancel");
    assert_eq!(world.error(1, Some(7), 162, "API historical data query cancelled: 7"), Passes::No);
}

#[test]
fn an_empty_answer_is_asked_again_and_then_told_as_an_error() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    assert_eq!(world.answer(1, 7, Part::Bars { count: 0, is_last: false }), Passes::No);
    assert_eq!(world.answer(1, 7, Part::End), Passes::No);
    assert!(world.told().is_empty() && world.leaves().is_empty());
    world.wait(SAME + MARGIN);
    assert_eq!(world.leaves(), [(1, 7)]);
    world.answer(1, 7, Part::Bars { count: 0, is_last: false });
    assert_eq!(world.answer(1, 7, Part::End), Passes::No);
    assert_eq!(world.told(), ["no 1 7 162", "no 2 9 162"]);
    assert_eq!(world.history.standing(world.now).counts.empty, 1);
}

#[test]
fn no_data_in_the_venues_words_is_asked_again_and_then_passes() {
    let mut world = World::new();
    let no_data =
        "Historical Market Data Service error message:HMDS query returned no data: SPY@SMART Trades";
    world.ask(1, &large(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    assert_eq!(world.error(1, Some(7), 162, no_data), Passes::No);
    world.wait(Duration::from_secs(2));
    assert_eq!(world.leaves(), [(1, 7)], "large bars need no fifteen seconds");
    assert_eq!(world.error(1, Some(7), 162, no_data), Passes::Yes);
    world.ask(1, &large(7));
    assert_eq!(world.leaves(), [(1, 7)], "its number is free");
    assert_eq!(world.bars(1, 7), Passes::Yes);
}

#[test]
fn a_refusal_passes_at_once_and_reaches_all_who_asked() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    assert_eq!(world.error(1, Some(7), 2174, "Warning: no time zone"), Passes::Yes);
    assert_eq!(world.error(1, Some(7), 200, "No security definition has been found"), Passes::Yes);
    assert_eq!(world.told(), ["no 2 9 2174", "no 2 9 200"], "the warning, and the end");
    assert_eq!(world.history.standing(world.now).open, 0);
}

#[test]
fn no_answer_is_an_error_in_less_than_a_minute_and_what_comes_later_is_nobodys() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.wait(Duration::from_secs(54));
    assert!(world.told().is_empty());
    assert_eq!(world.history.next_due(), Some(Mono::ZERO.after(Duration::from_secs(55))));
    world.wait(Duration::from_secs(1));
    assert_eq!(world.told(), ["no 1 7 162", "note", "venue 1 25\\x001\\x007\\x00"]);
    assert_eq!(world.bars(1, 7), Passes::No);
    assert_eq!(world.error(1, Some(7), 162, "API historical data query cancelled: 7"), Passes::No);
    assert_eq!(world.cancel(1, 7), Passes::No);
    assert_eq!(world.told(), ["no 1 7 366"], "as a TWS says of a query that is over");
}

#[test]
fn after_a_pacing_violation_small_bars_pause_and_it_is_asked_once_more() {
    let mut world = World::new();
    let too_fast = "Historical Market Data Service error message:Historical data request pacing violation";
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    assert_eq!(world.error(1, Some(7), 162, too_fast), Passes::No);
    assert_eq!(world.told(), ["note"]);
    world.ask(1, &small(1));
    world.ask(1, &large(2));
    assert_eq!(world.leaves(), [(1, 2)]);
    world.wait(Duration::from_mins(1));
    assert_eq!(world.leaves(), [(1, 7), (1, 1)]);
    assert_eq!(world.error(1, Some(7), 162, too_fast), Passes::Yes);
}

#[test]
fn a_link_that_ends_takes_its_requests_along_and_those_who_shared_are_asked_for_anew() {
    let mut world = World::new();
    world.ask(1, &same(7));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.ask(2, &same(9));
    (20..30).for_each(|req_id| world.ask(1, &small(req_id)));
    world.leaves();
    world.history.link_ended(world.now, LinkId(1), &mut world.said);
    assert!(world.told().is_empty());
    world.wait(SAME + MARGIN);
    assert_eq!(world.leaves(), [(2, 9)], "and none of those that waited");
    assert_eq!(world.bars(2, 9), Passes::Yes);
    assert_eq!(world.history.standing(world.now).open, 0);
}

#[test]
fn what_hung_while_the_farm_or_the_servers_were_away_is_asked_again() {
    let mut world = World::new();
    for (n, codes) in [&[1100, 1101][..], &[1100, 1102], &[2105, 2106]].iter().enumerate() {
        let req_id = i32::try_from(n).unwrap();
        world.ask(1, &large(req_id));
        assert_eq!(world.leaves(), [(1, req_id)]);
        for code in *codes {
            assert_eq!(world.error(1, None, *code, "x"), Passes::Yes);
        }
        let cancel = format!("venue 1 25\\x001\\x00{req_id}\\x00");
        assert_eq!(world.told(), [cancel]);
        assert_eq!(world.leaves(), [(1, req_id)]);
        let canceled = format!("API historical data query cancelled: {req_id}");
        assert_eq!(world.error(1, Some(req_id), 162, &canceled), Passes::No, "that was our own cancel");
        assert_eq!(world.bars(1, req_id), Passes::Yes);
    }
    world.ask(1, &large(9));
    assert_eq!(world.leaves(), [(1, 9)]);
    world.error(1, None, 2106, "HMDS data farm connection is OK:ushmds");
    assert!(world.leaves().is_empty(), "it was idle, and answers now");
}

#[test]
fn a_number_that_is_in_use_is_a_duplicate() {
    let mut world = World::new();
    world.ask(1, &same(7));
    world.ask(1, &small(7));
    assert_eq!(world.told(), ["no 1 7 386"]);
    world.ask(2, &small(7));
    assert!(world.told().is_empty(), "another bot's numbers are its own");
}

#[test]
fn a_bot_that_asks_without_end_is_told_so_and_fills_no_memory() {
    let mut world = World::new();
    let over = WAITING_PER_BOT_MAX + 50;
    for req_id in 0..i32::try_from(over).unwrap() {
        world.ask(1, &small(req_id));
        world.leaves();
    }
    let told = world.told();
    assert_eq!(told.len(), over - WAITING_PER_BOT_MAX - 5);
    assert!(told.iter().all(|said| said.starts_with("no 1 ") && said.ends_with(" 162")), "{told:?}");
    world.ask(2, &same(1));
    assert!(world.told().is_empty(), "others have places of their own");
}

/// An answer as the cache has it.
fn kept() -> Kept {
    Kept { bars: frame("17|7|0|"), end: Some(frame(ANSWER)) }
}

#[test]
fn an_answer_on_the_disk_is_told_to_all_who_asked_and_costs_the_venue_nothing() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    world.ask(1, &same(7));
    world.ask(2, &same(9));
    assert_eq!(world.told(), ["find 1"]);
    assert!(world.leaves().is_empty());
    world.history.found(world.now, 1, Some(&kept()), &mut world.said);
    assert_eq!(world.told(), ["bot 1 7", "bot 1 7", "bot 2 9", "bot 2 9"]);
    let standing = world.history.standing(world.now);
    assert_eq!((standing.used, standing.counts.answered, standing.counts.kept), (0, 2, 2));
}

#[test]
fn what_is_not_on_the_disk_goes_to_the_venue_and_is_kept_with_its_end() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    world.ask(1, &same(7));
    assert_eq!(world.told(), ["find 1"]);
    world.history.found(world.now, 1, None, &mut world.said);
    assert_eq!(world.leaves(), [(1, 7)]);
    assert_eq!(world.bars(1, 7), Passes::Yes);
    assert_eq!(world.told(), ["keep"]);
    world.wait(SAME + MARGIN);
    world.stays = None;
    world.ask(1, &same(8));
    assert_eq!(world.leaves(), [(1, 8)]);
    world.bars(1, 8);
    assert!(world.told().is_empty(), "a session that goes on is not kept");
}

#[test]
fn a_disk_that_is_slow_is_not_waited_for() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    world.ask(1, &same(7));
    assert!(world.leaves().is_empty());
    assert_eq!(world.history.next_due(), Some(Mono::ZERO.after(Duration::from_secs(2))));
    world.wait(Duration::from_secs(2));
    assert_eq!(world.leaves(), [(1, 7)]);
    world.history.found(world.now, 1, Some(&kept()), &mut world.said);
    assert_eq!(world.told(), ["find 1"], "too late: the venue was asked");
    assert_eq!(world.bars(1, 7), Passes::Yes);
}

#[test]
fn a_proof_lets_those_that_wait_look_once_more() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    for req_id in 1..=7 {
        world.ask(1, &small(req_id));
        world.history.found(world.now, u64::try_from(req_id).unwrap(), None, &mut world.said);
    }
    assert_eq!(world.leaves().len(), 5);
    world.told();
    let series = begin(&small(1)).question.unwrap().series;
    world.history.proved(world.now, &series, &mut world.said);
    assert_eq!(world.told(), ["find 6", "find 7"]);
    world.history.found(world.now, 6, Some(&kept()), &mut world.said);
    world.history.found(world.now, 7, None, &mut world.said);
    assert_eq!(world.told(), ["bot 1 6", "bot 1 6"]);
    (1..=5).for_each(|req_id| assert_eq!(world.bars(1, req_id), Passes::Yes));
    world.wait(Duration::from_secs(3));
    assert_eq!(world.leaves(), [(1, 7)]);
}

#[test]
fn a_bot_that_is_gone_is_not_looked_for() {
    let mut world = World::new();
    world.stays = Some(date(2026, 11, 28));
    world.ask(1, &same(7));
    world.history.link_ended(world.now, LinkId(1), &mut world.said);
    world.history.found(world.now, 1, Some(&kept()), &mut world.said);
    assert_eq!(world.told(), ["find 1"]);
    world.wait(Duration::from_secs(5));
    assert!(world.leaves().is_empty());
}
