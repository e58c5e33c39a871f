//! The TWS wire protocol in both roles, without sockets: a simulator is the server, a gateway is both.
//!
//! Owns: frames ([`frame`]), the handshake ([`handshake`]), the typed messages ([`message`]) as text at
//! versions 157 to 200 and as protobuf at 213, changes of single fields in place ([`rewrite`]), the translation
//! into the vocabulary of `plimsoll-model` ([`translate`]), an order as a server reports it back ([`echo`]),
//! the frames of a refusal ([`denial`]), and those of an order that a gateway holds itself ([`held`]).
//!
//! Does not own: sockets, deadlines, which message may come when, any decision about an order.
//!
//! ```
//! use plimsoll_tws::message::CancelOrder;
//! use plimsoll_tws::{Request, ServerVersion};
//!
//! let cancel = Request::CancelOrder(CancelOrder { order_id: 5, ..CancelOrder::default() });
//! let version = ServerVersion::new(176).expect("a version spoken here");
//! let frame = cancel.encode(version);
//! assert_eq!(format!("{frame:?}"), "4|1|5||");
//! assert_eq!(Request::decode(version, &frame), Ok(cancel));
//! ```

mod layout;
#[cfg(test)]
mod properties;
mod proto;
mod spelling;
mod text;
mod version;

pub mod denial;
pub mod echo;
pub mod frame;
pub mod handshake;
pub mod held;
pub mod message;
pub mod rewrite;
pub mod translate;

pub use layout::{DecodeError, Problem};
pub use message::{Request, Response};
pub use plimsoll_model::RawFrame;
pub use spelling::BestOffset;
pub use text::{Text, Word};
pub use version::{Gate, ServerVersion};
