//! Splitting, joining, the drill and rewrapping, as custodians do them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::fixture;
use crate::keys_support::{Bench, CONFIG, JOIN, files, gunzip, identity, peer, piped, tar_gz};
use crate::run::Run;

fn document(run: &Run) -> Value {
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["schema"], "assay/1");
    document
}

#[test]
fn every_fixture_comes_back_byte_for_byte() {
    for fixture in fixture::all() {
        let bench = Bench::new();
        let bytes = fs::read(bench.tarball(&fixture.name)).unwrap();
        let has_keys = gunzip(&bytes).windows(CONFIG.len()).any(|window| window == CONFIG.as_bytes());
        let split = bench.split();
        assert_eq!(split.out.contains("no encryption keys in this backup; the snapshot is plaintext"), !has_keys);
        let manifest: Value = serde_json::from_slice(&fs::read(bench.vault("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["encryption"], if has_keys { "keys-removed" } else { "no-keys" }, "{}", fixture.name);
        let join = bench.keys_ok(JOIN);
        assert!(join.out.contains("proven"), "{}", join.out);
        assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes, "{}", fixture.name);
        assert!(fs::read(bench.path(&format!("{}.tar.gz", crate::keys_support::STEM))).unwrap() == bytes);
    }
}

#[test]
fn a_split_says_what_it_did_to_people_and_to_scripts() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    let snapshot = bench.path("snapshot_2026-11-23_090915.db");
    fs::write(&snapshot, fixture::named("aescbc-rotated").bytes()).unwrap();
    let human = bench.split().out;
    for words in ["encryption keys 2, 1", "17 members of the keyless tarball", "1 signing-key", "13 tls-key", "3 token"]
    {
        assert!(human.contains(words), "{words}: {human}");
    }
    assert!(human.contains("away from the snapshot") && human.contains("still holds the keys"), "{human}");

    let json = bench.keys_ok(
        "split {tarball} -r RECIPIENT --snapshot {}/snapshot_2026-11-23_090915.db --out {}/vault --force --json",
    );
    let document = document(&json);
    let split = &document["artifacts"][0];
    assert_eq!((&document["command"], &document["verdict"]), (&json!("keys split"), &json!("pass")));
    let manifest: Value = serde_json::from_slice(&fs::read(bench.vault("manifest.json")).unwrap()).unwrap();
    assert_eq!(split["manifest"], manifest);
    assert_eq!(manifest["keyNames"], json!(["2", "1"]));
    assert_eq!(manifest["remaining"], json!({"signing-key": 1, "tls-key": 13, "token": 3}));
    assert_eq!(manifest["snapshot"]["name"], "snapshot_2026-11-23_090915.db");
    let config = manifest["removed"].as_array().unwrap().iter().find(|member| member["path"] == CONFIG).unwrap();
    assert_eq!(
        config["fingerprint"],
        "scrypt:6ca9cfd0baa2fc68d41ad5e06c360119 scrypt:04fc1cf48ce04c6b0f2001e284bc30a2"
    );
    // Digests are those that sha256sum prints, and the command is one that works.
    for file in split["files"].as_array().unwrap() {
        let Some(sum) = peer("sha256sum") else { break };
        let printed = String::from_utf8(piped(sum, &[file["path"].as_str().unwrap()], b"").stdout).unwrap();
        assert!(printed.starts_with(file["sha256"].as_str().unwrap()), "{file}");
    }
    let roles: Vec<_> = split["files"].as_array().unwrap().iter().map(|file| file["role"].clone()).collect();
    assert_eq!(roles, ["keyless", "escrow", "manifest"]);
    let command: Vec<String> = split["joinCommand"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap().replace("IDENTITY", bench.path("key.txt").to_str().unwrap()))
        .collect();
    let shown = command.join(" ");
    assert!(
        command[0] == "assay" && human.contains(&shown.replace(bench.path("key.txt").to_str().unwrap(), "IDENTITY"))
    );
    let out = bench.path("elsewhere.tar.gz");
    let mut words = command[1..command.len() - 1].to_vec();
    words.push(out.to_str().unwrap().to_owned());
    assert_eq!(crate::run::run(&words).code, Some(0));
    assert!(fs::read(out).unwrap() == fs::read(bench.tarball("aescbc-rotated")).unwrap());
}

#[test]
fn outputs_are_their_owners_alone() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    bench.split();
    bench.keys_ok(JOIN);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&bench.path("vault")), 0o700);
    for (path, _) in files(&bench.path("vault")) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(mode(&bench.path("back.tar.gz")), 0o600);
}

