//! Fetching a file before it is read.
//!
//! A database is read in the order of its keys, which is not that of its pages: read-ahead by the kernel then fetches little at
//! a time. Read from front to back it comes as fast as the disk gives it, and in pieces of many pages, which are mapped sooner
//! ever after: what is asked for by `fadvise` comes page by page, and is gone through at half the speed. Measured.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;

use rustix::system::sysinfo;

/// Bytes that are read at a time: they stay in the processor's cache.
const AT_ONCE: usize = 128 << 10;
/// Smaller files are read before a thread has begun.
const LEAST: u64 = 4 << 20;

/// Reads the first `len` bytes of a file, on a thread that nobody waits for; not where they would push each other out of
/// memory.
pub(crate) fn fetch(file: &Arc<File>, len: u64) {
    let memory = sysinfo();
    let most = u64::from(memory.mem_unit).saturating_mul(memory.totalram) / 2;
    if !(LEAST..=most).contains(&len) {
        return;
    }
    let file = Arc::clone(file);
    // without it all is read all the same, only later
    drop(thread::Builder::new().name("ahead".to_owned()).spawn(move || read_through(&file, len)));
}

/// Reads up to `len`; gives how far it came.
fn read_through(file: &File, len: u64) -> u64 {
    let mut buffer = vec![0; AT_ONCE];
    let mut offset = 0;
    while offset < len {
        match file.read_at(&mut buffer, offset) {
            Ok(read @ 1..) => offset += read as u64,
            // it shrank, or the disk fails: whoever needs the bytes says so
            Ok(0) | Err(_) => break,
        }
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_it_goes() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(3 * AT_ONCE as u64 + 7).unwrap();
        assert_eq!(read_through(&file, 2 * AT_ONCE as u64), 2 * AT_ONCE as u64);
        assert_eq!(read_through(&file, u64::MAX), 3 * AT_ONCE as u64 + 7);
    }
}
