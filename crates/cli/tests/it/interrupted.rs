//! Runs that are ended from outside, at moments that go by what they have done so far.
//!
//! The folder of the outputs is watched: each thing that happens in it, or below it, is a moment.

use std::collections::BTreeMap;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use peer_harness::{Peer, PeerVersion};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::process::{Pid, Signal, kill_process};

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{assay, run};

/// A folder under watch, with all that is made below it.
struct Watched {
    fd: OwnedFd,
    folders: BTreeMap<i32, PathBuf>,
}

impl Watched {
    fn new(folder: &Path) -> Self {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        let mut watched = Self { fd, folders: BTreeMap::new() };
        watched.add(folder);
        watched
    }

    fn add(&mut self, folder: &Path) {
        let all = WatchFlags::ALL_EVENTS;
        // it may be gone already
        if let Ok(number) = inotify::add_watch(&self.fd, folder, all | WatchFlags::ONLYDIR) {
            self.folders.insert(number, folder.to_owned());
        }
    }

    /// How much has happened since it was last asked; folders that were made are watched, too.
    fn happened(&mut self) -> usize {
        let mut room = [MaybeUninit::uninit(); 4096];
        let (mut count, mut made) = (0, Vec::new());
        let mut reader = inotify::Reader::new(&self.fd, &mut room);
        while let Ok(event) = reader.next() {
            count += 1;
            let folder = self.folders.get(&event.wd());
            if let (true, Some(folder), Some(name)) =
                (event.events().contains(ReadFlags::ISDIR | ReadFlags::CREATE), folder, event.file_name())
            {
                made.push(folder.join(name.to_str().unwrap()));
            }
        }
        made.iter().for_each(|folder| self.add(folder));
        count
    }
}

