//! What lies beneath the newest version of an object.

use std::fs;

use serde_json::Value;

use crate::moto::{Act, BUCKET, Moto, Proxy, SECRETS};
use crate::other_stores::{RIGHTS, user};
use crate::services::post;
use crate::support::{Ended, Place, flipped, snapshot};

const T: &str = "2026-11-23_090915";

/// A store whose bucket keeps versions, and lets none be deleted before its time.
fn store() -> Option<Moto> {
    let moto = Moto::start()?;
    moto.ask("PUT", "/locked", "x-amz-bucket-object-lock-enabled: true\r\n", b"");
    let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    moto.ask("PUT", &format!("/{BUCKET}?versioning"), "", on);
    Some(moto)
}

/// Puts an object, or, without a body, deletes it; gives the id of that version.
fn put(moto: &Moto, key: &str, body: Option<&[u8]>, headers: &str) -> String {
    let method = if body.is_some() { "PUT" } else { "DELETE" };
    let answer = moto.ask(method, key, headers, body.unwrap_or_default());
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let (_, rest) = answer.split_once("x-amz-version-id: ").unwrap();
    rest.split_once("\r\n").unwrap().0.to_owned()
}

fn run(place: &Place, port: u16, words: &[&str]) -> Ended {
    let ended: Ended = Moto::command(place, port, words).output().unwrap().into();
    for secret in SECRETS {
        assert!(!format!("{ended:?}").contains(secret), "{ended:?}");
    }
    ended
}

fn ok(place: &Place, port: u16, words: &[&str]) -> Ended {
    let ended = run(place, port, words);
    assert_eq!(ended.code, 0, "{words:?}: {ended:?}");
    ended
}

fn plan(place: &Place, port: u16, sources: &[&str], more: &[&str]) -> Ended {
    crate::support::assay();
    let at = place.address("run");
    let sources = sources.iter().flat_map(|source| ["--source", source]);
    let words: Vec<&str> = ["plan", "--versions", "--run", &at, "--retries", "2"].into_iter().chain(sources).collect();
    ok(place, port, &[&words, more].concat())
}

/// Judges and merges what was planned.
fn rows(place: &Place, port: u16) -> Option<Vec<Value>> {
    let at = place.address("run");
    ok(place, port, &["judge", "--run", &at, "--shard", "0"]);
    ok(place, port, &["merge", "--run", &at]);
    place.rows("run/verdicts.ndjson.zst")
}

#[test]
fn what_was_overwritten_or_deleted_is_judged_and_told_of_where_it_is_better_than_what_is_seen() {
    let Some(moto) = store() else { return };
    let place = Place::new();
    let name = |cluster: &str| format!("/{BUCKET}/{cluster}/snapshot_{T}.db");
    let (good, bad) = (snapshot(), flipped());
    let overwritten = put(&moto, &name("a"), Some(&good), "");
    put(&moto, &name("a"), Some(&bad), "");
    let deleted = put(&moto, &name("b"), Some(&good), "");
    let marker = put(&moto, &name("b"), None, "");
    put(&moto, &name("c"), Some(&good), "");
    let older = format!("/{BUCKET}/c/snapshot_2026-11-01_000000.db");
    put(&moto, &older, Some(&good), "");
    put(&moto, &older, None, "");
    // retention keeps what is there from being taken away, and nothing from being put on top
    let hold = "x-amz-object-lock-mode: COMPLIANCE\r\nx-amz-object-lock-retain-until-date: 2099-01-01T00:00:00Z\r\n\
                x-amz-sdk-checksum-algorithm: SHA256\r\n";
    let locked = format!("/locked/d/snapshot_{T}.db");
    let held = put(&moto, &locked, Some(&good), hold);
    put(&moto, &locked, Some(b"garbage"), "");
    let csv = place.path("clusters.csv");
    let list = ["a", "b", "c"].map(|name| format!("{name},s3://{BUCKET}/{name},60d\n")).concat();
    fs::write(&csv, format!("cluster,prefix,rpo\n{list}d,s3://locked/,60d\n")).unwrap();
    // a store has a thousand in a page, this one two
    let pages = Proxy::start(moto.port, |it| match it.path.contains("versions") {
        true => Act::Query("max-keys=2"),
        false => Act::Pass,
    });
    let sources = [&*format!("s3://{BUCKET}/"), "s3://locked/"];
    let planned = plan(&place, pages.port, &sources, &["--inventory", csv.to_str().unwrap()]);
    assert!(pages.count("version-id-marker") >= 3, "{} further pages", pages.count("version-id-marker"));
    let said =
        format!("4 versions beneath the newest; hidden by a delete marker: 2 objects, such as s3:/{}\n", name("b"));
    assert!(planned.err.contains(&said), "{planned:?}");
    let summary = place.json("run/plan.json");
    assert_eq!((&summary["items"], &summary["beneath"], &summary["deleteMarkers"]), (&7.into(), &4.into(), &2.into()));

    let Some(rows) = rows(&place, moto.port) else { return };
    let of = |version: &str| rows.iter().find(|row| row["version"] == version).unwrap();
    for (version, kind) in [(&overwritten, "version"), (&deleted, "delete-marker"), (&held, "version")] {
        let row = of(version);
        assert_eq!((&row["verdict"], &row["over"]["kind"]), (&"pass".into(), &kind.into()), "{row}");
        assert_eq!((&row["newest"], &row["depth"]), (&false.into(), &"full".into()), "{row}");
    }
    assert_eq!(of(&deleted)["over"]["version"], *marker);
    let findings = place.rows("run/findings.ndjson.zst").unwrap();
    let half =
        |version: &str| findings.iter().any(|row| row["item"] == of(version)["item"] && row["id"] == "FLEET-001");
    assert!(!half(&overwritten), "no tarball is looked for beneath");

    let report = run(&place, moto.port, &["report", "--run", &place.address("run")]);
    assert_eq!(report.code, 1, "{report:?}");
    let head = "4 clusters: 1 no backup at all, 2 none judged good, 1 good\n";
    assert!(report.out.starts_with(head), "{report:?}");
    let (_, beneath) = report.out.split_once("newer than the newest good that is seen:\n").unwrap();
    let beneath: Vec<&str> = beneath.lines().take(7).collect();
    let told =
        |what: &str, at: &str, version: &str| format!("  of 2026-11-23T09:08:48Z, {what}: s3:/{at}, version {version}");
    let expected = [
        "b".to_owned(),
        told("deleted", &name("b"), &deleted),
        "a".to_owned(),
        told("overwritten", &name("a"), &overwritten),
        "d".to_owned(),
        told("overwritten", &locked, &held),
        String::new(),
    ];
    assert_eq!(beneath, expected, "{}", report.out);
    assert!(report.out.contains("verdicts: 2 fail, 1 pass\nbeneath the newest versions: 4 pass\n"), "{report:?}");
}

