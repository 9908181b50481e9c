//! Passphrases typed on a terminal: a real one, as far as the program can tell.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;

use age::secrecy::{ExposeSecret as _, SecretString};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::keys_support::{Bench, peer};
use crate::run::{Run, assay};

const GOOD: &str = "correct horse battery staple";

/// What is typed, each answer when its question has come and nothing is echoed any more.
struct Session {
    run: Run,
    /// What the terminal showed.
    shown: String,
    /// Whether the terminal echoes again.
    echoes: bool,
}

/// Runs assay as a session of its own on a new terminal; `None` if this machine has no `setsid`.
fn typed(bench: &Bench, line: &str, answers: &[(&str, &str)]) -> Option<Session> {
    let mut setsid = peer("setsid")?;
    let mut main = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap());
    grantpt(&main).unwrap();
    unlockpt(&main).unwrap();
    let name = ptsname(&main, Vec::new()).unwrap();
    let flags = OFlags::NOCTTY.bits().cast_signed();
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name.to_str().unwrap()).unwrap();
    let plain = assay(&bench.words(line));
    setsid.args(["--ctty", "--wait"]).arg(plain.get_program()).args(plain.get_args());
    setsid.stdin(Stdio::from(terminal.try_clone().unwrap())).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = setsid.spawn().unwrap();
    drop(setsid); // it holds the terminal open
    let mut shown = String::new();
    for (question, answer) in answers {
        let from = shown.len();
        while !shown[from..].contains(question) {
            let mut some = [0; 256];
            let read = main.read(&mut some).unwrap();
            shown.push_str(std::str::from_utf8(&some[..read]).unwrap());
        }
        while tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO) {
            std::thread::yield_now();
        }
        main.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let run: Run = child.wait_with_output().unwrap().into();
    let echoes = tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO);
    drop(terminal);
    let mut rest = Vec::new();
    let _ = main.read_to_end(&mut rest); // ends in an error, as terminals do
    shown.push_str(&String::from_utf8_lossy(&rest));
    Some(Session { run, shown, echoes })
}

impl Session {
    /// Nothing typed is shown anywhere, and the terminal is as it was.
    fn check(self, code: i32) -> Run {
        assert_eq!(self.run.code, Some(code), "{}{}", self.run.err, self.shown);
        for said in [&self.shown, &self.run.out, &self.run.err] {
            assert!(!said.contains("horse") && !said.contains("sesame"), "{said}");
        }
        assert!(self.echoes, "the terminal was left without echo");
        self.run
    }
}

const FIRST: &str = "New passphrase for the escrow: ";
const AGAIN: &str = "The same again: ";
const JOIN: &str = "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age --out {}/back.tar.gz";

#[test]
fn a_passphrase_is_typed_twice_to_split_and_once_to_join() {
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("plain-etcd36")).unwrap();
    let split = "split {tarball} --passphrase --out {}/vault";
    for (first, again, words) in [
        (GOOD, "correct horse battery stable", "the two passphrases differ; nothing was written"),
        ("", "", "an empty passphrase protects nothing"),
    ] {
        let Some(session) = typed(&bench, split, &[(FIRST, first), (AGAIN, again)]) else { return };
        let refused = session.check(2);
        assert!(refused.err.contains(words), "{}", refused.err);
        assert!(!bench.path("vault").exists());
    }
    typed(&bench, split, &[(FIRST, GOOD), (AGAIN, GOOD)]).unwrap().check(0);

    let wrong = typed(&bench, JOIN, &[("escrow.age: ", "wrong horse")]).unwrap().check(2);
    assert!(wrong.err.contains("none of the given identities opens"), "{}", wrong.err);
    assert!(!bench.path("back.tar.gz").exists());
    typed(&bench, JOIN, &[("escrow.age: ", GOOD)]).unwrap().check(0);
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);

    // the drill and a change of the passphrase ask the same way
    let drill = "verify-escrow {vault}.escrow.age";
    typed(&bench, drill, &[("escrow.age: ", GOOD)]).unwrap().check(0);
    let wrong = typed(&bench, drill, &[("escrow.age: ", "wrong horse")]).unwrap().check(2);
    assert!(wrong.out.contains("The escrow itself is as it was sealed"), "{}", wrong.out);
    assert!(
        wrong.err.contains("nothing that was given opens") && wrong.err.contains("another passphrase"),
        "{}",
        wrong.err
    );
    let rewrap = "rewrap {vault}.escrow.age --new-passphrase --out {}/new";
    let other = "another horse, another battery";
    typed(&bench, rewrap, &[("escrow.age: ", GOOD), (FIRST, other), (AGAIN, other)]).unwrap().check(0);
}

#[test]
fn an_identity_file_under_a_passphrase_asks_for_it() {
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("plain-etcd36")).unwrap();
    bench.split();
    let mut recipient = age::scrypt::Recipient::new(SecretString::from("open sesame".to_owned()));
    recipient.set_work_factor(4);
    let key: SecretString = fs::read_to_string(bench.path("key.txt")).unwrap().into();
    fs::write(bench.path("key.age"), age::encrypt(&recipient, key.expose_secret().as_bytes()).unwrap()).unwrap();
    let join = format!("{JOIN} -i {{}}/key.age");
    let Some(wrong) = typed(&bench, &join, &[("key.age", "sesame")]) else { return };
    assert!(wrong.check(2).err.contains("key.age"));
    typed(&bench, &join, &[("key.age", "open sesame")]).unwrap().check(0);
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);
}

/// A drill opens the escrow twice, for what is in it and for the join; its owner types the passphrase of the key once.
#[test]
fn an_ssh_key_under_a_passphrase_asks_once() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    let Some(mut make) = fixtures::tool("ssh-keygen") else { return };
    let key = bench.path("id");
    let made = make.args(["-q", "-t", "ed25519", "-N", "open sesame", "-C", "carol", "-f"]).arg(&key).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    bench.keys_ok("split {tarball} -R {}/id.pub --out {}/vault");
    let drill = "verify-escrow {vault}.escrow.age -i {}/id --json";
    let Some(session) = typed(&bench, drill, &[("/id", "open sesame")]) else { return };
    let run = session.check(0);
    let told: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let told = &told["artifacts"][0];
    assert_eq!((&told["complete"], told["by"].as_array().unwrap().len()), (&true.into(), 1), "{told}");
    assert!(told["by"][0]["recipient"].as_str().unwrap().starts_with("ssh-ed25519 "), "{told}");
}
