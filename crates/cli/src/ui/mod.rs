//! The two streams: data to standard output, everything else to standard error.
//!
//! Commands write to the handles here and to nothing else, so that tests can look at both.

mod advice;
mod fold;
mod progress;
mod watcher;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, LineWriter, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use fold::Folded;
pub use progress::Meter;
pub use watcher::{Watcher, forbid_dumps};

use crate::args::{GlobalArgs, When};
use crate::ending::Ending;

/// Styles by meaning.
pub mod style {
    use super::{AnsiColor, Style};

    /// Failure, and findings that fail a verdict.
    pub const BAD: Style = AnsiColor::Red.on_default().bold();
    /// Warnings, and findings that do not fail a verdict.
    pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
    /// A good verdict.
    pub const GOOD: Style = AnsiColor::Green.on_default().bold();
    /// Headings.
    pub const HEAD: Style = Style::new().bold();
    /// Names of fields, and what may be skipped.
    pub const DIM: Style = Style::new().dimmed();
}

/// How things are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colour on standard output.
    pub out_color: bool,
    /// Colour on standard error.
    pub err_color: bool,
    /// Columns of the terminal on standard output; `None` when it is not one, and nothing is shortened.
    pub width: Option<usize>,
    /// Whether progress may be shown.
    pub progress: bool,
    /// Only errors on standard error.
    pub quiet: bool,
    /// How much more to say.
    pub verbose: u8,
}

impl Look {
    /// What the options, the environment and the terminal add up to.
    pub fn resolve(global: &GlobalArgs) -> Self {
        let color = |auto: ColorChoice| match global.color {
            When::Auto => auto != ColorChoice::Never,
            When::Always => true,
            When::Never => false,
        };
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            out_color: color(AutoStream::choice(&io::stdout())),
            err_color: color(AutoStream::choice(&io::stderr())),
            width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0).max(20)),
            progress: match global.progress {
                When::Auto => stderr_is_terminal && !global.quiet,
                When::Always => true,
                When::Never => false,
            },
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }
}

/// Standard output and standard error, and how to write to them.
pub struct Ui {
    out: Folded<Box<dyn Write>>,
    voice: Arc<Voice>,
    ending: Ending,
    now: Timestamp,
}

/// Standard error: words to people, and the progress of the work. Shared with whoever hears of it.
pub struct Voice {
    err: Mutex<Box<dyn Write + Send>>,
    look: Look,
    bar: Mutex<Option<indicatif::ProgressBar>>,
}

impl Ui {
    /// The streams of the process.
    #[expect(clippy::disallowed_methods, reason = "the one clock of a run")]
    pub fn stdio(global: &GlobalArgs) -> Self {
        let out: Box<dyn Write> = if io::stdout().is_terminal() {
            Box::new(io::stdout())
        } else {
            Box::new(BufWriter::with_capacity(1 << 16, io::stdout()))
        };
        Self::new(out, Box::new(io::stderr()), Look::resolve(global), global.now.unwrap_or_else(Timestamp::now))
    }

