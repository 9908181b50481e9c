//! Neither half alone gives the original, whichever way the gzip bytes come back.

use std::fs;
use std::io::Read;

use key_escrow::{RemovalPolicy, SealTo, SplitOutcome, split};

use crate::support::{Bench, CONFIG, files, gunzip, holds, identities, payload, tarball_of, with_keys};

fn both_ways(test: impl Fn(&Bench, &[u8], &SplitOutcome)) {
    let bytes = with_keys();
    for seal_original in [false, true] {
        let bench = Bench::new();
        let tarball = bench.tarball(&bytes);
        let policy = RemovalPolicy::encryption_config();
        let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
        options.seal_original = seal_original;
        let split = split(options, &mut |_, _, _| {}).unwrap();
        test(&bench, &bytes, &split);
    }
}

#[test]
fn keyless_and_manifest_hold_nothing_of_the_keys() {
    both_ways(|_, bytes, split| {
        let secrets: Vec<String> = key_strings(&files(&gunzip(bytes))[CONFIG]);
        assert!(secrets.len() >= 2);
        let keyless = fs::read(&split.keyless).unwrap();
        for hay in
            [&gunzip(&keyless), &keyless, &fs::read(&split.manifest_path).unwrap(), &fs::read(&split.escrow).unwrap()]
        {
            for secret in &secrets {
                assert!(!holds(hay, secret.as_bytes()));
            }
        }
    });
}

/// The base64 keys of an encryption configuration.
fn key_strings(config: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(config);
    text.split("\"secret\":\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Of every member that stays, no line of 24 bytes is in the opened escrow: not plain, and not in its own gzip bytes.
#[test]
fn the_opened_escrow_holds_nothing_of_what_stays() {
    both_ways(|bench, bytes, split| {
        let opened = payload(&split.escrow, &bench.key);
        let removed = files(&gunzip(bytes)).remove(CONFIG).unwrap();
        assert!(holds(&opened, &removed), "the keys are in it");
        assert!(!holds(&opened, &bytes[40..104]), "none of the original's compressed bytes");
        let mut looked_at = 0;
        for (path, data) in
            files(&gunzip(bytes)).into_iter().filter(|(p, _)| p.ends_with(".key") || p.ends_with("/token"))
        {
            for piece in data.chunks_exact(48).filter(|p| !p.starts_with(b"-----")) {
                looked_at += 1;
                assert!(!holds(&opened, &piece[..24]), "{path}");
            }
        }
        assert!(looked_at > 100);
    });
}

/// The sealed original does not open with anything the escrow, the manifest or a different keyless tar gives.
#[test]
fn the_sealed_original_needs_the_whole_keyless_tar() {
    let bytes = with_keys();
    let bench = Bench::new();
    let tarball = bench.tarball(&bytes);
    let policy = RemovalPolicy::encryption_config();
    let mut options = bench.options(&tarball, &policy, SealTo::Recipients(bench.recipients()));
    options.seal_original = true;
    let split = split(options, &mut |_, _, _| {}).unwrap();
    let opened = files(&payload(&split.escrow, &bench.key));
    let sealed = &opened["join/original.tar.gz.age"];
    let plan = String::from_utf8(opened["join/join.json"].clone()).unwrap();
    let m = &split.manifest;
    let mut guesses: Vec<String> = plan.split('"').map(str::to_owned).collect();
    guesses.extend(
        [&m.keyless.inner_tar.sha256, &m.keyless.file.digest.sha256, &m.original.digest.sha256, &m.inner_tar.sha256]
            .map(String::clone),
    );
    guesses.push(String::new());
    assert!(guesses.len() > 20);
    for guess in guesses {
        let identity = age::scrypt::Identity::new(age::secrecy::SecretString::from(guess));
        let decryptor = age::Decryptor::new(&sealed[..]).unwrap();
        assert!(decryptor.decrypt(std::iter::once(&identity as _)).is_err());
    }

    // one byte of padding at the end of the keyless tar is enough to lock it; the digest check is taken out of the way
    // by computing the passphrase as README.txt tells
    let seal_key = plan.split("\"sealKey\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let keyless = gunzip(&fs::read(&split.keyless).unwrap());
    let mut other = keyless.clone();
    *other.last_mut().unwrap() ^= 1;
    assert!(open_by_hand(sealed, &seal_key, &other).is_none());
    assert!(open_by_hand(sealed, &seal_key, &keyless).as_deref() == Some(&bytes[..]), "by hand it opens");
}

fn open_by_hand(sealed: &[u8], seal_key: &str, keyless: &[u8]) -> Option<Vec<u8>> {
    use hmac::Mac as _;
    let key: Vec<u8> = (0..64).step_by(2).map(|i| u8::from_str_radix(&seal_key[i..i + 2], 16).unwrap()).collect();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(keyless);
    let passphrase: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let identity = age::scrypt::Identity::new(age::secrecy::SecretString::from(passphrase));
    let mut out = Vec::new();
    age::Decryptor::new(sealed).unwrap().decrypt(std::iter::once(&identity as _)).ok()?.read_to_end(&mut out).ok()?;
    Some(out)
}

#[test]
fn a_foreign_keyless_or_escrow_does_not_join() {
    let bench = Bench::new();
    let one = bench.split(&bench.tarball(&with_keys())).unwrap();
    let other_bench = Bench::new();
    let other_tar = tarball_of(&[(CONFIG, b"other"), ("static-pod-resources/etcd-pod-8/x", b"y")]);
    let other = other_bench.split(&other_bench.tarball(&other_tar)).unwrap();
    let e = bench.join_files(&other.keyless, &one.escrow, None, &bench.identities()).unwrap_err();
    assert!(e.to_string().contains("does not belong"), "{e}");
    let e = bench
        .join_files(&one.keyless, &other.escrow, Some(&one.manifest_path), &identities(&other_bench.key))
        .unwrap_err();
    assert!(e.to_string().contains("escrow file differs"), "{e}");
    let e = bench.join_files(&one.keyless, &one.escrow, None, &identities(&other_bench.key)).unwrap_err();
    assert!(e.to_string().contains("none of the given identities"), "{e}");
    assert!(!bench.path("joined.tar.gz").exists(), "nothing was written");
}
