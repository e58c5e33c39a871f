//! Messages without a protobuf form: the venue's own definitions have none for them, so that at a protobuf
//! version they are text behind a number in four bytes, in both directions. Their rows in the tables have an
//! empty protobuf name.
//!
//! Two are answers that were never redefined: the tick of an exchange for physical, and the other contract of
//! a delta-neutral combo. The others are the proof of a program's maker with a key, which only vendors of
//! IBKR's own choice have; the end of that proof shares its type with the one that has a form. A frame that
//! claims to be the protobuf of one of them comes back as `Raw`.

use super::{DeltaNeutralValidation, TickEfp, VerifyAndAuthMessage, VerifyAndAuthRequest};
use crate::layout::Step;
use crate::proto::{Form, Numbered};

/// A macro, because a form for all types with a marker would meet the one for boxes.
macro_rules! text_only {
    ($($content:ty),* $(,)?) => {
        $(
            impl Form for $content {
                /// Never called for a frame: without a name there is no form to read or write.
                fn form(&mut self, _f: &mut impl Numbered) -> Step {
                    Ok(())
                }
            }
        )*
    };
}

text_only! {
    DeltaNeutralValidation,
    TickEfp,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
}
