//! Who vouches for the manifest of an escrow, and what a drill proves: with real signatures of ssh-keygen.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use key_escrow::{Standing, prove};
use serde_json::{Value, json};

use crate::fixture;
use crate::keys_support::{Bench, STEM, files, identity, peer, piped};
use crate::run::{Run, run};

/// A split whose manifest may be signed, and two people who sign: their list lies elsewhere.
struct Signed {
    bench: Bench,
}

impl Signed {
    /// `None` where ssh-keygen is not installed.
    fn new() -> Option<Self> {
        let bench = Bench::new();
        bench.tarball("aescbc-rotated");
        bench.keys_ok("split {tarball} -r RECIPIENT --snapshot {snapshot} --out {}/vault");
        let mut list = String::new();
        for who in ["alice", "bob", "mallory"] {
            let file = bench.path(who);
            let words =
                ["-q", "-N", "", "-t", "ed25519", "-C", &format!("{who}@example.com"), "-f", file.to_str().unwrap()];
            assert!(piped(peer("ssh-keygen")?, &words, b"").status.success());
            if who != "mallory" {
                let key = fs::read_to_string(file.with_extension("pub")).unwrap();
                list += &format!("{who}@example.com namespaces=\"assay-*\" {key}");
            }
        }
        fs::create_dir(bench.path("trust")).unwrap();
        fs::write(bench.path("trust/signers"), list).unwrap();
        fs::copy(bench.path("alice.pub"), bench.path("trust/revoked")).unwrap();
        Some(Self { bench })
    }

    fn sign(&self, who: &str) {
        let run = self.bench.keys_ok(&format!("sign {{vault}}.manifest.json -f {{}}/{who}"));
        assert!(
            run.out.contains("for assay-escrow@1") && run.out.contains(&format!("{who}@example.com")),
            "{}",
            run.out
        );
    }

    fn manifest(&self) -> std::path::PathBuf {
        self.bench.vault("manifest.json")
    }

    fn signature(&self) -> std::path::PathBuf {
        self.bench.vault("manifest.json.sig")
    }

    /// Exit code, and findings with their severities, of a drill from outside.
    fn drill(&self, more: &str) -> (Option<i32>, Vec<(String, String)>) {
        told(&self.bench.keys(&format!("verify-escrow {{vault}}.escrow.age --json {more}")))
    }
}

fn told(run: &Run) -> (Option<i32>, Vec<(String, String)>) {
    let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap();
    (run.code, findings.iter().map(|it| (text(&it["id"]), text(&it["severity"]))).collect())
}

fn of(code: i32, findings: &[(&str, &str)]) -> (Option<i32>, Vec<(String, String)>) {
    (Some(code), findings.iter().map(|(id, severity)| ((*id).to_owned(), (*severity).to_owned())).collect())
}

const SIGNERS: &str = "--signers {}/trust/signers";

#[test]
fn each_way_in_which_a_manifest_is_not_vouched_for_is_told() {
    let Some(case) = Signed::new() else { return };
    let with = |more: &str| format!("{SIGNERS} {more}");
    assert_eq!(case.drill(""), of(0, &[("KEY-039", "info")]));
    assert_eq!(case.drill(SIGNERS), of(1, &[("KEY-040", "high")]));
    case.sign("mallory");
    assert_eq!(case.drill(SIGNERS), of(1, &[("KEY-043", "high")]));
    case.sign("alice");
    assert_eq!(case.drill(SIGNERS), of(0, &[("KEY-043", "low"), ("KEY-047", "info")]));
    assert_eq!(case.drill(&with("--require-signers 2")), of(1, &[("KEY-043", "high"), ("KEY-045", "high")]));
    assert_eq!(case.drill(&with("--revoked {}/trust/revoked")), of(1, &[("KEY-044", "high"), ("KEY-043", "high")]));
    case.sign("bob");
    case.sign("alice"); // again, and it counts once
    assert_eq!(case.drill(&with("--require-signers 2")), of(0, &[("KEY-043", "low"), ("KEY-047", "info")]));
    let signature = fs::read_to_string(case.signature()).unwrap();
    assert_eq!(signature.matches("BEGIN SSH SIGNATURE").count(), 3);
    // each alone, as ssh-keygen reads it
    let verify = "-q -Y verify -n assay-escrow@1 -I alice@example.com -f".split(' ').map(str::to_owned);
    let rest = [case.bench.path("trust/signers"), "-s".into(), case.bench.vault("manifest.json.alice@example.com.sig")];
    let words: Vec<String> = verify.chain(rest.map(|path| path.to_str().unwrap().to_owned())).collect();
    let bytes = fs::read(case.manifest()).unwrap();
    assert!(piped(peer("ssh-keygen").unwrap(), &words, &bytes).status.success());

    fs::write(case.signature(), signature.replacen("U1NIU0lH", "U1NIU0lI", 3)).unwrap();
    assert_eq!(case.drill(SIGNERS), of(1, &[("KEY-042", "high"), ("KEY-042", "high"), ("KEY-042", "high")]));
    fs::write(case.signature(), &signature).unwrap();
    fs::write(case.manifest(), [&bytes[..], b"\n"].concat()).unwrap();
    let (code, found) = case.drill(SIGNERS);
    assert_eq!((code, found.iter().filter(|(id, _)| id == "KEY-041").count()), (Some(1), 2), "{found:?}");
    assert!(found.iter().all(|(_, severity)| severity != "info"));
    let human = case.bench.keys(&format!("verify-escrow {{vault}}.escrow.age {SIGNERS}"));
    assert!(human.out.contains("vouched-for") && human.out.contains("Do not rely"), "{}", human.out);
    // bound by a digest, without keys
    fs::write(case.manifest(), &bytes).unwrap();
    let wrong = format!("--expect-manifest-sha256 {}", "0".repeat(64));
    assert_eq!(case.drill(&wrong), of(1, &[("KEY-046", "critical")]));
    assert_eq!(case.drill(&with(&wrong)), of(1, &[("KEY-046", "critical"), ("KEY-043", "low")]));
}

