use super::*;
use crate::item::{ClusterFrom, OverKind};
use crate::outcome::{Counts, Facts};

/// A backup that was judged whole.
pub(crate) fn row(cluster: &str, uri: &str, taken: &str, verdict: Verdict) -> VerdictRow {
    VerdictRow {
        schema: String::new(),
        run: None,
        item: uri.to_owned(),
        shard: None,
        cluster: cluster.to_owned(),
        cluster_from: ClusterFrom::Inventory,
        folder: String::new(),
        uri: uri.to_owned(),
        etag: None,
        version: None,
        over: None,
        size: 0,
        modified: taken.to_owned(),
        depth: Depth::Full,
        newest: false,
        snapshot: true,
        state: State::Judged,
        verdict: Some(verdict),
        judged: None,
        worst: None,
        counts: Counts::default(),
        sha256: None,
        taken: taken.to_owned(),
        facts: Facts::default(),
        assay: String::new(),
        policy: None,
        error: None,
    }
}

/// The same, beneath a delete marker.
pub(in crate::report) fn hidden(cluster: &str, uri: &str, taken: &str, verdict: Verdict) -> VerdictRow {
    let marker = Over { kind: OverKind::DeleteMarker, version: "marker".into(), modified: taken.to_owned() };
    VerdictRow { version: Some("V1".into()), over: Some(marker), ..row(cluster, uri, taken, verdict) }
}

pub(in crate::report) fn asked() -> Asked {
    Asked { now: "2026-11-29T12:00:00Z".parse().unwrap(), max_age: Some(26 * 3600), keep: Some(3) }
}

#[test]
fn only_what_was_judged_whole_and_did_not_fail_is_good() {
    let (old, new) = ("2026-11-29T00:00:00Z", "2026-11-29T11:00:00Z");
    let good = || row("c", "old", old, Verdict::Warn);
    let next = |change: fn(&mut VerdictRow)| {
        let mut next = row("c", "new", new, Verdict::Pass);
        change(&mut next);
        vec![good(), next]
    };
    for (what, rows, status) in [
        ("nothing", vec![], Status::Missing),
        ("good", vec![good()], Status::Good),
        ("a newer good one", next(|_| ()), Status::Good),
        ("a newer that fails", next(|row| row.verdict = Some(Verdict::Fail)), Status::NewestBad),
        ("a newer that vanished", next(|row| (row.state, row.verdict) = (State::Vanished, None)), Status::NewestBad),
        (
            "a newer that was looked at",
            next(|row| {
                (row.depth, row.verdict) = (Depth::Quick, Some(Verdict::Plausible));
            }),
            Status::Good,
        ),
        // no quick look says so, but if one did
        ("a look that says pass", next(|row| row.depth = Depth::Quick).split_off(1), Status::NoGood),
        ("only looked at", next(|row| row.verdict = Some(Verdict::Plausible)).split_off(1), Status::NoGood),
        ("only a tarball", next(|row| row.snapshot = false).split_off(1), Status::Missing),
        ("a judge that failed", next(|row| row.state = State::JudgeFailed).split_off(1), Status::NoGood),
        ("too old", vec![row("c", "x", "2026-11-28T09:00:00Z", Verdict::Pass)], Status::Stale),
        (
            "a clock in the future",
            vec![VerdictRow {
                taken: "2030-01-01T00:00:00Z".into(),
                ..row("c", "x", "2026-11-28T09:00:00Z", Verdict::Pass)
            }],
            Status::Stale,
        ),
        ("an odd time", vec![row("c", "x", "yesterday", Verdict::Pass)], Status::Stale),
        ("too many", vec![good(), good(), good(), good()], Status::TooMany),
    ] {
        let mut cluster = Cluster::new("c");
        rows.iter().for_each(|row| cluster.add(row));
        cluster.settle(None, asked());
        assert_eq!(cluster.status, status, "{what}");
    }
    let mut cluster = Cluster::new("c");
    next(|row| row.facts.cluster_id = Some("b".into())).iter().for_each(|row| cluster.add(row));
    cluster.ids.insert("a".into());
    cluster.settle(None, asked());
    assert_eq!(cluster.status, Status::Mixed);
}

#[test]
fn of_a_day_the_best_counts() {
    let (at, late) = ("2026-11-29T02:00:00Z", "2026-11-29T23:59:59Z");
    let gone = VerdictRow { state: State::Vanished, verdict: None, ..row("c", "z", at, Verdict::Pass) };
    let looked = VerdictRow { depth: Depth::Quick, ..row("c", "y", at, Verdict::Plausible) };
    for (rows, day) in [
        (vec![row("c", "x", at, Verdict::Fail)], Day::Unfit),
        (vec![row("c", "x", at, Verdict::Fail), gone.clone()], Day::Damaged),
        (vec![gone.clone(), looked.clone()], Day::Looked),
        (vec![looked, row("c", "x", late, Verdict::Warn), gone], Day::Warned),
        (vec![row("c", "x", late, Verdict::Warn), row("c", "w", at, Verdict::Pass)], Day::Restorable),
    ] {
        let mut cluster = Cluster::new("c");
        rows.iter().for_each(|row| cluster.add(row));
        assert_eq!(cluster.days.into_iter().collect::<Vec<_>>(), [(Date::constant(2026, 11, 29), day)]);
    }
}

#[test]
fn the_list_of_clusters_counts_before_the_command_line() {
    let mut cluster = Cluster::new("c");
    cluster.add(&row("c", "x", "2026-11-28T09:00:00Z", Verdict::Pass));
    let line = Expected { cluster: "c".into(), prefix: String::new(), rpo: Some("2d".into()), keep: None };
    cluster.settle(Some(&line), asked());
    assert_eq!((cluster.status, cluster.keep), (Status::Good, Some(3)));
}

#[test]
fn what_lies_beneath_makes_no_cluster_better_and_is_told_where_it_is_newer_than_what_is_seen() {
    let (old, new) = ("2026-11-29T00:00:00Z", "2026-11-29T11:00:00Z");
    for (what, rows, status, beneath) in [
        ("all deleted", vec![hidden("c", "x", new, Verdict::Pass)], Status::Missing, true),
        (
            "overwritten by what is bad",
            vec![row("c", "x", new, Verdict::Fail), hidden("c", "x", new, Verdict::Warn)],
            Status::NoGood,
            true,
        ),
        (
            "the newest deleted",
            vec![row("c", "x", old, Verdict::Pass), hidden("c", "y", new, Verdict::Pass)],
            Status::Good,
            true,
        ),
        (
            "an old one deleted",
            vec![row("c", "x", new, Verdict::Pass), hidden("c", "y", old, Verdict::Pass)],
            Status::Good,
            false,
        ),
        ("as bad beneath", vec![hidden("c", "x", new, Verdict::Fail)], Status::Missing, false),
        ("only looked at", vec![hidden("c", "x", new, Verdict::Plausible)], Status::Missing, false),
    ] {
        let mut cluster = Cluster::new("c");
        rows.iter().for_each(|row| cluster.add(row));
        cluster.settle(None, asked());
        let told = cluster.better_beneath().and_then(Backup::beneath);
        assert_eq!((cluster.status, told.is_some()), (status, beneath), "{what}");
        assert!(told.is_none_or(|told| told.contains(", deleted: ") && told.ends_with(", version V1")), "{what}");
    }
}
