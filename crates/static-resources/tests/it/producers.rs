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
    assert_eq!((go.static_pods.pods[0].members, go.static_pods.pods[0].files), (1, 1));
    for (ustar, directories) in [(true, true), (false, false)] {
        assert_eq!(read(&gzip(&with_tar_crate(ustar, directories))).producer, Producer::Unknown);
    }
    assert_eq!(read(&gzip(&END)).producer, Producer::Unknown);
}

/// Archives recorded from the real writers (`crates/key-escrow/tests/data/make.sh`): Go's
/// archive/tar is the operator's command, GNU tar the script's.
#[test]
fn recorded_archives_are_read_alike() {
    let data: std::path::PathBuf = [env!("CARGO_MANIFEST_DIR"), "../key-escrow/tests/data"].iter().collect();
    use Producer::*;
    use static_resources::FaultKind::*;
    for (name, producer, faults) in [
        ("gnutar-z", ClusterBackupScript, vec![]),
        ("gnutar-gzip-1", ClusterBackupScript, vec![]),
        ("pigz-independent", ClusterBackupScript, vec![]),
        ("gnu-long-names", ClusterBackupScript, vec![]),
        ("python-stored", ClusterBackupScript, vec![]),
        ("go-default", GoBackupCommand, vec![]),
        ("go-stored", GoBackupCommand, vec![]),
        ("ustar-gzip-6", Unknown, vec![]),
        ("pax-gzip-6", Unknown, vec![]),
        ("pax-long-names", Unknown, vec![]),
        ("concatenated", Unknown, vec![GzipConcatenated]),
        ("trailing-zeros", Unknown, vec![GzipTrailing { bytes: 512, zero: true }]),
        ("trailing-garbage", Unknown, vec![GzipTrailing { bytes: 21, zero: false }]),
    ] {
        let report = read(&std::fs::read(data.join(format!("{name}.tar.gz"))).unwrap());
        assert_eq!((report.producer, kinds(&report.faults)), (producer, faults), "{name}");
        let files = report.members.iter().filter(|member| member.kind == static_resources::MemberKind::File);
        let digests: std::collections::BTreeSet<String> = files.map(|member| member.sha256.to_string()).collect();
        let long_names = name.ends_with("long-names");
        assert_eq!(digests.len(), 8 + usize::from(long_names), "{name}");
        assert_eq!(report.secret_members().len(), 2, "{name}: encryption config and the etcd client key");
        let longest = report.members.iter().map(|member| member.path.as_bytes().len()).max().unwrap();
        assert_eq!(longest > 200, long_names, "{name}");
    }
}
