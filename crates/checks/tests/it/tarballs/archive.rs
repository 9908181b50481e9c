//! A real tarball, to be changed member by member.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fixture;

/// A tarball by its members, to be changed one by one.
#[derive(Clone)]
pub(crate) struct Archive {
    pub(crate) members: Vec<(tar::Header, String, Vec<u8>)>,
}

pub(crate) const KAS: &str = "static-pod-resources/kube-apiserver-pod-9";
pub(crate) const CONFIG: &str = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config";

/// The tarball of `aescbc-rotated`, unpacked.
pub(crate) fn real() -> Archive {
    of("aescbc-rotated")
}

/// The tarball of a fixture, unpacked.
pub(crate) fn of(name: &str) -> Archive {
    let bytes = fixtures::gunzip(&fixture(name));
    let mut archive = tar::Archive::new(&bytes[..]);
    let members = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        (entry.header().clone(), String::from_utf8(entry.path_bytes().into_owned()).unwrap(), data)
    });
    Archive { members: members.collect() }
}

impl Archive {
    pub(crate) fn position(&self, path: &str) -> usize {
        self.members.iter().position(|(_, known, _)| known == path).unwrap_or_else(|| panic!("no {path}"))
    }

    pub(crate) fn data(&mut self, path: &str, data: impl Into<Vec<u8>>) {
        let at = self.position(path);
        self.members[at].2 = data.into();
    }

    pub(crate) fn replace(&mut self, path: &str, from: &str, to: &str) {
        let at = self.position(path);
        let text = String::from_utf8(self.members[at].2.clone()).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        self.members[at].2 = text.replace(from, to).into_bytes();
    }

    pub(crate) fn remove(&mut self, prefix: &str) {
        let before = self.members.len();
        self.members.retain(|(_, path, _)| !path.starts_with(prefix));
        assert!(self.members.len() < before, "no {prefix}");
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for (_, path, _) in &mut self.members {
            *path = path.replace(from, to);
        }
    }

    pub(crate) fn add(&mut self, kind: tar::EntryType, path: &str, data: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o600);
        self.members.push((header, path.to_owned(), data.to_vec()));
    }

    pub(crate) fn tar(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (header, path, data) in &self.members {
            if path.len() > header.as_old().name.len() {
                let mut long = tar::Header::new_gnu();
                long.set_entry_type(tar::EntryType::GNULongName);
                append(&mut bytes, long, "././@LongLink", path.as_bytes());
            }
            append(&mut bytes, header.clone(), path, data);
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    pub(crate) fn gzip(&self) -> Vec<u8> {
        gzip(&self.tar())
    }
}

/// Header, data, padding; of a name that is too long the beginning.
pub(crate) fn append(bytes: &mut Vec<u8>, mut header: tar::Header, path: &str, data: &[u8]) {
    let name = &mut header.as_old_mut().name;
    name.fill(0);
    name.iter_mut().zip(path.bytes()).for_each(|(slot, byte)| *slot = byte);
    header.set_size(data.len() as u64);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
