//! What the bytes of a member hold, wherever it stands.
use memchr::memmem;

use crate::certificate::Certificate;
use crate::class::Class;
use crate::member::Digest;
use crate::path::MemberPath;
use crate::{pem, private_key, token};

/// One finding in the bytes of a member.
pub(crate) struct Found {
    pub(crate) class: Class,
    pub(crate) offset: usize,
    pub(crate) algorithm: Option<String>,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) subject: Option<String>,
    pub(crate) expires: Option<i64>,
    pub(crate) encoded: bool,
}

/// A public name for material that cannot be used to test guesses of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fingerprint {
    /// SHA-256 of the SubjectPublicKeyInfo a private or public key belongs to.
    PublicKey(Digest),
    /// SHA-256 of a label and a token whose signature is asymmetric, hence unguessable.
    Token(Digest),
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fingerprint::PublicKey(digest) => write!(f, "spki-sha256:{digest}"),
            Fingerprint::Token(digest) => write!(f, "token-sha256:{digest}"),
        }
    }
}

/// Everything a member's bytes hold.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) found: Vec<Found>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) bad_certificates: Vec<usize>,
    pub(crate) is_kubeconfig: bool,
}

impl Found {
    fn new(class: Class, offset: usize) -> Self {
        Self { class, offset, algorithm: None, fingerprint: None, subject: None, expires: None, encoded: false }
    }

    /// What only a path promises.
    pub(crate) fn promised(class: Class) -> Self {
        Self::new(class, 0)
    }
}

/// Base64 runs shorter than this cannot hold a key with its PEM lines, a JWT or a configuration.
const SHORTEST_RUN: usize = 64;

/// Looks at the bytes of a member as they are, and once more inside every long base64 run:
/// kubeconfigs and Secret manifests carry keys that way.
pub(crate) fn examine(member: &MemberPath, bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let blocks = search(member, bytes, &mut contents);
    for (offset, run) in base64_runs(bytes, &blocks) {
        // four letters are three bytes; a cut run loses its tail only
        let whole = run.len() & !3;
        let Some(decoded) = run.get(..whole).and_then(pem::decode_base64) else { continue };
        let mut inner = Contents::default();
        search(member, &decoded, &mut inner);
        let secret = inner.found.into_iter().filter(|found| found.class.is_secret());
        contents.found.extend(secret.map(|found| Found { offset, encoded: true, ..found }));
    }
    contents
}

/// One pass over text; returns where its PEM blocks are.
fn search(member: &MemberPath, bytes: &[u8], contents: &mut Contents) -> Vec<(usize, usize)> {
    let blocks = pem::blocks(bytes);
    for block in &blocks {
        pem_block(member, block, contents);
    }
    for jwt in token::jwts(bytes) {
        contents.found.push(Found {
            algorithm: jwt.algorithm.map(|name| format!("JWT {name}")),
            fingerprint: jwt.fingerprint.map(Fingerprint::Token),
            subject: jwt.subject,
            expires: jwt.expires,
            ..Found::new(Class::Token, jwt.offset)
        });
    }
    let opaque = token::opaque(bytes).into_iter().map(|offset| Found::new(Class::Token, offset));
    contents.found.extend(opaque);
    for (marker, algorithm) in MARKERS {
        if let Some(offset) = memmem::find(bytes, marker) {
            let algorithm = Some((*algorithm).to_owned());
            contents.found.push(Found { algorithm, ..Found::new(Class::PrivateKey, offset) });
        }
    }
    encryption_config(bytes, contents);
    credentials(member, bytes, contents);
    blocks.iter().map(|block| (block.offset, block.end)).collect()
}

/// Private keys that are not PEM.
const MARKERS: &[(&[u8], &str)] = &[
    (b"AGE-SECRET-KEY-1", "age"),
    (b"AGE-SECRET-KEY-PQ-1", "age"),
    (b"AGE-PLUGIN-", "age plugin"),
    (b"PuTTY-User-Key-File-", "SSH (PuTTY)"),
];

