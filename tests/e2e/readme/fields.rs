//! docs/json.md names every field of every document, and no field that is not there.
//!
//! A table of fields follows a line `<!-- fields SAMPLE:BASE ... -->`: in the documents of SAMPLE its paths begin at
//! BASE. Types are words: `string`, `hex`, `number`, `boolean`, `array`, `object`, `null`, `key` (a string, or an
//! object with `base64`), `map` (an object whose names are data).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use document::{
    Against, Blank, Block, BookFile, BookNote, BookStep, Boot, Cadence, Catalogued, CataloguedCustodian,
    CataloguedEscrow, CataloguedFile, ChangedFile, ClusterStats, CustodianDrill, EscrowQuorum, FailedFile, Gap,
    KubeApiserver, LogCheck, MovedFile, OmittedStep, PastFinding, PastJudgement, PlanBackup, PlanFile, PlanGroup,
    PlanReason, Probe, PrunePlan, Recheck, RecoveryHost, Refusal, Rotation, Runbook, SeenAt, StepFinding, TrashFile,
    TrashPurge, Wait,
};
use serde_json::Value;

use super::page::read;
use crate::damage;
use crate::support::{assay, fixture_file, fixtures, json, root};

/// Kinds of JSON value by path.
type Seen = BTreeMap<String, BTreeSet<&'static str>>;

/// What a page says of a path: its types.
type Told = BTreeMap<String, Vec<String>>;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn join(base: &str, name: &str) -> String {
    if base.is_empty() { name.to_owned() } else { format!("{base}.{name}") }
}

/// Notes every path below a value. What the page calls a key or a map is not looked into.
fn walk(value: &Value, path: &str, told: &Told, seen: &mut Seen) {
    if !path.is_empty() && !path.ends_with(']') {
        seen.entry(path.to_owned()).or_default().insert(kind(value));
    }
    let closed = |types: &Vec<String>| types.iter().any(|word| word == "key" || word == "map");
    if told.get(path).is_some_and(closed) {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), told, seen)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| walk(field, &join(path, name), told, seen)),
        _ => {}
    }
}

/// A row of the page: types and meaning.
pub(super) struct Row {
    pub(super) types: Vec<String>,
    pub(super) meaning: String,
}

/// What the page says of the documents of a sample, by path.
pub(super) fn rows(page: &str, sample: &str) -> BTreeMap<String, Row> {
    let mut told = BTreeMap::new();
    let mut bases: Vec<String> = Vec::new();
    for line in page.lines() {
        if let Some(list) = line.strip_prefix("<!-- fields ").and_then(|line| line.strip_suffix(" -->")) {
            let of =
                |word: &str| word.split_once(':').filter(|(name, _)| *name == sample).map(|(_, base)| base.to_owned());
            bases = list.split(' ').filter_map(of).collect();
        } else if line.starts_with('#') {
            bases.clear();
        } else if let Some(row) = line.strip_prefix("| `") {
            let (path, rest) = row.split_once("` | ").unwrap_or_else(|| panic!("{line}"));
            let (types, meaning) = rest.trim_end_matches(" |").split_once(" | ").unwrap_or((rest, ""));
            let types: Vec<String> = types.split([' ', ',']).map(str::to_owned).collect();
            for base in &bases {
                let row = Row { types: types.clone(), meaning: meaning.to_owned() };
                let twice = told.insert(join(base, path), row);
                assert!(twice.is_none(), "{sample}: {} is told twice", join(base, path));
            }
        }
    }
    assert!(!told.is_empty(), "nothing is told of {sample}");
    told
}

fn told(page: &str, sample: &str) -> Told {
    rows(page, sample).into_iter().map(|(path, row)| (path, row.types)).collect()
}

