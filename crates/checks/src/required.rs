//! What an organisation requires of a backup, held against what is known of it.

use jiff::Timestamp;

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    BACKUP_TOO_OLD, CERTIFICATE_ENDS_TOO_SOON, ENCRYPTION_NOT_AS_REQUIRED, ESCROW_NOT_PROVEN,
    FRAGMENTATION_ABOVE_LIMIT, INTEGRITY_HASH_REQUIRED, KEYS_NOT_PROVEN, WAIVER_EXPIRED,
};

/// What OpenShift encrypts, by [`StoredUnder::resources`]' names.
const USUAL: [&str; 8] = [
    "secrets",
    "configmaps",
    "routes",
    "routes.route.openshift.io",
    "oauthaccesstokens",
    "oauthaccesstokens.oauth.openshift.io",
    "oauthauthorizetokens",
    "oauthauthorizetokens.oauth.openshift.io",
];
const DAY: i64 = 86_400;
/// Clocks of nodes and of who judges may differ by this much, and a node's may not be in UTC.
const CLOCK_SKEW: i64 = DAY;

/// What a backup must be; what is not set is not asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Required {
    /// Greatest age, in seconds.
    pub max_age: Option<i64>,
    /// Greatest share of free pages, in percent.
    pub max_fragmentation_percent: Option<f64>,
    /// Least number of days until the first certificate in the tarball ends.
    pub min_certificate_days: Option<i64>,
    /// How values must be stored.
    pub encryption: Option<StoredUnder>,
    /// Whether the keys must be proven to open every encrypted value.
    pub keys_fit: bool,
    /// Whether the keys must be proven to be in escrow.
    pub escrow_manifest: bool,
    /// Whether the snapshot must have a valid integrity hash.
    pub trailer: bool,
}

/// How values must be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUnder {
    /// The providers that may have written them; any, where there are none here.
    pub types: Vec<String>,
    /// Resources, as `secrets` or `routes.route.openshift.io`.
    pub resources: Vec<String>,
}

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A snapshot.
    Snapshot,
    /// A tarball of static pod resources.
    Tarball,
    /// Both together; each of them has facts of its own.
    Backup,
    /// Anything else; nothing is required of it.
    Other,
}

/// What requirements are held against. What is not known is `None`, and satisfies no requirement.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What it is.
    pub kind: Subject,
    /// Whether it is part of no backup that is judged beside it.
    pub alone: bool,
    /// The path, as given.
    pub artifact: String,
    /// The time that ages and ends are reckoned from.
    pub now: Timestamp,
    /// When it was taken, by its name.
    pub taken: Option<Timestamp>,
    /// Share of free pages of a snapshot, in percent.
    pub fragmentation_percent: Option<f64>,
    /// Whether the integrity hash of a snapshot is there and right.
    pub trailer_valid: Option<bool>,
    /// How the values of a snapshot are stored.
    pub stored: Vec<Stored>,
    /// Members of a tarball with the end of their certificate.
    pub certificates: Vec<(String, Timestamp)>,
    /// Whether the keys of a backup open every encrypted value.
    pub keys_fit: Option<bool>,
    /// Whether the keys of a tarball are proven to be in escrow.
    pub in_escrow: Option<bool>,
    /// Whether the tarball of a backup is proven to be the one from which the keys were taken.
    pub keyless: Option<bool>,
}

/// How the live values of a resource are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// In the plural.
    pub resource: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Values in clear.
    pub plain: u64,
    /// Encrypted values by provider.
    pub encrypted: Vec<(String, u64)>,
}

impl Known {
    /// What is known of an artifact of which nothing is known yet.
    #[must_use]
    pub fn unknown(kind: Subject, artifact: &str, now: Timestamp) -> Self {
        Self {
            kind,
            alone: true,
            artifact: artifact.to_owned(),
            now,
            taken: None,
            fragmentation_percent: None,
            trailer_valid: None,
            stored: Vec::new(),
            certificates: Vec::new(),
            keys_fit: None,
            in_escrow: None,
            keyless: None,
        }
    }
}

/// Everything that is required and not so, worst first.
#[must_use]
pub fn check(required: &Required, known: &Known) -> Vec<Finding> {
    let mut found = Findings::default();
    match known.kind {
        Subject::Snapshot => {
            age(required, known, &mut found);
            trailer(required, known, &mut found);
            fragmentation(required, known, &mut found);
            if let Some(under) = &required.encryption {
                stored(under, known, &mut found);
            }
            if known.alone {
                keys(required, known, &mut found);
            }
        }
        Subject::Tarball => {
            age(required, known, &mut found);
            certificates(required, known, &mut found);
            if known.alone {
                escrow(required, known, &mut found);
            }
        }
        Subject::Backup => {
            keys(required, known, &mut found);
            escrow(required, known, &mut found);
        }
        Subject::Other => {}
    }
    found.into_sorted()
}

fn age(required: &Required, known: &Known, found: &mut Findings) {
    let Some(limit) = required.max_age else { return };
    let Some(taken) = known.taken else {
        let message = format!("its name tells no age; the policy allows {}", span(limit));
        return found.push(Finding::new(&BACKUP_TOO_OLD, message));
    };
    let age = known.now.as_second().saturating_sub(taken.as_second());
    if age < -CLOCK_SKEW {
        let message =
            format!("taken {taken}, which is still to come: its age cannot be told; the policy allows {}", span(limit));
        return found.push(Finding::new(&BACKUP_TOO_OLD, message).with("ageSeconds", age).with("limitSeconds", limit));
    }
    if age > limit {
        let message = format!("taken {taken}, {} ago; the policy allows {}", span(age), span(limit));
        found.push(Finding::new(&BACKUP_TOO_OLD, message).with("ageSeconds", age).with("limitSeconds", limit));
    }
}

