//! The options of `assay get`.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command, ValueHint};
use lens::jsonpath::Template;
use lens::{CustomColumns, Selection, SortBy};

use super::keys::KeysInput;
use super::select::{RevealArgs, SelectArgs};
use super::values::parse_revision;

/// Forms of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectFormat {
    /// As `kubectl get -o yaml`.
    Yaml,
    /// As `kubectl get -o json`.
    Json,
    /// A line for each object, in columns; with those of `kubectl get -o wide`, too.
    Table {
        /// With more columns.
        wide: bool,
    },
    /// Kind, group and name of each: `deployment.apps/web`.
    Name,
    /// A template of JSONPath, filled in.
    JsonPath(Template),
    /// Columns of one's own.
    CustomColumns(CustomColumns),
    /// A JSON object a line: key, revisions and object.
    Ndjson,
    /// The bytes of one value, opened.
    Raw,
    /// The bytes of one value, opened, in hexadecimal digits.
    Hex,
}

/// What is before the template and the columns.
const WITH_TEXT: [&str; 2] = ["jsonpath=", "custom-columns="];

/// Forms by their words, each with what help says of it.
const FORMATS: [(&str, &str); 10] = [
    ("yaml", "As `kubectl get -o yaml`"),
    ("json", "As `kubectl get -o json`"),
    ("table", "A line for each object, in columns"),
    ("wide", "A line for each object, in more columns"),
    ("name", "Kind, group and name of each: deployment.apps/web"),
    ("jsonpath=", "A template: '{range .items[*]}{.metadata.name}{\"\\n\"}{end}'"),
    ("custom-columns=", "Columns: NAME:.metadata.name,NODE:.spec.nodeName"),
    ("ndjson", "A JSON object a line: key, revisions and object"),
    ("raw", "The bytes of one value, opened"),
    ("hex", "The bytes of one value, opened, in hexadecimal digits"),
];

impl FromStr for ObjectFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let [jsonpath, columns] = WITH_TEXT.map(|word| text.strip_prefix(word));
        if let Some(template) = jsonpath {
            return Template::parse(template).map(Self::JsonPath).map_err(|error| error.to_string());
        }
        if let Some(columns) = columns {
            return CustomColumns::parse(columns).map(Self::CustomColumns).map_err(|error| error.to_string());
        }
        Ok(match text {
            "yaml" => Self::Yaml,
            "json" => Self::Json,
            "table" => Self::Table { wide: false },
            "wide" => Self::Table { wide: true },
            "name" => Self::Name,
            "ndjson" => Self::Ndjson,
            "raw" => Self::Raw,
            "hex" => Self::Hex,
            _ => return Err(format!("one of {} is expected", FORMATS.map(|(word, _)| word).join(", "))),
        })
    }
}

/// Reads a form, and tells help and completion which there are.
#[derive(Clone)]
struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = ObjectFormat;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<ObjectFormat, clap::Error> {
        StringValueParser::new().try_map(|text| text.parse::<ObjectFormat>()).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMATS.into_iter().map(|(word, help)| PossibleValue::new(word).help(help))))
    }
}

const GET_HELP: &str = "\
Examples:
  assay get snapshot.db secrets/db -n prod             one object, as kubectl names it
  assay get snapshot.db /kubernetes.io/minions/w1      one object, by its key in etcd
  assay get snapshot.db pods -n prod -o table          all pods of a namespace
  assay get snapshot.db -r pods --field spec.nodeName=w1
  assay get snapshot.db nodes -o jsonpath='{.items[*].metadata.name}'
  assay get snapshot.db pods -A --sort-by .metadata.creationTimestamp -o wide
  assay get snapshot.db pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName
  assay get snapshot.db /kubernetes.io/rbac            nothing: a prefix ends with a slash
  assay get snapshot.db configmaps/app -n prod --rev 120034
  assay get snapshot.db secrets/db -n prod --reveal    with its data
  assay get snapshot.db secrets/db -n prod --keys static_kuberesources_2026-11-23_010203.tar.gz

What is secret is shown as `<masked: N bytes>` unless --reveal is given: data of Secrets, OAuth tokens and
client secrets, TLS keys of routes, webhook secrets, private keys in PEM. ConfigMaps, environments of pods
and custom resources are shown as they are, whatever they hold.

Without -o, one object is shown as YAML, several as a table. Templates and columns are in kubectl's dialect of
JSONPath; of several objects they are filled in from a List, as kubectl has it.";

/// `assay get`.
#[derive(Debug, Clone, Args)]
#[command(after_help = GET_HELP)]
pub struct GetArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// A key, a prefix that ends with a slash, TYPE/NAME, TYPE NAME, or TYPE
    #[arg(value_name = "WHAT")]
    pub what: Vec<OsString>,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// As it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which objects")]
    pub rev: Option<i64>,
    /// How values are shown.
    #[command(flatten)]
    pub reveal: RevealArgs,
    /// Keep metadata.managedFields
    #[arg(long, help_heading = "How values are shown")]
    pub show_managed_fields: bool,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// With `-o raw` and `-o hex`: the bytes as they are stored, even if they are encrypted
    #[arg(long, help_heading = "How values are shown")]
    pub stored: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", value_parser = FormatParser, help_heading = "Output")]
    pub output: Option<ObjectFormat>,
    /// In the order of a field, such as .metadata.creationTimestamp
    #[arg(long, value_name = "PATH", value_parser = SortBy::parse, help_heading = "Output")]
    pub sort_by: Option<SortBy>,
    /// Columns without their titles
    #[arg(long, help_heading = "Output")]
    pub no_headers: bool,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl GetArgs {
    /// Which objects are meant. Takes them out.
    ///
    /// # Errors
    /// What does not go together, and a glob or a selector that is none.
    pub fn selection(&mut self) -> Result<Selection, String> {
        let (select, what) = (std::mem::take(&mut self.select), std::mem::take(&mut self.what));
        let selection = select.selection(what).map_err(|error| error.to_string())?;
        let is_of_bytes = matches!(self.format(), Some(ObjectFormat::Raw | ObjectFormat::Hex));
        let refused = if selection.is_everything() {
            "say which objects: a key, TYPE/NAME, `-r RESOURCE`, `-n NAMESPACE`, ..."
        } else if is_of_bytes && selection.single().is_none() {
            "`-o raw` and `-o hex` show one value: give its key, TYPE/NAME, or `--exact KEY`"
        } else if self.stored && !is_of_bytes {
            "`--stored` goes with `-o raw` and `-o hex`"
        } else {
            return Ok(selection);
        };
        Err(refused.to_owned())
    }

    /// The form that was asked for, whichever way.
    pub fn format(&self) -> Option<ObjectFormat> {
        if self.json { Some(ObjectFormat::Json) } else { self.output.clone() }
    }
}
