//! `assay-fleet`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    fleet::run(std::env::args_os())
}
