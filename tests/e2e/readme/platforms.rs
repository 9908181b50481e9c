//! docs/platforms.md is the table of platforms' rules.

use std::fmt::Write as _;

use backup_facts::platform::{Halves, Platform, Rules, SignKind, TABLE};

use super::page::hold;

fn plain(text: &str) -> String {
    text.replace('*', "\\*").replace('<', "\\<").replace('|', "\\|")
}

fn halves(of: Halves) -> &'static str {
    match of {
        Halves::Pair => "a restore needs it",
        Halves::TarballUnused => "no restore reads it",
        Halves::SnapshotAlone => "there is none",
    }
}

/// What of the data says that it is this platform.
fn signs(platform: Platform) -> String {
    let own = SignKind::ALL.into_iter().filter(|kind| kind.platform() == platform);
    own.map(|kind| format!("{} (`{}`)", kind.words(), kind.name())).collect::<Vec<_>>().join("; ")
}

fn section(page: &mut String, rules: &Rules) {
    let platform = rules.platform;
    writeln!(page, "\n## `{}`\n\n{}.\n\n| | |\n|---|---|", platform.name(), capital(platform.title())).unwrap();
    let names = rules.restore.names.map(|names| match names.tarball {
        Some(tarball) => format!("; it takes the last of `{}` and of `{tarball}`", names.snapshot),
        None => format!("; it takes the last of `{}`", names.snapshot),
    });
    let rows = [
        ("recognised by", signs(platform)),
        ("quota where nothing sets it", format!("{} GiB; set by: {}", rules.quota.0 >> 30, rules.quota.1)),
        ("a complete backup", rules.complete.to_owned()),
        ("tarball of static pods", halves(rules.halves).to_owned()),
        ("restored by", format!("{}{}", rules.restore.by, names.unwrap_or_default())),
        ("may start on its data", rules.starts.words().to_owned()),
        ("habits", rules.habits.to_owned()),
        ("encryption keys", rules.keys.to_owned()),
        ("sources", rules.sources.to_owned()),
    ];
    for (name, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(page, "| {name} | {} |", plain(&text)).unwrap();
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[test]
fn the_page_of_platforms_is_their_table() {
    let mut page = String::new();
    TABLE.iter().for_each(|rules| section(&mut page, rules));
    hold("docs/platforms.md", "platforms", &page);
}
