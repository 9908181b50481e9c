//! Objects as rows: the columns that Kubernetes 1.36 has for its kinds, those of definitions, and OpenShift's one.

mod age;
mod cells;
mod cluster;
mod core;
mod defined;
mod network;
mod openshift;
mod policy;
mod storage;
mod workloads;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::field::put;
use crate::world::{Resource, World};
use cells::Row;

/// What fills a cell.
type Cell = fn(&Row<'_>) -> Value;

/// A column of a built-in resource.
pub(crate) struct Column {
    name: &'static str,
    kind: &'static str,
    wide: bool,
    cell: Cell,
}

/// A column of text.
const fn text(name: &'static str, cell: Cell) -> Column {
    Column { name, kind: "string", wide: false, cell }
}

/// A column of text that `-o wide` shows.
const fn wide(name: &'static str, cell: Cell) -> Column {
    Column { name, kind: "string", wide: true, cell }
}

/// A column of whole numbers.
const fn integer(name: &'static str, cell: Cell) -> Column {
    Column { name, kind: "integer", wide: false, cell }
}

/// A column of yes and no.
const fn boolean(name: &'static str, cell: Cell) -> Column {
    Column { name, kind: "boolean", wide: false, cell }
}

const NAME: Column = text("Name", |row| json!(row.text("/metadata/name")));
const AGE: Column = text("Age", |row| json!(row.age("/metadata/creationTimestamp")));

/// The columns of a resource: group, plural, columns.
type Rows = &'static [(&'static str, &'static str, &'static [Column])];

/// What no table below has, and no definition.
static OTHERS: &[Column] = &[
    NAME,
    Column {
        name: "Created At",
        kind: "date",
        wide: false,
        cell: |row| json!(row.text("/metadata/creationTimestamp")),
    },
];

static TABLES: &[Rows] = &[
    core::TABLES,
    workloads::TABLES,
    network::TABLES,
    storage::TABLES,
    policy::TABLES,
    cluster::TABLES,
    openshift::TABLES,
];

/// The columns of one resource.
pub(crate) struct Table<'w> {
    columns: Columns<'w>,
    now: Option<Timestamp>,
}

enum Columns<'w> {
    BuiltIn(&'static [Column]),
    Defined(Vec<defined::Defined<'w>>),
}

impl<'w> Table<'w> {
    /// For a resource, its ages counted as the world says.
    pub(crate) fn of(world: &World, resource: &'w Resource) -> Self {
        let columns = match &resource.definition {
            Some(_) => Columns::Defined(defined::columns(resource)),
            None => Columns::BuiltIn(built_in(&resource.group, &resource.name)),
        };
        Self { columns, now: world.now() }
    }

    /// `columnDefinitions`.
    pub(crate) fn columns(&self) -> Value {
        match &self.columns {
            Columns::BuiltIn(columns) => columns.iter().map(head).collect(),
            Columns::Defined(columns) => columns.iter().map(defined::Defined::head).collect(),
        }
    }

    /// A row, with what it carries of its object.
    pub(crate) fn row(&self, object: &Value, carried: Option<Value>) -> Value {
        let row = Row { object, now: self.now };
        let cells: Vec<Value> = match &self.columns {
            Columns::BuiltIn(columns) => columns.iter().map(|column| (column.cell)(&row)).collect(),
            Columns::Defined(columns) => columns.iter().map(|column| column.cell(&row)).collect(),
        };
        let mut said = json!({"cells": cells});
        put(&mut said, "object", carried.unwrap_or(Value::Null));
        said
    }
}

fn built_in(group: &str, name: &str) -> &'static [Column] {
    let mut rows = TABLES.iter().copied().flatten();
    rows.find(|(of, resource, _)| *of == group && *resource == name).map_or(OTHERS, |(_, _, columns)| *columns)
}

fn head(column: &Column) -> Value {
    // of a VolumeAttachment the API has it twice
    let format = if matches!(column.name, "Name" | "Attacher") { "name" } else { "" };
    json!({"name": column.name, "type": column.kind, "format": format, "description": "",
        "priority": i32::from(column.wide)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_of_a_resource_that_there_is() {
        let mut many = 0;
        for (group, name, columns) in TABLES.iter().copied().flatten() {
            // a project is a namespace, and stored as one
            let known = kube_objects::built_in_scope(group, name).is_some() || *name == "projects";
            assert!(known, "{group} {name}");
            assert!(columns.iter().any(|column| column.name == "Name"));
            many += 1;
        }
        assert!(many > 50, "{many}");
    }

    /// What is stored need not be what its kind says: no cell panics on it.
    #[test]
    fn odd_objects_have_cells() {
        let odd = [
            json!({}),
            json!(null),
            json!({"metadata": 1, "spec": [], "status": "x"}),
            json!({"metadata": {"creationTimestamp": "never", "labels": []}, "spec": {"ports": {}, "containers": [1, null]},
                "status": {"conditions": [3], "startTime": "x"}, "subsets": [1], "endpoints": 1, "subjects": [{}]}),
        ];
        for (_, _, columns) in TABLES.iter().copied().flatten() {
            for object in &odd {
                let row = Row { object, now: Some(Timestamp::UNIX_EPOCH) };
                columns.iter().for_each(|column| drop((column.cell)(&row)));
            }
        }
    }
}