/// The documents that commands print of several inputs, each at the end of the line or in the place of `{}`, what
/// stands in it behind ` @` then at the end; `-o ndjson` gives a document a line.
fn documents(command: &[&'static str], inputs: &[String]) -> Vec<Value> {
    let mut documents = Vec::new();
    for input in inputs {
        let (path, last) = input.split_once(" @").map_or((None, input.as_str()), |(path, last)| (Some(path), last));
        let word = |word: &&'static str| if *word == "{}" { path.unwrap_or(input) } else { *word };
        let mut line: Vec<&str> = command.iter().map(word).collect();
        if path.is_some() || !command.contains(&"{}") {
            line.push(last);
        }
        let run = assay(&line);
        if command.contains(&"ndjson") {
            documents.extend(run.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        } else {
            documents
                .push(serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{command:?} {input}: {error}")));
        }
    }
    documents
}

#[test]
fn every_field_is_told_and_none_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut inputs: Vec<String> =
        fixtures().iter().map(|name| fixture_file(name, ".db.gz").to_string_lossy().into_owned()).collect();
    // One with leases, and damaged ones: findings have places.
    inputs.push(fixture_file("peer-35", ".db.gz").to_string_lossy().into_owned());
    inputs.push(fixture_file("after-deletes", "snapshot.db.gz").to_string_lossy().into_owned());
    for (name, bytes, _) in
        damage::sealed_cases().into_iter().filter(|(name, ..)| ["keys-swapped", "mod-revision-wrong"].contains(name))
    {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        inputs.push(path.to_string_lossy().into_owned());
    }
    let some = |names: &[&str]| -> Vec<String> {
        let wanted = |input: &&String| names.iter().any(|name| input.contains(name));
        inputs.iter().filter(wanted).cloned().collect()
    };
    let few = some(&["odd-keys", "peer-35", "partially-encrypted"]);
    // The root of a sound file, and the leaf whose keys are swapped.
    let swapped = some(&["keys-swapped"]).remove(0);
    let found: Value = serde_json::from_str(&assay(&["verify", "--json", &swapped]).out).unwrap();
    let leaf = found["findings"].as_array().unwrap().iter().find_map(|finding| finding["location"]["page"].as_u64());
    let looked_at = vec![format!("{} @17", some(&["auth-enabled"])[0]), format!("{swapped} @{}", leaf.unwrap())];
    let page = read("docs/json.md");
    for (sample, command, inputs) in [
        ("inspect", &["inspect", "--json"][..], inputs.clone()),
        ("verify", &["verify", "--json"], inputs.clone()),
        ("keys-check", &["keys", "check", "--json", "{}", "--keys"], key_pairs()),
        ("compat", &["compat", "--json", "--target", "4.19.2"], some(&["plain-etcd36"])),
        ("hash", &["hash", "--json"], few.clone()),
        (
            "cluster",
            &["cluster", "--json"],
            some(&["peer-35", "auth-enabled", "members-learner", "nospace-alarm", "downgrade"]),
        ),
        ("explain", &["explain", "--json"], vec!["SNAP-003".to_owned()]),
        ("ls", &["ls", "--json"], few.clone()),
        ("ls-ndjson", &["ls", "-o", "ndjson"], few.clone()),
        ("ls-revisions", &["ls", "--json", "--all-revisions"], few.clone()),
        ("ls-revisions-ndjson", &["ls", "-o", "ndjson", "--deleted"], few.clone()),
        ("ls-count", &["ls", "--json", "--count"], few.clone()),
        ("ls-salvage", &["ls", "--json", "--salvage"], few.clone()),
        ("ls-salvage-count", &["ls", "--json", "--salvage", "--count"], few.clone()),
        ("carve", &["carve", "--json", "--all"], some(&["after-deletes", "auth-enabled"])),
        ("carve-ndjson", &["carve", "-o", "ndjson"], some(&["after-deletes"])),
        ("du", &["du", "--json"], few.clone()),
        ("pages", &["pages", "--json"], few.clone()),
        ("pages-ndjson", &["pages", "-o", "ndjson"], few.clone()),
        ("page", &["page", "--json", "--reveal", "{}"], looked_at),
        ("bucket", &["bucket", "--json"], few.clone()),
        ("bucket-entries", &["bucket", "--json", "--reveal", "{}", "key"], few.clone()),
        ("bucket-ndjson", &["bucket", "-o", "ndjson", "--reveal", "{}", "meta"], few.clone()),
        ("get-ndjson", &["get", "-o", "ndjson", "-g", "/**"], some(&["peer-35", "partially-encrypted"])),
        (
            "history",
            &["history", "--json", "{}"],
            vec![
                format!("{} @/kubernetes.io/endpointslices/default/kubernetes", some(&["partially-encrypted"])[0]),
                format!("{} @/kubernetes.io/secrets/ns/badjson", some(&["odd-keys"])[0]),
            ],
        ),
        ("timeline", &["timeline", "--json"], few.clone()),
        ("timeline-ndjson", &["timeline", "-o", "ndjson"], some(&["peer-35", "partially-encrypted"])),
        ("diff", &["diff", "--json", "--values", "--old-rev", "1200", "{}"], {
            let path = &some(&["partially-encrypted"])[0];
            vec![format!("{path} @{path}")]
        }),
    ] {
        let told = told(&page, sample);
        let mut seen = Seen::new();
        let mut documents = documents(command, &inputs);
        if sample == "verify" {
            documents.push(waived(dir.path()));
            let snapshot = fixture_file("auth-enabled", ".db.gz");
            documents.push(rehearsed(dir.path(), &["verify", "--json", snapshot.to_str().unwrap()]));
        }
        if ["verify", "diff"].contains(&sample) {
            documents.extend(of_members(dir.path(), &command[..2]));
        }
        documents.iter().for_each(|document| walk(document, "", &told, &mut seen));
        compare(sample, &told, &seen);
    }
}

/// What a command says of members that hold other data, with a hole in one of them, and of one that lags at its index.
fn of_members(dir: &Path, command: &[&str]) -> Vec<Value> {
    use fixtures::members::{Member, history, with, without};
    let short = history().into_iter().take(15).collect();
    let named = named_members(dir);
    let sets = [
        [Member::of(history()), Member::of(with(21, "other")).compacted(9), Member::of(without(21))],
        [Member::of(history()), Member::of(history()).compacted(9), Member::of(without(4)).index(121)],
        [Member::of(history()).index(150), Member::of(history()).index(150), Member::of(short).index(150)],
    ];
    let told = |set: [Member; 3]| {
        let paths: Vec<String> = (0..).zip(&set).map(|(number, member)| named(number, &member.build(number))).collect();
        let [one, two, three] = [0, 1, 2].map(|at| paths[at].as_str());
        let line = match command[0] {
            "diff" => [command, &[one, two, "--member", three]].concat(),
            _ => [command, &[one, two, three]].concat(),
        };
        let run = assay(&line);
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{command:?}: {error}: {}", run.err))
    };
    sets.into_iter().map(told).collect()
}

/// Writes members to files of these numbers.
fn named_members(dir: &Path) -> impl Fn(u64, &[u8]) -> String {
    let dir = dir.to_path_buf();
    move |number, bytes| {
        let path = dir.join(format!("member-{number}.db"));
        std::fs::write(&path, bytes).unwrap();
        path.to_string_lossy().into_owned()
    }
}

/// One tarball, whole and cut short, and its keys on their way to the escrow and back.
#[test]
fn every_field_of_the_keys_commands_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let identities = root().join("crates/key-escrow/tests/data/escrow-v1/identities.txt");
    let identity = path("identity.txt");
    let secrets = std::fs::read_to_string(identities).unwrap();
    std::fs::write(&identity, secrets.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap()).unwrap();
    let recipient = super::screens::RECIPIENTS[0];
    let original = fixture_file("aescbc-rotated", ".tar.gz");
    let name = original.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.gz").to_owned();
    let (original, cut) = (original.to_str().unwrap(), path("static_kuberesources_2026-11-23_090915.tar.gz"));
    let bytes = std::fs::read(original).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let (vault, new, back) = (path("vault"), path("new"), path("back.tar.gz"));
    let (escrow, keyless) = (format!("{vault}/{name}.escrow.age"), format!("{vault}/{name}.keyless.tar.gz"));
    let page = read("docs/json.md");
    for (sample, lines) in [
        ("keys-ls", &[&["ls", original][..], &["ls", &cut]][..]),
        ("keys-split", &[&["split", original, "-r", recipient, "--out", &vault]]),
        ("keys-verify-escrow", &[&["verify-escrow", &escrow, "-i", &identity, "--challenge", &"0a".repeat(16)]]),
        ("keys-join", &[&["join", &keyless, "--escrow", &escrow, "-i", &identity, "--out", &back]]),
        ("keys-rewrap", &[&["rewrap", &escrow, "-i", &identity, "-r", recipient, "--out", &new]]),
    ] {
        let told = told(&page, sample);
        let mut seen = Seen::new();
        for line in lines {
            let run = assay(&[&["keys"], *line, &["--json"]].concat());
            let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{line:?}: {error}"));
            walk(&document, "", &told, &mut seen);
        }
        compare(sample, &told, &seen);
    }
    assert_eq!(std::fs::read(&back).unwrap(), bytes);
}

#[test]
fn every_field_of_a_policy_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = told(&read("docs/json.md"), "policy-check");
    let mut seen = Seen::new();
    for text in [
        "version = 1\n",
        "version = 1\n[require]\nmax_age = '26h'\nmax_fragmentation_percent = 45.0\nmin_certificate_days = 30\n\
         encryption = { types = ['aesgcm'], resources = ['secrets'] }\n\
         [[waiver]]\nid = 'PAGE-016'\nreason = 'known'\nuntil = 2999-12-31\n\
         [[waiver]]\nid = 'TAR-029'\nartifact = '*.gz'\nkey = '/a/*'\nmember = 'b/*'\nreason = 'old'\nuntil = 2020-01-01\n",
    ] {
        let policy = dir.path().join("policy.toml");
        std::fs::write(&policy, text).unwrap();
        let run = assay(&["policy", "check", "--json", policy.to_str().unwrap()]);
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err));
        walk(&document, "", &told, &mut seen);
    }
    compare("policy-check", &told, &seen);
}

