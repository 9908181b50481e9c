//! A real etcd as the judge: what it refuses or loses is never passed, and what it serves whole is never called lost.
//!
//! A sound snapshot is changed record by record and field by field, each change by a seed, and written with right pages
//! and a right hash. What etcd 3.5 does with each is recorded in `answers.tsv`; the record is replayed against every
//! verdict, some of it is asked anew of a live etcd, and a campaign asks about seeds that nobody has seen.

mod mutate;
mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assay::{Question, Verdict};
use fixtures::rounds;
use peer_harness::oracle::{Fate, Served, ask};
use peer_harness::{Peer, PeerVersion};

use mutate::{Mutation, mutation, sound};
use record::{Answer, answers};

/// Seeds that are asked live in every run.
const LIVE: usize = 12;

/// What assay says of a file.
fn judged(path: &Path) -> (Option<Verdict>, Vec<String>) {
    let question = Question::at("2026-11-23T18:00:00Z".parse().unwrap());
    match assay::open(path).and_then(|backups| backups.judge(&question)) {
        Ok(judgement) => {
            let serious = judgement.findings().filter(|(_, finding)| finding.severity() >= assay::Severity::Medium);
            let ids = serious.map(|(_, finding)| format!("{} {}", finding.entry().id, finding.severity()));
            (Some(judgement.verdict()), ids.collect())
        }
        Err(_) => (None, vec!["unreadable".to_owned()]),
    }
}

/// What is wrong with a verdict, given what etcd did.
fn wrong(mutation: &Mutation, fate: &Fate, sound: &Served, verdict: Option<Verdict>, ids: &[String]) -> Option<String> {
    let differs = match fate {
        Fate::Ended { during, why } => vec![format!("ends at {during}: {why}")],
        Fate::Served(served) => served.differs_from(sound),
    };
    // a downgrade that is under way ends by itself: one may wait for it
    let waits = ids.iter().any(|id| id.starts_with("ETCD-010"));
    match (differs.is_empty(), verdict) {
        (false, Some(Verdict::Warn)) if matches!(fate, Fate::Ended { .. }) && !waits => {
            Some(format!("ONLY WARNED ({}): etcd {}", ids.join(", "), differs.join("; ")))
        }
        (false, Some(Verdict::Pass)) if mutation.hidden.is_none() => {
            Some(format!("FALSE PASS: etcd {}", differs.join("; ")))
        }
        (true, _) if !mutation.of_records && ids.iter().any(|id| id.ends_with("critical")) => {
            Some(format!("FALSE ALARM: {}", ids.join(", ")))
        }
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
    let Fate::Served(ref sound) = recorded[0].fate else { panic!("the sound file is not served: {:?}", recorded[0]) };
    assert!(recorded.len() > 250, "only {} answers", recorded.len());
    let folder = tempfile::tempdir().unwrap();
    let (mut faults, mut kinds) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for answer in &recorded[1..] {
        let mutation = mutation(answer.seed);
        assert_eq!(mutation.digest, answer.digest, "seed {} is another file than it was", answer.seed);
        *kinds.entry(mutation.kind).or_default() += 1;
        let path = write(&mutation, folder.path());
        let (verdict, ids) = judged(&path);
        fs::remove_file(path).unwrap();
        faults.extend(wrong(&mutation, &answer.fate, sound, verdict, &ids).map(|wrong| told(&mutation, &wrong)));
    }
    assert!(kinds.len() > 15, "{kinds:?}");
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), recorded.len(), faults.join("\n"));
}

#[test]
fn a_live_etcd_answers_as_it_did_when_it_was_recorded() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "a_live_etcd_answers_as_it_did_when_it_was_recorded") else {
        return;
    };
    let recorded = answers();
    let folder = tempfile::tempdir().unwrap();
    // spread over the record, the sound file among them
    for answer in recorded.iter().step_by(recorded.len().div_ceil(LIVE)) {
        let mutation = if answer.seed == 0 { sound() } else { mutation(answer.seed) };
        let path = write(&mutation, folder.path());
        assert_eq!(ask(&peer, &path).unwrap().same(), answer.fate.clone().same(), "seed {}", answer.seed);
    }
}

/// Asks about seeds that nobody has seen, from `ASSAY_SEED` on; with `ASSAY_RECORD` it adds what etcd answered to the record.
#[test]
fn campaign_no_false_pass_and_no_false_alarm() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "campaign_no_false_pass_and_no_false_alarm") else { return };
    let folder = tempfile::tempdir().unwrap();
    let sound = sound();
    let fate = ask(&peer, &write(&sound, folder.path())).unwrap();
    let Fate::Served(ref whole) = fate else { panic!("the sound file is not served: {fate:?}") };
    let from = std::env::var("ASSAY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_000_000_u64);
    let mut record = record::Recorder::open();
    record.add(&Answer::of(&sound, fate.clone()));
    let mut faults = Vec::new();
    for seed in from..from + rounds(2, 150) as u64 {
        let mutation = mutation(seed);
        let path = write(&mutation, folder.path());
        let fate = ask(&peer, &path).unwrap();
        let (verdict, ids) = judged(&path);
        fs::remove_file(path).unwrap();
        faults.extend(wrong(&mutation, &fate, whole, verdict, &ids).map(|wrong| told(&mutation, &wrong)));
        record.add(&Answer::of(&mutation, fate));
    }
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

/// Without an etcd: whatever a change is, there is a verdict, and it comes to an end.
#[test]
fn campaign_every_change_has_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 2_000_000..2_000_000 + rounds(60, 5_000) as u64 {
        let mutation = mutation(seed);
        let path = write(&mutation, folder.path());
        let (verdict, ids) = judged(&path);
        fs::remove_file(path).unwrap();
        assert!(verdict.is_some() || !ids.is_empty(), "{}", told(&mutation, "no verdict"));
    }
}
