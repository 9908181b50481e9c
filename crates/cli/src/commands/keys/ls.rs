//! `assay keys ls`: the key material in a tarball, never the material itself.

use std::io::Write;

use backup_facts::configuration::{InForce, Why};
use document::{ArchiveFault, Artifact, KeyBuf, KeysLs, Word};
use encryption_config::{FINGERPRINT_METHOD, State};
use static_resources::{BackupName, Class, Evidence};

use super::inventory::{Config, Inventory};
use crate::args::{InventoryFormat, KeysLsArgs};
use crate::documents::{self, inventory as shapes};
use crate::exit::{Error, Outcome};
use crate::input::{Contents, Input, Reading};
use crate::output::human::{Align, Fields, Table};
use crate::output::json::{Verdict, write_compact, write_pretty};
use crate::ui::{Ui, style};
use backup_facts::material::{ResourceFact, Row, UseFact};
use wording::{count, escape, inert};

/// The directory that all members of a sound tarball lie in.
const ROOT: &str = "static-pod-resources/";

pub(super) fn run(args: &KeysLsArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let mut raw = Input::from(args.tarball.as_os_str()).open()?;
    let inventory = Inventory::read(&mut raw, reading, ui)?;
    judge(&raw, &inventory, ui);
    let mut rows = inventory.rows(args.all);
    rows.sort_by_key(|row| row.class); // the worst to lose first; within a class as in the archive
    match args.format() {
        InventoryFormat::Human => print(&raw, &inventory, &rows, args, ui)?,
        InventoryFormat::Json => {
            let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
            let document = document(&raw, &inventory, &rows);
            write_pretty(ui.out(), &documents::document("keys ls", vec![document], Vec::new(), verdict))?;
        }
        InventoryFormat::Ndjson => {
            for row in &rows {
                write_compact(ui.out(), &shapes::material(row))?;
                writeln!(ui.out())?;
            }
        }
        InventoryFormat::Csv => write_csv(&rows, ui.out())?,
    }
    Ok(ui.outcome())
}

/// Says what is wrong, and settles for findings where an archive or a configuration is damaged.
pub(super) fn judge(raw: &Contents, inventory: &Inventory, ui: &mut Ui) {
    for fault in &inventory.resources.faults {
        ui.warn(&format!("{}: {}", raw.display(), inert(&fault.to_string())));
        ui.settle(Outcome::Findings);
    }
    if !inventory.resources.complete {
        ui.warn(&format!("{}: what follows is not all of it: reading stopped there", raw.display()));
    }
    for config in &inventory.configs {
        match &config.facts {
            Err(error) => {
                ui.warn(&format!("{}: `{}`: {error}", raw.display(), shown(config)));
                ui.settle(Outcome::Findings);
            }
            Ok(facts) => {
                if let Some(words) = facts.limit_words() {
                    ui.warn(&format!("{}: `{}`: {words}", raw.display(), shown(config)));
                }
                for problem in &facts.problems {
                    ui.warn(&format!("`{}`: {}", shown(config), inert(&problem.to_string())));
                }
            }
        }
    }
}

fn shown(config: &Config) -> String {
    escape(config.member.as_bytes()).into_owned()
}

// --- for people

fn print(raw: &Contents, inventory: &Inventory, rows: &[Row], args: &KeysLsArgs, ui: &mut Ui) -> Result<(), Error> {
    let look = ui.look();
    let facts = &inventory.resources.facts;
    let title = ui.paint(style::HEAD, escape(raw.name().as_bytes())).to_string();
    let name = backup_name(raw);
    let pods: Vec<String> =
        facts.pods.iter().map(|pod| format!("{} {}", escape(pod.name.as_bytes()), pod.revision)).collect();
    let fields = Fields::new()
        .maybe("taken", name.map(|name| taken(&name)))
        .maybe("node", facts.node.as_ref().map(|node| escape(node.value.as_bytes())))
        .maybe("version", version_words(inventory))
        .field(
            "pods",
            if pods.is_empty() {
                "none".to_owned()
            } else {
                pods.chunks(3).map(|some| some.join(", ")).collect::<Vec<_>>().join(",\n")
            },
        )
        .field("encryption", encryption_words(inventory))
        .maybe("keys", key_lines(inventory))
        .field("secret", secret_words(inventory));
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    let table = table(rows, args.long);
    if !table.is_empty() {
        writeln!(out)?;
        table.write(out, look)?;
    }
    let odd: Vec<&Row> = rows.iter().filter(|row| row.evidence == Evidence::Content && row.class.is_secret()).collect();
    if !odd.is_empty() {
        writeln!(out, "\n  Where no secret belongs:")?;
        for row in odd {
            writeln!(out, "    {}: {}", escape(row.path.as_bytes()), row.class)?;
        }
    }
    Ok(())
}

fn backup_name(raw: &Contents) -> Option<BackupName> {
    let name = raw.path()?.file_name()?.to_str()?;
    BackupName::parse(&name.replace(".keyless.tar.gz", ".tar.gz"))
}

