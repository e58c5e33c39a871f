//! The same on a real directory: names, lock, recovery.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{SMALL, note, now};
use crate::{LockError, ReadError, StateLock, Why, WriteError, open, verify};

/// A directory of its own, removed when the test ends.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("plimsoll-journal-{}-{count}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn segments(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.join("journal"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_journal_on_disk_goes_on_over_restarts_and_segments() {
    let dir = TempDir::new();
    for epoch in 1..=3 {
        let lock = StateLock::acquire(&dir.0).unwrap();
        let (mut writer, torn) = open(&lock, SMALL).unwrap();
        assert_eq!(torn, None);
        for seq in 1..=2 {
            writer.append(now(seq), &note(epoch, 1500)).unwrap();
        }
        writer.sync().unwrap();
        assert_eq!(writer.head().epoch, epoch);
    }
    let report = verify(&dir.0.join("journal")).unwrap();
    assert_eq!((report.records, report.first, report.epochs), (6, Some(1), vec![1, 2, 3]));
    // Two records and the seal fill a segment.
    assert_eq!(dir.segments(), ["000000000001.plj", "000000000004.plj", "000000000007.plj"]);
    for name in dir.segments() {
        assert_eq!(fs::metadata(dir.0.join("journal").join(name)).unwrap().len(), 4096);
    }
}

#[test]
fn a_segment_made_ahead_of_time_is_like_any_other() {
    let (ahead, not) = (TempDir::new(), TempDir::new());
    for dir in [&ahead, &not] {
        let lock = StateLock::acquire(&dir.0).unwrap();
        let (mut writer, _) = open(&lock, SMALL).unwrap();
        for seq in 1..=5 {
            writer.append(now(seq), &note(seq, 1500)).unwrap();
            writer.sync().unwrap();
            let order = writer.spare_wanted().filter(|_| dir.0 == ahead.0);
            if let Some(order) = order {
                writer.take_spare(order.make(|| true).unwrap().unwrap());
                assert_eq!(writer.spare_wanted(), None, "one is enough");
            }
        }
        // A reader does not look at the one that waits.
        assert_eq!(verify(&dir.0.join("journal")).unwrap().records, 5);
    }
    assert_eq!(ahead.segments(), ["000000000001.plj", "000000000004.plj", "000000000007.plj"]);
    for name in not.segments() {
        let bytes = |dir: &TempDir| fs::read(dir.0.join("journal").join(&name)).unwrap();
        assert_eq!(bytes(&ahead), bytes(&not), "{name}");
    }
}

#[test]
fn a_spare_that_is_not_needed_leaves_nothing_behind_and_one_of_another_size_is_not_used() {
    let dir = TempDir::new();
    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, _) = open(&lock, SMALL).unwrap();
    writer.append(now(1), &note(1, 1500)).unwrap();
    let order = writer.spare_wanted().unwrap();
    assert!(order.make(|| false).unwrap().is_none(), "the making was ended");
    assert_eq!(dir.segments(), ["000000000001.plj"]);
    let other = crate::SpareOrder { size: 8192, ..order };
    writer.take_spare(other.make(|| true).unwrap().unwrap());
    assert_eq!(dir.segments(), ["000000000001.plj", "spare.tmp"]);
    for seq in 2..=3 {
        writer.append(now(seq), &note(seq, 1500)).unwrap();
    }
    writer.sync().unwrap();
    assert_eq!(dir.segments(), ["000000000001.plj", "000000000004.plj"]);
    assert_eq!(fs::metadata(dir.0.join("journal/000000000004.plj")).unwrap().len(), 4096);
}

#[test]
fn a_spare_that_a_killed_process_left_is_no_part_of_the_journal_and_goes_at_the_next_start() {
    let dir = TempDir::new();
    for epoch in 1..=2 {
        let lock = StateLock::acquire(&dir.0).unwrap();
        let (mut writer, torn) = open(&lock, SMALL).unwrap();
        assert_eq!((torn, dir.segments().contains(&"spare.tmp".to_owned())), (None, false));
        writer.append(now(1), &note(epoch, 100)).unwrap();
        writer.sync().unwrap();
        let mut steps = 0;
        // Killed: nobody is left to remove the file, be it half made or whole.
        std::mem::forget(writer.spare_wanted().unwrap().make(|| {
            steps += 1;
            true
        }));
        assert_eq!(steps, 1);
        assert_eq!(verify(&dir.0.join("journal")).unwrap().records, epoch);
    }
}

