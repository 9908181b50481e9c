//! Sessions on a real terminal, with snapshots that panic or never end: each in a copy of this program.

use std::borrow::Cow;
use std::path::Path;
use std::process::{Command, ExitCode};

use assay::Pool;
use browse::{Found, History, Item, Look, Page, StillWanted};
use rustix::process::Signal;

use bbolt_page::Spread;

use super::*;
use pty::{Ended, Tty};

#[path = "../../../../tests/it/pty.rs"]
mod pty;

/// Says what the copy of this program does.
const SCENE: &str = "ASSAY_TEST_SCENE";
/// What panics say; nothing of it may be seen.
const CANARY: &str = "CANARY of a panic";
const USUAL: (u16, u16) = (80, 24);
const TINY: (u16, u16) = (20, 5);
/// The code of a copy whose session came to an end that [`exit::guarded`] did not make.
const NO_PANIC: i32 = 70;

/// Where a snapshot panics; in a scene of another name, nowhere, and its walk does not end.
struct Scene(String);

impl Scene {
    fn panic_in(&self, place: &str) {
        assert!(self.0 != place, "{CANARY}");
    }
}

impl Snapshot<'static> for Scene {
    fn walk(&self, wanted: StillWanted<'_>, tell: &(dyn Fn(Found<'static>) + Sync)) {
        self.panic_in("walk");
        if self.0 == "pool" {
            Pool.map_fold(64, |at| assert!(at != 40, "{CANARY}"), |()| {});
        }
        tell(Found::Opened { total: 1 << 40 });
        let item = Item { key: b"/kubernetes.io/minions/w1", stored: b"x", main: 2, deleted: false };
        tell(Found::Keys(vec![item]));
        while wanted() {
            tell(Found::Read(1));
        }
    }

    fn object(&self, _: &'static [u8], _: &'static [u8], _: bool) -> Page {
        self.panic_in("object");
        Page { lines: vec!["kind: Node".to_owned()], ..Page::default() }
    }

    fn history(&self, _: &'static [u8], _: bool, _: StillWanted<'_>) -> History<'static> {
        self.panic_in("history");
        History::default()
    }
}

/// Panics in the middle of a frame, where somebody types what no name holds.
fn escape(bytes: &[u8]) -> Cow<'_, str> {
    assert!(!bytes.contains(&b'%'), "{CANARY}");
    String::from_utf8_lossy(bytes)
}

/// Not a test by itself: what the others run on a terminal.
#[test]
#[expect(clippy::exit, reason = "the code is what is tested, and the harness of tests has its own")]
fn plays_a_scene() {
    let Ok(scene) = std::env::var(SCENE) else { return };
    let look = Look { color: false, unicode: false, escape };
    let settings = Settings { name: "s.db".to_owned(), keys: "no keys".to_owned(), may_reveal: false, look };
    let code = exit::guarded(|| match Screen::session(&Scene(scene), settings) {
        Ok(ended) if ended.ending == SessionEnd::Quit => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    });
    let is = |number: u8| format!("{code:?}") == format!("{:?}", ExitCode::from(number));
    std::process::exit([0, 1, 2].into_iter().find(|number| is(*number)).map_or(NO_PANIC, i32::from));
}

/// Starts a scene on a terminal; with a path, its standard error goes there instead.
fn start(scene: &str, size: (u16, u16), errors: Option<&Path>) -> Tty {
    let program = std::env::current_exe().unwrap();
    let name = format!("{}::plays_a_scene", module_path!().split_once("::").unwrap().1);
    let mut command = match errors {
        None => Command::new(program),
        Some(path) => {
            let mut shell = fixtures::tool("sh").unwrap();
            shell.args(["-c", "errors=$1; shift; exec \"$@\" 2>\"$errors\"", "sh"]).arg(path).arg(program);
            shell
        }
    };
    command.args(["--exact", "--nocapture", &name]).env(SCENE, scene).env("TERM", "xterm").env("RUST_BACKTRACE", "0");
    Tty::start(&command, size)
}

