//! What was judged: a section for each artifact, with what is known of it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{calendar, coverage, minute, name, number, space};
use crate::document::{Document, Node, taken};
use crate::text::{count, grouped, shown, size};

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
    fn code(&mut self, label: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push((label, html! { code { (shown(value)) } }));
        }
    }

    fn list(self) -> Markup {
        html! {
            @if !self.0.is_empty() { dl.facts { @for (label, value) in self.0 { dt { (label) } dd { (value) } } } }
        }
    }
}

pub(crate) fn section(document: &Document<'_>, artifact: Node<'_>, number: usize, now: Option<Timestamp>) -> Markup {
    let path = artifact.artifact_name();
    let (kind, body) = match artifact.at("kind").text() {
        Some("snapshot") => ("Snapshot", snapshot(artifact, now)),
        Some("static-kuberesources") => ("Static pod resources", tarball(artifact, now)),
        Some("backup") => ("Backup", backup(artifact)),
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

fn snapshot(artifact: Node<'_>, now: Option<Timestamp>) -> Markup {
    let mut facts = Facts::default();
    let trailer = artifact.at("trailer");
    facts.put(
        "Integrity hash",
        trailer.is_there().then_some(match trailer.at("valid").flag() {
            Some(true) => "valid: SHA-256 of every byte",
            Some(false) => "WRONG: the bytes are not those that etcd wrote",
            None => "none: damage inside values cannot be noticed",
        }),
    );
    let provenance = match artifact.at("format.provenance").text() {
        Some("stream") => "streamed by etcd",
        Some("raw-copy") => "a copy of a live file",
        Some("rebuilt") => "rebuilt by a tool",
        _ => "of unknown origin",
    };
    facts.put(
        "File",
        artifact.at("size").integer().map(|bytes| format!("{} ({} B), {provenance}", size(bytes), grouped(bytes))),
    );
    openshift(artifact.at("openshift"), &mut facts);
    etcd(artifact.at("etcd"), &mut facts);
    facts.put(
        "Live keys",
        artifact.at("keys.live").integer().map(|live| {
            let tombstones = artifact.at("keys.tombstones").integer().unwrap_or(0);
            let records = artifact.at("keys.revisions").integer().unwrap_or(0);
            format!("{} of {}, {}", grouped(live), count(records, "record"), count(tombstones, "tombstone"))
        }),
    );
    html! {
        (facts.list())
        (coverage::of_snapshot(artifact))
        (space::section(artifact))
        (calendar::revisions(artifact))
        (calendar::updates(artifact, now))
        (hashes(artifact))
    }
}

fn openshift(node: Node<'_>, facts: &mut Facts) {
    let updating = if node.at("updating").flag() == Some(true) { ", AN UPDATE WAS UNDER WAY" } else { "" };
    let version = node.at("version").word();
    facts.put(
        "OpenShift",
        version.map(|version| format!("{version} ({}){updating}", node.at("state").word().unwrap_or("state unknown"))),
    );
    facts.put("Cluster", node.at("clusterId").word());
    let infrastructure = [node.at("infrastructureName"), node.at("platform"), node.at("topology")];
    let words: Vec<&str> = infrastructure.into_iter().filter_map(Node::word).collect();
    facts.put("Infrastructure", Some(words.join(", ")));
    let nodes: Vec<&str> = node.at("nodes").items().filter_map(Node::word).take(12).collect();
    let more = node.at("nodes").items().count().saturating_sub(nodes.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    facts.put("Nodes", Some(nodes.join(", ") + &more));
}

fn etcd(node: Node<'_>, facts: &mut Facts) {
    if !node.is_there() {
        return;
    }
    let version = node.at("storageVersion").word().or(node.at("clusterVersion").word()).unwrap_or("unknown version");
    let at = |name: &str| node.at(name).integer().map_or("unknown".to_owned(), grouped);
    facts.put("etcd", Some(format!("{version}, raft index {}, term {}", at("consistentIndex"), at("term"))));
    let member = |member: Node<'_>| {
        let learner = if member.at("isLearner").flag() == Some(true) { ", learner" } else { "" };
        format!("{} ({}{learner})", member.at("name").word().unwrap_or("unnamed"), member.at("id").line())
    };
    facts.put("Members", Some(node.at("members").items().map(member).collect::<Vec<_>>().join(", ")));
    let alarm = |alarm: Node<'_>| format!("{} of {}", alarm.at("alarm").line(), alarm.at("member").line());
    facts.put("Alarms", Some(node.at("alarms").items().map(alarm).collect::<Vec<_>>().join(", ")));
}

fn hashes(artifact: Node<'_>) -> Markup {
    let mut facts = Facts::default();
    facts.code("SHA-256 of the file", artifact.at("sha256").text());
    facts.code("Trailer, stored", artifact.at("trailer.stored").text());
    facts.code("Trailer, computed", artifact.at("trailer.computed").text());
    let hex = artifact.at("status.hashHex").text();
    facts.code("etcdutl snapshot status", hex);
    let kv = artifact.at("hashkv");
    let kv = kv.at("hash").integer().zip(kv.at("hashRevision").integer());
    let kv = kv.map(|(hash, revision)| format!("{hash} at revision {revision}"));
    facts.code("HashKV", kv.as_deref());
    html! { @if !facts.0.is_empty() { h3 { "Hashes" } (facts.list()) } }
}

fn tarball(artifact: Node<'_>, now: Option<Timestamp>) -> Markup {
    let mut facts = Facts::default();
    let dirty = if artifact.at("dirty").flag() == Some(true) { ", POSSIBLY DIRTY" } else { "" };
    facts.put("Taken", artifact.at("timestamp").text().and_then(taken).map(|time| minute(time) + dirty));
    facts.put(
        "File",
        artifact.at("size").integer().map(|bytes| {
            let complete = if artifact.at("complete").flag() == Some(false) { "; NOT READ TO ITS END" } else { "" };
            let members = artifact.at("members").integer().map(|members| format!(", {}", count(members, "member")));
            format!("{} ({} B){}{complete}", size(bytes), grouped(bytes), members.unwrap_or_default())
        }),
    );
    let pod = |pod: Node<'_>| format!("{} {}", pod.at("name").line(), pod.at("revision").line());
    facts.put("Pods", Some(artifact.at("pods").items().map(pod).collect::<Vec<_>>().join(", ")));
    facts.put("Node", artifact.at("node").word());
    facts.put("OpenShift", artifact.at("version.exact").word().or(artifact.at("version.minor").word()));
    let encryption = artifact.at("encryptionConfig");
    facts.put(
        "Encryption",
        Some(match artifact.at("keyless").flag() {
            Some(true) => "configured; the keys are held elsewhere".to_owned(),
            _ if encryption.is_there() => resources(encryption),
            _ => "none configured".to_owned(),
        }),
    );
    html! { (facts.list()) (keys(artifact)) (calendar::certificates(artifact, now)) (hashes(artifact)) }
}

fn resources(encryption: Node<'_>) -> String {
    let told = |resource: Node<'_>| {
        let writer = resource.at("writer");
        let key = format!("{} {}", writer.at("provider").line(), writer.at("key").line());
        format!("{}: {} ({})", resource.at("resource").line(), key.trim(), resource.at("state").line())
    };
    encryption.at("resources").items().map(told).collect::<Vec<_>>().join("; ")
}

/// Key material by class: how much of it is there, never what it is.
fn keys(artifact: Node<'_>) -> Markup {
    let mut classes: Vec<(&str, usize)> = Vec::new();
    for class in artifact.at("keyMaterial").items().filter_map(|key| key.at("class").word()) {
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

fn backup(artifact: Node<'_>) -> Markup {
    let mut facts = Facts::default();
    let dirty = if artifact.at("dirty").flag() == Some(true) { ", POSSIBLY DIRTY" } else { "" };
    facts.put("Taken", artifact.at("timestamp").text().and_then(taken).map(|time| minute(time) + dirty));
    facts.put("Snapshot", Some(artifact.at("snapshot").word().unwrap_or("none")));
    facts.put("Tarball", Some(artifact.at("tarball").word().unwrap_or("none")));
    let picks = artifact.at("restorePicks");
    facts.put(
        "A restore picks",
        picks.is_there().then(|| {
            let picked = |half: &str| picks.at(half).word().unwrap_or("none");
            format!("{} and {}", picked("snapshot"), picked("tarball"))
        }),
    );
    let compat = artifact.at("compat");
    facts.put(
        "Onto",
        compat
            .at("target")
            .word()
            .map(|target| format!("{target}: {}", compat.at("verdict").word().unwrap_or("unknown"))),
    );
    facts.put(
        "Keys",
        artifact
            .at("encryption.keysFit")
            .flag()
            .map(|fit| if fit { "open every encrypted value" } else { "DO NOT open every encrypted value" }),
    );
    html! { (facts.list()) (coverage::of_backup(artifact)) }
}
