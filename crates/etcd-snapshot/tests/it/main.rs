//! The library against real snapshots whose truth is known.

mod fixture;
mod truth;
