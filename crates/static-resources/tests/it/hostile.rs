//! One archive per way to be hostile or broken: the fault appears, with its place, and reading
//! goes on or stops as it must. That no fixture has any of these faults is proven in `fixtures`.
use std::io::{self, Read};

use static_resources::{Class, FaultKind, Limit, Limits, MemberKind, ReadError, Sparse};

use crate::build::*;

const ROOT: &str = "static-pod-resources/";

/// Reads the parts and a good member after them, and returns the faults, with member paths.
fn check(name: &str, parts: &[Vec<u8>], expected: &[(u64, Option<&str>, FaultKind)]) {
    let mut all = parts.to_vec();
    all.push(good());
    let report = read(&gzip(&archive(&all)));
    let found: Vec<_> = report
        .faults
        .iter()
        .map(|fault| (fault.offset, fault.member.as_ref().map(ToString::to_string), fault.kind.clone()))
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|(at, path, kind)| (*at, path.map(str::to_owned), kind.clone())).collect();
    assert_eq!(found, expected, "{name}");
    let stops = expected.iter().any(|(.., kind)| kind.stops());
    assert_eq!(report.complete, !stops, "{name}");
    let reached = report.members.last().is_some_and(|member| member.path.as_str() == Some(GOOD));
    assert_eq!(reached, !stops, "{name}");
}

#[test]
fn paths_that_leave_the_root_are_reported() {
    let outside = FaultKind::OutsideRoot;
    check(
        "escape",
        &[file("static-pod-resources/../../etc/shadow", b"x")],
        &[(0, Some("static-pod-resources/../../etc/shadow"), FaultKind::PathEscapes)],
    );
    check(
        "escape first",
        &[file("../x", b"x")],
        &[(0, Some("../x"), FaultKind::PathEscapes), (0, Some("../x"), outside.clone())],
    );
    // the root's name alone does not make an absolute path one of ours, but it is named as ours
    check(
        "absolute",
        &[file("/static-pod-resources/x", b"x")],
        &[(0, Some("/static-pod-resources/x"), FaultKind::PathAbsolute)],
    );
    check("outside", &[file("etc/x", b"x")], &[(0, Some("etc/x"), outside.clone())]);
    check(
        "dot",
        &[file("./static-pod-resources/x", b"x")],
        &[(0, Some("./static-pod-resources/x"), FaultKind::PathNotPlain)],
    );
    check(
        "empty component",
        &[file("static-pod-resources//x", b"x")],
        &[(0, Some("static-pod-resources//x"), FaultKind::PathNotPlain)],
    );
    check("empty", &[file("", b"x")], &[(0, Some(""), FaultKind::PathEmpty), (0, Some(""), outside)]);
}

#[test]
fn names_that_are_not_text_are_reported_and_escaped() {
    let path = [ROOT.as_bytes(), b"a\x1b[31m\nb"].concat();
    check(
        "control",
        &[member(Header::file(&path, 0), b"")],
        &[(0, Some("static-pod-resources/a\\u{1b}[31m\\nb"), FaultKind::PathControl)],
    );
    let path = [ROOT.as_bytes(), b"a\xff\xc3"].concat();
    check(
        "not UTF-8",
        &[member(Header::file(&path, 0), b"")],
        &[(0, Some("static-pod-resources/a\\xff\\xc3"), FaultKind::PathNotText)],
    );
}

#[test]
fn links_devices_and_pipes_are_reported_never_followed() {
    let path = "static-pod-resources/x";
    let header = |flag| Header::file(path.as_bytes(), 0).of_type(flag);
    for flag in [b'1', b'2'] {
        let report = read(&archive(&[member(header(flag).link(b"/etc/shadow"), b"")]));
        let FaultKind::Link { target } = &report.faults[1].kind else { panic!("{:?}", report.faults) };
        assert_eq!(target.to_string(), "/etc/shadow");
        assert_eq!(report.members[0].link.as_ref().map(ToString::to_string).as_deref(), Some("/etc/shadow"));
    }
    for flag in [b'3', b'4', b'6'] {
        check("special", &[member(header(flag), b"")], &[(0, Some(path), FaultKind::Special)]);
    }
    for flag in [b'V', b'M', b'D', b'A', 0x80] {
        check("unknown", &[member(header(flag), b"")], &[(0, Some(path), FaultKind::UnknownType { flag })]);
    }
}

