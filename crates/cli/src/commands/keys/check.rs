//! `assay keys check`: do these keys open every encrypted value of this snapshot?

use std::path::{Path, PathBuf};
use std::rc::Rc;

use backup_facts::configuration::{InForce, Why, named_member};
use backup_facts::opening::{Encryption, Fit, Options, examine};
use backup_facts::platform::{Platform, topology};
use backup_facts::tarball::TarballFacts;
use checks::{Finding, Severity, Verdict};
use clap::ValueEnum as _;
use document::{KeysCheck, KeysFrom, Word};
use etcd_snapshot::Scan;

use super::super::snapshot;
use super::{failure, files, given};
use crate::args::{KeysCheckArgs, ReportFormat};
use crate::documents;
use crate::exit::{Error, Outcome};
use crate::input::{Backup, Backups, Contents, Input, InputError, Reading};
use crate::output::encryption;
use crate::output::finding;
use crate::output::human::Fields;
use crate::output::json::write_pretty;
use crate::spread::Pool;
use crate::tarball::{self, is_marked};
use crate::ui::{Ui, style};
use wording::{count, escape, escape_path, inert};

/// One backup that was checked.
struct Checked {
    /// Snapshot, or directory, as given.
    name: String,
    snapshot: String,
    tarball: Option<String>,
    keys: Option<(given::Holder, String)>,
    encryption: Encryption,
    findings: Vec<Finding>,
    verdict: Verdict,
}

/// The halves of a backup that are looked at.
struct Pair {
    snapshot: Input,
    tarball: Option<PathBuf>,
    /// Where they were looked at.
    directory: Option<Rc<Backups>>,
}

impl Pair {
    /// One of its files, as it was opened when it was looked at.
    fn open(&self, input: &Input, reading: &Reading) -> Result<Contents, InputError> {
        match (&self.directory, input) {
            (Some(directory), Input::Path(path)) => directory.open(path, reading),
            _ => input.open(),
        }
    }
}

pub(super) fn run(args: &KeysCheckArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let pairs = pairs(&Input::from(args.backup.as_os_str()), reading)?;
    let limit = args.fail_on.to_possible_value().and_then(|word| word.get_name().parse::<Severity>().ok());
    if (args.keys.keys.is_some() || args.keys.escrow.is_some()) && pairs.len() > 1 {
        return Err(Error::Usage(format!(
            "`{}` holds {} backups, and keys belong to one: name its snapshot",
            escape_path(Path::new(&args.backup)),
            pairs.len()
        )));
    }
    let json = args.output.format() == ReportFormat::Json;
    let mut done = Vec::new();
    let unread = snapshot::each(pairs, ui, |pair, ui| {
        let checked = check(&pair, args, limit, reading, ui)?;
        ui.settle(if checked.verdict == Verdict::Fail { Outcome::Findings } else { Outcome::Clean });
        if json {
            done.push(checked)
        } else {
            print(&checked, ui)?
        }
        Ok(())
    });
    if json && !done.is_empty() {
        write_json(&done, unread.is_err(), ui)?;
    }
    unread.map(|()| ui.outcome())
}

/// The snapshots that a path leads to, each with the tarball of the same time.
fn pairs(input: &Input, reading: &Reading) -> Result<Vec<Pair>, Error> {
    let directory = match input {
        Input::Path(path) if path.is_dir() => path,
        _ => return Ok(vec![Pair { snapshot: input.clone(), tarball: None, directory: None }]),
    };
    let found = Rc::new(Backups::of(directory, reading)?);
    let pair = |backup: &Backup| {
        let snapshot = Input::Path(backup.snapshot.clone()?);
        Some(Pair { snapshot, tarball: backup.tarball.clone(), directory: Some(Rc::clone(&found)) })
    };
    let pairs: Vec<Pair> = found.backups.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        let what = format!("no snapshot in `{}`: there are no values to open", escape_path(directory));
        return Err(failure::told(what, None));
    }
    Ok(pairs)
}

