//! What each command is tried with when canaries are looked for in what it says.
//!
//! `{S}` is the snapshot, `{T}` an older one, `{D}` the directory of the backup, `{K}` its tarball, `{C}` an
//! EncryptionConfiguration, `{P}` a policy, `{V}` the beginning of the names of an escrow's files, `{I}` an identity,
//! `{R}` a recipient, `{L}` a catalog with the backup in it, `{N}` what it is called there, `{O}` a place to write to, `{B}`
//! the directory of all that.

use std::collections::BTreeSet;

use crate::canaries::{PLACES, SHOWN};
use crate::run::run;

/// A command line.
#[derive(Debug)]
pub(crate) struct Line {
    /// The command, with its subcommand.
    pub(crate) command: String,
    /// All of it.
    pub(crate) text: String,
    /// It writes files that hold secrets, for it was asked to: only what it says is looked at.
    pub(crate) writes_secrets: bool,
}

/// By command, what follows it.
const LINES: &[(&str, &[&str])] = &[
    ("inspect", &["{S}", "{S} --json", "{S} -vv", "{D}", "{D} --json", "{D} -vv", "{K}", "{K} --json"]),
    (
        "verify",
        &[
            "{S}",
            "{S} --json",
            "{S} -vv",
            "{S} -o html",
            "{S} -o sarif",
            "{S} -o junit",
            "{S} -o prometheus",
            "{D}",
            "{D} -vv --keys {C}",
            "{D} --json --keys {C}",
            "{D} --json --target 4.18.30 --fail-on info",
            "{D} -o html --keys {C}",
            "{D} -o sarif --keys {C}",
            "{D} -o junit --keys {C}",
            "{D} -o prometheus --keys {C}",
            "{D} --json --policy {P}",
            "{K} --json",
        ],
    ),
    ("compat", &["{D} --target 4.18.30", "{D} --target 4.18.30 --json", "{K} --target 4.18.30 -vv"]),
    ("hash", &["{S}", "{S} --json", "{S} -vv"]),
    (
        "ls",
        &[
            "{S}",
            "{S} -l",
            "{S} -0",
            "{S} --json",
            "{S} -o ndjson",
            "{S} -o csv",
            "{S} --all-revisions",
            "{S} --all-revisions -o csv",
            "{S} --deleted",
            "{S} --salvage -l",
            "{S} --salvage --all-revisions --json",
            "{S} -o sqlite --out {O}",
            "{S} --salvage -o sqlite --out {O}",
        ],
    ),
    (
        "get",
        &[
            "{S} -g ** -o yaml --show-managed-fields",
            "{S} -g ** -o json --show-managed-fields",
            "{S} -g ** -o table",
            "{S} -g ** -o ndjson --show-managed-fields",
            "{S} -g ** -o yaml --keys {C}",
            "{S} -g ** -o ndjson --rev 20 --keys {K}",
            "{S} -g ** -o jsonpath={.items}{..data}{range.items[*]}{.metadata}{end} --show-managed-fields --keys {C}",
            "{S} -g ** -o custom-columns=ALL:.metadata,DATA:.data,SPEC:.spec --keys {C}",
            "{S} -g ** -o wide --sort-by .metadata.name --keys {C}",
            "{S} -g ** -o name --keys {C}",
        ],
    ),
    (
        "export",
        &[
            "{S} -g **",
            "{S} -g ** --everything --as-is",
            "{S} -g ** -o json",
            "{S} -n a --everything --keys {C}",
            "{S} -g ** --out {O}",
            "{S} -g ** --everything --as-is -o json --out {O}",
        ],
    ),
    (
        "history",
        &["{S} --exact foo", "{S} configmap/pem --values --all --carve", "{S} secret/data --carve -o csv --keys {C}"],
    ),
    (
        "timeline",
        &["{S}", "{S} --values --all", "{S} --values --json", "{S} --values --all -o ndjson --keys {C}", "{S} -o csv"],
    ),
    (
        "diff",
        &[
            "{T} {S}",
            "{T} {S} --values",
            "{T} {S} --values --all --json",
            "{S} {T} --values -o ndjson",
            "{T} {S} --values --all --keys {C} --old-keys {K}",
            "{S} {S} --old-rev 20 --values --all",
            "{T} {S} --member {S}",
            "{T} {S} --member {S} --json",
        ],
    ),
    (
        "du",
        &[
            "{S}",
            "{S} --json --top 0 --depth 9",
            "{S} --by key --top 0 -o csv",
            "{S} --by prefix --depth 9 --top 0",
            "{S} --churn --top 0",
            "{S} -o html --top 0",
        ],
    ),
    (
        "carve",
        &[
            "{S}",
            "{S} --all",
            "{S} --all --json",
            "{S} --all -o ndjson",
            "{S} --all -o csv",
            "{S} -r secrets -vv",
            "{S} --all --json --with-values --out {O}",
        ],
    ),
    ("pages", &["{S}", "{S} --json", "{S} --free", "{S} -o csv"]),
    ("page", &["{S} 0", "{S} 1 --json"]),
    (
        "bucket",
        &[
            "{S}",
            "{S} --json",
            "{S} key",
            "{S} key -o csv",
            "{S} key --json",
            "{S} authUsers",
            "{S} authUsers --json",
            "{S} authUsers -o csv",
            "{S} meta -vv",
        ],
    ),
    ("cluster", &["{S}", "{S} --json", "{S} -vv"]),
    ("explain", &["SNAP-003", "--schema"]),
    ("policy init", &[""]),
    ("policy check", &["{P}", "{P} --json"]),
    ("keys ls", &["{K}", "{K} -l --all", "{K} --json", "{K} --all -o csv", "{K} --all -o ndjson -vv"]),
    ("keys check", &["{S} --keys {C}", "{S} --keys {K} --json", "{D} -vv", "{D} --json"]),
    ("keys split", &["{K} -r {R} --out {O} -vv", "{K} -r {R} --class all --json --out {O}"]),
    (
        "keys verify-escrow",
        &[
            "{V}.escrow.age -i {I}",
            "{V}.escrow.age -i {I} --json -vv",
            "{V}.escrow.age -i {I} --json --challenge 00112233445566778899aabbccddeeff",
        ],
    ),
    ("keys sign", &["{V}.manifest.json -f {I}"]),
    ("keys rewrap", &["{V}.escrow.age -i {I} -r {R} --out {O} -vv"]),
    ("keys join", &["{V}.keyless.tar.gz --escrow {V}.escrow.age -i {I} --out {O} -vv"]),
    ("mend", &["{S} --out {O} -vv", "{S} --out {O} --without-hash --json", "{K} --out {O} --json"]),
    (
        "rebuild",
        &[
            "{S} --out {O} --no-sidecar -vv",
            "{S} --out {O} --no-sidecar --compact latest --drop-auth --json",
            "{S} --out {O} --no-sidecar --drop resource:secrets -vv",
            "{S} --out {O} --no-sidecar --only resource:configmaps --json",
            "{S} --out {O} --no-sidecar --decrypt --keys {C} -vv",
            "{S} --out {O} --no-sidecar --decrypt --keys {K} --json",
            "{S} --out {O} --no-sidecar --decrypt",
            "{S} --out {O} --no-sidecar --reencrypt {C} --keys {C} -vv",
            "{S} --out {O} --no-sidecar --reencrypt {K} --keys {K} --json",
            "{S} --out {O} --no-sidecar --salvage=raw -vv",
            "{S} --out {O} --no-sidecar --sanitize -vv",
            "{S} --out {O} --no-sidecar --sanitize=default --keys {K} --json",
        ],
    ),
    ("rehearse", &["{S} --out {O} -vv", "{S} --out {O} --bump-revision 1000 --mark-compacted --json"]),
    (
        "runbook",
        &[
            "{D} --target 4.18.30 -vv",
            "{D} --target 4.18.30 -o html",
            "{D} --target 4.18.30 --json --keys {C}",
            "{D} --target 4.17.9 --out {O} --json",
            "{D} --task defragment",
            "{D} --task encryption --json",
            "{D} --task storage -o html",
            "{S} --platform kubeadm --out {O}",
        ],
    ),
    (
        "catalog add",
        &["{D} --db {O} -vv", "{D} {S} --rejudge --db {O} --json", "{S} --db {O} --host h --fail-on low -vv"],
    ),
    ("catalog ls", &["--db {L}", "--db {L} --json", "--db {L} -o ndjson", "--db {L} -o csv", "--db {L} -o name"]),
    ("catalog show", &["{N} --db {L}", "{N} --db {L} --json"]),
    ("catalog pick", &["--target 4.18.30 --db {L} -v", "--target 4.18.30 --db {L} --json"]),
    ("catalog keep", &["{N} --reason why --db {L}", "{N} --release --db {L} --json"]),
    ("catalog custody", &["--db {L}", "--db {L} --json", "challenge {V}.manifest.json --db {O}"]),
    ("catalog check", &["--db {L} -v", "--db {L} --json", "--db {L} --log -v", "--db {L} --log --share 1/2 --json"]),
    (
        "catalog prune",
        &[
            "--db {L} --keep-last 1 -v",
            "--db {L} --keep-daily 1 --orphans --json",
            "--db {L} --purge",
            "--db {L} --purge --older-than 1m --apply --json",
        ],
    ),
    ("catalog stats", &["--db {L}", "--db {L} --timezone +02:00 --json"]),
    ("catalog calendar", &["--db {L}", "--db {L} -o {O}", "--db {L} --json"]),
    ("catalog metrics", &["--db {L}"]),
    ("catalog export", &["--db {L}", "--db {L} -o json", "--db {L} -o csv"]),
    ("catalog import", &["{B}/catalog.ndjson --db {O}", "{B}/catalog.ndjson --db {L} --json"]),
    ("config show", &["", "--threads 2 -vv"]),
    ("completions", &["bash", "zsh", "fish"]),
    ("man", &[""]),
    ("version", &[""]),
];

