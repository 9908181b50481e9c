//! Days of backups on a page: what a day's colour means, months to hang on a wall, and many days in a line.
//!
//! What a colour says, a mark says, too, for whoever sees colours otherwise, and on paper. Whoever makes a page puts
//! [`PALETTE`] and [`STYLE`] into its style sheet and says of each day what came of it.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use jiff::civil::Date;
use maud::{Markup, html};

/// The colours of all pages, by light and by dark.
pub const PALETTE: &str = include_str!("palette.css");
/// How days look.
pub const STYLE: &str = include_str!("calendar.css");

/// Months that are shown; older ones are counted.
const MONTHS: usize = 36;

/// What came of a day, the best first: of several backups the best counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A backup that can be restored.
    Restorable,
    /// One that can, with something to look at.
    Warned,
    /// None of which more is known than that nothing was seen.
    Looked,
    /// What there was has changed, or is gone.
    Damaged,
    /// None that can be restored.
    Unfit,
    /// No backup.
    None,
}

impl State {
    /// What a catalog knows of a day, in the order of a legend.
    pub const OF_CATALOG: [Self; 5] = [Self::Restorable, Self::Warned, Self::Unfit, Self::Damaged, Self::None];
    /// The same of a fleet, which looks at some backups only.
    pub const OF_FLEET: [Self; 6] =
        [Self::Restorable, Self::Warned, Self::Looked, Self::Unfit, Self::Damaged, Self::None];

    /// Its word, and its class in [`STYLE`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Restorable => "restorable",
            Self::Warned => "warned",
            Self::Looked => "looked",
            Self::Damaged => "damaged",
            Self::Unfit => "unfit",
            Self::None => "none",
        }
    }

    /// The state of this word; `None` for one of a later release.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::OF_FLEET.into_iter().find(|state| state.name() == word)
    }

    /// Its mark.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Restorable => "✓",
            Self::Warned => "!",
            Self::Looked => "?",
            Self::Damaged => "≠",
            Self::Unfit => "✗",
            Self::None => "·",
        }
    }

    /// What it says.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Restorable => "a backup that can be restored",
            Self::Warned => "one that can, with something to look at",
            Self::Looked => "one that was only looked at",
            Self::Damaged => "changed or gone since",
            Self::Unfit => "none that can",
            Self::None => "no backup",
        }
    }
}

/// A day.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// What came of it; `None` where that is not known.
    pub state: Option<State>,
    /// What it says to whoever points at it.
    pub told: String,
}

/// What the marks mean.
#[must_use]
pub fn legend(states: &[State]) -> Markup {
    html! {
        ul.marks { @for state in states { li { span class={ "mark " (state.name()) } { (state.mark()) } (state.said()) } } }
    }
}

/// Months, the newest first; of two days of one date the last counts.
#[must_use]
pub fn months(days: &[Day]) -> Markup {
    let mut months: BTreeMap<(i16, i8), BTreeMap<i8, &Day>> = BTreeMap::new();
    for day in days {
        months.entry((day.date.year(), day.date.month())).or_default().insert(day.date.day(), day);
    }
    let hidden = months.len().saturating_sub(MONTHS);
    html! {
        div.months {
            @for ((year, month), of) in months.iter().rev().take(MONTHS) {
                @if let Ok(first) = Date::new(*year, *month, 1) { (table(first, of)) }
            }
        }
        @if hidden > 0 { p.soft { (wording::count(u64::try_from(hidden).unwrap_or(u64::MAX), "month")) " before that." } }
    }
}

fn table(first: Date, days: &BTreeMap<i8, &Day>) -> Markup {
    // weeks begin on Monday; blanks before the first and behind the last
    let before = usize::try_from(first.weekday().to_monday_zero_offset()).unwrap_or(0);
    let all: Vec<Option<i8>> = std::iter::repeat_n(None, before).chain((1..=first.days_in_month()).map(Some)).collect();
    html! {
        table.month {
            caption { (first.strftime("%B %Y").to_string()) }
            thead { tr { @for day in ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] { th scope="col" { (day) } } } }
            tbody {
                @for week in all.chunks(7) {
                    tr {
                        @for day in week {
                            @match day {
                                None => { td {} }
                                Some(number) => { (cell(*number, days.get(number).copied())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(number: i8, day: Option<&Day>) -> Markup {
    let Some(day) = day else { return html! { td.day { (number) } } };
    // a word of a later assay has no colour
    let (class, mark) = day.state.map_or(("day", "?"), |state| (state.name(), state.mark()));
    html! { td class=(class) title=(day.told) { (number) b { (mark) } } }
}

/// The days up to one, the last of them, as a line of marks: of each what `of` says. Days in a row that are alike are one piece, so that
/// a page can have thousands of lines.
#[must_use]
pub fn line(until: Date, days: u16, of: impl Fn(Date) -> State) -> Markup {
    let mut runs: Vec<(State, Date, Date, usize)> = Vec::new();
    for back in (0..i64::from(days)).rev() {
        let Ok(date) = until.checked_sub(jiff::Span::new().days(back)) else { continue };
        let state = of(date);
        match runs.last_mut() {
            Some((last, _, to, count)) if *last == state => (*to, *count) = (date, *count + 1),
            _ => runs.push((state, date, date, 1)),
        }
    }
    html! {
        div.line {
            @for (state, from, to, count) in runs {
                @let when = if from == to { from.to_string() } else { format!("{from} to {to}") };
                span class=(state.name()) title=(format!("{when}: {}", state.said())) { (state.mark().repeat(count)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_a_word_a_class_and_a_mark_of_its_own() {
        for state in State::OF_FLEET {
            assert_eq!(State::named(state.name()), Some(state));
            assert!(STYLE.contains(&format!(".{} {{", state.name())), "{state:?}");
            let alike = State::OF_FLEET.iter().filter(|other| other.mark() == state.mark()).count();
            assert_eq!(alike, 1, "{state:?}");
        }
        assert_eq!(State::named("splendid"), None);
    }

    #[test]
    fn days_that_are_alike_are_one_piece_of_a_line() {
        let date = |day| Date::constant(2026, 11, day);
        let of = |day: Date| match day.day() {
            23 => State::Unfit,
            21 => State::None,
            _ => State::Restorable,
        };
        let text = line(date(23), 5, of).into_string();
        assert_eq!(
            text,
            "<div class=\"line\"><span class=\"restorable\" title=\"2026-11-19 to 2026-11-20: a backup that can be \
             restored\">✓✓</span><span class=\"none\" title=\"2026-11-21: no backup\">·</span><span \
             class=\"restorable\" title=\"2026-11-22: a backup that can be restored\">✓</span><span class=\"unfit\" \
             title=\"2026-11-23: none that can\">✗</span></div>"
        );
    }

    #[test]
    fn a_month_has_all_its_days_and_those_of_long_ago_are_counted() {
        let day = |year, month| Day { date: Date::constant(year, month, 3), state: None, told: "x".to_owned() };
        let days: Vec<Day> = (0..40).map(|at| day(2020 + at / 12, i8::try_from(at % 12 + 1).unwrap())).collect();
        let text = months(&days).into_string();
        assert_eq!((text.matches("<table").count(), text.matches("4 months before that.").count()), (36, 1));
        assert!(text.contains("<td class=\"day\" title=\"x\">3<b>?</b></td>") && text.contains("April 2023"), "{text}");
    }

    #[test]
    fn the_style_sheets_fetch_nothing_and_hold_no_tag() {
        for word in ["url(", "@import", "<", "http", "expression("] {
            assert!(!STYLE.contains(word) && !PALETTE.contains(word), "{word}");
        }
    }
}
