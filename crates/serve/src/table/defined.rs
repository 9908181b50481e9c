//! The columns of custom resources: those that their definition has, and OpenShift's one for its ClusterOperators.

use lens::jsonpath::{Template, printed};
use serde_json::{Value, json};

use super::age;
use super::cells::{Row, number, or, text};
use crate::world::Resource;

/// A column.
pub(super) struct Defined<'w> {
    head: Head<'w>,
    fill: Fill,
}

enum Head<'w> {
    Said(&'w Value),
    Own(&'static str, &'static str),
}

enum Fill {
    Name,
    Path(Template),
    Message,
    /// The definition's path cannot be read: nothing stands there.
    Nothing,
}

const MESSAGES: [(&str, &str); 3] = [("Available", "False"), ("Degraded", "True"), ("Progressing", "True")];

/// Those of a resource.
pub(super) fn columns(resource: &Resource) -> Vec<Defined<'_>> {
    let mut columns = vec![Defined { head: Head::Own("Name", "string"), fill: Fill::Name }];
    let said = resource.defined().map(|version| version.columns.as_slice()).unwrap_or_default();
    columns.extend(said.iter().map(|column| {
        let fill = Template::relaxed(text(column, "/jsonPath")).map_or(Fill::Nothing, Fill::Path);
        Defined { head: Head::Said(column), fill }
    }));
    if said.is_empty() {
        let fill = Template::relaxed(".metadata.creationTimestamp").map_or(Fill::Nothing, Fill::Path);
        columns.push(Defined { head: Head::Own("Age", "date"), fill });
    }
    if (resource.group.as_str(), resource.name.as_str()) == ("config.openshift.io", "clusteroperators") {
        columns.push(Defined { head: Head::Own("Message", "string"), fill: Fill::Message });
    }
    columns
}

impl Defined<'_> {
    pub(super) fn head(&self) -> Value {
        match &self.head {
            Head::Own(name, kind) => {
                let format = if *name == "Name" { "name" } else { "" };
                json!({"name": name, "type": kind, "format": format, "description": "", "priority": 0})
            }
            Head::Said(column) => json!({"name": text(column, "/name"), "type": text(column, "/type"),
                "format": text(column, "/format"), "description": text(column, "/description"),
                "priority": number(column, "/priority").unwrap_or(0)}),
        }
    }

    pub(super) fn cell(&self, row: &Row<'_>) -> Value {
        match &self.fill {
            Fill::Name => json!(row.text("/metadata/name")),
            Fill::Nothing => Value::Null,
            Fill::Message => message(row),
            Fill::Path(path) => {
                let found = path.select(row.object).unwrap_or_default();
                let Some(first) = found.first() else { return Value::Null };
                match self.kind() {
                    "string" => json!(found.iter().map(printed).collect::<Vec<_>>().join(" ")),
                    kind => typed(first, kind, row),
                }
            }
        }
    }

    fn kind(&self) -> &str {
        match &self.head {
            Head::Own(_, kind) => kind,
            Head::Said(column) => text(column, "/type"),
        }
    }
}

/// A value as a cell of a type; nothing where it is of another.
fn typed(value: &Value, kind: &str, row: &Row<'_>) -> Value {
    match (kind, value) {
        ("integer", Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            #[expect(clippy::cast_possible_truncation, reason = "Go's conversion cuts, too")]
            (None, Some(float)) => json!(float as i64),
            (None, None) => Value::Null,
        },
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(time)) => json!(match time.parse::<jiff::Timestamp>() {
            Ok(_) => age::since(time, row.now),
            Err(_) => "<invalid>".to_owned(),
        }),
        _ => Value::Null,
    }
}

/// What is wrong with an operator, or what it does.
fn message(row: &Row<'_>) -> Value {
    let said = MESSAGES
        .iter()
        .find_map(|(kind, status)| row.condition(kind).filter(|condition| text(condition, "/status") == *status));
    said.map_or(Value::Null, |said| json!(or(text(said, "/message"), text(said, "/reason"))))
}
