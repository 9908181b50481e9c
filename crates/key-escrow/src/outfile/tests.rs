use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn options<'a>(dir: &'a Path, force: bool) -> OutOptions<'a> {
    OutOptions {
        dir,
        stem: "set",
        names: vec!["data".into(), "manifest".into()],
        inputs: &[],
        force,
        access: Access::Private,
    }
}

fn fill(set: &OutSet, text: &str) {
    for name in ["data", "manifest"] {
        set.create(name).unwrap().write_all(format!("{name} {text}").as_bytes()).unwrap();
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn appears_whole_with_tight_modes() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("new/out");
    let set = OutSet::begin(options(&dir, false)).unwrap();
    fill(&set, "one");
    assert!(!dir.join("data").exists());
    set.commit(&mut |_, _| {}).unwrap();
    assert_eq!(names(&dir), ["data", "manifest"]);
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(dir.join("data")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn has_no_name_before_it_is_complete() {
    let root = tempfile::tempdir().unwrap();
    if Unnamed::create(&Place::open(root.path(), Access::Shared).unwrap()).is_none() {
        eprintln!("SKIPPED: this file system has no files without a name");
        return;
    }
    for force in [false, true] {
        let set = OutSet::begin(options(root.path(), force)).unwrap();
        let before = names(root.path());
        fill(&set, "one");
        assert_eq!(names(root.path()), before);
        assert_eq!(fs::read_to_string(set.staged("data")).unwrap(), "data one");
        set.commit(&mut |_, _| {}).unwrap();
        assert_eq!(names(root.path()), ["data", "manifest"]);
    }
}

/// As on a file system that has no files without a name.
#[test]
fn a_temporary_name_does_as_well() {
    let root = tempfile::tempdir().unwrap();
    for force in [false, true] {
        let set = OutSet::begin(options(root.path(), force)).unwrap();
        for name in ["data", "manifest"] {
            fs::write(root.path().join(temp(name)), format!("{name} {force}")).unwrap();
        }
        assert_eq!(set.staged("data"), root.path().join(".data.part"));
        set.commit(&mut |_, _| {}).unwrap();
        assert_eq!(names(root.path()), ["data", "manifest"]);
        assert_eq!(fs::read_to_string(root.path().join("data")).unwrap(), format!("data {force}"));
    }
}

#[test]
fn leaves_nothing_when_given_up() {
    let root = tempfile::tempdir().unwrap();
    let set = OutSet::begin(options(root.path(), false)).unwrap();
    fill(&set, "one");
    drop(set);
    assert!(names(root.path()).is_empty());
}

#[test]
fn overwrites_only_by_force_and_never_an_input() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    fs::write(dir.join("data"), "mine").unwrap();
    assert!(matches!(OutSet::begin(options(dir, false)), Err(Error::Exists { .. })));
    let input = dir.join("data");
    let mut with_input = options(dir, true);
    let inputs = [&*input];
    with_input.inputs = &inputs;
    assert!(matches!(OutSet::begin(with_input), Err(Error::OutputIsInput { .. })));
    let set = OutSet::begin(options(dir, true)).unwrap();
    fill(&set, "two");
    set.commit(&mut |_, _| {}).unwrap();
    assert_eq!(fs::read_to_string(dir.join("data")).unwrap(), "data two");
}

#[test]
fn a_file_that_appears_meanwhile_survives_and_the_rest_is_undone() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let set = OutSet::begin(options(dir, false)).unwrap();
    fill(&set, "one");
    fs::write(dir.join("manifest"), "foreign").unwrap();
    assert!(matches!(set.commit(&mut |_, _| {}), Err(Error::Exists { .. })));
    assert_eq!(names(dir), ["manifest"]);
    assert_eq!(fs::read_to_string(dir.join("manifest")).unwrap(), "foreign");
}

#[test]
fn one_run_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let first = OutSet::begin(options(root.path(), false)).unwrap();
    assert!(matches!(OutSet::begin(options(root.path(), false)), Err(Error::Busy { .. })));
    drop(first);
    OutSet::begin(options(root.path(), false)).unwrap();
}

