//! What an organisation asks of its backups: severities, thresholds and waivers, read from a TOML file.
#![forbid(unsafe_code)]
