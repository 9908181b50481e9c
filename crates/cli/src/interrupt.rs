//! A run that is ended from outside: what it has begun is taken away, and then it ends as by the signal.
//!
//! SIGINT, SIGTERM and SIGHUP end a process where it stands, with half of an output under a name of its own, and with
//! whatever it has started. So each of those is entered here when it is begun, as an [`Undo`], and struck out when it is done.
//!
//! A run over many backups asks for more: [`after_this_one`]. Then a first signal only keeps the next backup from being
//! begun, and a second one ends the run.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

type Step = Box<dyn Fn() + Send>;

/// What was begun, in that order.
static BEGUN: Mutex<Vec<(u64, Step)>> = Mutex::new(Vec::new());

/// Whether a first signal is to wait for the backup that is under way.
static WAITS: AtomicBool = AtomicBool::new(false);
/// Whether it came.
static CAME: AtomicBool = AtomicBool::new(false);

/// From now on a first signal only keeps the next backup from being begun: [`came`].
pub(crate) fn after_this_one() {
    drop(hold());
    WAITS.store(true, Ordering::Relaxed);
}

/// From now on signals end the run as they always did.
pub(crate) fn at_once() {
    WAITS.store(false, Ordering::Relaxed);
}

/// Whether a signal came that waits for the backup that is under way.
pub(crate) fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// While it lasts, no signal is acted on: what is begun is entered before one is.
pub(crate) struct Hold(MutexGuard<'static, Vec<(u64, Step)>>);

/// Something begun. It is struck out when this is dropped.
#[must_use]
pub(crate) struct Undo(u64);

/// Keeps signals from being acted on.
pub(crate) fn hold() -> Hold {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        // without it signals do what they always did
        let _ = listen();
    });
    Hold(BEGUN.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Hold {
    /// Enters how something is undone that was just begun.
    pub(crate) fn begun(&mut self, undo: impl Fn() + Send + 'static) -> Undo {
        let number = self.0.last().map_or(0, |(number, _)| number + 1);
        self.0.push((number, Box::new(undo)));
        Undo(number)
    }

    /// Strikes out what is done, or undone.
    pub(crate) fn done(&mut self, undo: &Undo) {
        self.0.retain(|(number, _)| *number != undo.0);
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        hold().done(self);
    }
}

fn listen() -> io::Result<()> {
    let ignored = ignored();
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(heard)?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            if WAITS.load(Ordering::Relaxed) && !CAME.swap(true, Ordering::Relaxed) {
                // a signal has no Ui; where standard error is gone, nobody is there to be told
                let _ =
                    io::stderr().write_all(b"note: the run ends after this backup; a second signal ends it at once\n");
                continue;
            }
            // held to the end: nothing is begun any more
            let begun = hold();
            begun.0.iter().rev().for_each(|(_, undo)| undo());
            let _ = low_level::emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

/// Which signals the caller wants ignored, a bit each: `nohup` does, and shells do so for what they start behind.
#[expect(clippy::disallowed_methods, reason = "what the kernel says of this process, and no input")]
fn ignored() -> u64 {
    let said = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = said.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
