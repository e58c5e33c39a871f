//! Answers about the session itself: errors, ids, accounts, clocks.

use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// An error, warning or notice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorMessage {
    /// The order or request; -1 for the whole system.
    pub id: i32,
    /// The code; decide by this alone.
    pub code: i32,
    /// For people, localised.
    pub text: Text,
    /// What could be overridden.
    pub advanced_reject: Text,
    /// When, in milliseconds of the epoch.
    pub time_ms: Option<i64>,
}

impl Layout for ErrorMessage {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if !f.has(Gate::ErrorTime) {
            f.constant("version", "2")?;
        }
        f.id("id", &mut self.id)?;
        f.id("errorCode", &mut self.code)?;
        f.visit("errorString", &mut self.text)?;
        if f.has(Gate::AdvancedOrderReject) {
            f.visit("advancedOrderRejectJson", &mut self.advanced_reject)?;
        }
        if f.has(Gate::ErrorTime) {
            f.opt("errorTime", &mut self.time_ms)?;
        }
        Ok(())
    }
}

/// The next order id of this client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextValidId {
    /// The id.
    pub order_id: i32,
}

impl Layout for NextValidId {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("orderId", &mut self.order_id)?;
        Ok(())
    }
}

/// The accounts of the login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManagedAccounts {
    /// Separated by commas; a trailing comma occurs.
    pub list: Word,
}

impl Layout for ManagedAccounts {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("accountsList", &mut self.list)?;
        Ok(())
    }
}

/// A bulletin of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsBulletin {
    /// Its number.
    pub id: i32,
    /// Its kind.
    pub kind: i32,
    /// The text.
    pub text: Text,
    /// From where.
    pub exchange: Word,
}

impl Layout for NewsBulletin {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("msgId", &mut self.id)?;
        f.visit("msgType", &mut self.kind)?;
        f.visit("newsMessage", &mut self.text)?;
        f.visit("originExch", &mut self.exchange)?;
        Ok(())
    }
}

/// Adviser data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiveFa {
    /// 1 groups, 3 aliases.
    pub kind: i32,
    /// The data.
    pub xml: Text,
}

impl Layout for ReceiveFa {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("faDataType", &mut self.kind)?;
        f.visit("cxml", &mut self.xml)?;
        Ok(())
    }
}

/// The end of a replacement of adviser data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplaceFaEnd {
    /// The request this belongs to.
    pub req_id: i32,
    /// How it went.
    pub text: Text,
}

impl Layout for ReplaceFaEnd {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("text", &mut self.text)?;
        Ok(())
    }
}

/// The server's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurrentTime {
    /// Of the epoch.
    pub seconds: i64,
}

impl Layout for CurrentTime {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("time", &mut self.seconds)?;
        Ok(())
    }
}

/// The server's clock, finer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurrentTimeInMillis {
    /// Of the epoch.
    pub ms: i64,
}

impl Layout for CurrentTimeInMillis {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("timeInMillis", &mut self.ms)?;
        Ok(())
    }
}

/// About the user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserInfo {
    /// The request this belongs to.
    pub req_id: i32,
    /// Usually empty.
    pub white_branding_id: Word,
}

impl Layout for UserInfo {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("whiteBrandingId", &mut self.white_branding_id)?;
        Ok(())
    }
}

impl ManagedAccounts {
    /// The accounts, one by one.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.list.as_str().split(',').filter(|account| !account.is_empty())
    }
}
