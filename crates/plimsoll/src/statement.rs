//! The broker's statement beside our own books: what `statement check`, `reconcile` and `nightly` have in common.

pub(crate) mod booked;
pub(crate) mod coverage;
pub(crate) mod file;
pub(crate) mod night;
pub(crate) mod of_venue;
pub(crate) mod pending;
pub(crate) mod profit;
pub(crate) mod told;
pub(crate) mod worth;

#[cfg(test)]
mod tests;