#[test]
fn of_what_lies_beneath_the_newest_of_each_cluster_is_read_whole() {
    let Some(moto) = store() else { return };
    let place = Place::new();
    let key = format!("/{BUCKET}/a/latest.db");
    let versions = [0, 1, 2, 3].map(|_| put(&moto, &key, Some(&snapshot()), ""));
    plan(&place, moto.port, &[&format!("s3://{BUCKET}/")], &["--sample", "0%"]);
    let Some(items) = place.rows("run/plan.ndjson.zst") else { return };
    let told: Vec<_> = items.iter().map(|row| (row["files"][0]["version"].clone(), row["depth"].clone())).collect();
    // in the order of a plan: the newest, then what lies beneath, the newest of that first
    let order = [(3, "full"), (2, "full"), (1, "quick"), (0, "quick")];
    let expected = order.map(|(at, depth)| (Value::from(&*versions[at]), Value::from(depth)));
    assert_eq!(told, expected);
}

/// What was the newest when it was judged is carried as what it is by now.
#[test]
fn a_version_that_is_carried_and_lies_beneath_by_now_is_no_backup_any_more() {
    let Some(moto) = store() else { return };
    let place = Place::new();
    let key = format!("/{BUCKET}/a/latest.db");
    let good = put(&moto, &key, Some(&snapshot()), "");
    let source = format!("s3://{BUCKET}/");
    plan(&place, moto.port, &[&source], &[]);
    let Some(rows) = rows(&place, moto.port) else { return };
    assert_eq!((&rows[0]["newest"], &rows[0]["over"]), (&true.into(), &Value::Null));
    let on_top = put(&moto, &key, Some(&flipped()), "");
    // which day it is due is told by its id: on one of two days in a row it is carried
    let since = place.address("run");
    let states = ["2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"].map(|now| {
        let at = place.address(now);
        let words = ["plan", "--versions", "--source", &source, "--run", &at, "--since-run", &since, "--now", now];
        ok(&place, moto.port, &words);
        ok(&place, moto.port, &["judge", "--run", &at, "--shard", "0"]);
        ok(&place, moto.port, &["merge", "--run", &at]);
        let rows = place.rows(&format!("{now}/verdicts.ndjson.zst")).unwrap();
        let row = rows.iter().find(|row| row["version"] == *good).unwrap();
        assert_eq!((&row["newest"], &row["over"]["version"]), (&false.into(), &on_top.as_str().into()), "{row}");
        let report = run(&place, moto.port, &["report", "--run", &at]);
        assert!(report.code == 1 && report.out.contains(&format!(", version {good}\n")), "{report:?}");
        row["state"].as_str().unwrap().to_owned()
    });
    assert!(states.contains(&"carried".to_owned()), "{states:?}");
}

