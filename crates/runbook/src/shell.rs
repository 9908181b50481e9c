//! Text of a backup in lines for bash.

/// A word for bash that means exactly this text: as it is where no shell and no option parser sees anything in it, else in
/// single quotes.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
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
        ] {
            assert_eq!(word(text), said);
        }
    }
}
