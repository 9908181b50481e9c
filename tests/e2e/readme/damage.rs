//! The table of damage in docs/damage.md: what `etcdutl snapshot status` and `assay verify` say of the same files.
//!
//! assay's column is made by running it, always. etcdutl's is made by running it where etcd 3.5 is installed, and is
//! else what the page says: the page is the record. With CI=true an absent etcdutl is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::page::{hold, marked, read};
use crate::damage::{sealed_cases, trailer_cases};
use crate::support::{assay, root, snapshot};

const PAGE: usize = 4096;
const HEAD: &str = "| damage | `etcdutl snapshot status`, 3.5.1 | `assay verify` |\n|---|---|---|\n";

/// Each kind of damage in the words of the page, by its name in `damage`.
const WORDS: [(&str, &str); 23] = [
    ("value-flipped", "a byte flipped in a value"),
    ("trailer-bad", "a wrong SHA-256 at the end"),
    ("trailer-missing", "no SHA-256 at the end"),
    ("trailer-cut", "cut off within the SHA-256"),
    ("cut-at-page", "cut off between two pages, half way"),
    ("cut-in-page", "cut off within a page, half way"),
    ("meta0-zeroed", "meta page 0 zeroed"),
    ("both-metas-zeroed", "both meta pages zeroed"),
    ("root-zeroed", "the root page zeroed"),
    ("leaf-zeroed", "a leaf page zeroed"),
    ("leaf-count-zero", "the element count of a leaf set to 0"),
    ("leaf-count-lowered", "a leaf counts one element less than it holds"),
    ("branch-count-lowered", "a branch counts one child less than it has"),
    ("page-id-wrong", "a page that says it is another page"),
    ("child-out-of-range", "a branch whose child is beyond the last page"),
    ("branch-cycle", "a branch that is its own child"),
    ("overflow-overlaps", "a leaf that claims the pages behind it"),
    ("keys-swapped", "two neighbouring keys swapped"),
    ("element-out-of-page", "a value that reaches out of its page"),
    ("inline-bucket-corrupt", "an inline bucket overwritten"),
    ("mod-revision-wrong", "a bit flipped in a record's revision"),
    ("empty", "an empty file"),
    ("five-bytes", "a file of 5 bytes"),
];

fn cases() -> BTreeMap<&'static str, Vec<u8>> {
    let whole = snapshot("plain-etcd36");
    let half = whole.len() / PAGE / 2 * PAGE;
    let mut cases: BTreeMap<_, _> =
        sealed_cases().into_iter().chain(trailer_cases()).map(|(name, bytes, _)| (name, bytes)).collect();
    cases.insert("cut-at-page", whole[..half].to_vec());
    cases.insert("cut-in-page", whole[..half + 1234].to_vec());
    cases.insert("empty", Vec::new());
    cases.insert("five-bytes", b"\x01\x02\x03\x04\x05".to_vec());
    cases
}

/// etcdutl 3.5, where `scripts/install-peers` puts it or the environment says.
fn etcdutl() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_assay")).ancestors().nth(2).unwrap();
    let named = std::env::var_os("ASSAY_PEER_35").map(PathBuf::from);
    let places = [named.unwrap_or_default(), target.join("peers/3.5"), root().join("target/peers/3.5")];
    places.into_iter().map(|place| place.join("etcdutl")).find(|program| program.is_file())
}

