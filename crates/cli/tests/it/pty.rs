//! The binary on a terminal: a real one, as far as it can tell, whose screen the test reads.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A test that has waited so long has failed; no test that passes waits for it.
const DEADLINE: Duration = Duration::from_secs(600);

/// A session on a terminal.
pub(crate) struct Tty {
    pid: Pid,
    /// Says how the program ended.
    ended: Receiver<ExitStatus>,
    main: File,
    /// The end that the program has, kept open so that its modes can be read when the program is gone.
    side: File,
    modes: LocalModes,
    chunks: Receiver<Vec<u8>>,
    /// Closed, it ends the thread that reads.
    leash: UnixStream,
    parser: vt100::Parser,
    /// Everything that was written to the terminal.
    pub(crate) bytes: Vec<u8>,
    /// Every screen that was to be seen between two writes.
    pub(crate) screens: Vec<String>,
}

/// How a session ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What stands on the terminal after it.
    pub(crate) left: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) screens: Vec<String>,
}

fn winsize(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Both ends of a new terminal.
fn open(size: (u16, u16)) -> (File, File) {
    let main = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap());
    grantpt(&main).unwrap();
    unlockpt(&main).unwrap();
    tcsetwinsize(&main, winsize(size.0, size.1)).unwrap();
    let name = ptsname(&main, Vec::new()).unwrap();
    let flags = OFlags::NOCTTY.bits().cast_signed();
    let side = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name.to_str().unwrap()).unwrap();
    (main, side)
}

/// Whether this machine has no `setsid`, without which nothing here can be tested; a failure in CI.
pub(crate) fn is_absent() -> bool {
    fixtures::tool("setsid").is_none()
}

fn spawn_on(command: &Command, side: &File) -> Child {
    // Part of util-linux, and so of every Linux; a program that leads no group becomes the session itself.
    let mut setsid = fixtures::tool("setsid").unwrap();
    setsid.arg("--ctty").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => setsid.env(name, value),
            None => setsid.env_remove(name),
        };
    }
    let end = || Stdio::from(side.try_clone().unwrap());
    setsid.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap()
}

/// Sends on what is written to the terminal, until it ends or nobody holds the leash.
fn read(mut main: File, held: &UnixStream, sender: &Sender<Vec<u8>>) {
    let mut room = [0; 4096];
    loop {
        let mut fds = [PollFd::new(&main, PollFlags::IN), PollFd::new(held, PollFlags::IN)];
        poll(&mut fds, None).unwrap();
        if !fds[1].revents().is_empty() {
            return;
        }
        // Ends in an error, as terminals do.
        let Ok(read @ 1..) = main.read(&mut room) else { return };
        if sender.send(room[..read].to_vec()).is_err() {
            return;
        }
    }
}

impl Tty {
    /// Runs a command as a session of its own on a new terminal of that size.
    pub(crate) fn start(command: &Command, size: (u16, u16)) -> Self {
        let (main, side) = open(size);
        let modes = tcgetattr(&side).unwrap().local_modes;
        let mut child = spawn_on(command, &side);
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let (end, ended) = channel();
        std::thread::spawn(move || end.send(child.wait().unwrap()));
        let (sender, chunks) = channel();
        let reader = main.try_clone().unwrap();
        let (leash, held) = UnixStream::pair().unwrap();
        std::thread::spawn(move || read(reader, &held, &sender));
        let cells = |number| NonZeroU16::new(number).unwrap();
        let parser = vt100::Parser::new(cells(size.1), cells(size.0), 0);
        Self { pid, ended, main, side, leash, modes, chunks, parser, bytes: Vec::new(), screens: Vec::new() }
    }

    /// Reads until the screen is as wanted, and gives it.
    pub(crate) fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.parser.screen().contents();
            if wanted(&screen) {
                return screen;
            }
            let left = DEADLINE.saturating_sub(began.elapsed());
            let Ok(chunk) = self.chunks.recv_timeout(left) else { self.give_up(what) };
            self.take(&chunk);
        }
    }

    /// Reads until the screen holds this.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Makes an end of it.
    fn give_up(&self, what: &str) -> ! {
        let _ = kill_process(self.pid, Signal::KILL);
        panic!("waited for {what}; the screen is\n{}", self.parser.screen().contents());
    }

    fn take(&mut self, chunk: &[u8]) {
        self.parser.process(chunk);
        self.bytes.extend_from_slice(chunk);
        self.screens.push(self.parser.screen().contents());
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.main.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let cells = |number| NonZeroU16::new(number).unwrap();
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.main, winsize(columns, rows)).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Takes the terminal away, and waits for the end.
    pub(crate) fn hang_up(self) -> ExitStatus {
        let Self { pid, ended, main, leash, .. } = self;
        // Every copy of this end must be closed, and the thread that reads has one.
        drop((main, leash));
        ended.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            let _ = kill_process(pid, Signal::KILL);
            panic!("it goes on without a terminal");
        })
    }

    /// Waits for the end, and makes sure that the terminal was given back.
    pub(crate) fn end(mut self) -> Ended {
        let Ok(status) = self.ended.recv_timeout(DEADLINE) else { self.give_up("its end") };
        assert_eq!(
            tcgetattr(&self.side).unwrap().local_modes,
            self.modes,
            "the modes of the terminal are not restored"
        );
        self.side = File::open("/dev/null").unwrap();
        while let Ok(chunk) = self.chunks.recv_timeout(DEADLINE) {
            self.take(&chunk);
        }
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the screen before it is not restored");
        assert!(!screen.hide_cursor(), "the cursor stays hidden");
        let left = screen.contents();
        Ended { status, left, bytes: std::mem::take(&mut self.bytes), screens: std::mem::take(&mut self.screens) }
    }
}

impl Ended {
    /// Exit code, or the negative number of the signal.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|signal| -signal)).unwrap()
    }

    /// Whether these bytes were ever written or to be seen.
    pub(crate) fn showed(&self, text: &str) -> bool {
        memchr::memmem::find(&self.bytes, text.as_bytes()).is_some()
            || self.screens.iter().any(|screen| screen.contains(text))
    }
}
