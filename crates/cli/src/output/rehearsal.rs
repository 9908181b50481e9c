//! A restore that was rehearsed, for people.

use document::{Boot, Probe, Rehearsal};

use super::human::{Align, Fields, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};
use wording::{Size, count, escape, group_digits};

/// What was made, and what was proven of it.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(rehearsal: &Rehearsal, ui: &mut Ui) -> Result<(), Error> {
    let shown = |text: &str| escape(text.as_bytes()).into_owned();
    let trailer = match rehearsal.source_trailer {
        Some(true) => "right: SHA-256 of every byte",
        Some(false) => "WRONG, and not asked for",
        None => "none, and not asked for: values are unproven",
    };
    let members: Vec<String> = rehearsal
        .members
        .iter()
        .map(|member| format!("{} {} {}", member.id, shown(&member.name), shown(&member.peer_urls.join(","))))
        .collect();
    let revision = match rehearsal.bump {
        Some(by) => format!("{}, raised by {}", rehearsal.revision, group_digits(by)),
        None => rehearsal.revision.to_string(),
    };
    let title = ui.paint(style::HEAD, shown(&rehearsal.out)).to_string();
    let look = ui.look();
    let fields = Fields::new()
        .field("from", shown(&rehearsal.path))
        .field("integrity hash", trailer)
        .maybe("restored as", rehearsal.of.as_ref().map(script))
        .field("as etcdutl", &rehearsal.etcd_release)
        .field("member", &rehearsal.member)
        .field("cluster", format!("{}, {}", rehearsal.cluster, count(rehearsal.members.len() as u64, "member")))
        .field("members", members.join("\n"))
        .field("revision", revision)
        .field("live keys", group_digits(rehearsal.live_keys));
    let mut files = Table::new(&[("file", Align::Left), ("size", Align::Right)]);
    for file in &rehearsal.files {
        files.row([shown(&file.path), Size(file.size).to_string()]);
    }
    let mut checks = Table::new(&["check", "result", ""].map(|name| (name, Align::Left))).elastic(2);
    for check in &rehearsal.checks {
        checks.row([check.name.clone().into_owned(), check.outcome.clone().into_owned(), shown(&check.message)]);
    }
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    writeln!(out)?;
    files.write(out, look)?;
    writeln!(out)?;
    checks.write(out, look)?;
    match &rehearsal.boot {
        Some(boot) => booted(boot, ui),
        None => Ok(()),
    }
}

/// What a server did with it.
fn booted(boot: &Boot, ui: &mut Ui) -> Result<(), Error> {
    let shown = |text: &str| escape(text.as_bytes()).into_owned();
    answers("asked", &boot.probes, ui)?;
    let out = ui.out();
    if let Some(meaning) = &boot.meaning {
        writeln!(out, "\n  {}", shown(meaning))?;
    }
    if let Some(kept) = &boot.kept {
        writeln!(out, "\n  kept: {}", shown(kept))?;
    }
    let Some(kube) = &boot.kube_apiserver else { return Ok(()) };
    answers("kube-apiserver", &kube.probes, ui)?;
    if kube.elsewhere > 0 {
        let elsewhere = count(kube.elsewhere, "object");
        writeln!(ui.out(), "\n  not served by it, and not compared: {elsewhere} of other API servers")?;
    }
    if let Some(meaning) = &kube.meaning {
        writeln!(ui.out(), "\n  {}", shown(meaning))?;
    }
    Ok(())
}

/// What a server was asked, and what came.
fn answers(title: &'static str, asked: &[Probe], ui: &mut Ui) -> Result<(), Error> {
    let mut probes = Table::new(&[title, "answer", ""].map(|name| (name, Align::Left))).elastic(2);
    for probe in asked {
        let (outcome, mut told) = match probe.ok {
            Some(true) => ("right", probe.got.clone()),
            Some(false) => ("WRONG", format!("{}; expected {}", probe.got, probe.want)),
            None => ("not-asked", probe.got.clone()),
        };
        told.extend(probe.meaning.iter().flat_map(|meaning| ["; ", meaning]));
        probes.row([probe.name.clone().into_owned(), outcome.to_owned(), escape(told.as_bytes()).into_owned()]);
    }
    let look = ui.look();
    let out = ui.out();
    if !asked.is_empty() {
        writeln!(out)?;
        probes.write(out, look)?;
    }
    Ok(())
}

/// Whose script, and for which node.
fn script(of: &document::RestoredAs) -> String {
    let shown = |text: &str| escape(text.as_bytes()).into_owned();
    let release = if of.release.is_empty() { String::new() } else { format!(" {}", shown(&of.release)) };
    let token = if of.token.is_empty() { "no token".to_owned() } else { format!("token {}", shown(&of.token)) };
    format!("{}{release} does, on {}\n{token}", of.platform, shown(&of.node))
}
