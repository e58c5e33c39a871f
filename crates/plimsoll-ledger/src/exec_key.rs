//! Which executions are the same one. TWS repeats a corrected execution's id with a higher last part.

use plimsoll_model::ExecId;

/// An execution's id, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExecKey<'a> {
    /// What a correction leaves unchanged.
    pub stem: &'a str,
    /// Counts corrections.
    pub revision: u32,
    /// How many digits the revision has in the id; none if the id has none.
    pub digits: u8,
}

impl<'a> ExecKey<'a> {
    /// Only ids of TWS's form, four or more parts with a number at the end, have revisions. Other venues' ids
    /// (`184.2`) may differ in their last part and yet name two executions.
    pub(crate) fn of(id: &'a ExecId) -> Self {
        let text = id.as_str();
        let stem = id.without_revision();
        let last = text.get(stem.len() + 1..).unwrap_or("");
        let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        let digits = u8::try_from(last.len()).unwrap_or(u8::MAX);
        match last.parse() {
            Ok(revision) if is_number && stem.split('.').count() >= 3 => Self { stem, revision, digits },
            _ => Self { stem: text, revision: 0, digits: 0 },
        }
    }

    /// The id again.
    pub(crate) fn id(self) -> ExecId {
        let Self { stem, revision, digits } = self;
        let width = usize::from(digits);
        let text = if digits == 0 { stem.to_owned() } else { format!("{stem}.{revision:0width$}") };
        ExecId::new(&text).expect("it was an id")
    }

    /// Whether the id itself says that it corrects another: the broker counts from one.
    pub(crate) fn is_correction(self) -> bool {
        self.revision > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_the_broker_s_form_have_revisions() {
        let table = [
            ("0000e0d5.69dd7411.01.02", "0000e0d5.69dd7411.01", 2),
            ("0000e0d5.69dd7411.01.10", "0000e0d5.69dd7411.01", 10),
            ("0000e0d5.69dd7411.01.02.01", "0000e0d5.69dd7411.01.02", 1),
            ("184.2", "184.2", 0),
            ("639403218432", "639403218432", 0),
            ("a.b.c.d", "a.b.c.d", 0),
            ("a.b.c.+1", "a.b.c.+1", 0),
            ("a.b.c.", "a.b.c.", 0),
        ];
        for (text, stem, revision) in table {
            let id = ExecId::new(text).unwrap();
            let key = ExecKey::of(&id);
            assert_eq!((key.stem, key.revision), (stem, revision), "{text}");
            assert_eq!(key.id(), id);
        }
    }
}
