//! Which backup is taken, case by case, and why not the others.

use catalog::{Backup, By, Half, Keys, Rehearsed, State, Wanted, pick};
use checks::Verdict;
use version_compat::{Backup as Release, Starts};

use crate::made::{CLUSTER, good, hours, now, place, release, target, with};

/// Backups, the one to take, and of each other one by what it stands behind, or what stands against it.
struct Case {
    what: &'static str,
    backups: Vec<Backup>,
    first: Option<&'static str>,
    others: &'static [(&'static str, &'static str)],
}

fn case(
    what: &'static str,
    backups: Vec<Backup>,
    first: Option<&'static str>,
    others: &'static [(&'static str, &'static str)],
) -> Case {
    Case { what, backups, first, others }
}

fn escrow(days: Option<i64>) -> Keys {
    Keys::Escrow { proven: days.map(|days| now() - hours(days * 24)) }
}

fn release_cases() -> Vec<Case> {
    vec![
        case("same z", vec![good("a", 2)], Some("a"), &[]),
        case(
            "other z, though newer",
            vec![good("a", 30), with("b", 1, |it| it.release = release("4.18.29"))],
            Some("a"),
            &[("b", "release")],
        ),
        case("other minor", vec![with("a", 1, |it| it.release = release("4.17.9"))], None, &[("a", "release")]),
        case(
            "a release that is not known",
            vec![with("a", 1, |it| it.release = Release::Unknown)],
            None,
            &[("a", "release")],
        ),
        case(
            "only the minor is known",
            vec![with("a", 1, |it| it.release = Release::Minor(4, 18))],
            None,
            &[("a", "release")],
        ),
        case(
            "a platform of other rules starts on the minor before",
            vec![with("a", 1, |it| (it.starts, it.release) = (Starts::MicroShift, release("4.17.3")))],
            Some("a"),
            &[],
        ),
        case(
            "in the middle of an update, though newer",
            vec![good("a", 30), with("b", 1, |it| it.updating = true)],
            Some("a"),
            &[("b", "updating")],
        ),
        case(
            "in the middle of a migration of keys, though newer",
            vec![good("a", 30), with("b", 1, |it| it.migrating = true)],
            Some("a"),
            &[("b", "migrating")],
        ),
    ]
}

fn key_cases() -> Vec<Case> {
    vec![
        case("keys are missing", vec![with("a", 1, |it| it.keys = Keys::Missing)], None, &[("a", "no-keys")]),
        case(
            "a key set that is too old",
            vec![good("a", 48), with("b", 1, |it| it.keys = Keys::Wrong)],
            Some("a"),
            &[("b", "wrong-keys")],
        ),
        case("nothing is encrypted", vec![with("a", 1, |it| it.keys = Keys::NotNeeded)], Some("a"), &[]),
        case(
            "keys at hand before an escrow, within what may be lost",
            vec![with("a", 1, |it| it.keys = escrow(Some(3))), good("b", 20)],
            Some("b"),
            &[("a", "Keys")],
        ),
        case(
            "an escrow that opens before keys at hand that are older by more than that",
            vec![with("a", 1, |it| it.keys = escrow(Some(3))), good("b", 30)],
            Some("a"),
            &[("b", "Age")],
        ),
        case(
            "a quorum that was proven before one that was not",
            vec![with("a", 1, |it| it.keys = escrow(None)), with("b", 5, |it| it.keys = escrow(Some(89)))],
            Some("b"),
            &[("a", "Keys")],
        ),
        case(
            "a proof that is too old is none",
            vec![with("a", 1, |it| it.keys = escrow(None)), with("b", 5, |it| it.keys = escrow(Some(91)))],
            Some("a"),
            &[("b", "Taken")],
        ),
        case(
            "an escrow that nobody ever opened is better than nothing",
            vec![with("a", 1, |it| it.keys = escrow(None))],
            Some("a"),
            &[],
        ),
    ]
}

fn damage_cases() -> Vec<Case> {
    let failed = |it: &mut Backup| (it.verdict, it.failed_by) = (Verdict::Fail, vec!["SNAP-003".to_owned()]);
    vec![
        case("damaged, though newest", vec![good("a", 40), with("b", 1, failed)], Some("a"), &[("b", "verdict")]),
        case("nothing but damaged ones", vec![with("a", 1, failed)], None, &[("a", "verdict")]),
        case(
            "rotten since",
            vec![good("a", 40), with("b", 1, |it| it.places = vec![place(State::Rotten)])],
            Some("a"),
            &[("b", "gone")],
        ),
        case("replaced", vec![with("a", 1, |it| it.places = vec![place(State::Replaced)])], None, &[("a", "gone")]),
        case("missing", vec![with("a", 1, |it| it.places = vec![place(State::Missing)])], None, &[("a", "gone")]),
        case(
            "not to be read",
            vec![with("a", 1, |it| it.places = vec![place(State::Unreadable)])],
            None,
            &[("a", "gone")],
        ),
        case("nowhere", vec![with("a", 1, |it| it.places.clear())], None, &[("a", "gone")]),
        case(
            "rotten in one place and whole in another",
            vec![with("a", 1, |it| it.places = vec![place(State::Rotten), place(State::Unchanged)])],
            Some("a"),
            &[],
        ),
        case(
            "renamed",
            vec![with("a", 1, |it| it.places = vec![place(State::Moved), place(State::Unchanged)])],
            Some("a"),
            &[],
        ),
        case("a half", vec![with("a", 1, |it| it.missing = Some(Half::Resources))], None, &[("a", "incomplete")]),
        case(
            "everything at once",
            vec![with("a", 1, |it| {
                failed(it);
                (it.updating, it.missing) = (true, Some(Half::Resources));
            })],
            None,
            &[("a", "verdict incomplete updating")],
        ),
    ]
}

