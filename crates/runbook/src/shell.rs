//! Text of a backup in lines for bash.

/// A word for bash that means exactly this text: as it is where no shell and no option parser sees anything in it, else in
/// single quotes, or spelled where it holds what a terminal would obey.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    if text.chars().all(wording::is_plain) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    // what a terminal would obey, or hide, is spelled
    let spelled = text.chars().map(|c| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if wording::is_plain(c) => c.to_string(),
        c if u32::from(c) < 0x80 => format!("\\x{:02x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("$'{}'", spelled.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_a_shell_or_an_option_parser_sees_something_in_is_quoted() {
        for (text, said) in [
            ("master-0.example.com", "master-0.example.com"),
            ("https://10.0.0.1:2379", "https://10.0.0.1:2379"),
            ("", "''"),
            ("-rf", "'-rf'"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("a'b", r"'a'\''b'"),
            ("<ssh-key-path>", "'<ssh-key-path>'"),
            ("ä", "'ä'"),
            ("a\u{1b}[2J'\nb", r"$'a\x1b[2J\'\x0ab'"),
            ("a\u{202e}b", r"$'a\U0000202eb'"),
        ] {
            assert_eq!(word(text), said);
        }
    }
}