#[test]
fn a_killed_run_does_not_stand_in_the_way() {
    let root = tempfile::tempdir().unwrap();
    let dir = &root.path().join("set");
    fs::create_dir(dir).unwrap();
    fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).unwrap();
    // as a kill between the two renames leaves it: journal written, first file in place, second still temporary
    let digest = HashingReader::new(&b"data one"[..]).drain().unwrap().sha256;
    fs::write(dir.join(".set.assay-lock"), format!("{digest} data\n{digest} manifest\n{digest} ../outside\n")).unwrap();
    fs::write(dir.join("data"), "data one").unwrap();
    fs::write(dir.join(".manifest.part"), "manifest one").unwrap();
    let outside = dir.parent().unwrap().join("outside");
    assert!(!outside.exists());
    let set = OutSet::begin(options(dir, false)).unwrap();
    fill(&set, "two");
    set.commit(&mut |_, _| {}).unwrap();
    assert_eq!(names(dir), ["data", "manifest"]);
    assert_eq!(fs::read_to_string(dir.join("data")).unwrap(), "data two");
}

#[test]
fn a_killed_run_never_costs_a_file_it_did_not_write_or_a_complete_set() {
    for (data, manifest) in [("other", None), ("data one", Some("manifest one"))] {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        let digest = |text: &str| HashingReader::new(text.as_bytes()).drain().unwrap().sha256;
        let journal = format!("{} data\n{} manifest\n", digest("data one"), digest("manifest one"));
        fs::write(dir.join(".set.assay-lock"), journal).unwrap();
        fs::write(dir.join("data"), data).unwrap();
        if let Some(text) = manifest {
            fs::write(dir.join("manifest"), text).unwrap();
        }
        assert!(matches!(OutSet::begin(options(dir, false)), Err(Error::Exists { .. })));
        assert_eq!(fs::read_to_string(dir.join("data")).unwrap(), data);
    }
}

#[test]
fn refuses_a_directory_others_write_to() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), PermissionsExt::from_mode(0o770)).unwrap();
    assert!(matches!(OutSet::begin(options(root.path(), false)), Err(Error::LooseDirectory { mode: 0o770, .. })));
}

/// A child of another thread has a copy of every descriptor between its fork and its program.
#[test]
fn the_lock_goes_with_the_set_whoever_has_its_descriptor() {
    let root = tempfile::tempdir().unwrap();
    let set = OutSet::begin(options(root.path(), false)).unwrap();
    let inherited = set.lock.try_clone().unwrap();
    let waiting = File::open(root.path().join(&set.lock_name)).unwrap();
    assert!(matches!(waiting.try_lock(), Err(TryLockError::WouldBlock)));
    drop(set);
    waiting.try_lock().unwrap();
    drop(inherited);
}

fn set_of<'a>(dir: &'a Path, names: &[&str]) -> OutOptions<'a> {
    OutOptions { names: names.iter().map(|name| (*name).to_owned()).collect(), ..options(dir, true) }
}

fn fill_with(set: &OutSet, text: &str) {
    for name in &set.names {
        set.create(name).unwrap().write_all(format!("{name} {text}").as_bytes()).unwrap();
    }
}

/// What a directory holds, copied: as a run that is killed at this moment leaves it.
fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in names(from) {
        fs::copy(from.join(&name), to.path().join(&name)).unwrap();
    }
    to
}