/// Readers disagree whether such data is skipped or read as headers.
#[test]
fn a_link_or_directory_with_data_stops() {
    for flag in [b'1', b'2', b'3', b'4', b'5', b'6'] {
        let hidden = file("static-pod-resources/hidden", b"");
        let header = Header::file(b"static-pod-resources/x", 512).of_type(flag);
        check(
            "data",
            &[member(header, &hidden)],
            &[(0, Some("static-pod-resources/x"), FaultKind::DataWithoutFile { size: 512 })],
        );
    }
}

#[test]
fn duplicates_are_reported_in_every_spelling() {
    let first = file("static-pod-resources/a", b"1");
    check(
        "same",
        &[first.clone(), file("static-pod-resources/a", b"2")],
        &[(1024, Some("static-pod-resources/a"), FaultKind::Duplicate { first: 0 })],
    );
    let path = "static-pod-resources/./a";
    check(
        "spelled",
        &[first, file(path, b"2")],
        &[(1024, Some(path), FaultKind::PathNotPlain), (1024, Some(path), FaultKind::Duplicate { first: 0 })],
    );
}

#[test]
fn sparse_files_are_reported_and_skipped_exactly() {
    let path = "static-pod-resources/x";
    let mut gnu = Header::file(path.as_bytes(), 512).of_type(b'S');
    gnu.put(482, &[1]);
    let mut map = vec![0_u8; 1024];
    map[504] = 1;
    check("gnu", &[gnu.block(), map, vec![b'd'; 512]], &[(0, Some(path), FaultKind::SparseFile(Sparse::Gnu))]);
    let records = pax(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", path),
        ("GNU.sparse.realsize", "1000000000000"),
    ]);
    check(
        "pax",
        &[records, file("static-pod-resources/GNUSparseFile.1/x", &[b'd'; 512])],
        &[(0, Some(path), FaultKind::SparseFile(Sparse::Pax))],
    );
}

#[test]
fn extension_headers_are_applied_and_checked() {
    let long = format!("static-pod-resources/{}", "n".repeat(300));
    let report = read(&archive(&[extension(b'L', format!("{long}\0").as_bytes()), file("short", b"x"), good()]));
    assert_eq!(report.members[0].path.to_string(), long);
    assert_eq!(
        (report.members[0].header_offset, report.members[0].data_offset, report.members[0].end_offset),
        (0, 1536, 2048)
    );
    assert_eq!(kinds(&report.faults), [FaultKind::NotGzip]);
    let report = read(&archive(&[pax(&[("path", &long), ("mtime", "1.5"), ("size", "1")]), file("short", b"x")]));
    assert_eq!(report.members[0].path.to_string(), long);

    let twice = [
        extension(b'L', b"static-pod-resources/a\0"),
        extension(b'L', b"static-pod-resources/b\0"),
        file("short", b""),
    ];
    check("twice", &twice, &[(1024, None, FaultKind::BadExtension { what: "given twice" })]);
    check(
        "garbage",
        &[extension(b'x', b"99 path=x\n"), file("static-pod-resources/a", b"")],
        &[(0, None, FaultKind::BadExtension { what: "pax records" })],
    );
    check(
        "global",
        &[extension(b'g', b"14 comment=ab\n"), file("static-pod-resources/a", b"")],
        &[(0, None, FaultKind::GlobalPax)],
    );
    let global = [extension(b'g', b"10 size=9\n"), file("static-pod-resources/a", b"")];
    let conflict = FaultKind::SizeConflict { pax: "9".into(), header: 0 };
    check(
        "global size",
        &global,
        &[
            (0, None, FaultKind::GlobalPax),
            (0, None, FaultKind::BadExtension { what: "a global pax path or size" }),
            (1024, Some("static-pod-resources/a"), conflict),
        ],
    );
    let orphan = read(&gzip(&archive(&[good(), pax(&[("path", "x")])])));
    assert_eq!((orphan.faults[0].offset, &orphan.faults[0].kind), (1024, &FaultKind::OrphanExtension));
}

