//! etcd's own state: alarms, members, leases, raft position, versions, space.

use std::collections::BTreeSet;

use backup_facts::leased::LeasedKeys;
use backup_facts::snapshot::{Quota, QuotaSource};
use etcd_snapshot::Scan;
use etcd_snapshot::state::{AlarmKind, ConfState, Harm};
use wording::count;

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    ALARM_CORRUPT, ALARM_NOSPACE, AUTH_ENABLED, AUTH_INCOMPLETE, BAD_ENTRY, DOWNGRADE_ENABLED, Entry, FRAGMENTED,
    LEARNER_NOT_PROMOTED, LEARNER_PRESENT, LEASE_DANGLING, LEASE_ENDS, LEASE_INVALID, LEASE_LEAK, MEMBERSHIP_MISMATCH,
    NO_RAFT_POSITION, NO_VOTERS, NOT_DEFRAGMENTED, ODD_ENTRY, QUOTA_NEAR, RESTORED_LINEAGE, VERSION_ORDER,
    ZOMBIE_MEMBER,
};
use crate::severity::Severity;

/// OpenShift's operator defragments from this share of free pages on, in percent.
const DEFRAG_PERCENT: u64 = 45;
/// ... and from this size of the database on.
const DEFRAG_SIZE: u64 = 100 << 20;
/// From this share of free pages on, in percent, a defragmentation that was forgotten is worth a word,
const FORGOTTEN_PERCENT: u64 = 20;
/// ... and from so many bytes of them on.
const FORGOTTEN_SIZE: u64 = 10 << 20;
/// The most transactions that etcd commits in a day: one in a tenth of a second, and some that a compaction or the end of
/// a lease does not leave to wait so long.
const DAILY_TRANSACTIONS: u64 = 12 * 86_400;
/// Share of the quota, in percent, at which OpenShift's alerts begin, get louder, and become critical.
const QUOTA_ALERTS: [(u64, Severity); 3] = [(85, Severity::High), (75, Severity::Medium), (65, Severity::Low)];
/// What etcd 3.6 and later refuse to start from, or start from with the wrong members; and what is to be settled first.
pub(super) const BLOCKS_UPGRADE: [&Entry; 8] = [
    &ALARM_NOSPACE,
    &ALARM_CORRUPT,
    &ZOMBIE_MEMBER,
    &LEARNER_NOT_PROMOTED,
    &MEMBERSHIP_MISMATCH,
    &DOWNGRADE_ENABLED,
    &VERSION_ORDER,
    &NO_RAFT_POSITION,
];
/// Member ids that a message lists.
const IDS_SHOWN: usize = 20;
/// Longest time to live, in seconds, of which etcd can compute the end: what 64 bits of nanoseconds hold.
const LONGEST_TTL: i64 = i64::MAX / 1_000_000_000;
/// Seconds below which a lease ends before anybody could keep it alive after a restore.
const SHORT_TTL: i64 = 60;
/// Keys on such leases that are worth naming, ...
const SHORT_FROM: u64 = 10;
/// ... and the share of all live keys, one in so many. API servers hold a few: their endpoints.
const SHORT_SHARE: u64 = 10;
/// Leases that make a leak worth naming.
const LEAK_FROM: u64 = 1000;

pub(super) fn check(scan: &Scan<'_>, leased: &LeasedKeys<'_>, quota: Quota, findings: &mut Findings) {
    bad_entries(scan, findings);
    check_alarms(scan, findings);
    check_members(scan, findings);
    check_leases(scan, leased, findings);
    check_auth(scan, findings);
    check_position(scan, findings);
    check_versions(scan, findings);
    check_space(scan, quota, findings);
}

pub(super) fn bad_entries(scan: &Scan<'_>, findings: &mut Findings) {
    for fault in &scan.state.faults {
        let message = format!("bucket `{}`, entry `{}`: {}", fault.bucket, fault.key.escape_ascii(), fault.problem);
        let entry = match fault.harm {
            Harm::Misread => &BAD_ENTRY,
            Harm::Odd => &ODD_ENTRY,
        };
        findings.push(Finding::new(entry, message));
    }
}

