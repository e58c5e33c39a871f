//! The drills that come with Plimsoll, in the binary: whoever installed it has them.

/// Name and text of each, in the alphabet's order. A test holds the list against the folder.
#[rustfmt::skip]
pub(crate) const LIBRARY: &[(&str, &str)] = &[
    ("account-missing", include_str!("../../../../drills/account-missing.drill")),
    ("clock-step-before-cutoff", include_str!("../../../../drills/clock-step-before-cutoff.drill")),
    ("clock-two-seconds-fast", include_str!("../../../../drills/clock-two-seconds-fast.drill")),
    ("clock-two-seconds-slow", include_str!("../../../../drills/clock-two-seconds-slow.drill")),
    ("close-at-15-56", include_str!("../../../../drills/close-at-15-56.drill")),
    ("closed-by-surprise", include_str!("../../../../drills/closed-by-surprise.drill")),
    ("closes-that-cross", include_str!("../../../../drills/closes-that-cross.drill")),
    ("halted", include_str!("../../../../drills/halted.drill")),
    ("late-moc-half-day", include_str!("../../../../drills/late-moc-half-day.drill")),
    ("late-moc-on-paper", include_str!("../../../../drills/late-moc-on-paper.drill")),
    ("late-open", include_str!("../../../../drills/late-open.drill")),
    ("moc-accepted-in-silence", include_str!("../../../../drills/moc-accepted-in-silence.drill")),
    ("moc-at-normal-time-on-half-day", include_str!("../../../../drills/moc-at-normal-time-on-half-day.drill")),
    ("moc-by-london-time", include_str!("../../../../drills/moc-by-london-time.drill")),
    ("moc-cancel-after-freeze", include_str!("../../../../drills/moc-cancel-after-freeze.drill")),
    ("moo-after-the-close", include_str!("../../../../drills/moo-after-the-close.drill")),
    ("moo-with-slow-clock", include_str!("../../../../drills/moo-with-slow-clock.drill")),
    ("nobody-knows-the-time", include_str!("../../../../drills/nobody-knows-the-time.drill")),
    ("not-its-own", include_str!("../../../../drills/not-its-own.drill")),
    ("not-reconciled", include_str!("../../../../drills/not-reconciled.drill")),
    ("one-time-server-lies", include_str!("../../../../drills/one-time-server-lies.drill")),
    ("quotes-stop", include_str!("../../../../drills/quotes-stop.drill")),
    ("runaway-loop", include_str!("../../../../drills/runaway-loop.drill")),
    ("same-order-twice", include_str!("../../../../drills/same-order-twice.drill")),
    ("suspend-before-cutoff", include_str!("../../../../drills/suspend-before-cutoff.drill")),
    ("value-as-quantity", include_str!("../../../../drills/value-as-quantity.drill")),
];