/// One that is undone, and one that cannot be.
#[test]
fn every_field_of_a_mended_snapshot_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = told(&read("docs/json.md"), "mend");
    let mut seen = Seen::new();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let bytes = fixtures::named("plain-etcd34").bytes();
    std::fs::write(path("before.db"), [b"a banner\n", &bytes[..]].concat()).unwrap();
    std::fs::write(path("replaced.db"), String::from_utf8_lossy(&bytes).as_bytes()).unwrap();
    for name in ["before", "replaced"] {
        let (source, out) = (path(&format!("{name}.db")), path(&format!("{name}.out")));
        let run = assay(&["mend", &source, "--json", "--out", &out]);
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err));
        walk(&document, "", &told, &mut seen);
    }
    compare("mend", &told, &seen);
}

/// One with a hash of its own and one without, one compacted, one earlier and in part, and some of which something is lost.
#[test]
fn every_field_of_a_rebuilt_snapshot_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = told(&read("docs/json.md"), "rebuild");
    let mut seen = Seen::new();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let packed = fixture_file("plain-etcd34", ".db.gz");
    let bytes = fixtures::named("plain-etcd34").bytes();
    std::fs::write(path("copy.db"), &bytes[..bytes.len() - 32]).unwrap();
    for (name, file) in damage::to_salvage() {
        std::fs::write(path(name), file).unwrap();
    }
    let (packed, copy) = (packed.to_str().unwrap(), path("copy.db"));
    let [root, leaves, gap] = ["root.db", "leaves.db", "gap.db"].map(path);
    let lines = [
        vec![packed],
        vec![&copy, "--compact", "latest"],
        vec![packed, "--only", "prefix:/", "--drop", "resource:secrets", "--rev", "38"],
        vec![&root, "--salvage"],
        vec![&leaves, "--salvage"],
        vec![&gap, "--salvage"],
    ];
    let sealed = fixture_file("aescbc-rotated", ".db.gz");
    let keys = fixture_file("aescbc-rotated", ".tar.gz");
    let (sealed, keys) = (sealed.to_str().unwrap(), keys.to_str().unwrap());
    let other = fixture_file("partially-encrypted", ".tar.gz");
    let lines = lines.into_iter().chain([
        vec![sealed, "--keys", keys, "--decrypt"],
        vec![sealed, "--keys", keys, "--sanitize"],
        vec![sealed, "--keys", keys, "--reencrypt", other.to_str().unwrap()],
    ]);
    for (number, line) in lines.enumerate() {
        let out = path(&format!("{number}.db"));
        let run = assay(&[&["rebuild"], line.as_slice(), &["--json", "--out", &out]].concat());
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err));
        walk(&document, "", &told, &mut seen);
    }
    compare("rebuild", &told, &seen);
}

