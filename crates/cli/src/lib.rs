//! The `assay` command: arguments, opening files, output, exit codes.

pub mod input;
pub mod text;