#[test]
fn classes_leave_when_asked_for() {
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    bench.keys_ok("split {tarball} -r RECIPIENT --class signing-key,token --out {}/vault");
    let manifest: Value = serde_json::from_slice(&fs::read(bench.vault("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["remaining"], json!({"tls-key": 13}));
    bench.keys_ok("split {tarball} -r RECIPIENT --class all --out {}/vault --force");
    let left = bench.keys_ok("ls --json {vault}.keyless.tar.gz");
    assert_eq!(document(&left)["artifacts"][0]["secretMembers"], json!({}));
    bench.keys_ok(JOIN);
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);
}

/// Keys where nobody looks for them leave too, and it is said.
#[test]
fn keys_in_an_unexpected_place_do_not_stay() {
    let bench = Bench::new();
    let config = br#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],
        "providers":[{"aescbc":{"keys":[{"name":"77","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"identity":{}}]}]}"#;
    let odd = "static-pod-resources/kube-scheduler-pod-6/configmaps/config/notes";
    bench.tarball_of(&tar_gz(&[
        (odd, config),
        ("static-pod-resources/etcd-pod-8/configmaps/etcd-pod/version", b"4.18"),
    ]));
    let listed = bench.keys_ok("ls {tarball}");
    assert!(listed.out.contains("Where no secret belongs"), "{}", listed.out);
    let split = bench.split();
    assert!(split.err.contains("where none belong") && split.err.contains(odd), "{}", split.err);
    let manifest: Value = serde_json::from_slice(&fs::read(bench.vault("manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["removed"][0]["path"], &manifest["keyNames"]), (&json!(odd), &json!(["77"])));
    assert!(split.out.contains("77: in the escrow"), "{}", split.out);
}

#[test]
fn plain_age_opens_an_escrow_armored_or_not() {
    let Some(_) = peer("age") else { return };
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    for armor in ["", "--armor"] {
        bench.keys_ok(&format!("split {{tarball}} -r RECIPIENT {armor} --out {{}}/vault --force"));
        let key = bench.path("key.txt");
        let arguments = ["-d".as_ref(), "-i".as_ref(), key.as_os_str(), bench.vault("escrow.age").as_os_str()]
            .map(ToOwned::to_owned);
        let opened = piped(peer("age").unwrap(), &arguments, b"");
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        let names: Vec<String> = tar::Archive::new(&opened.stdout[..])
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(names[0] == "README.txt" && names.contains(&CONFIG.to_owned()), "{names:?}");
        let armored = fs::read(bench.vault("escrow.age")).unwrap().starts_with(b"-----BEGIN AGE");
        assert_eq!(armored, !armor.is_empty());
    }
}

#[test]
fn a_passphrase_comes_from_a_file_or_a_descriptor() {
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("plain-etcd36")).unwrap();
    fs::write(bench.path("pass"), "correct horse battery staple\nnot this line\n").unwrap();
    fs::write(bench.path("same"), "correct horse battery staple\r\n").unwrap();
    fs::write(bench.path("wrong"), "wrong horse battery staple\n").unwrap();
    bench.keys_ok("split {tarball} --passphrase-file {}/pass --out {}/vault");
    let wrong = bench.keys(
        "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age --passphrase-file {}/wrong --out {}/back.tar.gz",
    );
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("none of the given identities opens"), "{}", wrong.err);
    let words = bench.words(
        "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age --passphrase-file /dev/fd/7 --out {}/back.tar.gz",
    );
    let line = format!("exec \"$@\" 7< {}", bench.path("same").display());
    let mut bash = peer("bash").unwrap();
    bash.args(["-c", &line, "bash", env!("CARGO_BIN_EXE_assay")]).args(&words);
    let run: Run = bash.output().unwrap().into();
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);

    // Without a terminal there is nobody to ask.
    if peer("setsid").is_none() {
        return;
    }
    for line in [
        "split {tarball} --passphrase --out {}/other",
        "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age --out {}/other.tar.gz",
        "verify-escrow {vault}.escrow.age",
    ] {
        let words = [vec!["-w".to_owned(), env!("CARGO_BIN_EXE_assay").to_owned()], bench.words(line)].concat();
        let mut setsid = peer("setsid").unwrap();
        let run: Run = setsid.args(&words).stdin(std::process::Stdio::null()).output().unwrap().into();
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains("on the terminal") && run.err.contains("--passphrase-file"), "{}", run.err);
    }
    assert!(!bench.path("other").exists());
}

fn custodians(bench: &Bench) {
    let list: Vec<String> = (1..=3).map(|n| identity(&bench.path(&format!("custodian-{n}.txt")))).collect();
    fs::write(bench.path("custodians.txt"), format!("# custodians\n{}\n", list.join("\n"))).unwrap();
}

#[test]
fn shares_open_from_the_threshold_on_and_a_foreign_one_is_named() {
    let (bench, other) = (Bench::new(), Bench::new());
    let bytes = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    for bench in [&bench, &other] {
        bench.tarball("aescbc-rotated");
        custodians(bench);
        bench.keys_ok("split {tarball} -R {}/custodians.txt --shares 3 --threshold 2 --out {}/vault");
    }
    let join = "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age --out {}/back.tar.gz";
    let share = |n: u8| format!(" --share {{vault}}.share-{n}-of-3.age -i {{}}/custodian-{n}.txt");
    let few = bench.keys(&format!("{join}{}", share(2)));
    assert_eq!(few.code, Some(2));
    assert!(few.err.contains("error: 1 good share of 2 needed\n"), "{}", few.err);
    let foreign = other.vault("share-1-of-3.age");
    let foreign = format!(" --share {} -i {}", foreign.display(), other.path("custodian-1.txt").display());
    let mixed = bench.keys(&format!("{join}{}{foreign}", share(2)));
    assert_eq!(mixed.code, Some(2));
    assert!(mixed.err.contains(other.vault("share-1-of-3.age").to_str().unwrap()), "{}", mixed.err);
    assert!(mixed.err.contains("belongs to set"), "{}", mixed.err);
    let alone = bench.keys(&format!("{join} -i {{}}/custodian-1.txt"));
    assert_eq!(alone.code, Some(2));
    assert!(alone.err.contains("--share"), "{}", alone.err);
    assert!(!bench.path("back.tar.gz").exists());
    bench.keys_ok(&format!("{join}{}{foreign}{}", share(3), share(1)));
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);

    // One custodian's own drill, then that of two together.
    let drill = bench.keys_ok(&format!("verify-escrow {{vault}}.escrow.age --json{}", share(2)));
    let report = document(&drill)["artifacts"][0].clone();
    let outcome = |report: &Value, name: &str| {
        report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["outcome"].clone()
    };
    assert_eq!(
        (outcome(&report, "share"), outcome(&report, "escrow-content")),
        (json!("proven"), json!("not-checked"))
    );
    let list = fs::read_to_string(bench.path("custodians.txt")).unwrap();
    let keys: Vec<&str> = list.lines().filter(|line| line.starts_with("age1")).collect();
    assert_eq!(report["by"], json!([{ "recipient": keys[1], "share": 2 }]));
    assert!(report["at"].as_str().unwrap().ends_with('Z'), "{report}");
    let alone = bench.keys_ok(&format!("verify-escrow {{vault}}.escrow.age{}", share(2)));
    let words =
        "This share is whole and belongs to this escrow. Nothing is proven by it of the others: any 2 of 3 open it.";
    assert!(alone.out.contains(words), "{}", alone.out);
    // a good share with another custodian's key, or none: nothing is said against it
    for key in [" -i {}/custodian-1.txt", ""] {
        let closed = bench.keys(&format!("verify-escrow {{vault}}.escrow.age --share {{vault}}.share-2-of-3.age{key}"));
        assert_eq!(closed.code, Some(2), "{}", closed.out);
        assert!(
            closed.out.contains("share              not-opened") && !closed.out.contains("Do not rely"),
            "{}",
            closed.out
        );
        assert!(closed.err.contains("of its own custodian"), "{}", closed.err);
    }
    let drill = bench.keys_ok(&format!("verify-escrow {{vault}}.escrow.age --json{}{}", share(2), share(3)));
    let report = document(&drill)["artifacts"][0].clone();
    assert_eq!((outcome(&report, "join"), &report["complete"]), (json!("proven"), &json!(true)));
    let bad = bench.keys(&format!("verify-escrow {{vault}}.escrow.age{foreign}"));
    assert_eq!(bad.code, Some(1), "{}", bad.err);
    assert!(bad.out.contains("Do not rely"), "{}", bad.out);
}

#[test]
fn the_drill_tells_sound_from_opened_from_failed() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let outside = bench.keys_ok("verify-escrow {vault}.escrow.age");
    assert!(outside.out.contains("was not proven"), "{}", outside.out);
    let opened = bench.keys_ok("verify-escrow {vault}.escrow.age -i {}/key.txt --json");
    let report = &document(&opened)["artifacts"][0];
    assert_eq!(report["complete"], true, "{report}");
    identity(&bench.path("stranger.txt"));
    let stranger = bench.keys("verify-escrow {vault}.escrow.age -i {}/stranger.txt --json");
    // an identity that does not fit says nothing against the escrow: the work could not be done
    assert_eq!(stranger.code, Some(2));
    let report = document(&stranger);
    let content =
        report["artifacts"][0]["checks"].as_array().unwrap().iter().find(|check| check["name"] == "escrow-content");
    assert_eq!((&report["verdict"], &content.unwrap()["outcome"]), (&json!("fail"), &json!("not-opened")));
    assert_eq!((&report["artifacts"][0]["complete"], &report["artifacts"][0]["by"]), (&json!(false), &json!([])));
    let stranger = bench.keys("verify-escrow {vault}.escrow.age -i {}/stranger.txt");
    assert!(stranger.out.contains("The escrow itself is as it was sealed: keep it."), "{}", stranger.out);
    assert!(!stranger.out.contains("Do not rely") && stranger.err.contains("its bytes are those that were sealed"));
    let mut escrow = fs::read(bench.vault("escrow.age")).unwrap();
    *escrow.last_mut().unwrap() ^= 1;
    fs::write(bench.vault("escrow.age"), escrow).unwrap();
    let damaged = bench.keys("verify-escrow {vault}.escrow.age");
    assert_eq!(damaged.code, Some(1));
    assert!(damaged.out.contains("escrow-digest      failed"), "{}", damaged.out);
    // damaged, and the wrong identity: the damage is what counts
    let both = bench.keys("verify-escrow {vault}.escrow.age -i {}/stranger.txt");
    assert_eq!(both.code, Some(1), "{}", both.err);
    assert!(
        both.out.contains("Do not rely") && both.out.contains("it is not the file that was sealed"),
        "{}",
        both.out
    );
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    assert_eq!(bench.keys("verify-escrow {vault}.escrow.age").code, Some(2));
}

#[test]
fn a_rewrap_changes_who_may_open() {
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    bench.split();
    let recipient = identity(&bench.path("new.txt"));
    let rewrap = format!("rewrap {{vault}}.escrow.age -i {{}}/key.txt -r {recipient} --out {{}}/rewrapped --json");
    let run = bench.keys_ok(&rewrap);
    assert_eq!(document(&run)["artifacts"][0]["manifest"]["recipients"][0]["recipient"], recipient);
    let escrow = format!("{{}}/rewrapped/{}.escrow.age", crate::keys_support::STEM);
    let join =
        |key: &str| format!("join {{vault}}.keyless.tar.gz --escrow {escrow} -i {{}}/{key} --out {{}}/back.tar.gz");
    assert_eq!(bench.keys(&join("key.txt")).code, Some(2));
    bench.keys_ok(&join("new.txt"));
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);
    let human = bench.keys_ok(&format!("{} --force", rewrap.replace(" --json", "")));
    assert!(human.out.contains("still opens for its old recipients"), "{}", human.out);
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in ["ls", "split", "join", "verify-escrow", "rewrap"] {
        let help = crate::run::run(&["keys", command, "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(help.out.contains(&format!("\n  assay keys {command} ")), "{}", help.out);
    }
}
