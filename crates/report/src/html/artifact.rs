//! What was judged: a section for each artifact, with what is known of it.

use document::{Artifact, Backup, Document, EncryptionConfig, Etcd, OpenShift, Snapshot, Tarball};
use jiff::Timestamp;
use maud::{Markup, html};
use wording::inert;

use super::told::{count, grouped, size};
use super::{calendar, coverage, minute, name, number, space};
use crate::parts::{taken, whole, word};

/// Facts in the order in which they are shown; those that are empty are not.
#[derive(Default)]
struct Facts(Vec<(&'static str, Markup)>);

impl Facts {
    fn put(&mut self, label: &'static str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value.filter(|value| !value.as_ref().is_empty()) {
            self.0.push((label, name(value.as_ref())));
        }
    }

    /// A digest: one word that may be broken anywhere.
    fn code(&mut self, label: &'static str, value: &str) {
        if !value.is_empty() {
            self.0.push((label, html! { code { (inert(value)) } }));
        }
    }

    fn list(self) -> Markup {
        html! {
            @if !self.0.is_empty() { dl.facts { @for (label, value) in self.0 { dt { (label) } dd { (value) } } } }
        }
    }
}

pub(crate) fn section(document: &Document, artifact: &Artifact, number: usize, now: Option<Timestamp>) -> Markup {
    let path = artifact.name();
    let (kind, body) = match artifact {
        Artifact::Snapshot(it) => ("Snapshot", snapshot(it, now)),
        Artifact::Tarball(it) => ("Static pod resources", tarball(it, now)),
        Artifact::Backup(it) => ("Backup", backup(it)),
        Artifact::Unread(it) => ("Could not be read", html! { p { (name(&it.error)) } }),
        _ => ("Artifact", html! { p.soft { "Of a kind that this report does not know." } }),
    };
    let found = document.findings.iter().filter(|finding| finding.artifact == path && finding.waived.is_none()).count();
    html! {
        section.artifact id=(format!("artifact-{number}")) {
            p.kind { (kind) " · " (count(super::number(found), "finding")) }
            h2.path { (name(path)) }
            (body)
        }
    }
}

fn snapshot(it: &Snapshot, now: Option<Timestamp>) -> Markup {
    let mut facts = Facts::default();
    let trailer = it.trailer.as_ref().map(|trailer| match trailer.valid {
        Some(true) => "valid: SHA-256 of every byte",
        Some(false) => "WRONG: the bytes are not those that etcd wrote",
        None => "none: damage inside values cannot be noticed",
    });
    facts.put("Integrity hash", trailer);
    let provenance = match &*it.format.provenance {
        "stream" => "streamed by etcd",
        "raw-copy" => "a copy of a live file",
        "rebuilt" => "rebuilt by a tool",
        _ => "of unknown origin",
    };
    let bytes = whole(it.size);
    facts.put("File", Some(format!("{} ({} B), {provenance}", size(bytes), grouped(bytes))));
    if let Some(it_says) = &it.openshift {
        openshift(it_says, &mut facts);
    }
    etcd(&it.etcd, &mut facts);
    let [live, tombstones, records] = [it.keys.live, it.keys.tombstones, it.keys.revisions].map(whole);
    let live = format!("{} of {}, {}", grouped(live), count(records, "record"), count(tombstones, "tombstone"));
    facts.put("Live keys", Some(live));
    let mut hashes = Facts::default();
    let stored = it.trailer.as_ref().and_then(|trailer| trailer.stored.as_deref());
    hashes.code("Trailer, stored", stored.unwrap_or_default());
    hashes.code("Trailer, computed", it.trailer.as_ref().map(|trailer| &*trailer.computed).unwrap_or_default());
    hashes.code("etcdutl snapshot status", &it.status.hash_hex);
    let kv = it.hashkv.as_ref().map(|kv| format!("{} at revision {}", kv.hash, kv.hash_revision));
    hashes.code("HashKV", &kv.unwrap_or_default());
    html! {
        (facts.list())
        (coverage::of_snapshot(it))
        (space::section(it))
        (calendar::revisions(&it.revisions))
        (calendar::updates(it, now))
        (in_section(hashes))
    }
}

fn openshift(it: &OpenShift, facts: &mut Facts) {
    let updating = if it.updating { ", AN UPDATE WAS UNDER WAY" } else { "" };
    let version = word(&it.version);
    facts.put(
        "OpenShift",
        version.map(|version| format!("{version} ({}){updating}", word(&it.state).unwrap_or("state unknown"))),
    );
    facts.put("Cluster", word(&it.cluster_id));
    let infrastructure = [&it.infrastructure_name, &it.platform, &it.topology];
    let words: Vec<&str> = infrastructure.into_iter().filter_map(word).collect();
    facts.put("Infrastructure", Some(words.join(", ")));
    let nodes: Vec<&str> = it.nodes.iter().map(String::as_str).filter(|node| !node.is_empty()).take(12).collect();
    let more = it.nodes.len().saturating_sub(nodes.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    facts.put("Nodes", Some(nodes.join(", ") + &more));
}

fn etcd(it: &Etcd, facts: &mut Facts) {
    let version = word(&it.storage_version).or(word(&it.cluster_version)).unwrap_or("unknown version");
    let at = |number: Option<u64>| number.map_or("unknown".to_owned(), |number| grouped(whole(number)));
    facts.put("etcd", Some(format!("{version}, raft index {}, term {}", at(it.consistent_index), at(it.term))));
    let member = |member: &document::Member| {
        let learner = if member.is_learner { ", learner" } else { "" };
        let name = if member.name.is_empty() { "unnamed" } else { &member.name };
        format!("{name} ({}{learner})", member.id)
    };
    facts.put("Members", Some(it.members.iter().map(member).collect::<Vec<_>>().join(", ")));
    let alarm = |alarm: &document::Alarm| format!("{} of {}", inert(&alarm.alarm), alarm.member);
    facts.put("Alarms", Some(it.alarms.iter().map(alarm).collect::<Vec<_>>().join(", ")));
}

/// Digests, under a heading of their own.
fn in_section(hashes: Facts) -> Markup {
    html! { @if !hashes.0.is_empty() { h3 { "Hashes" } (hashes.list()) } }
}

fn tarball(it: &Tarball, now: Option<Timestamp>) -> Markup {
    let mut facts = Facts::default();
    facts.put("Taken", when(&it.timestamp, it.dirty));
    let complete = if it.complete { "" } else { "; NOT READ TO ITS END" };
    let (bytes, members) = (whole(it.size), count(whole(it.members), "member"));
    facts.put("File", Some(format!("{} ({} B), {members}{complete}", size(bytes), grouped(bytes))));
    let pod = |pod: &document::Pod| format!("{} {}", inert(&pod.name), pod.revision);
    facts.put("Pods", Some(it.pods.iter().map(pod).collect::<Vec<_>>().join(", ")));
    facts.put("Node", word(&it.node));
    facts.put("OpenShift", word(&it.version.exact).or(word(&it.version.minor)));
    facts.put(
        "Encryption",
        Some(match &it.encryption_config {
            _ if it.keyless => "configured; the keys are held elsewhere".to_owned(),
            Some(config) => resources(config),
            None => "none configured".to_owned(),
        }),
    );
    let mut hashes = Facts::default();
    hashes.code("SHA-256 of the file", &it.sha256);
    html! { (facts.list()) (keys(it)) (calendar::certificates(it, now)) (in_section(hashes)) }
}

/// When a backup was taken, by its name.
fn when(stamp: &Option<String>, dirty: bool) -> Option<String> {
    let dirty = if dirty { ", POSSIBLY DIRTY" } else { "" };
    stamp.as_deref().and_then(taken).map(|time| minute(time) + dirty)
}

fn resources(config: &EncryptionConfig) -> String {
    let told = |it: &document::ConfiguredResource| {
        let writer = it.writer.as_ref();
        let provider = writer.map(|writer| inert(&writer.provider)).unwrap_or_default();
        let key = writer.and_then(|writer| writer.key.as_deref()).map(inert).unwrap_or_default();
        format!("{}: {} ({})", inert(&it.resource), format!("{provider} {key}").trim(), inert(&it.state))
    };
    config.resources.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// Key material by class: how much of it is there, never what it is.
fn keys(it: &Tarball) -> Markup {
    let mut classes: Vec<(&str, usize)> = Vec::new();
    for class in it.key_material.iter().map(|key| &*key.class).filter(|class| !class.is_empty()) {
        match classes.iter_mut().find(|(known, _)| *known == class) {
            Some((_, number)) => *number += 1,
            None => classes.push((class, 1)),
        }
    }
    classes.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    html! {
        @if !classes.is_empty() {
            h3 { "Key material" }
            ul.counts { @for (class, found) in classes { li.badge { b { (grouped(number(found))) } " " (name(class)) } } }
        }
    }
}

fn backup(it: &Backup) -> Markup {
    let mut facts = Facts::default();
    facts.put("Taken", when(&it.timestamp, it.dirty));
    facts.put("Snapshot", Some(word(&it.snapshot).unwrap_or("none")));
    facts.put("Tarball", Some(word(&it.tarball).unwrap_or("none")));
    let picked = |half| word(half).unwrap_or("none");
    let picks = it.restore_picks.as_ref();
    facts.put(
        "A restore picks",
        picks.map(|picks| format!("{} and {}", picked(&picks.snapshot), picked(&picks.tarball))),
    );
    let verdict = it.compat.verdict.map_or("unknown", checks::Verdict::name);
    facts.put("Onto", word(&it.compat.target).map(|target| format!("{target}: {verdict}")));
    let fit = it.encryption.as_ref().and_then(|encryption| encryption.keys_fit);
    facts.put(
        "Keys",
        fit.map(|fit| if fit { "open every encrypted value" } else { "DO NOT open every encrypted value" }),
    );
    html! { (facts.list()) (coverage::of_backup(it)) }
}
