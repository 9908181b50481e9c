//! OpenShift version grammar and z-stream rules.
#![forbid(unsafe_code)]
