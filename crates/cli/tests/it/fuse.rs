//! A file system whose files fail where a test wants: as much of FUSE as reading takes, spoken to `/dev/fuse` itself.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread::JoinHandle;

/// A file that can be read up to a place.
pub(crate) struct Failing {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// What reaches over this offset fails.
    pub(crate) good: u64,
    /// With this number of `errno.h`.
    pub(crate) errno: i32,
}

/// Mounted as long as it lives.
pub(crate) struct Mounted {
    folder: tempfile::TempDir,
    server: Option<JoinHandle<()>>,
}

impl Mounted {
    /// `None` where there is no FUSE, or it may not be mounted; that is said.
    pub(crate) fn of(files: Vec<Failing>) -> Option<Self> {
        let mut mount = fixtures::tool("mount")?;
        fixtures::tool("umount")?;
        let Ok(device) = OpenOptions::new().read(true).write(true).open("/dev/fuse") else {
            eprintln!("SKIPPED: there is no /dev/fuse");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // the descriptor that the kernel is told of is the one that `mount` has: its standard input
        mount
            .args(["-i", "-t", "fuse", "-o", "ro,fd=0,rootmode=40000,user_id=0,group_id=0", "assay"])
            .arg(folder.path());
        let done = mount.stdin(Stdio::from(device.try_clone().unwrap())).output().unwrap();
        if !done.status.success() {
            eprintln!("SKIPPED: FUSE may not be mounted here: {}", String::from_utf8_lossy(&done.stderr).trim());
            return None;
        }
        let server = std::thread::spawn(move || serve(device, &files));
        Some(Self { folder, server: Some(server) })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let gone = fixtures::tool("umount").is_some_and(|mut umount| {
            umount.arg("-l").arg(self.folder.path()).status().is_ok_and(|status| status.success())
        });
        if let Some(server) = self.server.take().filter(|_| gone) {
            let _ = server.join();
        }
    }
}

const ROOT: u64 = 1;
const ENOENT: i32 = 2;
const ENOSYS: i32 = 38;

/// Answers until the file system is gone.
fn serve(mut device: File, files: &[Failing]) {
    let mut request = vec![0; 1 << 18];
    while let Ok(length) = device.read(&mut request) {
        let request = &request[..length];
        let number = |at: usize| u64::from_le_bytes(request[at..at + 8].try_into().unwrap());
        let (opcode, unique, node) = (u32::from_le_bytes(request[4..8].try_into().unwrap()), number(8), number(16));
        let body = &request[40..];
        let answer = match opcode {
            2 | 36 | 42 => continue, // forget, interrupt, forget several: no answer is waited for
            1 => lookup(files, body),
            3 => Ok([&1_u64.to_le_bytes()[..], &[0; 8], &attributes(files, node)].concat()),
            14 | 27 => Ok(vec![0; 16]),
            15 => read(files, node, number(48), u32::from_le_bytes(request[56..60].try_into().unwrap())),
            18 | 25 | 29 => Ok(Vec::new()),
            26 => Ok(initial()),
            _ => Err(ENOSYS),
        };
        let (error, bytes) = answer.map_or_else(|errno| (-errno, Vec::new()), |bytes| (0, bytes));
        let length = u32::try_from(16 + bytes.len()).unwrap();
        let reply = [&length.to_le_bytes()[..], &error.to_le_bytes(), &unique.to_le_bytes(), &bytes].concat();
        // who asked may have been killed meanwhile
        let _ = device.write(&reply);
    }
}

/// Version 7.31, one page ahead at most.
fn initial() -> Vec<u8> {
    let words = [7_u32, 31, 4096, 0, 0, 4096, 1];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(64, 0);
    bytes
}

fn lookup(files: &[Failing], name: &[u8]) -> Result<Vec<u8>, i32> {
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let at = files.iter().position(|file| file.name.as_bytes() == name).ok_or(ENOENT)?;
    let node = at as u64 + 2;
    Ok([
        &node.to_le_bytes()[..],
        &[0; 8],
        &1_u64.to_le_bytes(),
        &1_u64.to_le_bytes(),
        &[0; 8],
        &attributes(files, node),
    ]
    .concat())
}

fn attributes(files: &[Failing], node: u64) -> Vec<u8> {
    let size = file(files, node).map_or(0, |file| file.bytes.len() as u64);
    let mode: u32 = if node == ROOT { 0o040_755 } else { 0o100_644 };
    let longs = [node, size, size.div_ceil(512), 1, 1, 1];
    let words = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0];
    longs.iter().flat_map(|long| long.to_le_bytes()).chain(words.iter().flat_map(|word| word.to_le_bytes())).collect()
}

fn read(files: &[Failing], node: u64, offset: u64, size: u32) -> Result<Vec<u8>, i32> {
    let file = file(files, node).ok_or(ENOENT)?;
    let end = (offset + u64::from(size)).min(file.bytes.len() as u64);
    if end > file.good {
        return Err(file.errno);
    }
    Ok(file.bytes.get(offset as usize..end as usize).unwrap_or_default().to_vec())
}

fn file(files: &[Failing], node: u64) -> Option<&Failing> {
    files.get(usize::try_from(node).ok()?.checked_sub(2)?)
}
