//! One table, twice: what this crate says of recorded signatures, and what `ssh-keygen -Y verify` says of the same.

use std::path::Path;
use std::process::Stdio;

use fixtures::tool;
use jiff::Timestamp;
use signatures::{Namespace, Refused};

use super::{SIGNED, at, data, filled, judged};

/// What is to come out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Out {
    Good,
    Bytes,
    Namespace,
    Revoked,
    Unknown,
    Principal,
    NotForThis,
    Early,
    Late,
    /// Not read here, or too weak: stricter than OpenSSH, which says yes.
    Stricter,
}

impl Out {
    fn of(refused: &Refused) -> Self {
        match refused {
            Refused::OtherBytes { .. } => Self::Bytes,
            Refused::OtherNamespace { .. } => Self::Namespace,
            Refused::Revoked { .. } => Self::Revoked,
            Refused::Unknown { .. } => Self::Unknown,
            Refused::OtherPrincipal { .. } => Self::Principal,
            Refused::NotForThis { .. } => Self::NotForThis,
            Refused::TooEarly { .. } => Self::Early,
            Refused::TooLate { .. } => Self::Late,
            Refused::Unusable { .. } => Self::Stricter,
            other => panic!("{other}"),
        }
    }
}

struct Case {
    list: &'static str,
    revoked: &'static str,
    signature: &'static str,
    changed: bool,
    namespace: Namespace,
    principal: &'static str,
    now: &'static str,
    out: Out,
}

const BASE: Case = Case {
    list: "alice {alice}",
    revoked: "",
    signature: "alice.sig",
    changed: false,
    namespace: Namespace::Escrow,
    principal: "alice",
    now: "2026-06-01T12:00:00Z",
    out: Out::Good,
};

const CASES: &[Case] = &[
    BASE,
    Case { signature: "alice-sha256.sig", ..BASE },
    Case { list: "bob {bob}", signature: "bob.sig", principal: "bob", ..BASE },
    Case { list: "carol {carol}", signature: "carol.sig", principal: "carol", ..BASE },
    Case { list: "weak {weak}", signature: "weak.sig", principal: "weak", out: Out::Stricter, ..BASE },
    Case { list: "dave {dave}", signature: "dave.sig", principal: "dave", out: Out::Stricter, ..BASE },
    // bytes, key, namespace
    Case { changed: true, out: Out::Bytes, ..BASE },
    Case { list: "bob {bob}", signature: "bob.sig", principal: "bob", changed: true, out: Out::Bytes, ..BASE },
    Case { list: "carol {carol}", signature: "carol.sig", principal: "carol", changed: true, out: Out::Bytes, ..BASE },
    Case { signature: "zoe.sig", out: Out::Unknown, ..BASE },
    Case { signature: "alice-drill.sig", out: Out::Namespace, ..BASE },
    Case { signature: "alice-drill.sig", namespace: Namespace::Drill, ..BASE },
    Case { namespace: Namespace::Drill, out: Out::Namespace, ..BASE },
    Case { list: "", out: Out::Unknown, ..BASE },
    // principals
    Case { principal: "bob", out: Out::Principal, ..BASE },
    Case { list: "bob,ali?e {alice}", ..BASE },
    Case { list: "* {alice}", ..BASE },
    Case { list: "*,!alice {alice}", out: Out::Principal, ..BASE },
    Case { list: "*@example.com {alice}", principal: "alice@example.com", ..BASE },
    Case { list: "*@example.com {alice}", principal: "alice@example.org", out: Out::Principal, ..BASE },
    Case { list: "\"alice smith\" {alice}", principal: "alice smith", ..BASE },
    Case { list: "Alice {alice}", out: Out::Principal, ..BASE },
    // namespaces
    Case { list: "alice namespaces=\"assay-*\" {alice}", ..BASE },
    Case { list: "alice NAMESPACES=\"assay-*\" {alice}", ..BASE },
    Case { list: "alice namespaces=\"git,assay-escrow@1\" {alice}", ..BASE },
    Case { list: "alice namespaces=\"git\" {alice}", out: Out::NotForThis, ..BASE },
    Case { list: "alice namespaces=\"assay-*,!assay-escrow@*\" {alice}", out: Out::NotForThis, ..BASE },
    // dates, to the second and with both ends
    Case { list: "alice valid-after=\"20260601120000Z\" {alice}", ..BASE },
    Case { list: "alice valid-after=\"20260601120001Z\" {alice}", out: Out::Early, ..BASE },
    Case { list: "alice valid-before=\"20260601120000Z\" {alice}", ..BASE },
    Case { list: "alice valid-before=\"20260601115959Z\" {alice}", out: Out::Late, ..BASE },
    Case { list: "alice valid-after=\"20260101\",valid-before=\"20261231\" {alice}", ..BASE },
    Case { list: "alice valid-before=\"202606011159\" {alice}", out: Out::Late, ..BASE },
    Case { list: "alice namespaces=\"assay-*\",valid-after=\"20270101Z\" {alice}", out: Out::Early, ..BASE },
    // a key that stands twice: one line is enough
    Case { list: "alice valid-before=\"20260101Z\" {alice}\nalice valid-after=\"20260101Z\" {alice}", ..BASE },
    Case { list: "bob {alice}\nalice {alice}", ..BASE },
    // revoked: always wins
    Case { revoked: "{alice} leaked", out: Out::Revoked, ..BASE },
    Case { revoked: "# none of these\n\n{bob}\n{zoe}", ..BASE },
    // what stands between
    Case { list: "# signers\n\n  \t\n   alice   {alice} of the night shift # really\n", ..BASE },
    Case { list: "bob {bob}\r\nalice {alice}\r\n", ..BASE },
];

