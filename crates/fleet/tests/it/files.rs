//! From files to results, in folders.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::support::{Place, flipped, snapshot, told};

const T: &str = "2026-11-23_090915";

/// Three clusters: a pair, a good and a bad snapshot, and noise.
pub(crate) fn fleet() -> Place {
    let place = Place::new();
    let pair = fixtures::named("aescbc-rotated");
    place.put(&format!("a/snapshot_{T}.db"), &pair.bytes());
    place.put(&format!("a/static_kuberesources_{T}.tar.gz"), &pair.tarball_bytes());
    place.put("b/snapshot_2026-11-24_090915.db", &flipped());
    place.put(&format!("b/snapshot_{T}.db"), &snapshot());
    place.put("c/empty.db", b"");
    place.put("c/noise.db", &[7; 4096]);
    place.put("c/notes.txt", b"not a backup");
    place
}

#[test]
fn a_fleet_is_planned_judged_and_merged() {
    let place = fleet();
    let shards = place.plan("run", &["--shard-items", "2"]);
    assert_eq!(shards, 3);
    let plan = place.json("run/plan.json");
    assert_eq!((&plan["items"], &plan["passedOver"]), (&5.into(), &1.into()));
    place.judge("run", shards);
    place.ok(&["merge", "--run", &place.address("run")]);
    assert_eq!(place.json("run/run.json")["verdicts"], serde_json::json!({"fail": 3, "pass": 1, "warn": 1}));
    assert_eq!(place.spooled(), [""; 0]);
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let expected = [
        (format!("a/snapshot_{T}.db"), "warn"),
        (format!("b/snapshot_{T}.db"), "pass"),
        ("b/snapshot_2026-11-24_090915.db".to_owned(), "fail"),
        ("c/empty.db".to_owned(), "fail"),
        ("c/noise.db".to_owned(), "fail"),
    ];
    assert_eq!(told(&rows, "verdict"), expected.map(|(name, verdict)| (name, verdict.to_owned())));
    assert_eq!((&rows[0]["encrypted"], &rows[1]["encrypted"]), (&true.into(), &false.into()));
    assert_eq!(rows[0]["clusterFrom"], "snapshot");
    assert!(rows[3]["error"].as_str().unwrap().contains("is empty"), "{}", rows[3]);
    let findings = place.rows("run/findings.ndjson.zst").unwrap();
    let of = |item: &serde_json::Value| findings.iter().filter(|row| row["item"] == *item).count();
    assert!(rows.iter().take(3).all(|row| of(&row["item"]) > 0));
    assert!(findings.iter().any(|row| row["id"] == "FLEET-001"), "half a pair is told");
    assert!(findings.iter().any(|row| row["id"] == "SNAP-003"), "the hash does not fit");
}

#[test]
fn equal_sources_and_times_make_equal_plans_and_a_run_is_planned_once() {
    let place = fleet();
    place.plan("one", &[]);
    place.plan("two", &[]);
    for name in ["plan.json", "plan.ndjson.zst"] {
        let read = |run: &str| fs::read(place.path(run).join(name)).unwrap();
        assert_eq!(read("one"), read("two"), "{name}");
    }
    place.plan("one", &[]);
    let (source, run) = (place.address("source"), place.address("one"));
    let other = ["plan", "--source", &source, "--run", &run, "--shard-items", "1"];
    let refused = place.run(&other);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("there is another plan"), "{refused:?}");
}

#[test]
fn a_quick_look_never_says_pass_and_what_it_suspects_is_judged_whole() {
    let place = Place::new();
    let whole = snapshot();
    place.put("a/good.db", &whole);
    place.put("a/flipped.db", &flipped());
    place.put("a/cut.db", &whole[..whole.len() - 5000]);
    place.put("a/no-hash.db", &whole[..whole.len() - 32]);
    place.put("a/packed.db.gz", &fixtures::gzip(&whole));
    place.put("a/noise.db", &[7; 100_000]);
    let (source, run) = (place.address("source"), place.address("run"));
    place.ok(&["plan", "--source", &source, "--run", &run, "--depth", "quick"]);
    place.judge("run", 1);
    place.ok(&["merge", "--run", &run]);
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let told: Vec<(&str, &str, &str)> = rows
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap();
            (text("uri").rsplit('/').next().unwrap(), text("depth"), text("verdict"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("cut.db", "full", "fail"),
            ("flipped.db", "quick", "plausible"),
            ("good.db", "quick", "plausible"),
            ("no-hash.db", "full", "fail"),
            ("noise.db", "full", "fail"),
            ("packed.db.gz", "full", "pass"),
        ]
    );
    let revision = |at: usize| rows[at]["revision"].as_i64();
    assert_eq!(revision(2), revision(5), "the look finds the newest revision that the judge finds");
    assert!(revision(2).is_some());
}