fn pem_block(member: &MemberPath, block: &pem::Block<'_>, contents: &mut Contents) {
    if block.is_private_key() {
        let key = match (block.is_encrypted(), block.decode()) {
            (false, Some(der)) => private_key::read(block.label, &der),
            _ => private_key::PrivateKey::default(),
        };
        let encrypted = block.is_encrypted().then(|| "encrypted".to_owned());
        let ssh = (block.label == "OPENSSH PRIVATE KEY").then(|| "SSH".to_owned());
        let pgp = block.label.starts_with("PGP").then(|| "PGP".to_owned());
        contents.found.push(Found {
            algorithm: key.algorithm.or(encrypted).or(ssh).or(pgp),
            fingerprint: key.public_key.map(Fingerprint::PublicKey),
            ..Found::new(Class::PrivateKey, block.offset)
        });
    } else if block.is_certificate() {
        let index = contents.certificates.len().saturating_add(contents.bad_certificates.len());
        let certificate = block.decode().and_then(|der| Certificate::read(member, index, &der));
        match certificate {
            Some(certificate) => contents.certificates.push(certificate),
            None => contents.bad_certificates.push(index),
        }
        contents.found.push(Found::new(Class::Certificate, block.offset));
    } else if block.is_public_key() {
        let (algorithm, digest) = block.decode().map(|der| private_key::public(block.label, &der)).unwrap_or_default();
        contents.found.push(Found {
            algorithm,
            fingerprint: digest.map(Fingerprint::PublicKey),
            ..Found::new(Class::PublicKey, block.offset)
        });
    }
}

/// An EncryptionConfiguration with keys in it: one of its providers, and a field `secret` that
/// is the base64 of 16, 24 or 32 bytes which are not all zero (those are library-go's
/// bookkeeping). Found by text, so that a broken or embedded one is found too.
fn encryption_config(bytes: &[u8], contents: &mut Contents) {
    let providers: Vec<&str> = ["aescbc", "aesgcm", "secretbox"]
        .into_iter()
        .filter(|name| memmem::find(bytes, name.as_bytes()).is_some())
        .collect();
    if providers.is_empty() {
        return;
    }
    let is_key = |text: &[u8]| {
        pem::decode_base64(text)
            .is_some_and(|key| matches!(key.len(), 16 | 24 | 32) && key.iter().any(|byte| *byte != 0))
    };
    let first = values(bytes, b"secret").find(|(_, value)| is_key(value));
    if let Some((offset, _)) = first {
        let algorithm = Some(providers.join(","));
        contents.found.push(Found { algorithm, ..Found::new(Class::EncryptionConfig, offset) });
    }
}

/// Inline credentials of kubeconfigs and of cloud provider settings.
fn credentials(member: &MemberPath, bytes: &[u8], contents: &mut Contents) {
    let has = |word: &[u8]| memmem::find(bytes, word).is_some();
    contents.is_kubeconfig |= has(b"current-context") || (has(b"clusters") && has(b"users") && has(b"contexts"));
    let kubeconfig: &[&[u8]] = if contents.is_kubeconfig { &[b"token", b"password"] } else { &[] };
    for name in [&b"client-key-data"[..]].iter().chain(kubeconfig) {
        if let Some((offset, _)) = values(bytes, name).next() {
            let algorithm = Some(String::from_utf8_lossy(name).into_owned());
            contents.found.push(Found { algorithm, ..Found::new(Class::KubeconfigCredential, offset) });
        }
    }
    if member.components().any(|part| part == b"cloud-config") {
        for name in CLOUD_CREDENTIALS {
            if let Some((offset, _)) = values(bytes, name).next() {
                let algorithm = Some(String::from_utf8_lossy(name).into_owned());
                contents.found.push(Found { algorithm, ..Found::new(Class::OtherSecret, offset) });
            }
        }
    }
}

const CLOUD_CREDENTIALS: &[&[u8]] =
    &[b"password", b"aadClientSecret", b"secret-access-key", b"application-credential-secret", b"clientSecret"];

const LONGEST_VALUE: usize = 256;

/// Finds `name: value`, `"name": "value"` and `name = value`, and yields each value that is not
/// empty, a null, or the beginning of a nested structure.
fn values<'b>(bytes: &'b [u8], name: &'b [u8]) -> impl Iterator<Item = (usize, &'b [u8])> {
    memmem::find_iter(bytes, name).filter_map(move |offset| {
        let before = offset.checked_sub(1).and_then(|at| bytes.get(at));
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return None;
        }
        let rest = bytes.get(offset.checked_add(name.len())?..)?;
        let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let rest = skip(rest, |byte| matches!(byte, b' ' | b'\t'));
        let rest = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"="))?;
        // a folded or literal block goes on in the next line
        let value = skip(rest, |byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\\' | b'|' | b'>' | b'-'));
        let folded = value.len() < rest.len()
            && rest
                .get(..rest.len().saturating_sub(value.len()))
                .is_some_and(|marks| marks.iter().any(|byte| matches!(byte, b'|' | b'>')));
        let value = if folded { skip(value, |byte| byte.is_ascii_whitespace()) } else { value };
        // longer than any key; without this bound, a text of names alone would cost its square
        let value = value.get(..LONGEST_VALUE).unwrap_or(value);
        let length = value
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b'}' | b'\\' | b'#'));
        let value = value.get(..length.unwrap_or(value.len()))?;
        let none = matches!(value, b"" | b"null" | b"~" | b"{" | b"[" | b"{}" | b"[]");
        (!none).then_some((offset, value))
    })
}

