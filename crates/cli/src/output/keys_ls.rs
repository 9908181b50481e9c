//! The key material of a tarball, for people and for spreadsheets.

use std::io::Write;

use artifact::Contents;
use assay::documents::keys_ls::backup_name;
use assay::documents::material as shapes;
use assay::key_material::KeyMaterial;
use backup_facts::configuration::{InForce, Why};
use backup_facts::material::{ResourceFact, Row, UseFact};
use encryption_config::State;
use static_resources::{BackupName, KnownBy};
use wording::{count, escape};

use super::human::{Align, Fields, Table};
use super::rows::{cell, record};
use crate::args::RowFormat;
use crate::exit::Error;
use crate::ui::{Ui, style};

/// The directory that all members of a sound tarball lie in.
const ROOT: &str = "static-pod-resources/";

/// Writes what the tarball says of its keys, and a row for each piece; `long` with fingerprints.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(raw: &Contents, key_material: &KeyMaterial, rows: &[Row], long: bool, ui: &mut Ui) -> Result<(), Error> {
    let look = ui.look();
    let facts = &key_material.resources.static_pods;
    let title = ui.paint(style::HEAD, escape(raw.name().as_bytes())).to_string();
    let name = backup_name(raw);
    let pods: Vec<String> =
        facts.pods.iter().map(|pod| format!("{} {}", escape(pod.name.as_bytes()), pod.revision)).collect();
    let fields = Fields::new()
        .maybe("taken", name.map(|name| taken(&name)))
        .maybe("node", facts.node.as_ref().map(|node| escape(node.value.as_bytes())))
        .maybe("version", version_words(key_material))
        .field(
            "pods",
            if pods.is_empty() {
                "none".to_owned()
            } else {
                pods.chunks(3).map(|some| some.join(", ")).collect::<Vec<_>>().join(",\n")
            },
        )
        .field("encryption", encryption_words(key_material))
        .maybe("keys", key_lines(key_material))
        .field("secret", secret_words(key_material));
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    let table = table(rows, long);
    if !table.is_empty() {
        writeln!(out)?;
        table.write(out, look)?;
    }
    let odd: Vec<&Row> = rows.iter().filter(|row| row.known_by == KnownBy::Content && row.class.is_secret()).collect();
    if !odd.is_empty() {
        writeln!(out, "\n  Where no secret belongs:")?;
        for row in odd {
            writeln!(out, "    {}: {}", escape(row.path.as_bytes()), row.class)?;
        }
    }
    Ok(())
}

fn taken(name: &BackupName) -> String {
    let dirty = if name.dirty { "; taken with --force, the cluster may not have been at rest" } else { "" };
    let (day, time) = name.timestamp.split_once('_').unwrap_or((&name.timestamp, ""));
    let (hour, rest) = time.split_at_checked(2).unwrap_or((time, ""));
    let (minute, second) = rest.split_at_checked(2).unwrap_or((rest, ""));
    format!("{day} {hour}:{minute}:{second} by the node's clock{dirty}")
}

fn version_words(key_material: &KeyMaterial) -> Option<String> {
    let version = &key_material.resources.static_pods.version;
    if let Some(exact) = version.exact() {
        return Some(escape(exact.raw.as_bytes()).into_owned());
    }
    let minor = version.minor()?.minor.as_ref()?;
    Some(format!("{minor} (which patch is not stated)"))
}

fn encryption_words(key_material: &KeyMaterial) -> String {
    match &key_material.in_force {
        InForce::NotConfigured
            if key_material.configs.is_empty() && !key_material.resources.has_encryption_config() =>
        {
            "none: no encryption keys in this backup; the snapshot is plaintext".to_owned()
        }
        InForce::NotConfigured => {
            "none: the API server is not told to use the keys that are in this tarball".to_owned()
        }
        InForce::HeldApart => {
            "keyless: the API server is told to encrypt, and its keys are not in this tarball".to_owned()
        }
        InForce::Unknown { why: Why::Unreadable(_) } => "keys, in a configuration that cannot be read".to_owned(),
        InForce::Unknown { why: Why::ServerConfig } => {
            "not known: the API server's configuration cannot be read".to_owned()
        }
        InForce::Unknown { .. } => "not known: the archive could not be read to its end".to_owned(),
        InForce::Config { .. } | InForce::Several(_) => {
            let facts = key_material.config_in_force().and_then(|config| config.facts.as_ref().ok());
            let lines = facts.map(|facts| resource_lines(&facts.resources)).unwrap_or_default();
            if lines.is_empty() { "keys, in a configuration that cannot be read".to_owned() } else { lines.join("\n") }
        }
    }
}

/// One line for all resources of which the same is to be said.
fn resource_lines(resources: &[ResourceFact]) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for resource in resources {
        let text = resource_words(resource);
        match lines.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(&resource.resource),
            None => lines.push((text, vec![&resource.resource])),
        }
    }
    lines.into_iter().map(|(text, names)| format!("{}: {text}", escape(names.join(", ").as_bytes()))).collect()
}

