//! What a custodian says of a drill, and what that proves.

use std::fs;
use std::path::Path;

use age::NoCallbacks;
use age::x25519;
use key_escrow::{
    Attest, Attestation, Contradiction, Identities, Manifest, RewrapOptions, SCHEMA, SCHEMA_1, SealTo, SplitOutcome,
    Standing, Why, prove, rewrap,
};

use crate::support::{Bench, identities, recipients, with_keys};

const ASKED: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";

struct Drill {
    _bench: Bench,
    split: SplitOutcome,
    keys: Vec<x25519::Identity>,
}

impl Drill {
    fn new(shares: bool) -> Self {
        let bench = Bench::new();
        let keys: Vec<_> = (0..3).map(|_| x25519::Identity::generate()).collect();
        let all = recipients(&keys.iter().collect::<Vec<_>>());
        let to = if shares { SealTo::Threshold { threshold: 2, custodians: all } } else { SealTo::Recipients(all) };
        let split = bench.split_to(&bench.tarball(&with_keys()), to).unwrap();
        Self { _bench: bench, split, keys }
    }

    fn says(&self, challenge: Option<&str>, who: usize) -> Attestation {
        let (manifest, digest) = Manifest::read_with_digest(&self.split.manifest_path).unwrap();
        let attest = Attest {
            tool: "assay test",
            at: "2026-11-29T12:00:00Z".parse().unwrap(),
            manifest: &manifest,
            digest: &digest,
            challenge,
            cluster: Some("a-cluster"),
            catalog_head: Some("12:abcd"),
        };
        let keys = identities(&self.keys[who]);
        match self.split.shares.get(who) {
            Some(share) => attest.share(share, &keys).unwrap(),
            None => attest.identity(&self.split.escrow, &keys, &self.keys[who].to_public().to_string()).unwrap(),
        }
    }

    fn manifest(&self) -> Vec<u8> {
        fs::read(&self.split.manifest_path).unwrap()
    }
}

fn standing(manifest: &[u8], said: &Attestation, challenge: Option<&str>) -> Result<Standing, Contradiction> {
    let signature = said.signature.as_deref().map(str::as_bytes);
    prove(manifest, &said.bytes, signature, challenge).map(|attested| {
        assert_eq!(attested.statement, said.statement);
        attested.standing
    })
}

#[test]
fn what_answers_the_challenge_with_the_seed_is_proven() {
    for shares in [false, true] {
        let drill = Drill::new(shares);
        let (said, manifest) = (drill.says(Some(ASKED), 1), drill.manifest());
        assert_eq!(standing(&manifest, &said, Some(ASKED)), Ok(Standing::Proven));
        assert_eq!(said.statement.index, shares.then_some(2));
        // a replay, and whatever else is not an answer
        assert_eq!(standing(&manifest, &said, Some(OTHER)), Err(Contradiction::OtherChallenge));
        assert_eq!(standing(&manifest, &said, None), Ok(Standing::Stated(Why::NoChallenge)));
        let bare = drill.says(None, 1);
        assert_eq!(standing(&manifest, &bare, Some(ASKED)), Ok(Standing::Stated(Why::NoChallenge)));
        let unsigned = Attestation { signature: None, ..said.clone() };
        assert_eq!(standing(&manifest, &unsigned, Some(ASKED)), Ok(Standing::Stated(Why::NotSigned)));
        let short = drill.says(Some("00"), 1);
        assert_eq!(
            standing(&manifest, &short, Some("00")),
            Ok(Standing::Stated(Why::NoChallenge)),
            "guessed in no time"
        );
        // the signature of another statement, here of the same seed
        let moved = Attestation { signature: drill.says(Some(OTHER), 1).signature, ..said.clone() };
        assert_eq!(standing(&manifest, &moved, Some(ASKED)), Err(Contradiction::Changed));
    }
}

/// Every field of a statement is held against the manifest, or is under the signature.
#[test]
fn a_changed_statement_counts_for_nothing() {
    for shares in [false, true] {
        let drill = Drill::new(shares);
        let (said, manifest) = (drill.says(Some(ASKED), 1), drill.manifest());
        let text = String::from_utf8(said.bytes.clone()).unwrap();
        for line in text.lines().filter(|line| line.contains(": ") && !line.contains('{')) {
            let (name, value) = line.split_once(": ").unwrap();
            let other = match value.trim_end_matches(',') {
                "null" => "\"x\"".to_owned(),
                "\"share\"" => "\"identity\"".to_owned(),
                "\"identity\"" => "\"share\"".to_owned(),
                "\"opened\"" => "\"failed\"".to_owned(),
                "2" => "3".to_owned(),
                value => value.replacen(['a', 'e', '0', '1', '2'], "f", 1),
            };
            let comma = if value.ends_with(',') { "," } else { "" };
            let changed = text.replace(line, &format!("{name}: {other}{comma}"));
            assert_ne!(changed, text, "{line}");
            let signature = said.signature.as_deref().map(str::as_bytes);
            let told = prove(&manifest, changed.as_bytes(), signature, Some(ASKED));
            assert!(told.is_err(), "{line} -> {other}: {told:?}");
        }
        assert!(prove(&manifest, b"{}", None, None).is_err());
        let spaced = [&said.bytes[..], b"\n"].concat();
        let signature = said.signature.as_deref().map(str::as_bytes);
        assert_eq!(prove(&manifest, &spaced, signature, Some(ASKED)), Err(Contradiction::Changed), "bytes, not JSON");
    }
}

