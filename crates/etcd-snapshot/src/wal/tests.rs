use super::*;
use crate::wire::{put_bytes, put_varint};

/// A log as etcd writes it.
#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    crc: u32,
}

impl Writer {
    fn record(mut self, kind: u64, data: &[u8]) -> Self {
        if kind != CRC {
            self.crc = crc32c::crc32c_append(self.crc, data);
        }
        let mut record = Vec::new();
        put_varint(&mut record, 1, kind);
        put_varint(&mut record, 2, u64::from(self.crc));
        put_bytes(&mut record, 3, data);
        let pad = record.len().next_multiple_of(8) - record.len();
        let mark = if pad > 0 { (0x80 | pad as u64) << 56 } else { 0 };
        self.out.extend((record.len() as u64 | mark).to_le_bytes());
        self.out.extend(record);
        self.out.resize(self.out.len() + pad, 0);
        self
    }

    fn entry(self, index: u64, data: &[u8]) -> Self {
        let mut entry = Vec::new();
        put_varint(&mut entry, 2, 2);
        put_varint(&mut entry, 3, index);
        put_bytes(&mut entry, 4, data);
        self.record(ENTRY, &entry)
    }

    fn state(self, commit: u64) -> Self {
        let mut state = Vec::new();
        put_varint(&mut state, 1, 2);
        put_varint(&mut state, 3, commit);
        self.record(STATE, &state)
    }

    /// The segment, zeros behind it, and the beginning of the next one.
    fn cut(self) -> (Vec<u8>, Self) {
        let mut segment = self.out;
        segment.resize(segment.len() + 4096, 0);
        (segment, Self { out: Vec::new(), crc: self.crc }.record(CRC, b""))
    }
}

fn log(segments: &[&[u8]]) -> Log {
    let mut log = Log::default();
    segments.iter().for_each(|segment| log.take(segment));
    log
}

fn two_segments() -> (Vec<u8>, Vec<u8>) {
    let first = Writer::default().record(CRC, b"").record(1, b"who").record(5, b"").entry(7, b"a").entry(8, &[7; 900]);
    let (first, second) = first.state(8).cut();
    let second = second.entry(9, b"c").entry(10, b"d").entry(10, b"another").state(9);
    (first, second.out)
}

#[test]
fn a_log_tells_its_first_and_last_entry_over_its_segments() {
    let (first, second) = two_segments();
    let whole = log(&[&first, &second]);
    assert_eq!((whole.first, whole.last, whole.commit, whole.segments), (Some(7), Some(10), 9, 2));
    assert_eq!(whole.fault, None);
    assert_eq!(log(&[]).last, None);
    // the second alone begins with the sum of the first
    assert_eq!((log(&[&second]).first, log(&[&second]).fault), (Some(9), None));
}

#[test]
fn an_end_that_is_torn_is_told_from_one_that_is_damaged() {
    let (first, second) = two_segments();
    for end in 1..second.len() {
        let cut = log(&[&first, &second[..end]]);
        assert!(cut.fault.is_none_or(|fault| fault.torn), "{end}");
        assert!((8..=10).contains(&cut.last.unwrap()));
    }
    // the power went: a sector of the large entry was never written
    let mut unwritten = first.clone();
    unwritten[512..1024].fill(0);
    let torn = log(&[&unwritten, &second]);
    assert!(torn.fault.unwrap().torn && torn.last == Some(7) && torn.segments == 1, "{torn:?}");
    let mut flipped = first.clone();
    let inside = first.windows(8).position(|bytes| bytes == [7; 8]).unwrap() + 100;
    flipped[inside] ^= 1;
    let damaged = log(&[&flipped, &second]);
    assert!(!damaged.fault.unwrap().torn && damaged.last == Some(7), "{damaged:?}");
    // segments that do not follow one another
    let (other, _) = Writer::default().record(CRC, b"").entry(3, b"x").cut();
    assert!(!log(&[&other, &second]).fault.unwrap().torn);
}

#[test]
fn no_bytes_make_it_panic() {
    let (first, _) = two_segments();
    for at in 0..first.len() {
        for bit in [1, 0x80] {
            let mut wrong = first.clone();
            wrong[at] ^= bit;
            let _ = log(&[&wrong]);
        }
    }
    let _ = log(&[&[0xff; 64], &[0; 64]]);
}