#[test]
fn this_crate_and_openssh_say_the_same_of_each_case() {
    let folder = tempfile::tempdir().unwrap();
    for (number, case) in CASES.iter().enumerate() {
        let told = format!("case {number}: {} under {:?}", case.signature, case.list);
        let bytes = if case.changed { [SIGNED, b" "].concat() } else { SIGNED.to_vec() };
        let asked = (case.namespace, Some(case.principal), at(case.now));
        let here = judged(case.list, case.revoked, data(case.signature), &bytes, asked);
        let out = here.as_ref().map_or_else(Out::of, |signed| {
            assert_eq!(signed.principal, case.principal, "{told}");
            Out::Good
        });
        assert_eq!(out, case.out, "{told}: {here:?}");
        if let Some(there) = openssh_says(folder.path(), case, &bytes) {
            assert_eq!(there, matches!(out, Out::Good | Out::Stricter), "{told}: ssh-keygen says {there}");
        }
    }
}

/// Whether `ssh-keygen -Y verify` says yes; `None` where it is not installed.
fn openssh_says(folder: &Path, case: &Case, bytes: &[u8]) -> Option<bool> {
    let [list, revoked, signature, message] = ["list", "revoked", "sig", "message"].map(|name| folder.join(name));
    std::fs::write(&list, filled(case.list)).unwrap();
    std::fs::write(&revoked, filled(case.revoked)).unwrap();
    std::fs::write(&signature, data(case.signature)).unwrap();
    std::fs::write(&message, bytes).unwrap();
    let now: Timestamp = at(case.now);
    let mut command = tool("ssh-keygen")?;
    command.args(["-q", "-Y", "verify", "-n", case.namespace.as_str(), "-I", case.principal]);
    command.arg("-f").arg(&list).arg("-r").arg(&revoked).arg("-s").arg(&signature);
    command.arg(format!("-Overify-time={}", now.strftime("%Y%m%d%H%M%SZ")));
    command.env("TZ", "UTC").stdin(std::fs::File::open(&message).unwrap()).stderr(Stdio::null());
    Some(command.status().unwrap().success())
}

/// Without a principal asked for, it is the list that says who it was, as `find-principals` does.
#[test]
fn who_it_was_is_what_find_principals_says() {
    let folder = tempfile::tempdir().unwrap();
    let (list_file, signature) = (folder.path().join("list"), folder.path().join("sig"));
    for (list, expected) in [
        ("zoe {zoe}\nalice@example.com {alice}", Some("alice@example.com")),
        ("ops,alice {alice}", Some("ops,alice")),
        ("*@example.com namespaces=\"assay-*\" {alice}", Some("*@example.com")),
        ("alice valid-before=\"20200101Z\" {alice}", None),
        ("zoe {zoe}", None),
    ] {
        let asked = (Namespace::Escrow, None, at("2026-06-01T12:00:00Z"));
        let here = judged(list, "", data("alice.sig"), SIGNED, asked).ok().map(|signed| signed.principal);
        assert_eq!(here.as_deref(), expected, "{list}");
        std::fs::write(&list_file, filled(list)).unwrap();
        std::fs::write(&signature, data("alice.sig")).unwrap();
        let Some(mut command) = tool("ssh-keygen") else { continue };
        command.args(["-Y", "find-principals", "-Overify-time=20260601120000Z", "-f"]).arg(&list_file);
        let out = command.arg("-s").arg(&signature).env("TZ", "UTC").output().unwrap();
        let there = out.status.success().then(|| String::from_utf8(out.stdout).unwrap().trim_end().replace('\n', ","));
        assert_eq!(there.as_deref(), expected, "{list}: ssh-keygen");
    }
}

/// What today's ssh-keygen signs, not only what was recorded.
#[test]
fn a_fresh_signature_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["ed25519", "ecdsa"] {
        let file = folder.path().join(kind);
        let Some(mut make) = tool("ssh-keygen") else { return };
        assert!(make.args(["-q", "-N", "", "-t", kind, "-f"]).arg(&file).status().unwrap().success());
        let mut sign = tool("ssh-keygen").unwrap();
        sign.args(["-q", "-Y", "sign", "-n", "assay-log@1", "-f"]).arg(&file).stderr(Stdio::null());
        let out = sign.stdin(std::fs::File::open(manifest(folder.path())).unwrap()).output().unwrap();
        let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        let list = format!("somebody namespaces=\"assay-log@*\" {public}");
        let asked = (Namespace::Log, None, at("2026-06-01T12:00:00Z"));
        let signature = String::from_utf8(out.stdout).unwrap();
        assert_eq!(judged(&list, "", &signature, SIGNED, asked).map(|it| it.principal), Ok("somebody".to_owned()));
        assert!(judged(&list, "", &signature, b"other", asked).is_err());
    }
}

fn manifest(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("m.json");
    std::fs::write(&path, SIGNED).unwrap();
    path
}
