//! Credentials that are thrown away, and a file that no disk sees.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::{MemfdFlags, memfd_create};

/// What a private key for signatures on P-256 begins with, up to its number (RFC 5915).
const KEY_BEGINS: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
/// And what follows: which curve that is. Whoever reads it makes the public key of it.
const KEY_ENDS: [u8; 12] = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Nothing of the cluster is reached: whatever would be asked there is to be asked through a socket that is not.
const NOWHERE: &str = "{\"apiVersion\":\"apiserver.k8s.io/v1beta1\",\"kind\":\"EgressSelectorConfiguration\",\
    \"egressSelections\":[{\"name\":\"cluster\",\"connection\":{\"proxyProtocol\":\"HTTPConnect\",\
    \"transport\":{\"uds\":{\"udsName\":\"/nonexistent/socket\"}}}}]}\n";

/// A file in memory, at its beginning.
pub(super) fn in_memory(content: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("assay", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// What a server is told by files: they are of use to nobody when it has ended.
pub(super) struct Files {
    /// What lets its bearer do everything.
    pub(super) token: String,
    folder: PathBuf,
}

impl Files {
    pub(super) fn write(folder: &Path) -> io::Result<Self> {
        let token = wording::hex(&random::<24>()?);
        let write = |name: &str, content: &str| {
            let path = folder.join(name);
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(content.as_bytes()))
        };
        write("tokens.csv", &format!("{token},assay,assay,\"system:masters\"\n"))?;
        write("service-account.key", &key(random()?))?;
        write("egress.json", NOWHERE)?;
        Ok(Self { token, folder: folder.to_owned() })
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        let at = |name: &str| self.folder.join(name).display().to_string();
        vec![
            format!("--token-auth-file={}", at("tokens.csv")),
            format!("--egress-selector-config-file={}", at("egress.json")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-signing-key-file={}", at("service-account.key")),
            format!("--service-account-key-file={}", at("service-account.key")),
        ]
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// A private key in PEM. Any number below the order of the curve will do, which is close to the largest.
fn key(mut number: [u8; 32]) -> String {
    let [first, .., last] = &mut number;
    (*first, *last) = (*first & 0x7f, *last | 1);
    let der = [&KEY_BEGINS[..], &number, &KEY_ENDS].concat();
    format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", lines(&STANDARD.encode(der)))
}

fn lines(text: &str) -> String {
    let mut lines = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    lines
}