fn check_alarms(scan: &Scan<'_>, findings: &mut Findings) {
    for alarm in &scan.state.alarms {
        let entry = match alarm.kind {
            AlarmKind::NoSpace => &ALARM_NOSPACE,
            AlarmKind::Corrupt => &ALARM_CORRUPT,
            AlarmKind::Other(kind) => {
                let message = format!("bucket `alarm`: kind {kind} of member `{:x}` is not known", alarm.member);
                findings.push(Finding { severity: Severity::Medium, ..Finding::new(&BAD_ENTRY, message) });
                continue;
            }
        };
        let member = format!("{:x}", alarm.member);
        let message =
            format!("alarm {} of member `{member}`", if entry == &ALARM_NOSPACE { "NOSPACE" } else { "CORRUPT" });
        let location = Location { member: Some(member), ..Location::default() };
        findings.push(Finding::new(entry, message).at(location));
    }
}

fn check_members(scan: &Scan<'_>, findings: &mut Findings) {
    let state = &scan.state;
    let at = |id: u64| Location { member: Some(format!("{id:x}")), ..Location::default() };
    if state.members.is_empty() && scan.bucket(b"members").is_some() {
        findings.push(Finding::new(&NO_VOTERS, "bucket `members` has no entries"));
    }
    let removed: BTreeSet<u64> = state.removed_members.iter().copied().collect();
    for member in state.members.iter().filter(|member| removed.contains(&member.id)) {
        let message =
            format!("member `{:x}` ({}) is in `members` and in `members_removed`", member.id, name(&member.name));
        findings.push(Finding::new(&ZOMBIE_MEMBER, message).at(at(member.id)));
    }
    let learners = state.members.iter().filter(|member| member.is_learner);
    // Up to 3.4 there is no confState, and bucket `members` follows another store: nothing to compare.
    let Some(conf) = &state.conf_state else { return };
    let voters: BTreeSet<u64> = conf.voters.iter().copied().collect();
    for member in learners {
        let (id, shown) = (member.id, name(&member.name));
        let finding = if voters.contains(&id) {
            Finding::new(&LEARNER_NOT_PROMOTED, format!("member `{id:x}` ({shown}) votes, but is stored as a learner"))
        } else {
            Finding::new(&LEARNER_PRESENT, format!("member `{id:x}` ({shown}) is a learner"))
        };
        findings.push(finding.at(at(id)));
    }
    compare_membership(scan, conf, findings);
}

fn compare_membership(scan: &Scan<'_>, conf: &ConfState, findings: &mut Findings) {
    let listed: BTreeSet<u64> = scan.state.members.iter().map(|member| member.id).collect();
    let raft = [&conf.voters, &conf.learners, &conf.voters_outgoing, &conf.learners_next];
    let raft: BTreeSet<u64> = raft.into_iter().flatten().copied().collect();
    if listed == raft {
        return;
    }
    let part = |what: &str, ids: Vec<&u64>| {
        let shown: Vec<_> = ids.iter().take(IDS_SHOWN).map(|id| format!("`{id:x}`")).collect();
        let more = ids.len().saturating_sub(IDS_SHOWN);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!ids.is_empty()).then(|| format!("{what} {}{more}", shown.join(", ")))
    };
    let parts = [
        part("only in `members`:", listed.difference(&raft).collect()),
        part("only in confState:", raft.difference(&listed).collect()),
    ];
    let message = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    // A restore writes new members and leaves confState as it was until the next change of membership.
    if restored(scan) && (listed.is_disjoint(&raft) || listed.is_subset(&raft)) {
        let message = format!("{message}; confState is that from before the restore");
        findings.push(Finding { severity: Severity::Info, ..Finding::new(&MEMBERSHIP_MISMATCH, message) });
    } else {
        findings.push(Finding::new(&MEMBERSHIP_MISMATCH, message));
    }
}

