//! Debian's age and rage open what is written here, and the other way round; README.txt's commands work.

use std::fs;
use std::path::Path;

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{Callbacks, NoCallbacks};
use key_escrow::{
    Identities, RejoinMethod, RemovalPolicy, SealTo, VerifyOptions, read_age_header, split, verify_escrow,
};

use crate::support::{Bench, CONFIG, Recipients, files, gunzip, payload, peer, recorded, run, with_keys};

fn key_file(bench: &Bench) -> std::path::PathBuf {
    let path = bench.path("key.txt");
    fs::write(&path, bench.key.to_string().expose_secret()).unwrap();
    path
}

#[test]
fn age_and_rage_open_what_we_seal() {
    for tool in ["age", "rage"] {
        let Some(_) = peer(tool) else { continue };
        for armor in [false, true] {
            let bench = Bench::new();
            let tarball = bench.tarball(&with_keys());
            let policy = RemovalPolicy::encryption_config();
            let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
            options.armor = armor;
            let split = split(options, &mut |_, _, _| {}).unwrap();
            let opened = run(peer(tool).unwrap().arg("-d").arg("-i").arg(key_file(&bench)).arg(&split.escrow), b"");
            assert!(opened == payload(&split.escrow, &bench.key), "{tool}");
            assert_eq!(files(&opened)[CONFIG], files(&gunzip(&with_keys()))[CONFIG]);
        }
    }
}

#[test]
fn we_open_what_age_and_rage_seal() {
    for tool in ["age", "rage"] {
        let Some(_) = peer(tool) else { continue };
        let bench = Bench::new();
        let bytes = with_keys();
        let split = bench.split(&bench.tarball(&bytes)).unwrap();
        let content = payload(&split.escrow, &bench.key);
        for armor in [false, true] {
            let resealed = bench.path("resealed.age");
            let mut command = peer(tool).unwrap();
            command
                .arg("-r")
                .arg(bench.key.to_public().to_string())
                .args(armor.then_some("-a"))
                .arg("-o")
                .arg(&resealed);
            let _ = fs::remove_file(&resealed);
            run(&mut command, &content);
            assert!(
                bench.join_files(&split.keyless, &resealed, None, &bench.identities()).unwrap().0 == bytes,
                "{tool}"
            );
        }
    }
}

