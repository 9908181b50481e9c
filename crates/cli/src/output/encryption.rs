//! The encryption of a backup, for scripts and for people.

use std::collections::BTreeMap;

use backup_facts::chain::{Chain, Content, Link, LinkPart};
use backup_facts::coverage::{Coverage, Migration, Writer};
use backup_facts::opening::{Age, ApiServer, Encryption, KeyTally, KeyUse, ResourceCoverage};
use encryption_config::Standing;
use serde::Serialize;

use super::human::{Align, Fields, Table};
use super::json::Key;
use crate::text::{count, escape};

/// One backup whose keys were checked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckedJson<'a> {
    /// `backup`.
    pub kind: &'static str,
    /// The snapshot.
    pub path: &'a str,
    /// The snapshot, again by its role.
    pub snapshot: &'a str,
    /// The tarball of the same directory.
    pub tarball: Option<&'a str>,
    /// Where the keys came from.
    pub keys: Option<KeysFromJson<'a>>,
    /// What was found.
    pub encryption: EncryptionJson<'a>,
}

/// Where keys came from.
#[derive(Debug, Serialize)]
pub struct KeysFromJson<'a> {
    /// `static-kuberesources`, `file` or `key-escrow`.
    pub from: &'static str,
    /// Its path, or `-`.
    pub path: &'a str,
}

/// The encryption of a backup: names and numbers, no key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncryptionJson<'a> {
    keys_fit: Option<bool>,
    sample: Option<u64>,
    wanted: Option<&'a str>,
    coverage: Vec<CoverageJson<'a>>,
    keys: Vec<KeyUseJson<'a>>,
    chain: Vec<LinkJson<'a>>,
    conditions: Vec<ConditionJson<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CoverageJson<'a> {
    resource: &'a str,
    group: &'a str,
    path: Key<'a>,
    server: &'static str,
    state: &'static str,
    migration: &'static str,
    writer: Option<WriterJson<'a>>,
    live: u64,
    plain: u64,
    opened: u64,
    not_opened: u64,
    history_plain: u64,
    free_pages_plain: u64,
    keys: Vec<KeyJson<'a>>,
}

#[derive(Debug, Serialize)]
struct WriterJson<'a> {
    provider: &'static str,
    key: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson<'a> {
    provider: &'a str,
    key: &'a str,
    standing: Option<&'static str>,
    live: u64,
    opened: u64,
    spare: u64,
    untried: u64,
    reasons: BTreeMap<&'static str, u64>,
    examples: Vec<Key<'a>>,
    key_ids: &'a BTreeMap<String, u64>,
    history: u64,
    free_pages: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyUseJson<'a> {
    server: &'static str,
    provider: &'static str,
    key: &'a str,
    writes: bool,
    live: u64,
    history: u64,
    free_pages: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkJson<'a> {
    server: &'static str,
    secret: &'a str,
    revision: i64,
    age: &'static str,
    holds: &'static str,
    opened: bool,
    error: Option<String>,
    keys: Vec<NamedKeyJson<'a>>,
    mode: Option<&'a str>,
    migrated_at: Option<&'a str>,
    migrated: Vec<String>,
}

#[derive(Debug, Serialize)]
struct NamedKeyJson<'a> {
    provider: &'static str,
    key: &'a str,
}

#[derive(Debug, Serialize)]
struct ConditionJson<'a> {
    server: &'static str,
    reason: &'a str,
    message: &'a str,
}

