//! What holds the workspace in shape. Never shipped: no crate that is may import it.
//!
//! - [`layers`] holds the laws of ARCHITECTURE.md: which crate may import which, and no circle of modules.
#![forbid(unsafe_code)]

pub mod layers;
