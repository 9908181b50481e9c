//! Fetching a file before it is read.
//!
//! A database is read in the order of its keys, which is not that of its pages: read-ahead by the kernel then fetches
//! little at a time. Asked for from front to back, the disk has many requests at once.

use std::fs::File;
use std::sync::Arc;
use std::thread;

use rustix::fs::{Advice, fadvise};
use rustix::system::sysinfo;

/// Bytes that are asked for at a time: no kernel fetches more in one step.
const AT_ONCE: u64 = 2 << 20;
/// Smaller files are read before a thread has begun.
const LEAST: u64 = 4 << 20;

/// Asks for the first `len` bytes of a file, on a thread that nobody waits for; not where they would push each other out
/// of memory.
pub(crate) fn fetch(file: &Arc<File>, len: u64) {
    let memory = sysinfo();
    let most = u64::from(memory.mem_unit).saturating_mul(memory.totalram) / 2;
    if !(LEAST..=most).contains(&len) {
        return;
    }
    let file = Arc::clone(file);
    let ask = move || {
        let mut offset = 0;
        while offset < len && fadvise(&*file, offset, std::num::NonZeroU64::new(AT_ONCE), Advice::WillNeed).is_ok() {
            offset += AT_ONCE;
        }
    };
    // without it all is read all the same, only later
    drop(thread::Builder::new().name("ahead".to_owned()).spawn(ask));
}