/// Goes to where a scene panics.
fn lead(tty: &mut Tty, scene: &str) {
    let keys = match scene {
        "frame" => "/%",
        "object" => "lj",
        "history" => "lj\t\t",
        _ => return, // the walk needs nobody
    };
    tty.wait_for("nodes");
    for key in keys.split_inclusive(|_: char| true) {
        tty.press(key);
    }
}

#[test]
fn a_panic_gives_the_terminal_back() {
    if pty::is_absent() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("errors");
    for scene in ["walk", "pool", "frame", "object", "history"] {
        for to_file in [false, true] {
            let mut tty = start(scene, USUAL, to_file.then_some(&errors));
            lead(&mut tty, scene);
            // Checks the modes, the screen and the cursor, too.
            let ended = tty.end();
            assert_eq!(ended.code(), 2, "{scene}: {}", ended.left);
            assert!(!ended.showed(CANARY), "{scene}");
            let bytes = String::from_utf8_lossy(&ended.bytes);
            let (during, after) = bytes.rsplit_once("\u{1b}[?1049l").unwrap();
            assert!(during.contains("\u{1b}[?1049h") && !during.contains("internal error"), "{scene}: {during:?}");
            let said = if to_file { std::fs::read_to_string(&errors).unwrap() } else { after.to_owned() };
            assert_eq!(said.matches("error: internal error at ").count(), 1, "{scene}: {said:?}");
            assert_eq!(after.contains("internal error"), !to_file, "{scene}: {after:?}");
        }
    }
}

/// A session whose walk is under way and will be for ever.
fn loading(size: (u16, u16)) -> Tty {
    let mut tty = start("endless", size, None);
    tty.wait_for("nodes");
    tty
}

fn quit(mut tty: Tty) -> Ended {
    tty.press("\u{3}");
    tty.end()
}

#[test]
fn the_first_screens_do_not_wait_for_the_walk() {
    if pty::is_absent() {
        return;
    }
    let mut tty = loading(USUAL);
    tty.wait("how far it is", |screen| screen.contains("reading 0 %  1 key") && screen.contains("structure: reading"));
    // Everything works meanwhile.
    tty.press("lj");
    tty.wait_for("kind: Node");
    tty.press("/w1");
    tty.wait_for("nodes w1");
    assert_eq!(quit(tty).code(), 0);
}

#[test]
fn signals_end_a_session_that_loads() {
    if pty::is_absent() {
        return;
    }
    for (signal, number) in [(Signal::INT, 2), (Signal::QUIT, 3), (Signal::TERM, 15), (Signal::HUP, 1)] {
        let tty = loading(USUAL);
        tty.signal(signal);
        let ended = tty.end();
        assert_eq!(ended.code(), -number, "{}", ended.left);
    }
}

#[test]
fn a_terminal_that_goes_away_ends_a_session_that_loads() {
    if pty::is_absent() {
        return;
    }
    let status = loading(USUAL).hang_up();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(1), "{status}");
}

#[test]
fn the_size_may_change_while_it_loads() {
    if pty::is_absent() {
        return;
    }
    let mut tty = loading(TINY);
    tty.wait("what matters, in 20 columns", |screen| screen.lines().any(|line| line.starts_with("structure: reading")));
    tty.resize(120, 30);
    tty.wait("the hints", |screen| screen.lines().nth(29).is_some_and(|line| line.contains("q quit")));
    tty.resize(TINY.0, TINY.1);
    tty.wait("five lines", |screen| screen.contains("nodes") && !screen.contains("quit"));
    tty.press("lj\r");
    tty.wait_for("kind: Node");
    // No window is too small.
    tty.resize(1, 1);
    tty.resize(USUAL.0, USUAL.1);
    tty.wait_for("Esc back");
    assert_eq!(quit(tty).code(), 0);
}
