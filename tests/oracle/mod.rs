//! A real etcd as the judge: what it refuses or loses is never passed, and what it serves whole is never called lost.
//!
//! A sound snapshot is changed record by record and field by field, each change by a seed, and written with right pages
//! and a right hash. What etcd 3.5 does with each is recorded in `answers.tsv`; the record is replayed against every
//! verdict, some of it is asked anew of a live etcd, and a campaign asks about seeds that nobody has seen.

mod chains;
mod fields;
mod hidden;
mod lists;
mod live;
mod mutate;
mod rebuilt;
mod record;
mod rehearsed;
mod remedies;
mod rewritten;
mod said;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use assay::{Question, Verdict};
use fixtures::rounds;
use peer_harness::oracle::{Fate, Served, ask};
use peer_harness::{Peer, PeerVersion};

use mutate::{Mutation, mutation, sound};
use record::{Answer, Cache, answers};

/// Seeds that each etcd is asked live in every run.
const LIVE: usize = 12;

fn question() -> Question {
    Question::at("2026-11-23T18:00:00Z".parse().unwrap())
}

/// What assay says of a file.
fn judged(path: &Path) -> (Option<Verdict>, Vec<String>) {
    match assay::open(path).and_then(|backups| backups.judge(&question())) {
        Ok(judgement) => {
            let serious = judgement.findings().filter(|(_, finding)| finding.severity() >= assay::Severity::Medium);
            let ids = serious.map(|(_, finding)| format!("{} {}", finding.entry().id, finding.severity()));
            (Some(judgement.verdict()), ids.collect())
        }
        Err(_) => (None, vec!["unreadable".to_owned()]),
    }
}

/// Whether etcd 3.4 is asked, too: it reads users and roles when it starts, 3.5 when one of them is asked for.
fn read_by_34(mutation: &Mutation) -> bool {
    ["auth", "authUsers", "authRoles"].contains(&mutation.bucket)
}

/// What is wrong with a verdict, given what an etcd did.
fn wrong(
    mutation: &Mutation,
    answer: &Answer,
    sound: &Served,
    said: &(Option<Verdict>, Vec<String>),
) -> Option<String> {
    let (verdict, ids) = said;
    let differs = match &answer.fate {
        Fate::Ended { during, why } => vec![format!("ends at {during}: {why}")],
        Fate::Served(served) => served.differs_from(sound),
    };
    let old = answer.release == PeerVersion::V34.name();
    // a downgrade that is under way ends by itself, one may wait for it; the file is of a 3.5, and 3.4 is another's
    let warned = old || ids.iter().any(|id| id.starts_with("ETCD-010"));
    let told =
        |what: &str| Some(format!("{what} ({}): etcd {} {}", ids.join(", "), answer.release, differs.join("; ")));
    match (differs.is_empty(), verdict) {
        (false, Some(Verdict::Warn)) if matches!(answer.fate, Fate::Ended { .. }) && !warned => told("ONLY WARNED"),
        (false, Some(Verdict::Pass)) if mutation.hidden.is_none() => told("FALSE PASS"),
        (true, _) if !old && ids.iter().any(|id| id.ends_with("critical")) => told("FALSE ALARM"),
        // what an etcd may have written itself
        (_, Some(Verdict::Fail)) if mutation.hidden.is_some() => told("FAILS WHAT AN ETCD WRITES"),
        _ => None,
    }
}

fn write(mutation: &Mutation, folder: &Path) -> std::path::PathBuf {
    let path = folder.join(format!("{}.db", mutation.seed));
    fs::write(&path, &mutation.file).unwrap();
    path
}

fn told(mutation: &Mutation, wrong: &str) -> String {
    format!("seed {} ({}): {wrong}", mutation.seed, mutation.what)
}

