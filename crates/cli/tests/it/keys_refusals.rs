//! What stands in the way of an output: a clear word, exit code 2, nothing lost and nothing left.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::keys_support::{Bench, JOIN, STEM, files, identity, peer, tar_gz};
use crate::run::{Run, assay};

const SPLIT: &str = "split {tarball} -r RECIPIENT --out {}/vault";

fn refused(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    for word in words {
        assert!(run.err.contains(word), "no `{word}`: {}", run.err);
    }
}

#[test]
fn what_exists_is_not_replaced_unless_forced() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    bench.split();
    let before = files(&bench.path("vault"));
    refused(&bench.keys(SPLIT), &["exists", "--force"]);
    assert!(files(&bench.path("vault")) == before);
    bench.keys_ok(JOIN);
    refused(&bench.keys(JOIN), &["exists", "--force"]);
    bench.keys_ok(&format!("{SPLIT} --force"));
    let quiet = bench.keys(&format!("{JOIN} --force"));
    assert!(quiet.code == Some(0) && !quiet.err.contains("others can write"), "{}", quiet.err);
    // nor is a link followed to what it points at
    fs::write(bench.path("precious"), b"precious").unwrap();
    fs::remove_file(bench.path("back.tar.gz")).unwrap();
    symlink(bench.path("precious"), bench.path("back.tar.gz")).unwrap();
    refused(&bench.keys(&format!("{JOIN} --force")), &["symbolic link", "back.tar.gz"]);
    assert_eq!(fs::read(bench.path("precious")).unwrap(), b"precious");
}

#[test]
fn who_joins_where_others_can_write_is_told_so() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    bench.split();
    // Without the sticky bit only the group may write, and only where it is one of ours.
    for (mode, words) in [(0o1777, "(mode 1777)"), (0o770, "in the place of this one")] {
        let folder = bench.path(&format!("{mode:o}"));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        let run = bench.keys(&JOIN.replace("{}/back.tar.gz", folder.join("back.tar.gz").to_str().unwrap()));
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.err.contains("others can write to") && run.err.contains(words), "{}", run.err);
        assert_eq!(fs::metadata(folder.join("back.tar.gz")).unwrap().mode() & 0o777, 0o600);
    }
}

#[test]
fn an_output_never_replaces_its_input() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    bench.split();
    let before = files(bench.dir.path());
    for out in ["{vault}.keyless.tar.gz", "{vault}.escrow.age", "{vault}.manifest.json"] {
        let line =
            format!("join {{vault}}.keyless.tar.gz --escrow {{vault}}.escrow.age -i {{}}/key.txt --force --out {out}");
        refused(&bench.keys(&line), &["is an input"]);
    }
    let line = "rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/vault --force";
    refused(&bench.keys(line), &["is an input"]);
    assert!(files(bench.dir.path()) == before);
}

#[test]
fn whoever_cannot_open_it_is_told_and_gets_nothing() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    identity(&bench.path("stranger.txt"));
    let join = JOIN.replace("key.txt", "stranger.txt");
    refused(&bench.keys(&join), &["none of the given identities opens", "escrow.age"]);
    refused(&bench.keys(&JOIN.replace("-i {}/key.txt", "")), &["nothing to open", "-i"]);
    refused(&bench.keys(&JOIN.replace("key.txt", "absent.txt")), &["cannot read", "absent.txt"]);
    // Two halves of different splits.
    let other = Bench::new();
    other.tarball("aesgcm-rotated");
    other.split();
    let mixed = JOIN.replace("{vault}.keyless.tar.gz", other.vault("keyless.tar.gz").to_str().unwrap());
    refused(&bench.keys(&mixed), &["does not belong to this escrow"]);
    assert!(!bench.path("back.tar.gz").exists());
}

