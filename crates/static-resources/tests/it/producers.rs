//! The two producers, and archives of neither.
use static_resources::Producer;
use tar::{Builder, EntryType, Header as TarHeader};

use crate::build::*;

fn with_tar_crate(ustar: bool, directories: bool) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    let header = |kind, size| {
        let mut header = if ustar { TarHeader::new_ustar() } else { TarHeader::new_gnu() };
        header.set_entry_type(kind);
        header.set_mode(0o600);
        header.set_size(size);
        header
    };
    if directories {
        builder
            .append_data(&mut header(EntryType::Directory, 0), "static-pod-resources/etcd-pod-8/", &b""[..])
            .unwrap();
    }
    builder.append_data(&mut header(EntryType::Regular, 5), GOOD, &b"4.9.0"[..]).unwrap();
    builder.into_inner().unwrap()
}

/// As Go's compress/gzip heads its stream: no time, operating system unknown.
fn gzip_as_go(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = gzip(bytes);
    compressed[9] = 255;
    compressed
}

#[test]
fn producers_are_told_apart() {
    let script = read(&gzip(&with_tar_crate(false, true)));
    assert_eq!(script.producer, Producer::ClusterBackupScript);
    let go = read(&gzip_as_go(&with_tar_crate(true, false)));
    assert_eq!(go.producer, Producer::GoBackupCommand);
    assert_eq!((go.facts.pods[0].members, go.facts.pods[0].files), (1, 1));
    for (ustar, directories) in [(true, true), (false, false)] {
        assert_eq!(read(&gzip(&with_tar_crate(ustar, directories))).producer, Producer::Unknown);
    }
    assert_eq!(read(&gzip(&END)).producer, Producer::Unknown);
}
