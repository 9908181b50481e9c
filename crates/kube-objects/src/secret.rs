//! The data of a Secret, borrowed: key bytes must not pass through copies that nobody wipes.

use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::unknown::Unknown;
use crate::wire::Fields;

/// Reads one entry of `data` of a stored Secret; `None` where the Secret has no such entry.
///
/// Only protobuf is read, in which every API server since Kubernetes 1.6 stores Secrets. The bytes are those of the
/// Secret themselves: protobuf has no base64.
///
/// # Errors
/// [`ObjectFault`] where the value is no protobuf, or breaks off. `kind` is not looked at: see [`crate::ObjectHead`].
pub fn secret_data<'v>(value: &'v [u8], name: &str) -> Result<Option<&'v [u8]>, ObjectFault> {
    match Envelope::of(value) {
        Envelope::Protobuf => {}
        other => return Err(ObjectFault::NotAnObject { found: other.word() }),
    }
    // Secret {1: metadata, 2: data (a map entry {1: key, 2: value} each), 3: type}
    for field in Fields::of(Unknown::read(value)?.raw) {
        let field = field.map_err(|fault| fault.of("Secret"))?;
        let (2, Some(entry)) = (field.number, field.bytes()) else { continue };
        let (mut key, mut bytes): (&[u8], &[u8]) = (b"", b"");
        for part in Fields::of(entry) {
            let part = part.map_err(|fault| fault.of("Secret.data"))?;
            match (part.number, part.bytes()) {
                (1, Some(name)) => key = name,
                (2, Some(value)) => bytes = value,
                _ => {}
            }
        }
        if key == name.as_bytes() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()][..], content].concat()
    }

    fn secret(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let data = entries.iter().map(|(key, value)| bytes(2, &[bytes(1, key.as_bytes()), bytes(2, value)].concat()));
        let raw = [bytes(1, b""), data.collect::<Vec<_>>().concat(), bytes(3, b"Opaque")].concat();
        [b"k8s\0", &bytes(2, &raw)[..]].concat()
    }

    #[test]
    fn an_entry_is_found_by_its_whole_name() {
        let value = secret(&[("encryption-config-old", b"x"), ("encryption-config", b"\0\xff"), ("empty", b"")]);
        assert_eq!(secret_data(&value, "encryption-config"), Ok(Some(&b"\0\xff"[..])));
        assert_eq!(secret_data(&value, "empty"), Ok(Some(&b""[..])));
        assert_eq!(secret_data(&value, "encryption"), Ok(None));
        assert_eq!(secret_data(&secret(&[]), "a"), Ok(None));
    }

    #[test]
    fn what_is_no_whole_secret_is_a_fault() {
        let value = secret(&[("a", b"x")]);
        assert!(secret_data(&value[..value.len() - 1], "a").is_err());
        assert_eq!(secret_data(b"{}", "a"), Err(ObjectFault::NotAnObject { found: "json" }));
        assert!(secret_data(b"k8s:enc:aescbc:v1:1:x", "a").is_err());
    }
}
