//! docs/assay-1.schema.json is the tables of docs/json.md as a JSON Schema, draft 2020-12.
//!
//! Made from the page and not by hand: the page is compared with real output field by field, so the schema is, too.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::{Row, rows};
use super::page::{hold_file, read};
use crate::support::{assay, fixture_file};
use crate::valid::faults;

/// Commands whose artifacts the page tells, each with the samples that its documents may be like.
const COMMANDS: [(&str, &[&str]); 38] = [
    ("inspect", &["inspect"]),
    ("verify", &["verify"]),
    ("hash", &["hash"]),
    ("cluster", &["cluster"]),
    ("explain", &["explain"]),
    ("ls", &["ls", "ls-revisions", "ls-count", "ls-salvage", "ls-salvage-count"]),
    ("pages", &["pages"]),
    ("page", &["page"]),
    ("bucket", &["bucket", "bucket-entries"]),
    ("carve", &["carve"]),
    ("compat", &["compat"]),
    ("du", &["du"]),
    ("history", &["history"]),
    ("timeline", &["timeline"]),
    ("diff", &["diff"]),
    ("keys ls", &["keys-ls"]),
    ("keys check", &["keys-check"]),
    ("keys split", &["keys-split"]),
    ("keys join", &["keys-join"]),
    ("keys rewrap", &["keys-rewrap"]),
    ("keys verify-escrow", &["keys-verify-escrow"]),
    ("policy check", &["policy-check"]),
    ("mend", &["mend"]),
    ("rebuild", &["rebuild"]),
    ("rehearse", &["rehearse"]),
    ("runbook", &["runbook"]),
    ("catalog add", &["catalogs"]),
    ("catalog ls", &["catalogs"]),
    ("catalog show", &["catalogs"]),
    ("catalog pick", &["catalogs"]),
    ("catalog keep", &["catalogs"]),
    ("catalog custody", &["catalogs"]),
    ("catalog export", &["catalogs"]),
    ("catalog import", &["catalogs"]),
    ("catalog prune", &["catalogs"]),
    ("catalog check", &["catalogs"]),
    ("catalog stats", &["catalogs"]),
    ("catalog calendar", &["catalogs"]),
];

/// What documents about catalogs are made of.
const CATALOG_KINDS: [&str; 9] = [
    "catalog",
    "catalogued",
    "custody",
    "unreadable",
    "prune-plan",
    "trash-purge",
    "recheck",
    "catalog-log",
    "cluster-stats",
];

/// Words that a field can be, where the page gives all of them.
const WORDS: [(&str, &[&str]); 4] = [
    ("verdict", &["pass", "warn", "fail"]),
    ("failOn", &["critical", "high", "medium", "low", "info", "never"]),
    ("findings[].severity", &["info", "low", "medium", "high", "critical"]),
    ("artifacts[].upgradeBlockers[].severity", &["info", "low", "medium", "high", "critical"]),
];

/// A field with what is below it.
#[derive(Default)]
struct Node {
    row: Option<Row>,
    path: String,
    fields: BTreeMap<String, Node>,
    items: Option<Box<Node>>,
}

/// The fields of a sample as a tree.
fn tree(page: &str, sample: &str) -> Node {
    let mut root = Node::default();
    for (path, row) in rows(page, sample) {
        let mut node = &mut root;
        for name in path.split('.') {
            let bare = name.trim_end_matches("[]");
            node = node.fields.entry(bare.to_owned()).or_default();
            for _ in 0..(name.len() - bare.len()) / 2 {
                node = node.items.get_or_insert_default();
            }
        }
        node.path = path;
        node.row = Some(row);
    }
    root
}

impl Node {
    fn schema(&self) -> Value {
        let types = self.row.as_ref().map(|row| row.types.clone()).unwrap_or_default();
        let mut kinds: Vec<Value> =
            types.iter().filter(|word| !word.is_empty()).map(|word| self.of_type(word)).collect();
        let mut schema = match kinds.len() {
            0 => self.object(),
            1 => kinds.remove(0),
            _ => json!({"anyOf": kinds}),
        };
        if let (Some(row), Some(map)) = (&self.row, schema.as_object_mut()) {
            map.insert("description".to_owned(), json!(row.meaning));
            if let Some((_, words)) = WORDS.iter().find(|(path, _)| *path == self.path) {
                let mut words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
                words.extend(types.iter().any(|word| word == "null").then_some(Value::Null));
                map.insert("enum".to_owned(), json!(words));
            }
        }
        schema
    }

    fn of_type(&self, word: &str) -> Value {
        match word {
            "hex" => json!({"type": "string", "pattern": "^[0-9a-f]*$"}),
            "time" => json!({"type": "string", "format": "date-time"}),
            "key" => json!({"anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"base64": {"type": "string"}}, "required": ["base64"]},
            ]}),
            "map" => json!({"type": "object"}),
            "array" => match &self.items {
                Some(items) => json!({"type": "array", "items": items.schema()}),
                None => json!({"type": "array"}),
            },
            "object" => self.object(),
            plain @ ("string" | "number" | "boolean" | "null") => json!({"type": plain}),
            other => panic!("`{}` has a type that no schema knows: {other}", self.path),
        }
    }

    /// Every field must be there: one that does not apply is null. A location alone has only what applies, and a value
    /// is there only where it was asked for, or as the page says.
    fn object(&self) -> Value {
        let properties: Map<String, Value> =
            self.fields.iter().map(|(name, node)| (name.clone(), node.schema())).collect();
        let may_be_absent = |node: &Node| {
            node.row
                .as_ref()
                .is_some_and(|row| ["`--reveal`", "left out"].iter().any(|word| row.meaning.contains(word)))
        };
        let always = self.fields.iter().filter(|(_, node)| !self.path.ends_with("location") && !may_be_absent(node));
        let required: Vec<&String> = always.map(|(name, _)| name).collect();
        json!({"type": "object", "properties": properties, "required": required})
    }
}