/// What the tarball of a backup says of its keys, where they are not given: then nothing of it is looked at.
fn of_tarball(
    pair: &Pair,
    args: &KeysCheckArgs,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Option<TarballFacts>, Error> {
    let Some(tarball) = pair.tarball.as_ref().filter(|_| args.keys.keys.is_none()) else { return Ok(None) };
    let meter = ui.meter("reading", None);
    let contents = pair.open(&Input::Path(tarball.clone()), reading)?;
    let mut packed = contents.ready(reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    if packed.is_archive() {
        return tarball::read(&mut packed, reading, ui).map(Some);
    }
    let what = format!("{} is no tarball of static pod resources", packed.display());
    Err(failure::told(what, Some("name the keys with `--keys` or `--escrow`")))
}

/// Decides which keys count, and says where they are if they are not at hand.
fn decide(
    pair: &Pair,
    scan: &Scan<'_>,
    tarball: Option<&TarballFacts>,
    args: &KeysCheckArgs,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<given::Decided, Error> {
    let name = pair.tarball.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let in_force = tarball.map(|facts| InForce::of_tarball(facts, is_marked(name)));
    let tarball_says = in_force.as_ref().zip(tarball).map(|(in_force, facts)| given::OfTarball {
        path: pair.tarball.as_deref(),
        in_force,
        named: named_member(&facts.resources),
    });
    let directory = pair.directory.as_deref();
    let platform = Platform::of(directory.map(|directory| directory.layout), &topology(scan));
    let directory = directory.filter(|directory| directory.backups.len() == 1);
    let halves = given::Halves { tarball: tarball_says, directory, platform };
    let decided = given::decide(&args.keys, &halves, reading, ui)?;
    let (Some(path), true) = (&pair.tarball, args.keys.keys.is_none() && args.keys.escrow.is_none()) else {
        return Ok(decided);
    };
    let shown = format!("`{}`", files::shown(path));
    match &decided.in_force {
        InForce::HeldApart => ui.warn(&format!("the keys of {shown} are held apart: give them with `--escrow`")),
        InForce::Unknown { why: Why::BreaksOff } => ui.warn(&format!("{shown} breaks off before any keys")),
        InForce::Unknown { why } => ui.warn(&format!("{shown}: {why}")),
        InForce::NotConfigured if tarball.is_some_and(|facts| !facts.configurations.is_empty()) => {
            ui.warn(&given::unnamed(&shown));
        }
        InForce::NotConfigured | InForce::Config { .. } | InForce::Several(_) => {}
    }
    Ok(decided)
}

fn check(
    pair: &Pair,
    args: &KeysCheckArgs,
    limit: Option<Severity>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Checked, Error> {
    let of_tarball = of_tarball(pair, args, reading, ui)?;
    let source = snapshot::ready(pair.open(&pair.snapshot, reading)?, reading, ui)?;
    let size = source.bytes().len() as u64;
    let meter = ui.meter("reading", Some(size));
    let scan = snapshot::scan(&source, snapshot::database(&source)?, None, true, &|bytes| meter.add(bytes))?;
    drop(meter);
    snapshot::check_complete(&source, &scan, ui);
    let decided = decide(pair, &scan, of_tarball.as_ref(), args, reading, ui)?;
    let meter = ui.meter("opening", Some(size));
    let progress = |bytes| meter.add(bytes);
    let options = Options { sample: args.sample, progress: Some(&progress) };
    let encryption = examine(&scan, &decided.in_force, &options, &Pool);
    drop(scan);
    source.check_unchanged()?;
    let findings = checks::keys_fit::check(&encryption).into_sorted();
    let verdict = checks::verdict(&findings, limit);
    let tarball = pair.tarball.as_ref().map(|path| path.to_string_lossy().into_owned());
    let (name, snapshot) = (source.name(), source.name());
    Ok(Checked { name, snapshot, tarball, keys: decided.from, encryption, findings, verdict })
}

fn write_json(done: &[Checked], some_unread: bool, ui: &mut Ui) -> Result<(), Error> {
    let artifact = |checked: &Checked| {
        let keys = checked.keys.as_ref();
        document::Artifact::KeysCheck(Box::new(KeysCheck {
            kind: KeysCheck::KIND,
            path: checked.name.clone(),
            snapshot: checked.snapshot.clone(),
            tarball: checked.tarball.clone(),
            keys: keys.map(|(holder, path)| KeysFrom { from: Word::Borrowed(word(*holder)), path: path.clone() }),
            encryption: documents::encryption::of(&checked.encryption),
            ..KeysCheck::default()
        }))
    };
    let findings = done.iter().flat_map(|checked| documents::findings(&checked.findings, &checked.snapshot)).collect();
    let worst = done.iter().map(|checked| checked.verdict).max();
    let verdict = if some_unread { Verdict::Fail } else { worst.unwrap_or(Verdict::Pass) };
    let artifacts = done.iter().map(artifact).collect();
    Ok(write_pretty(ui.out(), &documents::document("keys check", artifacts, findings, verdict))?)
}

fn word(holder: given::Holder) -> &'static str {
    match holder {
        given::Holder::Tarball => "static-kuberesources",
        given::Holder::File => "file",
        given::Holder::Escrow => "key-escrow",
    }
}

fn print(checked: &Checked, ui: &mut Ui) -> Result<(), Error> {
    let style = match checked.verdict {
        Verdict::Pass => style::GOOD,
        Verdict::Warn => style::WARN,
        Verdict::Fail => style::BAD,
    };
    let word = ui.paint(style, checked.verdict.name().to_uppercase()).to_string();
    let name = ui.paint(style::HEAD, escape(checked.name.as_bytes())).to_string();
    writeln!(ui.out(), "{word}  {name}")?;
    writeln!(ui.out(), "  {}\n", sentence(&checked.encryption))?;
    let look = ui.look();
    let table = encryption::table(&checked.encryption);
    if !table.is_empty() {
        table.write(ui.out(), look)?;
        writeln!(ui.out())?;
    }
    if checked.findings.iter().any(|finding| finding.severity() > Severity::Info || look.verbose > 0) {
        finding::write(&checked.findings, ui)?;
        writeln!(ui.out(), "\n  `assay explain ID` tells what a finding means, how it comes about, and its source.\n")?;
    }
    let keys = checked.keys.as_ref().map(|(holder, name)| match holder {
        given::Holder::Tarball => format!("from tarball `{}`", escape(name.as_bytes())),
        given::Holder::File => format!("from `{}`", escape(name.as_bytes())),
        given::Holder::Escrow => format!("from escrow `{}`, opened in memory", escape(name.as_bytes())),
    });
    let fields = Fields::new().field("keys", keys.unwrap_or_else(|| "none given".to_owned()));
    encryption::describe(fields, &checked.encryption).write(ui.out(), look)?;
    if look.verbose == 0 {
        for finding in checked.findings.iter().filter(|finding| finding.severity() == Severity::Info) {
            let (id, message) = (finding.entry().id, inert(finding.message()));
            let note = ui.paint(style::DIM, format_args!("note {id}: {message}")).to_string();
            writeln!(ui.out(), "  {note}")?;
        }
    }
    writeln!(ui.out())?;
    Ok(())
}

/// The answer, in one sentence.
fn sentence(found: &Encryption) -> String {
    let counted = |values| count(values, "encrypted value");
    match found.fit() {
        Fit::NothingEncrypted => {
            "nothing is encrypted: a restore needs no key, and the file protects no secret".to_owned()
        }
        Fit::All { opened, values } if opened < values => {
            format!("these keys open all of a sample of {opened} out of {}", counted(values))
        }
        Fit::All { values: 1, .. } => "these keys open the 1 encrypted value there is".to_owned(),
        Fit::All { values, .. } => format!("these keys open all {}", counted(values)),
        Fit::Closed { closed, values } => {
            format!("DO NOT RELY ON THESE KEYS: a restored cluster cannot read {closed} of {}", counted(values))
        }
        Fit::NotTried { values } => format!("not proven: {} and no keys to try", counted(values)),
        Fit::External { opened, values } => format!("these keys {}", encryption::external(opened, values)),
    }
}
