//! The session with its threads: what it draws and when, and how it ends.

use std::cell::Cell;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use std::{panic, thread};

use browse::{Ended, Event, Found, History, Inputs, Key, Page, SessionEnd, Snapshot, StillWanted, Summary, run};
use ratatui_core::layout::Rect;
use ratatui_core::terminal::{Terminal, TerminalOptions, Viewport};
use ratatui_crossterm::CrosstermBackend;

use crate::pilot::{Sample, news, settings};

const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();

/// A terminal that somebody else looks at: every frame is sent on as text.
struct Watched {
    parser: vt100::Parser,
    frames: Sender<String>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.parser.process(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Whoever looked may have gone.
        let _ = self.frames.send(self.parser.screen().contents());
        Ok(())
    }
}

/// What reaches the session from outside: a key, or being woken.
enum Poke {
    Key(Key),
    Woken,
}

struct Keyboard(Receiver<Poke>);

impl Inputs for Keyboard {
    type Error = io::Error;

    fn take(&mut self, longest: Option<Duration>) -> io::Result<Vec<Event<'static>>> {
        let first = match longest {
            None => self.0.recv().ok(),
            Some(longest) => self.0.recv_timeout(longest).ok(),
        };
        let pokes = first.into_iter().chain(self.0.try_iter());
        Ok(pokes
            .filter_map(|poke| match poke {
                Poke::Key(key) => Some(Event::Key(key)),
                Poke::Woken => None,
            })
            .collect())
    }
}

/// A snapshot whose walk says one thing after the other, each only when it is let.
struct Gated {
    gate: Mutex<Receiver<()>>,
}

impl Snapshot<'static> for Gated {
    fn walk(&self, _: StillWanted<'_>, tell: &(dyn Fn(Found<'static>) + Sync)) {
        let gate = self.gate.lock().unwrap();
        for found in news() {
            if gate.recv().is_err() {
                return;
            }
            tell(found);
        }
    }

    fn object(&self, key: &'static [u8], stored: &'static [u8], reveal: bool) -> Page {
        Sample.object(key, stored, reveal)
    }

    fn history(&self, key: &'static [u8], reveal: bool, wanted: StillWanted<'_>) -> History<'static> {
        Sample.history(key, reveal, wanted)
    }
}

/// A session on a thread of its own.
struct Session {
    keys: Sender<Poke>,
    frames: Receiver<String>,
    thread: thread::JoinHandle<Ended>,
}

impl Session {
    fn start(snapshot: impl Snapshot<'static> + Send + 'static) -> Self {
        let (frames_in, frames) = channel();
        let (keys, pokes) = channel();
        let waker = keys.clone();
        let thread = thread::spawn(move || {
            let out = Watched { parser: vt100::Parser::new(ROWS, COLUMNS, 0), frames: frames_in };
            let viewport = Viewport::Fixed(Rect::new(0, 0, COLUMNS.get(), ROWS.get()));
            let mut terminal =
                Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport }).unwrap();
            let waker = Mutex::new(waker);
            let wake = move || {
                let _ = waker.lock().unwrap().send(Poke::Woken);
            };
            run(&mut terminal, &snapshot, &mut Keyboard(pokes), &wake, settings()).unwrap()
        });
        Self { keys, frames, thread }
    }

    /// Looks at frames until one holds this.
    fn wait_for(&self, text: &str) -> String {
        let last = Cell::new(String::new());
        loop {
            match self.frames.recv() {
                Ok(frame) if frame.contains(text) => return frame,
                Ok(frame) => last.set(frame),
                Err(_) => panic!("no frame holds {text:?}; the last one was\n{}", last.take()),
            }
        }
    }

    fn press(&self, key: Key) {
        self.keys.send(Poke::Key(key)).unwrap();
    }

    fn quit(self) -> Ended {
        self.press(Key::Char('q'));
        self.thread.join().unwrap()
    }
}

