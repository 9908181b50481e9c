//! What the tests share: tarballs, keys, and one call for a split.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::{NoCallbacks, x25519};
use key_escrow::{
    Identities, JoinOptions, JoinOutcome, Limits, RemovalPolicy, Result, SealTo, SplitOptions, SplitOutcome, join,
    split,
};

pub(crate) use fixtures::{files, gunzip, gzip, tar_gz as tarball_of, tool as peer};
pub(crate) use key_escrow::Recipients;

/// A key pair and a directory.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) key: x25519::Identity,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), key: x25519::Identity::generate() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(crate) fn identities(&self) -> Identities {
        identities(&self.key)
    }

    pub(crate) fn recipients(&self) -> Recipients {
        recipients(&[&self.key])
    }

    /// Writes the tarball under the name the backup script gives it.
    pub(crate) fn tarball(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path("static_kuberesources_2026-11-23_090915.tar.gz");
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn split(&self, tarball: &Path) -> Result<SplitOutcome> {
        self.split_to(tarball, SealTo::Recipients(self.recipients()))
    }

    pub(crate) fn split_to(&self, tarball: &Path, seal_to: SealTo) -> Result<SplitOutcome> {
        split(self.options(tarball, &RemovalPolicy::encryption_config(), seal_to), &mut |_, _, _| {})
    }

    pub(crate) fn options<'a>(
        &self,
        tarball: &'a Path,
        policy: &'a RemovalPolicy,
        seal_to: SealTo,
    ) -> SplitOptions<'a> {
        SplitOptions {
            tarball,
            out_dir: Box::leak(self.out().into_boxed_path()),
            policy,
            seal_to,
            armor: false,
            snapshot: None,
            created: "2026-11-23T09:09:15Z".parse().unwrap(),
            tool: "assay test",
            force: false,
            seal_original: false,
            limits: Limits::default(),
            search: None,
        }
    }

    pub(crate) fn join(&self, split: &SplitOutcome) -> Result<(Vec<u8>, JoinOutcome)> {
        self.join_files(&split.keyless, &split.escrow, Some(&split.manifest_path), &self.identities())
    }

    pub(crate) fn join_files(
        &self,
        keyless: &Path,
        escrow: &Path,
        manifest: Option<&Path>,
        identities: &Identities,
    ) -> Result<(Vec<u8>, JoinOutcome)> {
        let out = self.path("joined.tar.gz");
        let options =
            JoinOptions { keyless, escrow, manifest, expect_manifest: None, identities, out: &out, force: true };
        let outcome = join(&options, &mut |_, _, _| {})?;
        Ok((fs::read(&out).unwrap(), outcome))
    }
}

pub(crate) fn identities(key: &x25519::Identity) -> Identities {
    let mut ids = Identities::new();
    ids.add_file("test", key.to_string().expose_secret().as_bytes(), NoCallbacks).unwrap();
    ids
}

pub(crate) fn recipients(keys: &[&x25519::Identity]) -> Recipients {
    let mut r = Recipients::new();
    keys.iter().for_each(|k| r.add(&k.to_public().to_string(), NoCallbacks).unwrap());
    r
}

/// The tarball with an aescbc configuration.
pub(crate) fn with_keys() -> Vec<u8> {
    fixtures::named("aescbc-rotated").tarball_bytes()
}

/// A recorded tarball of `tests/data`.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

pub(crate) const CONFIG: &str = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config";

/// The decrypted payload of an escrow.
pub(crate) fn payload(escrow: &Path, key: &x25519::Identity) -> Vec<u8> {
    age::decrypt(key, &fs::read(escrow).unwrap()).unwrap()
}

pub(crate) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

/// Runs a command to its end and returns what it printed.
pub(crate) fn run(command: &mut std::process::Command, input: &[u8]) -> Vec<u8> {
    use std::process::Stdio;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