/// The schema of a sample's artifacts, and of the rest of its document.
fn parts(page: &str, sample: &str) -> (Value, Value) {
    let mut root = tree(page, sample);
    let artifact = root.fields.get_mut("artifacts").and_then(|node| node.items.take());
    (artifact.map_or(json!({"type": "object"}), |node| node.schema()), root.schema())
}

/// An artifact of one of several kinds, told apart by `kind`.
fn by_kind(kinds: &[&str]) -> Value {
    let of = |kind: &&str| json!({"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": format!("#/$defs/{kind}")}});
    json!({
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": kinds}},
        "allOf": kinds.iter().map(of).collect::<Vec<_>>(),
    })
}

/// An artifact of a command, or what could not be read.
fn or_unreadable(artifact: Value) -> Value {
    json!({
        "if": {"required": ["kind"], "properties": {"kind": {"const": "unreadable"}}},
        "then": {"$ref": "#/$defs/unreadable"},
        "else": artifact,
    })
}

fn schema(page: &str) -> Value {
    let mut commands = Vec::new();
    for (command, samples) in COMMANDS {
        let mut shapes: Vec<Value> = Vec::new();
        for sample in samples {
            let (artifact, mut rest) = parts(page, sample);
            let artifact = match command {
                "inspect" | "verify" => by_kind(&["snapshot", "static-kuberesources", "backup", "unreadable"]),
                _ if command.starts_with("catalog ") => by_kind(&CATALOG_KINDS),
                "keys check" | "compat" => or_unreadable(artifact),
                _ => artifact,
            };
            rest["properties"]["artifacts"] = json!({"type": "array", "items": artifact});
            rest["properties"]["command"] = json!({"const": command});
            shapes.push(rest);
        }
        let then = if shapes.len() == 1 { shapes.remove(0) } else { json!({"anyOf": shapes}) };
        commands.push(json!({"if": {"properties": {"command": {"const": command}}}, "then": then}));
    }
    // its one word is no verdict
    let mut unreadable = tree(page, "unreadable").schema();
    unreadable["properties"]["verdict"].as_object_mut().unwrap().remove("enum");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "assay/1: the documents that assay prints as JSON",
        "description": "Made from docs/json.md. Fields that are not here may come; these keep their names and meanings.",
        "type": "object",
        "properties": {
            "schema": {"const": "assay/1"},
            "command": {"type": "string"},
            "assay": {"type": "string"},
            "artifacts": {"type": "array", "items": {"type": "object"}},
            "findings": {"type": "array", "items": {"type": "object"}},
            "verdict": {"enum": ["pass", "warn", "fail"]},
        },
        "required": ["schema", "command", "assay", "artifacts", "findings", "verdict"],
        "allOf": commands,
        "$defs": {
            "snapshot": parts(page, "verify").0,
            "static-kuberesources": tree(page, "tarball").schema(),
            "backup": tree(page, "backup").schema(),
            "catalog": tree(page, "catalog").schema(),
            "catalogued": tree(page, "catalogued").schema(),
            "custody": tree(page, "custody").schema(),
            "prune-plan": tree(page, "prune-plan").schema(),
            "trash-purge": tree(page, "trash-purge").schema(),
            "recheck": tree(page, "recheck").schema(),
            "catalog-log": tree(page, "catalog-log").schema(),
            "cluster-stats": tree(page, "cluster-stats").schema(),
            "unreadable": unreadable,
        },
    })
}

#[test]
fn the_schema_is_the_page() {
    let schema = schema(&read("docs/json.md"));
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    hold_file("docs/assay-1.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}

/// Every run of a test holds its documents against the schema; here it is seen to refuse.
#[test]
fn a_wrong_document_is_refused() {
    let folder = fixture_file("aescbc-rotated", ".db.gz");
    let right = assay(&["verify", "--json", folder.parent().unwrap().to_str().unwrap()]);
    let right: Value = serde_json::from_str(&right.out).unwrap();
    assert_eq!(faults(&right), Vec::<String>::new());
    let kinds: Vec<&str> =
        right["artifacts"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["backup", "snapshot", "static-kuberesources"]);
    for (pointer, wrong) in [
        ("/schema", json!("assay/2")),
        ("/verdict", json!("good")),
        ("/failOn", json!("dire")),
        ("/policy", json!("policy.toml")),
        ("/artifacts", json!({})),
        ("/artifacts/0/kind", json!("snapshots")),
        ("/artifacts/0/compat/evidence", json!(null)),
        ("/artifacts/1/trailer/computed", json!("0xE1")),
        ("/artifacts/1/keys/live", json!("7")),
        ("/artifacts/1/keys/resources/0", json!({})),
        ("/artifacts/2/keyMaterial/0/path", json!(null)),
        ("/findings/0/severity", json!("dire")),
        ("/findings/0/evidence", json!([])),
        ("/findings/0/location/page", json!("7")),
    ] {
        let mut document = right.clone();
        document["findings"][0]["location"]["page"] = json!(7);
        *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) = wrong;
        assert!(!faults(&document).is_empty(), "{pointer} may be anything");
    }
    for field in ["command", "assay", "verdict", "findings", "failOn"] {
        let mut document = right.clone();
        document.as_object_mut().unwrap().remove(field);
        assert!(!faults(&document).is_empty(), "{field} may be missing");
    }
}
