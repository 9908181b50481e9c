//! Which key does what; the help screen is made of the same table.

use crate::news::Key;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Back,
    NextPane,
    PreviousPane,
    Search,
    NextHit,
    PreviousHit,
    Deleted,
    Reveal,
    Help,
    Print,
    Quit,
}

/// Keys, how help names them, and what it says.
type Binding = (&'static [Key], Action, &'static str, &'static str);

use Key::{BackTab, Char, Ctrl, Down, Enter, Esc, Left, PageDown, PageUp, Right, Tab, Up};

pub(crate) const BINDINGS: &[Binding] = &[
    (&[Up, Char('k'), Ctrl('p')], Action::Up, "Up k ^P", "one line up"),
    (&[Down, Char('j'), Ctrl('n')], Action::Down, "Down j ^N", "one line down"),
    (&[PageUp, Ctrl('b'), Ctrl('u')], Action::PageUp, "PgUp ^B ^U", "one page up"),
    (&[PageDown, Ctrl('f'), Ctrl('d'), Char(' ')], Action::PageDown, "PgDn ^F ^D Space", "one page down"),
    (&[Key::Home, Char('g')], Action::Home, "Home g", "to the top"),
    (&[Key::End, Char('G')], Action::End, "End G", "to the bottom"),
    (&[Right, Char('l')], Action::Right, "Right l", "open; in a text: scroll to the right"),
    (&[Left, Char('h')], Action::Left, "Left h", "close; in a text: scroll to the left"),
    (&[Enter], Action::Enter, "Enter", "open or close; read the object; a version in the history"),
    (&[Esc], Action::Back, "Esc", "back"),
    (&[Tab], Action::NextPane, "Tab", "tree, object, history"),
    (&[BackTab], Action::PreviousPane, "Shift-Tab", "the other way round"),
    (&[Char('/')], Action::Search, "/", "search all keys; in an object: its text"),
    (&[Char('n')], Action::NextHit, "n", "next hit"),
    (&[Char('N')], Action::PreviousHit, "N", "previous hit"),
    (&[Char('d')], Action::Deleted, "d", "show or hide what is deleted"),
    (&[Char('r')], Action::Reveal, "r", "reveal or mask secrets (needs --reveal)"),
    (&[Char('p')], Action::Print, "p", "quit and print the key under the cursor"),
    (&[Char('?')], Action::Help, "?", "this help"),
    (&[Char('q'), Ctrl('c')], Action::Quit, "q ^C", "quit"),
];

impl Action {
    pub(crate) fn of(key: Key) -> Option<Self> {
        BINDINGS.iter().find(|(keys, ..)| keys.contains(&key)).map(|(_, action, ..)| *action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let keys: Vec<Key> = BINDINGS.iter().flat_map(|(keys, ..)| *keys).copied().collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{key:?}");
        }
        assert_eq!(Action::of(Char('G')), Some(Action::End));
        assert_eq!(Action::of(Char('x')), None);
    }

    /// A key as help and documents name it.
    fn name(key: Key) -> String {
        match key {
            Char(' ') => "Space".to_owned(),
            Char(char) => char.to_string(),
            Ctrl(char) => format!("^{}", char.to_ascii_uppercase()),
            PageUp => "PgUp".to_owned(),
            PageDown => "PgDn".to_owned(),
            BackTab => "Shift-Tab".to_owned(),
            named => format!("{named:?}"),
        }
    }

    #[test]
    fn help_names_every_key() {
        for (keys, action, named, _) in BINDINGS {
            let names: Vec<String> = keys.iter().copied().map(name).collect();
            let mut told: Vec<&str> = named.split(' ').collect();
            told.sort_unstable();
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(told, names, "{action:?}");
        }
    }

    #[test]
    fn the_document_names_every_key_and_no_other() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/browse.md");
        let document = std::fs::read_to_string(path).unwrap();
        let table = document.split_once("| key | does |\n|---|---|\n").unwrap().1;
        let rows: Vec<Vec<String>> = table
            .lines()
            .map_while(|line| line.strip_prefix("| ")?.split_once(" | "))
            .map(|(keys, _)| keys.split(", ").map(|key| key.trim_matches('`').to_owned()).collect())
            .collect();
        for (keys, action, ..) in BINDINGS {
            let row = rows.iter().find(|row| row.contains(&name(keys[0])));
            let row = row.unwrap_or_else(|| panic!("docs/browse.md does not name {:?}", keys[0]));
            for key in keys.iter().copied().map(name) {
                assert!(row.contains(&key), "docs/browse.md names {key} not in the row of {action:?}: {row:?}");
            }
        }
        let told = rows.iter().map(Vec::len).sum::<usize>();
        let bound = BINDINGS.iter().map(|(keys, ..)| keys.len()).sum::<usize>();
        assert_eq!(told, bound, "docs/browse.md names keys that nothing is bound to: {rows:?}");
    }
}
