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
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// CBOR that does not parse, or that Kubernetes would refuse.
    #[error("CBOR of the object is malformed before byte {offset}; the value is damaged or cut")]
    Cbor {
        /// Offset behind the faulty item's head, in bytes of the value.
        offset: usize,
    },
    /// A field of CBOR has another type than the object's.
    #[error("a field of `{object}` has another type than it should; the value is of another kind")]
    FieldType {
        /// What was being read.
        object: &'static str,
    },
    /// An object that does not say what kind it is.
    #[error("the object says no kind; the value is damaged, or no API server wrote it")]
    NoKind,
    /// More than any API server stores: a damaged or hostile value.
    #[error("object has more than {limit} {what}; look at its bytes with `-o raw` instead")]
    TooLarge {
        /// What there is too much of: `bytes`, `fields` or `levels`.
        what: &'static str,
        /// The most that is read.
        limit: usize,
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
