//! KMS envelopes: what they say about the key outside, without opening anything.
use thiserror::Error;

/// The public part of a KMS-encrypted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsEnvelope {
    /// v1: a length, the encrypted data key, the payload. It does not name the outside key.
    V1 {
        /// Bytes of the encrypted data key.
        encrypted_dek: usize,
        /// Bytes of the payload.
        payload: usize,
    },
    /// v2: protobuf `EncryptedObject`.
    V2 {
        /// The plugin's name for the outside key, needed to open the value. It is text from the
        /// value: escape it before printing.
        key_id: String,
        /// Bytes of the encrypted data key or seed.
        encrypted_dek: usize,
        /// Bytes of the payload.
        payload: usize,
        /// 0: the data key is an AES-GCM key. 1: it is a seed for HKDF.
        dek_source: u64,
        /// The names of the annotations (not their values).
        annotations: Vec<String>,
    },
}

/// A KMS value whose envelope does not parse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the KMS envelope is malformed at byte {offset}: {what}")]
pub struct EnvelopeError {
    /// Where, from the start of the body.
    pub offset: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// The API server's own cap for a key ID.
const LONGEST_KEY_ID: usize = 1024;
const MOST_ANNOTATIONS: usize = 1024;

impl KmsEnvelope {
    /// Reads a v1 body: u16 big-endian length, encrypted data key, payload.
    ///
    /// # Errors
    /// [`EnvelopeError`] where the length runs past the value.
    pub fn read_v1(body: &[u8]) -> Result<Self, EnvelopeError> {
        let (length, rest) = body.split_first_chunk::<2>().ok_or(EnvelopeError { offset: 0, what: "no length" })?;
        let encrypted_dek = usize::from(u16::from_be_bytes(*length));
        let payload = rest.len().checked_sub(encrypted_dek);
        let payload = payload.ok_or(EnvelopeError { offset: 0, what: "the data key runs past the value" })?;
        Ok(KmsEnvelope::V1 { encrypted_dek, payload })
    }

    /// Reads a v2 body: protobuf with fields 1 `encryptedData`, 2 `keyID`,
    /// 3 `encryptedDEKSource`, 4 `annotations`, 5 `encryptedDEKSourceType`.
    ///
    /// # Errors
    /// [`EnvelopeError`] for anything that is not that message; unknown fields are skipped.
    pub fn read_v2(body: &[u8]) -> Result<Self, EnvelopeError> {
        let mut wire = Wire { bytes: body, total: body.len() };
        let (mut key_id, mut encrypted_dek, mut payload, mut dek_source) = (String::new(), 0, 0, 0);
        let mut annotations = Vec::new();
        while !wire.bytes.is_empty() {
            let at = wire.offset();
            match wire.field()? {
                (1, Field::Bytes(bytes)) => payload = bytes.len(),
                (2, Field::Bytes(bytes)) => {
                    if bytes.len() > LONGEST_KEY_ID {
                        return Err(EnvelopeError { offset: at, what: "the key ID is longer than 1024 bytes" });
                    }
                    key_id = String::from_utf8_lossy(bytes).into_owned();
                }
                (3, Field::Bytes(bytes)) => encrypted_dek = bytes.len(),
                (4, Field::Bytes(bytes)) => {
                    if annotations.len() >= MOST_ANNOTATIONS {
                        return Err(EnvelopeError { offset: at, what: "more than 1024 annotations" });
                    }
                    annotations.extend(annotation_name(bytes)?);
                }
                (5, Field::Number(number)) => dek_source = number,
                (1..=5, _) => {
                    return Err(EnvelopeError { offset: at, what: "a field of the wrong type" });
                }
                _ => {}
            }
        }
        Ok(KmsEnvelope::V2 { key_id, encrypted_dek, payload, dek_source, annotations })
    }
}

/// The key of a protobuf map entry.
fn annotation_name(entry: &[u8]) -> Result<Option<String>, EnvelopeError> {
    let mut wire = Wire { bytes: entry, total: entry.len() };
    let mut name = None;
    while !wire.bytes.is_empty() {
        if let (1, Field::Bytes(bytes)) = wire.field()? {
            name = Some(
                String::from_utf8_lossy(bytes.get(..bytes.len().min(LONGEST_KEY_ID)).unwrap_or_default()).into_owned(),
            );
        }
    }
    Ok(name)
}

enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    Other,
}

/// A protobuf reader over the few wire types that exist.
struct Wire<'b> {
    bytes: &'b [u8],
    total: usize,
}

impl<'b> Wire<'b> {
    fn offset(&self) -> usize {
        self.total.saturating_sub(self.bytes.len())
    }

    fn error(&self, what: &'static str) -> EnvelopeError {
        EnvelopeError { offset: self.offset(), what }
    }

    fn field(&mut self) -> Result<(u64, Field<'b>), EnvelopeError> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => self.take(8).map(|_| Field::Other)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| self.error("a length out of range"))?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Other)?,
            _ => return Err(self.error("an unknown wire type")),
        };
        Ok((tag >> 3, field))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], EnvelopeError> {
        let (head, tail) =
            self.bytes.split_at_checked(length).ok_or_else(|| self.error("a field runs past the value"))?;
        self.bytes = tail;
        Ok(head)
    }

    fn varint(&mut self) -> Result<u64, EnvelopeError> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first().unwrap_or(&0);
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error("a number longer than 10 bytes"))
    }
}