fn name(name: &str) -> String {
    if name.is_empty() { "no name".into() } else { name.escape_debug().to_string() }
}

fn check_leases(scan: &Scan<'_>, leased: &LeasedKeys<'_>, findings: &mut Findings) {
    let leases: BTreeSet<i64> = scan.state.leases.iter().map(|lease| lease.id).collect();
    for (id, keys, first) in leased.iter().filter(|(id, ..)| !leases.contains(id)) {
        let message = format!("{keys} keys are attached to lease `{id:x}`, which does not exist");
        let location = Location { key: Some(first.to_vec()), ..Location::default() };
        findings.push(Finding::new(&LEASE_DANGLING, message).with("keys", keys).at(location));
    }
    for id in leases.iter().filter(|&&id| id <= 0) {
        findings.push(Finding::new(&LEASE_INVALID, format!("lease `{id:x}`: ids are positive")));
    }
    for lease in scan.state.leases.iter().filter(|lease| !(1..=LONGEST_TTL).contains(&lease.ttl)) {
        let (keys, first) = leased.get(lease.id).map_or((0, None), |(keys, first)| (keys, Some(first.to_vec())));
        let message =
            format!("lease `{:x}` is granted for {} seconds; keys attached to it: {keys}", lease.id, lease.ttl);
        let severity = if keys == 0 { Severity::Medium } else { LEASE_ENDS.severity };
        let location = Location { key: first, ..Location::default() };
        let finding = Finding::new(&LEASE_ENDS, message).with("keys", keys).at(location);
        findings.push(Finding { severity, ..finding });
    }
    check_short_leases(scan, leased, findings);
    let unused = leases.iter().filter(|id| leased.get(**id).is_none()).count() as u64;
    if unused >= LEAK_FROM && unused * 2 > leases.len() as u64 {
        let message = format!("{unused} of {} leases have no keys", leases.len());
        findings.push(Finding::new(&LEASE_LEAK, message).with("unused", unused));
    }
}

/// Keys that are gone a minute after the start of a restored etcd: nobody keeps their leases alive.
fn check_short_leases(scan: &Scan<'_>, leased: &LeasedKeys<'_>, findings: &mut Findings) {
    let short = scan.state.leases.iter().filter(|lease| (1..SHORT_TTL).contains(&lease.ttl));
    let keys: u64 = short.filter_map(|lease| leased.get(lease.id)).map(|(keys, _)| keys).sum();
    let live = scan.store.live_count();
    if keys >= SHORT_FROM && keys.saturating_mul(SHORT_SHARE) > live {
        let message = format!("{keys} of {live} live keys are attached to leases of less than {SHORT_TTL} seconds");
        findings.push(Finding { severity: Severity::Medium, ..Finding::new(&LEASE_ENDS, message).with("keys", keys) });
    }
}

fn check_auth(scan: &Scan<'_>, findings: &mut Findings) {
    let state = &scan.state;
    if state.auth_enabled {
        let users = count(state.users.len() as u64, "user");
        findings.push(Finding::new(&AUTH_ENABLED, format!("authentication is on, with {users}")));
    }
    let mut found = |message: String| findings.push(Finding::new(&AUTH_INCOMPLETE, message));
    if !state.auth_stated && !state.users.is_empty() {
        found(format!("{} users, and nothing says whether authentication was on", state.users.len()));
    }
    if state.auth_enabled && !state.users.iter().any(|user| user.name == "root") {
        found("authentication is on, and there is no user root".to_owned());
    }
    let roles: BTreeSet<&str> = state.roles.iter().map(|role| role.name.as_str()).collect();
    for user in &state.users {
        // etcd has role root in itself
        let missing = |role: &&String| !roles.contains(role.as_str()) && role.as_str() != "root";
        if let Some(role) = user.roles.iter().find(missing) {
            found(format!("user {} has role {}, which is not there", name(&user.name), name(role)));
        }
    }
}