#[test]
fn the_first_screen_does_not_wait_for_the_walk() {
    let (gate, gated) = channel();
    let session = Session::start(Gated { gate: Mutex::new(gated) });
    // Not a word from the walk yet: it waits at the gate.
    assert!(session.wait_for("opening").contains("reading keys ..."));
    gate.send(()).unwrap();
    assert!(!session.wait_for("reading 0 %").contains("rev 15"));
    gate.send(()).unwrap();
    session.wait_for("rev 15 (compacted 2)");
    gate.send(()).unwrap();
    let frame = session.wait_for("6 keys");
    assert!(frame.contains("reading 0 %") && frame.contains("structure: reading"), "{frame}");
    gate.send(()).unwrap();
    let frame = session.wait_for("reading 42 %");
    assert!(frame.contains("pods"), "{frame}");
    // The keyboard works while the walk stands still: a search, an object, its history.
    "/dns".chars().for_each(|char| session.press(Key::Char(char)));
    session.wait_for("pods kube-system/dns-1");
    [Key::Enter, Key::Enter].into_iter().for_each(|key| session.press(key));
    session.wait_for("line-3: value");
    session.press(Key::Tab);
    session.wait_for("kubectl-edit");
    drop(gate); // the walk ends without a summary
    let ended = session.quit();
    assert_eq!((ended.ending, ended.summary), (SessionEnd::Quit, None));
}

#[test]
fn counts_do_not_flood_the_terminal() {
    /// More than one frame could take, were every batch of them drawn.
    const WORDS: u64 = 128_000;
    struct Talker;
    impl Snapshot<'static> for Talker {
        fn walk(&self, _: StillWanted<'_>, tell: &(dyn Fn(Found<'static>) + Sync)) {
            tell(Found::Opened { total: 1 << 40 });
            (0..WORDS).for_each(|_| tell(Found::Read(1)));
            tell(Found::Done(Summary::default()));
        }
        fn object(&self, _: &'static [u8], _: &'static [u8], _: bool) -> Page {
            Page::default()
        }
        fn history(&self, _: &'static [u8], _: bool, _: StillWanted<'_>) -> History<'static> {
            History::default()
        }
    }
    let session = Session::start(Talker);
    let frames = session.frames.iter().take_while(|frame| !frame.contains("structure sound")).count();
    // The session takes 64 at a time.
    assert!((frames as u64) < WORDS / 64, "{frames} frames");
    assert_eq!(session.quit().ending, SessionEnd::Quit);
}

#[test]
fn a_walk_that_ends_is_told() {
    let session = Session::start(Sample);
    session.wait_for("structure sound");
    let ended = session.quit();
    assert_eq!((ended.ending, ended.summary), (SessionEnd::Quit, Some(Summary::default())));
}

#[test]
fn a_walk_is_told_to_stop_when_the_user_leaves() {
    struct Endless;
    impl Snapshot<'static> for Endless {
        fn walk(&self, wanted: StillWanted<'_>, tell: &(dyn Fn(Found<'static>) + Sync)) {
            while wanted() {
                tell(Found::Read(1));
            }
        }
        fn object(&self, _: &'static [u8], _: &'static [u8], _: bool) -> Page {
            Page::default()
        }
        fn history(&self, _: &'static [u8], _: bool, _: StillWanted<'_>) -> History<'static> {
            History::default()
        }
    }
    let session = Session::start(Endless);
    session.wait_for("opening");
    assert_eq!(session.quit().ending, SessionEnd::Quit);
}

#[test]
fn a_panic_of_a_thread_ends_the_session() {
    struct Broken;
    impl Snapshot<'static> for Broken {
        fn walk(&self, _: StillWanted<'_>, _: &(dyn Fn(Found<'static>) + Sync)) {
            panic::resume_unwind(Box::new("broken")); // says nothing on standard error
        }
        fn object(&self, _: &'static [u8], _: &'static [u8], _: bool) -> Page {
            Page::default()
        }
        fn history(&self, _: &'static [u8], _: bool, _: StillWanted<'_>) -> History<'static> {
            History::default()
        }
    }
    let session = Session::start(Broken);
    let payload = session.thread.join().map(|_| ()).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"broken"));
}
