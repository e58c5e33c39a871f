//! The words in which an order says what it is and how long it lives: every spelling that the venue takes is
//! judged as what it means, and a word that no guard knows is denied.

use expect_test::expect;

use super::check;

#[test]
fn no_other_spelling_of_on_close_escapes_the_cutoff() {
    check(
        "
        15:49:50 quote SPY 500.00 500.02
        15:49:58.999 trend BUY 100 SPY MKTCLS
        15:50:00 trend BUY 10 SPY MKT_CLS
        15:50:01 trend BUY 11 SPY MKTCLS
        15:50:02 trend BUY 12 SPY LMT_CLS 500.00
        15:50:03 trend BUY 13 SPY LMTCLS 500.00
        ",
        // The spellings are those of IBKR's own Java client.
        &expect![["
            15:49:58.999 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:50:00 deny 1 order 2: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
            15:50:01 deny 1 order 3: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
            15:50:02 deny 1 order 4: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
            15:50:03 deny 1 order 5: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn another_spelling_of_a_limit_order_is_held_to_its_price() {
    check(
        "
        limit order 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LIMIT 530.00
        10:00:02 trend BUY 1 SPY LIMIT
        10:00:03 trend BUY 1 SPY STOPLMT 501.00
        10:00:04 trend SELL 1 SPY STOP stop=400.00
        10:00:05 trend BUY 200 SPY MARKET
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: price 530.00 is more than 3 % from 500.00
            10:00:02 deny 1 order 2: Plimsoll supported: a limit order without a limit price cannot be bounded by any guard yet
            10:00:03 deny 1 order 3: Plimsoll supported: a stop order without a stop price cannot be bounded by any guard yet
            10:00:04 deny 1 order 4: Plimsoll limits: price 400.00 is more than 3 % from 500.00
            10:00:05 deny 1 order 5: Plimsoll limits: order of 100000 USD, limit 60000 USD
        "]],
    );
}

#[test]
fn an_order_type_or_time_in_force_that_no_guard_knows_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY VWAP
        10:00:02 trend BUY 2 SPY moc
        10:00:03 trend BUY 3 SPY MOC_
        10:00:04 trend BUY 4 SPY LMT 500.00 tif=AUC
        10:00:05 trend BUY 5 SPY LMT 500.00 tif=OVERNIGHT+DAY
        10:00:06 trend BUY 6 SPY MIT stop=499.00
        10:00:07 trend BUY 7 SPY TRAILLIMIT stop=499.00
        ",
        // VWAP trades until the close, AUC in an auction; a lower case or a blank more may be read or not.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll supported: what the order type `VWAP` can do is not known to any guard
            10:00:02 deny 1 order 2: Plimsoll supported: what the order type `moc` can do is not known to any guard
            10:00:03 deny 1 order 3: Plimsoll supported: what the order type `MOC ` can do is not known to any guard
            10:00:04 deny 1 order 4: Plimsoll supported: what the time in force `AUC` can do is not known to any guard
            10:00:05 deny 1 order 5: Plimsoll supported: what the time in force `OVERNIGHT+DAY` can do is not known to any guard
            10:00:06 submit 1 BUY 6 SPY MIT @499.00 for DU1 [SPY-trend-20260227-6]
            10:00:07 submit 1 BUY 7 SPY TRAILLIMIT @499.00 for DU1 [SPY-trend-20260227-7]
        "]],
    );
}

#[test]
fn observe_mode_reports_an_unknown_word_and_lets_it_pass() {
    check(
        "
        observe
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY VWAP
        ",
        &expect![["
            10:00:01 observed 1 [SPY-trend-20260227-1]: Plimsoll supported: what the order type `VWAP` can do is not known to any guard
            10:00:01 observed 1 [SPY-trend-20260227-1]: Plimsoll supported: what the order type `VWAP` can do is not known to any guard
            10:00:01 submit 1 BUY 1 SPY VWAP for DU1 [SPY-trend-20260227-1]
        "]],
    );
}