/// Whoever can write the directory makes a whole set anew. Only what lies elsewhere tells.
#[test]
fn a_forged_set_passes_only_where_nobody_is_asked_for() {
    let Some(case) = Signed::new() else { return };
    case.sign("alice");
    let bench = &case.bench;
    let backup = bench.path("backup");
    fs::create_dir(&backup).unwrap();
    let lay = || {
        fs::copy(bench.vault("keyless.tar.gz"), backup.join(format!("{STEM}.keyless.tar.gz"))).unwrap();
        fs::copy(fixture::named("aescbc-rotated").snapshot(), backup.join("snapshot_2026-11-23_090915.db.gz")).unwrap();
    };
    lay();
    let judged = |more: &str| {
        let line = format!("verify {{}}/backup --json --escrow-manifest {{vault}}.manifest.json {more}");
        let words: Vec<String> = bench.words(&line).into_iter().skip(1).collect();
        let (code, found) = told(&run(&words));
        let vouched: Vec<_> =
            found.iter().filter(|(id, _)| id.as_str() >= "KEY-039" && id.starts_with("KEY")).cloned().collect();
        (code, vouched)
    };
    let check = |more: &str| {
        let (code, found) = told(
            &bench.keys(&format!("check {{snapshot}} --json --escrow {{vault}}.escrow.age -i {{}}/key.txt {more}")),
        );
        (code, found.into_iter().filter(|(id, _)| id.starts_with("KEY-04")).collect::<Vec<_>>())
    };
    assert_eq!(judged(""), of(0, &[("KEY-039", "info")]));
    assert_eq!(judged(SIGNERS), of(0, &[("KEY-047", "info")]));
    assert_eq!(check(SIGNERS), of(0, &[("KEY-047", "info")]));
    let join = "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age -i {}/key.txt --json --out {}/back.tar.gz";
    assert_eq!(told(&bench.keys(&format!("{join} {SIGNERS}"))), of(0, &[("KEY-047", "info")]));
    fs::remove_file(bench.path("back.tar.gz")).unwrap();

    // the forger has no key of the signers, and keeps their signature
    let escrow = fs::read(bench.vault("escrow.age")).unwrap();
    bench.keys_ok("split {tarball} -r RECIPIENT --snapshot {snapshot} --class token --force --out {}/vault");
    lay();
    assert_eq!(case.drill(""), of(0, &[("KEY-039", "info")]));
    assert_eq!(judged(""), of(0, &[("KEY-039", "info")]));
    assert_eq!(case.drill(SIGNERS), of(1, &[("KEY-041", "critical")]));
    assert_eq!(judged(SIGNERS), of(1, &[("KEY-041", "critical")]));
    assert_eq!(check(SIGNERS), of(1, &[("KEY-041", "critical")]));
    let before = files(bench.dir.path());
    for line in [join, "rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --json --out {}/again"] {
        assert_eq!(told(&bench.keys(&format!("{line} {SIGNERS}"))), of(1, &[("KEY-041", "critical")]), "{line}");
        let human = bench.keys(&format!("{} {SIGNERS}", line.replace("--json", "")));
        assert!(human.code == Some(1) && human.out.contains("nothing was written"), "{}{}", human.out, human.err);
    }
    assert!(files(bench.dir.path()) == before, "nothing was written");
    // a signed manifest beside another escrow
    case.sign("alice");
    fs::write(bench.vault("escrow.age"), escrow).unwrap();
    let other = bench.keys(&format!("check {{snapshot}} --escrow {{vault}}.escrow.age -i {{}}/key.txt {SIGNERS}"));
    assert!(other.code == Some(2) && other.err.contains("the escrow file differs"), "{}{}", other.out, other.err);
}

