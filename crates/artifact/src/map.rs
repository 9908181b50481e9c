//! The memory map of an input file, and what happens when the file fails under it.
//!
//! This is the only file of the workspace with `unsafe` in it.
//!
//! Reading a mapped page that the file no longer has (it was truncated) or that the medium cannot
//! deliver makes the kernel send `SIGBUS`, which by default kills the process without a word. Here
//! a handler answers: a fault inside one of *our* mappings is noted with its offset, and a page of
//! zeros is put in its place, so that the reader goes on to its end. The reader is then told by
//! [`Mapping::fault`] that what it computed is void. A fault anywhere else keeps its usual end:
//! the default action is restored and the instruction runs into it again.
//!
//! No `madvise` is given: random-access advice turns off read-ahead and made a cold 1 GB file thirty
//! times slower to read, and the other kinds of advice gained nothing. What is not cached is fetched
//! by `ahead.rs`.
#![expect(
    unsafe_code,
    reason = "mapping a file and answering SIGBUS have no safe interface; every block says why it holds"
)]

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use memmap2::{Mmap, MmapOptions};

/// How many files can be mapped at one time; the rest are read into memory by the caller.
const SLOTS: usize = 64;
/// After so many single pages, the whole rest of a mapping is replaced in one step: a reader of a
/// file truncated by gigabytes must not take a signal for each 4 KiB.
const SINGLE_PAGES: usize = 16;

/// Pages that are asked after to tell whether a file is cached.
const LOOKED_AT: usize = 64;

const FREE: usize = 0;
const CLAIMED: usize = 1;
const NO_FAULT: u64 = u64::MAX;

/// One mapping the handler answers for. Plain atomics: the handler may run at any instruction.
struct Slot {
    /// Address of the mapping, or [`FREE`], or [`CLAIMED`] while being filled in.
    start: AtomicUsize,
    /// Length in bytes, rounded up to whole pages.
    len: AtomicUsize,
    /// Least offset that failed, or [`NO_FAULT`].
    fault: AtomicU64,
    /// How many faults were answered.
    count: AtomicUsize,
}

static REGISTRY: [Slot; SLOTS] = [const {
    Slot {
        start: AtomicUsize::new(FREE),
        len: AtomicUsize::new(0),
        fault: AtomicU64::new(NO_FAULT),
        count: AtomicUsize::new(0),
    }
}; SLOTS];

/// Set once and for all by the first fault in any mapping.
static FAULTED: AtomicBool = AtomicBool::new(false);
/// Bytes in a page of memory; set before the handler is installed.
static PAGE: AtomicUsize = AtomicUsize::new(0);

/// Whether any input failed while it was mapped, in the whole life of the process.
///
/// A panic that follows such a fault is the file's doing, not ours.
pub fn any_fault() -> bool {
    FAULTED.load(Ordering::Acquire)
}

/// A read-only memory map of a file, which survives the file shrinking or failing.
///
/// Dereferences to the bytes the file had when it was mapped. After a fault some of them read as
/// zero: whoever uses them asks [`Mapping::fault`] before trusting a result.
pub struct Mapping {
    slot: &'static Slot,
    map: Mmap,
}

impl Mapping {
    /// Maps the first `len` bytes of a regular file.
    ///
    /// Returns `None` when as many files are mapped as the handler can answer for, or there is no handler: see
    /// [`guard`].
    ///
    /// # Errors
    /// What the system says when it cannot map the file; `len` of zero is refused by it, too.
    pub fn new(file: &File, len: u64) -> io::Result<Option<Self>> {
        let len = usize::try_from(len).map_err(|_| io::Error::other("the file does not fit the address space"))?;
        let Some(page) = guarded() else {
            return Ok(None);
        };
        let Some(slot) = claim() else {
            return Ok(None);
        };
        // SAFETY: The map is read-only and its bytes are plain `u8`, valid whatever they hold. What
        // a map cannot promise is that another process leaves the file alone. Bytes that change are
        // caught by the caller's comparison of the file's state before and after; all code above
        // is bounds-checked, so the worst a changing byte can do is a wrong result, which is then
        // thrown away. Bytes that vanish are the handler's business, above.
        let mapped = unsafe { MmapOptions::new().len(len).map(file) };
        let map = match mapped {
            Ok(map) => map,
            Err(error) => {
                slot.start.store(FREE, Ordering::Release);
                return Err(error);
            }
        };
        slot.fault.store(NO_FAULT, Ordering::Relaxed);
        slot.count.store(0, Ordering::Relaxed);
        slot.len.store(len.next_multiple_of(page), Ordering::Relaxed);
        slot.start.store(map.as_ptr() as usize, Ordering::Release);
        Ok(Some(Self { slot, map }))
    }

