//! Outputs: modes, names, order, and what stands in their way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use key_escrow::{Error, JoinOptions, MemberLabel, RemovalPolicy, SealTo, join, split};

use crate::support::{Bench, CONFIG, files, payload, tarball_of, with_keys};

fn names(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn three_files_0600_in_a_0700_directory() {
    let bench = Bench::new();
    bench.split(&bench.tarball(&with_keys())).unwrap();
    let stem = "static_kuberesources_2026-11-23_090915";
    assert_eq!(
        names(&bench.out()),
        [format!("{stem}.escrow.age"), format!("{stem}.keyless.tar.gz"), format!("{stem}.manifest.json")]
    );
    let mode = |p: &std::path::Path| fs::metadata(p).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&bench.out()), 0o700);
    for name in names(&bench.out()) {
        assert_eq!(mode(&bench.out().join(name)), 0o600);
    }
}

#[test]
fn nothing_is_overwritten_without_force() {
    let bench = Bench::new();
    let tarball = bench.tarball(&with_keys());
    let first = bench.split(&tarball).unwrap();
    let before = fs::read(&first.escrow).unwrap();
    assert!(matches!(bench.split(&tarball), Err(Error::Exists { .. })));
    assert!(fs::read(&first.escrow).unwrap() == before);
    let policy = RemovalPolicy::encryption_config();
    let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
    options.force = true;
    let second = split(options, &mut |_, _, _| {}).unwrap();
    assert!(fs::read(&second.escrow).unwrap() != before);
    bench.join(&second).unwrap();
}

#[test]
fn join_never_replaces_its_inputs() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let ids = bench.identities();
    for out in [&split.keyless, &split.escrow, &split.manifest_path] {
        let options = JoinOptions {
            keyless: &split.keyless,
            escrow: &split.escrow,
            manifest: Some(&split.manifest_path),
            expect_manifest: None,
            identities: &ids,
            out,
            force: true,
        };
        assert!(matches!(join(&options, &mut |_, _, _| {}), Err(Error::OutputIsInput { .. })), "{}", out.display());
    }
    let link = bench.path("link.tar.gz");
    fs::hard_link(&split.keyless, &link).unwrap();
    let options = JoinOptions {
        keyless: &split.keyless,
        escrow: &split.escrow,
        manifest: None,
        expect_manifest: None,
        identities: &ids,
        out: &link,
        force: true,
    };
    assert!(matches!(join(&options, &mut |_, _, _| {}), Err(Error::OutputIsInput { .. })));
    bench.join(&split).unwrap();
}

/// A failure after the output was begun leaves no file with key bytes behind.
#[test]
fn a_failed_join_leaves_nothing() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let mut escrow = fs::read(&split.escrow).unwrap();
    let last = escrow.len() - 1;
    escrow[last] ^= 1;
    let bad = bench.path("bad.age");
    fs::write(&bad, escrow).unwrap();
    let dir = bench.path("joined");
    fs::create_dir(&dir).unwrap();
    let ids = bench.identities();
    let out = dir.join("x.tar.gz");
    let options = JoinOptions {
        keyless: &split.keyless,
        escrow: &bad,
        manifest: None,
        expect_manifest: None,
        identities: &ids,
        out: &out,
        force: false,
    };
    assert!(join(&options, &mut |_, _, _| {}).is_err());
    assert!(names(&dir).is_empty());
}

#[test]
fn hostile_links_and_wrong_policies_are_refused() {
    let link = |name: &str, kind: tar::EntryType, to: &str, first: &str| {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_mode(0o600);
        tar.append_data(&mut header, first, &b"key"[..]).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        tar.append_link(&mut header, name, to).unwrap();
        crate::support::gzip(&tar.into_inner().unwrap())
    };
    let hidden = "static-pod-resources/hidden";
    for (kind, to) in [(tar::EntryType::Link, hidden), (tar::EntryType::Symlink, "../../../hidden")] {
        let bench = Bench::new();
        let e = bench.split(&bench.tarball(&link(CONFIG, kind, to, hidden))).unwrap_err();
        assert!(matches!(e, Error::LinkKeepsContent { .. }), "{e}");
        // the other way round the hard link goes with its target, and the join brings it back
        let bytes = link("static-pod-resources/alias", tar::EntryType::Link, CONFIG, CONFIG);
        let split = bench.split(&bench.tarball(&bytes)).unwrap();
        assert_eq!(split.manifest.removed.len(), 2);
        assert!(bench.join(&split).unwrap().0 == bytes);
    }
    let bench = Bench::new();
    let tarball = bench.tarball(&tarball_of(&[(CONFIG, b"k")]));
    let policy =
        RemovalPolicy::encryption_config().with_member("static-pod-resources/not/there", MemberLabel::class("token"));
    let e =
        split(bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients())), &mut |_, _, _| {}).unwrap_err();
    assert!(e.to_string().contains("static-pod-resources/not/there"), "{e}");
    assert!(matches!(
        bench.split_to(&tarball, SealTo::Recipients(key_escrow::Recipients::new())),
        Err(Error::Recipients { .. })
    ));
}

/// What a person finds in an opened escrow.
#[test]
fn the_payload_speaks_for_itself() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let opened = payload(&split.escrow, &bench.key);
    let paths: Vec<String> = tar::Archive::new(&opened[..])
        .entries()
        .unwrap()
        .map(|e| e.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(paths[..4], ["README.txt", "manifest.json", "join/join.json", "join/recipe.bin"]);
    assert!(paths.contains(&CONFIG.to_owned()));
    let readme = String::from_utf8(files(&opened)["README.txt"].clone()).unwrap();
    for word in [
        "static_kuberesources_2026-11-23_090915.tar.gz",
        "assay keys join",
        "age -d",
        &split.manifest.original.digest.sha256,
    ] {
        assert!(readme.contains(word), "{word}");
    }
    let manifest = fs::read_to_string(&split.manifest_path).unwrap();
    assert!(
        manifest.contains("\"schema\": \"assay-escrow/2\"")
            && manifest.contains("\"separation\": \"Both files are needed")
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let bench = Bench::new();
    let tarball = bench.tarball(&with_keys());
    let policy = RemovalPolicy::encryption_config();
    for dir in ["/proc/assay", "/dev/null"] {
        let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
        options.out_dir = std::path::Path::new(dir);
        let e = split(options, &mut |_, _, _| {}).unwrap_err().to_string();
        assert!(e.contains(dir), "{e}");
    }
}
