//! A tarball in a few lines, for people. `inspect` and `verify` share them.

use std::io;

use backup_facts::configuration::{InForce, Why};
use encryption_config::State;
use static_resources::Producer;

use crate::output::human::{Align, Fields, Table};
use crate::ui::Ui;
use assay::Tarball;
use backup_facts::material::{KeyFact, ResourceFact, UseFact};
use wording::{Size, count, escape, group_digits};

/// What is in it, and what came of reading it.
pub fn describe(tarball: &Tarball, now: jiff::Timestamp) -> Fields {
    let resources = tarball.resources();
    let faults = match (resources.faults.len() as u64, resources.complete) {
        (0, _) => "sound".to_owned(),
        (faults, true) => count(faults, "fault"),
        (faults, false) => format!("{}; NOT READ TO ITS END", count(faults, "fault")),
    };
    let taken = tarball
        .named
        .as_ref()
        .map(|named| format!("{}{}", named.timestamp, if named.dirty { ", with --force: POSSIBLY DIRTY" } else { "" }));
    Fields::new()
        .field("archive", format!("{}; {faults}", count(resources.members.len() as u64, "member")))
        .field("file", format!("{}; {}", file(tarball), producer(resources.producer)))
        .field("SHA-256", resources.archive.compressed_sha256)
        .maybe("taken", taken)
        .field("pods", pods(tarball))
        .maybe("node", resources.static_pods.node.as_ref().map(|node| escape(node.value.as_bytes()).into_owned()))
        .maybe("openshift", version(tarball))
        .field("encryption", encryption(tarball))
        .maybe("encryption keys", encryption_keys(tarball))
        .field("certificates", certificates(tarball, now))
}

fn file(tarball: &Tarball) -> String {
    let archive = &tarball.resources().archive;
    let size = Size(archive.compressed_size).exact();
    match archive.inner_size {
        Some(inner) if inner != archive.compressed_size => format!("{size} of gzip, {} inside", Size(inner)),
        _ => size,
    }
}

fn producer(producer: Producer) -> &'static str {
    match producer {
        Producer::ClusterBackupScript => "written as by cluster-backup.sh",
        Producer::GoBackupCommand => "written as by the etcd operator's backup job",
        Producer::Unknown => "packed by neither of the two known writers",
    }
}

fn pods(tarball: &Tarball) -> String {
    let pods = tarball.resources().static_pods.pods.iter().take(12);
    let pods: Vec<_> = pods.map(|pod| format!("{} {}", escape(pod.name.as_bytes()), pod.revision)).collect();
    if pods.is_empty() { "none".to_owned() } else { pods.join(", ") }
}

fn version(tarball: &Tarball) -> Option<String> {
    let version = &tarball.resources().static_pods.version;
    if let Some(exact) = version.exact() {
        return Some(format!("{} (exact: the operator's image)", escape(exact.raw.as_bytes())));
    }
    let minor = version.minor()?;
    let text = escape(minor.minor.as_deref()?.as_bytes()).into_owned();
    Some(format!("{text} (the z-stream release is not in it; the snapshot has it)"))
}

/// What writes and reads each resource; resources that are served alike share a line.
fn encryption(tarball: &Tarball) -> String {
    let Some(encryption) = tarball.encryption() else { return without(tarball).to_owned() };
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for resource in &encryption.facts.resources {
        let (text, name) = (served(resource), escape(resource.resource.as_bytes()).into_owned());
        match lines.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => lines.push((text, vec![name])),
        }
    }
    let lines: Vec<_> = lines.into_iter().map(|(text, names)| format!("{}: {text}", names.join(", "))).collect();
    if lines.is_empty() { "a configuration without resources".to_owned() } else { lines.join("\n") }
}

/// Why no configuration can be told of.
fn without(tarball: &Tarball) -> &'static str {
    match &tarball.in_force {
        InForce::HeldApart => "KEYLESS: configured, and the keys are not in this file",
        InForce::NotConfigured if tarball.resources().has_encryption_config() => {
            "none: kube-apiserver IS NOT TOLD to use the keys that are in this file"
        }
        InForce::NotConfigured => "none: the snapshot is plaintext",
        InForce::Unknown { why: Why::ServerConfig } => "unknown: kube-apiserver's config.yaml CANNOT BE READ",
        InForce::Unknown { why: Why::BreaksOff | Why::Absent } => "unknown: the archive was not read to its end",
        InForce::Unknown { why: Why::Unreadable(_) } | InForce::Config { .. } | InForce::Several(_) => {
            "configured, and the configuration CANNOT BE READ"
        }
    }
}