    /// Whether all of some pages here and there are in memory already; `false` where the system does not tell.
    pub fn seems_cached(&self) -> bool {
        let Some(page) = guarded() else { return false };
        let pages = self.map.len().div_ceil(page);
        (0..LOOKED_AT).map(|part| pages.saturating_mul(part) / LOOKED_AT * page).all(|offset| self.is_cached(offset))
    }

    /// Whether the page at `offset`, a multiple of its size, is in memory.
    fn is_cached(&self, offset: usize) -> bool {
        let Some(part) = self.map.get(offset..).filter(|part| !part.is_empty()) else { return true };
        let mut told = 0_u8;
        // SAFETY: The address is that of a page of a live mapping, and for its one byte (or less than a page) the kernel
        // writes one byte, to a place that is ours.
        let outcome = unsafe { libc::mincore(part.as_ptr().cast_mut().cast(), 1, &raw mut told) };
        outcome == 0 && told & 1 == 1
    }

    /// The least offset that could not be read so far, rounded down to a page of memory.
    pub fn fault(&self) -> Option<u64> {
        match self.slot.fault.load(Ordering::Acquire) {
            NO_FAULT => None,
            offset => Some(offset),
        }
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Before the pages go: an address that is reused must not be taken for ours.
        self.slot.start.store(FREE, Ordering::Release);
    }
}

/// Takes a free slot, leaving it [`CLAIMED`].
fn claim() -> Option<&'static Slot> {
    REGISTRY.iter().find(|slot| slot.start.compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed).is_ok())
}

/// The size of a page of memory, once the handler is there.
static GUARD: OnceLock<Result<usize, i32>> = OnceLock::new();

/// Installs the handler for `SIGBUS`, once and for the rest of the process: to be called by the program, whose signals
/// these are. Without it no file is mapped, and all are read.
///
/// # Errors
/// What the system says when it takes no handler.
pub fn guard() -> io::Result<()> {
    let outcome = GUARD.get_or_init(|| {
        // SAFETY: `sysconf` reads a constant of the system.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page = usize::try_from(page).ok().filter(|page| page.is_power_of_two()).ok_or(libc::EINVAL)?;
        PAGE.store(page, Ordering::Release);
        // SAFETY: An all-zero `sigaction` is a valid value of that C struct (no flags, empty mask),
        // and the three-argument handler goes with SA_SIGINFO. The handler itself touches only
        // atomics, `errno` and raw system calls.
        let done = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_sigbus as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut())
        };
        if done == 0 { Ok(page) } else { Err(io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
    });
    outcome.map(|_| ()).map_err(io::Error::from_raw_os_error)
}

fn guarded() -> Option<usize> {
    GUARD.get().copied().and_then(Result::ok)
}

/// Answers `SIGBUS`. Async-signal-safe: atomics, `errno`, `mmap` and `sigaction` only.
extern "C" fn on_sigbus(_signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: The kernel hands a valid `siginfo_t` to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    // SAFETY: `errno` of this thread; the interrupted code must find it as it left it.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: As above.
    let saved = unsafe { *errno };
    if !answer(address) {
        // SAFETY: Restores the default action. Returning runs the faulting instruction again,
        // which then ends the process as it would have without us.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
        }
    }
    // SAFETY: As above.
    unsafe { *errno = saved };
}

/// Puts zeros where `address` failed, if it lies in a mapping of ours.
fn answer(address: usize) -> bool {
    for slot in &REGISTRY {
        let start = slot.start.load(Ordering::Acquire);
        if start <= CLAIMED || address < start {
            continue;
        }
        let offset = address - start;
        let len = slot.len.load(Ordering::Relaxed);
        if offset >= len {
            continue;
        }
        let page = PAGE.load(Ordering::Relaxed);
        let first = offset & !(page - 1);
        let earlier = slot.count.fetch_add(1, Ordering::Relaxed);
        let span = if earlier < SINGLE_PAGES { page } else { len - first };
        slot.fault.fetch_min(first as u64, Ordering::AcqRel);
        FAULTED.store(true, Ordering::Release);
        // SAFETY: The range is whole pages within one live mapping that we own: `start` is page
        // aligned, `first + span <= len`, and the slot is freed before the mapping is. Readers hold
        // only `&[u8]` into it, which stays mapped and readable throughout. `mmap` is a plain
        // system call here, takes no lock and allocates nothing in this process.
        let zeros = unsafe {
            libc::mmap(
                (start + first) as *mut c_void,
                span,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        return zeros != libc::MAP_FAILED;
    }
    false
}

#[cfg(test)]
mod tests;