#[test]
fn a_list_that_a_forger_could_write_is_refused() {
    let Some(case) = Signed::new() else { return };
    case.sign("alice");
    let list = case.bench.path("trust/signers");
    let refused = |more: &str, word: &str| {
        let run = case.bench.keys(&format!("verify-escrow {{vault}}.escrow.age {more}"));
        assert!(run.code == Some(2) && run.err.contains(word), "{more}: {:?} {}{}", run.code, run.err, run.out);
    };
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for bits in [0o666, 0o664] {
        mode(&list, bits);
        refused(SIGNERS, "can be changed by others");
    }
    mode(&list, 0o644);
    mode(list.parent().unwrap(), 0o777);
    refused(SIGNERS, "can be changed by others");
    mode(list.parent().unwrap(), 0o755);
    fs::copy(&list, case.bench.path("vault/signers")).unwrap();
    refused("--signers {}/vault/signers", "lies in the directory of the manifest");
    std::os::unix::fs::symlink(case.bench.path("vault/signers"), case.bench.path("trust/link")).unwrap();
    refused("--signers {}/trust/link", "lies in the directory of the manifest");
    fs::write(case.bench.path("trust/bad"), "# ours\nalice cert-authority ssh-ed25519 AAAA\n").unwrap();
    refused("--signers {}/trust/bad", "line 2: `cert-authority` is not supported");
    refused("--signers {}/trust/none", "cannot read");
    refused(&format!("{SIGNERS} --revoked {{}}/trust/signers"), "line 1: no public key");
    refused("--require-signers 2", "--signers");
    // nothing is signed that is not known for what it is
    let run = case.bench.keys("sign {}/trust/signers -f {}/alice");
    assert!(run.code == Some(2) && run.err.contains("no manifest of an escrow"), "{}", run.err);
    let run = case.bench.keys("sign {vault}.manifest.json -f {}/key.txt");
    assert!(run.code == Some(2) && run.err.contains("ssh-keygen did not sign"), "{}", run.err);
}

const ASKED: &str = "00112233445566778899aabbccddeeff";

/// A drill that answers a challenge is proven, by a custodian of a share and by who opens an escrow alone.
#[test]
fn a_drill_is_proven_and_not_stated() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    let others = [identity(&bench.path("bob.txt")), identity(&bench.path("carol.txt"))];
    bench.split();
    let line = format!(
        "verify-escrow {{vault}}.escrow.age -i {{}}/key.txt --json --challenge {ASKED} --cluster 1a2b --catalog-head 3:ff --statement {{}}/said.json"
    );
    let document: Value = serde_json::from_str(&bench.keys_ok(&line).out).unwrap();
    let manifest = fs::read(bench.vault("manifest.json")).unwrap();
    let (said, signature) =
        (fs::read(bench.path("said.json")).unwrap(), fs::read(bench.path("said.json.sig")).unwrap());
    let told = &document["artifacts"][0]["statements"];
    assert_eq!(
        told,
        &json!([{"statement": String::from_utf8(said.clone()).unwrap(), "signature": String::from_utf8(signature.clone()).unwrap()}])
    );
    let proven = prove(&manifest, &said, Some(&signature), Some(ASKED)).unwrap();
    assert_eq!((proven.standing, proven.statement.catalog_head.as_deref()), (Standing::Proven, Some("3:ff")));
    assert_eq!((&proven.statement.recipient, proven.statement.cluster.as_deref()), (&bench.recipient, Some("1a2b")));
    // no statement is replaced, and none is made of what did not open
    let again = bench.keys(&line);
    assert!(again.code == Some(2) && again.err.contains("no statement is replaced"), "{}", again.err);
    let closed = bench.keys(&format!(
        "verify-escrow {{vault}}.escrow.age -i {{}}/bob.txt --challenge {ASKED} --statement {{}}/no.json"
    ));
    assert!(closed.code == Some(2) && closed.err.contains("no statement was made"), "{}", closed.err);
    assert!(!bench.path("no.json").exists());
    for (challenge, word) in [("00", "32 to 128"), ("zz112233445566778899aabbccddeeff", "32 to 128")] {
        let run = bench.keys(&format!("verify-escrow {{vault}}.escrow.age --challenge {challenge}"));
        assert!(run.code == Some(2) && run.err.contains(word), "{}", run.err);
    }

    let [bob, carol] = &others;
    bench.keys_ok(&format!("split {{tarball}} -r {bob} -r {carol} --shares 2 --threshold 2 --force --out {{}}/vault"));
    let share = "verify-escrow {vault}.escrow.age --share {vault}.share-1-of-2.age -i {}/bob.txt";
    let human = bench.keys_ok(&format!("{share} --challenge {ASKED} --statement {{}}/bob.json"));
    assert!(human.out.contains("Statement of share 1: answers the challenge, signed"), "{}", human.out);
    let (said, signature) = (fs::read(bench.path("bob.json")).unwrap(), fs::read(bench.path("bob.json.sig")).unwrap());
    let manifest = fs::read(bench.vault("manifest.json")).unwrap();
    let proven = prove(&manifest, &said, Some(&signature), Some(ASKED)).unwrap();
    assert_eq!(
        (proven.standing, proven.statement.index, &proven.statement.recipient),
        (Standing::Proven, Some(1), bob)
    );
    // the custodian's own signature goes beside that of the seed
    let Some(make) = peer("ssh-keygen") else { return };
    assert!(
        piped(make, &["-q", "-N", "", "-t", "ed25519", "-f", bench.path("bob").to_str().unwrap()], b"")
            .status
            .success()
    );
    bench.keys_ok("sign {}/bob.json -f {}/bob -I bob");
    let both = fs::read(bench.path("bob.json.sig")).unwrap();
    assert_eq!(String::from_utf8_lossy(&both).matches("BEGIN SSH").count(), 2);
    assert_eq!(prove(&manifest, &said, Some(&both), Some(ASKED)).unwrap().standing, Standing::Proven);
}

