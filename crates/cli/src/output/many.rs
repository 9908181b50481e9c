//! What a run over several backups came to, for people: the worst first, and a summary at its end.

use std::io;

use assay::{Answer, Judgement};
use checks::{Finding, Severity, Verdict};
use document::{ClusterRun, Moment, Newest, Run};
use jiff::Timestamp;
use wording::{count, escape, inert, noun_of, shorten, shorten_end, width};

use super::verdict::Screen;
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Answers that are shown each by a screen of its own; of more there is a line each.
const FEW: usize = 5;
/// Lines of each kind that are shown: all together fit a screen of 80 lines.
const FAILING: usize = 25;
const WARNING: usize = 12;
const CLUSTERS: usize = 20;
const UNREAD: usize = 10;
/// Columns of a backup's name.
const NAME: usize = 38;

/// All answers of a run, in the order in which they came.
pub struct Answers {
    limit: Option<Severity>,
    now: Timestamp,
    /// Whether every answer is shown by its screen, however many there are.
    all: bool,
    screens: Vec<Screen>,
    lines: Vec<Line>,
}

/// One answer in a line.
struct Line {
    name: String,
    verdict: Verdict,
    /// Whether it is a backup, and no directory of such.
    backup: bool,
    taken: Option<Moment>,
    /// The worst finding, and how many others need attention.
    worst: Option<(Severity, &'static str, &'static str)>,
    others: usize,
}

impl Answers {
    /// None yet; `limit` is the severity that fails, `now` the time that certificates are held against.
    #[must_use]
    pub fn new(limit: Option<Severity>, now: Timestamp, all: bool) -> Self {
        Self { limit, now, all, screens: Vec::new(), lines: Vec::new() }
    }

    /// Takes the next answer; what came of it.
    pub fn take(&mut self, answer: &Answer<'_>) -> Verdict {
        let line = Line::of(answer);
        let verdict = line.verdict;
        self.lines.push(line);
        if self.all || self.lines.len() <= FEW {
            self.screens.push(Screen::of(answer, self.limit, self.now));
        } else {
            self.screens.clear();
        }
        verdict
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, judgement: &Judgement, ui: &mut Ui) -> Result<(), Error> {
        let mut screens: Vec<&Screen> = self.screens.iter().collect();
        screens.sort_by_key(|screen| std::cmp::Reverse(screen.verdict));
        for screen in screens {
            screen.write(ui)?;
        }
        if self.screens.is_empty() && !self.lines.is_empty() {
            self.write_lines(ui)?;
        }
        let run = judgement.run();
        // where nothing was judged, standard error has said all there is to say
        if self.lines.len() > 1 || !self.lines.is_empty() && !run.is_complete() || run.cut_short || run.passed_over > 0
        {
            summary(&run, judgement, ui)?;
        }
        Ok(())
    }

    fn write_lines(&self, ui: &mut Ui) -> io::Result<()> {
        let folder = common_folder(self.lines.iter().map(|line| line.name.as_str()));
        let room = ui.look().width.unwrap_or(80).clamp(60, 120);
        for (verdict, most) in [(Verdict::Fail, FAILING), (Verdict::Warn, WARNING)] {
            let mut of: Vec<&Line> = self.lines.iter().filter(|line| line.verdict == verdict).collect();
            // the worst, and of those the newest
            of.sort_by_key(|line| std::cmp::Reverse((line.worst.map(|(severity, ..)| severity), line.taken.clone())));
            for line in of.iter().take(most) {
                line.write(folder, room, ui)?;
            }
            if let Some(more) = of.len().checked_sub(most).filter(|more| *more > 0) {
                let word = word(verdict, ui);
                writeln!(ui.out(), "{word}  {more} more (-v shows all, --json has all)")?;
            }
        }
        let passing = self.lines.iter().filter(|line| line.verdict == Verdict::Pass && line.backup).count();
        if passing > 0 {
            let (word, number) = (word(Verdict::Pass, ui), count(passing as u64, "backup"));
            writeln!(ui.out(), "{word}  {number}, nothing stands against a restore")?;
        }
        if !folder.is_empty() {
            let below = format!("names are below {}", shorten(&escape(folder.as_bytes()), room.saturating_sub(18)));
            let below = ui.paint(style::DIM, below).to_string();
            writeln!(ui.out(), "  {below}")?;
        }
        writeln!(ui.out())
    }
}

