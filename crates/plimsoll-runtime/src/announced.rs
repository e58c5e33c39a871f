//! The folder `calendar.d` in the state directory: days that were announced after this version was written.
//!
//! Owns reading the folder, writing a file into it, and noticing changes while the gateway runs. A file that
//! cannot be read changes nothing: at the start the gateway does not begin with it, and while it runs what the
//! file said before stays in force, because a closure that can no longer be read may still hold. A file that is
//! taken away takes its days with it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_calendar::{Announcement, Calendar};
use plimsoll_core::Operator;
use tokio::sync::oneshot;

use crate::config::announced::{parse, text};
use crate::input::{Input, OperatorInput, Shared};

/// The folder's name in the state directory.
pub const FOLDER: &str = "calendar.d";
/// How often the folder is looked at. A storm closure is announced hours ahead.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// No more files are read.
const FILES_MAX: usize = 256;
/// No larger file is read.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// What the folder says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folder {
    files: BTreeMap<String, File>,
    /// What is wrong with the folder itself.
    wrong: Option<String>,
}

/// One file: what it said when it could last be read, and what is wrong with it now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct File {
    days: Vec<Announcement>,
    wrong: Option<String>,
}

/// Why a day was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The folder has a file for it.
    #[error("{} is there already; nothing was added; change or remove that file", .0.display())]
    Exists(PathBuf),
    /// The disk.
    #[error("{}: {error}; nothing was added", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

impl Folder {
    /// Reads a folder; one that is not there says nothing.
    pub fn read(folder: &Path) -> Self {
        Self::default().again(folder)
    }

    /// Reads it once more. What cannot be read keeps saying what it said.
    #[must_use]
    fn again(&self, folder: &Path) -> Self {
        let names = match names(folder) {
            Ok(names) => names,
            Err(wrong) => return Self { files: self.files.clone(), wrong: Some(wrong) },
        };
        let file = |name: String| {
            let known = self.files.get(&name).map(|file| file.days.clone());
            let (days, wrong) = match days_of(&folder.join(&name)) {
                Ok(days) => (days, None),
                Err(wrong) => (known.unwrap_or_default(), Some(wrong)),
            };
            (name, File { days, wrong })
        };
        let mut read = Self { files: names.into_iter().map(file).collect(), wrong: None };
        read.refuse_contradictions();
        read
    }

    /// Each file was held against the rules alone; together two of them may contradict each other. The most
    /// restrictive one stands, and the other one's file is named.
    fn refuse_contradictions(&mut self) {
        let mut calendars: BTreeMap<Box<str>, Calendar> = BTreeMap::new();
        for (name, file) in &mut self.files {
            for day in &file.days {
                let calendar = calendars.entry(day.calendar.clone()).or_insert_with(|| {
                    Calendar::named(&day.calendar).expect("a file with an unknown calendar is not read")
                });
                if let (Err(error), None) = (calendar.announce(day), &file.wrong) {
                    file.wrong = Some(format!("{name}: {error}"));
                }
            }
        }
    }

    /// All days that hold.
    pub fn days(&self) -> Arc<[Announcement]> {
        self.files.values().flat_map(|file| file.days.iter().cloned()).collect()
    }

    /// What is wrong, file by file.
    pub fn problems(&self) -> Vec<String> {
        self.wrong.iter().chain(self.files.values().filter_map(|file| file.wrong.as_ref())).cloned().collect()
    }
}

/// Writes a file with one day. It is whole before it has its name, so that a watcher never reads half of it.
pub fn add(folder: &Path, day: &Announcement) -> Result<PathBuf, AddError> {
    let name = format!("{}-{}", day.date, day.calendar);
    let path = folder.join(format!("{name}.toml"));
    let failed = |error| AddError::Io { path: path.clone(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let half = folder.join(format!(".{name}.half"));
    let mut file = std::fs::File::create(&half).map_err(failed)?;
    file.write_all(text(std::slice::from_ref(day)).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    // A link does not replace what is there, a rename would.
    let linked = std::fs::hard_link(&half, &path);
    std::fs::remove_file(&half).map_err(failed)?;
    match linked {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(AddError::Exists(path)),
        Err(error) => Err(failed(error)),
    }
}

/// What the bridge is told of a folder.
pub(crate) fn told(folder: &Folder) -> Operator {
    let problems = folder.problems().into_iter().map(Into::into).collect();
    Operator::Calendar { days: folder.days(), problems }
}

/// Looks at the folder until the gateway ends, and tells the bridge when it says something else.
pub(crate) async fn watch(path: PathBuf, mut seen: Folder, shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let (at, before) = (path.clone(), seen.clone());
        // A state directory on a network disk may take its time.
        let Ok(now) = tokio::task::spawn_blocking(move || before.again(&at)).await else { return };
        if now == seen {
            continue;
        }
        for problem in now.problems() {
            tracing::error!("{problem}; what was known before stays in force");
        }
        let (done, heard) = oneshot::channel();
        if shared.inputs.send(Input::Operator(OperatorInput::Act(told(&now), done))).is_err() {
            return;
        }
        let _ = heard.await;
        seen = now;
    }
}

/// The files to read, in the order of their names.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(wrong)?.file_name().to_string_lossy().into_owned();
        // A half written file and an editor's copy begin or end otherwise.
        if name.strip_suffix(".toml").is_some_and(|stem| !stem.starts_with('.')) {
            names.push(name);
        }
    }
    if names.len() > FILES_MAX {
        return Err(format!(
            "{}: {} files are more than {FILES_MAX}; none was read",
            folder.display(),
            names.len()
        ));
    }
    names.sort();
    Ok(names)
}

