//! Display groups.

use super::{Form, Numbered, Step};
use crate::message::{DisplayGroupList, GroupContract, SubscribeToGroupEvents};

impl Form for SubscribeToGroupEvents {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.int(2, "groupId", &mut self.group)
    }
}

/// The wish and the news of it.
impl Form for GroupContract {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "contractInfo", &mut self.contract)
    }
}

impl Form for DisplayGroupList {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "groups", &mut self.groups)
    }
}
