//! A pipeline's night: three hundred backups of three clusters, every report from one run, and what may go wrong meanwhile.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use snapshot_builder::{Builder, Put};

use crate::run::{assay, run};
use crate::tarball::text;

/// Nights of which each cluster has a backup.
const NIGHTS: usize = 100;
/// When the runs are made: the morning after the last of them.
const NOW: &str = "2026-09-13T06:00:00Z";

/// A snapshot of a cluster of Kubernetes with hardly anything in it; it tells no time.
fn snapshot(cluster: usize) -> Vec<u8> {
    let (key, mut builder) = ("/registry/namespaces/kube-system", Builder::new());
    let value = format!(
        r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"kube-system","uid":"uid-{cluster}"}}}}"#
    );
    let put = Put { key: key.as_bytes(), value: value.as_bytes(), create: 2, modified: 2, version: 1, lease: 0 };
    builder.put(2, 0, &put).build()
}

/// The name of a night's backup: `cluster-0/snapshot_2026-09-12_010203.db` is the last of its cluster.
fn name(cluster: usize, night: usize) -> String {
    let days_before = NIGHTS - 1 - night;
    let day: jiff::civil::Date = "2026-09-12".parse().unwrap();
    let day = day.checked_sub(jiff::Span::new().days(i64::try_from(days_before).unwrap())).unwrap();
    format!("cluster-{cluster}/snapshot_{day}_010203.db")
}

/// Three hundred backups. Of the first cluster each tenth is damaged, and the newest; one file is empty.
fn backups() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for cluster in 0..3 {
            let good = snapshot(cluster);
            fs::create_dir(dir.path().join(format!("cluster-{cluster}"))).unwrap();
            for night in 0..NIGHTS {
                let mut bytes = good.clone();
                if cluster == 0 && night % 10 == 9 {
                    *bytes.last_mut().unwrap() ^= 1;
                }
                fs::write(dir.path().join(name(cluster, night)), bytes).unwrap();
            }
        }
        fs::write(dir.path().join("cluster-2/snapshot_2026-09-13_010203.db"), "").unwrap();
        dir
    })
    .path()
}

fn at_the_time<'l>(line: &[&'l str]) -> Vec<&'l str> {
    [&["verify", "--now", NOW], line].concat()
}

