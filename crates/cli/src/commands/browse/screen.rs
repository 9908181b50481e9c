//! The terminal: taken over, read, and always given back as it was.

use std::io::{self, BufWriter, Read, Stdout, Write};
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use browse::{Ended, Event, Inputs, SessionEnd, SessionError, Settings, Snapshot};
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use ratatui_crossterm::crossterm::cursor::{Hide, Show};
use ratatui_crossterm::crossterm::execute;
use ratatui_crossterm::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
use signal_hook::low_level;

use crate::exit::{self, Error};
use browse::typed;

/// Signals that end the session.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// How long the rest of a key may take that comes in parts: longer, and an escape is an escape.
const REST_OF_KEY: Timespec = Timespec { tv_sec: 0, tv_nsec: 30_000_000 };
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Whether the terminal is ours; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, while it is ours.
pub(super) struct Screen;

impl Screen {
    /// Runs a session from the first frame to the last.
    pub(super) fn session<'a>(snapshot: &impl Snapshot<'a>, settings: Settings) -> Result<Ended, Error> {
        let (mut keyboard, waker) = Keyboard::open().map_err(Error::Stdout)?;
        let wake = || {
            // A full pipe wakes just as well.
            let _ = (&waker).write(&[1]);
        };
        let hook = Hook::set();
        let screen = Self::take_over()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let out =
                Lenient { out: BufWriter::with_capacity(1 << 16, io::stdout()), gone: Arc::clone(&keyboard.gone) };
            let mut terminal = Terminal::new(CrosstermBackend::new(out))?;
            browse::run(&mut terminal, snapshot, &mut keyboard, &wake, settings).map_err(|error| match error {
                SessionError::Input(error) | SessionError::Draw(error) => error,
            })
        }));
        drop(screen);
        let told = hook.told();
        drop(hook);
        match outcome {
            Ok(Ok(ended)) => {
                if ended.ending == SessionEnd::Stopped {
                    // The end that the signal would have made, now that the terminal is given back.
                    let _ = low_level::emulate_default_handler(keyboard.signal());
                }
                Ok(ended)
            }
            Ok(Err(error)) => {
                // whoever asks a terminal that is gone for its size is told so before the signal comes
                if error.raw_os_error() == Some(Errno::IO.raw_os_error()) {
                    let _ = low_level::emulate_default_handler(keyboard.signal());
                }
                Err(Error::Stdout(error))
            }
            Err(panicked) => {
                told.iter().for_each(|line| exit::say(line));
                resume_unwind(panicked)
            }
        }
    }

    fn take_over() -> Result<Self, Error> {
        TAKEN.store(true, Ordering::SeqCst);
        let screen = Self;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    fn give_back() {
        if TAKEN.swap(false, Ordering::SeqCst) {
            // With the terminal gone there is nothing to give back.
            let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
            let _ = disable_raw_mode();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        Self::give_back();
    }
}

type PanicHook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Sync + Send>;

/// Gives the terminal back before a panic of this thread says anything, and keeps what others have to say for later.
struct Hook {
    previous: Arc<PanicHook>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    fn set() -> Self {
        let hook = Self { previous: Arc::new(panic::take_hook()), told: Arc::default() };
        let (previous, told, here) = (Arc::clone(&hook.previous), Arc::clone(&hook.told), thread::current().id());
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == here {
                Screen::give_back();
                previous(info);
            } else {
                told.lock().unwrap_or_else(PoisonError::into_inner).push(exit::panic_message(info));
            }
        }));
        hook
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        if !thread::panicking() {
            let previous = Arc::clone(&self.previous);
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// Writes to the terminal as long as it is there. Afterwards nothing fails: whoever draws need not know, and is told to
/// stop by the keyboard.
struct Lenient {
    out: BufWriter<Stdout>,
    gone: Arc<AtomicBool>,
}

impl Lenient {
    fn forgive<T>(&self, outcome: io::Result<T>, instead: T) -> T {
        outcome.unwrap_or_else(|_| {
            self.gone.store(true, Ordering::SeqCst);
            instead
        })
    }
}

impl Write for Lenient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.out.write(bytes);
        Ok(self.forgive(outcome, bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.out.flush();
        self.forgive(outcome, ());
        Ok(())
    }
}

/// Keys, sizes and signals.
///
/// crossterm has all of it, too, but loses a key that comes with a change of size, and cannot be woken.
struct Keyboard {
    woken: UnixStream,
    /// The signal that came; 0 before.
    signal: Arc<AtomicUsize>,
    /// The terminal cannot be written any more.
    gone: Arc<AtomicBool>,
    size: (u16, u16),
    /// The beginning of a key.
    begun: Vec<u8>,
}

/// What waits on the terminal.
enum Ready {
    Keys,
    Nothing,
    Gone,
}

impl Keyboard {
    /// Opens it, and gives what wakes it.
    fn open() -> io::Result<(Self, UnixStream)> {
        let (woken, waker) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let signal = Arc::new(AtomicUsize::new(0));
        for number in ENDING {
            let value = usize::try_from(number).unwrap_or(0);
            signal_hook::flag::register_usize(number, Arc::clone(&signal), value)?;
            low_level::pipe::register(number, waker.try_clone()?)?;
        }
        low_level::pipe::register(SIGWINCH, waker.try_clone()?)?;
        Ok((Self { woken, signal, gone: Arc::default(), size: (0, 0), begun: Vec::new() }, waker))
    }

    /// The signal that ended the session; a terminal that is gone is as good as a hangup.
    fn signal(&self) -> i32 {
        let number = i32::try_from(self.signal.load(Ordering::SeqCst)).unwrap_or(0);
        if number == 0 { SIGHUP } else { number }
    }

    /// Waits so long for something to happen, or for ever; says what is on standard input.
    fn wait(&self, how_long: Option<&Timespec>) -> io::Result<Ready> {
        let stdin = io::stdin();
        loop {
            let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
            match poll(&mut fds, how_long) {
                Ok(_) => {
                    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
                    let [terminal, _] = fds;
                    return Ok(match terminal.revents() {
                        events if events.intersects(gone) => Ready::Gone,
                        events if events.contains(PollFlags::IN) => Ready::Keys,
                        _ => Ready::Nothing,
                    });
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.signal.load(Ordering::SeqCst) != 0 || self.gone.load(Ordering::SeqCst)
    }

    /// Forgets what it was woken for.
    fn drain(&self) {
        let mut room = [0; 256];
        while matches!((&self.woken).read(&mut room), Ok(read) if read > 0) {}
    }

    /// Reads what was typed, which is there; gives nothing where the terminal has ended.
    fn read(&mut self) -> io::Result<usize> {
        let mut room = [0; 1024];
        loop {
            match rustix::io::read(io::stdin(), &mut room) {
                Ok(read) => {
                    self.begun.extend_from_slice(room.get(..read).unwrap_or_default());
                    return Ok(read);
                }
                Err(Errno::INTR) => {}
                Err(Errno::IO) => return Ok(0),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Inputs for Keyboard {
    type Error = io::Error;

    fn take(&mut self, longest: Option<Duration>) -> io::Result<Vec<Event<'static>>> {
        // What cannot be told in seconds is longer than anybody waits.
        let longest = longest.and_then(|longest| Timespec::try_from(longest).ok());
        let mut ready = self.wait(if self.is_over() { Some(&AT_ONCE) } else { longest.as_ref() })?;
        self.drain();
        let mut events = Vec::new();
        while matches!(ready, Ready::Keys) {
            if self.read()? == 0 {
                ready = Ready::Gone;
                break;
            }
            events.extend(typed::keys(&mut self.begun, false).into_iter().map(Event::Key));
            ready = self.wait(Some(if self.begun.is_empty() { &AT_ONCE } else { &REST_OF_KEY }))?;
        }
        events.extend(typed::keys(&mut self.begun, true).into_iter().map(Event::Key));
        if matches!(ready, Ready::Gone) || self.is_over() {
            return Ok(vec![Event::Stop]);
        }
        let size = tcgetwinsize(io::stdout())?;
        let size = (size.ws_col, size.ws_row);
        if size != self.size {
            self.size = size;
            events.push(Event::Resize(size.0, size.1));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests;
