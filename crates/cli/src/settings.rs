//! What was meant: the arguments made sense of, once, before any work is done.

use artifact::Reading;

use crate::args::GlobalArgs;
use crate::exit::Error;

impl From<&GlobalArgs> for Reading {
    fn from(global: &GlobalArgs) -> Self {
        Self { mmap: !global.no_mmap, max_expanded: global.max_expanded }
    }
}

/// Sets up the pool of threads, as many as were asked for or as there are cores.
///
/// # Errors
/// When the system gives no threads.
pub fn start_threads(global: &GlobalArgs) -> Result<(), Error> {
    let Some(threads) = global.threads else {
        return Ok(()); // rayon starts its own when it is first used
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .build_global()
        .map_err(|error| Error::Usage(format!("cannot start {threads} threads: {error}")))
}