impl Line {
    fn of(answer: &Answer<'_>) -> Self {
        let (name, verdict, mut findings): (_, _, Vec<&Finding>) = match answer {
            Answer::Directory { part, verdict, .. }
            | Answer::Members { part, verdict, .. }
            | Answer::Cluster { part, verdict, .. } => (&*part.name, *verdict, part.findings.iter().collect()),
            Answer::Backup(judged) => (judged.name(), judged.verdict, judged.findings().collect()),
        };
        let (backup, taken) = match answer {
            Answer::Directory { .. } | Answer::Members { .. } | Answer::Cluster { .. } => (false, None),
            Answer::Backup(judged) => (true, judged.taken.clone()),
        };
        findings.retain(|finding| finding.waiver().is_none() && finding.severity() >= Severity::Medium);
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        let worst = findings.first().map(|finding| (finding.severity(), finding.entry().id, finding.entry().name));
        Self { name: name.to_owned(), verdict, backup, taken, worst, others: findings.len().saturating_sub(1) }
    }

    fn write(&self, folder: &str, room: usize, ui: &mut Ui) -> io::Result<()> {
        let word = word(self.verdict, ui);
        let name = self.name.strip_prefix(folder).filter(|name| !name.is_empty()).unwrap_or(&self.name);
        let name = escape(name.as_bytes());
        let name = shorten(&name, NAME);
        let pad = NAME.saturating_sub(width(&name));
        let more = if self.others > 0 { format!(" +{}", self.others) } else { String::new() };
        let worst = self.worst.map(|(_, id, name)| format!("{id} {name}")).unwrap_or_default();
        let worst = shorten_end(&worst, room.saturating_sub(4 + 2 + NAME + 2 + width(&more)), "...").into_owned();
        let line = format!("{word}  {name}{:pad$}  {worst}{more}", "");
        writeln!(ui.out(), "{}", line.trim_end())
    }
}

/// Where all of them lie, up to the last `/`.
fn common_folder<'n>(mut names: impl Iterator<Item = &'n str>) -> &'n str {
    let Some(first) = names.next() else { return "" };
    let mut common = first.len();
    for name in names {
        common = first.bytes().zip(name.bytes()).take(common).take_while(|(a, b)| a == b).count();
    }
    let shared = first.as_bytes().get(..common).and_then(|bytes| bytes.iter().rposition(|byte| *byte == b'/'));
    shared.and_then(|at| first.get(..=at)).unwrap_or_default()
}

fn word(verdict: Verdict, ui: &Ui) -> String {
    let style = match verdict {
        Verdict::Pass => style::GOOD,
        Verdict::Warn => style::WARN,
        Verdict::Fail => style::BAD,
    };
    ui.paint(style, verdict.name().to_uppercase()).to_string()
}

/// The end of a run over several: how many of what, the newest of each cluster, and what could not be read.
fn summary(run: &Run, judgement: &Judgement, ui: &mut Ui) -> io::Result<()> {
    let room = ui.look().width.unwrap_or(80).clamp(60, 120);
    let each = [(run.fail, "fail"), (run.warn, "warn"), (run.pass, "pass")];
    let each: Vec<String> =
        each.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    let each = if each.is_empty() { String::new() } else { format!(": {}", each.join(", ")) };
    let head = ui.paint(style::HEAD, format!("{} judged", run.judged)).to_string();
    writeln!(ui.out(), "{head}{each}")?;
    if run.passed_over > 0 {
        let older = count(run.passed_over, "older backup");
        writeln!(ui.out(), "  {older} passed over, as --newest asks")?;
    }
    if run.cut_short {
        let cut = ui.paint(style::BAD, "cut short by a signal: there are more, and they were not judged").to_string();
        writeln!(ui.out(), "  {cut}")?;
    }
    clusters(run, room, ui)?;
    unread(judgement, room, ui)
}

