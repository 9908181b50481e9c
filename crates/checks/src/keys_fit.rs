//! Whether keys open the values of a snapshot, and how far encryption has come.
//!
//! `check(&backup_facts::examine::examine(scan, held, ...))` is all that a caller of a pair needs.

use backup_facts::bootstrap::Bootstrap;
use backup_facts::chain::{Broken, Link};
use backup_facts::coverage::{Coverage, Migration, ToldBy, Writer};
use backup_facts::examine::{Encryption, ResourceCoverage};
use backup_facts::opening::{ApiServer, Failed, KeyTally, Reason};
use encryption_config::{ProviderKind, Standing};
use wording::{clip, number_of};

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    CHAIN_BROKEN, DECRYPTING, Entry, FIT_NOT_CHECKED, HISTORY_NEEDS_KEY, KEY_ONLY_IN_SNAPSHOT, KMS_DEPENDENCY,
    MIGRATION_NOT_BEGUN, MISSING_KEY, NOT_CONFIGURED, PARTIALLY_ENCRYPTED, PLAINTEXT_LEFT, ROTATION_UNFINISHED,
    UNUSED_KEY, VALUE_NOT_OPENED, WANTED_NOT_ENCRYPTED, WRONG_KEY,
};
use crate::tarball::keys as tarball;

/// Runs every check of keys against values.
#[must_use]
pub fn check(encryption: &Encryption) -> Findings {
    let mut findings = Findings::default();
    check_given(encryption, &mut findings);
    crate::keys_held::check(encryption, &mut findings);
    check_presence(encryption, &mut findings);
    if encryption.keys_at_hand || encryption.not_configured {
        for resource in &encryption.resources {
            resource.tally.keys.iter().for_each(|key| check_key(encryption, resource, key, &mut findings));
        }
        check_chain(encryption, &mut findings);
    } else {
        check_broken_prefixes(encryption, &mut findings);
    }
    check_kms(encryption, &mut findings);
    check_coverage(encryption, &mut findings);
    check_past(encryption, &mut findings);
    check_unused(encryption, &mut findings);
    findings
}

/// What is said of the records of k3s where no values were opened.
#[must_use]
pub fn check_records(records: &[Bootstrap]) -> Findings {
    let mut findings = Findings::default();
    records.iter().for_each(|record| crate::keys_held::check_token(record, &mut findings));
    findings
}

/// Names in hostile values and Secrets may be long: so many characters a message keeps.
const LONGEST: usize = 120;

fn values(count: u64) -> String {
    number_of(count, "value", "values")
}

fn named(resource: &ResourceCoverage) -> String {
    clip(&resource.tally.name(), LONGEST)
}

fn key_words(key: &KeyTally) -> String {
    format!("{} key `{}`", key.provider, clip(&key.name, LONGEST))
}

/// What keeps kube-apiserver from starting with a configuration that came in no tarball, whatever is stored under it.
fn check_given(encryption: &Encryption, findings: &mut Findings) {
    for problem in &encryption.problems {
        let Some(refusal) = problem.refusal() else { continue };
        let words = clip(&problem.kind.to_string(), LONGEST);
        let at = if problem.at.is_empty() { String::new() } else { format!(" at `{}`", clip(&problem.at, LONGEST)) };
        let words = format!("{words}{at}; kube-apiserver does not start with it: {}", clip(&refusal, LONGEST));
        if let Some(finding) = tarball::told(problem, words) {
            findings.push(finding.with("refusal", clip(&refusal, LONGEST)));
        }
    }
}

fn check_presence(encryption: &Encryption, findings: &mut Findings) {
    let sealed = |resource: &&ResourceCoverage| resource.tally.keys.iter().any(|key| key.live > 0 && is_sound(key));
    let of = |wanted: fn(&ResourceCoverage) -> bool| {
        let resources = encryption.resources.iter().filter(|resource| wanted(resource)).filter(sealed);
        resources.map(|resource| (named(resource), resource.tally.encrypted())).collect::<Vec<_>>()
    };
    let (entry, which, what) = if encryption.not_configured {
        let which = of(|resource| resource.server == ApiServer::Kube);
        (&NOT_CONFIGURED, which, "kube-apiserver of this tarball has no encryption configuration")
    } else if encryption.keys_at_hand {
        return;
    } else {
        (&FIT_NOT_CHECKED, of(|_| true), "no keys were at hand")
    };
    let total: u64 = which.iter().map(|(_, count)| count).sum();
    if total > 0 {
        let parts: Vec<String> = which.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let message = format!("{what}, and {} are encrypted: {}", values(total), clip(&parts.join(", "), LONGEST));
        findings.push(Finding::new(entry, message).with("encrypted", total));
    }
}

