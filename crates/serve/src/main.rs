//! `assay-serve`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    serve::run(std::env::args_os())
}
