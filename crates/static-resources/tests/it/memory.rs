//! A tarball of 1 GiB is read in constant memory.
use std::io::{self, Read, Write};
use std::process::Command;

use flate2::{Compress, Compression, Crc, FlushCompress};
use static_resources::{FaultKind, Limits, MemberKind};

use crate::build::*;

const GIB: u64 = 1 << 30;
const CHUNK: usize = 1 << 20;
const CHILD: &str = "ASSAY_TEST_READS_A_GIBIBYTE";

/// A gzip stream of 1 GiB of data that is never in memory as a whole: one deflated chunk, ended
/// by a full flush, again and again.
struct Gibibyte {
    parts: Vec<Vec<u8>>,
    repeat: usize,
    left: u64,
    part: usize,
    at: usize,
}

fn gibibyte() -> Gibibyte {
    let data: Vec<u8> = (0..=250_u8).cycle().take(CHUNK).collect();
    let deflate = |bytes: &[u8], flush| {
        let mut out = Vec::with_capacity(CHUNK * 2);
        Compress::new(Compression::fast(), false).compress_vec(bytes, &mut out, flush).unwrap();
        out
    };
    let head = Header::file(b"static-pod-resources/etcd-pod-8/huge", GIB).block();
    let tail = archive(&[good()]);
    let mut crc = Crc::new();
    crc.update(&head);
    (0..GIB / CHUNK as u64).for_each(|_| crc.update(&data));
    crc.update(&tail);
    let mut trailer = deflate(&tail, FlushCompress::Finish);
    trailer.write_all(&crc.sum().to_le_bytes()).unwrap();
    trailer.write_all(&crc.amount().to_le_bytes()).unwrap();
    let mut first = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    first.extend(deflate(&head, FlushCompress::Full));
    Gibibyte {
        parts: vec![first, deflate(&data, FlushCompress::Full), trailer],
        repeat: 1,
        left: GIB / CHUNK as u64,
        part: 0,
        at: 0,
    }
}

impl Read for Gibibyte {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(part) = self.parts.get(self.part) {
            let rest = &part[self.at..];
            if !rest.is_empty() {
                let length = rest.len().min(buffer.len());
                buffer[..length].copy_from_slice(&rest[..length]);
                self.at += length;
                return Ok(length);
            }
            self.at = 0;
            self.left = self.left.saturating_sub(u64::from(self.part == self.repeat));
            self.part += usize::from(self.part != self.repeat || self.left == 0);
        }
        Ok(0)
    }
}

/// Runs itself alone in a child process, because the high-water mark is one of the process.
#[test]
fn a_gibibyte_is_read_in_constant_memory() {
    if std::env::var_os(CHILD).is_none() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory::a_gibibyte_is_read_in_constant_memory", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && out.contains("1 passed"), "{out}{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let report = static_resources::read(gibibyte(), &Limits::default()).unwrap();
    assert_eq!(kinds(&report.faults), [FaultKind::NotExamined { size: GIB }]);
    assert!(report.complete);
    let sizes: Vec<_> = report.members.iter().map(|member| (member.kind, member.size)).collect();
    assert_eq!(sizes, [(MemberKind::File, GIB), (MemberKind::File, 22)]);
    assert_eq!(report.archive.inner_size, Some(GIB + 512 + 1024 + 1024));
    assert!(report.archive.remembered < 4096, "{}", report.archive.remembered);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let peak: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(peak < 64 << 10, "{line}");
    }
}
