//! Any bytes, as an archive: its directory, every member of it, whole.
#![no_main]

use artifact::{Contents, EntryKind, Folder as _, Opened, Reading};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let reading = Reading { mmap: false, max_expanded: 4 << 20 };
    let Ok(contents) = Contents::of_stream("x", Box::new(std::io::Cursor::new(data.to_vec()))) else { return };
    let Ok(Opened::Archive(archive)) = Opened::of(contents, &reading, &|_| {}) else { return };
    let Ok(entries) = archive.entries() else { return };
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File).take(8) {
        if let Ok(member) = archive.open(entry, &reading).and_then(|member| member.whole(&reading, &|_| {})) {
            assert!(member.bytes().len() as u64 <= reading.max_expanded);
        }
    }
});
