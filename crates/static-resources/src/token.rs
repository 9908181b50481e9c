//! Bearer tokens in text.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wording::clip;

use crate::member::Digest;

/// A JSON Web Token: the public claims only.
pub(crate) struct Jwt {
    pub(crate) offset: usize,
    pub(crate) algorithm: Option<String>,
    pub(crate) subject: Option<String>,
    /// Seconds since 1970; `None` for a token that never expires.
    pub(crate) expires: Option<i64>,
    pub(crate) fingerprint: Option<Digest>,
}

const LABEL: &[u8] = b"assay token fingerprint v1\0";
const LONGEST_CLAIM: usize = 512;

fn is_token_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn word(text: &[u8]) -> &[u8] {
    let length = text.iter().position(|byte| !is_token_letter(*byte)).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// Finds every JWT: three base64url words, the first two of which begin like JSON objects.
pub(crate) fn jwts(text: &[u8]) -> Vec<Jwt> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(offset) = text.get(at..).and_then(|rest| memmem::find(rest, b"eyJ")) {
        let offset = at.saturating_add(offset);
        let word_before =
            offset.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|byte| is_token_letter(*byte));
        let rest = text.get(offset..).unwrap_or_default();
        at = offset.saturating_add(word(rest).len().max(1));
        if !word_before && let Some((token, jwt)) = jwt(offset, rest) {
            at = offset.saturating_add(token);
            found.push(jwt);
        }
    }
    found
}

fn jwt(offset: usize, text: &[u8]) -> Option<(usize, Jwt)> {
    let header = word(text);
    let claims = word(text.get(header.len()..)?.strip_prefix(b".")?);
    let length = header.len().checked_add(claims.len())?.checked_add(1)?;
    let signature = word(text.get(length..)?.strip_prefix(b".")?);
    let length = length.checked_add(signature.len())?.checked_add(1)?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let text_of = |value: &Value| Some(clip(value.as_str()?, LONGEST_CLAIM));
    let algorithm = header.get("alg").and_then(text_of);
    // An unforgeable signature cannot be guessed, so a plain hash gives nothing away. A token
    // signed with a shared secret can be computed for each guess of that secret.
    let asymmetric =
        algorithm.as_deref().is_some_and(|name| ["RS", "PS", "ES", "Ed"].iter().any(|kind| name.starts_with(kind)));
    let fingerprint = (asymmetric && signature.len() >= 64).then(|| {
        let hash = Sha256::new().chain_update(LABEL).chain_update(text.get(..length).unwrap_or_default());
        Digest(hash.finalize().into())
    });
    let subject = claims.get("sub").and_then(text_of);
    let expires = claims.get("exp").and_then(Value::as_i64);
    header.is_object().then_some((length, Jwt { offset, algorithm, subject, expires, fingerprint }))
}

/// Finds OpenShift's opaque tokens, `sha256~` and 43 base64url letters.
pub(crate) fn opaque(text: &[u8]) -> Vec<usize> {
    const MARK: &[u8] = b"sha256~";
    memmem::find_iter(text, MARK)
        .filter(|at| text.get(at.saturating_add(MARK.len())..).is_some_and(|rest| word(rest).len() == 43))
        .collect()
}
