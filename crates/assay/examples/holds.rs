//! Which backups hold an object, and in which version: `cargo run --example holds -- DIRECTORY TYPE/NAME NAMESPACE`.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::ops::ControlFlow;
use std::path::Path;

use assay::parts::lens::Selection;
use assay::{Question, Silent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, object, namespace] = &arguments[..] else {
        return Err("name DIRECTORY TYPE/NAME NAMESPACE".into());
    };
    for (backup, version) in holding(Path::new(directory), object, namespace)? {
        println!("{backup}: {}", version.unwrap_or_else(|| "not in it".to_owned()));
    }
    Ok(())
}

/// The name of each backup, and the `resourceVersion` that the object has in it.
type Versions = Vec<(String, Option<String>)>;

/// Each backup in the directory, oldest first, with the version of the object where it has it.
pub(crate) fn holding(directory: &Path, object: &str, namespace: &str) -> Result<Versions, Box<dyn std::error::Error>> {
    let (mut found, mut failed) = (Vec::new(), None);
    let question = Question::default();
    let unread = assay::open(directory)?.read_each(&Silent, &mut |backup| {
        let looked = backup.lens(&question, &Silent).map_err(Into::into).and_then(|lens| {
            let Some(lens) = lens else { return Ok(None) };
            let mut selection = Selection::default();
            selection.name(&[object.as_bytes().to_vec()]).namespace(namespace);
            let objects = lens.objects(&mut selection, None)?;
            let version = |object: &assay::parts::lens::Object| {
                object
                    .shown()
                    .pointer("/metadata/resourceVersion")
                    .and_then(|version| version.as_str())
                    .map(str::to_owned)
            };
            Ok(objects.iter().filter_map(|(_, object)| version(object.as_ref().ok()?)).next())
        });
        match looked {
            Ok(version) => found.push((backup.name().to_owned(), version)),
            Err(error) => failed = Some::<Box<dyn std::error::Error>>(error),
        }
        ControlFlow::Continue(())
    });
    match (failed, unread.into_iter().next()) {
        (Some(error), _) => Err(error),
        (None, Some((name, error))) => Err(format!("{name}: {error}").into()),
        (None, None) => Ok(found),
    }
}
