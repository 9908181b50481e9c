//! The options of `assay ls`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use lens::{Selection, SelectionError};

use super::select::KeyArgs;
use super::values::parse_revision;

/// Forms of a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A key a line
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a head line, and no cell that a spreadsheet takes for a formula
    Csv,
    /// The same with cells as they are
    CsvExact,
    /// An SQLite database, written to --out
    Sqlite,
}

/// Which revisions a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Keys alive at a revision, or now.
    Live(Option<i64>),
    /// Keys deleted by a revision, or by now.
    Deleted(Option<i64>),
    /// Every revision there is.
    AllRevisions,
}

/// In which form a list is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListForm {
    /// Only the count.
    Count {
        /// As a JSON document.
        json: bool,
    },
    /// A key a line, escaped.
    Names,
    /// A key a line with its details.
    Long,
    /// Raw keys, each ended by a NUL.
    Nul,
    /// One JSON document.
    Json,
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated values.
    Csv {
        /// Cells as they are, also those that a spreadsheet takes for a formula.
        exact: bool,
    },
    /// An SQLite database.
    Sqlite {
        /// The file to write.
        out: PathBuf,
        /// Whether an existing file is replaced.
        force: bool,
    },
}

impl ListForm {
    /// Whether the form shows nothing of a key but its name.
    pub fn is_of_names(&self) -> bool {
        matches!(self, Self::Names | Self::Nul | Self::Count { .. })
    }
}

const LS_HELP: &str = "\
Examples:
  assay ls snapshot.db                               every live key
  assay ls snapshot.db /kubernetes.io/secrets/       by prefix
  assay ls snapshot.db --resource secrets -n prod -l by resource and namespace, in detail
  assay ls snapshot.db --resource routes.route.openshift.io --count
  assay ls snapshot.db -g '/kubernetes.io/*/prod/**' by glob
  assay ls snapshot.db --rev 120034                  as it was at a revision
  assay ls snapshot.db --deleted                     what was deleted and not yet compacted
  assay ls snapshot.db -0 | xargs -0 -n1 echo        safe for any key
  assay ls snapshot.db -o sqlite --out keys.sqlite   to query with SQL

A glob with a `/` is matched against the whole key, one without against its last part. `*` and `?`
stop at a `/`, `**` does not. Keys are shown on one line each, with control characters escaped;
-0 prints their bytes as they are.";

/// `assay ls`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LS_HELP)]
pub struct LsArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Only keys that begin with these bytes
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<OsString>,

    /// Which keys.
    #[command(flatten, next_help_heading = "Which keys")]
    pub keys: KeyArgs,
    /// Only objects with these labels, such as `app=web,tier!=db`; none that is encrypted can be looked into
    #[arg(
        long,
        value_name = "LABELS",
        conflicts_with_all = ["all_revisions", "deleted"],
        help_heading = "Which keys"
    )]
    pub selector: Vec<String>,

    /// As it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which revisions")]
    pub rev: Option<i64>,
    /// Every revision the snapshot still holds, oldest first
    #[arg(long, conflicts_with_all = ["rev", "deleted"], help_heading = "Which revisions")]
    pub all_revisions: bool,
    /// Keys that are deleted, each with the revision of its deletion
    #[arg(long, help_heading = "Which revisions")]
    pub deleted: bool,
    /// Read every intact page without trusting the tree above it: for damaged snapshots
    #[arg(long, conflicts_with = "rev", help_heading = "Which revisions")]
    pub salvage: bool,

    /// In detail: revision, version, size, encoding, lease
    #[arg(short, long, conflicts_with_all = ["count", "null"], help_heading = "Output")]
    pub long: bool,
    /// Only how many
    #[arg(long, conflicts_with = "null", help_heading = "Output")]
    pub count: bool,
    /// End every key with a NUL byte and print its bytes as they are
    #[arg(short = '0', long, conflicts_with_all = ["output", "json"], help_heading = "Output")]
    pub null: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: ListFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
    /// File for `-o sqlite`; readable by its owner alone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace the file of --out if it exists
    #[arg(long, requires = "out", help_heading = "Output")]
    pub force: bool,
}

impl LsArgs {
    fn format(&self) -> ListFormat {
        if self.json { ListFormat::Json } else { self.output }
    }