/// Looks at the directory at every moment of a replacement, as whoever reads meets it, and goes on from there.
#[test]
fn a_set_in_anothers_place_counts_from_one_moment_on() {
    let all = ["set.escrow.age", "set.share-1-of-2.age", "set.manifest.json"];
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let set = OutSet::begin(set_of(dir, &all)).unwrap();
    fill_with(&set, "old");
    set.commit(&mut |_, _| {}).unwrap();
    assert_eq!(names(dir).len(), 3);
    let set = OutSet::begin(set_of(dir, &all)).unwrap();
    fill_with(&set, "new");
    let mut left = Vec::new();
    set.commit(&mut |_, _| left.push(copied(dir))).unwrap();
    assert_eq!(names(dir).len(), 3, "{:?}", names(dir));
    let read = |dir: &Path, name: &str| {
        let path = dir.join(name);
        fs::read_to_string(pending(&path).unwrap_or(path)).unwrap()
    };
    let whole = |dir: &Path| {
        let texts = all.map(|name| read(dir, name).replace(name, "").trim().to_owned());
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        texts[0].clone()
    };
    let ages: Vec<String> = left.iter().map(|dir| whole(dir.path())).collect();
    assert_eq!(ages, ["old", "old", "old", "old", "new", "new", "new", "new"]);
    let is_mixed = |dir: &tempfile::TempDir| {
        let plain = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        plain(all[0]).ends_with("new") && plain(all[2]).ends_with("old")
    };
    assert!(left.iter().any(is_mixed), "by their names alone the files were of two sets at a moment");
    for (dir, age) in left.iter().zip(ages) {
        let dir = dir.path();
        assert!(matches!(OutSet::begin(OutOptions { force: false, ..set_of(dir, &all) }), Err(Error::Exists { .. })));
        assert_eq!((whole(dir), names(dir).len()), (age, 3), "{:?}", names(dir));
        let set = OutSet::begin(set_of(dir, &all)).unwrap();
        fill_with(&set, "newer");
        set.commit(&mut |_, _| {}).unwrap();
        assert_eq!((whole(dir), names(dir).len()), ("newer".to_owned(), 3), "{:?}", names(dir));
    }
}

/// A record that somebody else put there, or a temporary file beside a set at rest, changes nothing.
#[test]
fn nothing_is_pending_but_by_a_record_that_counts() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let path = dir.join("set.escrow.age");
    fs::write(&path, "at rest").unwrap();
    fs::write(dir.join(".set.escrow.age.part"), "stray").unwrap();
    assert_eq!(pending(&path), None);
    for record in ["00 set.escrow.age\n", "assay-replace/1\n00 set.escrow.age\n", "assay-replace/1\n00 other\nend\n"] {
        fs::write(dir.join(".set.assay-lock"), record).unwrap();
        assert_eq!(pending(&path), None, "{record}");
    }
    fs::write(dir.join(".set.assay-lock"), "assay-replace/1\n00 set.escrow.age\nend\n").unwrap();
    assert_eq!(pending(&path), Some(dir.join(".set.escrow.age.part")));
    if rustix::process::geteuid().is_root() {
        for name in [".set.assay-lock", ".set.escrow.age.part"] {
            std::os::unix::fs::chown(dir.join(name), Some(12345), None).unwrap();
            assert_eq!(pending(&path), None, "{name}");
            std::os::unix::fs::chown(dir.join(name), Some(0), None).unwrap();
        }
        std::os::unix::fs::chown(dir.join(".set.assay-lock"), Some(12345), None).unwrap();
        assert!(matches!(OutSet::begin(options(dir, true)), Err(Error::ForeignLock { owner: 12345, .. })));
    }
    fs::remove_file(dir.join(".set.assay-lock")).unwrap();
    symlink(dir.join("elsewhere"), dir.join(".set.assay-lock")).unwrap();
    assert_eq!(pending(&path), None);
    assert!(OutSet::begin(options(dir, true)).is_err() && !dir.join("elsewhere").exists());
}

#[test]
fn an_output_is_never_a_link() {
    let root = tempfile::tempdir().unwrap();
    for force in [false, true] {
        symlink(root.path().join("elsewhere"), root.path().join("data")).unwrap();
        assert!(matches!(OutSet::begin(options(root.path(), force)), Err(Error::OutputLink { .. })));
        fs::remove_file(root.path().join("data")).unwrap();
    }
    assert!(!root.path().join("elsewhere").exists());
}
