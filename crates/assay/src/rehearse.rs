//! A snapshot restored, and an etcd started on it: done by a program, told with the rest.

use artifact::Contents;
use document::Boot;

/// Restores a snapshot where nobody else looks, and starts an etcd on it. A program does so here: this library starts
/// nothing.
pub trait Rehearse: Send + Sync {
    /// What the etcd did, or why there was nothing to start it on.
    ///
    /// # Errors
    /// Whatever keeps it from being tried: it comes back as [`crate::Error::Rehearsal`].
    fn rehearse(&self, source: &Contents) -> Result<Boot, Box<dyn std::error::Error + Send + Sync>>;
}
