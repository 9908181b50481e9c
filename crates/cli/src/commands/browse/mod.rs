//! `assay browse`: a snapshot in a terminal.

mod keys;
mod page;
mod screen;
mod snapshot;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::IsTerminal;

use artifact::{Contents, Reading};
use browse::{Ended, Look, SessionEnd, Settings, Summary};

use crate::args::BrowseArgs;
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::ui::Ui;
use keys::Keys;
use screen::Screen;
use snapshot::Browsed;
use wording::{count, escape};

pub(super) fn run(args: &BrowseArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    expect_terminal()?;
    let input = match Input::from(args.snapshot.as_os_str()) {
        Input::Stdin => return Err(Error::Usage("standard input is the keyboard here: name a file".to_owned())),
        path @ Input::Path(_) => path,
    };
    let keys = Keys::given(&args.keys, reading, ui)?;
    let source = super::snapshot::open(&input, reading, ui)?;
    let unicode = has_utf8(std::env::var_os);
    let look = Look { color: ui.look().out_color, unicode, escape: if unicode { escape } else { escape_ascii } };
    let settings = Settings {
        name: (look.escape)(source.name().as_bytes()).into_owned(),
        keys: keys.text(look),
        may_reveal: args.reveal,
        look,
    };
    let browsed = Browsed::new(&source, super::snapshot::database(&source)?, keys, look);
    let ended = Screen::session(&browsed, settings)?;
    finish(&source, ended, ui)
}

/// Says what is left to be said, now that the terminal is as it was.
fn finish(source: &Contents, ended: Ended, ui: &mut Ui) -> Result<Ending, Error> {
    source.check_unchanged()?;
    if let Some(summary) = ended.summary.filter(Summary::is_damaged) {
        ui.warn(&format!(
            "{} is damaged ({}, {}): what was shown may not be all of it; `assay verify` tells more",
            source.display(),
            count(summary.faults, "structural fault"),
            count(summary.damaged, "unreadable record"),
        ));
        ui.settle(Ending::Findings);
    }
    if let SessionEnd::Print(key) = ended.ending {
        writeln!(ui.out(), "{}", escape(&key))?;
    }
    Ok(ui.ending())
}

fn expect_terminal() -> Result<(), Error> {
    let no_power = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !no_power {
        return Ok(());
    }
    Err(Error::Usage("browse needs a terminal; use `assay ls` or `assay get`".to_owned()))
}

/// Whether the locale says that the terminal takes UTF-8.
fn has_utf8(variable: impl Fn(&'static str) -> Option<std::ffi::OsString>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    let locale = locale.as_deref().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// [`escape`] for terminals that show ASCII alone.
fn escape_ascii(bytes: &[u8]) -> Cow<'_, str> {
    let text = escape(bytes);
    if text.is_ascii() {
        return text;
    }
    let one = |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
    Cow::Owned(text.chars().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_counts() {
        for (set, expected) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LANG", "de_DE.utf8")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8")], true),
            (&[("LC_CTYPE", "POSIX"), ("LANG", "C.UTF-8")], false),
            (&[], false),
        ] {
            let variable = |name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into());
            assert_eq!(has_utf8(variable), expected, "{set:?}");
        }
    }

    #[test]
    fn in_ascii_other_letters_are_told_by_number() {
        for (bytes, shown) in
            [(&b"/a"[..], "/a"), ("ключ".as_bytes(), "\\u{43a}\\u{43b}\\u{44e}\\u{447}"), (b"\xff", "\\xff")]
        {
            assert_eq!(escape_ascii(bytes), shown);
        }
    }
}
