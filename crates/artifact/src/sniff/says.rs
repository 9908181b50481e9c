//! What an error message says that was stored instead of what was asked for: its code and its sentence, and no more of it,
//! for the rest may hold addresses with signatures in them.

use wording::{clip, escape};

/// Most characters of a code or of a sentence.
const LONGEST: usize = 120;
/// So much of it is looked at.
const HEAD: usize = 16 << 10;
/// Elements of XML and HTML, fields of JSON, that say what went wrong, the more exact first.
const ELEMENTS: [&str; 7] = ["Code", "Message", "code", "message", "title", "h1", "Error"];
const FIELDS: [&str; 7] = ["code", "Code", "reason", "message", "Message", "error", "error_description"];

/// What it says, escaped: at most two parts, such as `NoSuchKey` and `The specified key does not exist.`
pub(crate) fn says(bytes: &[u8]) -> Vec<String> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let found: Vec<&str> = if start.starts_with('<') {
        ELEMENTS.iter().filter_map(|name| element(start, name)).collect()
    } else if start.starts_with('{') {
        FIELDS.iter().filter_map(|name| field(start, name)).collect()
    } else {
        first_line(start).into_iter().collect()
    };
    let shown = |part: &str| clip(&escape(part.trim().as_bytes()), LONGEST);
    found.into_iter().take(2).map(shown).filter(|part| !part.is_empty()).collect()
}

/// How lines begin that tell what went wrong, in small letters. Another text may be anything, and is not shown.
const BEGINNINGS: [&str; 12] = [
    "error",
    "fatal",
    "failed",
    "unauthorized",
    "forbidden",
    "access denied",
    "permission denied",
    "not found",
    "404 ",
    "403 ",
    "unable to",
    "curl:",
];

/// The first line of a text, if it tells what went wrong.
fn first_line(text: &str) -> Option<&str> {
    let line = text.lines().next()?;
    let small = line.to_ascii_lowercase();
    BEGINNINGS.iter().any(|begins| small.starts_with(begins)).then_some(line)
}

/// What an element holds, if that is text alone.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}"))?;
    let (attributes, rest) = rest.split_once('>')?;
    let plain = attributes.is_empty() || attributes.starts_with(' ');
    let (inner, rest) = rest.split_once('<').filter(|_| plain)?;
    rest.starts_with(&format!("/{name}>")).then_some(inner)
}

/// What a field holds: a string, or a number.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start();
    match value.strip_prefix('"') {
        Some(value) => value.split_once('"').map(|(value, _)| value),
        None => {
            let digits = value.bytes().take_while(u8::is_ascii_digit).count();
            value.get(..digits).filter(|digits| !digits.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_and_the_sentence_are_shown_and_nothing_else() {
        for (body, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message>\
                 <StringToSign>secret</StringToSign></Error>",
                "AccessDenied|Request has expired",
            ),
            ("\u{feff}<!DOCTYPE html><html><head><title>Sign in</title></head><body>x</body></html>", "Sign in"),
            ("<html><h1 class=\"e\">502 Bad Gateway</h1><p>token=abc</p>", "502 Bad Gateway"),
            (
                "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\": \"Unauthorized\",\"code\":401}",
                "401|Unauthorized",
            ),
            ("{\"error\":\"invalid_grant\",\"secret\":\"s\"}", "invalid_grant"),
            ("<Error><Code>a\u{1b}[2J</Code></Error>", "a\\u{1b}[2J"),
            ("<Code><b>x</b></Code>", ""),
            ("{\"message\":{\"a\":1}}", ""),
            ("password", ""),
            (
                "error: unable to upgrade connection: container not found\nmore",
                "error: unable to upgrade connection: container not found",
            ),
            ("", ""),
        ] {
            assert_eq!(says(body.as_bytes()).join("|"), expected, "{body}");
        }
    }
}