/// ssh keys as ssh-keygen makes them, both kinds, plain and with a passphrase; age opens the same escrow.
#[test]
fn ssh_recipients() {
    let Some(_) = peer("ssh-keygen") else { return };
    for (kind, bits, passphrase) in [
        ("ed25519", "256", ""),
        ("ed25519", "256", "sesame street"),
        ("rsa", "2048", ""),
        ("rsa", "2048", "sesame street"),
    ] {
        let bench = Bench::new();
        let key = bench.path("id");
        run(
            peer("ssh-keygen")
                .unwrap()
                .args(["-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "alice@host", "-f"])
                .arg(&key),
            b"",
        );
        let mut to = Recipients::new();
        to.add(&fs::read_to_string(bench.path("id.pub")).unwrap(), NoCallbacks).unwrap();
        let bytes = with_keys();
        let split = bench.split_to(&bench.tarball(&bytes), SealTo::Recipients(to)).unwrap();
        assert!(split.manifest.recipients[0].recipient.ends_with("alice@host"));
        let mut ids = Identities::new();
        ids.add_file("id", &fs::read(&key).unwrap(), Answer(passphrase)).unwrap();
        assert!(bench.join_files(&split.keyless, &split.escrow, None, &ids).unwrap().0 == bytes, "{kind}");
        let mut wrong = Identities::new();
        wrong.add_file("id", &fs::read(&key).unwrap(), Answer("wrong")).unwrap();
        assert_eq!(
            bench.join_files(&split.keyless, &split.escrow, None, &wrong).is_ok(),
            passphrase.is_empty(),
            "{kind}"
        );
        if passphrase.is_empty() && peer("age").is_some() {
            let opened = run(peer("age").unwrap().arg("-d").arg("-i").arg(&key).arg(&split.escrow), b"");
            assert!(files(&opened).contains_key(CONFIG));
        }

        // from outside, the ssh key's short tag shows whether it is sealed to that very key
        let report = |manifest: &Path| {
            let options = VerifyOptions {
                manifest,
                expect_manifest: None,
                escrow: Some(&split.escrow),
                keyless: None,
                shares: &[],
                identities: None,
                limits: key_escrow::Limits::default(),
            };
            verify_escrow(&options, &mut |_, _, _| {}).unwrap().passed()
        };
        assert!(report(&split.manifest_path));
        run(
            peer("ssh-keygen")
                .unwrap()
                .args(["-q", "-t", kind, "-b", bits, "-N", "", "-C", "alice@host", "-f"])
                .arg(bench.path("other")),
            b"",
        );
        let other = fs::read_to_string(bench.path("other.pub")).unwrap();
        let text = fs::read_to_string(&split.manifest_path).unwrap();
        fs::write(&split.manifest_path, text.replace(&split.manifest.recipients[0].recipient, other.trim())).unwrap();
        assert!(!report(&split.manifest_path), "{kind}: another key in the manifest");
    }
}

#[derive(Clone)]
struct Answer(&'static str);

impl Callbacks for Answer {
    fn display_message(&self, _: &str) {}
    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }
    fn request_public_string(&self, _: &str) -> Option<String> {
        None
    }
    fn request_passphrase(&self, _: &str) -> Option<SecretString> {
        Some(SecretString::from(self.0.to_owned()))
    }
}

#[test]
fn a_passphrase_alone_and_an_encrypted_identity_file() {
    let bench = Bench::new();
    let bytes = with_keys();
    let to = Recipients::passphrase(SecretString::from("correct horse".to_owned()), Some(8)).unwrap();
    let split = bench.split_to(&bench.tarball(&bytes), SealTo::Recipients(to)).unwrap();
    assert!(read_age_header(&split.escrow).unwrap().is_passphrase());
    for (word, fits) in [("correct horse", true), ("wrong horse", false)] {
        let mut ids = Identities::new();
        ids.add_passphrase(SecretString::from(word.to_owned()));
        assert_eq!(bench.join_files(&split.keyless, &split.escrow, None, &ids).is_ok(), fits);
    }
    // as hard to guess as age makes it, however busy this machine is
    let to = Recipients::passphrase(SecretString::from("correct horse".to_owned()), None).unwrap();
    let usual = Bench::new();
    let split = usual.split_to(&usual.tarball(&bytes), SealTo::Recipients(to)).unwrap();
    let head = fs::read(&split.escrow).unwrap();
    let stanza = head.split(|&byte| byte == b'\n').nth(1).unwrap();
    assert!(stanza.starts_with(b"-> scrypt ") && stanza.ends_with(b" 18"), "{}", stanza.escape_ascii());
    let mut mixed = Recipients::passphrase(SecretString::from("x".to_owned()), Some(2)).unwrap();
    mixed.add(&bench.key.to_public().to_string(), NoCallbacks).unwrap();
    let other = Bench::new();
    let e = other.split_to(&other.tarball(&bytes), SealTo::Recipients(mixed)).unwrap_err();
    assert!(e.to_string().contains("only recipient"), "{e}");

    let mut recipient = age::scrypt::Recipient::new(SecretString::from("open sesame".to_owned()));
    recipient.set_work_factor(4);
    let sealed_key = age::encrypt(&recipient, bench.key.to_string().expose_secret().as_bytes()).unwrap();
    let third = Bench::new();
    let split = third.split_to(&third.tarball(&bytes), SealTo::Recipients(bench.recipients())).unwrap();
    let mut ids = Identities::new();
    ids.add_file("key.age", &sealed_key, Answer("open sesame")).unwrap();
    assert!(third.join_files(&split.keyless, &split.escrow, None, &ids).unwrap().0 == bytes);
    assert!(Identities::new().add_file("key.age", &sealed_key, Answer("wrong")).is_err());
}

/// The shell commands of README.txt, run as they stand, give the tar and (when it is sealed) the original.
#[test]
fn the_readme_rejoins_by_hand() {
    if ["age", "tar", "sh", "dd", "sha256sum", "gzip"].iter().any(|tool| peer(tool).is_none()) {
        return;
    }
    let bytes = recorded("zopfli.tar.gz");
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    assert_eq!(split.manifest.rejoin.method, RejoinMethod::SealedOriginal);
    let key = key_file(&bench);
    let readme = String::from_utf8(files(&payload(&split.escrow, &bench.key))["README.txt"].clone()).unwrap();
    let section = readme.split("THE ORIGINAL TAR BYTE FOR BYTE, WITHOUT assay\n").nth(1).unwrap();
    let script: String = section
        .lines()
        .take_while(|l| !l.contains("must print"))
        .map(|l| l.split("      (").next().unwrap().replace("THIS-FILE.age", &split.escrow.display().to_string()))
        .map(|l| l.replace("IDENTITY", &key.display().to_string()) + "\n")
        .collect();
    run(peer("sh").unwrap().arg("-e").current_dir(bench.out()), script.as_bytes());
    let tar = fs::read(bench.out().join("original.tar")).unwrap();
    assert!(tar == gunzip(&bytes));

    if peer("openssl").is_some() {
        let plan = String::from_utf8(files(&payload(&split.escrow, &bench.key))["join/join.json"].clone()).unwrap();
        let seal_key = plan.split("\"sealKey\":\"").nth(1).unwrap().split('"').next().unwrap();
        let hmac = run(
            peer("openssl")
                .unwrap()
                .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{seal_key}"), "keyless.tar"])
                .current_dir(bench.out()),
            b"",
        );
        let passphrase = String::from_utf8(hmac).unwrap().trim().rsplit(' ').next().unwrap().to_owned();
        let identity = age::scrypt::Identity::new(SecretString::from(passphrase));
        let sealed = &files(&payload(&split.escrow, &bench.key))["join/original.tar.gz.age"];
        assert!(age::decrypt(&identity, sealed).unwrap() == bytes);
    }
}