/// One with a hash and one without, one raised.
#[test]
fn every_field_of_a_rehearsal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = told(&read("docs/json.md"), "rehearse");
    let mut seen = Seen::new();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let bytes = fixtures::named("nospace-alarm").bytes();
    std::fs::write(path("copy.db"), &bytes[..bytes.len() - 32]).unwrap();
    std::fs::write(path("whole.db"), &bytes).unwrap();
    let raised = [path("copy.db"), "--skip-hash-check --bump-revision 10 --mark-compacted".to_owned()];
    for (number, line) in [vec![path("whole.db")], raised.to_vec()].iter().enumerate() {
        let words: Vec<&str> = line.iter().flat_map(|words| words.split(' ')).collect();
        let run = assay(&[&["rehearse"], words.as_slice(), &["--json", "--out", &path(&number.to_string())]].concat());
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err));
        walk(&document, "", &told, &mut seen);
        // what a real etcd answers is asked where there is one; here it is enough what it may be
        let [probe, other] =
            [Some(true), None].map(|ok| Probe { ok, meaning: ok.map(|_| "m".into()), ..Probe::default() });
        let (text, probes) = (Some("x".to_owned()), vec![probe, other]);
        let differing = vec!["x".to_owned()];
        let kube =
            KubeApiserver { ready_seconds: Some(0.5), probes: probes.clone(), differing, ..KubeApiserver::default() };
        let ended = KubeApiserver { failure: text.clone(), meaning: text.clone(), ready_seconds: None, ..kube.clone() };
        let boot = Boot { ready_seconds: Some(0.5), probes, kube_apiserver: Some(kube), ..Boot::default() };
        let failed = Boot {
            cluster_version: text.clone(),
            failure: text.clone(),
            meaning: text.clone(),
            kept: text,
            kube_apiserver: Some(ended),
            ..boot.clone()
        };
        let alone = Boot { kube_apiserver: None, ..boot.clone() };
        for boot in [boot, failed, alone] {
            let mut booted = document.clone();
            booted["artifacts"][0]["boot"] = serde_json::to_value(boot).unwrap();
            walk(&booted, "", &told, &mut seen);
        }
    }
    compare("rehearse", &told, &seen);
}