#[test]
fn what_is_gone_or_changed_since_it_was_planned_is_told_and_costs_nothing_else() {
    let place = fleet();
    let shards = place.plan("run", &[]);
    let at = |name: &str| place.path("source").join(name);
    fs::remove_file(at("c/noise.db")).unwrap();
    fs::write(at("c/empty.db"), b"another").unwrap();
    fs::set_permissions(at(&format!("b/snapshot_{T}.db")), fs::Permissions::from_mode(0o000)).unwrap();
    place.judge("run", shards);
    place.ok(&["merge", "--run", &place.address("run")]);
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let states: Vec<String> = told(&rows, "state").into_iter().map(|(_, state)| state).collect();
    // root reads what nobody may read
    let locked = if states[1] == "judged" { "judged" } else { "unreadable" };
    assert_eq!(states, ["judged", locked, "judged", "changed", "vanished"]);
    assert!(rows[3]["verdict"].is_null() && rows[4]["verdict"].is_null());
}

#[test]
fn a_judge_that_crashes_costs_one_item_and_is_asked_twice() {
    let place = Place::new();
    place.put("a/one.db", &snapshot());
    place.put("a/two.db", &snapshot());
    let (assay, log) = (crate::support::assay(), place.path("asked"));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in --version) ;; *) echo \"$*\" >>'{}';; esac\n\
         case \"$*\" in *one.db*) kill -SEGV $$;; esac\nexec '{}' \"$@\"\n",
        log.display(),
        assay.display()
    );
    let judge = place.path("assay");
    fixtures::program(&judge, &script);
    let judge = judge.to_str().unwrap();
    let (source, run) = (place.address("source"), place.address("run"));
    place.ok(&["plan", "--source", &source, "--run", &run, "--depth", "full", "--assay", judge]);
    place.ok(&["judge", "--run", &run, "--shard", "0", "--assay", judge]);
    place.ok(&["merge", "--run", &run]);
    let asked = fs::read_to_string(&log).unwrap();
    assert_eq!((asked.matches("one.db").count(), asked.matches("--no-mmap").count()), (2, 1), "{asked}");
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["judge-failed", "judged"]);
    assert_eq!(rows[0]["error"], "signal 11, twice");
}

#[test]
fn holes_are_named_and_parts_of_another_plan_do_not_count() {
    let place = fleet();
    let shards = place.plan("run", &["--shard-items", "2"]);
    place.plan("other", &["--shard-items", "2", "--no-keys"]);
    let run = place.address("run");
    place.ok(&["judge", "--run", &run, "--shard", "0"]);
    place.ok(&["judge", "--run", &place.address("other"), "--shard", "1"]);
    fs::copy(place.path("other/parts/00001.ndjson.zst"), place.path("run/parts/00001.ndjson.zst")).unwrap();
    let merged = place.run(&["merge", "--run", &run]);
    assert_eq!(merged.code, 3, "{merged:?}");
    assert!(merged.out.contains("missing: shard 1, 2\n"), "{merged:?}");
    assert!(merged.err.contains("it is of another plan"), "{merged:?}");
    place.ok(&["merge", "--run", &run, "--allow-incomplete"]);
    assert_eq!(place.json("run/run.json")["states"], serde_json::json!({"judged": 2, "unjudged": 3}));

    fs::remove_file(place.path("run/parts/00001.ndjson.zst")).unwrap();
    place.judge("run", shards);
    // a part that is cut, one that is another's
    let zero = fs::read(place.path("run/parts/00000.ndjson.zst")).unwrap();
    for (bytes, why) in [(&zero[..zero.len() / 2], "00002"), (&zero[..], "it is of another shard")] {
        fs::write(place.path("run/parts/00002.ndjson.zst"), bytes).unwrap();
        let merged = place.run(&["merge", "--run", &run]);
        assert_eq!(merged.code, 3, "{merged:?}");
        assert!(merged.out.contains("missing: shard 2\n") && merged.err.contains(why), "{merged:?}");
    }
}

