//! The vocabulary of Plimsoll: what the guards, the codecs, the ledger and the simulators call things.
//!
//! Owns: exact decimals with meaning ([`Price`], [`Qty`], [`Position`], [`Money`]), identifiers that
//! cannot be mistaken for one another, orders and executions in FIX words, what a bot asks
//! ([`Request`]) and what a venue says ([`Report`]), and [`Now`].
//!
//! Does not own: a clock, a venue's wire format, serialization, any decision.

mod decimal;
mod execution;
mod frame;
mod ids;
mod instrument;
mod now;
mod order;
mod report;
mod request;

pub use decimal::{Currency, Money, NumberError, Position, Price, Qty};
pub use execution::{Execution, Fee};
pub use frame::RawFrame;
pub use ids::{Account, BotName, ClOrdId, ClientId, ConId, ExecId, LinkId, OrderId, PermId, ReqId};
pub use instrument::{Contract, InstrumentId, SecType};
pub use now::{Mono, Now};
pub use order::{
    CancelRequest, ComboLeg, Leg, NewOrder, OrdType, OrderRequest, OrderStatus, ReplaceRequest, Side,
    TimeInForce,
};
pub use report::{
    ContractReport, DayBar, DayBarsReport, ErrorReport, ExecutionReport, OpenOrderReport, PositionReport,
    QuoteField, Report, ScheduleReport, ScheduledSession, StatusReport,
};
pub use request::Request;