/// What commands print of backups of which one has its keys, and one has none; and a backup of which nothing is empty.
#[test]
fn every_field_of_a_catalog_is_told() {
    let (dir, page) = (tempfile::tempdir().unwrap(), read("docs/json.md"));
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let db = dir.path().join("catalog.db");
    let out = dir.path().join("catalog.ndjson");
    let [db, out] = [&db, &out].map(|path| path.to_str().unwrap());
    let folders = ["plain-etcd34", "members-m0"].map(|name| fixtures::named(name).folder().to_path_buf());
    let [good, other] = [&folders[0], &folders[1]].map(|path| path.to_str().unwrap());
    let run = |line: &[&str]| {
        let run = assay(&[&["catalog", "--db", db], line].concat());
        serde_json::from_str::<Value>(&run.out).unwrap_or_else(|error| panic!("{line:?}: {error}: {}", run.err))
    };
    let added = run(&["add", "--json", good, other]);
    let id = added["artifacts"][1]["id"].as_str().unwrap();
    let manifest =
        root().join("crates/key-escrow/tests/data/escrow-v2/static_kuberesources_2026-11-23_090915.manifest.json");
    let asked = assay(&["catalog", "--db", db, "custody", "challenge", manifest.to_str().unwrap()]);
    assert_eq!(asked.code, Some(0), "{}", asked.err);
    std::fs::write(out, assay(&["catalog", "--db", db, "export"]).out).unwrap();
    let documents = [
        run(&["ls", "--json"]),
        run(&["show", "--json", id]),
        run(&["pick", "--json", "--target", "4.18.30"]),
        run(&["keep", "--json", id, "--reason", "why"]),
        run(&["export", "-o", "json"]),
        run(&["import", "--json", out]),
        run(&["custody", "--json"]),
        added.clone(),
    ];
    let mut note = |value: &Value| {
        let kind = value["kind"].as_str().unwrap_or("catalogs");
        let kind = ["catalog", "catalogued", "custody", "catalogs"].into_iter().find(|it| *it == kind).unwrap();
        walk(value, "", &told(&page, kind), seen.entry(kind).or_default());
    };
    for document in &documents {
        let mut rest = document.clone();
        rest["artifacts"].take().as_array().unwrap().iter().for_each(&mut note);
        rest["artifacts"] = Value::Array(Vec::new());
        note(&rest);
    }
    let (text, some) = ("x".to_owned(), Some("x".to_owned()));
    let files = vec![CataloguedFile { places: vec![SeenAt::default()], ..CataloguedFile::default() }];
    let custodians = [None, Some(1)].map(|share| CataloguedCustodian { share, recipient: text.clone() });
    let full = Catalogued {
        cluster_name: some.clone(),
        failed_by: vec![text],
        keys_proven: some.clone(),
        pinned: some.clone(),
        topology: some.clone(),
        behind: some.map(Into::into),
        unfit: vec![Against::default()],
        reasons: Some(vec![Against::default()]),
        files: Some(files),
        escrows: Some(vec![CataloguedEscrow { custodians: custodians.to_vec(), ..CataloguedEscrow::default() }]),
        judgements: Some(vec![PastJudgement { findings: vec![PastFinding::default()], ..PastJudgement::default() }]),
        kind: Catalogued::KIND,
        ..Catalogued::default()
    };
    note(&serde_json::to_value(full).unwrap());
    for (kind, seen) in &seen {
        compare(kind, &told(&page, kind), seen);
    }
}

