//! Commands that messages advise: whole ones, on the file at hand, to be pasted as they stand.

use std::os::unix::ffi::OsStrExt;

use artifact::Contents;
use kube_objects::{ShownKey, StorageKey};
use lens::{Selection, Target};

use wording::{escape, is_plain, shell_bytes, shell_word};

/// `assay COMMAND FILE REST...`, in backticks.
pub(super) fn on(source: &Contents, command: &str, rest: &[&str]) -> String {
    let path = source.path().map(|path| path.as_os_str().as_bytes());
    let path = path.filter(|bytes| std::str::from_utf8(bytes).is_err());
    let file = path.map_or_else(|| shell_word(&source.name()), shell_bytes);
    let rest = rest.iter().map(|word| shell_word(word));
    let words = std::iter::once(command.to_owned()).chain([file]).chain(rest);
    format!("`assay {}`", words.collect::<Vec<_>>().join(" "))
}

/// [`on`] the one object of a selection, and more words. What must not be shown of a key is not.
pub(super) fn on_named(source: &Contents, command: &str, selection: &Selection, more: &[&str]) -> String {
    let mut words = match selection.single() {
        Some(Target::Key(key)) => match std::str::from_utf8(key) {
            Ok(text) if text.chars().all(is_plain) && !StorageKey::parse(key).name_is_token() => vec![text.to_owned()],
            _ => vec!["--exact".to_owned(), shown(key)],
        },
        Some(target) => vec![escape(target.typed()).into_owned()],
        None => Vec::new(),
    };
    for namespace in selection.namespaces() {
        words.extend(["-n".to_owned(), escape(namespace).into_owned()]);
    }
    on(source, command, &words.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>())
}

/// A key as messages name it.
pub(super) fn shown(key: &[u8]) -> String {
    escape(ShownKey::of(key).key()).into_owned()
}
