//! Which cluster a backup is of, and when it was taken: by what is in it, and only then by its name.

use backup_facts::pair::ClusterFacts;
use checks::pair::NewestGood;
use document::{ClusterId, Moment, Newest, Outcome, Word};
use etcd_snapshot::state::EtcdState;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::backup::Backup;
use crate::judged::Judged;

/// Clocks may differ by this much, and a node's may not be in UTC.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// The cluster, by its own ID, by the UID of `kube-system`, or by the members of etcd.
pub(crate) fn cluster(facts: &ClusterFacts<'_>, etcd: &EtcdState, name: Option<&str>) -> Option<ClusterId> {
    let members = || {
        let ids: Vec<String> = etcd.members.iter().map(|member| format!("{:x}", member.id)).collect();
        (!ids.is_empty()).then(|| ids.join("-"))
    };
    let (id, by) = match (&facts.cluster_id, &facts.uid) {
        (Some(id), _) => (id.clone(), "cluster-version"),
        (None, Some(uid)) => (uid.clone(), "kube-system"),
        (None, None) => (members()?, "members"),
    };
    Some(ClusterId { id, by: Word::Borrowed(by), name: name.filter(|name| !name.is_empty()).map(str::to_owned) })
}

/// When a backup was taken. The cluster's own objects tell it to a few seconds, and a renamed file does not change them; a
/// name decides where they do not tell, or where they tell of a time that has not come.
pub(crate) fn taken(backup: &Backup, facts: Option<&ClusterFacts<'_>>, now: Timestamp) -> Option<Moment> {
    let stamp = backup.files().timestamp.as_deref();
    let named =
        stamp.and_then(of_stamp).or_else(|| backup.files().files().find_map(|path| of_path(&path.to_string_lossy())));
    let named = named.or_else(|| of_path(backup.name()));
    let data = facts.and_then(ClusterFacts::newest);
    decide(data, named, now)
}

fn decide(data: Option<Timestamp>, named: Option<Timestamp>, now: Timestamp) -> Option<Moment> {
    let moment =
        |at: Timestamp, by| Moment { at: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), by: Word::Borrowed(by) };
    let data = data.filter(|data| *data <= now.saturating_add(SKEW).unwrap_or(now));
    match (data, named) {
        // a client whose clock is wrong makes an old backup no young one
        (Some(data), Some(named)) if data.duration_since(named) > SKEW => Some(moment(named, "name")),
        (Some(data), _) => Some(moment(data, "data")),
        (None, Some(named)) => Some(moment(named, "name")),
        (None, None) => None,
    }
}

/// What came of a backup, in short.
pub(crate) fn outcome(judged: &Judged<'_>) -> Outcome {
    Outcome {
        name: judged.name().to_owned(),
        verdict: judged.verdict,
        snapshot: judged.facts.snapshot.is_some(),
        cluster: judged.cluster.clone(),
        taken: judged.taken.clone(),
    }
}

/// The newest good backup as its age is judged.
pub(crate) fn newest_good(newest: &Newest) -> NewestGood {
    let clock = |by: &str| if by == "data" { "by the clock of the cluster" } else { "by its name" };
    let told = |taken: &Moment| Some((taken.at.parse().ok()?, clock(&taken.by)));
    NewestGood { name: newest.name.clone(), taken: newest.taken.as_ref().and_then(told) }
}

/// By the time stamp in the name of a file of a backup: `snapshot_2026-11-23_091606.db`.
pub(crate) fn of_path(path: &str) -> Option<Timestamp> {
    let (_, rest) = path.rsplit('/').next()?.split_once('_')?;
    of_stamp(rest.get(..17)?)
}

/// By the node's clock, which is UTC on RHCOS.
pub(crate) fn of_stamp(stamp: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d_%H%M%S", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_name() {
        let of = |path: &str| of_path(path).map(|time| time.to_string());
        assert_eq!(of("b/snapshot_2026-11-23_091606.db.gz").as_deref(), Some("2026-11-23T09:16:06Z"));
        assert_eq!((of("a_b"), of("snapshot.db"), of("x_2026-13-45_000000.db")), (None, None, None));
    }

    #[test]
    fn data_decide_before_a_name_but_make_nothing_young() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        let (monday, tuesday, thursday) =
            (at("2026-11-23T09:00:00.5Z"), at("2026-11-24T08:00:00Z"), at("2026-11-26T09:00:00Z"));
        for (data, named, expected) in [
            (monday, tuesday, Some(("2026-11-23T09:00:00Z", "data"))),
            (tuesday, monday, Some(("2026-11-24T08:00:00Z", "data"))),
            (thursday, monday, Some(("2026-11-23T09:00:00Z", "name"))),
            (monday, thursday, Some(("2026-11-23T09:00:00Z", "data"))),
            (at("2038-01-19T03:14:07Z"), tuesday, Some(("2026-11-24T08:00:00Z", "name"))),
            (at("2038-01-19T03:14:07Z"), None, None),
            (None, None, None),
        ] {
            let moment = decide(data, named, now);
            let told = moment.as_ref().map(|moment| (moment.at.as_str(), &*moment.by));
            assert_eq!(told, expected, "{data:?} {named:?}");
        }
    }
}
