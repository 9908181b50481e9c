//! Beginning and end: backups are opened, a kubeconfig is written, and all ends with a signal or a command.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use artifact::{Contents, Reading};
use assay::{Given, Keys, Question};
use lens::Moment;
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::api::Api;
use crate::args::{Ages, Args};
use crate::error::{Error, say};
use crate::guard::Token;
use crate::kubeconfig::{Context, Kubeconfig, default_path};
use crate::log::Log;
use crate::proof::Proof;
use crate::server::Server;
use crate::socket::Socket;
use crate::source::Source;
use crate::tls::Tls;
use crate::world::{Showing, World};

/// Serves until it is to end; gives the exit code.
pub(crate) fn run(args: &Args) -> Result<u8, Error> {
    let moments = args.moments().map_err(Error::new)?;
    // a mapped file that is cut off must not end the program with a signal that nobody understands
    let reading = Reading { mmap: artifact::map::guard().is_ok(), ..Reading::default() };
    let question = question(args, &reading)?;
    let mut sources: Vec<&'static Source> = Vec::new();
    for path in &args.backups {
        let mut source = Source::open(path, &reading, &question)?;
        // a damaged copy has the keys of the sound one, and is another backup
        match sources.iter().filter(|other| other.id.starts_with(&source.id)).count() {
            0 => {}
            same => source.id = format!("{}-{}", source.id, same + 1),
        }
        sources.push(Box::leak(Box::new(source)));
    }
    if args.verify {
        sources.iter().try_for_each(|source| proven(source))?;
    }
    let token = Token::new().map_err(|error| Error::new(format!("no randomness: {error}")))?;
    let tls = Tls::new()?;
    let log = args.log.as_deref().map(Log::open).transpose()?;
    let showing = Showing { reveal: args.reveal, ages_to_now: args.ages == Ages::Now };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        // before anything is made that is to be taken away at the end
        let mut signals = Signals::new()?;
        let listener = Server::bind(args.port).await?;
        let address = listener.local_addr().map_err(|error| Error::new(error.to_string()))?;
        let contexts = contexts(&sources, &moments, address.port())?;
        let id = sources.first().map(|source| source.id.as_str()).unwrap_or_default();
        let path = args.kubeconfig.clone().unwrap_or_else(|| default_path(id));
        let kubeconfig = Kubeconfig::create(path, &contexts, &tls.authority, &token)?;
        for source in &sources {
            banner(source, showing);
        }
        let secrets = if args.reveal { "secrets are shown" } else { "secrets masked (--reveal shows them)" };
        say(&format!("{secrets}; nothing can be changed; loopback only"));
        let socket = args.socket.as_deref().map(Socket::create).transpose()?;
        if let Some(socket) = &socket {
            let shown = wording::shell_word(&socket.path().to_string_lossy());
            say(&format!("curl --unix-socket {shown} http://localhost/{id}/version"));
        }
        let server = Server::new(listener, socket, tls.config, token, Api::new(sources.clone(), showing), log)?;
        ended(args, &server, &kubeconfig, sources, &mut signals).await
    })
}

/// Which keys are used, and what opens them.
fn question(args: &Args, reading: &Reading) -> Result<Question, Error> {
    let mut question = Question::at(crate::clock::now());
    question.keys = match (&args.keys, &args.escrow) {
        (Some(path), _) if path.is_dir() => Keys::Given(Given::of_directory(path, reading, &assay::Silent)?),
        (Some(path), _) => Keys::Given(given(path, reading)?),
        (None, Some(escrow)) => {
            question.unlock = Some(Arc::new(crate::unlock::Files::read(&args.identities)?));
            Keys::Escrow(escrow.clone())
        }
        (None, None) => Keys::OfTheBackup,
    };
    Ok(question)
}

fn given(path: &Path, reading: &Reading) -> Result<Given, Error> {
    let file = Contents::open_with(path, reading).map_err(|error| Error::new(error.to_string()))?;
    Ok(Given::read(file, reading, &assay::Silent)?)
}

/// `backup` for the first, `backup-2` for the second; `backup@WHEN` for each moment of each that holds it.
fn contexts(sources: &[&'static Source], moments: &[(&str, Moment)], port: u16) -> Result<Vec<Context>, Error> {
    let mut contexts = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let name = if at == 0 { "backup".to_owned() } else { format!("backup-{}", at + 1) };
        let url = format!("https://127.0.0.1:{port}/{}", source.id);
        contexts.push(Context { name: name.clone(), url: url.clone() });
        for (text, moment) in moments {
            match source.revision(*moment) {
                Ok(revision) => {
                    contexts.push(Context { name: format!("{name}@{text}"), url: format!("{url}/rev/{revision}") });
                }
                Err(error) if sources.len() == 1 => return Err(Error::new(format!("--at {text}: {error}"))),
                Err(error) => say(&format!("note: no context {name}@{text}: {error}")),
            }
        }
    }
    Ok(contexts)
}