/// The prefix is whole and the provider one of Kubernetes'.
fn is_sound(key: &KeyTally) -> bool {
    key.provider != ProviderKind::Unknown
}

fn check_broken_prefixes(encryption: &Encryption, findings: &mut Findings) {
    for resource in &encryption.resources {
        for key in resource.tally.keys.iter().filter(|key| !is_sound(key)) {
            check_key(encryption, resource, key, findings);
        }
    }
}

/// One finding for each reason why values under a key do not open.
fn check_key(encryption: &Encryption, resource: &ResourceCoverage, key: &KeyTally, findings: &mut Findings) {
    for (reason, failed) in &key.failed {
        let (entry, what) = match reason {
            Reason::Kms => continue,
            // said once, of all resources
            Reason::MissingKey if encryption.not_configured && resource.server == ApiServer::Kube => continue,
            // what keeps the keys of this server away is said of the chain
            Reason::MissingKey if chain_broken(encryption, resource.server).is_some() => continue,
            Reason::MissingKey if is_for_others(encryption, resource, key) => {
                let what = "which the configuration has for other resources only";
                (&MISSING_KEY, format!("need {}, {what}", key_words(key)))
            }
            Reason::MissingKey => (&MISSING_KEY, format!("need {}, which is not there", key_words(key))),
            Reason::UnusableKey => (&MISSING_KEY, format!("need {}, which has no usable bytes", key_words(key))),
            // the key is right: it opens the others
            Reason::WrongKey if key.opened > 0 => {
                (&VALUE_NOT_OPENED, format!("do not open with {}, which opens the others", key_words(key)))
            }
            Reason::WrongKey => (&WRONG_KEY, format!("do not open with {}", key_words(key))),
            Reason::Truncated => (&VALUE_NOT_OPENED, "break off".to_owned()),
            Reason::OtherObject => (&VALUE_NOT_OPENED, "open to another object than their key names".to_owned()),
            Reason::Damaged => (&VALUE_NOT_OPENED, "open to objects that are damaged inside".to_owned()),
            Reason::Malformed => (&VALUE_NOT_OPENED, "have a broken or unknown encryption prefix".to_owned()),
        };
        findings.push(of_values(entry, resource, key, failed, *reason, &what));
    }
    if key.spare > 0 {
        let what = format!("open only with {} as a Secret of the snapshot has it", key_words(key));
        let message = format!("{} of {} {what}", of_live(key.spare, key), named(resource));
        findings.push(described(&KEY_ONLY_IN_SNAPSHOT, message, resource, key).with("count", key.spare));
    }
}

/// Whether the configuration of the server that reads a resource has the key, and gives it to others.
fn is_for_others(encryption: &Encryption, resource: &ResourceCoverage, key: &KeyTally) -> bool {
    encryption.keys.iter().any(|own| {
        let server = own.server.unwrap_or(ApiServer::Kube);
        (server, own.provider, own.name.as_str()) == (resource.server, key.provider, key.name.as_str())
    })
}

fn of_values(
    entry: &'static Entry,
    resource: &ResourceCoverage,
    key: &KeyTally,
    failed: &Failed,
    reason: Reason,
    what: &str,
) -> Finding {
    let message = format!("{} of {} {what}", of_live(failed.count, key), named(resource));
    let finding = described(entry, message, resource, key).with("reason", reason.word()).with("count", failed.count);
    let location = Location { key: failed.examples.first().cloned(), ..Location::default() };
    finding.at(location)
}

/// `3 values`, or `3 of 40 values` where not all are concerned.
fn of_live(count: u64, key: &KeyTally) -> String {
    if count == key.live { values(count) } else { format!("{count} of {}", values(key.live)) }
}

fn described(entry: &'static Entry, message: String, resource: &ResourceCoverage, key: &KeyTally) -> Finding {
    Finding::new(entry, message)
        .with("resource", named(resource))
        .with("server", resource.server.name())
        .with("provider", key.provider.as_str())
        .with("key", clip(&key.name, LONGEST))
}

