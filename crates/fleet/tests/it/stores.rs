//! From a bucket to results, on good days and on bad ones.

use std::fs;
use std::sync::mpsc;

use serde_json::Value;

use crate::moto::{Act, BUCKET, Moto, Proxy, Request, SAID, SECRETS};
use crate::support::{Ended, Place, snapshot, told};

const T: &str = "2026-11-23_090915";

/// Runs the program against a store; nothing that it prints has a secret in it.
fn run(place: &Place, port: u16, words: &[&str]) -> Ended {
    let ended: Ended = Moto::command(place, port, words).output().unwrap().into();
    let printed = format!("{}{}", ended.out, ended.err);
    for secret in SECRETS.iter().chain(&[SAID]) {
        assert!(!printed.contains(secret), "{printed}");
    }
    ended
}

fn ok(place: &Place, port: u16, words: &[&str]) -> Ended {
    let ended = run(place, port, words);
    assert_eq!(ended.code, 0, "{words:?}: {ended:?}");
    ended
}

/// Plans the bucket into a folder, each item a shard of its own unless more is said.
fn plan(place: &Place, port: u16, more: &[&str]) {
    let (source, at) = (format!("s3://{BUCKET}/"), place.address("run"));
    let words = ["plan", "--source", &source, "--run", &at, "--depth", "full", "--retries", "2"];
    crate::support::assay();
    ok(place, port, &[&words, more].concat());
}

fn judge(place: &Place, port: u16, shard: &str) -> Ended {
    run(place, port, &["judge", "--run", &place.address("run"), "--shard", shard, "--retries", "2"])
}

/// The rows after a merge; no file of the run has a secret in it.
fn merged(place: &Place) -> Option<Vec<Value>> {
    place.ok(&["merge", "--run", &place.address("run")]);
    let rows = place.rows("run/verdicts.ndjson.zst")?;
    let all = format!("{rows:?}{:?}", place.rows("run/findings.ndjson.zst")?);
    for secret in SECRETS.iter().chain(&[SAID]) {
        assert!(!all.contains(secret), "{secret}");
    }
    Some(rows)
}

#[test]
fn a_bucket_is_planned_twice_alike_over_pages_markers_and_strangers() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    let pair = fixtures::named("aescbc-rotated");
    moto.put(&format!("a/snapshot_{T}.db"), &pair.bytes());
    moto.put(&format!("a/static_kuberesources_{T}.tar.gz"), &pair.tarball_bytes());
    moto.put("a/", b"");
    moto.put("b/good.db", &snapshot());
    moto.ask("PUT", &format!("/{BUCKET}/b/old.db"), "x-amz-storage-class: GLACIER\r\n", &snapshot());
    (0..3).for_each(|at| moto.put(&format!("n/{at}.txt"), b"x"));
    // a store has a thousand in a page, this one two
    let pages =
        Proxy::start(moto.port, |it| if it.path.contains("list-type") { Act::Query("max-keys=2") } else { Act::Pass });
    let source = format!("s3://{BUCKET}/");
    let runs = ["one", "two"].map(|run| {
        let at = format!("s3://fleet-results/runs/{run}/");
        let words = ["plan", "--source", &source, "--run", &at, "--depth", "full"];
        ok(&place, pages.port, &words);
        let get = |name: &str| {
            let answer = moto.ask("GET", &format!("/fleet-results/runs/{run}/{name}"), "", b"");
            let start = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
            answer[start..].to_vec()
        };
        (get("plan.json"), get("plan.ndjson.zst"))
    });
    assert!(runs[0] == runs[1], "equal sources and times make equal plans");
    let plan: Value = serde_json::from_slice(&runs[0].0).unwrap();
    let field = |name: &str| plan[name].as_u64().unwrap();
    assert_eq!((field("items"), field("passedOver"), field("shards")), (3, 4, 1));
    assert_eq!(plan["createOnly"], true);
    assert!(pages.count("continuation-token") >= 6, "{} further pages", pages.count("continuation-token"));

    let at = "s3://fleet-results/runs/one/";
    ok(&place, moto.port, &["judge", "--run", at, "--shard", "0"]);
    let again = ok(&place, moto.port, &["judge", "--run", at, "--shard", "0"]);
    assert!(again.err.contains("it is there already"), "{again:?}");
    let merged = ok(&place, moto.port, &["merge", "--run", at]);
    assert_eq!(merged.out, "3 backups: 2 judged, 1 archived\n");
    let report = ok(&place, moto.port, &["report", "--run", at]);
    assert!(report.out.starts_with("1 cluster: 1 newest not good\n"), "{report:?}");
    assert_eq!(place.spooled(), [""; 0]);
}

