//! What a catalog says of its clusters: metrics, the rules and the dashboard that live on them, and the calendar.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use document::{
    BackupCounts, BackupDay, Cadence, ClusterStats, CustodianDrill, Document, EscrowQuorum, Gap, HostCount, Rotation,
    SizePoint, StatsBackup,
};
use report::Kept;
use serde_json::Value;

use crate::prometheus::promtool;

fn clusters() -> Vec<ClusterStats> {
    let sound = ClusterStats {
        kind: ClusterStats::KIND,
        path: "catalog.db".to_owned(),
        cluster: Some("8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93".to_owned()),
        name: Some("prod <1>".to_owned()),
        backups: BackupCounts { all: 6, restorable: 4, changed: 1, missing: 0, orphan: 1 },
        last: Some(StatsBackup { id: "3f2a".to_owned(), taken: "2026-11-23T03:10:00Z".to_owned(), restorable: true }),
        last_restorable: Some(StatsBackup {
            id: "3f2a".to_owned(),
            taken: "2026-11-23T03:10:00Z".to_owned(),
            restorable: true,
        }),
        oldest_check: Some("2026-11-01T00:00:00Z".to_owned()),
        cadence: Cadence {
            median_seconds: Some(86_400),
            gaps: vec![Gap {
                from: "2026-10-28T03:10:00Z".to_owned(),
                to: "2026-11-20T03:10:00Z".to_owned(),
                seconds: 23 * 86_400,
            }],
        },
        sizes: vec![SizePoint {
            taken: "2026-11-23T03:10:00Z".to_owned(),
            size: 130_000_000,
            in_use: 100_000_000,
            fragmentation_percent: 23.08,
        }],
        growth_bytes_per_day: Some(250_000.0),
        hosts: vec![HostCount { host: "bastion".to_owned(), backups: 5 }],
        on_one_host: 4,
        rotations: vec![Rotation {
            taken: "2026-11-20T03:10:00Z".to_owned(),
            backup: "77b0".to_owned(),
            added: vec!["k2".to_owned()],
            gone: vec![],
        }],
        escrows: vec![EscrowQuorum { escrow: "aa\"\n11".to_owned(), needed: 3, proven: 2 }],
        custodians: vec![
            CustodianDrill { custodian: "ada".to_owned(), last_drill: Some("2026-11-02T00:00:00Z".to_owned()) },
            CustodianDrill { custodian: "eve".to_owned(), last_drill: None },
        ],
        days: days(),
        ..ClusterStats::default()
    };
    let bad = ClusterStats {
        kind: ClusterStats::KIND,
        cluster: Some("b".to_owned()),
        backups: BackupCounts { all: 2, ..BackupCounts::default() },
        last: Some(StatsBackup { id: "b1".to_owned(), taken: "2026-11-23T03:10:00Z".to_owned(), restorable: false }),
        days: vec![BackupDay { day: "2026-11-23".to_owned(), state: "unfit".into(), backups: 2, restorable: 0 }],
        ..ClusterStats::default()
    };
    let tarballs = ClusterStats {
        kind: ClusterStats::KIND,
        backups: BackupCounts { all: 3, orphan: 3, ..BackupCounts::default() },
        ..ClusterStats::default()
    };
    vec![tarballs, sound, bad]
}

/// A backup on most days from October on.
fn days() -> Vec<BackupDay> {
    let first: jiff::civil::Date = "2026-09-29".parse().unwrap();
    let day = |at: usize, day: jiff::civil::Date| {
        let state = match at {
            30..=51 => "none",
            n if n % 11 == 0 => "warned",
            n if n % 13 == 0 => "unfit",
            n if n % 17 == 0 => "damaged",
            _ => "restorable",
        };
        let (backups, restorable) = match state {
            "none" => (0, 0),
            "restorable" | "warned" => (2, 1),
            _ => (1, 0),
        };
        BackupDay { day: day.to_string(), state: state.into(), backups, restorable }
    };
    let series = first.series(jiff::Span::new().days(1));
    series.take(56).enumerate().map(|(at, date)| day(at, date)).collect()
}

fn metrics() -> String {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    report::kept(&Kept { clusters: &clusters(), now, log: 1234, complete: true, assay: "0.1.0" })
}

/// Names of metrics that a text of metrics has.
fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

