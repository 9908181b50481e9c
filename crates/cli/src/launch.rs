//! A verb that no help tells of: becomes another program, which ends when the assay that started it ends, however that is.
//!
//! The kernel sends the signal when the thread that started the process is gone; so it is the main thread that starts one.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use boot::Launcher;
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

use crate::exit;

/// What it is called. The number of the parent follows, then the program and its arguments.
const VERB: &str = "__bound-to";

/// How programs are started by this one.
pub(crate) fn bound() -> Launcher {
    let parent = getpid().as_raw_nonzero().to_string();
    Launcher {
        // whatever has become of the file since, this is the program that runs
        through: Some((PathBuf::from("/proc/self/exe"), vec![VERB.into(), parent.into()])),
        environment: std::env::vars_os().collect(),
    }
}

/// Does it, if it is asked for.
pub(crate) fn verb(line: &[OsString]) -> Option<ExitCode> {
    let (VERB, [parent, program, rest @ ..]) = (line.get(1)?.to_str()?, line.get(2..)?) else { return None };
    let parent = parent.to_str().and_then(|parent| parent.parse().ok()).and_then(Pid::from_raw);
    let failed = |error: &dyn std::fmt::Display| {
        exit::say(&format!("error: cannot start `{}`: {error}", wording::escape_path(program.as_ref())));
        Some(ExitCode::from(2))
    };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return failed(&error);
    }
    // one that ended before sends no signal any more
    if parent.is_none() || getppid() != parent {
        return failed(&"who asked for it is gone");
    }
    failed(&Command::new(program).args(rest).exec())
}