#[test]
fn one_segment_can_be_verified_alone() {
    let dir = TempDir::new();
    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, _) = open(&lock, SMALL).unwrap();
    for seq in 1..=3 {
        writer.append(now(seq), &note(seq, 1500)).unwrap();
    }
    writer.sync().unwrap();
    let report = verify(&dir.0.join("journal/000000000004.plj")).unwrap();
    assert_eq!((report.records, report.first), (1, Some(4)));
}

#[test]
fn a_torn_tail_is_zeroed_and_a_nameless_segment_removed() {
    let dir = TempDir::new();
    let journal = dir.0.join("journal");
    let file = journal.join("000000000001.plj");
    {
        let lock = StateLock::acquire(&dir.0).unwrap();
        let (mut writer, _) = open(&lock, SMALL).unwrap();
        writer.append(now(1), &note(1, 10)).unwrap();
        writer.sync().unwrap();
        writer.append(now(2), &note(2, 10)).unwrap();
        writer.write().unwrap();
    }
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 40..].fill(0);
    fs::write(&file, bytes).unwrap();
    fs::write(journal.join("000000000003.tmp"), b"half a segment").unwrap();

    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, torn) = open(&lock, SMALL).unwrap();
    assert_eq!(torn.unwrap().seq, 2);
    assert_eq!(dir.segments(), ["000000000001.plj"]);
    assert_eq!(verify(&journal).unwrap().torn_tail, None, "the tail was cut on the disk");
    assert_eq!(writer.append(now(3), &note(3, 10)).unwrap(), 2);
    writer.sync().unwrap();
    assert_eq!(verify(&journal).unwrap().records, 2);
}

#[test]
fn a_broken_journal_is_left_as_it_is() {
    let dir = TempDir::new();
    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, _) = open(&lock, SMALL).unwrap();
    writer.append(now(1), &note(1, 10)).unwrap();
    writer.sync().unwrap();
    let file = dir.0.join("journal/000000000001.plj");
    let mut bytes = fs::read(&file).unwrap();
    bytes[200] ^= 1;
    fs::write(&file, &bytes).unwrap();

    let Err(ReadError::Broken(broken)) = open(&lock, SMALL) else { panic!("opened a broken journal") };
    assert_eq!((broken.seq, broken.offset, broken.why), (1, 62, Why::Damaged));
    assert_eq!(broken.file, file);
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_segment_under_another_name_is_found() {
    let dir = TempDir::new();
    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, _) = open(&lock, SMALL).unwrap();
    writer.append(now(1), &note(1, 10)).unwrap();
    writer.sync().unwrap();
    let journal = dir.0.join("journal");
    fs::rename(journal.join("000000000001.plj"), journal.join("000000000002.plj")).unwrap();
    let Err(ReadError::Broken(broken)) = verify(&journal) else { panic!("verified") };
    assert_eq!(broken.why, Why::Name { first_seq: 1 });
}

#[test]
fn an_existing_segment_is_never_replaced() {
    let dir = TempDir::new();
    let lock = StateLock::acquire(&dir.0).unwrap();
    let (mut writer, _) = open(&lock, SMALL).unwrap();
    fs::write(dir.0.join("journal/000000000001.plj"), b"somebody else's").unwrap();
    assert!(matches!(writer.append(now(1), &note(1, 10)), Err(WriteError::Io(_))));
    assert_eq!(fs::read(dir.0.join("journal/000000000001.plj")).unwrap(), b"somebody else's");
}

#[test]
fn a_second_holder_is_refused_by_the_first_ones_number_and_welcome_afterwards() {
    let dir = TempDir::new();
    let first = StateLock::acquire(&dir.0).unwrap();
    let Err(LockError::Held { holder, .. }) = StateLock::acquire(&dir.0) else { panic!("two holders") };
    assert_eq!(holder, std::process::id().to_string());
    drop(first);
    StateLock::acquire(&dir.0).unwrap();
}

#[test]
fn a_journal_that_does_not_exist_is_empty() {
    let dir = TempDir::new();
    assert_eq!(verify(&dir.0.join("journal")).unwrap(), crate::Report::default());
}

#[test]
fn what_is_created_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = std::env::temp_dir().join(format!("plimsoll-journal-mode-{}", std::process::id()));
    let dir = parent.join("state");
    {
        let lock = StateLock::acquire(&dir).unwrap();
        let mut writer = crate::recover(&lock).unwrap().into_writer(SMALL);
        writer.append(now(1), &crate::Body::Woke).unwrap();
        writer.sync().unwrap();
    }
    let mode = |path: &str| fs::metadata(dir.join(path)).unwrap().permissions().mode() & 0o777;
    let modes = ["", "journal", "lock", "journal/000000000001.plj"].map(mode);
    fs::remove_dir_all(&parent).unwrap();
    assert_eq!(modes, [0o700, 0o700, 0o600, 0o600]);
}
