//! Which keys and objects of a snapshot are meant: options that all commands on keys share.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use lens::{Selection, SelectionError};

use wording::unescape;

/// Which keys, besides what is named outright.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// Only this resource: kind, plural, singular or short name, as po or routes.route.openshift.io; may be given several times
    #[arg(short, long, value_name = "RESOURCE")]
    pub resource: Vec<String>,
    /// Only this namespace, and what of a resource that is named has none; may be given several times
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,
    /// All namespaces, as without --namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Only keys that match this glob; may be given several times
    #[arg(short, long, value_name = "GLOB")]
    pub glob: Vec<String>,
}

impl KeyArgs {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        self.resource.is_empty() && self.namespace.is_empty() && self.glob.is_empty()
    }

    /// What is meant by them, below a prefix.
    ///
    /// # Errors
    /// [`SelectionError`] for a glob that is none.
    pub fn selection(&self, prefix: Option<&OsString>) -> Result<Selection, SelectionError> {
        let mut selection = Selection::default();
        selection.prefix(prefix.map(|prefix| prefix.as_bytes()).unwrap_or_default());
        self.narrow(&mut selection)?;
        Ok(selection)
    }

    fn narrow(&self, selection: &mut Selection) -> Result<(), SelectionError> {
        for names in &self.resource {
            selection.resource(names);
        }
        for namespace in &self.namespace {
            selection.namespace(namespace.as_str());
        }
        self.glob.iter().try_for_each(|glob| selection.glob(glob).map(drop))
    }
}

/// Which objects, besides what is named outright.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which objects")]
pub struct SelectArgs {
    /// Which keys.
    #[command(flatten)]
    pub keys: KeyArgs,
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

impl SelectArgs {
    /// What is meant by them and by what is named outright.
    ///
    /// # Errors
    /// [`SelectionError`] for a glob or a selector that is none.
    pub fn selection(self, names: Names) -> Result<Selection, SelectionError> {
        let mut selection = Selection::default();
        let names: Vec<Vec<u8>> = names.into_iter().map(OsStringExt::into_vec).collect();
        selection.name(&names);
        for ExactKey(key) in self.exact {
            selection.key(key);
        }
        self.labels.iter().try_for_each(|labels| selection.labels(labels).map(drop))?;
        self.fields.iter().try_for_each(|fields| selection.fields(fields).map(drop))?;
        self.keys.narrow(&mut selection)?;
        Ok(selection)
    }
}

/// A key that was given as assay shows keys, for those that cannot be typed: no argument holds a NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactKey(pub Vec<u8>);

pub(super) fn exact_key() -> impl TypedValueParser<Value = ExactKey> {
    OsStringValueParser::new().try_map(|typed| unescape(typed.as_bytes()).map(ExactKey))
}

/// Keys in one word, for options that take several sets of them.
#[derive(Debug, Clone)]
pub struct SelectionText {
    /// What was typed.
    pub text: String,
    /// What is meant by it.
    pub selection: Selection,
}

pub(super) fn chosen() -> impl TypedValueParser<Value = SelectionText> {
    OsStringValueParser::new().try_map(|typed| parse_chosen(&typed))
}

const CHOSEN: &str = "one of prefix:BYTES, resource:NAME, namespace:NAME, glob:GLOB is expected";

fn parse_chosen(typed: &OsString) -> Result<SelectionText, String> {
    let mut selection = Selection::default();
    let text = typed.to_string_lossy().into_owned();
    let (what, value) = text.split_once(':').filter(|(_, value)| !value.is_empty()).ok_or(CHOSEN)?;
    match what {
        "prefix" => {
            let bytes = typed.as_bytes().get(what.len() + 1..).unwrap_or_default();
            selection.prefix(unescape(bytes).map_err(|error| error.to_string())?);
        }
        "resource" => {
            // group before resource is how storage has it
            let named = value.split_once('/').map(|(group, resource)| format!("{resource}.{group}"));
            selection.resource(named.as_deref().unwrap_or(value));
        }
        "namespace" => {
            selection.namespace(value);
        }
        "glob" => {
            selection.glob(value).map_err(|error| error.to_string())?;
        }
        _ => return Err(CHOSEN.to_owned()),
    }
    Ok(SelectionText { text, selection })
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