fn clusters(run: &Run, room: usize, ui: &mut Ui) -> io::Result<()> {
    if run.clusters.is_empty() {
        return Ok(());
    }
    let called_room = room.saturating_sub(54);
    let head = format!("  {:<called_room$}  {:>6}  {:<23}  newest good", "newest by cluster", "judged", "newest");
    let head = ui.paint(style::DIM, head).to_string();
    writeln!(ui.out(), "{head}")?;
    for it in run.clusters.iter().take(CLUSTERS) {
        let name = shorten(&called(it), called_room).into_owned();
        let pad = called_room.saturating_sub(width(&name));
        let newest = it.newest.as_ref();
        let word = newest.map(|newest| word(newest.verdict, ui)).unwrap_or_default();
        let good = match (&it.newest, &it.newest_good) {
            (Some(newest), Some(good)) if newest.name == good.name => "it is".to_owned(),
            (_, Some(good)) => moment(Some(good)),
            (_, None) => "NONE".to_owned(),
        };
        let line = format!("  {name}{:pad$}  {:>6}  {:<17}  {word}  {good}", "", it.judged, moment(newest));
        writeln!(ui.out(), "{line}")?;
    }
    if let Some(more) = run.clusters.len().checked_sub(CLUSTERS).filter(|more| *more > 0) {
        writeln!(ui.out(), "  and {} (--json has all)", count(more as u64, "more cluster"))?;
    }
    let clocks = [("data", "by the cluster's clock"), ("name", "by its name (*)")];
    let newest = || run.clusters.iter().flat_map(|it| [&it.newest, &it.newest_good]).flatten();
    let used: Vec<&str> = clocks
        .into_iter()
        .filter(|(by, _)| newest().filter_map(|newest| newest.taken.as_ref()).any(|taken| taken.by == *by))
        .map(|(_, words)| words)
        .collect();
    if !used.is_empty() {
        let now = ui.now().strftime("%Y-%m-%d %H:%M");
        let text = shorten_end(&format!("UTC, {}; now is {now}", used.join(" or ")), room - 2, "...").into_owned();
        let text = ui.paint(style::DIM, text).to_string();
        writeln!(ui.out(), "  {text}")?;
    }
    Ok(())
}

fn called(it: &ClusterRun) -> String {
    let Some(cluster) = &it.cluster else { return "of no cluster known".to_owned() };
    let name = cluster.name.as_deref().map(|name| format!("{} ", inert(name))).unwrap_or_default();
    let by = if cluster.by == "members" { "members " } else { "" };
    format!("{name}{by}{}", inert(&cluster.id))
}

/// `2026-11-23 09:16`, with a sign where a name alone says so.
fn moment(newest: Option<&Newest>) -> String {
    let Some(taken) = newest.and_then(|newest| newest.taken.as_ref()) else { return "time unknown".to_owned() };
    let minute = taken.at.get(..16).unwrap_or(&taken.at).replace('T', " ");
    format!("{minute}{}", if taken.by == "name" { "*" } else { "" })
}

fn unread(judgement: &Judgement, room: usize, ui: &mut Ui) -> io::Result<()> {
    let unread = judgement.unread();
    if unread.is_empty() {
        return Ok(());
    }
    let head = format!("{} {} could not be read", unread.len(), noun_of(unread.len() as u64, "input"));
    let head = ui.paint(style::BAD, head).to_string();
    writeln!(ui.out(), "  {head}")?;
    for it in unread.iter().take(UNREAD) {
        let error = inert(&it.error.to_string()).replace('\n', " ");
        writeln!(ui.out(), "    {}", shorten(&error, room - 4))?;
    }
    if let Some(more) = unread.len().checked_sub(UNREAD).filter(|more| *more > 0) {
        writeln!(ui.out(), "    and {more} more (standard error and --json have all)")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_all_have_in_common() {
        for (names, expected) in [
            (&["/mnt/a/1.db", "/mnt/a/2.db"][..], "/mnt/a/"),
            (&["/mnt/a/1.db", "/mnt/ab/2.db"], "/mnt/"),
            (&["a.db", "a.db"], ""),
            (&["one/x"], "one/"),
            (&["é/1", "è/2"], ""),
            (&[], ""),
        ] {
            assert_eq!(common_folder(names.iter().copied()), expected, "{names:?}");
        }
    }
}
