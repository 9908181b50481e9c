//! Which backups stay: by example, and over random histories.

use std::collections::BTreeMap;

use catalog::{Backup, Fate, Kept, Period, Rules, retain};
use checks::Verdict;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use crate::made::{good, hours, now, release, with};

fn rules() -> Rules {
    Rules { last: 0, periods: BTreeMap::new(), within: None, floor: 1, failed: hours(14 * 24), zone: TimeZone::UTC }
}

fn stays(backups: &[Backup], rules: &Rules) -> Vec<String> {
    let fates = retain(backups, rules, now());
    let kept = backups.iter().zip(fates).filter(|(_, fate)| *fate != Fate::Goes);
    let mut ids: Vec<String> = kept.map(|(backup, _)| backup.id.clone()).collect();
    ids.sort();
    ids
}

fn bad(id: &str, hours_ago: i64) -> Backup {
    with(id, hours_ago, |it| it.verdict = Verdict::Fail)
}

#[test]
fn rules_are_alternatives_and_only_what_can_be_restored_fills_a_slot() {
    // a backup at 12:00 each day, the newest bad
    let backups: Vec<Backup> =
        (0..10).map(|day| if day == 0 { bad("0", 0) } else { good(&day.to_string(), day * 24) }).collect();
    let daily = Rules { periods: BTreeMap::from([(Period::Day, 3)]), ..rules() };
    assert_eq!(
        stays(&backups, &daily),
        ["0", "1", "2", "3"],
        "the bad one is newer than the last good one, and fills no slot"
    );
    let both = Rules { last: 1, within: Some(hours(49)), ..rules() };
    assert_eq!(stays(&backups, &both), ["0", "1", "2", "3"], "within counts from the newest good one");
    // 2026-11-23 is a Monday: the week before has the days 1 to 7
    let weekly = Rules { periods: BTreeMap::from([(Period::Week, 5)]), ..rules() };
    assert_eq!(stays(&backups, &weekly), ["0", "1", "8", "9"], "fewer weeks than asked for: the oldest as well");
    let reasons = retain(&backups, &weekly, now());
    assert_eq!(reasons[9], Fate::Stays(vec![Kept::Oldest(Period::Week)]));
    let Fate::Stays(why) = &reasons[8] else { panic!("{:?}", reasons[8]) };
    assert_eq!(why, &[Kept::Newest(Period::Week, "2026-W46".to_owned())]);
}

#[test]
fn what_cannot_be_restored_stays_as_evidence_and_where_nothing_newer_can() {
    let last = Rules { last: 1, ..rules() };
    let backups = [good("a", 24), bad("b", 48), bad("c", 24 * 15), bad("d", 1)];
    assert_eq!(stays(&backups, &last), ["a", "b", "d"]);
    assert_eq!(stays(&[bad("a", 24 * 15), bad("b", 24 * 300)], &last), ["a", "b"], "nothing can be restored at all");
}

#[test]
fn the_newest_of_each_release_and_a_floor_of_each_cluster_stay() {
    let backups = [
        good("a", 1),
        good("b", 2),
        good("c", 3),
        good("d", 4),
        with("e", 900, |it| it.release = release("4.17.9")),
        with("f", 950, |it| it.release = release("4.17.9")),
        with("g", 990, |it| it.cluster = Some("another".to_owned())),
        with("h", 999, |it| it.pinned = Some("before the move".to_owned())),
    ];
    let floor = Rules { last: 1, floor: 3, ..rules() };
    assert_eq!(stays(&backups, &floor), ["a", "b", "c", "e", "g", "h"]);
    assert_eq!(stays(&backups, &Rules { floor: 0, ..floor }), ["a", "e", "g", "h"], "one is always kept");
}

#[test]
fn days_begin_where_it_is_said() {
    let at = |id: &str, time: &str| with(id, 0, |it| it.taken = format!("2026-11-{time}Z").parse().unwrap());
    let backups = [at("a", "11T00:30:00"), at("b", "10T23:30:00"), at("c", "10T22:30:00")];
    let daily = Rules { periods: BTreeMap::from([(Period::Day, 2)]), ..rules() };
    assert_eq!(stays(&backups, &daily), ["a", "b"]);
    // an hour to the east, the second is of the day of the first
    assert_eq!(stays(&backups, &Rules { zone: TimeZone::fixed(Offset::constant(1)), ..daily }), ["a", "c"]);
}