/// What a command prints, and a book in which nothing is empty.
#[test]
fn every_field_of_a_runbook_is_told() {
    let told = told(&read("docs/json.md"), "runbook");
    let mut seen = Seen::new();
    let snapshot = fixture_file("members-m0", ".db.gz");
    let run = assay(&["runbook", "--json", "--platform", "kubeadm", snapshot.to_str().unwrap()]);
    let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err));
    walk(&document, "", &told, &mut seen);
    let (text, some) = ("x".to_owned(), Some("x".to_owned()));
    let block = |id| Block { id, ..Block::default() };
    let step = BookStep {
        only_if: some.clone(),
        blocks: vec![block(None), Block { host: some.clone(), ..block(some.clone()) }],
        wait: Some(Wait::default()),
        findings: vec![StepFinding::default()],
        ..BookStep::default()
    };
    let full = Runbook {
        kind: Runbook::KIND,
        target: some.clone(),
        verdict: Some(checks::Verdict::Pass),
        refusals: vec![Refusal::default(), Refusal { finding: some.clone(), ..Refusal::default() }],
        notes: vec![BookNote::default()],
        recovery_host: Some(RecoveryHost { ip: some.clone(), ..RecoveryHost::default() }),
        blanks: vec![Blank::default(), Blank { found_by: some.clone(), ..Blank::default() }],
        steps: vec![step],
        omitted: vec![OmittedStep::default()],
        files: vec![BookFile { sha256: "00".to_owned(), text, ..BookFile::default() }],
        at_step: some,
        rehearsal: Some(Boot::default()),
        ..Runbook::default()
    };
    let mut document = document;
    for host in [full.recovery_host.clone(), Some(RecoveryHost::default())] {
        let book = Runbook { recovery_host: host, ..full.clone() };
        document["artifacts"] = serde_json::json!([book]);
        document["findings"][0]["location"] = serde_json::json!({"page": 1, "offset": 1, "key": "k", "member": "m"});
        assert_eq!(crate::valid::faults(&document), Vec::<String>::new());
        walk(&document, "", &told, &mut seen);
    }
    compare("runbook", &told, &seen);
}

/// What verify says where a policy waives a finding.
fn waived(dir: &Path) -> Value {
    let policy = dir.join("policy.toml");
    let waiver = "version = 1\n[[waiver]]\nid = 'PAGE-016'\nreason = 'known'\nuntil = 2999-12-31\n";
    std::fs::write(&policy, waiver).unwrap();
    let snapshot = fixture_file("odd-keys", ".db.gz");
    let line = ["verify", "--json", snapshot.to_str().unwrap(), "--policy", policy.to_str().unwrap()];
    serde_json::from_str(&assay(&line).out).unwrap()
}

