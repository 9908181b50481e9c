//! The encryption of a backup, for people.

use assay::documents::encryption::secret_name;
use backup_facts::bootstrap::{Bootstrap, Held};
use backup_facts::chain::{Chain, Content};
use backup_facts::coverage::{Coverage, Migration};
use backup_facts::examine::{Encryption, ResourceCoverage};
use backup_facts::opening::{ApiServer, KeyTally};
use encryption_config::Standing;

use super::human::{Align, Fields, Table};
use wording::{count, escape, inert};

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
    let records: Vec<String> = encryption.bootstrap.iter().filter_map(record_words).collect();
    let fields = if records.is_empty() { fields } else { fields.field("server token", records.join("\n")) };
    let fields = fields.maybe("wanted", wanted);
    if conditions.is_empty() { fields } else { fields.field("operators say", conditions.join("\n")) }
}

/// What a server token opened; `None` where none did, which is a finding.
fn record_words(record: &Bootstrap) -> Option<String> {
    let Held::Opens { files, configs } = &record.token else { return None };
    let (files, configs) = (count(files.len() as u64, "file"), count(*configs as u64, "encryption configuration"));
    Some(format!(
        "the one of this cluster, SHA-256 {}...: it opens {files}, with {configs}",
        escape(record.hash.as_bytes())
    ))
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
            Err(error) => broken = broken.or(Some(format!("{server}: BROKEN: {}", inert(&error.to_string())))),
        }
    }
    broken
}