prop_compose! {
    fn history()(specs in proptest::collection::vec((0_i64..3000, 0_u8..10, 0_u8..3, 0_u8..3), 0..40)) -> Vec<Backup> {
        specs.into_iter().enumerate().map(|(at, (hours_ago, quality, cluster, z))| with(&format!("{at:03}"), hours_ago, |it| {
            if quality < 3 { it.verdict = Verdict::Fail; }
            if quality == 9 { it.pinned = Some("said so".to_owned()); }
            it.cluster = Some(format!("cluster-{cluster}"));
            it.release = release(&format!("4.18.{}", 28 + z));
        })).collect()
    }
}

prop_compose! {
    fn any_rules()(last in 0_u32..5, counts in proptest::collection::vec(0_u32..6, 5), within in proptest::option::of(0_i64..2000),
        floor in 0_u32..5) -> Rules
    {
        Rules {
            last,
            periods: Period::ALL.into_iter().zip(counts).collect(),
            within: within.map(hours),
            floor,
            ..rules()
        }
    }
}

fn kept(backups: &[Backup], rules: &Rules) -> Vec<Backup> {
    let ids = stays(backups, rules);
    backups.iter().filter(|it| ids.contains(&it.id)).cloned().collect()
}

fn restorable(ids: &[Backup]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().filter(|it| it.restorable()).map(|it| it.id.clone()).collect();
    ids.sort();
    ids
}

proptest! {
    #[test]
    fn the_floor_holds(backups in history(), rules in any_rules()) {
        let left = kept(&backups, &rules);
        for cluster in ["cluster-0", "cluster-1", "cluster-2"] {
            let of = |all: &[Backup]| all.iter().filter(|it| it.restorable() && it.cluster.as_deref() == Some(cluster)).cloned().collect::<Vec<_>>();
            let (before, after) = (of(&backups), of(&left));
            prop_assert!(after.len() >= before.len().min(rules.floor.max(1) as usize));
            for z in 28..31 {
                let newest = |all: &[Backup]| all.iter().filter(|it| it.release == release(&format!("4.18.{z}"))).map(|it| it.taken).max();
                prop_assert_eq!(newest(&before), newest(&after));
            }
        }
    }

    #[test]
    fn what_was_kept_is_kept_again(backups in history(), rules in any_rules()) {
        let left = kept(&backups, &rules);
        prop_assert_eq!(stays(&left, &rules), left.iter().map(|it| it.id.clone()).collect::<Vec<_>>());
    }

    #[test]
    fn a_bad_one_more_lets_no_good_one_go(backups in history(), rules in any_rules(), hours_ago in 0_i64..3000) {
        let before = restorable(&kept(&backups, &rules));
        let mut more = backups.clone();
        more.push(bad("bad", hours_ago));
        prop_assert_eq!(before, restorable(&kept(&more, &rules)));
    }

    #[test]
    fn a_rule_more_lets_nothing_more_go(backups in history(), one in any_rules(), other in any_rules()) {
        let both = Rules {
            last: one.last.max(other.last),
            periods: Period::ALL.into_iter().map(|it| (it, one.periods[&it].max(other.periods[&it]))).collect(),
            within: one.within.max(other.within),
            floor: one.floor.max(other.floor),
            ..rules()
        };
        let (less, more) = (stays(&backups, &one), stays(&backups, &both));
        for id in less {
            let backup = backups.iter().find(|it| it.id == id).unwrap();
            // that there were too few of a period is no reason any more where another rule asks for none of it
            prop_assert!(more.contains(&id), "{} {:?}", id, backup.taken);
        }
    }

    #[test]
    fn the_order_in_which_they_were_added_is_nothing(backups in history(), rules in any_rules()) {
        let mut turned = backups.clone();
        turned.reverse();
        prop_assert_eq!(stays(&backups, &rules), stays(&turned, &rules));
    }
}