#[test]
fn every_recorded_answer_of_etcd_is_borne_out() {
    let recorded = answers();
    let sound_of = |release: &str| {
        let of = |answer: &&Answer| answer.seed == 0 && answer.release == release;
        let Some(Answer { fate: Fate::Served(sound), .. }) = recorded.iter().find(of) else {
            panic!("etcd {release} does not serve the sound file")
        };
        &**sound
    };
    assert!(recorded.len() > 300, "only {} answers", recorded.len());
    let folder = tempfile::tempdir().unwrap();
    let (mut faults, mut kinds) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for answer in recorded.iter().filter(|answer| answer.seed > 0) {
        let mutation = mutation(answer.seed);
        assert_eq!(mutation.digest, answer.digest, "seed {} is another file than it was", answer.seed);
        *kinds.entry(mutation.kind).or_default() += 1;
        let path = write(&mutation, folder.path());
        let said = judged(&path);
        fs::remove_file(path).unwrap();
        faults.extend(wrong(&mutation, answer, sound_of(&answer.release), &said).map(|wrong| told(&mutation, &wrong)));
    }
    assert!(kinds.len() > 15, "{kinds:?}");
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), recorded.len(), faults.join("\n"));
}

#[test]
fn a_live_etcd_answers_as_it_did_when_it_was_recorded() {
    let this = "a_live_etcd_answers_as_it_did_when_it_was_recorded";
    let recorded = answers();
    let folder = tempfile::tempdir().unwrap();
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, this) else { continue };
        let asked: Vec<&Answer> = recorded.iter().filter(|answer| answer.release == version.name()).collect();
        // spread over the record, the sound file among them
        for answer in asked.iter().step_by(asked.len().div_ceil(LIVE)) {
            let mutation = if answer.seed == 0 { sound() } else { mutation(answer.seed) };
            let path = write(&mutation, folder.path());
            let fate = ask(&peer, &path).unwrap().same();
            assert_eq!(fate, answer.fate.clone().same(), "seed {}, etcd {}", answer.seed, version.name());
        }
    }
}

/// From which seed, and how many of them; `ASSAY_SEED` and `ASSAY_SEEDS` say otherwise.
fn seeds(from: u64, count: usize) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let from = number("ASSAY_SEED").unwrap_or(from);
    from..from + number("ASSAY_SEEDS").unwrap_or(count as u64)
}

/// Asks about seeds that nobody has seen, from `ASSAY_SEED` on and `ASSAY_SEEDS` of them; what was answered once is not
/// asked again, and with `ASSAY_RECORD` it is added to the record.
#[test]
fn campaign_no_false_pass_and_no_false_alarm() {
    let peers: Vec<Peer> = PeerVersion::ALL
        .into_iter()
        .filter_map(|version| Peer::for_test(version, "campaign_no_false_pass_and_no_false_alarm"))
        .collect();
    let seeds = seeds(1_000_000, rounds(2, 150));
    let (cache, next, faults) = (Cache::open(), AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let whole: Vec<Served> = peers
        .iter()
        .map(|peer| match answer(&cache, peer, &sound(), folder.path()).fate {
            Fate::Served(whole) => *whole,
            ended @ Fate::Ended { .. } => panic!("the sound file is not served: {ended:?}"),
        })
        .collect();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return;
            }
            let mutation = mutation(seed);
            let said = judged(&write(&mutation, folder.path()));
            for (peer, whole) in peers.iter().zip(&whole) {
                if peer.version == PeerVersion::V34 && !read_by_34(&mutation) {
                    continue;
                }
                let answer = answer(&cache, peer, &mutation, folder.path());
                let wrong = wrong(&mutation, &answer, whole, &said).map(|wrong| told(&mutation, &wrong));
                faults.lock().unwrap().extend(wrong);
            }
            fs::remove_file(folder.path().join(format!("{seed}.db"))).unwrap();
        }
    };
    // two at once: what a server waits for, another one works in
    std::thread::scope(|scope| drop([scope.spawn(work), scope.spawn(work)]));
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

fn answer(cache: &Cache, peer: &Peer, mutation: &Mutation, folder: &Path) -> Answer {
    let ask = || ask(peer, &write(mutation, folder)).unwrap();
    Answer::of(mutation, peer.version, cache.answer(mutation, peer.version, ask))
}

/// Without an etcd: whatever a change is, there is a verdict, and it comes to an end.
#[test]
fn campaign_every_change_has_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    for seed in seeds(2_000_000, rounds(60, 5_000)) {
        let mutation = mutation(seed);
        let path = write(&mutation, folder.path());
        let (verdict, ids) = judged(&path);
        fs::remove_file(path).unwrap();
        assert!(verdict.is_some() || !ids.is_empty(), "{}", told(&mutation, "no verdict"));
    }
}