/// When a signal is sent: when so much has happened, or when there is a file of that name.
#[derive(Clone, Copy, Debug)]
enum Moment {
    After(usize),
    With(&'static str),
}

/// Runs assay, and sends it a signal at a moment; how it ended.
fn ended_at(bench: &Bench, line: &[&str], moment: Moment, signal: Signal) -> ExitStatus {
    let mut watched = Watched::new(&bench.path(""));
    let mut child: Child = assay(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // it ends with the process
    let out = child.stdout.take().unwrap();
    let pid = Pid::from_child(&child);
    let mut happened = 0;
    loop {
        let mut fds = [PollFd::new(&watched.fd, PollFlags::IN), PollFd::new(&out, PollFlags::empty())];
        poll(&mut fds, None).unwrap();
        let over = fds[1].revents().contains(PollFlags::HUP);
        happened += watched.happened();
        let reached = match moment {
            Moment::After(much) => happened >= much,
            Moment::With(name) => bench.path(name).exists(),
        };
        if reached {
            let _ = kill_process(pid, signal);
        }
        if reached || over {
            break;
        }
    }
    child.wait().unwrap()
}

/// Makes sure that no process has this folder on its command line: what dies with its parent takes a moment to.
fn gone(folder: &Path) {
    let until = Instant::now() + Duration::from_secs(60);
    while !of_folder(folder).is_empty() && Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!(of_folder(folder), Vec::<String>::new());
}

/// Processes that have this folder on their command line.
pub(crate) fn of_folder(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(folder)).collect()
}

/// Ends a command at such moments, until it has no more: nothing that it had begun is left, or what a killed
/// run leaves is told by the next and removed when it may; the input is as it was. Gives how often it was ended.
fn moments(line: &[&str], made: &[&str], signal: Signal, moments: impl Iterator<Item = Moment>) -> usize {
    let (mut deaths, mut left) = (0, 0);
    for moment in moments {
        let bench = Bench::new();
        let bytes = named("members-m0").bytes();
        let (source, out) = (bench.write("source.db", &bytes), bench.text("made"));
        // without a map, each piece that is read is a moment, too
        let line = [&[line[0], &source, "--out", &out, "--no-mmap"], &line[1..]].concat();
        let status = ended_at(&bench, &line, moment, signal);
        assert!(fs::read(&source).unwrap() == bytes, "{line:?}: the input, at {moment:?}");
        gone(&bench.path(""));
        let whole: Vec<&str> = [made, &["source.db"]].concat();
        let names = bench.names();
        if status.code().is_some() {
            assert_eq!(names, whole, "{line:?}: at {moment:?}");
            break;
        }
        assert_eq!(status.signal(), Some(signal.as_raw()), "{line:?}: {status}, at {moment:?}");
        deaths += 1;
        if names == whole {
            continue;
        }
        if signal != Signal::KILL {
            assert_eq!(names, ["source.db"], "{line:?}: at {moment:?}");
            continue;
        }
        let half: Vec<&String> = names.iter().filter(|name| *name != "source.db").collect();
        let known = |name: &&String| name.starts_with(".made.") || (made.len() > 1 && *name == made[1]);
        assert!(half.iter().all(known), "{line:?}: {names:?}, at {moment:?}");
        if half.iter().any(|name| name.starts_with('.')) {
            left += 1;
            let told = run(&line);
            assert_eq!(told.code, Some(2), "{line:?}: at {moment:?}");
            assert!(told.err.contains("`--sweep` removes it first"), "{}", told.err);
        }
        // with what it does in the end, be it that the etcd does not come up
        let plain: Vec<&str> =
            line.iter().copied().take_while(|word| *word != "--boot-timeout" && *word != "--etcd").collect();
        let again = run(&[&plain[..], &["--sweep"]].concat());
        assert_eq!(
            (again.code, bench.names()),
            (Some(0), whole.iter().map(|name| (*name).to_owned()).collect()),
            "{line:?}: {}",
            again.err
        );
    }
    assert!(signal != Signal::KILL || deaths == 0 || left > 0, "{line:?}: nothing was ever left");
    deaths
}

#[test]
fn a_run_that_is_ended_leaves_nothing_half_made() {
    let mut deaths = 0;
    for (line, made) in [(&["rebuild"][..], &["made", "made.rebuild.json"][..]), (&["rehearse"], &["made"])] {
        deaths += moments(line, made, Signal::TERM, (1..).step_by(2).map(Moment::After));
        deaths += moments(line, made, Signal::KILL, (1..).step_by(2).map(Moment::After));
    }
    deaths += moments(&["rehearse"], &["made"], Signal::INT, (1..).step_by(5).map(Moment::After));
    eprintln!("{deaths} moments");
    assert!(deaths >= 50, "only {deaths} moments");
}

/// An etcd that never is ready, and writes all the time.
const BUSY: &str = "for data; do :; done; while :; do echo x > \"$data/beat\"; done";

#[test]
fn an_etcd_ends_with_the_run_that_started_it() {
    let programs = Bench::new();
    let busy = crate::booted::fake(&programs, BUSY);
    let line = ["rehearse", "--boot-timeout", "1", "--etcd", &busy];
    for (signal, step) in [(Signal::KILL, 21), (Signal::TERM, 34)] {
        let deaths = moments(&line, &["made"], signal, (1..160).step_by(step).map(Moment::After));
        assert!(deaths >= 3, "{signal:?}: only {deaths} moments");
    }
    if let Some(peer) = Peer::for_test(PeerVersion::V35, "an_etcd_ends_with_the_run_that_started_it") {
        let line = ["rehearse", "--etcd", peer.etcd().to_str().unwrap()];
        // when it is being asked; one that is done before it is ended is no failure
        for signal in [Signal::KILL, Signal::TERM] {
            moments(&line, &["made"], signal, [Moment::With(".made.booted/snapshot.db")].into_iter());
        }
    }
}

/// A run that has begun, and waits for the snapshot on its standard input.
fn begun(bench: &Bench, mut command: Command) -> Child {
    let mut watched = Watched::new(&bench.path(""));
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !bench.path(".made.unproven/member/wal").exists() {
        poll(&mut [PollFd::new(&watched.fd, PollFlags::IN)], None).unwrap();
        watched.happened();
    }
    child
}

#[test]
fn what_another_run_makes_is_not_swept() {
    let bench = Bench::new();
    let out = bench.text("made");
    let mut first = begun(&bench, assay(&["rehearse", "-", "--out", &out]));
    let source = bench.write("source.db", &named("plain-etcd34").bytes());
    for command in ["rehearse", "rebuild"] {
        let second = run(&[command, &source, "--out", &out, "--sweep"]);
        assert_eq!(second.code, Some(2));
        assert!(second.err.contains("another run is making it"), "{}", second.err);
    }
    std::io::Write::write_all(&mut first.stdin.take().unwrap(), &fs::read(&source).unwrap()).unwrap();
    assert!(first.wait().unwrap().success());
    assert_eq!(bench.names(), ["made", "source.db"]);
}

#[test]
fn a_signal_that_the_caller_ignores_is_ignored() {
    let bench = Bench::new();
    let out = bench.text("made");
    let mut nohup = fixtures::tool("sh").unwrap();
    nohup.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_assay"), "rehearse", "-", "--out", &out]);
    let mut child = begun(&bench, nohup);
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &named("plain-etcd34").bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(bench.names(), ["made"]);
}
