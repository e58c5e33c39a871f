//! Bugs that are planted on purpose: a checker that never finds anything has to be seen to find something. No file and no
//! option of the command line can set one.

use plimsoll_core::GuardId;

use super::gateway::Broken;

/// What is wrong with the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant anything"))]
pub(super) enum Planted {
    /// Nothing.
    Nothing,
    /// A guard is not asked.
    Without([GuardId; 1]),
    /// The shell is broken.
    Shell(Broken),
}

impl Planted {
    pub(super) fn switched_off(&self) -> &[GuardId] {
        match self {
            Self::Without(guard) => guard,
            Self::Nothing | Self::Shell(_) => &[],
        }
    }

    pub(super) fn broken(self) -> Option<Broken> {
        match self {
            Self::Shell(broken) => Some(broken),
            Self::Nothing | Self::Without(_) => None,
        }
    }

    pub(super) fn is_any(self) -> bool {
        self != Self::Nothing
    }
}
