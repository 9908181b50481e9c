//! Backups as a catalog knows them, for people and for spreadsheets.

pub mod kept;
pub mod picked;

use catalog::{Backup, Rehearsed, Unfit};
use checks::Verdict;
use document::{Catalog, Catalogued, CataloguedEscrow, SeenAt};
use jiff::Timestamp;
use wording::{Size, count, escape, inert};

use super::human::{Align, Fields, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Backups that cannot be restored and are named after a run.
const NAMED: usize = 10;
/// Characters of a digest that people compare.
const DIGITS: usize = 16;

/// Columns of the list as comma-separated values.
pub const TITLES: [&str; 15] = [
    "id",
    "cluster",
    "clusterName",
    "taken",
    "takenBy",
    "release",
    "platform",
    "revision",
    "verdict",
    "keys",
    "rehearsed",
    "restorable",
    "unfit",
    "pinned",
    "path",
];

/// A row of it.
pub fn cells(backup: &Catalogued) -> [String; 15] {
    let text = |text: &str| escape(text.as_bytes()).into_owned();
    let maybe = |it: &Option<String>| it.as_deref().map(text).unwrap_or_default();
    let unfit: Vec<&str> = backup.unfit.iter().map(|it| &*it.name).collect();
    [
        text(&backup.id),
        maybe(&backup.cluster),
        maybe(&backup.cluster_name),
        text(&backup.taken),
        text(&backup.taken_by),
        maybe(&backup.release),
        text(&backup.platform),
        backup.revision.to_string(),
        backup.verdict.map_or("", Verdict::name).to_owned(),
        text(&backup.keys),
        text(&backup.rehearsed),
        backup.restorable.to_string(),
        unfit.join(" "),
        maybe(&backup.pinned),
        text(&backup.path),
    ]
}

/// What `add` did.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn added(told: &Catalog, now: &[&Backup], ui: &mut Ui) -> Result<(), Error> {
    let mut done = Vec::new();
    done.extend(told.new.filter(|new| *new > 0).map(|new| format!("{} new", count(new, "backup"))));
    done.extend(
        told.judged.filter(|judged| *judged > 0).map(|judged| format!("{} judged again", count(judged, "backup"))),
    );
    done.extend(told.unchanged.filter(|files| *files > 0).map(|files| format!("{} as before", count(files, "file"))));
    let done = if done.is_empty() { "nothing to write down".to_owned() } else { done.join(", ") };
    writeln!(ui.out(), "{}: {done}", escape(told.path.as_bytes()))?;
    let bad: Vec<&&Backup> = now.iter().filter(|backup| !backup.restorable()).collect();
    for backup in bad.iter().take(NAMED) {
        let word = ui.paint(style::BAD, "cannot be restored").to_string();
        writeln!(ui.out(), "  {}  {}  {word}", backup.id, taken(backup))?;
        for unfit in backup.unfit() {
            writeln!(ui.out(), "                {}", inert(&unfit.to_string()))?;
        }
    }
    if bad.len() > NAMED {
        writeln!(ui.out(), "  and {} more: `assay catalog ls` names them", bad.len() - NAMED)?;
    }
    writeln!(ui.out(), "  {}", in_it(told))?;
    Ok(writeln!(ui.out(), "  log {}", told.log)?)
}

/// How many there are, and how many count.
fn in_it(told: &Catalog) -> String {
    format!("{} in it, {} can be restored", count(told.backups, "backup"), told.restorable)
}

/// The list, a cluster after the other.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn list(told: &Catalog, backups: &[Backup], ui: &mut Ui) -> Result<(), Error> {
    let mut clusters: Vec<(&Option<String>, Vec<&Backup>)> = Vec::new();
    for backup in backups {
        match clusters.iter_mut().find(|(cluster, _)| **cluster == backup.cluster) {
            Some((_, of)) => of.push(backup),
            None => clusters.push((&backup.cluster, vec![backup])),
        }
    }
    for (cluster, of) in clusters {
        let name = of.iter().find_map(|backup| backup.cluster_name.as_deref());
        let head = cluster_words(cluster.as_deref(), name);
        let head = ui.paint(style::HEAD, head).to_string();
        writeln!(ui.out(), "{head}")?;
        let columns = [
            ("ID", Align::Left),
            ("taken", Align::Left),
            ("release", Align::Left),
            ("keys", Align::Left),
            ("stands", Align::Left),
        ];
        let mut table = Table::new(&columns).elastic(4);
        for backup in of {
            let release =
                backup.release_text().map_or_else(|| "unknown".to_owned(), |it| escape(it.as_bytes()).into_owned());
            table.row([backup.id.clone(), taken(backup), release, backup.keys.name().to_owned(), standing(backup)]);
        }
        let look = ui.look();
        table.write(ui.out(), look)?;
        writeln!(ui.out())?;
    }
    writeln!(ui.out(), "{}", in_it(told))?;
    Ok(writeln!(ui.out(), "log {}", told.log)?)
}

