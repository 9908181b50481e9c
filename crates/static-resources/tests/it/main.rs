//! Integration tests of the public API.
#![cfg(test)]

mod build;
mod fixtures;
mod fuzz;
mod hostile;
mod memory;
mod producers;
