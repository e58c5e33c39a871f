//! Display groups: windows of TWS that show the same contract.

use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// Subscribes to the contract that a group shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscribeToGroupEvents {
    /// The request this belongs to.
    pub req_id: i32,
    /// From 1.
    pub group: i32,
}

impl Layout for SubscribeToGroupEvents {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("groupId", &mut self.group)?;
        Ok(())
    }
}

/// The contract that a group shows, or shall show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupContract {
    /// The request this belongs to.
    pub req_id: i32,
    /// `8314@SMART`, `none`, `combo`.
    pub contract: Text,
}

impl Layout for GroupContract {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("contractInfo", &mut self.contract)?;
        Ok(())
    }
}

/// Which groups there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisplayGroupList {
    /// The request this belongs to.
    pub req_id: i32,
    /// Numbers separated by `|`, the most used one first.
    pub groups: Word,
}

impl Layout for DisplayGroupList {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("groups", &mut self.groups)?;
        Ok(())
    }
}
