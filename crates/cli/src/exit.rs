//! How assay ends: three exit codes, one place that maps to them.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | the work was done and nothing at or above `--fail-on` was found |
//! | 1 | the work was done and findings stand, or what was named is not there |
//! | 2 | the work could not be done: usage, unreadable input, internal error |

use std::backtrace::Backtrace;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;

pub use crate::ending::Ending;

use artifact::{InputError, map};

use crate::ui::Ui;

/// Why work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Options that do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// An input that cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A readable input of which the question asked cannot be answered.
    #[error("{display}: {reason}")]
    Unanswerable {
        /// The input's name for messages, see [`artifact::Contents::display`].
        display: String,
        /// What cannot be had, and why.
        reason: String,
        /// What can be asked instead.
        hint: Option<String>,
    },
    /// A key or an object that is named, and that a readable input does not have: the answer, and no good one.
    #[error("{display}: {reason}")]
    Absent {
        /// The input's name for messages, see [`artifact::Contents::display`].
        display: String,
        /// What is not there.
        reason: String,
        /// What can be asked instead.
        hint: Option<String>,
    },
    /// A file that assay was to write.
    #[error("cannot write `{path}`: {reason}")]
    Output {
        /// The file, escaped.
        path: String,
        /// What stood in the way.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Keys that cannot be taken out, sealed, opened or joined.
    #[error("{what}")]
    Keys {
        /// What stood in the way, escaped.
        what: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Standard output failed. An [`io::Error`] that arrives by `?` alone is always this one: every
    /// other is wrapped where it happens.
    #[error("cannot write standard output: {0}")]
    Stdout(#[from] io::Error),
}

impl From<lens::SelectionError> for Error {
    fn from(error: lens::SelectionError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl Error {
    /// What to do about it, where there is something to do.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_) => Some("for usage, add `--help`".to_owned()),
            Self::Input(error) => error.hint(),
            Self::Unanswerable { hint, .. }
            | Self::Absent { hint, .. }
            | Self::Output { hint, .. }
            | Self::Keys { hint, .. } => hint.clone(),
            Self::Stdout(_) => None,
        }
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The exit code for work that was done or not, after the last word is said on standard error.
///
/// A reader who stops reading is no failure: the code is then that of the verdict, if there was one
/// already ([`Ui::settle`]), so that `assay verify --json s.db | head -1` still tells a bad snapshot.
pub fn finish(result: Result<Ending, Error>, ui: &mut Ui) -> ExitCode {
    let result = result.and_then(|ending| {
        ui.settle(ending);
        Ok(ui.flush()?)
    });
    match result {
        Err(error) if !error.is_closed_pipe() => {
            // what was said before it stands before it, where both go to one place
            let _ = ui.flush();
            ui.error(&error.to_string(), error.hint().as_deref());
            ExitCode::from(if matches!(error, Error::Absent { .. }) { 1 } else { 2 })
        }
        _ => match ui.ending() {
            Ending::Clean => ExitCode::SUCCESS,
            Ending::Findings => ExitCode::from(1),
        },
    }
}

/// Runs the whole program; a panic, wherever it happens, ends in exit code 2.
pub fn guarded(run: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(|info| {
        if key_escrow::panic_is_caught() {
            return;
        }
        say(&panic_message(info));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            say(&Backtrace::force_capture().to_string());
        }
    }));
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| ExitCode::from(2))
}

/// One line for a panic. What the panic itself says stays out of it: it may quote file content.
pub(crate) fn panic_message(info: &PanicHookInfo<'_>) -> String {
    if map::any_fault() {
        return "error: an input file shrank or failed to read while assay was reading it".to_owned();
    }
    let place =
        info.location().map_or_else(String::new, |location| format!(" at {}:{}", location.file(), location.line()));
    format!(
        "error: internal error{place} in assay {}; this is a bug: please report this line and the command, \
         and set RUST_BACKTRACE=1 for more",
        env!("CARGO_PKG_VERSION")
    )
}

#[expect(
    clippy::print_stderr,
    reason = "in a panic there is no Ui to borrow, and standard error is the only place left"
)]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::tests::captured;

    fn code(result: Result<Ending, Error>) -> (ExitCode, String) {
        let (mut ui, _, err) = captured();
        let code = finish(result, &mut ui);
        (code, err.text())
    }

    fn same(a: ExitCode, b: u8) -> bool {
        format!("{a:?}") == format!("{:?}", ExitCode::from(b))
    }

    #[test]
    fn three_codes_and_no_other() {
        let missing = || InputError::Missing { path: "x.db".into(), part: None };
        for (result, expected, message) in [
            (Ok(Ending::Clean), 0, ""),
            (Ok(Ending::Findings), 1, ""),
            (Err(Error::Usage("no".into())), 2, "error: no\nhint: for usage, add `--help`\n"),
            (Err(missing().into()), 2, "error: `x.db`: no such file\n"),
            (
                Err(Error::Absent { display: "`x.db`".into(), reason: "there is no `a/b`".into(), hint: None }),
                1,
                "error: `x.db`: there is no `a/b`\n",
            ),
            (
                Err(io::Error::from(io::ErrorKind::StorageFull).into()),
                2,
                "error: cannot write standard output: no storage space\n",
            ),
            (Err(io::Error::from(io::ErrorKind::BrokenPipe).into()), 0, ""),
        ] {
            let (code, said) = code(result);
            assert!(same(code, expected), "{code:?} is not {expected}");
            assert_eq!(said, message);
        }
    }

    #[test]
    fn a_verdict_outlives_a_closed_pipe() {
        let (mut ui, _, _) = captured();
        ui.settle(Ending::Findings);
        let closed = Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        assert!(same(finish(closed, &mut ui), 1));
    }
}
