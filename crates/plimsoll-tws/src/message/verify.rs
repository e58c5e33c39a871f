//! The proof of a program's maker, which IBKR gives to vendors of its own choice. Nobody else uses it.

use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

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
    /// `true` or `1` where it was taken.
    pub is_successful: Word,
    /// Why it was not.
    pub error: Text,
}

impl Layout for VerifyCompleted {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("isSuccessful", &mut self.is_successful)?;
        f.visit("errorText", &mut self.error)?;
        Ok(())
    }
}
