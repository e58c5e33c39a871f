//! The proof of a program's maker, which IBKR gives to vendors of its own choice. Nobody else uses it.

use bytes::BytesMut;

use crate::Text;
use crate::layout::{Fields, Layout, Problem, Step};
use crate::spelling::{Raw, Spelling};

/// Begins the proof.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyRequest {
    /// The program.
    pub api_name: Text,
    /// Its version.
    pub api_version: Text,
}

impl Layout for VerifyRequest {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("apiName", &mut self.api_name)?;
        f.visit("apiVersion", &mut self.api_version)?;
        Ok(())
    }
}

/// Begins the proof with a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyAndAuthRequest {
    /// The program.
    pub api_name: Text,
    /// Its version.
    pub api_version: Text,
    /// The maker's key.
    pub key: Text,
}

impl Layout for VerifyAndAuthRequest {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("apiName", &mut self.api_name)?;
        f.visit("apiVersion", &mut self.api_version)?;
        f.visit("opaqueIsvKey", &mut self.key)?;
        Ok(())
    }
}

/// A step of the proof, of either side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyMessage {
    /// Opaque.
    pub data: Text,
}

impl Layout for VerifyMessage {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("apiData", &mut self.data)?;
        Ok(())
    }
}

/// A step of the proof with a key, of either side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyAndAuthMessage {
    /// Opaque.
    pub data: Text,
    /// The server's challenge, or the answer to it.
    pub xyz: Text,
}

impl Layout for VerifyAndAuthMessage {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("apiData", &mut self.data)?;
        f.visit("xyzChallenge", &mut self.xyz)?;
        Ok(())
    }
}

/// The end of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyCompleted {
    /// Whether it was taken.
    pub is_successful: bool,
    /// Why it was not.
    pub error: Text,
}

impl Layout for VerifyCompleted {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("isSuccessful", &mut Worded(&mut self.is_successful))?;
        f.visit("errorText", &mut self.error)?;
        Ok(())
    }
}

/// A flag that this message spells as a word.
struct Worded<'a>(&'a mut bool);

impl Spelling for Worded<'_> {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self.0 = match raw.bytes {
            b"true" | b"1" => true,
            b"false" | b"0" | b"" => false,
            _ => return Err(raw.problem("true or false")),
        };
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(if *self.0 { b"true" } else { b"false" });
    }
}
