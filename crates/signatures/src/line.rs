//! A line of `allowed_signers`, as OpenSSH's sshsig.c reads it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::key::Key;
use crate::time::{self, ListFaultKind};

/// What a line says: who, with which key, for what, and when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The pattern list, as it stands.
    pub(crate) principals: String,
    pub(crate) key: Key,
    pub(crate) namespaces: Option<String>,
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Option<Timestamp>,
}

const BLANK: [char; 3] = [' ', '\t', '\r'];

impl Entry {
    /// Reads a line that is neither blank nor a comment.
    pub(crate) fn parse(line: &str, zone: &TimeZone) -> Result<Self, ListFaultKind> {
        let (principals, rest) = first_word(line.trim_start_matches(BLANK))?;
        if rest.is_empty() {
            return Err(ListFaultKind::NoKey);
        }
        if let Some(key) = Key::ssh(rest) {
            return Ok(Self { principals, key, namespaces: None, after: None, before: None });
        }
        let (options, rest) = options_end(rest)?;
        let options = Options::parse(options, zone)?;
        let key = Key::ssh(rest).ok_or(ListFaultKind::Key("neither `keytype base64` nor options before that"))?;
        let Options { namespaces, after, before } = options;
        if after.zip(before).is_some_and(|(after, before)| before <= after) {
            return Err(ListFaultKind::Backwards);
        }
        Ok(Self { principals, key, namespaces, after, before })
    }
}

/// The first word, which may stand in quotes, and what follows.
fn first_word(line: &str) -> Result<(String, &str), ListFaultKind> {
    let (word, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(ListFaultKind::Quotes)?,
        None => line.split_at(line.find(BLANK).unwrap_or(line.len())),
    };
    if word.contains('"') || !(rest.is_empty() || rest.starts_with(BLANK)) {
        return Err(ListFaultKind::Quotes);
    }
    Ok((word.to_owned(), rest.trim_start_matches(BLANK)))
}

/// Options reach to the first blank outside of quotes.
fn options_end(text: &str) -> Result<(&str, &str), ListFaultKind> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, one) in text.char_indices() {
        match one {
            '"' if !escaped => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                let (options, rest) = text.split_at(at);
                return Ok((options, rest.trim_start_matches(BLANK)));
            }
            _ => {}
        }
        escaped = one == '\\' && !escaped;
    }
    Err(if quoted { ListFaultKind::Quotes } else { ListFaultKind::NoKey })
}

#[derive(Default)]
struct Options {
    namespaces: Option<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Options {
    fn parse(mut text: &str, zone: &TimeZone) -> Result<Self, ListFaultKind> {
        let mut options = Self::default();
        loop {
            if strip(text, "cert-authority").is_some_and(|rest| rest.is_empty() || rest.starts_with(',')) {
                return Err(ListFaultKind::CertAuthority);
            }
            let rest = options.one(text, zone)?;
            match rest.strip_prefix(',') {
                Some(next) => text = next,
                None if rest.is_empty() => return Ok(options),
                None => return Err(ListFaultKind::Option(rest.to_owned())),
            }
        }
    }

    /// Reads one option and gives what follows it.
    fn one<'t>(&mut self, text: &'t str, zone: &TimeZone) -> Result<&'t str, ListFaultKind> {
        if let Some(rest) = strip(text, "namespaces=") {
            let (value, rest) = dequoted(rest)?;
            return set(&mut self.namespaces, value, "namespaces").map(|()| rest);
        }
        let (slot, name, rest) = if let Some(rest) = strip(text, "valid-after=") {
            (&mut self.after, "valid-after", rest)
        } else if let Some(rest) = strip(text, "valid-before=") {
            (&mut self.before, "valid-before", rest)
        } else {
            return Err(ListFaultKind::Option(text.split(',').next().unwrap_or_default().to_owned()));
        };
        let (value, rest) = dequoted(rest)?;
        let at = time::parse(&value, zone).ok_or(ListFaultKind::Time(value))?;
        set(slot, at, name).map(|()| rest)
    }
}

fn set<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), ListFaultKind> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ListFaultKind::Twice(name)),
    }
}

/// Names of options are in either case.
fn strip<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(name.len())?;
    head.eq_ignore_ascii_case(name).then_some(rest)
}

/// A value in quotes, in which `\"` is a quotation mark, and what follows.
fn dequoted(text: &str) -> Result<(String, &str), ListFaultKind> {
    let quoted = text.strip_prefix('"').ok_or(ListFaultKind::Quotes)?;
    let mut value = String::new();
    let mut rest = quoted.char_indices().peekable();
    while let Some((at, one)) = rest.next() {
        match one {
            '\\' if rest.next_if(|(_, next)| *next == '"').is_some() => value.push('"'),
            '"' => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
            other => value.push(other),
        }
    }
    Err(ListFaultKind::Quotes)
}