/// `3 days`, `36 hours`, `5 minutes`: rounded down.
fn span(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / DAY, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

fn trailer(required: &Required, known: &Known, found: &mut Findings) {
    if required.trailer && known.trailer_valid != Some(true) {
        found.push(Finding::new(&INTEGRITY_HASH_REQUIRED, "the integrity hash is missing or wrong"));
    }
}

fn fragmentation(required: &Required, known: &Known, found: &mut Findings) {
    let Some(limit) = required.max_fragmentation_percent else { return };
    let message = match known.fragmentation_percent {
        Some(percent) if percent <= limit => return,
        Some(percent) => format!("{percent} percent are free pages; the policy allows {limit}"),
        None => format!("the share of free pages is not known; the policy allows {limit} percent"),
    };
    found.push(Finding::new(&FRAGMENTATION_ABOVE_LIMIT, message));
}

fn certificates(required: &Required, known: &Known, found: &mut Findings) {
    let Some(days) = required.min_certificate_days else { return };
    let limit = known.now.as_second().saturating_add(days.saturating_mul(DAY));
    for (member, until) in &known.certificates {
        if until.as_second() < limit {
            let left = until.as_second().saturating_sub(known.now.as_second()).div_euclid(DAY);
            let left = if left < 0 { "over".to_owned() } else { format!("{left} days from now") };
            let message = format!("ends {until}, {left}; the policy asks for {days} days");
            let location = Location { member: Some(member.clone()), ..Location::default() };
            found.push(Finding::new(&CERTIFICATE_ENDS_TOO_SOON, message).at(location));
        }
    }
}

fn stored(under: &StoredUnder, known: &Known, found: &mut Findings) {
    for name in &under.resources {
        let named = |one: &&Stored| {
            one.resource == *name || (!one.group.is_empty() && format!("{}.{}", one.resource, one.group) == *name)
        };
        // of what a cluster is known to encrypt there may be none; anything else may be a name that is misspelt
        if !USUAL.contains(&name.as_str()) && !known.stored.iter().any(|one| named(&one)) {
            let message =
                format!("no resource is called `{name}` in this snapshot: that it is encrypted cannot be told");
            found.push(Finding::new(&ENCRYPTION_NOT_AS_REQUIRED, message).with("resource", name.as_str()));
        }
        for one in known.stored.iter().filter(named) {
            let other: Vec<_> = one.encrypted.iter().filter(|(by, _)| !is_allowed(under, by)).collect();
            let wrong: u64 = other.iter().map(|(_, count)| *count).sum();
            if one.plain == 0 && wrong == 0 {
                continue;
            }
            let mut parts = Vec::new();
            if one.plain > 0 {
                parts.push(format!("{} in clear", one.plain));
            }
            parts.extend(other.iter().map(|(by, count)| format!("{count} under {by}")));
            let asked = if under.types.is_empty() { "encryption".to_owned() } else { under.types.join(" or ") };
            let message = format!("values of `{name}`: {}; the policy asks for {asked}", parts.join(", "));
            let finding = Finding::new(&ENCRYPTION_NOT_AS_REQUIRED, message);
            found.push(finding.with("resource", name.as_str()).with("plain", one.plain).with("otherwise", wrong));
        }
    }
}

fn is_allowed(under: &StoredUnder, provider: &str) -> bool {
    under.types.is_empty() || under.types.iter().any(|one| one == provider)
}

fn keys(required: &Required, known: &Known, found: &mut Findings) {
    if !required.keys_fit || known.keys_fit == Some(true) {
        return;
    }
    // a snapshot without a single encrypted value needs no keys
    let nothing_encrypted = known.kind == Subject::Snapshot
        && !known.stored.is_empty()
        && known.stored.iter().all(|one| one.encrypted.iter().all(|(_, count)| *count == 0));
    if nothing_encrypted {
        return;
    }
    let message = match known.keys_fit {
        Some(_) => "the keys do not open every encrypted value",
        None => "no keys were held against the encrypted values",
    };
    found.push(Finding::new(&KEYS_NOT_PROVEN, message));
}

fn escrow(required: &Required, known: &Known, found: &mut Findings) {
    if !required.escrow_manifest {
        return;
    }
    let message = match (known.in_escrow, known.keyless) {
        (Some(true), Some(true)) => return,
        (Some(true), _) => "the escrow manifest is that of this tarball, but the keys still lie in the tarball",
        (Some(false), _) => "the escrow manifest is not that of this tarball",
        (None, _) => "no escrow manifest was held against the tarball",
    };
    found.push(Finding::new(&ESCROW_NOT_PROVEN, message));
}

/// A waiver that has ended, where it would have waived a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended<'w> {
    /// ID of the finding.
    pub id: &'w str,
    /// Its line in the policy.
    pub line: usize,
    /// Its last day.
    pub until: &'w str,
    /// Why it was waived.
    pub reason: &'w str,
}

/// Judges it.
#[must_use]
pub fn check_ended(waiver: &Ended<'_>) -> Finding {
    let Ended { id, line, until, reason } = *waiver;
    let message = format!("the waiver of {id} in line {line} ended on {until}");
    Finding::new(&WAIVER_EXPIRED, message).with("waived", id).with("until", until).with("reason", reason)
}
