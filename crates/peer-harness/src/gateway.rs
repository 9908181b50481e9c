//! The way to the JSON gateway that assay itself has, with the harness's errors.

use std::time::Duration;

use boot::wire;
use serde_json::Value;

use crate::HarnessError;

pub(crate) struct Gateway(boot::Gateway);

impl Gateway {
    /// `patience` is the longest time that one request may take.
    pub(crate) fn new(port: u16, patience: Duration) -> Self {
        Self(boot::Gateway::new(port, patience))
    }

    /// POSTs JSON and reads the JSON answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, HarnessError> {
        Ok(self.0.post(path, body)?)
    }

    /// Whether the server is up.
    pub(crate) fn healthy(&self) -> bool {
        self.0.healthy()
    }
}

/// The main revision that the header of an answer bears.
pub(crate) fn revision_in(answer: &Value) -> Result<i64, HarnessError> {
    Ok(wire::revision_in(answer)?)
}

/// An integer, as [`wire::number`] reads it.
pub(crate) fn number(object: &Value, name: &str, what: &str) -> Result<i64, HarnessError> {
    Ok(wire::number(object, name, what)?)
}

/// An ID, as [`wire::id`] reads it.
pub(crate) fn id(value: Option<&Value>, what: &str) -> Result<u64, HarnessError> {
    Ok(wire::id(value, what)?)
}

/// Bytes, as [`wire::bytes`] reads them.
pub(crate) fn bytes(value: Option<&Value>, what: &str) -> Result<Vec<u8>, HarnessError> {
    Ok(wire::bytes(value, what)?)
}
