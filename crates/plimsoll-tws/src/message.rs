//! The messages as types, with their field orders.
//!
//! Owns which fields a message has at which version and in which order. Numbers that a sender may leave
//! unset are `Option`; whatever sentinel stood on the wire, it is gone here. A default value of a message
//! is one with every field absent, for filling in; no venue would take one.

mod account;
mod bond_details;
mod cancel;
mod completed_order;
mod condition;
mod contract;
mod contract_details;
mod contract_search;
mod data_request;
mod depth;
mod display_group;
mod envelope;
mod execution;
mod fundamental;
mod history;
mod market_data;
mod news;
mod open_order;
mod option_model;
mod order;
mod place_order;
mod query;
mod request;
mod response;
mod scanner;
mod subscription;
mod system;
mod text_only;
mod tick_history;
mod verify;

pub(crate) use condition::CONDITIONS_MAX;
pub(crate) use contract::{LEGS_MAX, PARAMS_MAX};
pub(crate) use envelope::{Head, NUMBER_LEN};
pub(crate) use open_order::ALLOCATIONS_MAX;
pub(crate) use option_model::Computed;

pub use account::*;
pub use bond_details::BondContractDetails;
pub use cancel::{CancelOrder, ExerciseOptions, ReqGlobalCancel};
pub use completed_order::CompletedOrder;
pub use condition::{Condition, Conjunction};
pub use contract::{ComboLeg, DeltaNeutralContract, MarketLeg, TagValue, WireContract};
pub use contract_details::{ContractDetails, FundDetails, IneligibilityReason};
pub use contract_search::*;
pub use data_request::*;
pub use depth::*;
pub use display_group::*;
pub use envelope::{leading_number, message_id};
pub use execution::{CommissionReport, ExecDetails, OrderStatus};
pub use fundamental::*;
pub use history::*;
pub use market_data::*;
pub use news::*;
pub use open_order::{AtVenue, OpenOrder, OrderAllocation, OrderState};
pub use option_model::{CalculateOption, Figure, TickOptionComputation};
pub use order::{
    Adjusted, Combo, DeltaNeutral, LegPrice, Order, PegBenchmark, PegOffsets, Scale, SoftDollarTier,
};
pub use place_order::PlaceOrder;
pub use query::*;
pub use request::Request;
pub use response::Response;
pub use scanner::*;
pub use subscription::*;
pub use system::*;
pub use tick_history::*;
pub use verify::*;