/// Why the keys of a server that lie in the snapshot are not in use; `None` where they are.
fn chain_broken(encryption: &Encryption, server: ApiServer) -> Option<String> {
    if server == ApiServer::Kube {
        return None;
    }
    let mut why = None;
    for link in encryption.chain.current(server) {
        match &link.content {
            Ok(_) => return None,
            Err(broken) => why = why.or(Some((link, broken))),
        }
    }
    Some(match why {
        Some((link, broken)) => broken_words(link, broken),
        None => "no Secret of the snapshot holds its configuration".to_owned(),
    })
}

fn broken_words(link: &Link, broken: &Broken) -> String {
    let name = link.etcd_key.rsplitn(3, '/').collect::<Vec<_>>();
    let name = match name[..] {
        [name, namespace, _] => format!("{namespace}/{name}"),
        _ => link.etcd_key.clone(),
    };
    format!("Secret `{}`: {broken}", clip(&name, LONGEST))
}

fn check_chain(encryption: &Encryption, findings: &mut Findings) {
    for server in [ApiServer::OpenShift, ApiServer::OAuth] {
        let waiting = |resource: &&ResourceCoverage| {
            let missing = |key: &KeyTally| key.failed.contains_key(&Reason::MissingKey);
            resource.server == server && resource.tally.keys.iter().any(missing)
        };
        let waiting: Vec<_> = encryption.resources.iter().filter(waiting).collect();
        let Some(why) = chain_broken(encryption, server).filter(|_| !waiting.is_empty()) else { continue };
        let missing: u64 = waiting
            .iter()
            .flat_map(|resource| &resource.tally.keys)
            .filter_map(|key| key.failed.get(&Reason::MissingKey))
            .map(|failed| failed.count)
            .sum();
        let names: Vec<String> = waiting.iter().map(|resource| named(resource)).collect();
        let message =
            format!("{server} cannot read {} of {}: {why}", values(missing), clip(&names.join(", "), LONGEST));
        let link = encryption.chain.current(server).next();
        let location = Location { key: link.map(|link| link.etcd_key.clone().into_bytes()), ..Location::default() };
        findings.push(
            Finding::new(&CHAIN_BROKEN, message).with("server", server.name()).with("count", missing).at(location),
        );
    }
}

fn check_kms(encryption: &Encryption, findings: &mut Findings) {
    for resource in &encryption.resources {
        let of_kms =
            |key: &&KeyTally| matches!(key.provider, ProviderKind::KmsV1 | ProviderKind::KmsV2) && key.live > 0;
        for key in resource.tally.keys.iter().filter(of_kms) {
            let ids: Vec<String> = key.key_ids.keys().filter(|id| !id.is_empty()).map(|id| clip(id, LONGEST)).collect();
            let with = match &ids[..] {
                [] => String::new(),
                [id] => format!(", key ID `{id}`"),
                ids => format!(", {} key IDs", ids.len()),
            };
            let plugin = clip(&key.name, LONGEST);
            let message = format!("{} of {} need plugin `{plugin}`{with}", values(key.live), named(resource));
            let mut finding = described(&KMS_DEPENDENCY, message, resource, key).with("count", key.live);
            if !ids.is_empty() {
                finding = finding.with("keyIds", clip(&ids.join(", "), LONGEST));
            }
            findings.push(finding);
        }
    }
}

