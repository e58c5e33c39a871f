//! State and margin preview of an order.

use super::super::{Numbered, Step};
use crate::Text;
use crate::message::{ALLOCATIONS_MAX, OrderAllocation, OrderState};

/// When and why an order ended; completed orders only.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) time: Text,
    pub(super) status: Text,
}

pub(super) fn order_state(
    f: &mut impl Numbered,
    number: u32,
    state: &mut OrderState,
    ended: &mut Ended,
) -> Step {
    f.part(number, "orderState", true, |f| {
        f.text(1, "status", &mut state.status)?;
        let margins = state.before.iter_mut().chain(&mut state.change).chain(&mut state.after);
        for (number, margin) in (2..).zip(margins) {
            f.opt_double(number, "margin", margin)?;
        }
        f.opt_double(11, "commissionAndFees", &mut state.commission)?;
        f.opt_double(12, "minCommissionAndFees", &mut state.commission_min)?;
        f.opt_double(13, "maxCommissionAndFees", &mut state.commission_max)?;
        f.text(14, "commissionAndFeesCurrency", &mut state.commission_currency)?;
        f.text(15, "marginCurrency", &mut state.margin_currency)?;
        for (number, margin) in (16..).zip(&mut state.outside_rth) {
            f.opt_double(number, "marginOutsideRTH", margin)?;
        }
        f.opt_text(25, "suggestedSize", &mut state.suggested_size)?;
        f.text(26, "rejectReason", &mut state.reject_reason)?;
        f.parts(27, "orderAllocations", &mut state.allocations, ALLOCATIONS_MAX, allocation)?;
        f.text(28, "warningText", &mut state.warning_text)?;
        f.text(29, "completedTime", &mut ended.time)?;
        f.text(30, "completedStatus", &mut ended.status)
    })
    .map(drop)
}

fn allocation(f: &mut impl Numbered, part: &mut OrderAllocation) -> Step {
    f.text(1, "allocation.account", &mut part.account)?;
    f.opt_text(2, "allocation.position", &mut part.position)?;
    f.opt_text(3, "allocation.positionDesired", &mut part.position_desired)?;
    f.opt_text(4, "allocation.positionAfter", &mut part.position_after)?;
    f.opt_text(5, "allocation.desiredAllocQty", &mut part.desired_qty)?;
    f.opt_text(6, "allocation.allowedAllocQty", &mut part.allowed_qty)?;
    f.flag(7, "allocation.isMonetary", &mut part.is_monetary)
}
