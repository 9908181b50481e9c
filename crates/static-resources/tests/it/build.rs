//! Tarballs built block by block, so that every field can be wrong.
use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use static_resources::{Fault, FaultKind, Limits, StaticResources};

/// A header with named fields; the checksum is made last.
#[derive(Clone)]
pub(crate) struct Header(pub(crate) [u8; 512]);

impl Header {
    pub(crate) fn file(path: &[u8], size: u64) -> Self {
        let mut header = Self([0; 512]);
        header.put(0, path);
        header.put(100, b"0000600\0");
        header.put(108, b"0000000\0");
        header.put(116, b"0000000\0");
        header.put(124, format!("{size:011o}\0").as_bytes());
        header.put(136, b"15301001273\0");
        header.put(156, b"0");
        header.put(257, b"ustar  \0");
        header
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn of_type(mut self, flag: u8) -> Self {
        self.put(156, &[flag]);
        self
    }

    pub(crate) fn link(mut self, target: &[u8]) -> Self {
        self.put(157, target);
        self
    }

    pub(crate) fn ustar(mut self) -> Self {
        self.put(257, b"ustar\x0000");
        self
    }

    pub(crate) fn block(mut self) -> Vec<u8> {
        self.put(148, b"        ");
        let sum: u64 = self.0.iter().map(|byte| u64::from(*byte)).sum();
        self.put(148, format!("{sum:06o}\0 ").as_bytes());
        self.0.to_vec()
    }
}

/// A member: header, data, padding.
pub(crate) fn member(header: Header, data: &[u8]) -> Vec<u8> {
    let mut bytes = header.block();
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn file(path: &str, data: &[u8]) -> Vec<u8> {
    member(Header::file(path.as_bytes(), data.len() as u64), data)
}

/// An extension header of any type.
pub(crate) fn extension(flag: u8, data: &[u8]) -> Vec<u8> {
    member(Header::file(b"././@LongLink", data.len() as u64).of_type(flag), data)
}

pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut data = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length =
            (1..6).map(|digits| rest + digits).find(|length| length.to_string().len() == length - rest).unwrap();
        data.push_str(&format!("{length} {key}={value}\n"));
    }
    extension(b'x', data.as_bytes())
}

pub(crate) const END: [u8; 1024] = [0; 1024];

pub(crate) fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.extend_from_slice(&END);
    bytes
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder: GzEncoder<Vec<u8>> = GzBuilder::new().operating_system(3).write(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn read(bytes: &[u8]) -> StaticResources {
    static_resources::read(bytes, &Limits::default()).unwrap()
}

pub(crate) fn kinds(faults: &[Fault]) -> Vec<FaultKind> {
    faults.iter().map(|fault| fault.kind.clone()).collect()
}

/// A good member, to see whether reading went on.
pub(crate) const GOOD: &str = "static-pod-resources/etcd-pod-8/configmaps/etcd-pod/version";

pub(crate) fn good() -> Vec<u8> {
    file(GOOD, b"4.18.0-202511200137.p0")
}
