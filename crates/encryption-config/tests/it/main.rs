//! Integration tests of the public API.
#![cfg(test)]

mod config;
mod holders;
mod hostile;
mod names;
mod open;
mod recorded;
mod refused;
mod seal;
mod states;
