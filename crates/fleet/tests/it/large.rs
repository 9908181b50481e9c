//! Results of a fleet: much more than fits where it is put together.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Place, snapshot};

/// Backups, and findings of each.
const BACKUPS: usize = 5000;
const FINDINGS: usize = 30;
/// Backups in a shard.
const SHARD: usize = 50;
/// What a process may have of addresses, its program included, in KiB: more than what may be resident.
const MEMORY: u32 = 200 * 1024;

/// Objects that are listed, and what a process may have of addresses for that, in KiB.
const OBJECTS: usize = 10_000;
const LISTING: u32 = 96 * 1024;

/// Packs rows, by the real program.
fn pack(place: &Place, name: &str, text: &str) -> bool {
    let plain = place.path("plain");
    fs::write(&plain, text).unwrap();
    let Some(mut zstd) = fixtures::tool("zstd") else { return false };
    zstd.args(["-q", "-f", "-3"]).arg(&plain).arg("-o").arg(place.path(name)).status().unwrap().success()
}

/// Runs the program with no more memory than this.
fn within(memory: u32, words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_assay-fleet");
    let mut shell = fixtures::tool("sh").unwrap();
    shell.arg("-c").arg(format!("ulimit -v {memory} && exec \"$0\" \"$@\"")).arg(program).args(words);
    shell.env("ASSAY_NOW", crate::support::NOW).output().unwrap()
}

#[test]
fn ten_thousand_objects_are_planned_in_little_memory() {
    let place = Place::new();
    assert!(crate::support::assay().is_file());
    for cluster in 0..OBJECTS / 50 {
        for at in 0..50 {
            let (day, hour) = (1 + at / 24, at % 24);
            place.put(&format!("cluster-{cluster}/snapshot_2026-11-{day:02}_{hour:02}0000.db"), b"1");
        }
    }
    let planned = within(LISTING, &["plan", "--source", &place.address("source"), "--run", &place.address("run")]);
    assert!(planned.status.success(), "{planned:?}");
    let plan = place.json("run/plan.json");
    assert_eq!((&plan["items"], &plan["shards"]), (&OBJECTS.into(), &(OBJECTS / 50).into()));
}

#[test]
fn a_hundred_and_fifty_thousand_findings_are_merged_and_reported_in_little_memory() {
    let place = Place::new();
    place.put("a/one.db", &snapshot());
    place.plan("run", &[]);
    place.judge("run", 1);
    let Some(items) = place.rows("run/plan.ndjson.zst") else { return };
    let part = place.rows("run/parts/00000.ndjson.zst").unwrap();
    let finding = part.iter().find(|row| row["row"] == "finding").unwrap();
    let with = |row: &Value, changes: Value| {
        let mut row = row.clone();
        row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        row.to_string() + "\n"
    };
    // rows as text with marks in them: to make so many as JSON takes longer than to merge them
    let item = with(&items[0], json!({"item": "@item", "shard": "@shard"})).replace("\"@shard\"", "@shard");
    let own = json!({"item": "@item", "shard": "@shard", "cluster": "cluster-@at", "uri": "s3://b/@at"});
    let verdict = with(&part[1], own).replace("\"@shard\"", "@shard");
    let message = "finding @number of cluster-@at, in as many words as one mostly has";
    let finding = with(finding, json!({"item": "@item", "id": "SNAP-@number", "message": message}));
    let filled = |row: &str, at: usize| {
        let row = row.replace("@item", &format!("{at:032x}")).replace("@shard", &(at / SHARD).to_string());
        row.replace("@at", &at.to_string())
    };
    let plan: String = (0..BACKUPS).map(|at| filled(&item, at)).collect();
    assert!(pack(&place, "run/plan.ndjson.zst", &plan));
    for shard in 0..BACKUPS / SHARD {
        let mut rows = with(&part[0], json!({"shard": shard, "items": SHARD}));
        for at in shard * SHARD..(shard + 1) * SHARD {
            rows += &filled(&verdict, at);
            let own = filled(&finding, at);
            (0..FINDINGS).for_each(|number| rows += &own.replace("@number", &format!("{number:03}")));
        }
        assert!(pack(&place, &format!("run/parts/{shard:05}.ndjson.zst"), &rows));
    }
    let run = place.address("run");
    let merged = within(MEMORY, &["merge", "--run", &run]);
    assert!(merged.status.success(), "{merged:?}");
    let told = place.json("run/run.json");
    assert_eq!((&told["items"], &told["findings"]), (&BACKUPS.into(), &(BACKUPS * FINDINGS).into()));
    let page = place.path("fleet.html");
    let report = within(MEMORY, &["report", "--run", &run, "--html", page.to_str().unwrap()]);
    assert!(report.status.success(), "{report:?}");
    let said = String::from_utf8_lossy(&report.stdout);
    assert!(said.starts_with("5 000 clusters: 5 000 good\n"), "{said}");
    assert_eq!(fs::read_to_string(&page).unwrap().matches("<tr>").count(), BACKUPS + FINDINGS + 2);
    count_alike(&place);
}

/// DuckDB counts the same in both forms, by the line that the page shows.
fn count_alike(place: &Place) {
    let Some((mut python, duckdb)) = fixtures::tool("python3").zip(fixtures::fleet_peer("duckdb")) else { return };
    let script = "import duckdb, sys\n\
        for table, form in (t.split('.', 1) for t in sys.argv[2:]):\n\
        \x20   read = 'read_parquet' if form == 'parquet' else 'read_json'\n\
        \x20   print(duckdb.sql(f\"SELECT count(*), count(DISTINCT item) FROM {read}('{sys.argv[1]}/{table}.{form}')\").fetchall())\n";
    let files = ["verdicts.parquet", "verdicts.ndjson.zst", "findings.parquet", "findings.ndjson.zst"];
    python.arg("-c").arg(script).arg(place.path("run")).args(files).env("PYTHONPATH", duckdb);
    let output = python.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let (verdicts, findings) =
        (format!("[({BACKUPS}, {BACKUPS})]\n"), format!("[({}, {BACKUPS})]\n", BACKUPS * FINDINGS));
    assert_eq!(told, format!("{verdicts}{verdicts}{findings}{findings}"));
}
