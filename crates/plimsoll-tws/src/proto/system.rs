//! The session itself: errors, ids, accounts, clocks.

use super::{Form, Numbered, Step, Whole};
use crate::message::{
    CurrentTime, CurrentTimeInMillis, ErrorMessage, ManagedAccounts, NewsBulletin, NextValidId, ReceiveFa,
    ReplaceFaEnd, UserInfo,
};

impl Form for ErrorMessage {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "id", &mut self.id, -1)?;
        self.time_ms = f.whole(2, "errorTime", Whole::Int64, self.time_ms)?;
        f.id(3, "errorCode", &mut self.code)?;
        f.text(4, "errorMsg", &mut self.text)?;
        f.text(5, "advancedOrderRejectJson", &mut self.advanced_reject)
    }
}

impl Form for NextValidId {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "orderId", &mut self.order_id)
    }
}

impl Form for ManagedAccounts {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "accountsList", &mut self.list)
    }
}

impl Form for NewsBulletin {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "newsMsgId", &mut self.id)?;
        f.int(2, "newsMsgType", &mut self.kind)?;
        f.text(3, "newsMessage", &mut self.text)?;
        f.text(4, "originatingExch", &mut self.exchange)
    }
}

impl Form for ReceiveFa {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "faDataType", &mut self.kind)?;
        f.text(2, "xml", &mut self.xml)
    }
}

impl Form for ReplaceFaEnd {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "text", &mut self.text)
    }
}

impl Form for CurrentTime {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "currentTime", &mut self.seconds)
    }
}

impl Form for CurrentTimeInMillis {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "currentTimeInMillis", &mut self.ms)
    }
}

impl Form for UserInfo {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "whiteBrandingId", &mut self.white_branding_id)
    }
}
