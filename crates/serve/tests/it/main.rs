//! The program, asked by a client of one's own and by the real ones.
#![allow(clippy::disallowed_methods, reason = "tests read and write what they made")]
#![allow(clippy::disallowed_types, reason = "tests speak to the server that they started, on loopback")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on has failed")]

mod client;
mod clients;
mod custom;
mod golden;
mod guarded;
mod kubectl;
mod live;
mod masked;
mod oc;
mod odd;
mod proven;
mod requests;
mod rust;
mod served;
mod socket;
