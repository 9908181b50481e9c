//! What README.md and docs/ say is what assay does: screens, tables, fields and links.
//!
//! `cargo xtask generate` writes anew what can be generated: the output under each `$ ` line, the table of damage, the
//! page of findings, the schema. Then read the diff.

mod damage;
mod fields;
mod findings;
mod page;
mod platforms;
mod published;
mod screens;