/// A size that only some readers believe hides members from the others.
#[test]
fn a_pax_size_that_differs_stops() {
    for size in ["513", "-1", "0x1", "99999999999999999999", ""] {
        let parts = [pax(&[("size", size)]), file("static-pod-resources/a", b"")];
        check(
            size,
            &parts,
            &[(1024, Some("static-pod-resources/a"), FaultKind::SizeConflict { pax: size.into(), header: 0 })],
        );
    }
}

#[test]
fn headers_that_cannot_be_believed_stop() {
    let mut wrong = file("static-pod-resources/a", b"");
    wrong[0] ^= 1;
    let sum: u64 =
        wrong.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    // the first letter, `s`, lost its lowest bit
    let stored = sum + 1;
    check(
        "checksum",
        &[file("static-pod-resources/first", b"x"), wrong],
        &[(1024, None, FaultKind::Checksum { stored: Some(stored), computed: sum })],
    );
    let noise = read(&gzip(&[b'n'; 2048]));
    assert!(matches!(noise.faults[0].kind, FaultKind::Checksum { stored: None, .. }), "{:?}", noise.faults);
    for (field, at, bytes) in [
        ("size", 124, &b"9999\0"[..]),
        ("size", 124, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("mode", 100, b"rwx\0"),
        ("uid", 108, b"-1\0"),
        ("gid", 116, b"8\0"),
        ("mtime", 136, b"yesterday\0"),
    ] {
        let mut header = Header::file(b"static-pod-resources/a", 0);
        header.put(at, bytes);
        check(field, &[member(header, b"")], &[(0, None, FaultKind::Field { field })]);
    }
}

#[test]
fn a_number_as_large_as_can_be_does_not_overflow() {
    let mut header = Header::file(b"static-pod-resources/a", 0);
    header.put(124, b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    let report = read(&archive(&[member(header, b"some data")]));
    assert!(matches!(report.faults.last().unwrap().kind, FaultKind::Truncated { .. }), "{:?}", report.faults);
    let mut header = Header::file(b"static-pod-resources/a", 0).of_type(b'x');
    header.put(124, b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    let report = read(&gzip(&archive(&[member(header, b"some data")])));
    assert_eq!(kinds(&report.faults), [FaultKind::Limit { limit: Limit::Extension }]);
}

#[test]
fn ends_are_checked() {
    let whole = good();
    for (name, bytes, expected) in [
        ("no end", whole.clone(), FaultKind::NoEnd),
        ("inside a header", [&whole[..], &whole[..100]].concat(), FaultKind::Truncated { missing: 412 }),
        ("inside data", whole[..520].to_vec(), FaultKind::Truncated { missing: 504 }),
        ("inside padding", whole[..600].to_vec(), FaultKind::Truncated { missing: 424 }),
        ("one zero block", [&whole[..], &[0; 512]].concat(), FaultKind::LoneZeroBlock),
        ("garbage", [&whole[..], &END, b"garbage"].concat(), FaultKind::TrailingData { bytes: 7 }),
    ] {
        let report = read(&gzip(&bytes));
        assert_eq!(kinds(&report.faults), std::slice::from_ref(&expected), "{name}");
        assert_eq!(report.complete, !expected.stops(), "{name}");
    }
    let hidden = [&whole[..], &[0; 512], &file("static-pod-resources/hidden", b"x")[..], &END].concat();
    let report = read(&gzip(&hidden));
    assert!(
        matches!(kinds(&report.faults)[..], [FaultKind::LoneZeroBlock, FaultKind::TrailingData { .. }]),
        "{:?}",
        report.faults
    );
    assert_eq!(report.members.len(), 1);
}

/// Whatever is not read of it, the digest of the file is there: it names what was refused.
#[test]
fn zeros_are_no_archive_and_are_not_unpacked() {
    let zeros = gzip(&vec![0; 8 << 20]);
    for (bytes, gzipped) in [(zeros.repeat(500), true), (gzip(&END), true), (vec![0; 1 << 20], false)] {
        let report = read(&bytes);
        assert_eq!(kinds(&report.faults).last(), Some(&FaultKind::NoMembers));
        assert!(!report.complete && report.members.is_empty());
        assert_eq!(report.archive.inner_size, None, "what is in it was left undone");
        assert_eq!(report.archive.compressed_size, bytes.len() as u64);
        assert_eq!(report.faults.iter().any(|fault| fault.kind == FaultKind::NotGzip), !gzipped);
    }
}

#[test]
fn gzip_layers_are_checked() {
    let inner = archive(&[good()]);
    let whole = gzip(&inner);
    assert_eq!(kinds(&read(&whole).faults), []);
    assert_eq!(kinds(&read(&inner).faults), [FaultKind::NotGzip]);
    for length in [1, 2, 5, 12, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        let report = read(&whole[..length]);
        assert_eq!(kinds(&report.faults), [FaultKind::GzipTruncated], "{length}");
        assert!(!report.complete && report.archive.inner_sha256.is_none(), "{length}");
    }
    for at in [whole.len() - 1, whole.len() - 6, whole.len() / 2] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let report = read(&damaged);
        assert!(!report.complete, "{at}");
        assert!(
            matches!(
                kinds(&report.faults)[..],
                [FaultKind::GzipDamaged] | [FaultKind::Checksum { .. }] | [FaultKind::GzipTruncated]
            ),
            "{at} {:?}",
            report.faults
        );
    }
    let two = [gzip(&inner[..700]), gzip(&inner[700..])].concat();
    let report = read(&two);
    assert_eq!(
        (kinds(&report.faults), report.members.len(), report.archive.gzip_members),
        (vec![FaultKind::GzipConcatenated], 1, 2)
    );
    assert_eq!(report.faults[0].offset, gzip(&inner[..700]).len() as u64);
    assert_eq!(report.archive.inner_sha256, read(&whole).archive.inner_sha256);
    for (tail, zero) in [(&[0_u8; 100][..], true), (b"garbage after the end", false)] {
        let report = read(&[&whole[..], tail].concat());
        assert_eq!(kinds(&report.faults), [FaultKind::GzipTrailing { bytes: tail.len() as u64, zero }]);
        assert_eq!(report.faults[0].offset, whole.len() as u64);
    }
    let report = read(&[&whole[..], b"\x1f\x8b\x08 not gzip"].concat());
    assert!(kinds(&report.faults).contains(&FaultKind::GzipConcatenated) && !report.complete, "{:?}", report.faults);
}

#[test]
fn caps_stop_and_say_which() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let many: Vec<Vec<u8>> = (0..50).map(|n| file(&format!("static-pod-resources/{n}"), b"x")).collect();
    let large = file("static-pod-resources/large", &[b'l'; 100_000]);
    let long = [extension(b'L', &[b'p'; 5000]), file("x", b"")].concat();
    for (limits, inner, expected) in [
        (limits(|l| l.entries = 10), archive(&many), Limit::Entries),
        (limits(|l| l.metadata = 5000), archive(&many), Limit::Metadata),
        (limits(|l| l.expansion = 50_000), archive(&[large]), Limit::Expansion),
        (limits(|_| ()), archive(std::slice::from_ref(&long)), Limit::Path),
        (limits(|l| l.extension = 4999), archive(&[long]), Limit::Extension),
    ] {
        let report = static_resources::read(&gzip(&inner)[..], &limits).unwrap();
        assert_eq!(kinds(&report.faults), [FaultKind::Limit { limit: expected }]);
        assert!(!report.complete);
    }
    // a sparse file's chain of maps counts too
    let mut gnu = Header::file(b"static-pod-resources/x", 0).of_type(b'S');
    gnu.put(482, &[1]);
    let mut map = vec![0_u8; 512];
    map[504] = 1;
    let report =
        static_resources::read(&archive(&[gnu.block(), map.repeat(100)])[..], &limits(|l| l.entries = 10)).unwrap();
    assert_eq!(kinds(&report.faults).last(), Some(&FaultKind::Limit { limit: Limit::Entries }));
}

/// 3 GiB of zeros in 3 MB: the cap on expansion ends it, not the memory.
#[test]
fn a_bomb_ends_at_the_cap() {
    let header = Header::file(b"static-pod-resources/bomb", 3 << 30).block();
    let zeros = gzip(&vec![0_u8; 8 << 20]);
    let mut bomb = gzip(&header);
    (0..384).for_each(|_| bomb.extend_from_slice(&zeros));
    let limits = Limits { expansion: 64 << 20, ..Limits::default() };
    let report = static_resources::read(&bomb[..], &limits).unwrap();
    assert_eq!(kinds(&report.faults).last(), Some(&FaultKind::Limit { limit: Limit::Expansion }));
    assert_eq!(report.members.len(), 0);
    assert_eq!(report.archive.compressed_size, bomb.len() as u64);
}

/// Key material behind the cap for examination is still found by its marks.
#[test]
fn a_large_member_is_searched_for_marks() {
    let path = "static-pod-resources/etcd-pod-8/configmaps/x/y";
    let mut data = vec![b'.'; 300_000];
    data.extend_from_slice(b"-----BEGIN EC PRIVATE KEY-----\nMHc=\n");
    let limits = Limits { keep: 1000, ..Limits::default() };
    let mut shown = 0;
    let report = static_resources::read_each(&gzip(&archive(&[file(path, &data)]))[..], &limits, |_, bytes| {
        shown += usize::from(bytes.is_some())
    })
    .unwrap();
    assert_eq!(kinds(&report.faults), [FaultKind::NotExamined { size: data.len() as u64 }]);
    assert_eq!((report.members[0].class, report.material[0].class, shown), (Class::PrivateKey, Class::PrivateKey, 0));
    assert_eq!(report.material[0].offset, 300_000 + 14);
}

#[test]
fn broken_certificates_and_manifests_are_reported() {
    let bundle = "static-pod-resources/etcd-pod-8/configmaps/x/ca-bundle.crt";
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check("certificate", &[file(bundle, broken)], &[(0, Some(bundle), FaultKind::BadCertificate { index: 0 })]);
    let manifest = "static-pod-resources/etcd-pod-8/etcd-pod.yaml";
    check("manifest", &[file(manifest, b"{\"spec\": [")], &[(0, Some(manifest), FaultKind::Unreadable)]);
    let bomb = format!("{}1", "[".repeat(100_000));
    check("nesting", &[file(manifest, bomb.as_bytes())], &[(0, Some(manifest), FaultKind::Unreadable)]);
}

/// A failing disk is an error of the disk, not a damaged archive.
#[test]
fn io_errors_are_errors() {
    struct Failing<'b>(&'b [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::other("disk on fire")) } else { self.0.read(buffer) }
        }
    }
    let whole = gzip(&archive(&[good()]));
    for length in [0, 1, 2, 5, 20, whole.len() / 2, whole.len() - 1, whole.len()] {
        for bytes in [&whole[..length], &archive(&[good()])[..length]] {
            match static_resources::read(Failing(bytes), &Limits::default()) {
                Err(ReadError::Io(error)) => assert_eq!(error.to_string(), "disk on fire"),
                other => panic!("{length}: {other:?}"),
            }
        }
    }
    assert!(matches!(static_resources::read(&b""[..], &Limits::default()), Err(ReadError::Empty)));
}

#[test]
fn old_headers_are_read() {
    let mut directory = Header::file(b"static-pod-resources/d/", 0).of_type(0);
    directory.put(257, &[0; 8]);
    let mut contiguous = Header::file(b"static-pod-resources/c", 1).of_type(b'7').ustar();
    contiguous.put(345, b"static-pod-resources/prefix");
    let report = read(&gzip(&archive(&[member(directory, b""), member(contiguous, b"x")])));
    assert_eq!(kinds(&report.faults), []);
    assert_eq!(
        report.members.iter().map(|member| member.kind).collect::<Vec<_>>(),
        [MemberKind::Directory, MemberKind::File]
    );
    assert_eq!(report.members[1].path.to_string(), "static-pod-resources/prefix/static-pod-resources/c");
}