/// A catalog asks, a custodian answers with a drill, and the catalog knows who proved what. A replay counts for nothing.
#[test]
fn a_catalog_knows_who_proved_what() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    let bob = identity(&bench.path("bob.txt"));
    bench.keys_ok(&format!("split {{tarball}} -r RECIPIENT -r {bob} --shares 2 --threshold 2 --out {{}}/vault"));
    let catalog = |line: &str| {
        let words: Vec<String> = bench.words(&format!("--db {{}}/c.db {line}")).into_iter().skip(1).collect();
        run(&[&["catalog".to_owned()][..], &words].concat())
    };
    let asked = catalog("custody challenge {vault}.manifest.json --cluster 1a2b");
    assert_eq!(asked.code, Some(0), "{}", asked.err);
    let challenge = asked.out.lines().find_map(|line| line.strip_prefix("challenge  ")).unwrap().to_owned();
    assert!(asked.out.contains("--cluster 1a2b") && asked.out.contains("--catalog-head 2:"), "{}", asked.out);
    let named = catalog(&format!("custody name {bob} Bob --principal bob@example.com"));
    assert_eq!(named.code, Some(0), "{}", named.err);
    bench.keys_ok(&format!(
        "verify-escrow {{vault}}.escrow.age --share {{vault}}.share-2-of-2.age -i {{}}/bob.txt --challenge {challenge} --statement {{}}/said.json"
    ));
    let told = catalog("custody record {}/said.json");
    assert!(told.code == Some(0) && told.out.starts_with("proven  share 2"), "{}{}", told.out, told.err);
    let again = catalog("custody record {}/said.json");
    assert!(again.code == Some(1) && again.out.contains("answered before"), "{}{}", again.out, again.err);
    let human = catalog("custody").out;
    for words in ["1 of 2 needed", "any 2 of 2 shares", "Bob", "are all needed"] {
        assert!(human.contains(words), "{words}: {human}");
    }
    let document: Value = serde_json::from_str(&catalog("custody --json").out).unwrap();
    let escrow = &document["artifacts"][1];
    assert_eq!((&escrow["proven"], &escrow["needed"], &escrow["cluster"]), (&json!(1), &json!(2), &json!("1a2b")));
    let holders = escrow["holders"].as_array().unwrap();
    assert_eq!((&holders[1]["name"], &holders[0]["proven"]), (&json!("Bob"), &Value::Null));
    assert!(holders[1]["proven"].is_string(), "{holders:?}");
    assert_eq!(catalog("custody record {vault}.manifest.json").code, Some(1), "no statement at all");
    assert_eq!(catalog("custody challenge {}/said.json").code, Some(2));
}