#[test]
fn one_series_a_cluster_and_no_time_in_a_label() {
    let text = metrics();
    let has = |line: &str| assert!(text.lines().any(|have| have == line), "no `{line}` in\n{text}");
    let cluster = "cluster=\"8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93\"";
    has(&format!("assay_cluster_last_restorable_timestamp_seconds{{{cluster}}} 1795403400"));
    has(&format!("assay_cluster_last_backup_restorable{{{cluster}}} 1"));
    has("assay_cluster_last_backup_restorable{cluster=\"b\"} 0");
    has(&format!("assay_cluster_backups{{{cluster},state=\"changed\"}} 1"));
    has(&format!("assay_custody_shares_needed{{{cluster},escrow=\"aa\\\"\\\\n11\"}} 3"));
    has(&format!("assay_custody_last_drill_timestamp_seconds{{{cluster},custodian=\"ada\"}} 1793577600"));
    has("assay_last_run_timestamp_seconds 1795435200");
    has("assay_catalog_log_seq 1234");
    has("assay_complete 1");
    // no 0 for what never was, and tarballs that tell of no cluster are none without backups
    assert!(!text.contains("last_restorable_timestamp_seconds{cluster=\"b\"}") && !text.contains("custodian=\"eve\""));
    assert!(text.contains("{cluster=\"unknown\",state=\"orphan\"} 3") && !text.contains("\"unknown\",state=\"all\""));
    let series: Vec<&str> = text.lines().filter_map(|line| line.rsplit_once(' ').map(|(series, _)| series)).collect();
    let samples: Vec<&&str> = series.iter().filter(|line| !line.starts_with('#')).collect();
    let distinct: BTreeSet<&&&str> = samples.iter().collect();
    assert_eq!(distinct.len(), samples.len(), "a series twice: one of them would be dropped, and nobody told");
    // the same cluster told twice is still one series
    let twice = [clusters(), clusters()].concat();
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let again = report::kept(&Kept { clusters: &twice, now, log: 1234, complete: true, assay: "0.1.0" });
    assert_eq!(again, text);
    if fixtures::tool("promtool").is_some() {
        let (good, said) = promtool(&text);
        assert!(good && said.is_empty(), "{said}");
    }
}

fn recipes() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../recipes/prometheus")
}

