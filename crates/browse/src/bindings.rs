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
    (&[Up, Char('k'), Ctrl('p')], Action::Up, "Up k", "one line up"),
    (&[Down, Char('j'), Ctrl('n')], Action::Down, "Down j", "one line down"),
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
}
