//! `runtime.Unknown`: the wrapper around every protobuf object.

use crate::envelope::PROTOBUF;
use crate::fault::ObjectFault;
use crate::wire::Fields;

/// The wrapper of a protobuf value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Unknown<'v> {
    pub(crate) api_version: &'v [u8],
    pub(crate) kind: &'v [u8],
    pub(crate) raw: &'v [u8],
}

impl<'v> Unknown<'v> {
    /// Reads the wrapper of a value that begins with `k8s\0`.
    pub(crate) fn read(value: &'v [u8]) -> Result<Self, ObjectFault> {
        let message = value.strip_prefix(PROTOBUF).unwrap_or(value);
        let mut unknown = Self::default();
        for field in Fields::of(message) {
            let field = field.map_err(|fault| fault.of("Unknown"))?;
            match (field.number, field.bytes()) {
                (1, Some(type_meta)) => unknown.read_type_meta(type_meta)?,
                (2, Some(raw)) => unknown.raw = raw,
                _ => {}
            }
        }
        Ok(unknown)
    }

    fn read_type_meta(&mut self, message: &'v [u8]) -> Result<(), ObjectFault> {
        for field in Fields::of(message) {
            let field = field.map_err(|fault| fault.of("TypeMeta"))?;
            match (field.number, field.bytes()) {
                (1, Some(api_version)) => self.api_version = api_version,
                (2, Some(kind)) => self.kind = kind,
                _ => {}
            }
        }
        Ok(())
    }
}
