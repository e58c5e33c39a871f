//! Whatever is changed is found, and a crash is not mistaken for it.

use super::{SMALL, journal, note, now};
use crate::record::{HEADER_LEN, declared_len};
use crate::{MemorySink, ReadError, Reader, Report, Why, Writer, segment};

fn report(segments: &[Vec<u8>]) -> Result<Report, Why> {
    match Reader::from_memory(segments.to_vec()).into_report() {
        Ok(report) => Ok(report),
        Err(ReadError::Broken(broken)) => Err(broken.why),
        Err(ReadError::Io { .. }) => unreachable!("memory has no i/o"),
    }
}

/// Start and end of each record in a segment.
fn records(segment: &[u8]) -> Vec<(usize, usize)> {
    let mut at = segment::HEADER_LEN;
    let mut found = Vec::new();
    while let Some(len) = declared_len(&segment[at..]) {
        found.push((at, at + len));
        at += len;
    }
    found
}

fn with_records(segment: &[u8], order: &[usize]) -> Vec<u8> {
    let records = records(segment);
    let mut out = segment[..segment::HEADER_LEN].to_vec();
    for index in order {
        let (from, to) = records[*index];
        out.extend_from_slice(&segment[from..to]);
    }
    out.resize(segment.len(), 0);
    out
}

#[test]
fn every_changed_bit_of_a_written_record_is_damage_even_in_the_last_one() {
    // Lengths that put records across sectors of 512 bytes, and one longer than a sector.
    let clean = journal(&[1, 150, 0, 700, 40]);
    let end = records(&clean[0]).last().unwrap().1;
    for at in 0..end {
        for bit in 0..8 {
            let mut changed = clean.clone();
            changed[0][at] ^= 1 << bit;
            let why = report(&changed).expect_err(&format!("bit {bit} of byte {at} changed unnoticed"));
            assert!(matches!(why, Why::Head | Why::Damaged), "byte {at}: {why:?}");
        }
    }
}

#[test]
fn a_changed_bit_in_the_unused_end_is_reported_and_costs_no_record() {
    let clean = journal(&[10, 20]);
    let end = records(&clean[0]).last().unwrap().1;
    for at in end..clean[0].len() {
        let mut changed = clean.clone();
        changed[0][at] ^= 1 << (at % 8);
        let report = report(&changed).unwrap();
        assert_eq!((report.records, report.torn_tail.map(|tail| tail.seq)), (2, Some(3)), "byte {at}");
    }
}

#[test]
fn every_changed_bit_in_a_sealed_segment_is_damage_its_unused_end_included() {
    let clean = journal(&[1900, 1500, 900]);
    assert_eq!(clean.len(), 2, "the third record needs a second segment");
    let end = records(&clean[0]).last().unwrap().1;
    let few_bits = |at: usize| if at < end { 0..8 } else { at % 8..at % 8 + 1 };
    // Every byte at its start and around its end, and every seventh between: bodies are all alike.
    let bytes = (0..clean[0].len()).filter(|at| *at < 260 || *at > end - 200 || at % 7 == 0);
    for (at, bit) in bytes.flat_map(|at| few_bits(at).map(move |bit| (at, bit))) {
        let mut changed = clean.clone();
        changed[0][at] ^= 1 << bit;
        report(&changed).expect_err(&format!("bit {bit} of byte {at} changed unnoticed"));
    }
}

#[test]
fn a_file_that_was_cut_is_named_at_every_length() {
    let clean = journal(&[5, 60]);
    for len in 0..clean[0].len() {
        let cut = vec![clean[0][..len].to_vec()];
        let why = report(&cut).unwrap_err();
        let expected = if len < segment::HEADER_LEN {
            Why::Head
        } else {
            Why::Size { is: len as u64, should: clean[0].len() as u64 }
        };
        assert_eq!(why, expected, "cut at {len}");
    }
}

#[test]
fn an_end_lost_by_a_crash_is_a_torn_tail_at_every_byte_and_the_rest_is_a_prefix() {
    // One batch that was never synced: nothing in it says that any of it was on the disk.
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    for seq in 1..=4 {
        writer.append(now(seq), &note(seq, 200)).unwrap();
    }
    writer.write().unwrap();
    let clean = writer.into_sink().into_segments();
    let ends: Vec<usize> = records(&clean[0]).iter().map(|(_, end)| *end).collect();
    for cut in segment::HEADER_LEN..*ends.last().unwrap() {
        let mut torn = clean.clone();
        torn[0][cut..].fill(0);
        let report = report(&torn).unwrap_or_else(|why| panic!("cut at {cut}: {why:?}"));
        let whole = ends.iter().filter(|end| **end <= cut).count() as u64;
        let at_a_border = cut == segment::HEADER_LEN || ends.contains(&cut);
        assert_eq!(report.records, whole, "cut at {cut}");
        assert_eq!(report.torn_tail.is_none(), at_a_border, "cut at {cut}");
    }
}

#[test]
fn a_sector_lost_from_an_unsynced_batch_is_a_torn_tail() {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    for seq in 1..=6 {
        writer.append(now(seq), &note(seq, 300)).unwrap();
    }
    writer.write().unwrap();
    let clean = writer.into_sink().into_segments();
    let records = records(&clean[0]);
    for sector in 1..records.last().unwrap().1 / 512 {
        let mut torn = clean.clone();
        torn[0][sector * 512..(sector + 1) * 512].fill(0);
        let report = report(&torn).unwrap();
        let whole = records.iter().filter(|(_, end)| *end <= sector * 512).count() as u64;
        assert_eq!(report.records, whole, "sector {sector}");
        assert!(report.torn_tail.is_some());
    }
}