fn order_cases() -> Vec<Case> {
    vec![
        case("nothing at all", vec![], None, &[]),
        case(
            "another cluster",
            vec![with("a", 1, |it| it.cluster = Some("x".to_owned()))],
            None,
            &[("a", "other-cluster")],
        ),
        case(
            "a cluster that nobody knows",
            vec![with("a", 1, |it| it.cluster = None)],
            None,
            &[("a", "other-cluster")],
        ),
        case(
            "taken in the future: a clock was wrong",
            vec![good("a", 30), good("b", -3)],
            Some("a"),
            &[("b", "future")],
        ),
        case(
            "one that nothing tells the time of, seen a moment ago, is no younger one for it",
            vec![good("a", 30), with("b", 0, |it| it.taken_by = "added".to_owned())],
            Some("a"),
            &[("b", "Age")],
        ),
        case(
            "copies are one, and one that is gone leaves the other",
            vec![with("a", 1, |it| it.places = vec![place(State::Missing), place(State::Unchanged)]), good("b", 20)],
            Some("a"),
            &[("b", "Taken")],
        ),
        case(
            "one that was booted before one that passed, within what may be lost",
            vec![good("a", 1), with("b", 20, |it| it.rehearsed = Rehearsed::Served)],
            Some("b"),
            &[("a", "Proof")],
        ),
        case(
            "one that was booted and did not come up",
            vec![with("a", 1, |it| it.rehearsed = Rehearsed::Failed), good("b", 50)],
            Some("b"),
            &[("a", "not-served")],
        ),
        case(
            "a pass before a pass with warnings",
            vec![with("a", 1, |it| it.verdict = Verdict::Warn), good("b", 20)],
            Some("b"),
            &[("a", "Proof")],
        ),
        case(
            "warnings before a year-old pass",
            vec![with("a", 1, |it| it.verdict = Verdict::Warn), good("b", 24 * 365)],
            Some("a"),
            &[("b", "Age")],
        ),
        case(
            "of the topology that it is for",
            vec![with("a", 1, |it| it.topology = Some("SingleReplica".to_owned())), good("b", 20)],
            Some("b"),
            &[("a", "Site")],
        ),
        case("the newer of equals", vec![good("a", 20), good("b", 1)], Some("b"), &[("a", "Taken")]),
        case(
            "of one moment, the one that was read again last",
            vec![good("a", 1), with("b", 1, |it| it.places.iter_mut().for_each(|place| place.checked = now()))],
            Some("b"),
            &[("a", "Checked")],
        ),
        case(
            "then the higher revision",
            vec![with("a", 1, |it| it.revision = 7), good("b", 1)],
            Some("b"),
            &[("a", "Revision")],
        ),
        case("at last the digest", vec![good("b", 1), good("a", 1)], Some("a"), &[("b", "Digest")]),
    ]
}

#[test]
fn each_case_has_its_answer() {
    let cases: Vec<Case> =
        [release_cases(), key_cases(), damage_cases(), order_cases()].into_iter().flatten().collect();
    assert!(cases.len() >= 30, "{}", cases.len());
    let target = target("4.18.30");
    let wanted = Wanted {
        cluster: Some(CLUSTER),
        target: Some(&target),
        before: None,
        rpo: hours(24),
        platform: Some("openshift"),
        topology: Some("HighlyAvailable"),
        now: now(),
    };
    for case in cases {
        for backups in [case.backups.iter().collect::<Vec<_>>(), case.backups.iter().rev().collect()] {
            let picked = pick(backups, &wanted);
            assert_eq!(picked.ranked.first().map(|it| it.backup.id.as_str()), case.first, "{}", case.what);
            let mut others: Vec<(String, String)> = Vec::new();
            for behind in picked.ranked.iter().skip(1) {
                others.push((behind.backup.id.clone(), format!("{:?}", behind.behind.unwrap())));
            }
            for (backup, why) in &picked.rejected {
                let words: Vec<_> = why.iter().map(catalog::Rejected::name).collect();
                others.push((backup.id.clone(), words.join(" ")));
            }
            let expected: Vec<(String, String)> =
                case.others.iter().map(|(id, why)| ((*id).to_owned(), (*why).to_owned())).collect();
            assert_eq!(others, expected, "{}", case.what);
        }
    }
}

#[test]
fn a_moment_that_is_wanted_takes_the_place_of_now() {
    let backups = [good("a", 1), good("b", 30), good("c", 60)];
    let wanted = Wanted {
        cluster: None,
        target: None,
        before: Some(now() - hours(30)),
        rpo: hours(24),
        platform: None,
        topology: None,
        now: now(),
    };
    let picked = pick(&backups, &wanted);
    assert_eq!(picked.ranked[0].backup.id, "b", "taken at that very moment");
    assert_eq!((picked.ranked[1].backup.id.as_str(), picked.ranked[1].behind), ("c", Some(By::Age)));
    assert_eq!(picked.rejected[0].1, [catalog::Rejected::TooLate]);
}
