//! EncryptionConfiguration, its keyring, and opening k8s:enc: values.
//!
//! Two steps, each of which works on hostile bytes:
//!
//! 1. [`EncryptionConfig::parse`] reads the file a kube-apiserver runs with (JSON as OpenShift
//!    writes it, YAML as HyperShift and people do). What cannot be understood is a [`Problem`]
//!    with its place in the document; only a file that is no configuration at all is an error.
//! 2. [`EncryptionConfig::states`] says what the order of providers means for each resource.
//!
//! # Secrets
//! Key bytes live in [`Key`], which has no `Debug`, `Display`, `Serialize` or `Clone`, is wiped
//! on drop, and hands its bytes to nobody outside this crate. No error and no problem carries
//! a part of a secret.
//! A JSON file is read in place. A YAML file passes through a parser that copies text, so long
//! base64 runs are taken out before and put back after ([`EncryptionConfig::parse`]
//! has the details); what remains outside our reach are escapes such as `"\x41"` in YAML or
//! `"\u0041"` in JSON, which no API server writes into a key.
#![forbid(unsafe_code)]

mod config;
mod fingerprint;
mod key;
mod mask;
mod node;
mod parse;
mod problem;
mod state;

pub use config::{EncryptionConfig, Format, GroupResource, Kms, Provider, ProviderKind, ResourceProviders};
pub use fingerprint::{FINGERPRINT_METHOD, Fingerprint};
pub use key::{Key, KeyNaming};
pub use parse::{Limits, ParseError};
pub use problem::{Problem, ProblemKind};
pub use state::{KeyUse, ResourceState, State};