#[test]
fn exit_codes_tell_an_engine_what_to_try_again() {
    let place = fleet();
    let shards = place.plan("run", &[]);
    let run = place.address("run");
    let beyond = shards.to_string();
    for (words, code) in [
        (vec!["judge", "--run", &run, "--shard", &beyond], 64),
        (vec!["judge", "--run", &run], 64),
        (vec!["judge", "--run", &run, "--shard", "x"], 64),
        (vec!["judge", "--run", "file:/nowhere/at/all", "--shard", "0"], 64),
        (vec!["judge", "--run", &run, "--shard", "0", "--spool", "/nowhere/at/all"], 75),
        (vec!["merge", "--run", "file:/nowhere/at/all"], 2),
        (vec!["plan"], 2),
        (vec!["--help"], 0),
        (vec!["judge", "--help"], 0),
    ] {
        let ended = place.run(&words);
        assert_eq!(ended.code, code, "{words:?}: {ended:?}");
    }
    let ended = place.command(&["judge", "--run", &run]).env("JOB_COMPLETION_INDEX", "0").output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn campaign_two_attempts_at_once_leave_one_part() {
    let place = fleet();
    place.plan("run", &[]);
    let run = place.address("run");
    for _ in 0..fixtures::rounds(3, 50) {
        let _ = fs::remove_dir_all(place.path("run/parts"));
        let start = || {
            let mut command = place.command(&["judge", "--run", &run, "--shard", "0"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let said: String = [start(), start()]
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                assert_eq!(output.status.code(), Some(0));
                String::from_utf8(output.stderr).unwrap()
            })
            .concat();
        let second = ["with the same bytes", "it is there already"].iter().filter(|word| said.contains(**word)).count();
        assert!(said.contains("5 items") && second == 1, "{said}");
        assert_eq!(fs::read_dir(place.path("run/parts")).unwrap().count(), 1);
    }
    assert_eq!(place.spooled(), [""; 0]);
}

#[test]
fn a_report_tells_clusters_first_and_ends_with_one_where_a_cluster_lacks_a_good_backup() {
    let place = fleet();
    let csv = place.path("clusters.csv");
    let source = place.address("source");
    let list = format!("cluster,prefix,rpo\nb,{source}/b,30d\nc,{source}/c,\nnowhere,{source}/d,\n");
    fs::write(&csv, list).unwrap();
    let shards = place.plan("run", &["--inventory", csv.to_str().unwrap()]);
    let run = place.address("run");
    assert_eq!(place.run(&["report", "--run", &run]).code, 2, "not merged yet");
    place.judge("run", shards);
    place.ok(&["merge", "--run", &run]);
    let out = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (page, junit, prom) = (out("fleet.html"), out("fleet.xml"), out("fleet.prom"));
    let words = ["report", "--run", &run, "--max-age", "26h", "--previous", &run];
    let words = [&words[..], &["--html", &page, "--junit", &junit, "--metrics", &prom]].concat();
    let told = place.run(&words);
    assert_eq!(told.code, 1, "{told:?}");
    let head: Vec<&str> = told.out.lines().take(2).collect();
    assert_eq!(
        head,
        [
            "4 clusters: 1 no backup at all, 1 none judged good, 1 newest good too old, 1 newest not good",
            "since the run before: 0 worse, 0 better, 0 new, 0 gone"
        ]
    );
    let told = place.run(&["report", "--run", &run, "--max-age", "26h", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let clusters: Vec<(&str, &str)> = document["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["cluster"].as_str().unwrap(), it["status"].as_str().unwrap()))
        .collect();
    let expected = [("nowhere", "missing"), ("c", "no-good"), ("prod-x7k2p", "stale"), ("b", "newest-bad")];
    assert_eq!(clusters, expected);
    assert_eq!(document["clusters"][3]["maxAgeSeconds"], 30 * 86_400);
    assert!(fs::read_to_string(&page).unwrap().contains("3 clusters without a backup to rely on"));
    if let Some(mut lint) = fixtures::tool("xmllint") {
        assert!(lint.args(["--noout", &junit]).status().unwrap().success());
    }
    if let Some(mut check) = fixtures::tool("promtool") {
        let metrics = fs::File::open(&prom).unwrap();
        let output = check.args(["check", "metrics"]).stdin(metrics).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    // all is well where nothing is asked that is not so
    fs::remove_dir_all(place.path("source/c")).unwrap();
    let shards = place.plan("well", &[]);
    place.judge("well", shards);
    place.ok(&["merge", "--run", &place.address("well")]);
    place.ok(&["report", "--run", &place.address("well")]);
}

/// What `job` prints, held to what is recorded: `scripts/lint-recipes` holds that to the linters.
#[test]
fn jobs_are_printed_as_recorded() {
    let place = Place::new();
    place.put("a/one.db", b"1");
    place.put("b/two.db", b"2");
    place.put("c/three.db", b"3");
    assert_eq!(place.plan("run", &["--shard-items", "1"]), 3);
    let run = place.address("run");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let claims = ["--claim", "backups:/backups", "--claim", "runs:/runs:rw"];
    let env = ["--env-from", "fleet-reader", "--namespace", "fleet", "--service-account", "fleet"];
    let compat = ["--compat", "--parallelism", "2"];
    for (name, words) in [
        ("job.yaml", [&["job", "kubernetes", "--run", &run], &env[..], &claims[..]].concat()),
        ("compat.yaml", [&["job", "kubernetes", "--run", &run], &compat[..]].concat()),
        ("array.sbatch", vec!["job", "slurm", "--run", &run, "--partition", "judge"]),
    ] {
        let printed = place.ok(&words).out.replace(place.folder.path().to_str().unwrap(), "/srv/fleet");
        if std::env::var_os("ASSAY_UPDATE_SCREENS").is_some() {
            fs::write(root.join(name), &printed).unwrap();
        }
        assert_eq!(printed, fs::read_to_string(root.join(name)).unwrap(), "{name}");
    }
    place.ok(&["judge", "--run", &run, "--shard", "1"]);
    let missing = place.ok(&["job", "slurm", "--run", &run, "--missing"]).out;
    assert!(missing.contains("#SBATCH --array=0,2%4\n"), "{missing}");
    place.judge("run", 3);
    let nothing = place.ok(&["job", "kubernetes", "--run", &run, "--missing"]);
    assert_eq!((nothing.out.as_str(), nothing.err.as_str()), ("", "nothing is missing\n"));
}

#[test]
fn of_the_newest_the_odd_and_the_sampled_all_is_read_and_of_the_rest_a_few_pages() {
    let place = Place::new();
    let (whole, other) = (snapshot(), snapshot().repeat(3));
    for day in 10..16 {
        place.put(&format!("a/snapshot_2026-11-{day}_000000.db"), if day == 12 { &other } else { &whole });
    }
    place.put("a/snapshot_2026-11-09_000000.db.gz", &fixtures::gzip(&whole));
    place.put("b/snapshot_2026-11-01_000000.db", &whole);
    let (source, assay) = (place.address("source"), crate::support::assay());
    assert!(assay.is_file());
    let depths = |run: &str, sample: &str| {
        let at = place.address(run);
        place.ok(&["plan", "--source", &source, "--run", &at, "--sample", sample]);
        let rows = place.rows(&format!("{run}/plan.ndjson.zst"))?;
        let quick = rows.iter().filter(|row| row["depth"] == "quick");
        Some(quick.map(|row| row["taken"].as_str().unwrap()[8..10].to_owned()).collect::<Vec<_>>())
    };
    let Some(quick) = depths("none", "0%") else { return };
    // 9 is compressed, 12 twice as large as 11, 13 half of 12, 15 the newest of its cluster, 1 the newest of its own
    assert_eq!(quick, ["11", "14"], "10 is the first that is not compressed, and so another size");
    assert_eq!(depths("all", "100%").unwrap(), [""; 0]);
    place.judge("none", 1);
    place.ok(&["merge", "--run", &place.address("none")]);
    assert_eq!(place.json("none/run.json")["verdicts"]["plausible"], 2);
    let report = place.ok(&["report", "--run", &place.address("none")]);
    assert!(report.out.starts_with("1 cluster: 1 good\n"), "{report:?}");
}
