//! Integration tests of the public API.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![cfg(test)]

mod build;
mod fixtures;
mod fuzz;
mod hostile;
mod memory;
mod producers;
