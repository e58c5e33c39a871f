//! The proof of a program's maker, without a key; with one it has no form.

use super::{Form, Numbered, Step};
use crate::message::{VerifyCompleted, VerifyMessage, VerifyRequest};

impl Form for VerifyRequest {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "apiName", &mut self.api_name)?;
        f.text(2, "apiVersion", &mut self.api_version)
    }
}

/// A step of either side.
impl Form for VerifyMessage {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "apiData", &mut self.data)
    }
}

impl Form for VerifyCompleted {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.flag(1, "isSuccessful", &mut self.is_successful)?;
        f.text(2, "errorText", &mut self.error)
    }
}
