//! The name of a one-cancels-all group: when two are one, and when it is none.
//!
//! Whether the venue tells `exit` from `EXIT` or `exit ` nobody has recorded, so here they are one name, and blanks are
//! none: at the worst somebody has to choose another. Only what orders of one group can execute together is
//! counted by the exact name, because there a group too many is the careful answer.

/// The name as groups are compared; none where it names no group.
pub(crate) fn key(name: &str) -> Option<Box<str>> {
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_lowercase().into())
}