#[test]
fn what_became_of_objects_since_they_were_planned_is_told_of_each() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    for name in ["changed", "good", "refused", "vanished"] {
        moto.put(&format!("a/{name}.db"), &snapshot());
    }
    plan(&place, moto.port, &[]);
    moto.put("a/changed.db", b"another");
    moto.ask("DELETE", &format!("/{BUCKET}/a/vanished.db"), "", b"");
    let proxy = Proxy::start(moto.port, |request| match request {
        Request { path, .. } if path.contains("refused.db") => Act::Answer("403 Forbidden", "AccessDenied"),
        // a store that passes over the condition: the reply itself is compared
        Request { path, .. } if path.contains("changed.db") => Act::Without("if-match"),
        _ => Act::Pass,
    });
    let judged = judge(&place, proxy.port, "0");
    assert_eq!(judged.code, 0, "{judged:?}");
    let Some(rows) = merged(&place) else { return };
    let states: Vec<String> = told(&rows, "state").into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["changed", "judged", "unreadable", "vanished"]);
    assert_eq!(rows[2]["error"], "the store refuses it (AccessDenied)");
    let digest = |row: &Value| row["sha256"].as_str().map(str::len);
    assert_eq!(rows.iter().map(digest).collect::<Vec<_>>(), [None, Some(64), None, None]);
}

#[test]
fn bad_days_of_a_store_end_in_the_code_that_an_engine_needs() {
    let Some(moto) = Moto::start() else { return };
    let body = snapshot();
    type Rule = fn(&Request) -> Act;
    // what happens to requests for the one object; the exit code; state and requests at most
    let table: [(&str, Rule, i32, Option<&str>, usize); 7] = [
        (
            "slow twice",
            |it| if it.before < 2 { Act::Answer("503 Slow Down", "SlowDown") } else { Act::Pass },
            0,
            Some("judged"),
            3,
        ),
        ("slow for ever", |_| Act::Answer("503 Slow Down", "SlowDown"), 75, None, 3),
        ("cut once", |it| if it.before == 0 { Act::Cut(50) } else { Act::Pass }, 0, Some("judged"), 3),
        ("cut for ever", |_| Act::Cut(50), 75, None, 12),
        ("expired", |_| Act::Answer("400 Bad Request", "ExpiredToken"), 75, None, 1),
        ("archived", |_| Act::Answer("403 Forbidden", "InvalidObjectState"), 0, Some("archived"), 1),
        ("a delete marker", |_| Act::Answer("405 Method Not Allowed", "MethodNotAllowed"), 0, Some("vanished"), 1),
    ];
    for (what, rule, code, state, most) in table {
        let place = Place::new();
        moto.put("a/one.db", &body);
        plan(&place, moto.port, &[]);
        let proxy = Proxy::start(moto.port, move |it| if it.path.contains("one.db") { rule(it) } else { Act::Pass });
        let ended = judge(&place, proxy.port, "0");
        assert_eq!(ended.code, code, "{what}: {ended:?}");
        assert!((1..=most).contains(&proxy.count("one.db")), "{what}: {} requests", proxy.count("one.db"));
        assert_eq!(place.spooled(), [""; 0], "{what}");
        assert_eq!(place.path("run/parts").exists(), code == 0, "{what}: nothing is written");
        if let Some((rows, state)) = state.and_then(|state| Some((merged(&place)?, state))) {
            assert_eq!(rows[0]["state"], state, "{what}");
        }
    }
}

/// Whenever it expires, nothing is written, and a process with a new one does the shard.
#[test]
fn a_token_that_expires_on_the_way_ends_in_another_attempt() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    moto.put("a/two.db", &snapshot());
    let (source, at) = (format!("s3://{BUCKET}/"), "s3://fleet-results/token/");
    let words = ["plan", "--source", &source, "--run", at, "--depth", "full"];
    let mut command = Moto::command(&place, moto.port, &words);
    let planned: Ended = command.env("AWS_CREDENTIAL_EXPIRATION", "2026-11-29T00:00:00Z").output().unwrap().into();
    let warned = "warning: the session of these credentials ends at 2026-11-29T00:00:00Z, now over:";
    assert!(planned.code == 0 && planned.err.contains(warned), "{planned:?}");
    let judge = ["judge", "--run", at, "--shard", "0"];
    // plan, part, items, two objects, and the part again
    for valid in 0..6 {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let proxy =
            Proxy::start(moto.port, move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < valid {
                true => Act::Pass,
                false => Act::Answer("400 Bad Request", "ExpiredToken"),
            });
        let ended = run(&place, proxy.port, &judge);
        assert_eq!(ended.code, 75, "after {valid} requests: {ended:?}");
        assert!(ended.err.contains("does not take these credentials (ExpiredToken)"), "{ended:?}");
        assert_eq!((place.spooled(), moto.get("/fleet-results/token/parts/00000.ndjson.zst")), (vec![], None));
    }
    let ended = ok(&place, moto.port, &judge);
    assert!(ended.err.contains("2 items"), "{ended:?}");
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_is_never_a_mixture() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    plan(&place, moto.port, &[]);
    let port = moto.port;
    let proxy = Proxy::start(port, move |it| {
        let is_it = it.path.contains("one.db") && it.method == "GET";
        match it.before {
            0 if is_it => Act::Cut(50),
            1 if is_it => {
                Moto::replace(port, &format!("/{BUCKET}/a/one.db"), b"another, and shorter");
                Act::Pass
            }
            _ => Act::Pass,
        }
    });
    let ended = judge(&place, proxy.port, "0");
    assert_eq!(ended.code, 0, "{ended:?}");
    let Some(rows) = merged(&place) else { return };
    assert_eq!(rows[0]["state"], "changed");
}

