use std::io::Write;

use super::*;

/// A temporary file of `pages` memory pages, each filled with its number plus one.
fn file_of(pages: usize) -> (File, usize) {
    guard().unwrap();
    let page = guarded().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    for number in 0..pages {
        file.write_all(&vec![u8::try_from(number % 200).unwrap() + 1; page]).unwrap();
    }
    (file, page)
}

fn map(file: &File) -> Mapping {
    let len = file.metadata().unwrap().len();
    Mapping::new(file, len).unwrap().expect("a slot is free in tests")
}

/// One byte, read so that the compiler cannot keep an older copy.
fn read(mapping: &Mapping, offset: usize) -> u8 {
    std::hint::black_box(mapping)[std::hint::black_box(offset)]
}

#[test]
fn a_quiet_file_reads_as_it_is() {
    let (file, page) = file_of(3);
    let mapping = map(&file);
    assert_eq!(mapping.len(), 3 * page);
    assert_eq!((mapping[0], mapping[page], mapping[3 * page - 1]), (1, 2, 3));
    assert_eq!(mapping.fault(), None);
}

#[test]
fn a_truncated_file_reads_as_zeros_and_says_where() {
    let (file, page) = file_of(10);
    let mapping = map(&file);
    file.set_len((page * 4) as u64).unwrap();
    assert_eq!(read(&mapping, 3 * page), 4);
    assert_eq!(mapping.fault(), None);
    assert_eq!(read(&mapping, 7 * page + 5), 0);
    assert_eq!(mapping.fault(), Some(7 * page as u64));
    assert_eq!(read(&mapping, 4 * page + 1), 0);
    assert_eq!(mapping.fault(), Some(4 * page as u64), "the least offset is kept");
    assert!(any_fault());
}

#[test]
fn many_lost_pages_are_replaced_in_one_step() {
    let (file, page) = file_of(100);
    let mapping = map(&file);
    file.set_len(0).unwrap();
    let sum: u64 = std::hint::black_box(&*mapping).iter().map(|byte| u64::from(*byte)).sum();
    assert_eq!(sum, 0);
    assert_eq!(mapping.fault(), Some(0));
    assert_eq!(
        mapping.slot.count.load(Ordering::Relaxed),
        SINGLE_PAGES + 1,
        "{} pages were lost",
        mapping.len() / page
    );
}

#[test]
fn threads_that_fault_together_all_survive() {
    let (file, page) = file_of(64);
    let mapping = map(&file);
    file.set_len(0).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..64).for_each(|number| assert_eq!(read(&mapping, number * page), 0)));
        }
    });
    assert_eq!(mapping.fault(), Some(0));
}

#[test]
fn a_slot_is_free_again_after_its_mapping() {
    let (file, page) = file_of(1);
    for _ in 0..SLOTS * 2 {
        let mapping = map(&file);
        assert_eq!(mapping[page - 1], 1);
    }
}

#[test]
fn the_fault_of_one_file_is_not_the_fault_of_another() {
    let (good, page) = file_of(2);
    let (bad, _) = file_of(2);
    let (good_map, bad_map) = (map(&good), map(&bad));
    bad.set_len(0).unwrap();
    assert_eq!(read(&bad_map, page), 0);
    assert_eq!(read(&good_map, page), 2);
    assert_eq!(good_map.fault(), None);
}

/// A fault that is none of ours must still end the process by the signal.
#[test]
fn a_foreign_fault_keeps_its_default_end() {
    let (file, page) = file_of(2);
    // SAFETY: The child runs nothing but a read of its own mapping, then `_exit`: no allocation,
    // no lock, nothing that another thread of the parent could have left half done.
    let status = unsafe {
        let foreign = libc::mmap(
            std::ptr::null_mut(),
            2 * page,
            libc::PROT_READ,
            libc::MAP_SHARED,
            std::os::fd::AsRawFd::as_raw_fd(&file),
            0,
        );
        assert_ne!(foreign, libc::MAP_FAILED);
        file.set_len(0).unwrap();
        let child = libc::fork();
        if child == 0 {
            let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
            let byte = std::ptr::read_volatile(foreign.cast::<u8>());
            libc::_exit(i32::from(byte));
        }
        assert!(child > 0);
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        libc::munmap(foreign, 2 * page);
        status
    };
    assert!(libc::WIFSIGNALED(status), "status {status:#x}");
    assert_eq!(libc::WTERMSIG(status), libc::SIGBUS);
}

#[test]
fn a_file_is_cached_once_it_was_written_and_not_where_nothing_ever_was() {
    let (file, page) = file_of(100);
    assert!(map(&file).seems_cached());
    file.set_len((page * 100_000) as u64).unwrap();
    assert!(!map(&file).seems_cached());
}