fn check_coverage(encryption: &Encryption, findings: &mut Findings) {
    let mut never: Vec<String> = Vec::new();
    for resource in &encryption.resources {
        let (tally, name) = (&resource.tally, named(resource));
        let (entry, message) = match resource.coverage {
            Coverage::PartiallyEncrypted => {
                let message = format!("{} of {} of {name} are plaintext", tally.plain, values(tally.live));
                (&PARTIALLY_ENCRYPTED, message)
            }
            Coverage::Migrating => {
                (&MIGRATION_NOT_BEGUN, format!("all {} of {name} are plaintext", values(tally.live)))
            }
            Coverage::RotationUnfinished => (&ROTATION_UNFINISHED, rotation_words(resource)),
            Coverage::Decrypting => {
                let message = format!("{} of {} of {name} are still encrypted", tally.encrypted(), values(tally.live));
                (&DECRYPTING, message)
            }
            Coverage::NeverEncrypted if encryption.said.wants_encryption() => {
                never.push(name);
                continue;
            }
            Coverage::NeverEncrypted | Coverage::Empty | Coverage::Decrypted | Coverage::Complete => continue,
        };
        let word = migration_words(resource);
        let finding = Finding::new(entry, format!("{message}{word}"));
        findings.push(
            finding
                .with("resource", named(resource))
                .with("server", resource.server.name())
                .with("live", tally.live)
                .with("plain", tally.plain)
                .with("migration", resource.migration.word()),
        );
    }
    if !never.is_empty() {
        let wanted = clip(encryption.said.wanted.as_deref().unwrap_or_default(), LONGEST);
        let message =
            format!("apiservers/cluster asks for `{wanted}`; not encrypted: {}", clip(&never.join(", "), LONGEST));
        findings.push(Finding::new(&WANTED_NOT_ENCRYPTED, message).with("wanted", wanted));
    }
}

/// What is said of the migration, and by whom.
fn migration_words(resource: &ResourceCoverage) -> &'static str {
    match (resource.migration, resource.told_by) {
        (Migration::Unknown, _) => "",
        (Migration::UnderWay, Some(ToldBy::KeySecret)) => {
            "; the Secret of the writing key says that the migration goes on"
        }
        (Migration::Finished, Some(ToldBy::KeySecret)) => {
            "; the Secret of the writing key says that the migration is done"
        }
        (Migration::UnderWay, _) => "; its operator says that the migration goes on",
        (Migration::Finished, _) => "; its operator says that the migration is done",
    }
}

fn rotation_words(resource: &ResourceCoverage) -> String {
    let (live, name) = (values(resource.tally.live), named(resource));
    let keys = || resource.tally.keys.iter().filter(|key| key.live > 0);
    if resource.writer == Writer::Unknown {
        return format!("{live} of {name} are under {} keys, and which one writes is not known", keys().count());
    }
    let older: u64 = keys().filter(|key| key.standing != Some(Standing::Write)).map(|key| key.live).sum();
    format!("{older} of {live} of {name} are not under the key that writes")
}

fn check_past(encryption: &Encryption, findings: &mut Findings) {
    for resource in &encryption.resources {
        let tally = &resource.tally;
        let left = tally.past_plain + tally.stale_plain;
        // while live values are plaintext, those of the past are no news
        if left > 0 && tally.plain == 0 && tally.encrypted() > 0 {
            let message = format!(
                "plaintext of {}: {} in history, {} on free pages",
                named(resource),
                values(tally.past_plain),
                values(tally.stale_plain)
            );
            findings.push(
                Finding::new(&PLAINTEXT_LEFT, message)
                    .with("resource", named(resource))
                    .with("history", tally.past_plain)
                    .with("freePages", tally.stale_plain),
            );
        }
        if !encryption.keys_at_hand {
            continue;
        }
        let gone =
            |key: &&KeyTally| key.live == 0 && key.past + key.stale > 0 && key.standing.is_none() && is_sound(key);
        for key in tally.keys.iter().filter(gone) {
            let message = format!(
                "{} of {} in history and {} on free pages need {}",
                values(key.past),
                named(resource),
                values(key.stale),
                key_words(key)
            );
            findings.push(
                described(&HISTORY_NEEDS_KEY, message, resource, key)
                    .with("history", key.past)
                    .with("freePages", key.stale),
            );
        }
    }
}

fn check_unused(encryption: &Encryption, findings: &mut Findings) {
    for key in encryption.keys.iter().filter(|key| key.live == 0) {
        let whose = key.server.map_or_else(|| "the configuration at hand".to_owned(), |server| server.to_string());
        let what =
            if key.writes { "writes, and has written nothing that is live" } else { "reads nothing that is live" };
        let past = if key.past + key.stale > 0 { "; values of the past need it" } else { "" };
        let name = clip(&key.name, LONGEST);
        let message = format!("{} key `{name}` of {whose} {what}{past}", key.provider);
        findings.push(
            Finding::new(&UNUSED_KEY, message)
                .with("provider", key.provider.as_str())
                .with("key", name)
                .with("history", key.past)
                .with("freePages", key.stale),
        );
    }
}