fn taken(name: &BackupName) -> String {
    let dirty = if name.dirty { "; taken with --force, the cluster may not have been at rest" } else { "" };
    let (day, time) = name.timestamp.split_once('_').unwrap_or((&name.timestamp, ""));
    let (hour, rest) = time.split_at_checked(2).unwrap_or((time, ""));
    let (minute, second) = rest.split_at_checked(2).unwrap_or((rest, ""));
    format!("{day} {hour}:{minute}:{second} by the node's clock{dirty}")
}

fn version_words(inventory: &Inventory) -> Option<String> {
    let version = &inventory.resources.facts.version;
    if let Some(exact) = version.exact() {
        return Some(escape(exact.raw.as_bytes()).into_owned());
    }
    let minor = version.minor()?.minor.as_ref()?;
    Some(format!("{minor} (which patch is not stated)"))
}

fn encryption_words(inventory: &Inventory) -> String {
    match &inventory.in_force {
        InForce::NotConfigured if inventory.configs.is_empty() && !inventory.resources.has_encryption_config() => {
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
            let facts = inventory.config_in_force().and_then(|config| config.facts.as_ref().ok());
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
fn key_lines(inventory: &Inventory) -> Option<String> {
    let facts = inventory.configs.iter().filter_map(|config| config.facts.as_ref().ok());
    let lines: Vec<String> = facts
        .flat_map(|facts| &facts.keys)
        .map(|key| {
            let name = escape(key.name.as_bytes());
            let what = match (&key.fingerprint, key.bookkeeping) {
                (_, true) => "a placeholder for a time of plaintext, no key",
                (Some(fingerprint), _) => fingerprint,
                (None, _) if key.is_beyond_limit() => "no fingerprint: it is not among the first",
                (None, _) => "no usable bytes",
            };
            format!("{} key {name}  {what}", key.algorithm())
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn secret_words(inventory: &Inventory) -> String {
    let classes = inventory.resources.secret_members();
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
            table.row([class, algorithm, expires, dash(row.fingerprint.as_deref()), member]);
        } else {
            table.row([class, algorithm, expires, member]);
        }
    }
    table
}

// --- for scripts

fn write_csv(rows: &[Row], out: &mut dyn Write) -> Result<(), Error> {
    let mut writer = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| Error::Stdout(error.into());
    let titles = ["path", "class", "algorithm", "keyName", "fingerprint", "notAfter", "subject", "evidence"];
    writer.write_record(titles).map_err(failed)?;
    for row in rows {
        let cell = |text: &Option<String>| text.as_deref().map_or(String::new(), |text| escape(text.as_bytes()).into());
        writer
            .write_record([
                escape(row.path.as_bytes()).into_owned(),
                row.class.to_string(),
                cell(&row.algorithm),
                cell(&row.key_name),
                cell(&row.fingerprint),
                cell(&row.not_after),
                cell(&row.subject),
                shapes::evidence(row.evidence).to_owned(),
            ])
            .map_err(failed)?;
    }
    Ok(writer.flush()?)
}

fn document(raw: &Contents, inventory: &Inventory, rows: &[Row]) -> Artifact {
    let resources = &inventory.resources;
    let facts = &resources.facts;
    let name = backup_name(raw);
    let mut configs = inventory.configs.iter().map(config);
    let secret = resources.secret_members().into_iter();
    let fault = |fault: &static_resources::Fault| ArchiveFault {
        message: fault.kind.to_string(),
        member: fault.member.as_ref().map(|path| KeyBuf::from(path.as_bytes())),
        offset: fault.offset,
    };
    Artifact::KeysLs(Box::new(KeysLs {
        path: raw.name(),
        kind: KeysLs::KIND,
        size: resources.archive.compressed_size,
        sha256: resources.archive.compressed_sha256.to_string(),
        timestamp: name.as_ref().map(|name| name.timestamp.clone()),
        dirty: name.is_some_and(|name| name.dirty),
        complete: resources.complete,
        node: facts.node.as_ref().map(|node| node.value.clone()),
        pods: facts.pods.iter().map(shapes::pod).collect(),
        version: shapes::version(&facts.version),
        keyless: matches!(inventory.in_force, InForce::HeldApart),
        encryption_config: configs.next(),
        further_encryption_configs: configs.collect(),
        key_material: rows.iter().map(shapes::material).collect(),
        secret_members: secret.map(|(class, n)| (Word::Borrowed(Class::as_str(class)), n as u64)).collect(),
        faults: resources.faults.iter().map(fault).collect(),
        ..KeysLs::default()
    }))
}

fn config(config: &Config) -> document::Config {
    let facts = config.facts.as_ref();
    let problem = |problem: &encryption_config::Problem| document::Problem {
        at: problem.at.clone(),
        message: problem.kind.to_string(),
    };
    document::Config {
        path: KeyBuf::from(config.member.as_bytes()),
        error: facts.err().map(ToString::to_string),
        fingerprint_method: Word::Borrowed(FINGERPRINT_METHOD),
        resources: facts.map(|facts| facts.resources.iter().map(shapes::resource).collect()).unwrap_or_default(),
        problems: facts.map(|facts| facts.problems.iter().map(problem).collect()).unwrap_or_default(),
    }
}