#[test]
fn every_report_comes_from_one_run_and_the_screen_is_one_screen() {
    let (dir, out) = (backups(), tempfile::tempdir().unwrap());
    let forms = ["human", "json", "junit", "sarif", "html", "prometheus"];
    let files: Vec<PathBuf> = forms.iter().map(|form| out.path().join(form)).collect();
    let options: Vec<String> =
        forms.iter().zip(&files).map(|(form, file)| format!("-o{form}={}", text(file))).collect();
    let mut line = at_the_time(&["-o", "human", text(dir)]);
    line.extend(options.iter().map(String::as_str));
    let run = run(&line);
    assert_eq!(run.code, Some(2), "one file is empty: {}", run.err);

    let screen: Vec<&str> = run.out.lines().collect();
    let wide: Vec<&&str> = screen.iter().filter(|line| line.chars().count() > 80).collect();
    assert!(screen.len() <= 80 && wide.is_empty(), "{} lines, too wide: {wide:#?}", screen.len());
    assert!(screen[0].starts_with("FAIL  cluster-0/"), "the worst first: {}", run.out);
    assert!(screen[0].contains("SNAP-003 trailer-mismatch"), "{}", run.out);
    for part in [
        "PASS  290 backups, nothing stands against a restore",
        "300 judged: 10 fail, 290 pass",
        "uid-0                          100  2026-09-12 01:02*  FAIL  2026-09-11 01:02*",
        "uid-1                          100  2026-09-12 01:02*  PASS  it is",
        "by its name (*); now is 2026-09-13 06:00",
        "1 input could not be read",
    ] {
        assert!(run.out.contains(part), "no `{part}` in\n{}", run.out);
    }
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), run.out, "in a file it is the same");

    let document: Value = serde_json::from_slice(&fs::read(&files[1]).unwrap()).unwrap();
    let numbers = ["judged", "pass", "warn", "fail", "unreadable"].map(|name| document["run"][name].as_u64().unwrap());
    assert_eq!(numbers, [300, 290, 0, 10, 1]);
    assert_eq!(document["artifacts"].as_array().unwrap().last().unwrap()["verdict"], "unreadable");
    let junit = fs::read_to_string(&files[2]).unwrap();
    assert_eq!((junit.matches("<testsuite ").count(), junit.matches("<failure ").count()), (302, 11));
    let sarif: Value = serde_json::from_slice(&fs::read(&files[3]).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "unreadable");
    let html = fs::read_to_string(&files[4]).unwrap();
    assert!(html.len() < 2_000_000 && html.matches("<tbody data-verdict=\"fail\"").count() == 10, "{}", html.len());
    let metrics = fs::read_to_string(&files[5]).unwrap();
    for sample in [
        "assay_complete 0",
        "assay_backups{verdict=\"unreadable\"} 1",
        "assay_backups{verdict=\"fail\"} 10",
        "assay_cluster_newest_good_timestamp_seconds{cluster=\"uid-0\"} 1789088523",
    ] {
        assert!(metrics.lines().any(|line| line == sample), "no `{sample}` in\n{metrics}");
    }
    let labels = metrics.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap().0);
    assert!(labels.clone().all(|labels| !labels.contains("2026")), "{metrics}");
    // nothing but the reports is there
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), forms.len());
}

/// What stands against clusters, by ID of the finding and name.
fn of_clusters(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    let of = |finding: &Value| format!("{} {}", finding["artifact"].as_str().unwrap(), finding["id"].as_str().unwrap());
    findings.map(of).filter(|it| it.starts_with("cluster ")).collect()
}

#[test]
fn the_newest_good_backup_of_each_cluster_must_be_young_enough() {
    let [first, second] = [0, 1].map(|cluster| backups().join(format!("cluster-{cluster}")));
    let document = |line: &[&str]| {
        let run = run(&[&at_the_time(&[text(&first), text(&second), "--json"]), line].concat());
        (run.code, serde_json::from_str::<Value>(&run.out).unwrap())
    };
    // a day and five hours old, and two days and five hours: the newest of the first cluster fails
    for (age, expected) in [
        ("60h", vec![]),
        ("30h", vec!["cluster uid-0 PAIR-046"]),
        ("28h", vec!["cluster uid-0 PAIR-046", "cluster uid-1 PAIR-046"]),
    ] {
        let (code, document) = document(&["--max-age", age]);
        assert_eq!(
            (code, of_clusters(&document)),
            (Some(1), expected.into_iter().map(str::to_owned).collect()),
            "{age}"
        );
    }
    let screen = run(&at_the_time(&[text(&second), "--newest", "1", "--max-age", "28h"]));
    assert_eq!(screen.code, Some(1));
    assert!(screen.out.starts_with("FAIL  cluster uid-1\n"), "{}", screen.out);
    assert!(screen.out.contains("by its name, 28 h ago; 28 h are allowed"), "{}", screen.out);
    assert!(screen.out.contains("99 older backups passed over, as --newest asks"), "{}", screen.out);
    let refused = run(&["verify", "--max-age", "28", text(&second)]);
    assert!(refused.code == Some(2) && refused.err.contains("such as 90m, 26h or 7d"), "{}", refused.err);
}