fn days_of(path: &Path) -> Result<Vec<Announcement>, String> {
    let shown = path.display().to_string();
    let wrong = |error: std::io::Error| format!("{shown}: {error}");
    let len = std::fs::metadata(path).map_err(wrong)?.len();
    if len > FILE_BYTES_MAX {
        return Err(format!("{shown}: {len} bytes are more than {FILE_BYTES_MAX}; it was not read"));
    }
    let text = std::fs::read_to_string(path).map_err(wrong)?;
    parse(&shown, &text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own that goes away with the test.
    struct Temp(PathBuf);

    impl Temp {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("plimsoll-announced-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.0.join(name), text).unwrap();
        }
    }

    impl Drop for Temp {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn closed(date: &str) -> String {
        format!(
            "[[day]]\ncalendar = \"XNYS\"\ndate = \"{date}\"\nchange = \"closed\"\nreason = \"r\"\nsource = \"s\"\n"
        )
    }

    fn dates(folder: &Folder) -> Vec<String> {
        folder.days().iter().map(|day| day.date.to_string()).collect()
    }

    #[test]
    fn a_file_that_can_no_longer_be_read_keeps_its_days_and_one_that_is_gone_does_not() {
        let temp = Temp::new("keeps");
        temp.write("a.toml", &closed("2027-01-15"));
        temp.write("b.toml", &closed("2027-01-14"));
        temp.write("notes.txt", "not read");
        temp.write(".c.half", "not read");
        let first = Folder::read(&temp.0);
        assert_eq!(dates(&first), ["2027-01-15", "2027-01-14"]);
        assert_eq!(first.problems(), [""; 0]);
        temp.write("a.toml", "[[day");
        let broken = first.again(&temp.0);
        assert_eq!(dates(&broken), ["2027-01-15", "2027-01-14"]);
        assert_eq!(broken.problems().len(), 1);
        assert!(broken.problems()[0].contains("a.toml:1:"), "{:?}", broken.problems());
        std::fs::remove_file(temp.0.join("a.toml")).unwrap();
        let gone = broken.again(&temp.0);
        assert_eq!((dates(&gone), gone.problems()), (vec!["2027-01-14".to_owned()], vec![]));
    }

    #[test]
    fn a_broken_file_of_a_first_reading_has_no_days_and_is_named() {
        let temp = Temp::new("first");
        temp.write("a.toml", &closed("2027-02-30"));
        let folder = Folder::read(&temp.0);
        assert!(folder.days().is_empty());
        assert!(folder.problems()[0].contains("`2027-02-30` is no date"), "{:?}", folder.problems());
    }

    #[test]
    fn two_files_that_contradict_each_other_leave_the_day_closed_and_one_is_named() {
        let temp = Temp::new("two");
        temp.write("a.toml", &closed("2027-01-15"));
        let open =
            closed("2027-01-15").replace("\"closed\"", "\"open\"\nopen = \"08:00\"\nclose = \"16:00\"");
        temp.write("b.toml", &format!("{open}force = true\n"));
        let folder = Folder::read(&temp.0);
        assert_eq!(folder.problems().len(), 1, "{:?}", folder.problems());
        assert!(folder.problems()[0].starts_with("b.toml: "), "{:?}", folder.problems());
        let mut calendar = Calendar::us_equities();
        for day in folder.days().iter() {
            let _ = calendar.announce(day);
        }
        assert!(calendar.session(jiff::civil::date(2027, 1, 15)).unwrap().is_none());
    }

    #[test]
    fn the_largest_file_is_read_and_one_byte_more_is_not() {
        let temp = Temp::new("large");
        let text = closed("2027-01-15");
        let max = usize::try_from(FILE_BYTES_MAX).unwrap();
        temp.write("a.toml", &format!("{text}{}", "#".repeat(max - text.len())));
        assert_eq!(Folder::read(&temp.0).days().len(), 1);
        temp.write("a.toml", &format!("{text}{}", "#".repeat(max + 1 - text.len())));
        assert!(Folder::read(&temp.0).problems()[0].contains("are more than"));
    }

    #[test]
    fn a_day_is_added_once_and_what_is_there_is_not_replaced() {
        let temp = Temp::new("once");
        let day = parse("x", &closed("2027-01-15")).unwrap().remove(0);
        let folder = temp.0.join(FOLDER);
        let path = add(&folder, &day).unwrap();
        assert!(path.ends_with("2027-01-15-XNYS.toml"));
        assert_eq!(*Folder::read(&folder).days(), *std::slice::from_ref(&day));
        assert!(matches!(add(&folder, &day), Err(AddError::Exists(_))));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no half file stays behind");
    }
}
