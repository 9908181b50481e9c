//! What a run takes from the one before.

use std::fs;

use crate::support::{Place, snapshot};

const T: &str = "2026-11-23_090915";

#[test]
fn what_an_earlier_run_judged_is_carried_until_it_is_due() {
    let place = crate::files::fleet();
    let shards = place.plan("one", &[]);
    place.judge("one", shards);
    place.ok(&["merge", "--run", &place.address("one")]);
    place.put("d/new.db", &snapshot());
    let since = place.address("one");
    // which day an item is due is told by its id: on one of two days in a row at least half are carried
    let runs = ["2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"].map(|now| {
        let run = format!("at-{now}");
        let shards = place.plan(&run, &["--since-run", &since, "--now", now]);
        place.judge(&run, shards);
        place.ok(&["merge", "--run", &place.address(&run)]);
        place.json(&format!("{run}/run.json"))
    });
    for run in &runs {
        let count = |state: &str| run["states"][state].as_u64().unwrap_or(0);
        assert_eq!(count("carried") + count("judged"), 6, "{run}");
        assert!(count("carried") >= 3 && count("judged") >= 1, "{run}");
        assert_eq!(run["verdicts"], serde_json::json!({"fail": 3, "pass": 2, "warn": 1}));
    }
    let late = place.plan("late", &["--since-run", &since, "--now", "2026-12-29T12:00:00Z"]);
    assert_eq!((late, &place.json("late/plan.json")["carried"]), (1, &0.into()));
}

/// It is due on one day of thirty, which its id tells.
#[test]
fn what_was_judged_whole_is_judged_whole_again_when_it_is_due() {
    let place = Place::new();
    place.put("a/snapshot_2026-11-22_000000.db", &snapshot());
    place.put("a/snapshot_2026-11-23_000000.db", &snapshot());
    let shards = place.plan("one", &[]);
    place.judge("one", shards);
    place.ok(&["merge", "--run", &place.address("one")]);
    let (source, one) = (place.address("source"), place.address("one"));
    let mut due = 0;
    for at in 0..30 {
        let (month, day) = if at == 0 { (11, 30) } else { (12, at) };
        let (run, day) = (format!("day-{at}"), format!("2026-{month}-{day:02}T00:00:00Z"));
        let words = ["plan", "--source", &source, "--run", &place.address(&run), "--since-run", &one, "--now", &day];
        place.ok(&[&words[..], &["--sample", "0%"]].concat());
        let plan = place.json(&format!("{run}/plan.json"));
        assert_eq!(plan["quick"], 0, "{day}");
        due += 2 - plan["carried"].as_u64().unwrap();
    }
    assert_eq!(due, 2);
}

#[test]
fn what_shrank_or_grew_since_the_run_before_is_read_whole() {
    let place = Place::new();
    let before = place.put(&format!("a/snapshot_{T}.db"), &snapshot());
    assert_eq!(place.plan("one", &[]), 1);
    place.judge("one", 1);
    place.ok(&["merge", "--run", &place.address("one")]);
    // the one before is gone, so that only the run before knows its size
    fs::remove_file(before).unwrap();
    let larger = snapshot().repeat(3);
    (24..27).for_each(|day| drop(place.put(&format!("a/snapshot_2026-11-{day}_000000.db"), &larger)));
    let (source, one) = (place.address("source"), place.address("one"));
    let quick = |run: &str, more: &[&str]| {
        let at = place.address(run);
        place.ok(&[&["plan", "--source", &source, "--run", &at, "--sample", "0%"], more].concat());
        place.json(&format!("{run}/plan.json"))["quick"].as_u64().unwrap()
    };
    assert_eq!((quick("alone", &[]), quick("next", &["--since-run", &one])), (2, 0));
}

/// Which of several was the first after an upgrade is not known before they are read: all are that may be it. Then it is known.
#[test]
fn all_that_may_be_the_first_after_an_upgrade_are_read_whole_until_it_is_known_which_was() {
    let place = Place::new();
    let put = |time: &str, fixture: &str| {
        place.put(&format!("a/snapshot_2026-11-23_{time}.db"), &fixtures::named(fixture).bytes());
    };
    // etcd 3.4 before, 3.6 after; what is between is not known
    put("090856", "plain-etcd34");
    put("090955", "aesgcm-rotated");
    let run = |name: &str, more: &[&str]| {
        let (source, at) = (place.address("source"), place.address(name));
        place.ok(&[&["plan", "--source", &source, "--run", &at, "--sample", "0%"], more].concat());
        let shards = place.json(&format!("{name}/plan.json"))["shards"].as_u64().unwrap();
        place.judge(name, shards);
        place.ok(&["merge", "--run", &at]);
        let rows = place.rows(&format!("{name}/plan.ndjson.zst"))?;
        let whole = rows.iter().filter(|row| row["depth"] == "full");
        let time = |row: &serde_json::Value| row["taken"].as_str().unwrap()[11..19].replace(':', "");
        Some(whole.map(time).collect::<Vec<_>>())
    };
    let Some(whole) = run("one", &["--depth", "full"]) else { return };
    assert_eq!(whole, ["090856", "090955"]);
    put("090915", "aescbc-rotated");
    put("090936", "partially-encrypted");
    put("100000", "aesgcm-rotated");
    let one = place.address("one");
    assert_eq!(run("alone", &[]).unwrap(), ["100000"], "the newest");
    let all = ["090856", "090915", "090936", "090955", "100000"];
    assert_eq!(run("two", &["--since-run", &one]).unwrap(), all);
    // 3.5 came with that of 9:09:15, and 3.6 after that of 9:09:36: nothing between these two is a first
    put("090900", "aesgcm-rotated");
    put("090920", "aesgcm-rotated");
    put("090940", "aesgcm-rotated");
    let two = place.address("two");
    let all = ["090856", "090900", "090915", "090936", "090940", "090955", "100000"];
    assert_eq!(run("three", &["--since-run", &two]).unwrap(), all);
}
