//! Every document that a test sees is one of those that docs/assay-1.schema.json describes, and the types of the crate
//! `document` lose nothing of it.

use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/assay-1.schema.json");
        let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    })
}

/// What is wrong with a document, by place.
pub(crate) fn faults(document: &Value) -> Vec<String> {
    let fault = |error: jsonschema::ValidationError<'_>| {
        let said: String = error.to_string().chars().take(300).collect();
        format!("{}: {said}", error.instance_path())
    };
    validator().iter_errors(document).map(fault).collect()
}

/// Holds what a run printed against the schema, where it is a document at all.
pub(crate) fn check(out: &str) {
    if !out.starts_with('{') {
        return;
    }
    let Ok(document) = serde_json::from_str::<Value>(out) else { return };
    if document.get("schema").is_some_and(|schema| schema == "assay/1") {
        let faults = faults(&document);
        assert!(faults.is_empty(), "not as docs/assay-1.schema.json has it: {faults:#?}");
        loses_nothing(out);
    }
}

/// Holds what a run printed against the types of the crate `document`: read and written, it is the same, byte for byte
/// but for white space, and every field of an artifact is one that they know. Findings of `ls` are the exception: their members have always been in the order of their names.
fn loses_nothing(out: &str) {
    let typed = document::Document::read(out.as_bytes()).unwrap();
    for artifact in &typed.artifacts {
        assert!(artifact.more().is_some_and(document::Fields::is_empty), "{} has no type: {artifact:?}", typed.command);
    }
    if typed.command == "ls" && !typed.findings.is_empty() {
        assert_eq!(serde_json::to_value(&typed).unwrap(), serde_json::from_str::<Value>(out).unwrap());
        return;
    }
    let as_it_was: document::Any = serde_json::from_str(out).unwrap();
    assert_eq!(serde_json::to_string(&typed).unwrap(), serde_json::to_string(&as_it_was).unwrap());
}