#[test]
fn what_is_put_on_top_after_the_plan_changes_nothing_and_a_version_that_is_gone_is_told() {
    let Some(moto) = store() else { return };
    let place = Place::new();
    let (one, two) = (format!("/{BUCKET}/a/one.db"), format!("/{BUCKET}/a/two.db"));
    put(&moto, &one, Some(&snapshot()), "");
    let gone = put(&moto, &two, Some(&snapshot()), "");
    put(&moto, &two, Some(&flipped()), "");
    plan(&place, moto.port, &[&format!("s3://{BUCKET}/")], &["--depth", "full"]);
    put(&moto, &one, Some(b"another"), "");
    moto.ask("DELETE", &format!("{two}?versionId={gone}"), "", b"");
    put(&moto, &two, None, "");
    // the body breaks off, again and again: what lies on top by now has nothing to do with it
    let proxy = Proxy::start(moto.port, |it| if it.path.contains("one.db") { Act::Cut(50) } else { Act::Pass });
    let at = place.address("run");
    let broken = run(&place, proxy.port, &["judge", "--run", &at, "--shard", "0", "--retries", "2"]);
    assert_eq!(broken.code, 75, "{broken:?}");
    let Some(rows) = rows(&place, moto.port) else { return };
    let told: Vec<_> = rows.iter().map(|row| (row["state"].as_str().unwrap(), row["verdict"].as_str())).collect();
    assert_eq!(told, [("judged", Some("pass")), ("judged", Some("fail")), ("vanished", None)]);
}

#[test]
fn versions_are_asked_for_by_name_where_there_are_none_and_not_where_they_may_not_be_listed() {
    let place = Place::new();
    let at = place.address("run");
    for source in [&*place.address("source"), "az://backups/", "gs://backups/"] {
        let refused = place.run(&["plan", "--versions", "--source", source, "--run", &at]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("no versions can be listed here"), "{refused:?}");
        assert!(!place.path("run").exists());
    }
    let Some(moto) = store() else { return };
    let words = ["plan", "--versions", "--source", &format!("s3://{BUCKET}/"), "--run", &at, "--retries", "2"];
    type Answer = fn(usize) -> Act;
    let table: [(&str, Answer, i32, &str, usize); 4] = [
        ("no right", |_| Act::Answer("403 Forbidden", "AccessDenied"), 2, "s3:ListBucketVersions", 1),
        ("slow twice", |at| if at < 2 { Act::Answer("503 Slow Down", "SlowDown") } else { Act::Pass }, 0, "", 3),
        ("slow for ever", |_| Act::Answer("503 Slow Down", "SlowDown"), 75, "(SlowDown)", 3),
        ("expired", |_| Act::Answer("400 Bad Request", "ExpiredToken"), 75, "does not take these credentials", 1),
    ];
    for (what, answer, code, said, asked) in table {
        let proxy =
            Proxy::start(moto.port, move |it| if it.path.contains("versions") { answer(it.before) } else { Act::Pass });
        let ended = run(&place, proxy.port, &words);
        assert_eq!(ended.code, code, "{what}: {ended:?}");
        assert!(ended.err.contains(said), "{what}: {ended:?}");
        assert_eq!(ended.err.contains("s3:ListBucketVersions"), code == 2, "{what}: {ended:?}");
        assert_eq!(proxy.count("versions"), asked, "{what}");
    }
    // a store that knows no versions lists objects
    let other =
        Proxy::start(moto.port, |it| if it.path.contains("versions") { Act::Answer("200 OK", "x") } else { Act::Pass });
    let refused = run(&place, other.port, &words);
    assert!(refused.code == 2 && refused.err.contains("its answer lists no versions"), "{refused:?}");
}

/// What `--versions` asks for besides.
const MORE: [(&str, &str); 2] =
    [("s3:ListBucketVersions", "arn:aws:s3:::etcd-backups"), ("s3:GetObjectVersion", "arn:aws:s3:::etcd-backups/*")];

#[test]
fn two_more_rights_are_enough_for_versions_and_each_is_needed() {
    let Some(moto) = store() else { return };
    let place = Place::new();
    put(&moto, &format!("/{BUCKET}/a/one.db"), Some(&snapshot()), "");
    put(&moto, &format!("/{BUCKET}/a/one.db"), Some(&flipped()), "");
    let users = ["all", "neither-list", "neither-get"];
    let rights = [vec![MORE[0], MORE[1]], vec![MORE[1]], vec![MORE[0]]];
    let users: Vec<(String, String)> =
        users.iter().zip(&rights).map(|(name, more)| user(&moto, name, &[&RIGHTS[2..], more].concat())).collect();
    post(moto.port, "/moto-api/reset-auth", "text/plain", b"0");
    crate::support::assay();
    let run = |who: &(String, String), words: &[&str]| moto.run_as(who, &place, words);
    let at = "s3://fleet-results/runs/versions/";
    let plan = ["plan", "--versions", "--source", "s3://etcd-backups/", "--run", at];
    let judge = ["judge", "--run", at, "--shard", "0"];
    let refused = run(&users[1], &plan);
    assert!(refused.code == 2 && refused.err.contains("s3:ListBucketVersions"), "{refused:?}");
    assert_eq!(run(&users[0], &plan).code, 0);
    let refused = run(&users[2], &judge);
    assert!(refused.code == 64 && refused.err.contains("refuses"), "{refused:?}");
    assert_eq!(run(&users[0], &judge).code, 0);
    assert_eq!(run(&users[0], &["merge", "--run", at]).out, "2 backups: 2 judged\n");
}
