//! EncryptionConfiguration, its keyring, and opening k8s:enc: values.
//!
//! Three steps, each of which works on hostile bytes:
//!
//! 1. [`EncryptionConfig::parse`] reads the file a kube-apiserver runs with (JSON as OpenShift
//!    writes it, YAML as HyperShift and people do). What cannot be understood is a [`Problem`]
//!    with its place in the document; only a file that is no configuration at all is an error.
//! 2. [`EncryptionConfig::states`] says what the order of providers means for each resource.
//! 3. [`Keyring::open`] opens one stored value, as the API server would; [`EncryptionConfig::sealer`] writes one.
//!
//! # Secrets
//! Key bytes live in [`Key`], which has no `Debug`, `Display`, `Serialize` or `Clone`, is wiped
//! on drop, and hands its bytes to nobody outside this crate. No error and no problem carries
//! a part of a secret. Opened values are in [`Plaintext`], wiped on drop too.
//! A JSON file is read in place. A YAML file passes through a parser that copies text, so long
//! base64 runs are taken out before and put back after ([`EncryptionConfig::parse`]
//! has the details); what remains outside our reach are escapes such as `"\x41"` in YAML or
//! `"\u0041"` in JSON, which no API server writes into a key.
//!
//! # Example: prove that a keyring opens a snapshot
//! ```
//! use encryption_config::{EncryptionConfig, Keyring, Magic, StoredAs};
//!
//! # let file = br#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1",
//! #   "resources":[{"resources":["secrets"],"providers":[{"identity":{}}]}]}"#;
//! let mut keyring = Keyring::default();
//! keyring.add(EncryptionConfig::parse(file)?);
//! // for every live key of the snapshot: its resource, the full etcd key, the value as stored
//! let opened = keyring.open("secrets", b"/kubernetes.io/secrets/ns/name", b"k8s\0...")?;
//! assert_eq!(opened.stored_as, StoredAs::Plain);
//! assert_eq!(opened.magic, Some(Magic::Protobuf)); // then compare kind and name with the key
//! let _bytes: &[u8] = &opened.plaintext;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! The fixtures' `decrypted-truth.jsonl.gz` has, for each live key, the SHA-256 of the stored
//! value (`valueSHA256`) and of `opened.plaintext` (`plainSHA256`).
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config;
mod envelope;
mod finder;
mod fingerprint;
mod key;
mod keyring;
mod kind;
mod mask;
mod node;
mod open;
mod parse;
mod problem;
mod ready;
mod record;
mod run;
mod seal;
mod search;
mod state;
mod stored;
mod token;
mod write;

pub use config::{EncryptionConfig, Format, GroupResource, Kms, Provider, ResourceProviders};
pub use envelope::{EnvelopeError, KmsEnvelope};
pub use finder::{Finder, Found};
pub use fingerprint::{FINGERPRINT_METHOD, Fingerprint};
pub use key::{Key, KeyNaming};
pub use keyring::{Keyring, OpenError, Opened, Plaintext, Standing, StoredAs};
pub use kind::ProviderKind;
pub use open::{BodyError, Cipher};
pub use parse::{Limits, ParseError};
pub use problem::{Problem, ProblemKind};
pub use record::Record;
pub use run::{Asked, Fingerprints};
pub use seal::{SealError, Sealer};
pub use state::{KeyUse, ResourceState, State};
pub use stored::{Magic, PrefixError, StoredValue, body_under, likely_name, name_ends};
pub use token::{RecordError, Token, is_record};
