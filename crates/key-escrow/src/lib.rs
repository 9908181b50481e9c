//! Splitting keys from a tarball, sealing them with age, and joining them again byte for byte.
#![forbid(unsafe_code)]
