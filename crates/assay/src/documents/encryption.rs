//! The encryption of a backup: names and numbers, no key.

use std::borrow::Cow;

use backup_facts::bootstrap::{Bootstrap, Held};
use backup_facts::chain::{Content, Link, LinkPart};
use backup_facts::coverage::Writer;
use backup_facts::examine::ResourceCoverage;
use backup_facts::opening::{Age, ApiServer, KeyTally};
use document::{
    Artifact, Condition, Coverage, CoverageKey, Encryption, KeyBuf, KeyUse, KeysCheck, KeysFrom, NamedKey,
    SealedRecord, Word,
};
use encryption_config::Standing;

use crate::judged::Judged;

/// What was found of a backup.
pub fn of(encryption: &backup_facts::examine::Encryption) -> Encryption {
    let said = &encryption.said;
    Encryption {
        keys_fit: encryption.keys_fit(),
        sample: encryption.sample,
        wanted: said.wanted.clone(),
        coverage: encryption.resources.iter().map(coverage).collect(),
        keys: encryption.keys.iter().map(key_use).collect(),
        chain: encryption.chain.links.iter().map(link).collect(),
        conditions: said
            .conditions
            .iter()
            .map(|found| Condition {
                server: Word::Borrowed(found.server.name()),
                reason: found.reason.clone(),
                message: found.message.clone(),
            })
            .collect(),
        records: encryption.bootstrap.iter().map(sealed_record).collect(),
    }
}

fn sealed_record(record: &Bootstrap) -> SealedRecord {
    let (token, files, configurations) = match &record.token {
        Held::NotGiven => ("not-given", Vec::new(), 0),
        Held::Other { .. } => ("other", Vec::new(), 0),
        Held::Broken(_) => ("damaged", Vec::new(), 0),
        Held::Opens { files, configs } => ("opens", files.clone(), *configs as u64),
    };
    SealedRecord { sha256: record.hash.clone(), token: Word::Borrowed(token), files, configurations }
}

/// A snapshot of which only was asked whether keys open it.
pub(super) fn check(judged: &Judged<'_>) -> Artifact {
    let name = judged.backup.snapshot().map(artifact::Contents::name).unwrap_or_default();
    let tarball = judged.backup.files().tarball.as_ref();
    let from = judged.facts.keys_from.as_ref();
    Artifact::KeysCheck(Box::new(KeysCheck {
        kind: KeysCheck::KIND,
        path: name.clone(),
        snapshot: name,
        tarball: tarball.map(|path| path.to_string_lossy().into_owned()),
        keys: from.map(|from| KeysFrom { from: Word::Borrowed(from.holder.word()), path: from.path.clone() }),
        encryption: judged.facts.encryption.as_ref().map(of).unwrap_or_default(),
        ..KeysCheck::default()
    }))
}

fn writer(writer: &Writer) -> Option<document::Writer> {
    let (provider, key) = match writer {
        Writer::Unknown => return None,
        Writer::Plaintext => ("identity", None),
        Writer::Key { provider, name } => (provider.as_str(), Some(name.clone())),
    };
    Some(document::Writer { provider: Cow::Borrowed(provider), key })
}

fn coverage(found: &ResourceCoverage) -> Coverage {
    let tally = &found.tally;
    Coverage {
        resource: tally.resource.clone(),
        group: tally.group.clone(),
        path: KeyBuf::from(found.stored_path.as_slice()),
        server: Word::Borrowed(found.server.name()),
        state: Word::Borrowed(found.coverage.word()),
        migration: Word::Borrowed(found.migration.word()),
        writer: writer(&found.writer),
        live: tally.live,
        plain: tally.plain,
        opened: tally.keys.iter().map(|key| key.opened).sum(),
        not_opened: tally.keys.iter().map(KeyTally::not_opened).sum(),
        history_plain: tally.past_plain,
        free_pages_plain: tally.stale_plain,
        keys: tally.keys.iter().map(coverage_key).collect(),
    }
}

fn coverage_key(key: &KeyTally) -> CoverageKey {
    let standing = |standing| match standing {
        Standing::Write => "write",
        Standing::Read => "read",
    };
    let examples = key.failed.values().flat_map(|failed| &failed.examples);
    CoverageKey {
        provider: key.word.split(':').next().unwrap_or_default().to_owned(),
        key: key.name.clone(),
        standing: key.standing.map(standing).map(Cow::Borrowed),
        live: key.live,
        opened: key.opened,
        spare: key.spare,
        untried: key.untried,
        reasons: key.failed.iter().map(|(reason, failed)| (Word::Borrowed(reason.word()), failed.count)).collect(),
        examples: examples.map(|key| KeyBuf::from(key.as_slice())).collect(),
        key_ids: key.key_ids.clone(),
        history: key.past,
        free_pages: key.stale,
    }
}

fn key_use(key: &backup_facts::examine::KeyUse) -> KeyUse {
    KeyUse {
        server: Word::Borrowed(key.server.unwrap_or(ApiServer::Kube).name()),
        provider: Word::Borrowed(key.provider.as_str()),
        key: key.name.clone(),
        writes: key.writes,
        live: key.live,
        history: key.past,
        free_pages: key.stale,
    }
}

fn link(link: &Link) -> document::Link {
    let age = match link.age {
        Age::Current => "current",
        Age::Older => "older",
        Age::Past => "past",
    };
    let holds = match link.part {
        LinkPart::Config => "config",
        LinkPart::Key { .. } => "key",
    };
    let told = document::Link {
        server: Word::Borrowed(link.server.name()),
        secret: secret_name(link).to_owned(),
        revision: link.revision,
        age: Cow::Borrowed(age),
        holds: Cow::Borrowed(holds),
        opened: link.content.is_ok(),
        ..document::Link::default()
    };
    match &link.content {
        Ok(Content::Config { keys }) => {
            let named = |(provider, key): &(encryption_config::ProviderKind, String)| NamedKey {
                provider: Word::Borrowed(provider.as_str()),
                key: key.clone(),
            };
            document::Link { keys: keys.iter().map(named).collect(), ..told }
        }
        Ok(Content::Key(secret)) => document::Link {
            mode: Some(secret.mode.as_str().to_owned()),
            migrated_at: secret.migrated_at.clone(),
            migrated: secret.migrated.iter().map(ToString::to_string).collect(),
            ..told
        },
        Err(broken) => document::Link { error: Some(broken.to_string()), ..told },
    }
}

/// `namespace/name`.
pub fn secret_name(link: &Link) -> &str {
    let key = link.etcd_key.as_str();
    key.split_once("/secrets/").map_or(key, |(_, name)| name)
}