#[test]
fn a_source_that_refuses_everything_is_an_error_and_no_row() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    moto.put("a/two.db", &snapshot());
    plan(&place, moto.port, &[]);
    let proxy = Proxy::start(moto.port, |_| Act::Answer("403 Forbidden", "AccessDenied"));
    assert_eq!(judge(&place, proxy.port, "0").code, 64);
    assert!(!place.path("run/parts").exists());
    let (source, at) = (format!("s3://{BUCKET}/"), place.address("other"));
    let refused = run(&place, proxy.port, &["plan", "--source", &source, "--run", &at]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("refused (AccessDenied)"), "{refused:?}");
}

#[test]
fn a_store_without_conditional_writes_is_noted_and_serves() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    let proxy = Proxy::start(moto.port, |_| Act::Without("if-none-match"));
    let (source, at) = (format!("s3://{BUCKET}/"), "s3://fleet-results/plain/");
    let planned = ok(&place, proxy.port, &["plan", "--source", &source, "--run", at, "--depth", "full"]);
    assert!(planned.err.contains("parts are written over"), "{planned:?}");
    ok(&place, proxy.port, &["judge", "--run", at, "--shard", "0"]);
    assert_eq!(ok(&place, proxy.port, &["merge", "--run", at]).out, "1 backup: 1 judged\n");
}

#[test]
fn a_quick_look_at_an_object_asks_for_a_few_blocks() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    let body = fixtures::named("aescbc-rotated").bytes();
    moto.put("a/one.db", &body);
    let (source, at) = (format!("s3://{BUCKET}/"), place.address("run"));
    ok(&place, moto.port, &["plan", "--source", &source, "--run", &at, "--depth", "quick"]);
    let proxy = Proxy::start(moto.port, |_| Act::Pass);
    ok(&place, proxy.port, &["judge", "--run", &at, "--shard", "0"]);
    let Some(rows) = merged(&place) else { return };
    assert_eq!((&rows[0]["verdict"], &rows[0]["revision"]), (&"plausible".into(), &1497.into()));
    assert!(proxy.count("one.db") <= 8, "{} requests for {} bytes", proxy.count("one.db"), body.len());
    // a store that gives out the whole object where a range was asked for: the object is read whole, once
    let place = Place::new();
    let at = place.address("run");
    ok(&place, moto.port, &["plan", "--source", &source, "--run", &at, "--depth", "quick"]);
    let proxy = Proxy::start(moto.port, |_| Act::Without("range"));
    ok(&place, proxy.port, &["judge", "--run", &at, "--shard", "0"]);
    let Some(rows) = merged(&place) else { return };
    assert_eq!((&rows[0]["verdict"], &rows[0]["depth"]), (&"pass".into(), &"full".into()));
    assert_eq!(proxy.count("one.db"), 2);
}

#[test]
fn a_judge_that_is_told_to_end_takes_its_spool_away_and_asks_for_another_attempt() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    moto.put("a/one.db", &snapshot());
    plan(&place, moto.port, &[]);
    let (told, heard) = mpsc::sync_channel(0);
    let told = std::sync::Mutex::new(told);
    let proxy = Proxy::start(moto.port, move |it| {
        if it.path.contains("one.db") && told.lock().unwrap().send(()).is_ok() { Act::Hang } else { Act::Pass }
    });
    let at = place.address("run");
    let mut child = Moto::command(&place, proxy.port, &["judge", "--run", &at, "--shard", "0"]).spawn().unwrap();
    heard.recv().unwrap();
    assert_eq!(place.spooled().len(), 1);
    let mut kill = fixtures::tool("sh").unwrap();
    assert!(kill.arg("-c").arg(format!("kill -TERM {}", child.id())).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
    assert_eq!(place.spooled(), [""; 0]);
    assert!(!place.path("run/parts").exists());
}

/// While one is judged the next is put down, and no more than that.
#[test]
fn there_are_never_more_than_two_items_in_a_spool() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    (0..6).for_each(|at| moto.put(&format!("a/{at}.db"), &snapshot()));
    plan(&place, moto.port, &[]);
    let spool = place.path("spool");
    let (told, heard) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let proxy = Proxy::start(moto.port, move |_| {
        // what a worker has put down, and the place of what it asks for
        let own =
            fs::read_dir(&spool).unwrap().flatten().flat_map(|own| fs::read_dir(own.path()).into_iter().flatten());
        told.lock().unwrap().send(own.flatten().filter(|it| it.path().is_dir()).count()).unwrap();
        Act::Pass
    });
    assert_eq!(judge(&place, proxy.port, "0").code, 0);
    let most: Vec<usize> = heard.try_iter().collect();
    assert_eq!((most.len(), most.iter().max()), (6, Some(&2)), "{most:?}");
}