#[test]
fn a_wrong_call_is_refused_before_anything_is_read_or_asked() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    let key = fs::read_to_string(bench.path("key.txt")).unwrap();
    fs::write(bench.path("no-recipients.txt"), "# nobody\n").unwrap();
    for (line, words) in [
        ("split {tarball} --out {}/vault", &["nobody to seal to"][..]),
        ("split - -r RECIPIENT --out {}/vault", &["give a file"]),
        ("split {tarball} -r RECIPIENT --shares 3 --threshold 2 --out {}/vault", &["1 recipient for 3 shares"]),
        ("split {tarball} -R {}/no-recipients.txt --out {}/vault", &["no recipient in"]),
        ("split {tarball} -r age1nonsense --out {}/vault", &["recipient 1"]),
        ("split {tarball} -r RECIPIENT --snapshot {}/key.txt --out {}/vault", &["is not an etcd snapshot"]),
        ("split {}/absent.tar.gz -r RECIPIENT --out {}/vault", &["no such file"]),
        (&format!("split {{tarball}} -r {key} --out {{}}/vault"), &["this is a private key"]),
    ] {
        let run = bench.keys(line);
        refused(&run, words);
        assert!(!run.err.contains(key.trim()), "a private key is repeated");
    }
    assert!(!bench.path("vault").exists());
}

#[test]
fn two_runs_at_once_do_not_mix() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    fs::create_dir(bench.path("vault")).unwrap();
    let lock = bench.path("vault").join(format!(".{STEM}.assay-lock"));
    let held = fs::File::create(&lock).unwrap();
    held.try_lock().unwrap();
    fs::set_permissions(bench.path("vault"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    refused(&bench.keys(SPLIT), &["another run is writing"]);
    // not by closing it: children that other tests are starting have copies of the descriptor until they run
    held.unlock().unwrap();
    let words = bench.words(SPLIT);
    let children: Vec<_> =
        (0..4).map(|_| assay(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    let codes: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 2))), "{codes:?}");
    bench.keys_ok(JOIN);
}

/// Not even the time of the last access moves, where the system lets that be.
#[test]
fn what_is_read_is_not_marked_as_read() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    fs::write(bench.path("recipients.txt"), format!("{}\n{}\n", bench.recipient, identity(&bench.path("bob.txt"))))
        .unwrap();
    fs::write(bench.path("snapshot.db"), crate::fixture::named("aescbc-rotated").bytes()).unwrap();
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for line in [
        "ls {tarball}",
        "split {tarball} -R {}/recipients.txt --snapshot {}/snapshot.db --shares 2 --threshold 2 --out {}/vault",
        "verify-escrow {vault}.escrow.age --share {vault}.share-1-of-2.age --share {vault}.share-2-of-2.age \
         -i {}/key.txt -i {}/bob.txt",
        "rewrap {vault}.escrow.age --share {vault}.share-1-of-2.age --share {vault}.share-2-of-2.age \
         -i {}/key.txt -i {}/bob.txt -r RECIPIENT --out {}/new",
        "join {vault}.keyless.tar.gz --escrow {}/new/STEM.escrow.age -i {}/key.txt --out {}/back.tar.gz",
    ] {
        let inputs: Vec<_> = files(bench.dir.path()).into_keys().collect();
        for input in &inputs {
            let file = fs::OpenOptions::new().write(true).open(input).unwrap();
            file.set_times(fs::FileTimes::new().set_accessed(long_ago)).unwrap();
        }
        bench.keys_ok(&line.replace("STEM", STEM));
        for input in inputs {
            assert_eq!(fs::metadata(&input).unwrap().accessed().unwrap(), long_ago, "{line}: {}", input.display());
        }
    }
}