    /// Standard output for this `Ui` alone: whatever else of the process writes to it writes to nowhere.
    ///
    /// # Errors
    /// Whatever keeps the stream from being moved; it is then where it was.
    pub fn own_stdout(&mut self) -> io::Result<()> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let null = OpenOptions::new().write(true).open("/dev/null");
        // an empty root has none; what is written to a folder is as lost, for std takes the refusal for a stream that is closed
        let nowhere = null.or_else(|_| OpenOptions::new().read(true).open("/"))?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        let out: Box<dyn Write> = if out.is_terminal() {
            Box::new(LineWriter::new(out))
        } else {
            Box::new(BufWriter::with_capacity(1 << 16, out))
        };
        self.out = Folded::new(out, self.look().width.unwrap_or(usize::MAX));
        Ok(())
    }

    /// Any two streams, at any time.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write + Send>, look: Look, now: Timestamp) -> Self {
        let out = Folded::new(out, look.width.unwrap_or(usize::MAX));
        let voice = Voice { err: Mutex::new(err), look, bar: Mutex::new(None) };
        Self { out, voice: Arc::new(voice), ending: Ending::Clean, now }
    }

    /// When the run began: the one time that all of it goes by.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Where data goes.
    pub fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// From now on, lines for people that are longer than the terminal are broken where words end. Not for what is taken
    /// as it stands: objects, names, data.
    pub fn fold(&mut self) {
        if self.look().width.is_some() {
            self.out.fold();
        }
    }

    /// How things are to look.
    pub fn look(&self) -> Look {
        self.voice.look
    }

    /// Where people are told things.
    pub fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Hears of what a library does, and tells people.
    pub fn watcher(&self) -> Watcher {
        Watcher::new(Arc::clone(&self.voice))
    }

    /// Text for standard output, coloured if that is wanted there.
    pub fn paint<T: fmt::Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.voice.look.out_color.then_some(style), text }
    }

    /// Settles how the work turned out, before its result is written: a reader who goes away while
    /// it is written must not turn a bad verdict into a good exit code. The worst one stays.
    pub fn settle(&mut self, ending: Ending) {
        if ending == Ending::Findings {
            self.ending = ending;
        }
    }

    /// What was settled.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// [`Voice::meter`].
    pub fn meter(&mut self, what: &str, total: Option<u64>) -> Meter {
        self.voice.meter(what, total)
    }

    /// [`Voice::note`].
    pub fn note(&mut self, text: &str) {
        self.voice.note(text);
    }

    /// [`Voice::tell`].
    pub fn tell(&mut self, text: &str) {
        self.voice.tell(text);
    }

    /// [`Voice::warn`].
    pub fn warn(&mut self, text: &str) {
        self.voice.warn(text);
    }

    /// [`Voice::error`].
    pub fn error(&mut self, text: &str, hint: Option<&str>) {
        self.voice.error(text, hint);
    }

    /// Sends out what is still held back.
    ///
    /// # Errors
    /// Whatever keeps standard output from taking it.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Voice {
    /// Shows progress from now until the meter is dropped, if the work takes long enough.
    ///
    /// `total` is in bytes; without it the meter counts upwards.
    pub fn meter(&self, what: &str, total: Option<u64>) -> Meter {
        let meter = Meter::new(what, total, self.look.progress);
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(meter.bar());
        meter
    }

    /// Says something that is worth knowing, when asked to say more.
    pub fn note(&self, text: &str) {
        if self.look.verbose > 0 {
            self.say(style::DIM, "note", text);
        }
    }

    /// Says what is about to be done, unless nothing is to be said.
    pub fn tell(&self, text: &str) {
        if !self.look.quiet {
            self.say(style::DIM, "note", text);
        }
    }

    /// Says something that ought to be known and does not stop the work.
    pub fn warn(&self, text: &str) {
        if !self.look.quiet {
            self.say(style::WARN, "warning", &advice::whole(text, text));
        }
    }

    /// Says why the work could not be done, and what to do.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.say(style::BAD, "error", text);
        if let Some(hint) = hint {
            self.say(style::HEAD, "hint", &advice::whole(hint, text));
        }
    }

    /// Whatever a message was made of, nothing in it has power over the terminal.
    fn say(&self, style: Style, label: &str, text: &str) {
        let text = wording::inert_lines(text);
        let label = Painted { style: self.look.err_color.then_some(style), text: label };
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        // With standard error gone there is nobody to tell.
        let mut write = || {
            let _ = writeln!(err, "{label}: {text}");
        };
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// Text in a style, or as it is.
#[derive(Debug, Clone, Copy)]
pub struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            // Padding goes to the text, not to the codes around it.
            Some(style) => {
                write!(f, "{style}")?;
                self.text.fmt(f)?;
                write!(f, "{style:#}")
            }
            None => self.text.fmt(f),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
