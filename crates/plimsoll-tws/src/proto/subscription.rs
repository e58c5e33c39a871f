//! Answers that say what a subscription really is.

use super::{Form, Numbered, Step};
use crate::message::{ACCOUNTS_MAX, Reroute, SoftDollarTiers};

/// Of quotes and of depth, whose numbers are the same.
impl Form for Reroute {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "conId", &mut self.con_id)?;
        f.text(3, "exchange", &mut self.exchange)
    }
}

impl Form for SoftDollarTiers {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "softDollarTiers", &mut self.tiers, ACCOUNTS_MAX, |f, tier| {
            f.text(1, "name", &mut tier.name)?;
            f.text(2, "value", &mut tier.value)?;
            f.text(3, "displayName", &mut tier.display_name)
        })
    }
}