fn skip(bytes: &[u8], unwanted: impl Fn(&u8) -> bool) -> &[u8] {
    let start = bytes.iter().position(|byte| !unwanted(byte)).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// Long base64 runs outside the PEM blocks.
fn base64_runs<'b>(bytes: &'b [u8], blocks: &[(usize, usize)]) -> Vec<(usize, &'b [u8])> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut runs = Vec::new();
    let mut at = 0_usize;
    let mut blocks = blocks.iter().peekable();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        while blocks.next_if(|(_, end)| *end <= at).is_some() {}
        if let Some((_, end)) = blocks.peek().filter(|(start, _)| *start <= at) {
            at = *end;
            continue;
        }
        let length = rest.iter().position(|byte| !letter(byte)).unwrap_or(rest.len());
        if length >= SHORTEST_RUN {
            runs.push((at, rest.get(..length).unwrap_or_default()));
        }
        at = at.saturating_add(length.max(1));
    }
    runs
}

/// Searches members that are too large to hold for the marks of key material.
pub(crate) struct MarkerSearch {
    tail: zeroize::Zeroizing<Vec<u8>>,
    offset: usize,
    found: Vec<(&'static str, Class, usize)>,
}

/// Longer than any mark, so that one across two chunks is found.
const OVERLAP: usize = 64;

const LARGE_MARKERS: &[(&str, Class)] = &[
    ("PRIVATE KEY", Class::PrivateKey),
    ("AGE-SECRET-KEY-1", Class::PrivateKey),
    ("PuTTY-User-Key-File-", Class::PrivateKey),
    // base64 of `-----BEGIN`, at each of the three alignments
    ("LS0tLS1CRUdJTi", Class::PrivateKey),
    ("0tLS0tQkVHSU4", Class::PrivateKey),
    ("tLS0tLUJFR0lO", Class::PrivateKey),
    ("EncryptionConfiguration", Class::EncryptionConfig),
    ("RW5jcnlwdGlvbkNvbmZpZ3VyYXRpb2", Class::EncryptionConfig),
    ("VuY3J5cHRpb25Db25maWd1cmF0aW9u", Class::EncryptionConfig),
    ("FbmNyeXB0aW9uQ29uZmlndXJhdGlvb", Class::EncryptionConfig),
    ("client-key-data", Class::KubeconfigCredential),
    ("eyJhbGciOi", Class::Token),
    ("sha256~", Class::Token),
];

impl MarkerSearch {
    pub(crate) fn new() -> Self {
        Self { tail: zeroize::Zeroizing::new(Vec::with_capacity(2 * OVERLAP)), offset: 0, found: Vec::new() }
    }

    /// Looks at the next bytes; each mark is reported once, at its first place.
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        let head = chunk.get(..chunk.len().min(OVERLAP)).unwrap_or(chunk);
        let seam_start = self.offset.saturating_sub(self.tail.len());
        let mut seam = zeroize::Zeroizing::new(Vec::with_capacity(2 * OVERLAP));
        seam.extend_from_slice(&self.tail);
        seam.extend_from_slice(head);
        for (marker, class) in LARGE_MARKERS {
            if self.found.iter().any(|(known, ..)| known == marker) {
                continue;
            }
            let on_seam = memmem::find(&seam, marker.as_bytes()).map(|at| seam_start.saturating_add(at));
            let inside = || memmem::find(chunk, marker.as_bytes()).map(|at| self.offset.saturating_add(at));
            if let Some(at) = on_seam.or_else(inside) {
                self.found.push((marker, *class, at));
            }
        }
        self.offset = self.offset.saturating_add(chunk.len());
        if chunk.len() >= OVERLAP {
            self.tail.clear();
            self.tail.extend_from_slice(chunk.get(chunk.len().saturating_sub(OVERLAP)..).unwrap_or_default());
        } else {
            let keep = seam.len().min(OVERLAP);
            self.tail.clear();
            self.tail.extend_from_slice(seam.get(seam.len().saturating_sub(keep)..).unwrap_or_default());
        }
    }

    pub(crate) fn finish(self) -> Contents {
        let found = self.found.into_iter().map(|(marker, class, offset)| Found {
            algorithm: Some(format!("marker `{marker}`")),
            ..Found::new(class, offset)
        });
        Contents { found: found.collect(), ..Contents::default() }
    }
}

#[cfg(test)]
mod tests;
