//! Integration tests of the public API.
#![cfg(test)]

mod config;
mod hostile;
mod open;
mod recorded;
mod seal;
mod states;
