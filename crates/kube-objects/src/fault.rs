//! What can be wrong with a stored value.

/// A value could not be read as the object it should be. Nothing of the value's content is in
/// here: it may be a Secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectFault {
    /// The value is encrypted, empty, or in no encoding that Kubernetes stores objects in.
    #[error(
        "value is `{found}`, expected an object in protobuf, JSON or CBOR; open it with its keys if it is encrypted"
    )]
    NotAnObject {
        /// [`Envelope::word`](crate::Envelope::word) of the value.
        found: &'static str,
    },
    /// Protobuf that does not parse.
    #[error("protobuf of `{message}` breaks off at byte {offset}; the value is damaged or cut")]
    Protobuf {
        /// The message that was being read.
        message: &'static str,
        /// Offset of the faulty field within that message, in bytes.
        offset: usize,
    },
    /// JSON that does not parse, or whose fields have other types than the object's.
    #[error("JSON of the object is malformed at line {line}, column {column}; the value is damaged or cut")]
    Json {
        /// Line, from 1; 0 where the fault is in a field's type.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

impl ObjectFault {
    pub(crate) fn json(fault: &serde_json::Error) -> Self {
        Self::Json { line: fault.line(), column: fault.column() }
    }
}

/// A fault of the wire format at `offset` of the message being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireFault {
    pub(crate) offset: usize,
}

impl WireFault {
    pub(crate) fn of(self, message: &'static str) -> ObjectFault {
        ObjectFault::Protobuf { message, offset: self.offset }
    }
}
