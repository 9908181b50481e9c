//! What is required, held against facts.

use checks::catalogue::{
    BACKUP_TOO_OLD, CERTIFICATE_ENDS_TOO_SOON, ENCRYPTION_NOT_AS_REQUIRED, ESCROW_NOT_PROVEN,
    FRAGMENTATION_ABOVE_LIMIT, INTEGRITY_HASH_REQUIRED, KEYS_NOT_PROVEN,
};
use checks::{Finding, Findings, Location};
use jiff::Timestamp;

use crate::{Encryption, Require};

/// What OpenShift encrypts, by [`Encryption::resources`]' names.
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

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
pub struct Facts {
    /// What it is.
    pub kind: Kind,
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

impl Facts {
    /// Facts of an artifact of which nothing is known yet.
    #[must_use]
    pub fn unknown(kind: Kind, artifact: &str, now: Timestamp) -> Self {
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

/// Everything that is required and not so.
pub(crate) fn violations(require: &Require, facts: &Facts) -> Vec<Finding> {
    let mut found = Findings::default();
    match facts.kind {
        Kind::Snapshot => {
            age(require, facts, &mut found);
            trailer(require, facts, &mut found);
            fragmentation(require, facts, &mut found);
            if let Some(encryption) = &require.encryption {
                stored(encryption, facts, &mut found);
            }
            if facts.alone {
                keys(require, facts, &mut found);
            }
        }
        Kind::Tarball => {
            age(require, facts, &mut found);
            certificates(require, facts, &mut found);
            if facts.alone {
                escrow(require, facts, &mut found);
            }
        }
        Kind::Backup => {
            keys(require, facts, &mut found);
            escrow(require, facts, &mut found);
        }
        Kind::Other => {}
    }
    found.into_sorted()
}

fn age(require: &Require, facts: &Facts, found: &mut Findings) {
    let Some(limit) = require.max_age else { return };
    let Some(taken) = facts.taken else {
        let message = format!("its name tells no age; the policy allows {}", span(limit));
        return found.push(Finding::new(&BACKUP_TOO_OLD, message));
    };
    let age = facts.now.as_second().saturating_sub(taken.as_second());
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

fn trailer(require: &Require, facts: &Facts, found: &mut Findings) {
    if require.trailer && facts.trailer_valid != Some(true) {
        found.push(Finding::new(&INTEGRITY_HASH_REQUIRED, "the integrity hash is missing or wrong"));
    }
}

fn fragmentation(require: &Require, facts: &Facts, found: &mut Findings) {
    let Some(limit) = require.max_fragmentation_percent else { return };
    let message = match facts.fragmentation_percent {
        Some(percent) if percent <= limit => return,
        Some(percent) => format!("{percent} percent are free pages; the policy allows {limit}"),
        None => format!("the share of free pages is not known; the policy allows {limit} percent"),
    };
    found.push(Finding::new(&FRAGMENTATION_ABOVE_LIMIT, message));
}

fn certificates(require: &Require, facts: &Facts, found: &mut Findings) {
    let Some(days) = require.min_certificate_days else { return };
    let limit = facts.now.as_second().saturating_add(days.saturating_mul(DAY));
    for (member, until) in &facts.certificates {
        if until.as_second() < limit {
            let left = until.as_second().saturating_sub(facts.now.as_second()).div_euclid(DAY);
            let left = if left < 0 { "over".to_owned() } else { format!("{left} days from now") };
            let message = format!("ends {until}, {left}; the policy asks for {days} days");
            let location = Location { member: Some(member.clone()), ..Location::default() };
            found.push(Finding::new(&CERTIFICATE_ENDS_TOO_SOON, message).at(location));
        }
    }
}

fn stored(required: &Encryption, facts: &Facts, found: &mut Findings) {
    for name in &required.resources {
        let named = |one: &&Stored| {
            one.resource == *name || (!one.group.is_empty() && format!("{}.{}", one.resource, one.group) == *name)
        };
        // of what a cluster is known to encrypt there may be none; anything else may be a name that is misspelt
        if !USUAL.contains(&name.as_str()) && !facts.stored.iter().any(|one| named(&one)) {
            let message =
                format!("no resource is called `{name}` in this snapshot: that it is encrypted cannot be told");
            found.push(Finding::new(&ENCRYPTION_NOT_AS_REQUIRED, message).with("resource", name.as_str()));
        }
        for one in facts.stored.iter().filter(named) {
            let other: Vec<_> = one.encrypted.iter().filter(|(by, _)| !is_allowed(required, by)).collect();
            let wrong: u64 = other.iter().map(|(_, count)| *count).sum();
            if one.plain == 0 && wrong == 0 {
                continue;
            }
            let mut parts = Vec::new();
            if one.plain > 0 {
                parts.push(format!("{} in clear", one.plain));
            }
            parts.extend(other.iter().map(|(by, count)| format!("{count} under {by}")));
            let asked = if required.types.is_empty() { "encryption".to_owned() } else { required.types.join(" or ") };
            let message = format!("values of `{name}`: {}; the policy asks for {asked}", parts.join(", "));
            let finding = Finding::new(&ENCRYPTION_NOT_AS_REQUIRED, message);
            found.push(finding.with("resource", name.as_str()).with("plain", one.plain).with("otherwise", wrong));
        }
    }
}

fn is_allowed(required: &Encryption, provider: &str) -> bool {
    required.types.is_empty() || required.types.iter().any(|one| one == provider)
}

fn keys(require: &Require, facts: &Facts, found: &mut Findings) {
    if !require.keys_fit || facts.keys_fit == Some(true) {
        return;
    }
    // a snapshot without a single encrypted value needs no keys
    let nothing_encrypted = facts.kind == Kind::Snapshot
        && !facts.stored.is_empty()
        && facts.stored.iter().all(|one| one.encrypted.iter().all(|(_, count)| *count == 0));
    if nothing_encrypted {
        return;
    }
    let message = match facts.keys_fit {
        Some(_) => "the keys do not open every encrypted value",
        None => "no keys were held against the encrypted values",
    };
    found.push(Finding::new(&KEYS_NOT_PROVEN, message));
}

fn escrow(require: &Require, facts: &Facts, found: &mut Findings) {
    if !require.escrow_manifest {
        return;
    }
    let message = match (facts.in_escrow, facts.keyless) {
        (Some(true), Some(true)) => return,
        (Some(true), _) => "the escrow manifest is that of this tarball, but the keys still lie in the tarball",
        (Some(false), _) => "the escrow manifest is not that of this tarball",
        (None, _) => "no escrow manifest was held against the tarball",
    };
    found.push(Finding::new(&ESCROW_NOT_PROVEN, message));
}