/// Whether it counts, or why not.
fn standing(backup: &Backup) -> String {
    let mut words: Vec<&str> = backup.unfit().iter().map(Unfit::name).collect();
    if words.is_empty() {
        words.push(if backup.verdict == Verdict::Warn { "warn" } else { "good" });
    }
    if backup.rehearsed == Rehearsed::Served {
        words.push("booted");
    }
    words.extend(backup.pinned.as_ref().map(|_| "kept"));
    words.join(", ")
}

fn cluster_words(id: Option<&str>, name: Option<&str>) -> String {
    match (id, name) {
        (Some(id), Some(name)) => format!("{} ({})", inert(name), inert(id)),
        (Some(id), None) => format!("cluster {}", inert(id)),
        (None, _) => "of a cluster that is not known".to_owned(),
    }
}

/// All that is known of one.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn show(told: &Catalogued, ui: &mut Ui) -> Result<(), Error> {
    let head = ui.paint(style::HEAD, format_args!("backup {}", told.id)).to_string();
    writeln!(ui.out(), "{head}")?;
    let against: Vec<String> = told.unfit.iter().map(|it| inert(&it.text).into_owned()).collect();
    let stands = if against.is_empty() { "can be restored".to_owned() } else { against.join("\n") };
    let fields = fields(told).field("stands", stands).maybe("kept", told.pinned.as_deref().map(inert));
    let look = ui.look();
    files(fields, told).write(ui.out(), look)?;
    for judgement in told.judgements.iter().flatten() {
        let at = judgement.at.parse().map_or_else(|_| judgement.at.clone(), day);
        let verdict = judgement.verdict.map_or("", Verdict::name);
        writeln!(ui.out(), "\n  judged {at} by assay {}: {verdict}", inert(&judgement.assay))?;
        for finding in &judgement.findings {
            writeln!(ui.out(), "    {}  {}  {}", finding.id, finding.severity, inert(&finding.message))?;
        }
    }
    Ok(())
}

/// Of which cluster and when, and who has its keys.
fn fields(told: &Catalogued) -> Fields {
    let at = told.taken.parse().map_or_else(|_| told.taken.clone(), day);
    let taken = match &*told.taken_by {
        "data" => format!("{at}, by the clock of the cluster"),
        "name" => format!("{at}, by its name"),
        _ => format!("nothing tells; it was added {at}"),
    };
    let release = told.release.as_deref().map_or("unknown".into(), inert);
    Fields::new()
        .field("cluster", cluster_words(told.cluster.as_deref(), told.cluster_name.as_deref()))
        .field("taken", taken)
        .field("release", format!("{release}, {}", inert(&told.platform)))
        .field("verdict", verdict(told))
        .field("keys", keys(told))
}

fn verdict(told: &Catalogued) -> String {
    let rehearsed = match &*told.rehearsed {
        "served" => "; a real etcd served it",
        "failed" => "; a real etcd did not serve it",
        _ => "",
    };
    format!("{}{rehearsed}", told.verdict.map_or("", Verdict::name))
}

fn keys(told: &Catalogued) -> String {
    let custodians = told.escrows.iter().flatten().map(custodians);
    let words = match &*told.keys {
        "not-needed" => "none needed: nothing is encrypted",
        "at-hand" => "at hand, beside the snapshot",
        "escrow" if told.keys_proven.is_some() => "in an escrow, which custodians proved they open",
        "escrow" => "in an escrow; nobody has proven that it opens",
        "wrong" => "those beside it do not open it",
        _ => "missing",
    };
    std::iter::once(words.to_owned()).chain(custodians).collect::<Vec<_>>().join("\n")
}

/// Whom to call.
fn custodians(escrow: &CataloguedEscrow) -> String {
    let names = escrow.custodians.iter().map(|it| match it.share {
        Some(share) => format!("share {share}: {}", inert(&it.recipient)),
        None => inert(&it.recipient).into_owned(),
    });
    let names: Vec<String> = names.map(|name| format!("  {name}")).collect();
    format!("{} of {} can open it:\n{}", escrow.needed, escrow.custodians.len(), names.join("\n"))
}

/// Each file, what it is known by, and where it is.
fn files(fields: Fields, told: &Catalogued) -> Fields {
    told.files.iter().flatten().fold(fields, |fields, file| {
        let digits = file.sha256.get(..DIGITS).unwrap_or(&file.sha256);
        let mut lines = vec![format!("sha256 {digits}..., {}", Size(file.size))];
        lines.extend(file.places.iter().map(place));
        fields.field(&file.role, lines.join("\n"))
    })
}

fn place(place: &SeenAt) -> String {
    let state = if &*place.state == "unchanged" { String::new() } else { format!(" ({})", place.state) };
    format!("{}:{}{state}", inert(&place.host), escape(place.path.as_bytes()))
}

/// When it was taken, or that nothing tells it.
fn taken(backup: &Backup) -> String {
    if backup.tells_time() { day(backup.taken) } else { "not known".to_owned() }
}

/// A moment to the minute.
fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
