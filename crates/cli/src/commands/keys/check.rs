//! `assay keys check`: do these keys open every encrypted value of this snapshot?

use std::path::{Path, PathBuf};

use backup_facts::opening::{Encryption, Held, Options, examine};
use checks::{Finding, Findings, Severity, Verdict, catalogue};
use clap::ValueEnum as _;

use super::super::snapshot;
use super::{failure, files, given};
use crate::args::{KeysCheckArgs, ReportFormat};
use crate::exit::{Error, Outcome};
use crate::input::{Artifact, Backup, Backups, Input, Reading, Source};
use crate::output::encryption;
use crate::output::encryption::{CheckedJson, EncryptionJson, KeysFromJson};
use crate::output::finding::{self, FindingJson};
use crate::output::human::Fields;
use crate::output::json::{self, Envelope};
use crate::spread::Pool;
use crate::text::{count, escape, escape_path};
use crate::ui::{Ui, style};

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
}

pub(super) fn run(args: &KeysCheckArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let pairs = pairs(&Input::from(args.backup.as_os_str()))?;
    let limit = args.fail_on.to_possible_value().and_then(|word| word.get_name().parse::<Severity>().ok());
    let given_once = given::given(&args.keys, reading, ui);
    let mut given_once = match given_once {
        // identities alone are for the escrow that lies beside a tarball without its keys
        Err(Error::Usage(_)) if args.keys.escrow.is_none() && args.keys.keys.is_none() => None,
        other => other?,
    };
    if given_once.is_some() && pairs.len() > 1 {
        return Err(Error::Usage(format!(
            "`{}` holds {} backups, and keys belong to one: name its snapshot",
            escape_path(Path::new(&args.backup)),
            pairs.len()
        )));
    }
    let json = args.output.format() == ReportFormat::Json;
    let mut done = Vec::new();
    let unread = snapshot::each(pairs, ui, |pair, ui| {
        let keys = match given_once.take() {
            Some(given) => Some(given),
            None => of_pair(&pair, args, reading, ui)?,
        };
        let checked = check(&pair, keys, args, limit, reading, ui)?;
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
fn pairs(input: &Input) -> Result<Vec<Pair>, Error> {
    let directory = match input {
        Input::Path(path) if path.is_dir() => path,
        _ => return Ok(vec![Pair { snapshot: input.clone(), tarball: None }]),
    };
    let found = Backups::of(directory)?;
    let pair = |backup: &Backup| {
        let snapshot = Input::Path(backup.snapshot.clone()?);
        Some(Pair { snapshot, tarball: backup.tarball.clone() })
    };
    let pairs: Vec<Pair> = found.backups.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        let what = format!("no snapshot in `{}`: there are no values to open", escape_path(directory));
        return Err(failure::told(what, None));
    }
    Ok(pairs)
}

/// The keys that come with a backup; `None` where they are held apart, or there is no tarball.
fn of_pair(pair: &Pair, args: &KeysCheckArgs, reading: &Reading, ui: &mut Ui) -> Result<Option<given::Given>, Error> {
    let Some(tarball) = &pair.tarball else { return Ok(None) };
    let meter = ui.meter("reading", None);
    let artifact = Artifact::open(&Input::Path(tarball.clone()), reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    let packed = match artifact {
        Artifact::Tar(packed) => packed,
        Artifact::Other(source) => {
            let what = format!("{} is no tarball of static pod resources", source.display());
            return Err(failure::told(what, Some("name the keys with `--keys` or `--escrow`")));
        }
    };
    match given::read_tarball(packed, reading, ui)? {
        given::InTarball::Keys(given) => Ok(Some(given)),
        given::InTarball::HeldApart => {
            let stem = tarball.to_string_lossy().into_owned();
            let escrow = stem.strip_suffix(".keyless.tar.gz").map(|stem| PathBuf::from(format!("{stem}.escrow.age")));
            let opens = !args.keys.open.identities.is_empty() || !args.keys.open.share_files.is_empty();
            match escrow.filter(|escrow| opens && escrow.is_file()) {
                Some(escrow) => given::from_escrow(&escrow, &args.keys.open, ui).map(Some),
                None => {
                    ui.warn(&format!(
                        "the keys of `{}` are held apart: give them with `--escrow`",
                        files::shown(tarball)
                    ));
                    Ok(None)
                }
            }
        }
    }
}

fn check(
    pair: &Pair,
    keys: Option<given::Given>,
    args: &KeysCheckArgs,
    limit: Option<Severity>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Checked, Error> {
    let source = snapshot::open(&pair.snapshot, reading, ui)?;
    let encryption;
    let (held, from) = match keys {
        None => (Held::Nothing, None),
        Some(given) => {
            let from = Some((given.holder, given.name));
            (given.config.map_or(Held::NotEncrypted, Held::Config), from)
        }
    };
    {
        let size = source.bytes().len() as u64;
        let meter = ui.meter("reading", Some(size));
        let progress = |bytes| meter.add(bytes);
        let scan = snapshot::scan(&source, snapshot::database(&source)?, None, true, &progress)?;
        drop(meter);
        snapshot::check_complete(&source, &scan, ui);
        let meter = ui.meter("opening", Some(size));
        let progress = |bytes| meter.add(bytes);
        encryption = examine(&scan, held, &Options { sample: args.sample, progress: Some(&progress) }, &Pool);
    }
    source.check_unchanged()?;
    let findings = judged(checks::keys_fit::check(&encryption));
    let verdict = checks::verdict(&findings, limit);
    let tarball = pair.tarball.as_ref().map(|path| path.to_string_lossy().into_owned());
    Ok(Checked { name: name(&source), snapshot: source.name(), tarball, keys: from, encryption, findings, verdict })
}

fn name(source: &Source) -> String {
    source.name()
}

/// Here the fit is what was asked for: that it was not checked is no small matter.
fn judged(findings: Findings) -> Vec<Finding> {
    let mut findings = findings.into_sorted();
    for finding in findings.iter_mut().filter(|finding| finding.entry == &catalogue::FIT_NOT_CHECKED) {
        finding.severity = Severity::High;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn write_json(done: &[Checked], some_unread: bool, ui: &mut Ui) -> Result<(), Error> {
    let documents: Vec<CheckedJson<'_>> = done
        .iter()
        .map(|checked| CheckedJson {
            kind: "backup",
            path: &checked.name,
            snapshot: &checked.snapshot,
            tarball: checked.tarball.as_deref(),
            keys: checked.keys.as_ref().map(|(holder, path)| KeysFromJson { from: word(*holder), path }),
            encryption: EncryptionJson::new(&checked.encryption),
        })
        .collect();
    let findings = done
        .iter()
        .flat_map(|checked| checked.findings.iter().map(|finding| FindingJson::new(finding, &checked.snapshot)));
    let verdict = match done.iter().map(|checked| checked.verdict).max().unwrap_or(Verdict::Pass) {
        _ if some_unread => json::Verdict::Fail,
        Verdict::Pass => json::Verdict::Pass,
        Verdict::Warn => json::Verdict::Warn,
        Verdict::Fail => json::Verdict::Fail,
    };
    Ok(Envelope::new("keys check", &documents, &findings.collect::<Vec<_>>(), verdict).write(ui.out())?)
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
    if checked.findings.iter().any(|finding| finding.severity > Severity::Info || look.verbose > 0) {
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
        for finding in checked.findings.iter().filter(|finding| finding.severity == Severity::Info) {
            let (id, message) = (finding.entry.id, escape(finding.message.as_bytes()));
            let note = ui.paint(style::DIM, format_args!("note {id}: {message}")).to_string();
            writeln!(ui.out(), "  {note}")?;
        }
    }
    writeln!(ui.out())?;
    Ok(())
}

/// The answer, in one sentence.
fn sentence(encryption: &Encryption) -> String {
    let keys = || encryption.resources.iter().flat_map(|resource| &resource.tally.keys);
    let sum = |of: fn(&backup_facts::opening::KeyTally) -> u64| keys().map(of).sum::<u64>();
    let (live, opened) = (sum(|key| key.live), sum(|key| key.opened));
    let values = |number| count(number, "encrypted value");
    match encryption.keys_fit() {
        Some(true) if live == 0 => {
            "nothing is encrypted: a restore needs no key, and the file protects no secret".to_owned()
        }
        Some(true) if opened < live => {
            format!("these keys open all of a sample of {opened} out of {}", values(live))
        }
        Some(true) if live == 1 => "these keys open the 1 encrypted value there is".to_owned(),
        Some(true) => format!("these keys open all {}", values(live)),
        Some(false) => {
            let closed = sum(|key| key.spare) + sum(backup_facts::opening::KeyTally::not_opened);
            format!("DO NOT RELY ON THESE KEYS: a restored cluster cannot read {closed} of {}", values(live))
        }
        None if !encryption.keys_at_hand => {
            format!("not proven: {} and no keys to try", values(live))
        }
        None => {
            format!("these keys open {opened} of {}; of the rest, an external service holds the keys", values(live))
        }
    }
}