/// Lines that write what is secret because they were asked to.
const WRITING: [&str; 4] = ["carve {S} --all --json --with-values --out {O}", "keys join ", "rebuild ", "rehearse "];

/// Whether a command reads a file, by its lines.
pub(crate) fn reads(command: &str) -> bool {
    LINES.iter().any(|(name, lines)| *name == command && lines.iter().any(|line| line.contains('{')))
}

/// Every line; `page` is tried with each of so many pages, and what takes a key with every key that was planted.
pub(crate) fn lines(pages: usize) -> Vec<Line> {
    let line = |command: &str, rest: &str| {
        let text = format!("{command} {rest}").trim_end().to_owned();
        let writes_secrets = WRITING.iter().any(|start| text.starts_with(start));
        Line { command: command.to_owned(), text, writes_secrets }
    };
    let table = LINES.iter().flat_map(|(command, lines)| lines.iter().map(|rest| line(command, rest)));
    let mut all: Vec<Line> = table.collect();
    all.extend((0..pages).flat_map(|page| ["", " --json"].map(|form| line("page", &format!("{{S}} {page}{form}")))));
    for (_, key, _) in PLACES.iter().chain(&SHOWN) {
        for form in ["raw", "hex", "yaml", "raw --stored", "json --keys {C}"] {
            all.push(line("get", &format!("{{S}} {key} -o {form}")));
        }
        for form in ["", " --values --json", " --values --all --carve", " -o csv --carve --keys {C}"] {
            all.push(line("history", &format!("{{S}} {key}{form}")));
        }
    }
    all
}

/// Every command that help names, with its subcommands.
pub(crate) fn commands() -> BTreeSet<String> {
    let of = |line: &[&str]| -> Vec<String> {
        let help = run(line).out;
        crate::help::commands_of(&help).into_iter().collect()
    };
    let mut all = BTreeSet::new();
    for command in of(&["--help"]) {
        let parts = of(&[&command, "--help"]);
        if parts.is_empty() {
            all.insert(command);
        } else {
            all.extend(parts.iter().map(|part| format!("{command} {part}")));
        }
    }
    assert!(all.len() >= 28, "{all:?}");
    all
}
