//! What README.md and docs/ say is what assay does: screens, tables, fields and links.
//!
//! `ASSAY_UPDATE_SCREENS=1 cargo test -p cli --test e2e readme` writes anew what can be generated: the output under
//! each `$ ` line, the table of damage, the catalogue of findings. Then read the diff.

mod damage;
mod fields;
mod findings;
mod page;
mod published;
mod screens;
