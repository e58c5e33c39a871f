//! Trading sessions, auction cutoffs, stale quotes and repetitions: everything that has an instant.

use expect_test::expect;

use super::check;

#[test]
fn on_a_half_day_an_arca_close_ends_at_12_50_and_that_instant_is_too_late() {
    check(
        "
        day 2026-11-27
        12:49:50 quote SPY 500.00 500.02
        12:49:58.999 trend BUY 100 SPY MOC
        12:50:00 trend BUY 10 SPY MOC
        12:50:01 trend BUY 10 SPY LOC 500.00
        ",
        // The close is at 13:00, the cutoff ten minutes earlier; New York is five hours behind.
        &expect![["
            12:49:58.999 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20261127-1]
            12:50:00 deny 1 order 2: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-11-27 12:50:00 America/New_York (close - 10m)
            12:50:01 deny 1 order 3: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-11-27 12:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn on_a_saturday_an_on_close_order_is_for_monday_and_judged_by_monday_s_cutoff() {
    check(
        "
        day 2026-11-28
        10:00:00 trend SELL 100 SPY MOC
        ",
        &expect![["
            10:00:00 submit 1 SELL 100 SPY MOC for DU1 [SPY-trend-20261130-1]
        "]],
    );
}

#[test]
fn a_nasdaq_listing_has_until_15_55_the_stricter_of_exchange_and_broker() {
    check(
        "
        15:54:50 quote QQQ 400.00 400.02
        15:54:58.999 trend BUY 100 QQQ MOC
        15:54:58.999 trend BUY 10 QQQ LOC 400.00
        15:55:00 trend BUY 10 QQQ MOC
        15:55:00 trend BUY 10 QQQ LOC 399.00
        ",
        // Nasdaq itself takes a limit until 15:58; the broker promises 15:55 for both.
        &expect![["
            15:54:58.999 submit 1 BUY 100 QQQ MOC for DU1 [QQQ-trend-20260227-1]
            15:54:58.999 submit 1 BUY 10 QQQ LOC 400.00 for DU1 [QQQ-trend-20260227-2]
            15:55:00 deny 1 order 3: Plimsoll close_cutoff: on-close orders of QQQ had to be in by 2026-02-27 15:55:00 America/New_York (close - 5m)
            15:55:00 deny 1 order 4: Plimsoll close_cutoff: on-close orders of QQQ had to be in by 2026-02-27 15:55:00 America/New_York (close - 5m)
        "]],
    );
}

#[test]
fn a_nasdaq_close_can_be_changed_until_15_50_only() {
    check(
        "
        15:49:50 quote QQQ 400.00 400.02
        15:49:51 trend BUY 100 QQQ MOC id=1
        15:49:58.999 trend BUY 90 QQQ MOC id=1
        15:50:00 trend BUY 80 QQQ MOC id=1
        ",
        &expect![["
            15:49:51 submit 1 BUY 100 QQQ MOC for DU1 [QQQ-trend-20260227-1]
            15:49:58.999 replace 1 BUY 90 QQQ MOC for DU1 [QQQ-trend-20260227-1]
            15:50:00 deny 1 change of 1: Plimsoll close_cutoff: on-close orders of QQQ had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn a_cutoff_between_decision_and_release_counts() {
    check(
        "
        15:49:50 quote SPY 500.00 500.02
        15:49:58 disk slow
        15:49:58 trend BUY 100 SPY MOC
        15:50:00 disk done
        ",
        &expect![["
            15:50:00 deny 1 order 1: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn a_market_order_passes_from_the_open_on_and_not_at_the_close() {
    check(
        "
        09:29:59.999 quote SPY 500.00 500.02
        09:29:59.999 trend BUY 1 SPY MKT
        09:30:00 trend BUY 2 SPY MKT
        15:59:59 quote SPY 500.00 500.02
        15:59:59.999 trend BUY 3 SPY MKT
        16:00:00 trend BUY 4 SPY MKT
        ",
        // Friday 2026-02-27; the next open is Monday 2026-03-02 at 9:30, 14:30 UTC.
        &expect![["
            09:29:59.999 deny 1 order 1: Plimsoll trading_session: the market is closed until 2026-02-27 09:30:00 America/New_York
            09:30:00 submit 1 BUY 2 SPY MKT for DU1 [SPY-trend-20260227-2]
            15:59:59.999 submit 1 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3]
            16:00:00 deny 1 order 4: Plimsoll trading_session: the market is closed until 2026-03-02 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn the_early_close_ends_the_session_at_13_00() {
    check(
        "
        day 2026-11-27
        12:59:59 quote SPY 500.00 500.02
        12:59:59.999 trend BUY 1 SPY MKT
        13:00:00 trend BUY 2 SPY MKT
        ",
        &expect![["
            12:59:59.999 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20261127-1]
            13:00:00 deny 1 order 2: Plimsoll trading_session: the market is closed until 2026-11-30 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn a_session_that_ends_while_the_disk_is_slow_denies_the_order() {
    check(
        "
        15:59:58 quote SPY 500.00 500.02
        15:59:58 disk slow
        15:59:59 trend BUY 1 SPY MKT
        16:00:00 disk done
        ",
        &expect![["
            16:00:00 deny 1 order 1: Plimsoll trading_session: the market is closed until 2026-03-02 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn orders_that_wait_for_a_session_by_their_nature_pass_outside_it() {
    check(
        "
        limit collar none
        08:00:00 trend BUY 1 SPY LMT 499.00
        18:00:00 trend BUY 1 SPY LMT 499.00 tif=GTC
        18:00:01 quote SPY 499.00 499.02
        18:00:01 trend BUY 2 SPY LMT 499.00 rth
        18:00:02 trend BUY 3 SPY LMT 499.00
        ",
        &expect![["
            08:00:00 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            18:00:00 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            18:00:01 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
            18:00:02 deny 1 order 4: Plimsoll trading_session: the market is closed until 2026-03-02 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn an_order_that_may_trade_outside_the_session_needs_a_young_price_and_one_that_rests_does_not() {
    check(
        "
        16:59:00 quote SPY 500.00 500.02
        17:00:00 trend BUY 1 SPY LMT 500.00 rth
        17:00:01 trend BUY 2 SPY LMT 500.00 tif=GTC rth
        17:00:02 trend BUY 3 SPY LMT 500.00 tif=GTC
        17:00:03 quote SPY 500.00 500.02
        17:00:18 trend BUY 4 SPY LMT 500.00 rth
        17:00:18.001 trend BUY 5 SPY LMT 500.00 rth
        ",
        &expect![["
            17:00:00 deny 1 order 1: Plimsoll stale_data: SPY last struck 1m ago, limit 15s
            17:00:01 deny 1 order 2: Plimsoll stale_data: SPY last struck 1m1s ago, limit 15s
            17:00:02 submit 1 BUY 3 SPY LMT 500.00 for DU1 [SPY-trend-20260227-3]
            17:00:18 submit 1 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-4]
            17:00:18.001 deny 1 order 5: Plimsoll stale_data: SPY last struck 15s ago, limit 15s
        "]],
    );
}

#[test]
fn an_opening_order_needs_a_second_for_the_way_and_is_late_until_the_day_is_over() {
    check(
        "
        09:20:00 quote SPY 500.00 500.02
        09:28:58.999 trend BUY 1 SPY LMT 499.00 tif=OPG
        09:28:59 trend BUY 2 SPY LMT 499.00 tif=OPG
        09:29:00 trend BUY 3 SPY LMT 499.00 tif=OPG
        15:00:00 trend BUY 4 SPY LMT 499.00 tif=OPG
        16:00:01 trend BUY 5 SPY LMT 499.00 tif=OPG
        ",
        &expect![["
            09:28:58.999 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            09:28:59 deny 1 order 2: Plimsoll trading_session: opening orders of SPY have to be in by 2026-02-27 09:29:00 America/New_York (open - 1m) and this one could come late: time is known to 0ms, the venue answers within 1s
            09:29:00 deny 1 order 3: Plimsoll trading_session: opening orders of SPY had to be in by 2026-02-27 09:29:00 America/New_York (open - 1m)
            15:00:00 deny 1 order 4: Plimsoll trading_session: opening orders of SPY had to be in by 2026-02-27 09:29:00 America/New_York (open - 1m)
            16:00:01 deny 1 order 5: Plimsoll trading_session: the market is closed until 2026-03-02 09:30:00 America/New_York
        "]],
    );
}

#[test]
fn an_opening_order_rests_whatever_it_says_about_other_hours() {
    check(
        "
        limit collar none
        08:00:00 trend BUY 1 SPY LMT 499.00 tif=OPG rth
        08:00:01 trend BUY 1 SPY MOC rth
        08:00:02 trend BUY 2 SPY LMT 499.00 rth
        ",
        &expect![["
            08:00:00 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            08:00:01 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-2]
            08:00:02 deny 1 order 3: Plimsoll stale_data: no quote of SPY has been seen
        "]],
    );
}

#[test]
fn a_quote_of_exactly_the_limit_is_young_enough_and_a_millisecond_more_is_not() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:15 trend BUY 1 SPY MKT
        10:00:15.001 trend BUY 2 SPY MKT
        10:00:16 trend BUY 3 QQQ MKT
        ",
        &expect![["
            10:00:15 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:15.001 deny 1 order 2: Plimsoll stale_data: SPY last struck 15s ago, limit 15s
            10:00:16 deny 1 order 3: Plimsoll stale_data: no quote of QQQ has been seen
        "]],
    );
}

#[test]
fn a_stale_quote_does_not_stop_an_exit() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 5 SPY MKT
        10:00:02 venue fills trend 1 5 500.02
        10:05:00 trend SELL 6 SPY MKT
        10:05:01 trend SELL 5 SPY MKT
        ",
        &expect![["
            10:00:01 submit 1 BUY 5 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:05:00 deny 1 order 2: Plimsoll stale_data: SPY last struck 5m ago, limit 15s
            10:05:01 submit 1 SELL 5 SPY MKT for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

// What an order trades against is the other side's price; an auction trades against neither.
#[test]
fn a_side_that_stands_still_is_stale_for_the_orders_that_would_trade_against_it() {
    check(
        "
        10:00:16 quote SPY 500.00 500.02 bid=10:00:16 ask=10:00:01
        10:00:16 trend BUY 1 SPY MKT
        10:00:17 trend BUY 2 SPY LMT 500.02
        10:00:17 trend BUY 3 SPY MOC
        10:00:32 quote SPY 500.00 500.02 bid=10:00:16 ask=10:00:32
        10:00:32 revert SELL 5 SPY LMT 500.50
        10:00:32 trend BUY 6 SPY MKT
        ",
        &expect![["
            10:00:16 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:17 deny 1 order 2: Plimsoll stale_data: the ask of SPY last struck 16s ago, limit 15s
            10:00:17 submit 1 BUY 3 SPY MOC for DU1 [SPY-trend-20260227-3]
            10:00:32 deny 2 order 4: Plimsoll stale_data: the bid of SPY last struck 16s ago, limit 15s
            10:00:32 submit 1 BUY 6 SPY MKT for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn data_that_goes_stale_while_the_disk_is_slow_denies_the_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:13 disk slow
        10:00:14 trend BUY 1 SPY MKT
        10:00:16 disk done
        ",
        &expect![["
            10:00:16 deny 1 order 1: Plimsoll stale_data: SPY last struck 16s ago, limit 15s
        "]],
    );
}

#[test]
fn an_order_may_wait_five_seconds_for_the_disk_and_not_a_millisecond_more() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 1 SPY MKT
        10:00:06 disk done
        10:00:07 disk slow
        10:00:07 trend BUY 2 SPY MKT
        10:00:12.001 disk done
        ",
        &expect![["
            10:00:06 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:12.001 deny 1 order 2: Plimsoll reconciled: waited 5.0s for the disk, limit 5s
        "]],
    );
}

#[test]
fn the_same_order_is_a_repetition_until_exactly_the_window_has_passed() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00
        10:00:02.999 trend BUY 1 SPY LMT 499.00
        10:00:03 trend BUY 1 SPY LMT 499.00
        10:00:04 trend BUY 2 SPY LMT 499.00
        10:00:04 revert BUY 1 SPY LMT 499.00
        10:00:04 revert BUY 1 SPY LMT 499.00 account=DU2
        ",
        // The denied one in between does not make the next a repetition; another size, bot or account is
        // another decision.
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02.999 deny 1 order 2: Plimsoll duplicate: the same as SPY-trend-20260227-1 1.9s ago, window 2s
            10:00:03 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
            10:00:04 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-4]
            10:00:04 submit 2 BUY 1 SPY LMT 499.00 for DU1 [SPY-revert-20260227-1]
            10:00:04 submit 2 BUY 1 SPY LMT 499.00 for DU2 [SPY-revert-20260227-2]
        "]],
    );
}

#[test]
fn a_restart_does_not_forget_what_was_asked() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00
        10:00:01.500 restart
        10:00:02 quote SPY 500.00 500.02
        10:00:02 trend BUY 1 SPY LMT 499.00
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:01.5 notice reconciled: 1 open orders, 0 positions
            10:00:02 deny 1 order 2: Plimsoll duplicate: the same as SPY-trend-20260227-1 1s ago, window 2s
        "]],
    );
}

#[test]
fn the_number_of_an_ended_order_is_used_and_that_of_a_denied_one_is_free() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:02 venue cancels trend 5
        10:00:03 trend BUY 2 SPY LMT 499.00 id=5
        10:00:04 trend BUY 2 SPY LMT 499.00 id=6 account=-
        10:00:05 trend BUY 2 SPY LMT 499.00 id=6
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 5: Plimsoll duplicate: order id 5 was used before
            10:00:04 deny 1 order 6: Plimsoll account: the order names no account; this bot may use DU1
            10:00:05 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}
