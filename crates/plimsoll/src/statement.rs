//! The broker's statement beside our own books: what `statement check`, `reconcile` and `nightly` have in common.

pub(crate) mod booked;
pub(crate) mod file;
pub(crate) mod told;
