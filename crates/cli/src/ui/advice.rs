//! Commands that messages advise, told whole: to be pasted as they stand.

use std::borrow::Cow;

use wording::{shell_bytes, unescape};

/// Commands that messages name without a file; what each wants behind it.
const BARE: [(&str, &str); 10] = [
    ("bucket", ""),
    ("carve", ""),
    ("inspect", ""),
    ("keys ls", ""),
    ("keys verify-escrow", ""),
    ("ls", ""),
    ("ls --salvage", ""),
    ("pages", ""),
    ("rebuild --salvage", " --out NEW"),
    ("verify", ""),
];

/// A text in which commands have the file that a message is about. A message begins with its file's name in backticks.
pub(super) fn whole<'t>(text: &'t str, message: &str) -> Cow<'t, str> {
    let file = || {
        let name = message.strip_prefix('`')?.split_once('`')?.0;
        Some(shell_bytes(&unescape(name.as_bytes()).ok()?))
    };
    if !text.contains("`assay ") {
        return Cow::Borrowed(text);
    }
    let Some(file) = file() else { return Cow::Borrowed(text) };
    let told = BARE.iter().fold(text.to_owned(), |text, (command, behind)| {
        text.replace(&format!("`assay {command}`"), &format!("`assay {command} {file}{behind}`"))
    });
    Cow::Owned(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_the_file_that_the_message_is_about() {
        for (text, message, told) in [
            ("`assay verify` tells more", "`a.db` is damaged", "`assay verify a.db` tells more"),
            ("`assay ls --salvage`", "`a b.db`: no", "`assay ls --salvage 'a b.db'`"),
            ("`assay verify`", r"`a\n\xff`: no", r"`assay verify $'a\x0a\xff'`"),
            ("`assay rebuild --salvage`", "`a.db`: no", "`assay rebuild --salvage a.db --out NEW`"),
            ("`assay verify b.db` tells", "`a.db`: no", "`assay verify b.db` tells"),
            ("`assay verify` tells", "standard input: no", "`assay verify` tells"),
            ("`assay explain SNAP-001`", "`a.db`: no", "`assay explain SNAP-001`"),
        ] {
            assert_eq!(whole(text, message), told);
        }
    }
}
