//! Untouched fixtures: the verdict that their ground truth gives them, and no false alarm.

use crate::support::{fixture_file, fixtures, ids, json};

/// Findings that the fixtures' ground truth really holds.
const TRUE_FINDINGS: [(&str, &str, &str); 4] = [
    ("auth-enabled", "ETCD-021", "info"),        // `auth enable`
    ("downgrade-enabled", "ETCD-010", "medium"), // saved after `downgrade enable 3.5`
    ("members-learner", "ETCD-013", "low"),      // a member was replaced by a learner
    ("nospace-alarm", "ETCD-001", "high"),       // the quota was exceeded
];

#[test]
fn no_false_alarm_and_no_true_one_missing() {
    for fixture in fixtures() {
        let (code, document) = json(&["verify", fixture_file(&fixture, ".db.gz").to_str().unwrap()]);
        let findings = document["findings"].as_array().unwrap();
        let above_info: Vec<_> = findings
            .iter()
            .filter(|finding| finding["severity"] != "info")
            .map(|finding| (finding["id"].as_str().unwrap(), finding["severity"].as_str().unwrap()))
            .collect();
        let expected: Vec<_> = TRUE_FINDINGS
            .iter()
            .filter(|(name, ..)| *name == fixture)
            .map(|(_, id, severity)| (*id, *severity))
            .collect();
        let worse = |(_, severity): &&(&str, &str)| *severity != "info";
        assert_eq!(above_info, expected.iter().filter(worse).copied().collect::<Vec<_>>(), "{fixture}");
        let fails = expected.iter().any(|(_, severity)| *severity == "high");
        assert_eq!(code, Some(i32::from(fails)), "{fixture}");
        let told: Vec<_> = ids(&document).into_iter().filter(|id| !["PAGE-016", "ETCD-011"].contains(id)).collect();
        assert_eq!(told.len(), expected.len(), "{fixture}: {told:?}");
    }
}
