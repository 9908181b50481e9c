//! Random snapshots, small and full of what transfers stumble over.

use std::io::Cursor;

use bbolt_write::Writer;
use sha2::{Digest, Sha256};

/// Numbers that a seed decides.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn of<T: Copy>(&mut self, these: &[T]) -> T {
        let at = self.below(these.len());
        these[at]
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Pieces of values: text, ends of lines, base64, what looks like a page.
const PIECES: &[&[u8]] = &[
    b"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}\n",
    b"line\r\nline\r\n",
    b"\r\r\n\n\r",
    b"k8s\0\n\x0c\n\x02v1\x12\x06Secret",
    b"AAAAAAAAAAAEAAAAAAAAAO3aDO0C",
    "z\u{fc}rich \u{fffd} \u{feff}".as_bytes(),
    b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    b"\xff\xfe\xff\xff",
    b"\0\0\0\0\0\0\0\0",
];

fn value(random: &mut Random) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..random.below(12) {
        let bytes = random.below(60);
        match random.below(3) {
            0 => value.extend(random.bytes(bytes)),
            _ => value.extend_from_slice(random.of(PIECES)),
        }
    }
    if random.below(30) == 0 {
        value.extend(random.bytes(9000));
    }
    value
}

/// A snapshot with its hash, of a few pages or a few dozen.
pub(crate) fn snapshot(random: &mut Random) -> Vec<u8> {
    let size = random.of(&[1024, 4096, 4096, 4096, 16384]);
    let mut writer = Writer::new(Cursor::new(Vec::new()), size).unwrap();
    let mut bucket = writer.bucket(0);
    let first = random.next() as u32;
    for number in 0..5 + random.below(120) as u32 {
        let key = [&u64::from(first.saturating_add(number)).to_be_bytes()[..], b"_", &[0; 8]].concat();
        bucket.push(&key, &value(random)).unwrap();
    }
    let buckets = vec![(b"key".to_vec(), bucket.finish().unwrap())];
    let mut file = writer.finish(buckets, random.next() >> 40).unwrap().0.into_inner();
    let hash = Sha256::digest(&file);
    file.extend(hash);
    file
}