#[test]
fn a_sector_lost_from_synced_records_is_damage_when_a_later_record_knew_of_them() {
    let clean = journal(&[300, 300, 300, 300, 300, 300]);
    let mut torn = clean;
    torn[0][512..1024].fill(0);
    assert_eq!(report(&torn), Err(Why::Damaged));
}

#[test]
fn records_removed_repeated_or_exchanged_are_found() {
    let clean = journal(&[10, 20, 30, 40]);
    let order = |order: &[usize]| report(&[with_records(&clean[0], order)]);
    assert_eq!(order(&[0, 1, 2, 3]).unwrap().records, 4);
    assert_eq!(order(&[0, 2, 3]), Err(Why::Order { found: 3 }), "one removed");
    assert_eq!(order(&[1, 2, 3]), Err(Why::Order { found: 2 }), "the first removed");
    assert_eq!(order(&[0, 1, 1, 2, 3]), Err(Why::Order { found: 2 }), "one repeated");
    assert_eq!(order(&[0, 2, 1, 3]), Err(Why::Order { found: 3 }), "two exchanged");
}

#[test]
fn a_record_of_another_journal_does_not_continue_this_one() {
    let ours = journal(&[10, 20, 30]);
    let other = journal(&[10, 21, 30]);
    let (from, _) = records(&ours[0])[2];
    let (other_from, other_to) = records(&other[0])[2];
    let mut mixed = ours[0][..from].to_vec();
    mixed.extend_from_slice(&other[0][other_from..other_to]);
    mixed.resize(ours[0].len(), 0);
    assert_eq!(report(&[mixed]), Err(Why::Chain));
}

#[test]
fn segments_removed_repeated_or_exchanged_are_found() {
    let clean = journal(&[1900, 1500, 1900, 1500, 1900]);
    assert_eq!(clean.len(), 3);
    let order =
        |order: &[usize]| report(&order.iter().map(|index| clean[*index].clone()).collect::<Vec<_>>());
    // Each full segment holds two records and the seal, so the others begin at 4 and 7.
    assert_eq!(order(&[0, 1, 2]).unwrap().records, 5);
    assert_eq!(order(&[1, 2]), Err(Why::Gap { found: 4 }));
    assert_eq!(order(&[0, 2]), Err(Why::Gap { found: 7 }));
    assert_eq!(order(&[0, 0, 1, 2]), Err(Why::Gap { found: 1 }));
    assert_eq!(order(&[0, 2, 1]), Err(Why::Gap { found: 7 }));
}

#[test]
fn a_segment_without_its_seal_cannot_have_a_successor() {
    let mut segments = journal(&[1900, 1500, 900]);
    let (seal, end) = *records(&segments[0]).last().unwrap();
    segments[0][seal..end].fill(0);
    assert_eq!(report(&segments), Err(Why::Unsealed));
}

#[test]
fn a_torn_end_is_accepted_in_the_last_segment_only() {
    let mut segments = journal(&[1900, 1500, 900]);
    let (seal, end) = *records(&segments[0]).last().unwrap();
    segments[0][seal + HEADER_LEN / 2..end].fill(0);
    assert_eq!(report(&segments), Err(Why::Damaged));
    segments.truncate(1);
    assert_eq!(report(&segments).unwrap().torn_tail.unwrap().seq, 3);
}

/// Its checksums hold, so somebody made it: the next process would have no epoch to write in.
#[test]
fn a_record_of_the_highest_epoch_of_all_is_refused() {
    let of_epoch = |epoch| {
        let mut writer = Writer::new(MemorySink::new(), SMALL, epoch);
        writer.append(now(1), &note(1, 5)).unwrap();
        writer.write().unwrap();
        report(&writer.into_sink().into_segments())
    };
    assert_eq!(of_epoch(u64::MAX), Err(Why::Epoch { found: u64::MAX, after: 0 }));
    assert_eq!(of_epoch(u64::MAX - 1).unwrap().epochs, [u64::MAX - 1]);
}

#[test]
fn a_journal_cut_between_records_reads_well_and_only_its_head_tells() {
    let whole = journal(&[10, 20, 30]);
    let cut = with_records(&whole[0], &[0, 1]);
    let (whole, cut) = (report(&whole).unwrap(), report(&[cut]).unwrap());
    assert_eq!(cut.torn_tail, None);
    assert_ne!(whole.head.anchor(), cut.head.anchor());
}

#[test]
fn arbitrary_bytes_never_panic() {
    let clean = journal(&[5, 60, 7]);
    arbtest::arbtest(|u| {
        let mut segments = if u.arbitrary()? { clean.clone() } else { vec![Vec::new(), Vec::new()] };
        for segment in &mut segments {
            for _ in 0..u.int_in_range(0..=4)? {
                let at = u.choose_index(segment.len() + 1)?;
                let bytes: Vec<u8> = u.arbitrary()?;
                let end = (at + bytes.len()).min(segment.len());
                segment.splice(at..end, bytes);
            }
        }
        let read = Reader::from_memory(segments).count();
        assert!(read <= 4, "no record is made up");
        Ok(())
    });
}
