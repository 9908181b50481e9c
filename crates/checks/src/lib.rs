//! Facts in, findings out; the catalogue of finding IDs.
#![forbid(unsafe_code)]
