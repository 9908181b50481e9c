//! What ends a reading before the end of the file.
use std::io;

use crate::fault::Fault;

/// Why reading stopped before the end.
pub(crate) enum Stop {
    Io(io::Error),
    Fault(Fault),
}
