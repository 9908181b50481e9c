//! OpenShift's version grammar, and whether a backup of one release may be restored onto another.
//!
//! Of OpenShift the rule is the documentation's: a backup is restored onto a cluster of the same z-stream release. [`judge`] applies
//! it to what is known of the backup and gives the reasons, the documented one first. No I/O, no dates, no guesses: what
//! is not known is a verdict of its own. [`Starts`] has the rules of other platforms.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod rules;
mod starts;
mod version;

pub use rules::{Backup, Data, Judgement, Reason, Relation, Rule, Target, judge};
pub use starts::Starts;
pub use version::{Kind, ParseError, Stage, Version, etcd_minor, kubernetes_minor, openshift_minor};