/// Exit code and first complaint, or how many entries it counts of how many there are.
fn of_etcdutl(program: &Path, file: &Path, entries: u64) -> String {
    // It may run for ever on a damaged file; the page would then say so.
    let mut command = fixtures::tool("timeout").unwrap();
    let output = command.arg("600").arg(program).args(["snapshot", "status", "-w", "json"]).arg(file).output().unwrap();
    let code = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    if code == "0" {
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let counted = status["totalKey"].as_u64().unwrap();
        let lost = if counted == entries { String::new() } else { format!(", {counted} of {entries} entries") };
        return format!("0: no complaint{lost}");
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    // How it crashes is chance: which goroutine meets the damage first, and what lies behind the end of the map.
    if ["panic: ", "fatal error: ", "unexpected fault "].iter().any(|word| said.contains(word)) {
        return format!("{code}: crashes");
    }
    let complaint = said.lines().find_map(|line| line.find("Error: ").map(|at| &line[at..])).unwrap_or("(nothing)");
    format!("{code}: {}", cell(&complaint.replace(&file.display().to_string(), "FILE")))
}

/// Its check of the tree runs beside the count of the entries. On a file that both stumble over it is chance whether it
/// ends by a crash of the one or by the complaint of the other; the page names one of the two endings.
fn settle(said: String, recorded: Option<&String>) -> String {
    let either = |said: &str| said.ends_with(": crashes") || said.contains("integrity check failed");
    recorded.filter(|recorded| either(recorded) && either(&said)).cloned().unwrap_or(said)
}

fn of_assay(file: &Path) -> String {
    let run = assay(&["verify", "--json", file.to_str().unwrap()]);
    let code = run.code.expect("no signal");
    assert!(code == 1 || code == 2, "{}: assay lets damage pass", file.display());
    if code == 2 {
        let line = run.err.lines().next().unwrap();
        let line = line.strip_prefix("error: ").expect("one clear line");
        return format!("2: {}", cell(&line.replace(&format!("`{}`", file.display()), "FILE")));
    }
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let mut named: Vec<String> = Vec::new();
    for finding in document["findings"].as_array().unwrap() {
        let text = format!("{} {}", finding["id"].as_str().unwrap(), finding["name"].as_str().unwrap());
        if !["info", "low"].contains(&finding["severity"].as_str().unwrap()) && !named.contains(&text) {
            named.push(text);
        }
    }
    assert!(!named.is_empty(), "{}: nothing is named", file.display());
    format!("1: {}", named.join(", "))
}

/// A complaint as a cell of a table: one line, not too long.
fn cell(text: &str) -> String {
    let text: String = text.replace('|', "\\|").replace('`', "");
    let short: String = text.chars().take(110).collect();
    format!("`{}`{}", short.trim_end(), if short.len() < text.len() { " …" } else { "" })
}

/// What the page says of etcdutl, by damage.
fn recorded(page: &str) -> BTreeMap<String, String> {
    let rows = marked(page, "damage").lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    cells.filter(|cells| cells.len() == 3).map(|cells| (cells[0].clone(), cells[1].clone())).collect()
}

#[test]
fn the_table_of_damage_is_what_the_tools_say() {
    let dir = tempfile::tempdir().unwrap();
    let peer = etcdutl();
    if peer.is_none() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "no etcdutl 3.5; run scripts/install-peers");
        let line = "SKIPPED the_table_of_damage_is_what_the_tools_say, etcdutl's column: no etcdutl 3.5, what docs/damage.md \
            says of it is taken as recorded; run scripts/install-peers\n";
        // not by a print macro: what those write is lost when the test passes
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    let recorded = recorded(&read("docs/damage.md"));
    let mut table = HEAD.to_owned();
    let mut cases = cases();
    let entries = 1299; // facts.json of plain-etcd36
    for (name, words) in WORDS {
        let file = dir.path().join(format!("{name}.db"));
        fs::write(&file, cases.remove(name).unwrap_or_else(|| panic!("no damage `{name}`"))).unwrap();
        let theirs = match (&peer, recorded.get(words)) {
            (Some(program), recorded) => settle(of_etcdutl(program, &file, entries), recorded),
            (None, Some(recorded)) => recorded.clone(),
            (None, None) => panic!("docs/damage.md has no row `{words}`"),
        };
        table += &format!("| {words} | {theirs} | {} |\n", of_assay(&file));
    }
    assert!(cases.is_empty(), "without a row in docs/damage.md: {:?}", cases.keys());
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let words = "a directory";
    let theirs = peer.as_ref().map_or_else(|| recorded[words].clone(), |program| of_etcdutl(program, &folder, entries));
    table += &format!("| {words} | {theirs} | {} |\n", of_assay(&folder));
    hold("docs/damage.md", "damage", &table);
}
