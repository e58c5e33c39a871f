//! The drills that come with Plimsoll, in the binary: whoever installed it has them.

/// Name and text of each, in the order of `drills/`.
pub(crate) const LIBRARY: &[(&str, &str)] =
    &[("late-moc-half-day", include_str!("../../../../drills/late-moc-half-day.drill"))];
