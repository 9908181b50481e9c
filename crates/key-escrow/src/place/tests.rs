use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

fn dir(path: &Path, mode: u32) -> PathBuf {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_path_buf()
}

fn private(path: &Path) -> Result<Place> {
    Place::open(path, Access::Private)
}

#[test]
fn a_private_directory_is_made_with_all_that_is_missing_on_the_way() {
    let root = tempfile::tempdir().unwrap();
    let place = private(&root.path().join("a/b/c")).unwrap();
    for part in ["a", "a/b", "a/b/c"] {
        assert_eq!(fs::metadata(root.path().join(part)).unwrap().mode() & 0o7777, 0o700, "{part}");
    }
    assert!(place.is_empty().unwrap());
    place.create_new("x", 0o600).unwrap().write_all(b"x").unwrap();
    assert!(!place.is_empty().unwrap());
    assert!(private(&root.path().join("a/./b/../b/c")).is_ok());
    assert!(matches!(Place::open(&root.path().join("none"), Access::Shared), Err(Error::Io { .. })));
    fs::write(root.path().join("file"), "").unwrap();
    assert!(matches!(private(&root.path().join("file")), Err(Error::Io { .. })));
    assert!(matches!(private(&root.path().join("file/below")), Err(Error::Io { .. })));
}

/// Others could put their own directory in the place of the one that was checked.
#[test]
fn a_way_that_others_can_write_to_is_refused_before_anything_is_made() {
    let root = tempfile::tempdir().unwrap();
    let open = dir(&root.path().join("open"), 0o777);
    for below in ["out", "some/where"] {
        let error = private(&open.join(below)).unwrap_err();
        assert!(matches!(&error, Error::LooseParent { path, mode: 0o777 } if *path == open), "{error}");
    }
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0, "nothing was made");
    let within = dir(&open.join("within"), 0o700);
    assert!(matches!(private(&within), Err(Error::LooseParent { .. })), "whoever made it, somebody may replace it");
    assert!(matches!(Place::open(&within, Access::Shared), Err(Error::LooseParent { .. })));
    let deep = dir(&within.join("deep"), 0o700);
    assert!(matches!(private(&deep), Err(Error::LooseParent { .. })), "also further up");
}

#[test]
fn a_sticky_directory_on_the_way_is_fine_where_what_lies_in_it_is_ours() {
    let root = tempfile::tempdir().unwrap();
    let sticky = dir(&root.path().join("sticky"), 0o1777);
    assert!(private(&sticky.join("out")).is_ok());
    assert!(matches!(private(&sticky), Err(Error::LooseDirectory { mode: 0o1777, .. })), "but is not private itself");
    assert!(Place::open(&sticky, Access::Shared).is_ok());
    if geteuid().is_root() {
        let theirs = dir(&sticky.join("theirs"), 0o755);
        std::os::unix::fs::chown(&theirs, Some(12345), None).unwrap();
        let error = private(&theirs.join("out")).unwrap_err();
        assert!(matches!(&error, Error::ForeignDirectory { path, owner: 12345 } if *path == theirs), "{error}");
        symlink(root.path(), sticky.join("link")).unwrap();
        std::os::unix::fs::lchown(sticky.join("link"), Some(12345), None).unwrap();
        assert!(private(&sticky.join("link/out")).is_err());
    } else {
        eprintln!("SKIPPED: only root can make what another user owns");
    }
}

#[test]
fn a_directory_of_somebody_else_is_not_private() {
    if !geteuid().is_root() {
        eprintln!("SKIPPED: only root can make what another user owns");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let theirs = dir(&root.path().join("theirs"), 0o700);
    std::os::unix::fs::chown(&theirs, Some(12345), None).unwrap();
    assert!(matches!(private(&theirs), Err(Error::ForeignDirectory { owner: 12345, .. })));
    assert!(private(&theirs.join("own")).is_ok(), "what is made below it is ours, and held open");
}

#[test]
fn modes_of_the_directory_itself() {
    let root = tempfile::tempdir().unwrap();
    for (mode, is_private, is_shared) in [
        (0o700, true, true),
        (0o755, true, true),
        (0o1755, true, true),
        (0o770, false, true),
        (0o2775, false, true),
        (0o702, false, false),
        (0o777, false, false),
        (0o1777, false, true),
    ] {
        let dir = dir(&root.path().join(format!("{mode:o}")), mode);
        let mode = fs::metadata(&dir).unwrap().mode() & 0o7777; // the group bits may not be ours to set
        assert_eq!(private(&dir).is_ok(), is_private, "{mode:o}");
        assert_eq!(Place::open(&dir, Access::Shared).is_ok(), is_shared, "{mode:o}");
    }
    // a group that this user is in is as good as the user, on the way
    let shared = dir(&root.path().join("shared"), 0o770);
    assert!(private(&shared.join("out")).is_ok());
    if geteuid().is_root() {
        std::os::unix::fs::chown(&shared, None, Some(54321)).unwrap();
        assert!(matches!(private(&shared.join("out")), Err(Error::LooseParent { mode: 0o770, .. })));
    }
}

#[test]
fn no_link_is_followed_to_the_directory_or_to_a_file() {
    let root = tempfile::tempdir().unwrap();
    let real = dir(&root.path().join("real"), 0o700);
    let link = root.path().join("link");
    symlink(&real, &link).unwrap();
    for path in [link.clone(), link.join(".")] {
        for access in [Access::Private, Access::Shared] {
            let error = Place::open(&path, access).unwrap_err();
            assert!(matches!(&error, Error::OutputLink { path } if *path == link), "{error}");
        }
    }
    symlink(root.path().join("nowhere"), root.path().join("dangling")).unwrap();
    assert!(matches!(private(&root.path().join("dangling")), Err(Error::OutputLink { .. })));
    assert!(!root.path().join("nowhere").exists());
    // one of ours further up leads somewhere and nowhere else
    assert!(private(&link.join("out")).is_ok());
    assert!(real.join("out").is_dir());
    symlink("loop", root.path().join("loop")).unwrap();
    assert!(matches!(private(&root.path().join("loop/out")), Err(Error::Io { .. })));
    // files
    let place = private(&real).unwrap();
    let outside = root.path().join("outside");
    symlink(&outside, real.join("file")).unwrap();
    assert_eq!(place.create_new("file", 0o600).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert!(place.read_or_create("file").is_err() && place.read("file").is_err());
    symlink(root.path(), real.join("folder")).unwrap();
    assert!(matches!(place.below("folder", 0o755), Err(Error::OutputLink { .. })));
    place.create_new("new", 0o600).unwrap();
    place.replace("new", "file").unwrap();
    assert!(
        fs::symlink_metadata(real.join("file")).unwrap().is_file() && !outside.exists(),
        "the link itself is replaced"
    );
}

/// What was checked is what is written to, also when its name has come to mean another.
#[test]
fn what_was_checked_is_what_is_written_to() {
    let root = tempfile::tempdir().unwrap();
    let checked = root.path().join("checked");
    let place = private(&checked).unwrap();
    fs::rename(&checked, root.path().join("moved")).unwrap();
    dir(&checked, 0o777);
    place.create_new("x", 0o600).unwrap();
    assert!(root.path().join("moved/x").exists() && !checked.join("x").exists());
}
