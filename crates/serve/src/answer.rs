//! What goes back.

use serde::Serialize;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP's code.
    pub(crate) code: u16,
    /// Its form.
    pub(crate) content_type: &'static str,
    /// Its bytes.
    pub(crate) body: Vec<u8>,
    /// What a client should say besides.
    pub(crate) warnings: Vec<String>,
}

/// JSON.
pub(crate) const JSON: &str = "application/json";

impl Answer {
    /// An answer in JSON.
    pub(crate) fn json(code: u16, value: &impl Serialize) -> Self {
        Self::of(code, JSON, serde_json::to_vec(value).unwrap_or_default())
    }

    /// An answer of bytes.
    pub(crate) fn of(code: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { code, content_type, body, warnings: Vec::new() }
    }

    /// Text: what a path that is nobody's is answered with.
    pub(crate) fn text(code: u16, text: &str) -> Self {
        Self::of(code, "text/plain; charset=utf-8", text.as_bytes().to_vec())
    }
}