fn run(arguments: &[&str]) -> (bool, String) {
    let mut command: Command = fixtures::tool("promtool").unwrap();
    let output = command.args(arguments).current_dir(recipes()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Names that an expression speaks of.
fn spoken(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("assay_") || word.starts_with("node_")).map(str::to_owned).collect()
}

#[test]
fn rules_and_dashboard_speak_of_what_there_is() {
    let known = names(&metrics());
    let rules = fs::read_to_string(recipes().join("assay.rules.yml")).unwrap();
    let of_rules: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    let board: Value = serde_json::from_slice(&fs::read(recipes().join("dashboard.json")).unwrap()).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let of_board: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert_eq!((of_rules.len(), of_board.len(), panels.len()), (10, 9, 8));
    for expression in of_rules.iter().chain(&of_board) {
        let spoken = spoken(expression);
        assert!(!spoken.is_empty(), "{expression}");
        for name in spoken {
            assert!(known.contains(&name) || name.starts_with("node_"), "{name} of `{expression}` is told by nobody");
        }
    }
    assert_eq!(board["schemaVersion"], 39);
    assert!(panels.iter().all(|panel| panel["datasource"]["uid"] == "${DS_PROMETHEUS}"));
    if fixtures::tool("promtool").is_none() {
        return;
    }
    // as recording rules, by Prometheus' own reader; a misspelt one is refused
    let recorded = |expressions: &[&str]| {
        let rule = |(at, text): (usize, &&str)| format!("  - {{record: 'r:{at}', expr: {}}}\n", Value::from(*text));
        let rules: String = expressions.iter().enumerate().map(rule).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(
            file.path(),
            format!("groups: [{{name: g, rules: [\n{}]}}]\n", rules.replace("  - ", "  ").replace("}\n", "},\n")),
        )
        .unwrap();
        run(&["check", "rules", file.path().to_str().unwrap()])
    };
    let all: Vec<&str> = of_rules.iter().chain(&of_board).copied().collect();
    let (good, said) = recorded(&all);
    assert!(good && said.contains("19 rules found"), "{said}");
    assert!(!recorded(&["max by (cluster (assay_complete)"]).0, "promtool refuses nothing");
}

#[test]
fn each_rule_fires_and_is_quiet_where_it_should() {
    let rules = fs::read_to_string(recipes().join("assay.rules.yml")).unwrap();
    let cases = fs::read_to_string(recipes().join("tests/backups.yml")).unwrap();
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for alert in &alerts {
        let (quiet, fires) =
            (format!("alertname: {alert}, exp_alerts: []"), format!("alertname: {alert}\n        exp_alerts:\n"));
        assert!(cases.contains(&quiet) && cases.contains(&fires), "{alert} has no case of both kinds");
    }
    if fixtures::tool("promtool").is_none() {
        return;
    }
    let (good, said) = run(&["check", "rules", "assay.rules.yml"]);
    assert!(good && said.contains("10 rules found"), "{said}");
    let (good, said) = run(&["test", "rules", "tests/backups.yml"]);
    assert!(good, "{said}");
    // a threshold that is another fails the cases: one changed at a time
    let folder = tempfile::tempdir().unwrap();
    let changes = [
        ("36*3600", "40*3600"),
        ("{state=\"all\"} > 0", "{state=\"all\"} > 4"),
        ("restorable == 0", "restorable == 1"),
        ("30*3600", "31*3600"),
        ("assay_complete == 0", "assay_complete == 1"),
        ("changed|missing", "changed"),
        ("35*86400", "36*86400"),
        ("90*86400", "91*86400"),
        ("proven < on", "proven > on"),
        ("scrape_error == 1", "scrape_error == 2"),
    ];
    let mut arguments = vec!["test".to_owned(), "rules".to_owned()];
    for (at, (from, to)) in changes.iter().enumerate() {
        assert!(rules.contains(from), "{from}");
        let changed = folder.path().join(format!("{at}.rules.yml"));
        fs::write(&changed, rules.replace(from, to)).unwrap();
        let case = folder.path().join(format!("{at}.yml"));
        fs::write(&case, cases.replace("../assay.rules.yml", changed.to_str().unwrap())).unwrap();
        arguments.push(case.to_str().unwrap().to_owned());
    }
    let (_, said) = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    // which files it speaks of stands on one stream, and what became of them on the other
    let (failed, passed) = (said.matches("FAILED:").count(), said.matches("SUCCESS").count());
    assert_eq!((failed, passed), (changes.len(), 0), "a changed threshold passes, too: {said}");
}

pub(crate) fn calendar() -> String {
    let artifacts = clusters().into_iter().map(|it| document::Artifact::ClusterStats(Box::new(it))).collect();
    let document = Document::new("catalog calendar", "0.1.0", artifacts, Vec::new(), checks::Verdict::Pass);
    report::calendar(&document, Some("2026-11-23T12:00:00Z".parse().unwrap()))
}

#[test]
fn the_calendar_has_a_cell_a_day_that_says_more_than_its_colour() {
    let page = calendar();
    for (state, mark) in [("restorable", "✓"), ("warned", "!"), ("unfit", "✗"), ("damaged", "≠"), ("none", "·")]
    {
        let cell = format!("<td class=\"{state}\" title=\"2026-");
        assert!(page.contains(&cell) && page.contains(&format!("<b>{mark}</b>")), "{state}");
    }
    assert_eq!(page.matches("<td class=\"").count() - page.matches("<td class=\"day\">").count(), 57);
    assert!(page.contains("<td class=\"none\" title=\"2026-10-29: no backup\">29<b>·</b></td>"));
    assert!(page.contains("title=\"2026-11-23: 2 backups, 1 to restore; "), "{page}");
    assert!(page.contains("<bdi>prod &lt;1&gt;</bdi>") && !page.contains("prod <1>"));
    let plain = page.replace('\u{a0}', " ");
    for words in [
        "The newest backup cannot be restored",
        "A gap of 23 days",
        "(8 hours ago)",
        "+244.1 KiB a day",
        "November 2026",
    ] {
        assert!(plain.contains(words), "{words}");
    }
    for word in ["<script", "<img", "<link", " src=", " href=", " style=", "http:", "https:"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
}
