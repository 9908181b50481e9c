//! A verdict in the forms that other tools and people read.
//!
//! Every report is made from the JSON document that `assay verify --json` prints, so that none can say more or less.
#![forbid(unsafe_code)]