/// Whether the raft index is too small for the revisions to have come about one by one.
fn restored(scan: &Scan<'_>) -> bool {
    let index = scan.state.consistent_index.and_then(|index| i64::try_from(index).ok());
    index.is_some_and(|index| index.saturating_add(1) < scan.current())
}

fn check_position(scan: &Scan<'_>, findings: &mut Findings) {
    let state = &scan.state;
    match state.consistent_index {
        None | Some(0) => {
            let finding = Finding::new(&NO_RAFT_POSITION, "bucket `meta` has no consistent_index");
            // a new 3.4 has written nothing yet
            let severity = if scan.counts.records == 0 { Severity::Low } else { finding.severity };
            findings.push(Finding { severity, ..finding });
        }
        Some(index) if restored(scan) => {
            let current = scan.current();
            let message =
                format!("raft index {index} is smaller than revision {current}: restored from a snapshot before");
            findings.push(Finding::new(&RESTORED_LINEAGE, message).with("consistentIndex", index));
        }
        Some(_) => {}
    }
}

fn check_versions(scan: &Scan<'_>, findings: &mut Findings) {
    let state = &scan.state;
    if let Some(downgrade) = state.downgrade.as_ref().filter(|downgrade| downgrade.enabled) {
        let message = format!("downgrade to {} was enabled", downgrade.target_version.escape_debug());
        findings.push(Finding::new(&DOWNGRADE_ENABLED, message));
        return;
    }
    let (Some(storage), Some(cluster)) = (&state.storage_version, &state.cluster_version) else { return };
    let (Some(of_storage), Some(of_cluster)) = (minor(storage), minor(cluster)) else { return };
    if of_storage > of_cluster {
        let message = format!("storage version {storage} is above cluster version {cluster}");
        findings.push(Finding::new(&VERSION_ORDER, message));
    }
}

fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

fn check_space(scan: &Scan<'_>, quota: Quota, findings: &mut Findings) {
    let walked = &scan.walked;
    let (size, free) = (walked.db.size(), walked.pages_free.saturating_mul(walked.db.page_size()));
    let percent = |part: u64, whole: u64| part.saturating_mul(100).checked_div(whole).unwrap_or(0);
    if size >= DEFRAG_SIZE && percent(free, size) >= DEFRAG_PERCENT {
        let message = format!("{} % of the database is free pages", percent(free, size));
        findings.push(Finding::new(&FRAGMENTED, message).with("free", free).with("size", size));
    }
    let days = walked.db.meta().txid.0 / DAILY_TRANSACTIONS;
    if days >= 365 && free >= FORGOTTEN_SIZE && percent(free, size) >= FORGOTTEN_PERCENT {
        let message = format!(
            "{} transactions have been committed since the file was made, which takes {days} days at the least; {} % of it \
             are free pages",
            walked.db.meta().txid.0,
            percent(free, size)
        );
        findings.push(Finding::new(&NOT_DEFRAGMENTED, message).with("days", days).with("free", free));
    }
    // a tarball's own is held against the snapshot as one of the things that the two say about each other
    if quota.source == QuotaSource::Tarball && quota.bytes != quota.default {
        return;
    }
    let assumed = quota.source == QuotaSource::Assumed;
    let quota = quota.bytes;
    let used = percent(size, quota);
    if let Some(&(_, severity)) = QUOTA_ALERTS.iter().find(|&&(from, _)| used > from) {
        let message = match assumed {
            false => format!("the database takes {used} % of a quota of {quota} bytes"),
            true => format!(
                "the database takes {used} % of the {quota} bytes that etcd may use where --quota-backend-bytes does not say \
                 more, and nothing in the backup tells whether it did"
            ),
        };
        // who runs a database above the default has raised it, or has an alarm, which is told of
        let severity = if assumed { severity.min(Severity::Medium) } else { severity };
        let finding = Finding::new(&QUOTA_NEAR, message).with("size", size).with("quota", quota);
        findings.push(Finding { severity, ..finding });
    }
}