/// Refuses what is damaged, or may be.
fn proven(source: &Source) -> Result<(), Error> {
    let proof = source.prove();
    match source.faults().first() {
        None => Ok(()),
        Some(fault) => Err(Error::new(format!("{}: {fault}", source.name))
            .hinted(format!("{}; without --verify it is served with a warning", proof.hint()))),
    }
}

/// Hashes what is served already, and says what comes of it.
fn prove_meanwhile(sources: Vec<&'static Source>, says_good: bool) {
    std::thread::spawn(move || {
        for source in sources.into_iter().filter(|source| source.proof() == Proof::Pending) {
            let proof = source.prove();
            if says_good && proof.is_good() {
                say(&format!("{}: SHA-256 right: every byte is as etcd wrote it", source.name));
            }
            doubt(source);
        }
    });
}

/// Says what is wrong with a file's bytes.
fn doubt(source: &Source) {
    let proof = source.proof();
    if let Some(fault) = proof.fault() {
        say(&format!("warning: {}: {fault}", source.name));
        say(&format!("hint: {}", proof.hint()));
    }
}

/// What is served, in two lines:
///
/// ```text
/// prod.db: revision 1289 of 2026-11-23T09:08:48Z, back to 790
/// 1 069 keys: 1 068 served, 1 without API; SHA-256 right
/// ```
fn banner(source: &'static Source, showing: Showing) {
    let index = &source.index;
    let world = World::new(source, index.current(), showing);
    let keys = index.live(b"", None, index.current()).count();
    let of = world.source.time_of(index.current()).map(|time| format!(" of {}", time.strftime("%Y-%m-%dT%H:%M:%SZ")));
    let back = match index.compacted() {
        ..=0 => "never compacted".to_owned(),
        compacted => format!("back to {compacted}"),
    };
    say(&format!("{}: revision {}{}, {back}", source.name, index.current(), of.unwrap_or_default()));
    let digits = |keys: usize| wording::group_digits(keys as u64);
    let (served, unserved) = (digits(keys - source.unserved), digits(source.unserved));
    let (count, proof) = (wording::count(keys as u64, "key"), source.proof().short());
    say(&format!("{count}: {served} served, {unserved} without API; {proof}"));
    if let Some(damage) = &source.damage {
        say(&format!("warning: {}: {damage}; `assay verify` tells more", source.name));
    }
    if let Some(closed) = source.closed(index.current()) {
        say(&format!("warning: {}", wording::inert(&closed)));
        say("hint: --keys TARBALL or --escrow FILE opens them; shown are names alone");
    }
    doubt(source);
}

/// What ends it from outside.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal is gone; none where whoever started it wants that ignored.
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        let of = |kind| signal(kind).map_err(|error| Error::new(format!("no signals: {error}")));
        let (interrupt, terminate) = (of(SignalKind::interrupt())?, of(SignalKind::terminate())?);
        let hangup = (!ignores_hangups()).then(|| of(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt, terminate, hangup })
    }
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether it was started to outlive its terminal, as `nohup` does.
#[expect(clippy::disallowed_methods, reason = "what the kernel says of this process, and no input")]
fn ignores_hangups() -> bool {
    let said = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = said.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (SignalKind::hangup().as_raw_value() - 1) != 0
}

/// Serves until a signal comes or the command ends.
async fn ended(
    args: &Args,
    server: &Server,
    kubeconfig: &Kubeconfig,
    sources: Vec<&'static Source>,
    signals: &mut Signals,
) -> Result<u8, Error> {
    let shown: PathBuf = kubeconfig.path().to_path_buf();
    let Some((program, rest)) = args.command.split_first() else {
        say(&format!("export KUBECONFIG={}", wording::shell_word(&shown.to_string_lossy())));
        prove_meanwhile(sources, true);
        tokio::select! {
            never = server.run() => match never {},
            _ = signals.interrupt.recv() => {}
            _ = signals.terminate.recv() => {}
            () = hung_up(&mut signals.hangup) => {}
        }
        return Ok(0);
    };
    let mut command = Command::new(program);
    command.args(rest).env("KUBECONFIG", &shown).stdin(Stdio::inherit()).kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| Error::new(format!("`{}`: {error}", wording::escape_path(Path::new(program)))))?;
    prove_meanwhile(sources, false);
    loop {
        tokio::select! {
            never = server.run() => match never {},
            // a terminal's interrupt goes to the command, too: it decides
            _ = signals.interrupt.recv() => {}
            _ = signals.terminate.recv() => return Ok(0),
            () = hung_up(&mut signals.hangup) => return Ok(0),
            status = child.wait() => {
                let status = status.map_err(|error| Error::new(error.to_string()))?;
                // as shells have it, where a signal ended it
                let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
                return Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(crate::error::FAILED));
            }
        }
    }
}