/// What verify says where an etcd is started that does not come up.
fn rehearsed(dir: &Path, line: &[&str]) -> Value {
    let etcd = dir.join("etcd");
    fixtures::program(&etcd, "#!/bin/sh\necho etcd Version: 3.5.1\n");
    let (etcd, scratch) = (etcd.to_str().unwrap(), dir.to_str().unwrap());
    let run = assay(&[line, &["--rehearse", "--etcd", etcd, "--scratch", scratch]].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{}: {error}", run.err))
}

/// Tarballs and backups stand among the artifacts of `verify`, told apart by their kind.
#[test]
fn every_field_of_a_tarball_and_of_a_backup_is_told() {
    let page = read("docs/json.md");
    let dir = tempfile::tempdir().unwrap();
    let mut artifacts = Vec::new();
    for (name, target) in [("aescbc-rotated", "4.18.30"), ("plain-etcd36", "4.17.1"), ("partially-encrypted", "5.0.0")]
    {
        let folder = fixtures::named(name).folder().to_owned();
        let document = rehearsed(dir.path(), &["verify", "--json", folder.to_str().unwrap(), "--target", target]);
        artifacts.extend(document["artifacts"].as_array().unwrap().clone());
    }
    // a data directory whose write-ahead log ends within a record
    for (path, bytes) in
        [("snap/db", crate::support::snapshot("plain-etcd36")), ("wal/0-0.wal", vec![16, 0, 0, 0, 0, 0, 0, 0, 8])]
    {
        let path = dir.path().join("data/member").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let data = dir.path().join("data").to_str().unwrap().to_owned();
    artifacts.extend(json(&["verify", &data]).1["artifacts"].as_array().unwrap().clone());
    for (sample, kind, count) in [("tarball", "static-kuberesources", 3), ("backup", "backup", 4)] {
        let told = told(&page, sample);
        let mut seen = Seen::new();
        let of_kind: Vec<_> = artifacts.iter().filter(|artifact| artifact["kind"] == kind).collect();
        assert_eq!(of_kind.len(), count, "{kind}");
        of_kind.into_iter().for_each(|artifact| walk(artifact, "", &told, &mut seen));
        compare(sample, &told, &seen);
    }
}

/// Every command whose document may tell of it tells of it alike.
#[test]
fn every_field_of_what_could_not_be_read_is_told() {
    let (page, good) = (read("docs/json.md"), fixture_file("plain-etcd36", ".db.gz"));
    let (told, good) = (told(&page, "unreadable"), good.to_str().unwrap());
    for command in [&["verify", good][..], &["inspect", good], &["keys", "check"], &["compat", "--target", "4.18.30"]] {
        let run = assay(&[command, &["--json", "/nonexistent.db"]].concat());
        assert_eq!(run.code, Some(2), "{command:?}");
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
        let mut seen = Seen::new();
        let unread = document["artifacts"].as_array().unwrap().last().unwrap();
        walk(unread, "", &told, &mut seen);
        compare("unreadable", &told, &seen);
        assert_eq!((&unread["verdict"], &document["verdict"]), (&"unreadable".into(), &"fail".into()), "{command:?}");
    }
}

/// Snapshots with keys that fit, with those of another cluster, and with ones that only history explains.
fn key_pairs() -> Vec<String> {
    let pair = |snapshot, keys: &Path| format!("{} @{}", fixture_file(snapshot, ".db.gz").display(), keys.display());
    let tarball = |name| fixture_file(name, ".tar.gz");
    vec![
        pair("aescbc-rotated", &tarball("aescbc-rotated")),
        pair("aescbc-rotated", &tarball("page-size-64k")),
        pair("partially-encrypted", &tarball("partially-encrypted")),
        pair("odd-keys", &tarball("odd-keys")),
    ]
}

fn compare(sample: &str, told: &Told, seen: &Seen) {
    let untold: Vec<_> = seen.keys().filter(|path| !told.contains_key(*path)).collect();
    let unseen: Vec<_> = told.keys().filter(|path| !seen.contains_key(*path)).collect();
    assert!(untold.is_empty(), "docs/json.md, {sample}: not told: {untold:#?}");
    assert!(unseen.is_empty(), "docs/json.md, {sample}: never seen: {unseen:#?}");
    for (path, kinds) in seen {
        for kind in kinds {
            let fits = told[path].iter().any(|word| match word.as_str() {
                "hex" | "time" => *kind == "string",
                "key" => *kind == "string" || *kind == "object",
                "map" => *kind == "object",
                word => word == *kind,
            });
            assert!(fits, "docs/json.md, {sample}: `{path}` is told as {:?}, seen as {kind}", told[path]);
        }
    }
}

/// What commands print of backups that are looked after; and shapes of which nothing is empty.
#[test]
fn every_field_of_looking_after_backups_is_told() {
    let (dir, page) = (tempfile::tempdir().unwrap(), read("docs/json.md"));
    let db = dir.path().join("catalog.db");
    let db = db.to_str().unwrap();
    let folder = fixtures::named("plain-etcd34").folder().to_path_buf();
    let run = |line: &[&str]| {
        let run = assay(&[&["catalog", "--db", db], line].concat());
        serde_json::from_str::<Value>(&run.out).unwrap_or_else(|error| panic!("{line:?}: {error}: {}", run.err))
    };
    run(&["add", "--json", folder.to_str().unwrap()]);
    let documents = [
        run(&["prune", "--keep-last", "1", "--json"]),
        run(&["prune", "--purge", "--json"]),
        run(&["check", "--log", "--all", "--json"]),
        run(&["stats", "--json"]),
    ];
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let mut note = |value: &Value| {
        let kinds = ["prune-plan", "trash-purge", "recheck", "catalog-log", "cluster-stats"];
        let kind = kinds.into_iter().find(|it| value["kind"] == *it).unwrap();
        walk(value, "", &told(&page, kind), seen.entry(kind).or_default());
    };
    for document in &documents {
        document["artifacts"].as_array().unwrap().iter().for_each(&mut note);
    }
    let (text, some) = ("x".to_owned(), Some("x".to_owned()));
    let file = PlanFile { because: some.clone(), needed_by: some.clone(), key: some.clone(), ..PlanFile::default() };
    let backup = PlanBackup { reasons: vec![PlanReason::default()], files: vec![file], ..PlanBackup::default() };
    let plan = PrunePlan {
        kind: PrunePlan::KIND,
        plan: "ab".to_owned(),
        groups: vec![PlanGroup { cluster: some.clone(), backups: vec![backup] }],
        moved: vec![MovedFile::default()],
        failed: vec![FailedFile::default()],
        log: some.clone(),
        ..PrunePlan::default()
    };
    let purge = TrashPurge {
        kind: TrashPurge::KIND,
        files: vec![TrashFile::default()],
        failed: vec![FailedFile::default()],
        log: some.clone(),
        ..TrashPurge::default()
    };
    let changed = vec![ChangedFile { backups: vec![text.clone()], ..ChangedFile::default() }];
    let check =
        Recheck { kind: Recheck::KIND, changed, oldest_check: some.clone(), log: some.clone(), ..Recheck::default() };
    let log = LogCheck { kind: LogCheck::KIND, expected: some.clone(), ..LogCheck::default() };
    let stats = ClusterStats {
        kind: ClusterStats::KIND,
        cadence: Cadence { median_seconds: Some(1), gaps: vec![Gap::default()] },
        growth_bytes_per_day: Some(1.5),
        rotations: vec![Rotation { added: vec![text.clone()], gone: vec![text], ..Rotation::default() }],
        escrows: vec![EscrowQuorum::default()],
        custodians: vec![CustodianDrill { last_drill: some, ..CustodianDrill::default() }],
        ..ClusterStats::default()
    };
    note(&serde_json::to_value(plan).unwrap());
    note(&serde_json::to_value(purge).unwrap());
    note(&serde_json::to_value(check).unwrap());
    note(&serde_json::to_value(log).unwrap());
    note(&serde_json::to_value(stats).unwrap());
    for (kind, seen) in &seen {
        compare(kind, &told(&page, kind), seen);
    }
}
