//! Which objects of a snapshot are meant: options that `get`, `export`, `timeline` and their kin share.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::text::unescape;

/// Which objects, besides what is named outright.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which objects")]
pub struct SelectArgs {
    /// Only objects of this resource, such as pods, po or routes.route.openshift.io; may be given several times
    #[arg(short, long, value_name = "RESOURCE")]
    pub resource: Vec<String>,
    /// Only objects in this namespace; may be given several times
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,
    /// Objects in all namespaces, as without --namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Only keys that match this glob; may be given several times
    #[arg(short, long, value_name = "GLOB")]
    pub glob: Vec<String>,
    /// Only objects with these labels, such as `app=web,tier!=db`
    #[arg(short = 'l', long = "selector", value_name = "LABELS")]
    pub labels: Vec<String>,
    /// Only objects with these fields, such as spec.nodeName=worker-1; any field will do
    #[arg(long = "field", visible_alias = "field-selector", value_name = "FIELDS")]
    pub fields: Vec<String>,
    /// One key, byte for byte, as assay shows keys: `\n`, `\xff`, `\u{0}`, `\\`; may be given several times
    #[arg(long, value_name = "KEY", value_parser = exact_key())]
    pub exact: Vec<ExactKey>,
}

/// A key that was given as assay shows keys, for those that cannot be typed: no argument holds a NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactKey(pub Vec<u8>);

pub(super) fn exact_key() -> impl TypedValueParser<Value = ExactKey> {
    OsStringValueParser::new().try_map(|typed| unescape(typed.as_bytes()).map(ExactKey))
}

/// How values are shown.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "How values are shown")]
pub struct RevealArgs {
    /// Show what is secret: data of Secrets, tokens, private keys
    #[arg(long)]
    pub reveal: bool,
}

/// What is named outright: keys, prefixes, resources, objects.
pub type Names = Vec<OsString>;
