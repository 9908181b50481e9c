//! What has the keyboard, and what its keys mean.

/// The pane that has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Tree,
    Object,
    History,
}

/// What keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Browse,
    /// A search over all keys is typed.
    Search,
    /// A search in the text of an object is typed.
    Find,
    /// Help is shown from this line on.
    Help(usize),
}
