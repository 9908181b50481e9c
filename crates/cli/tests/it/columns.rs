//! Screens on a terminal of 80 columns, and of 120: nothing is broken by the terminal but what has no blank in it.

use fixtures::named;
use unicode_width::UnicodeWidthStr;

use crate::pty::{self, Tty};
use crate::run::assay;

/// Columns that what cannot be broken may leave unused before it.
const LEFT: usize = 30;

#[test]
fn every_screen_fits_a_terminal() {
    if pty::is_absent() {
        return;
    }
    let fixture = named("plain-etcd36");
    let (snapshot, other) = (fixture.snapshot(), named("aescbc-rotated").snapshot());
    let (snapshot, other) = (snapshot.to_str().unwrap(), other.to_str().unwrap());
    let folder = std::path::Path::new(snapshot).parent().unwrap().to_str().unwrap();
    let carved = named("after-deletes").path("snapshot.db.gz");
    for words in [
        &["inspect", folder][..],
        &["compat", folder, "--target", "4.18.30"],
        &["hash", snapshot],
        &["get", snapshot, "pods", "-n", "shop"],
        &["get", snapshot, "pvc", "-A"],
        &["history", snapshot, "nodes/master-0"],
        &["timeline", snapshot, "-n", "shop"],
        &["diff", other, snapshot, "-n", "shop", "--values"],
        &["du", snapshot],
        &["du", snapshot, "--churn"],
        &["cluster", snapshot],
        &["explain"],
        &["explain", "HAZ-001", "SNAP-003"],
        &["carve", carved.to_str().unwrap(), "-r", "secrets"],
        &["bucket", snapshot],
        &["--help"],
        &["help", "get"],
    ] {
        for columns in [80_u16, 120] {
            let mut command = assay(words);
            command.env("NO_COLOR", "1");
            let ended = Tty::start(&command, (columns, 50)).end();
            let text = String::from_utf8_lossy(&ended.bytes).replace("\r\n", "\n");
            let room = usize::from(columns);
            for line in text.lines().filter(|line| line.width() > room) {
                let longest = line.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0);
                assert!(longest + LEFT > room, "{words:?} at {columns}: {line}");
            }
        }
    }
}
