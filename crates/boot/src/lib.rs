//! A data directory before a real etcd: the program that is given is started on it, on loopback, and asked whether it serves
//! what it should.
//!
//! [`Etcd::ask`] makes sure that a program is an etcd; [`Etcd::start`] starts it and waits until it is ready, or says why it
//! is not ([`Failure`], with what its log means); [`Server::probe`] asks it everything, and a [`Probe`] is what was wanted
//! and what came. What was started ends with its [`Server`].
//!
//! [`kube`] starts a kube-apiserver on that etcd, and holds what it serves against what is stored.
//!
//! Whoever calls has the data directory, which a server writes to, and the environment, of which nothing may configure it.
//! Only [`gateway`] has a socket, and only to a peer on loopback that was started here.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod error;
pub mod explain;
pub mod gateway;
pub mod kube;
mod launch;
mod probe;
mod server;
pub mod wire;

pub use error::GatewayError;
pub use explain::{Failure, Symptom};
pub use gateway::Gateway;
pub use launch::{Etcd, EtcdError, Launcher, Version};
pub use probe::{Expected, Outcome, Probe, Probing};
pub use server::{Begin, Handle, Plan, Server, StartError, patience};