fn resource_words(resource: &ResourceFact) -> String {
    let writer = resource.writer.as_ref().map_or_else(|| "nothing".to_owned(), use_words);
    let readers: Vec<String> = resource.readers.iter().map(use_words).collect();
    let read = if readers.is_empty() { String::new() } else { format!(";\n  {} read too", readers.join(", ")) };
    let changed = if resource.mode_change { ", the cipher was changed" } else { "" };
    format!("{writer} writes{read}\n  {}{changed}", state_words(resource.state))
}

fn use_words(used: &UseFact) -> String {
    match &used.name {
        Some(name) => format!("{} key {}", used.provider, escape(name.as_bytes())),
        None => used.provider.to_string(),
    }
}

fn state_words(state: State) -> &'static str {
    match state {
        State::NeverEncrypted => "not encrypted",
        State::ReadKeyDistributed => "a first key is being handed out; values are still plaintext",
        State::Writing => "encrypted; older values may still be plaintext",
        State::RotationReadKeyDistributed => "a rotation has begun; the newer key only reads so far",
        State::Rotated => "rotated; older values may still need the older key",
        State::Decrypting => "being decrypted, or decrypted; older values may still need the keys",
        State::ReEnabled => "encrypted again after a time of plaintext",
        State::WritingOrderUnknown => "encrypted; the names do not tell which key is newer",
    }
}

/// The encryption keys with their full fingerprints.
fn key_lines(key_material: &KeyMaterial) -> Option<String> {
    let facts = key_material.configs.iter().filter_map(|config| config.facts.as_ref().ok());
    let lines: Vec<String> = facts
        .flat_map(|facts| &facts.keys)
        .map(|key| {
            let name = escape(key.name.as_bytes());
            let what = match (&key.fingerprint, key.bookkeeping) {
                (_, true) => "a placeholder for a time of plaintext, no key",
                (Some(fingerprint), _) => fingerprint,
                (None, _) if key.left_out => "no fingerprint: as many were made as a run makes",
                (None, _) => "no usable bytes",
            };
            format!("{} key {name}  {what}", key.algorithm())
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn secret_words(key_material: &KeyMaterial) -> String {
    let classes = key_material.resources.secret_members();
    let total: usize = classes.iter().map(|(_, members)| members).sum();
    if total == 0 {
        return "no member".to_owned();
    }
    let classes: Vec<String> = classes.iter().map(|(class, members)| format!("{members} {class}")).collect();
    let lines: Vec<String> = classes.chunks(3).map(|some| some.join(", ")).collect();
    format!("{}: {}", count(total as u64, "member"), lines.join(",\n"))
}

fn table(rows: &[Row], long: bool) -> Table {
    let short = rows.iter().all(|row| row.path.as_bytes().starts_with(ROOT.as_bytes()));
    let skip = if short { ROOT.len() } else { 0 };
    let dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| escape(text.as_bytes()).into_owned());
    let columns: &[&str] = if long {
        &["class", "algorithm", "expires", "fingerprint", "member"]
    } else {
        &["class", "algorithm", "expires", "member"]
    };
    let columns: Vec<(&str, Align)> = columns.iter().map(|name| (*name, Align::Left)).collect();
    let mut table = Table::new(&columns).elastic(columns.len() - 1);
    for row in rows {
        let class = row.class.to_string();
        let algorithm = match &row.key_name {
            Some(name) => format!("{} key {}", dash(row.algorithm.as_deref()), escape(name.as_bytes())),
            None => dash(row.algorithm.as_deref()),
        };
        let expires = dash(row.not_after.as_deref().map(|time| time.get(..10).unwrap_or(time)));
        let member = escape(row.path.as_bytes().get(skip..).unwrap_or_default()).into_owned();
        if long {
            let fingerprint = if row.left_out { Some("left out") } else { row.fingerprint.as_deref() };
            table.row([class, algorithm, expires, dash(fingerprint), member]);
        } else {
            table.row([class, algorithm, expires, member]);
        }
    }
    table
}

/// Writes a line for each piece.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write_csv(rows: &[Row], format: RowFormat, out: &mut dyn Write) -> Result<(), Error> {
    let titles = ["path", "class", "algorithm", "keyName", "fingerprint", "notAfter", "subject", "evidence"];
    record(out, format, &titles)?;
    let text = |text: &Option<String>| text.as_deref().map_or(String::new(), |text| cell(text.as_bytes()));
    for row in rows {
        let cells = [
            cell(row.path.as_bytes()),
            row.class.to_string(),
            text(&row.algorithm),
            text(&row.key_name),
            text(&row.fingerprint),
            text(&row.not_after),
            text(&row.subject),
            shapes::known_by(row.known_by).to_owned(),
        ];
        record(out, format, &cells)?;
    }
    Ok(())
}