#[test]
fn what_is_too_damaged_to_tell_of_its_cluster_makes_no_further_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let (good, cut) = ("snapshot_2026-09-12_010203.db", "snapshot_2026-09-13_010203.db");
    fs::write(dir.path().join(good), snapshot(1)).unwrap();
    fs::write(dir.path().join(cut), &snapshot(1)[..2 * 4096]).unwrap();
    let line = |age| run(&at_the_time(&[text(dir.path()), "--json", "--max-age", age]));
    let held = |age| of_clusters(&serde_json::from_str(&line(age).out).unwrap());
    assert_eq!((held("48h"), held("28h")), (vec![], vec!["cluster uid-1 PAIR-046".to_owned()]));
    // where nothing tells of a cluster, there still has to be a good one
    fs::remove_file(dir.path().join(good)).unwrap();
    assert_eq!(held("48h"), ["cluster unknown PAIR-047"]);
}

#[test]
fn only_the_newest_of_each_cluster_are_judged() {
    let run = run(&at_the_time(&[text(backups()), "--newest", "2", "--json", "--max-age", "1w"]));
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let numbers =
        ["judged", "pass", "fail", "unreadable", "passedOver"].map(|it| document["run"][it].as_u64().unwrap());
    assert_eq!(numbers, [6, 5, 1, 1, 294], "what cannot be read is told all the same: {}", run.err);
    let mut judged: Vec<&str> =
        document["artifacts"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    judged.retain(|path| path.ends_with(".db"));
    for (cluster, night) in [(0, 98), (0, 99), (1, 98), (1, 99), (2, 98), (2, 99)] {
        let name = name(cluster, night);
        assert!(judged.iter().any(|path| path.ends_with(&name)), "{name} is not in {judged:?}");
    }
    assert_eq!(of_clusters(&document), Vec::<String>::new());
    // the newest of the first cluster fails, and there is no other
    let one = crate::run::run(&at_the_time(&[text(backups()), "--newest", "1", "--json", "--max-age", "1w"]));
    assert_eq!(of_clusters(&serde_json::from_str(&one.out).unwrap()), ["cluster uid-0 PAIR-047"]);
    let stream = crate::run::run(&["verify", "--newest", "1", "-"]);
    assert!(stream.code == Some(2) && stream.err.contains("standard input can be read once"), "{}", stream.err);
}

#[test]
fn two_forms_for_one_place_and_a_report_over_a_backup_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (backup, bytes) = (dir.path().join("snapshot.db"), snapshot(0));
    fs::write(&backup, &bytes).unwrap();
    let (path, other) = (text(&backup), format!("json={}", text(&dir.path().join("none/report"))));
    let own = format!("junit={path}");
    for (line, said) in [
        (&["-o", "human", "-o", "json"][..], "two forms go to standard output"),
        (&["--json", "-o", "human"], "two forms go to standard output"),
        (&["-o", "html=a", "-o", "json=a"], "two forms go to `a`"),
        (&["-o", &own], "is to be judged: write the report to another file"),
        (&["-o", &other], "none/report`: No such file or directory"),
        (&["-o", "yaml=x"], "invalid value 'yaml'"),
        (&["-o", "json="], "invalid value 'json='"),
    ] {
        let run = run(&[&["verify", path], line].concat());
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}: {}", run.err);
        assert!(run.err.contains(said), "{line:?}: {}", run.err);
    }
    assert!(fs::read(&backup).unwrap() == bytes, "it was written to");
    // what has its form in a file alone says nothing
    let report = dir.path().join("report.json");
    let quiet = run(&["verify", path, "-o", &format!("json={}", text(&report))]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (Some(0), "", ""));
    let both = run(&["verify", path, "--json", "-o", &format!("human={}", text(&report))]);
    assert!(both.out.starts_with('{') && fs::read_to_string(&report).unwrap().starts_with("PASS"), "{}", both.err);
}

