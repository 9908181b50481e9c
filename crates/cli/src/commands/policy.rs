//! `assay policy`: begin or check a policy.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use assay::documents;
use checks::Verdict;
use checks::findings::WAIVER_EXPIRED;
use checks::required::Required;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::Policy;

use crate::args::{PolicyArgs, PolicyCheckArgs, PolicyCommand, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::human::Fields;
use crate::ui::{Ui, style};
use wording::{count, escape, escape_path, inert};

/// A policy has a few KB; one with a thousand waivers, a few hundred.
const LONGEST: u64 = 4 << 20;

pub(super) fn run(args: PolicyArgs, ui: &mut Ui) -> Result<Ending, Error> {
    match args.command {
        PolicyCommand::Init(_) => {
            ui.out().write_all(policy::DEFAULT.as_bytes())?;
            Ok(Ending::Clean)
        }
        PolicyCommand::Check(args) => check(&args, ui),
    }
}

/// Reads a policy.
///
/// # Errors
/// When the file cannot be read, or is not understood.
#[expect(clippy::disallowed_methods, reason = "no artifact: a short file of the organisation")]
pub(super) fn read(path: &Path) -> Result<Policy, Error> {
    let refused = |reason: String, hint: &str| Error::Unanswerable {
        display: format!("`{}`", escape_path(path)),
        reason,
        hint: Some(hint.to_owned()),
    };
    let how = "`assay policy init` prints one to begin with";
    let mut text = String::new();
    let opened = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    opened.map_err(|error| refused(format!("cannot be read: {error}"), how))?;
    if text.len() as u64 > LONGEST {
        return Err(refused(format!("a policy has no more than {LONGEST} bytes"), how));
    }
    let refused = |error: policy::PolicyError| refused(inert(&error.to_string()).into_owned(), how);
    Policy::parse(&text).map_err(refused)
}

fn check(args: &PolicyCheckArgs, ui: &mut Ui) -> Result<Ending, Error> {
    let policy = read(&args.file)?;
    let today = TimeZone::UTC.to_datetime(ui.now()).date();
    let expired = policy.expired(today).count();
    ui.settle(if expired > 0 { Ending::Findings } else { Ending::Clean });
    if args.output.format() == ReportFormat::Json {
        let verdict = if expired > 0 { Verdict::Fail } else { Verdict::Pass };
        let artifact = documents::policy::of(&args.file, &policy, today);
        documents::document("policy check", vec![artifact], Vec::new(), verdict).write(ui.out())?;
    } else {
        print(&args.file, &policy, today, ui)?;
    }
    Ok(ui.ending())
}

fn print(path: &Path, policy: &Policy, today: Date, ui: &mut Ui) -> Result<(), Error> {
    let title = ui.paint(style::HEAD, escape_path(path)).to_string();
    writeln!(ui.out(), "{title}")?;
    let severities: Vec<_> = policy.severities.iter().map(|(id, severity)| format!("{id} {severity}")).collect();
    let waivers: Vec<String> = policy
        .waivers
        .iter()
        .map(|waiver| {
            let until = waiver.until;
            let until = if until < today { format!("EXPIRED on {until}") } else { format!("until {until}") };
            let places = [("", &waiver.artifact), ("key ", &waiver.key), ("member ", &waiver.member)];
            let place = |(what, glob): (&str, &Option<_>)| glob.as_ref().map(|glob| format!(" {what}{glob}"));
            let places: String = places.into_iter().filter_map(place).collect();
            format!("{}{} {until}: {}", waiver.id, escape(places.as_bytes()), escape(waiver.reason.as_bytes()))
        })
        .collect();
    let fields = Fields::new()
        .field("requires", required(&policy.require))
        .maybe("severities", (!severities.is_empty()).then(|| severities.join(", ")))
        .field("waives", if waivers.is_empty() { "nothing".to_owned() } else { waivers.join("\n") });
    let look = ui.look();
    fields.write(ui.out(), look)?;
    let expired = policy.expired(today).count() as u64;
    if expired > 0 {
        writeln!(ui.out(), "  {} {}: {}", WAIVER_EXPIRED.id, count(expired, "waiver"), WAIVER_EXPIRED.remedy)?;
    }
    Ok(())
}

/// A duration in the largest unit that says it whole.
fn age(seconds: u64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    count(seconds / unit, name)
}

fn required(require: &Required) -> String {
    let Required { max_age, max_fragmentation_percent, min_certificate_days, encryption, .. } = require;
    let encryption = encryption.as_ref().map(|it| {
        let types = if it.types.is_empty() { "any provider".to_owned() } else { it.types.join(" or ") };
        format!("{} encrypted by {types}", escape(it.resources.join(", ").as_bytes()))
    });
    let said = [
        max_age.map(|seconds| format!("at most {} old", age(seconds.unsigned_abs()))),
        max_fragmentation_percent.map(|percent| format!("at most {percent} percent of free pages")),
        min_certificate_days.map(|days| format!("certificates for {} more", count(days.unsigned_abs(), "day"))),
        encryption,
        require.keys_fit.then(|| "keys that are proven to open every encrypted value".to_owned()),
        require.escrow_manifest.then(|| "keys that are proven to be in escrow".to_owned()),
        require.trailer.then(|| "a valid integrity hash".to_owned()),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join("\n") }
}
