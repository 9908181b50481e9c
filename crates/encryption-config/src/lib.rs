//! EncryptionConfiguration, its keyring, and opening k8s:enc: values.
#![forbid(unsafe_code)]