/// The second of three backups is a pipe: it is under way until this test lets it end.
#[test]
fn a_signal_ends_a_run_after_the_backup_that_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let [first, pipe, last, report] = ["first.db", "pipe.db", "last.db", "report.json"].map(path);
    for file in [&first, &last] {
        fs::write(file, snapshot(0)).unwrap();
    }
    assert!(fixtures::tool("mkfifo").unwrap().arg(&pipe).status().unwrap().success());
    for signal in [Signal::INT, Signal::TERM] {
        let line = ["verify", &first, &pipe, &last, "-o", "human", "-o", &format!("json={report}")];
        let mut child = assay(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // opens when the other end is
        let mut end = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        err.read_line(&mut said).unwrap();
        assert!(said.contains("the run ends after this backup"), "{said}");
        end.write_all(&snapshot(1)).unwrap();
        drop(end);
        let output = child.wait_with_output().unwrap();
        let screen = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{screen}");
        assert!(screen.contains("2 judged: 2 pass") && screen.contains("cut short by a signal"), "{screen}");
        let document: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
        assert_eq!((&document["run"]["cutShort"], &document["run"]["judged"]), (&true.into(), &2.into()));
        assert_eq!(document["verdict"], "fail");
        assert!(!document.to_string().contains("last.db"), "it was not begun");
    }
}

/// The working directory's file, the user's own, the environment and the line, each before the one before it.
#[test]
fn what_is_set_elsewhere_holds_and_is_told_with_its_source() {
    let dir = tempfile::tempdir().unwrap();
    let (here, own) = (dir.path().join("here"), dir.path().join("xdg/assay"));
    fs::create_dir(&here).unwrap();
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("assay.toml"), "threads = 1\ncolor = 'always'\n[verify]\nmax-age = '1d'\n").unwrap();
    fs::write(here.join("assay.toml"), "color = 'never'\n[verify]\nfail-on = 'medium'\n").unwrap();
    fs::write(here.join("s.db"), snapshot(0)).unwrap();
    let run = |line: &[&str], set: &[(&str, &str)]| {
        let mut command = assay(line);
        command.current_dir(&here).env("XDG_CONFIG_HOME", dir.path().join("xdg")).envs(set.iter().copied());
        crate::run::Run::from(command.output().unwrap())
    };
    let shown = run(&["config", "show"], &[("ASSAY_NEWEST", "3"), ("ASSAY_COLOR", "")]);
    let said = |option: &str| -> Vec<String> {
        let line = shown.out.lines().find(|line| line.trim_start().starts_with(option)).unwrap_or_default();
        line.trim_start()
            .trim_start_matches(option)
            .split("  ")
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect()
    };
    assert_eq!(said("--color"), ["never", "assay.toml, line 1"], "{}{}", shown.out, shown.err);
    assert_eq!(said("--threads")[0], "1");
    assert!(said("--threads")[1].ends_with("xdg/assay/assay.toml, line 1"), "{}", shown.out);
    assert_eq!(said("verify --fail-on"), ["medium", "assay.toml, line 3"]);
    assert_eq!(said("verify --newest"), ["3", "environment: ASSAY_NEWEST"]);
    assert_eq!(said("verify --policy"), ["none", "default"]);
    // nothing tells the age of this one, and the file asks for it
    let judged = run(&["verify", "s.db", "--json"], &[]);
    assert!(judged.code == Some(1) && judged.out.contains("PAIR-046"), "{}{}", judged.out, judged.err);
    assert!(judged.out.contains("\"failOn\": \"medium\""), "{}", judged.out);
    let line = run(&["verify", "s.db", "--json", "--fail-on", "never"], &[("ASSAY_FAIL_ON", "high")]);
    assert!(line.code == Some(0) && line.out.contains("\"failOn\": \"never\""), "{}", line.out);

    fs::write(here.join("assay.toml"), "[verify]\nfail_on = 'never'\n").unwrap();
    let refused = run(&["verify", "s.db"], &[]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(refused.err.starts_with("error: assay.toml, line 2: `fail_on` cannot be set there"), "{}", refused.err);
    assert_eq!(run(&["verify", "--help"], &[]).code, Some(0), "help needs no settings");
}