fn served(resource: &ResourceFact) -> String {
    let writer = resource.writer.as_ref().map_or_else(|| "NOTHING".to_owned(), used);
    let readers: Vec<String> = resource.readers.iter().map(used).collect();
    let state = match resource.state {
        State::NeverEncrypted => "not encrypted",
        State::ReadKeyDistributed => "encryption is being switched on",
        State::Writing => "encrypted, or being so",
        State::RotationReadKeyDistributed => "a rotation has begun",
        State::Rotated => "rotated, or being so",
        State::Decrypting => "decrypted, or being so",
        State::ReEnabled => "encrypted again",
        State::WritingOrderUnknown => "encrypted",
    };
    let readers = if readers.is_empty() { String::new() } else { format!("; {} read", readers.join(", ")) };
    format!("{writer} writes{readers} ({state})")
}

fn used(used: &UseFact) -> String {
    match &used.name {
        Some(name) => format!("{} {}", used.provider, escape(name.as_bytes())),
        None => "plaintext".to_owned(),
    }
}

fn encryption_keys(tarball: &Tarball) -> Option<String> {
    let line = |key: &KeyFact| {
        let words = match &key.fingerprint {
            Some(fingerprint) => fingerprint,
            None if key.left_out => "no fingerprint: as many were made as a run makes",
            None => "no usable bytes",
        };
        format!("{} {}   {words}", key.provider, escape(key.name.as_bytes()))
    };
    let lines: Vec<String> = tarball.encryption()?.facts.real_keys().take(12).map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// How many members are secret, by class.
pub fn secrets(tarball: &Tarball) -> String {
    let counts = tarball.resources().secret_members();
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let classes: Vec<_> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    match total {
        0 => "none".to_owned(),
        _ => format!("in {}: {}", count(total as u64, "member"), classes.join(", ")),
    }
}

fn certificates(tarball: &Tarball, now: jiff::Timestamp) -> String {
    let all = &tarball.resources().certificates;
    let expired = all.iter().filter(|certificate| certificate.not_after < now.as_second()).count() as u64;
    let next = all.iter().map(|certificate| certificate.not_after).filter(|end| *end >= now.as_second()).min();
    let mut text = format!("{}, {} expired", group_digits(all.len() as u64), group_digits(expired));
    if let Some(next) = next.and_then(|next| jiff::Timestamp::from_second(next).ok()) {
        text += &format!(", the next one expires {next}");
    }
    text
}

/// The pods and the inventory of key material; public keys with `-v` only.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write_tables(tarball: &Tarball, ui: &mut Ui) -> io::Result<()> {
    let look = ui.look();
    let columns = [("pod", Align::Left), ("revision", Align::Right), ("members", Align::Right), ("image", Align::Left)];
    let mut table = Table::new(&columns).elastic(3);
    for pod in &tarball.resources().static_pods.pods {
        let images = pod.manifest.as_ref().map(|manifest| manifest.images.as_slice()).unwrap_or_default();
        let more = images.len().saturating_sub(1);
        let image = images.first().map(|image| escape(image.as_bytes()).into_owned()).unwrap_or_default();
        let image = if more > 0 { format!("{image} and {more} more") } else { image };
        table.row([
            escape(pod.name.as_bytes()).into_owned(),
            pod.revision.to_string(),
            group_digits(pod.members),
            image,
        ]);
    }
    writeln!(ui.out())?;
    table.write(ui.out(), look)?;
    let mut rows = tarball.rows();
    rows.retain(|row| look.verbose > 0 || row.class.is_secret());
    if rows.is_empty() {
        return Ok(());
    }
    let columns =
        [("key material", Align::Left), ("class", Align::Left), ("algorithm", Align::Left), ("expires", Align::Left)];
    let mut table = Table::new(&columns).elastic(0);
    for row in rows {
        let name = row.key_name.map(|name| format!(" key {}", escape(name.as_bytes()))).unwrap_or_default();
        let path = row.path.as_bytes();
        table.row([
            escape(path.strip_prefix(b"static-pod-resources/").unwrap_or(path)).into_owned(),
            row.class.to_string(),
            format!("{}{name}", escape(row.algorithm.unwrap_or_default().as_bytes())),
            row.not_after.map(|time| time.get(..10).unwrap_or(&time).to_owned()).unwrap_or_default(),
        ]);
    }
    writeln!(ui.out())?;
    table.write(ui.out(), look)
}
