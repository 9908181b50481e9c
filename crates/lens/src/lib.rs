//! What an investigator asks of a snapshot: objects, their history, differences between two, where the space goes.
//!
//! Everything here is computed from a scan; nothing is opened, printed or written.
#![forbid(unsafe_code)]