    /// Which keys are listed.
    ///
    /// # Errors
    /// [`SelectionError`] for a glob or a selector that is none.
    pub fn selection(&self) -> Result<Selection, SelectionError> {
        let mut selection = self.keys.selection(self.prefix.as_ref())?;
        self.selector.iter().try_for_each(|labels| selection.labels(labels).map(drop))?;
        Ok(selection)
    }

    /// Which revisions are listed.
    pub fn view(&self) -> View {
        if self.all_revisions {
            View::AllRevisions
        } else if self.deleted {
            View::Deleted(self.rev)
        } else {
            View::Live(self.rev)
        }
    }

    /// The form of the list.
    ///
    /// # Errors
    /// Which options make no sense together.
    pub fn form(&self) -> Result<ListForm, String> {
        let usage = |text: &str| Err(text.to_owned());
        let format = self.format();
        let human = format == ListFormat::Human;
        if format == ListFormat::Sqlite && (self.all_revisions || self.deleted) {
            return usage(
                "`-o sqlite` holds every revision and every deletion as it is: leave out `--all-revisions` and `--deleted`",
            );
        }
        if format == ListFormat::Sqlite && !self.selector.is_empty() {
            return usage(
                "`-o sqlite` holds every revision of a key, whatever its labels were: leave out `--selector`",
            );
        }
        if self.out.is_some() && format != ListFormat::Sqlite {
            return usage("`--out` goes with `-o sqlite`; other output goes to standard output");
        }
        if self.count {
            return match format {
                ListFormat::Human => Ok(ListForm::Count { json: false }),
                ListFormat::Json => Ok(ListForm::Count { json: true }),
                _ => usage("`--count` goes with human or JSON output only"),
            };
        }
        if self.long && !human {
            return usage("`--long` goes with human output only; the other forms hold every detail as they are");
        }
        Ok(match format {
            ListFormat::Human if self.null => ListForm::Nul,
            ListFormat::Human if self.long => ListForm::Long,
            ListFormat::Human => ListForm::Names,
            ListFormat::Json => ListForm::Json,
            ListFormat::Ndjson => ListForm::Ndjson,
            ListFormat::Csv => ListForm::Csv { exact: false },
            ListFormat::CsvExact => ListForm::Csv { exact: true },
            ListFormat::Sqlite => match &self.out {
                Some(out) => ListForm::Sqlite { out: out.clone(), force: self.force },
                None => return usage("`-o sqlite` needs a file: add `--out FILE`"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Ls {
        #[command(flatten)]
        args: LsArgs,
    }

    fn listed(line: &[&str]) -> LsArgs {
        Ls::try_parse_from(["ls", "s"].iter().chain(line)).unwrap().args
    }

    #[test]
    fn each_form_is_reached() {
        let sqlite = ListForm::Sqlite { out: "f".into(), force: true };
        for (line, form) in [
            (&[][..], ListForm::Names),
            (&["-l"], ListForm::Long),
            (&["-0"], ListForm::Nul),
            (&["--count"], ListForm::Count { json: false }),
            (&["--count", "--json"], ListForm::Count { json: true }),
            (&["--json"], ListForm::Json),
            (&["-o", "ndjson"], ListForm::Ndjson),
            (&["-o", "csv"], ListForm::Csv { exact: false }),
            (&["-o", "csv-exact"], ListForm::Csv { exact: true }),
            (&["-o", "sqlite", "--out", "f", "--force"], sqlite),
        ] {
            assert_eq!(listed(line).form(), Ok(form), "{line:?}");
        }
    }

    #[test]
    fn forms_that_do_not_go_together_are_refused() {
        for (line, message) in [
            (&["-o", "sqlite"][..], "needs a file"),
            (&["-o", "sqlite", "--out", "f", "--deleted"], "every deletion as it is"),
            (&["-o", "sqlite", "--out", "f", "--all-revisions"], "every revision"),
            (&["--out", "f"], "goes with `-o sqlite`"),
            (&["-o", "sqlite", "--out", "f", "--selector", "a=b"], "leave out `--selector`"),
            (&["--count", "-o", "csv"], "`--count` goes with"),
            (&["-l", "--json"], "`--long` goes with human"),
        ] {
            let error = listed(line).form().unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn views_are_told_apart() {
        for (line, view) in [
            (&[][..], View::Live(None)),
            (&["--rev", "7"], View::Live(Some(7))),
            (&["--deleted", "--rev", "7"], View::Deleted(Some(7))),
            (&["--all-revisions"], View::AllRevisions),
        ] {
            assert_eq!(listed(line).view(), view);
        }
    }
}
