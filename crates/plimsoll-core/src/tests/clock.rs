//! What a wrong, uncertain or unknown clock does to deadlines. Times are those of our own clock.

use expect_test::expect;

use super::check;

/// Twenty orders that the venue answered within the instant.
fn a_quick_venue() -> String {
    let order = |id: i32| {
        format!("15:40:00 trend BUY {id} SPY LMT 490.00 id={id}\n15:40:00 venue accepts trend {id}\n")
    };
    (1..=20).map(order).collect()
}

/// The trace of the script without what led to it.
#[track_caller]
fn after_twenty_answers(script: &str, expect: &expect_test::Expect) {
    let mut world = super::Script::new();
    world.run(&format!("15:39:59 quote SPY 500.00 500.02\n{}", a_quick_venue()));
    expect.assert_eq(&world.run(script));
}

#[test]
fn until_the_venue_s_speed_is_known_an_on_close_order_must_be_a_second_early() {
    check(
        "
        15:49:50 quote SPY 500.00 500.02
        15:49:58.999 trend BUY 1 SPY MOC
        15:49:59 trend BUY 2 SPY MOC
        15:50:00 trend BUY 3 SPY MOC
        ",
        &expect![[r"
            15:49:58.999 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:49:59 deny 1 order 2: Plimsoll close_cutoff: on-close orders of SPY have to be in by 2026-02-27 15:50:00 America/New_York (close - 10m) and this one could come late: time is known to 0ms, the venue answers within 1s
            15:50:00 deny 1 order 3: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn a_venue_that_answers_at_once_takes_it_until_the_last_moment() {
    after_twenty_answers(
        "
        15:49:50 quote SPY 500.00 500.02
        15:49:59.999 trend BUY 100 SPY MOC id=31
        ",
        &expect![[r"
            15:49:59.999 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-21]
        "]],
    );
}

#[test]
fn a_clock_that_is_two_seconds_behind_stops_orders_two_seconds_earlier() {
    after_twenty_answers(
        "
        15:49:00 clock watched 250
        15:49:00 clock hears a 2000 4
        15:49:50 quote SPY 500.00 500.02
        15:49:57.980 trend BUY 1 SPY MOC id=31
        15:49:57.995 trend BUY 2 SPY MOC id=32
        15:49:58 trend BUY 3 SPY MOC id=33
        ",
        // 100 millionths of 58 seconds are 6 ms, so time is known to 10 ms.
        &expect![[r"
            15:49:00 notice the clock is bad: nobody has said the time yet
            15:49:00 notice the clock is degraded: off by -2000.000ms, known to 4ms
            15:49:57.98 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-21]
            15:49:57.995 deny 1 order 32: Plimsoll close_cutoff: on-close orders of SPY have to be in by 2026-02-27 15:50:00 America/New_York (close - 10m) and this one could come late: time is known to 9ms, the venue answers within 0ms
            15:49:58 deny 1 order 33: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn a_clock_that_is_two_seconds_ahead_does_not_stop_an_order_that_is_in_time() {
    after_twenty_answers(
        "
        15:49:00 clock watched 250
        15:49:00 clock hears a -2000 4
        15:50:00 quote SPY 500.00 500.02
        15:50:01.500 trend BUY 1 SPY MOC id=31
        15:50:02 trend BUY 2 SPY MOC id=32
        ",
        &expect![[r"
            15:49:00 notice the clock is bad: nobody has said the time yet
            15:49:00 notice the clock is degraded: off by +2000.000ms, known to 4ms
            15:50:01.5 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-21]
            15:50:02 deny 1 order 32: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn while_nobody_knows_the_time_on_close_orders_end_a_quarter_of_an_hour_earlier() {
    check(
        "
        09:31:00 clock watched 250
        09:31:00 clock misses a
        15:34:50 quote SPY 500.00 500.02
        15:34:50 trend BUY 1 SPY MOC
        15:35:00 trend BUY 2 SPY MOC
        ",
        &expect![[r"
            09:31:00 notice the clock is bad: nobody has said the time yet
            15:34:50 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:35:00 deny 1 order 2: Plimsoll close_cutoff: on-close orders of SPY have to be in by 2026-02-27 15:50:00 America/New_York (close - 10m) and this one could come late: time is known to 15m, the venue answers within 1s
        "]],
    );
}

#[test]
fn the_close_is_judged_by_corrected_time() {
    check(
        "
        15:59:00 clock watched 250
        15:59:00 clock hears a -2000 4
        16:00:01 quote SPY 500.00 500.02
        16:00:01.500 trend BUY 1 SPY MKT
        16:00:02 trend BUY 2 SPY MKT
        ",
        &expect![[r"
            15:59:00 notice the clock is bad: nobody has said the time yet
            15:59:00 notice the clock is degraded: off by +2000.000ms, known to 4ms
            16:00:01.5 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-1]
            16:00:02 deny 1 order 2: Plimsoll trading_session: the market is closed until 2026-03-02 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn an_opening_order_must_arrive_before_its_cutoff_by_corrected_time() {
    check(
        "
        09:20:00 clock watched 250
        09:28:00 clock hears a 2000 4
        09:28:50 quote SPY 500.00 500.02
        09:28:56.985 trend BUY 1 SPY LMT 499.00 tif=OPG
        09:28:56.995 trend BUY 2 SPY LMT 499.00 tif=OPG
        09:28:58 trend BUY 3 SPY MKT tif=OPG
        ",
        // What is known of the time gets older, by a few milliseconds in a minute.
        &expect![[r"
            09:20:00 notice the clock is bad: nobody has said the time yet
            09:28:00 notice the clock is degraded: off by -2000.000ms, known to 4ms
            09:28:56.985 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            09:28:56.995 deny 1 order 2: Plimsoll trading_session: opening orders of SPY have to be in by 2026-02-27 09:29:00 America/New_York (open - 1m) and this one could come late: time is known to 9ms, the venue answers within 1s
            09:28:58 deny 1 order 3: Plimsoll trading_session: opening orders of SPY had to be in by 2026-02-27 09:29:00 America/New_York (open - 1m)
        "]],
    );
}

#[test]
fn a_person_is_told_whenever_the_state_of_the_clock_changes() {
    check(
        "
        10:00:00 clock watched 250
        10:00:01 clock hears a 0 4
        10:00:01 clock hears b 1 4
        10:00:01 clock hears c 3700 4
        10:00:02 clock hears a 120 4
        10:00:02 clock hears b 121 4
        10:00:03 clock stepped 2000
        10:00:04 clock hears a -1880 4
        10:00:05 clock slept 90000
        10:00:06 clock hears a 9000 4
        ",
        &expect![[r"
            10:00:00 notice the clock is bad: nobody has said the time yet
            10:00:01 notice the clock is good: off by +0.000ms, known to 4ms
            10:00:02 notice the clock is bad: no majority of its sources
            10:00:02 notice the clock is degraded: off by -120.500ms, known to 3ms; out of step: c
            10:00:03 notice the clock is stepped: off by +1879.500ms, known to 5ms; out of step: c
            10:00:04 notice the clock is degraded: off by +1880.000ms, known to 4ms; out of step: c
            10:00:05 notice the clock is stepped: off by +1880.000ms, known to 1.0s; out of step: c
            10:00:06 notice the clock is bad: no majority of its sources
        "]],
    );
}