impl<'a> EncryptionJson<'a> {
    /// What was found of a backup.
    pub fn new(encryption: &'a Encryption) -> Self {
        Self {
            keys_fit: encryption.keys_fit(),
            sample: encryption.sample,
            wanted: encryption.said.wanted.as_deref(),
            coverage: encryption.resources.iter().map(CoverageJson::from).collect(),
            keys: encryption.keys.iter().map(KeyUseJson::from).collect(),
            chain: encryption.chain.links.iter().map(LinkJson::from).collect(),
            conditions: encryption
                .said
                .conditions
                .iter()
                .map(|found| ConditionJson {
                    server: found.server.name(),
                    reason: &found.reason,
                    message: &found.message,
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a ResourceCoverage> for CoverageJson<'a> {
    fn from(found: &'a ResourceCoverage) -> Self {
        let tally = &found.tally;
        let writer = match &found.writer {
            Writer::Unknown => None,
            Writer::Plaintext => Some(WriterJson { provider: "identity", key: None }),
            Writer::Key { provider, name } => Some(WriterJson { provider: provider.as_str(), key: Some(name) }),
        };
        Self {
            resource: &tally.resource,
            group: &tally.group,
            path: Key(&found.stored_path),
            server: found.server.name(),
            state: found.coverage.word(),
            migration: found.migration.word(),
            writer,
            live: tally.live,
            plain: tally.plain,
            opened: tally.keys.iter().map(|key| key.opened).sum(),
            not_opened: tally.keys.iter().map(KeyTally::not_opened).sum(),
            history_plain: tally.past_plain,
            free_pages_plain: tally.stale_plain,
            keys: tally.keys.iter().map(KeyJson::from).collect(),
        }
    }
}

impl<'a> From<&'a KeyTally> for KeyJson<'a> {
    fn from(key: &'a KeyTally) -> Self {
        Self {
            provider: key.word.split(':').next().unwrap_or_default(),
            key: &key.name,
            standing: standing(key),
            live: key.live,
            opened: key.opened,
            spare: key.spare,
            untried: key.untried,
            reasons: key.failed.iter().map(|(reason, failed)| (reason.word(), failed.count)).collect(),
            examples: key.failed.values().flat_map(|failed| failed.examples.iter().map(|key| Key(key))).collect(),
            key_ids: &key.key_ids,
            history: key.past,
            free_pages: key.stale,
        }
    }
}

fn standing(key: &KeyTally) -> Option<&'static str> {
    key.standing.map(|standing| match standing {
        Standing::Write => "write",
        Standing::Read => "read",
    })
}

impl<'a> From<&'a KeyUse> for KeyUseJson<'a> {
    fn from(key: &'a KeyUse) -> Self {
        Self {
            server: key.server.unwrap_or(ApiServer::Kube).name(),
            provider: key.provider.as_str(),
            key: &key.name,
            writes: key.writes,
            live: key.live,
            history: key.past,
            free_pages: key.stale,
        }
    }
}

impl<'a> From<&'a Link> for LinkJson<'a> {
    fn from(link: &'a Link) -> Self {
        let (mut keys, mut mode, mut migrated_at, mut migrated, mut error) = (Vec::new(), None, None, Vec::new(), None);
        match &link.content {
            Ok(Content::Config { keys: names }) => {
                keys = names.iter().map(|(provider, key)| NamedKeyJson { provider: provider.as_str(), key }).collect();
            }
            Ok(Content::Key(secret)) => {
                mode = Some(secret.mode.as_str());
                migrated_at = secret.migrated_at.as_deref();
                migrated = secret.migrated.iter().map(ToString::to_string).collect();
            }
            Err(broken) => error = Some(broken.to_string()),
        }
        Self {
            server: link.server.name(),
            secret: secret_name(link),
            revision: link.revision,
            age: match link.age {
                Age::Current => "current",
                Age::Older => "older",
                Age::Past => "past",
            },
            holds: match link.part {
                LinkPart::Config => "config",
                LinkPart::Key { .. } => "key",
            },
            opened: error.is_none(),
            error,
            keys,
            mode,
            migrated_at,
            migrated,
        }
    }
}

/// `namespace/name`.
fn secret_name(link: &Link) -> &str {
    let key = link.etcd_key.as_str();
    key.split_once("/secrets/").map_or(key, |(_, name)| name)
}

