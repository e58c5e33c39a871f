//! What TWS's option model computes.

use super::contracts::contract;
use super::{Form, Numbered, Step, options};
use crate::message::{CalculateOption, Computed, TickOptionComputation};

/// Both calculations, whose numbers are the same.
impl Form for CalculateOption {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.opt_double(3, "optionPriceOrVolatility", &mut self.given)?;
        f.opt_double(4, "underPrice", &mut self.under_px)?;
        options(f, 5, "options", &mut self.options)
    }
}

impl Form for TickOptionComputation {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "tickType", &mut self.tick)?;
        f.int(3, "tickAttrib", &mut self.attributes)?;
        for (number, (name, figure, unknown)) in (4..).zip(self.figures()) {
            // A figure that was not computed may be absent or the text protocol's number for that; readers
            // take both, and absent says it on this wire.
            f.double(number, name, &mut Computed { figure, unknown, written: "" })?;
        }
        Ok(())
    }
}