/// In a mount namespace of its own a test may fill a disk and take writing away.
fn on_a_disk(bench: &Bench, options: &str, line: &str) -> Option<Run> {
    let mut command = peer("unshare")?;
    let words = bench.words(line);
    let disk = bench.path("disk");
    fs::create_dir_all(&disk).unwrap();
    let script = format!(
        "mount -t tmpfs -o {options} none '{}' || exit 99; \"$@\"; code=$?; ls -A '{0}' >&2; exit $code",
        disk.display()
    );
    command.args(["-rm", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_assay")]).args(&words).stdin(Stdio::null());
    let run: Run = command.output().unwrap().into();
    if run.err.contains("unshare failed") || run.code == Some(99) {
        assert!(std::env::var_os("CI").is_none(), "no mount namespaces in CI: {}", run.err);
        eprintln!("SKIPPED: no mount namespaces here: {}", run.err);
        return None;
    }
    Some(run)
}

#[test]
fn a_full_disk_and_one_that_is_read_only_leave_nothing() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let split = "split {tarball} -r RECIPIENT --out {}/disk/vault";
    let join = JOIN.replace("{}/back", "{}/disk/back");
    for line in [split, &join] {
        let Some(full) = on_a_disk(&bench, "size=16k", line) else { return };
        refused(&full, &["No space left", "nothing was lost"]);
        // After the error the script lists the disk: at most the empty directory.
        let left = full.err.lines().skip_while(|line| !line.starts_with("hint: ")).skip(1);
        assert!(left.clone().all(|name| name == "vault"), "{:?}", left.collect::<Vec<_>>());
        let Some(read_only) = on_a_disk(&bench, "ro", line) else { return };
        refused(&read_only, &["Read-only file system", "--out"]);
    }
}

/// Keys without a slow fingerprint, and enough else that the moments spread.
fn quick_tarball() -> Vec<u8> {
    let mut noise = 1_u64;
    let filler: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    let dir = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config";
    tar_gz(&[
        ("static-pod-resources/etcd-pod-8/configmaps/etcd-pod/version", b"4.18"),
        (&format!("{dir}/kms-plugin-secret-vault_secret-id-7"), b"this would be a credential"),
        ("static-pod-resources/etcd-pod-8/configmaps/filler/a", &filler[..60_000]),
        ("static-pod-resources/etcd-pod-8/configmaps/filler/b", &filler[60_000..]),
    ])
}

/// Kills a run at a moment, a part of how long a whole one takes; whether it was still alive. If it was not, the time
/// that it took is what a whole one takes.
fn killed(words: &[String], part: f64, whole: &mut Duration) -> bool {
    let after = whole.mul_f64(part);
    let begun = Instant::now();
    let mut child = assay(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while begun.elapsed() < after {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            *whole = begun.elapsed();
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

fn visible(dir: &Path) -> Vec<String> {
    let names = files(dir).into_keys().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// Deaths of each at moments that are others in every run; the outcome does not depend on the moment.
#[test]
fn campaign_killed_at_random_moments_nothing_is_lost_and_the_next_run_succeeds() {
    let deaths = fixtures::rounds(10, 50);
    let bytes = quick_tarball();
    let random = RandomState::new();
    let bench = Bench::new();
    let tarball = bench.tarball_of(&bytes);
    let measured = |line: &str| {
        let begun = Instant::now();
        bench.keys_ok(line);
        begun.elapsed()
    };
    let mut whole = [measured(SPLIT), measured(JOIN)];
    // A run that ends before its moment is no death: the moments come from within a whole run, of this machine.
    // One that was measured while the machine was busy is too long: each run that ends in time shortens it.
    let mut moments = (0_u64..).map(|n| (random.hash_one(n) % 1000) as f64 / 1000.0);
    let [mut splits, mut joins] = [(0, 0), (0, 0)];
    let vault = bench.path("vault");
    while splits.0 < deaths {
        fs::remove_dir_all(&vault).unwrap();
        splits.0 += usize::from(killed(&bench.words(SPLIT), moments.next().unwrap(), &mut whole[0]));
        splits.1 += 1;
        assert!(splits.1 < 20 * deaths, "hardly any split was killed: {splits:?}");
        assert!(fs::read(&tarball).unwrap() == bytes, "the original");
        let complete = bench.vault("manifest.json").exists();
        if complete {
            assert_eq!(visible(&vault).len(), 3, "the manifest means that all is there");
        } else {
            bench.split();
            assert_eq!(files(&vault).len(), 3, "something hidden is left");
        }
        bench.keys_ok(&format!("{JOIN} --force"));
        assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);
    }
    let back = bench.path("back.tar.gz");
    let halves = files(&vault);
    while joins.0 < deaths {
        fs::remove_file(&back).unwrap();
        joins.0 += usize::from(killed(&bench.words(JOIN), moments.next().unwrap(), &mut whole[1]));
        joins.1 += 1;
        assert!(joins.1 < 20 * deaths, "hardly any join was killed: {joins:?}");
        if !back.exists() {
            bench.keys_ok(JOIN);
            let left = fs::read_dir(bench.dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let hidden: Vec<_> = left.filter(|name| name.as_encoded_bytes().starts_with(b".")).collect();
            assert!(hidden.is_empty(), "{hidden:?}");
        }
        assert!(fs::read(&back).unwrap() == bytes && files(&vault) == halves);
    }
}