/// A row for each resource and key.
pub fn table(encryption: &Encryption) -> Table {
    let columns = [
        ("resource", Align::Left),
        ("state", Align::Left),
        ("key", Align::Left),
        ("values", Align::Right),
        ("opened", Align::Right),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns).elastic(0);
    for found in &encryption.resources {
        let mut head = [escape(found.tally.name().as_bytes()).into_owned(), state(found).to_owned()];
        if found.tally.plain > 0 {
            let [name, state] = std::mem::take(&mut head);
            table.row([
                name,
                state,
                "plaintext".to_owned(),
                found.tally.plain.to_string(),
                "-".to_owned(),
                String::new(),
            ]);
        }
        for key in found.tally.keys.iter().filter(|key| key.live > 0) {
            let [name, state] = std::mem::take(&mut head);
            let word = escape(key.word.split(':').next().unwrap_or_default().as_bytes()).into_owned();
            let used = if word.is_empty() {
                "broken prefix".to_owned()
            } else {
                format!("{word} {}", escape(key.name.as_bytes()))
            };
            let tried = encryption.keys_at_hand || encryption.not_configured;
            let opened = if tried { key.opened.to_string() } else { "-".to_owned() };
            table.row([name, state, used, key.live.to_string(), opened, remark(key)]);
        }
    }
    table
}

/// What is to be said of the values under a key.
fn remark(key: &KeyTally) -> String {
    let mut remarks: Vec<String> = Vec::new();
    if key.standing == Some(Standing::Write) {
        remarks.push("writes".to_owned());
    }
    if key.spare > 0 {
        remarks.push(format!("{} by a spare key only", key.spare));
    }
    remarks.extend(key.failed.iter().map(|(reason, failed)| format!("{} {}", failed.count, reason.word())));
    if key.untried > 0 {
        remarks.push(format!("{} not tried", key.untried));
    }
    remarks.join(", ")
}

/// What is to be said of keys that an external service holds.
pub fn external(opened: u64, values: u64) -> String {
    let values = count(values, "encrypted value");
    format!("open {opened} of {values}; of the rest, an external service holds the keys")
}

fn state(found: &ResourceCoverage) -> &'static str {
    match (found.coverage, found.migration) {
        (Coverage::PartiallyEncrypted, Migration::UnderWay) => "partially encrypted, under way",
        (Coverage::PartiallyEncrypted, _) => "PARTIALLY ENCRYPTED",
        (Coverage::Empty, _) => "empty",
        (Coverage::NeverEncrypted, _) => "not encrypted",
        (Coverage::Decrypted, _) => "decrypted",
        (Coverage::Migrating, _) => "encryption not begun",
        (Coverage::RotationUnfinished, _) => "rotation unfinished",
        (Coverage::Decrypting, _) => "decrypting",
        (Coverage::Complete, _) => "encrypted",
    }
}

/// What else there is to know of the encryption of a backup.
pub fn describe(fields: Fields, encryption: &Encryption) -> Fields {
    let chain: Vec<String> = [ApiServer::OpenShift, ApiServer::OAuth]
        .into_iter()
        .filter_map(|server| chain_words(server, &encryption.chain))
        .collect();
    let fields = if chain.is_empty() { fields } else { fields.field("chain", chain.join("\n")) };
    let wanted = encryption.said.wanted.as_deref().map(|wanted| match wanted {
        "" => "none".to_owned(),
        wanted => escape(wanted.as_bytes()).into_owned(),
    });
    let conditions: Vec<String> = encryption
        .said
        .conditions
        .iter()
        .map(|found| {
            let before = if encryption.is_outdated(found) { ", of an earlier key" } else { "" };
            format!("{}: {}{before}", found.server, escape(found.reason.as_bytes()))
        })
        .collect();
    let fields = fields.maybe("wanted", wanted);
    if conditions.is_empty() { fields } else { fields.field("operators say", conditions.join("\n")) }
}

fn chain_words(server: ApiServer, chain: &Chain) -> Option<String> {
    let mut current = chain.current(server).peekable();
    current.peek()?;
    let mut broken = None;
    for link in current {
        match &link.content {
            Ok(Content::Config { keys }) => {
                let keys: Vec<String> =
                    keys.iter().map(|(provider, name)| format!("{provider} {}", escape(name.as_bytes()))).collect();
                return Some(format!(
                    "{server}: {} from Secret {}",
                    keys.join(", "),
                    escape(secret_name(link).as_bytes())
                ));
            }
            Ok(Content::Key(_)) => {}
            Err(error) => {
                broken = broken.or(Some(format!("{server}: BROKEN: {}", escape(error.to_string().as_bytes()))))
            }
        }
    }
    broken
}