/// One custodian's seed proves nothing of another's share, and another escrow's nothing of this one.
#[test]
fn a_seed_is_of_one_file() {
    let (drill, other) = (Drill::new(true), Drill::new(true));
    let (bob, carol) = (drill.says(Some(ASKED), 1), drill.says(Some(ASKED), 2));
    let claimed = Attestation { signature: carol.signature, ..bob.clone() };
    assert_eq!(standing(&drill.manifest(), &claimed, Some(ASKED)), Ok(Standing::Stated(Why::NotSigned)));
    let elsewhere = standing(&other.manifest(), &bob, Some(ASKED));
    assert!(matches!(elsewhere, Err(Contradiction::OtherManifest { .. })), "{elsewhere:?}");
    // no seed lies open in what is not sealed
    let seeds: Vec<String> = [&drill.split.manifest_path, &drill.split.keyless]
        .map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned())
        .to_vec();
    let share = crate::support::payload(&drill.split.shares[0], &drill.keys[0]);
    let seed =
        String::from_utf8(share).unwrap().lines().find_map(|line| line.strip_prefix("drill: ").map(str::to_owned));
    let seed = seed.expect("a share of version 2 has a seed");
    assert!(seed.len() == 64 && seeds.iter().all(|text| !text.contains(&seed)));
}

/// Escrows of the first format are joined, drilled and rewrapped for ever; what is said of them is not proven.
#[test]
fn of_the_first_format_a_drill_is_stated() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1/sealed-2-of-3");
    let stem = "static_kuberesources_2026-11-23_090915";
    let mut ids = Identities::new();
    let keys = fs::read(dir.join("../identities.txt")).unwrap();
    ids.add_file("identities.txt", &keys, NoCallbacks).unwrap();
    let path = dir.join(format!("{stem}.manifest.json"));
    let (manifest, digest) = Manifest::read_with_digest(&path).unwrap();
    let attest = Attest {
        tool: "assay test",
        at: "2026-11-29T12:00:00Z".parse().unwrap(),
        manifest: &manifest,
        digest: &digest,
        challenge: Some(ASKED),
        cluster: None,
        catalog_head: None,
    };
    let said = attest.share(&dir.join(format!("{stem}.share-2-of-3.age")), &ids).unwrap();
    assert_eq!(said.signature, None);
    let told = standing(&fs::read(&path).unwrap(), &said, Some(ASKED));
    assert_eq!(told, Ok(Standing::Stated(Why::OldFormat)));
}

/// What was recorded in the second format, with a statement: it proves the same for ever.
#[test]
fn a_recorded_statement_is_proven() {
    let file =
        |name: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v2").join(name)).unwrap();
    let manifest = file("static_kuberesources_2026-11-23_090915.manifest.json");
    let (statement, signature) = (file("bob.json"), file("bob.json.sig"));
    let told = prove(&manifest, &statement, Some(&signature), Some(ASKED)).unwrap();
    assert_eq!((told.standing, told.statement.index), (Standing::Proven, Some(2)));
    // and anybody can see that without assay
    let Some(mut verify) = fixtures::tool("ssh-keygen") else { return };
    let (bench, read) = (Bench::new(), Manifest::parse(&manifest).unwrap());
    let share = read.threshold.unwrap().shares.remove(1);
    fs::write(bench.path("key"), format!("seed {}", share.drill_key.unwrap())).unwrap();
    fs::write(bench.path("sig"), signature).unwrap();
    fs::write(bench.path("statement"), statement).unwrap();
    verify.args(["-q", "-Y", "verify", "-n", "assay-drill@1", "-I", "seed"]).arg("-f").arg(bench.path("key"));
    verify.arg("-s").arg(bench.path("sig")).stdin(fs::File::open(bench.path("statement")).unwrap());
    assert!(verify.status().unwrap().success());
}

/// A rewrap gives seeds to an escrow of the first format; it joins to the same bytes.
#[test]
fn a_rewrap_of_the_first_format_can_be_proven() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1/corrections");
    let stem = dir.join("static_kuberesources_2026-11-23_090915");
    let file = |end: &str| Path::new(&format!("{}.{end}", stem.display())).to_path_buf();
    let mut ids = Identities::new();
    ids.add_file("identities.txt", &fs::read(dir.join("../identities.txt")).unwrap(), NoCallbacks).unwrap();
    let (bench, key) = (Bench::new(), x25519::Identity::generate());
    let (before, path) = (Manifest::read(&file("manifest.json")).unwrap(), file("manifest.json"));
    let options = RewrapOptions {
        escrow: &file("escrow.age"),
        manifest: Some(&path),
        expect_manifest: None,
        identities: &ids,
        seal_to: SealTo::Recipients(recipients(&[&key])),
        armor: false,
        out_dir: &bench.path("new"),
        force: false,
    };
    let new = rewrap(options, &mut |_, _, _| {}).unwrap();
    assert_eq!((before.schema.as_str(), new.manifest.schema.as_str()), (SCHEMA_1, SCHEMA));
    let (joined, _) =
        bench.join_files(&file("keyless.tar.gz"), &new.escrow, Some(&new.manifest_path), &identities(&key)).unwrap();
    assert!(joined == crate::support::recorded("gnutar-gzip-6.tar.gz"));
    let (manifest, digest) = Manifest::read_with_digest(&new.manifest_path).unwrap();
    let attest = Attest {
        tool: "assay test",
        at: "2026-11-29T12:00:00Z".parse().unwrap(),
        manifest: &manifest,
        digest: &digest,
        challenge: Some(ASKED),
        cluster: None,
        catalog_head: None,
    };
    let said = attest.identity(&new.escrow, &identities(&key), &key.to_public().to_string()).unwrap();
    assert_eq!(standing(&fs::read(&new.manifest_path).unwrap(), &said, Some(ASKED)), Ok(Standing::Proven));
}
