//! A stateful, live-strict simulator of IBKR's TWS and Gateway, without sockets and without a clock.
//!
//! Owns: a seeded market, matching and accounts under the rules of a live account, the server role of the
//! TWS protocol on top of `plimsoll-tws`, faults on demand, and lockstep with its clients. Bytes and venue
//! time come in, bytes go out; the same seed and the same bytes in give the same bytes out.
//!
//! Does not own: sockets, the HTTP control, the pace of time (all `plimsoll-runtime`), and any guard: this
//! is the venue as a bot meets it without Plimsoll.
//!
//! The whole contract, in the order in which a runtime meets it:
//! - [`IbkrVenue::new`] with a [`VenueConfig`];
//! - [`connected`](IbkrVenue::connected), [`received`](IbkrVenue::received),
//!   [`disconnected`](IbkrVenue::disconnected), each appending [`Output`]s to be carried out in order;
//! - [`next_event`](IbkrVenue::next_event) and [`advance`](IbkrVenue::advance) to let time pass, or in
//!   lockstep [`tick`](IbkrVenue::tick) whenever [`waiting_for`](IbkrVenue::waiting_for) is none;
//! - [`state`](IbkrVenue::state), [`fault`](IbkrVenue::fault),
//!   [`heal_all`](IbkrVenue::heal_all), [`set_price`](IbkrVenue::set_price) and
//!   [`manual_order`](IbkrVenue::manual_order) for the control side.
//!
//! [`bots`] are four clients for demonstrations.

pub mod bots;
mod ibkr;
mod market;

pub use market::announced::AnnounceError;
pub use market::listing::DEFAULT_SYMBOLS;
pub use market::recorded::{BarFileError, Recording};
pub use market::rng::Stream;

pub use ibkr::{
    AnnouncedHours, BookedExecution, BookedOrder, BrokenRule, ConfigError, ConnId, ExecutionTimes, Fault,
    FaultError, FaultId, FaultKind, FeePlan, IbkrVenue, ManualOrder, ManualOrderError, ManualTrade,
    MissingAccount, Output, PriceByHand, PriceError, Profile, QuoteFieldName, Sequences, SideName, SpanText,
    StateView, TradingHours, TwsSettings, VenueConfig, Which, violation_kinds,
};
