//! The bill of materials, CycloneDX 1.5: without a date and a serial number, so that equal sources make equal bytes.

use serde_json::{Value, json};

use super::{Component, Components};

/// The document, ending with a line break. `shipped` names what is delivered.
#[must_use]
pub fn sbom(shipped: &str, components: &Components) -> String {
    let all = || std::iter::once(&components.root).chain(&components.parts);
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": described(&components.root, shipped, "application")},
        "components": components.parts.iter().map(|part| described(part, &part.name, "library")).collect::<Vec<_>>(),
        "dependencies": all().map(|part| json!({"ref": part.purl, "dependsOn": part.needs})).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn described(component: &Component, name: &str, kind: &str) -> Value {
    let mut said = json!({
        "type": kind,
        "bom-ref": component.purl,
        "name": name,
        "version": component.version,
        "purl": component.purl,
        "licenses": [{"expression": component.license}],
    });
    if let (Some(sha256), Some(said)) = (&component.sha256, said.as_object_mut()) {
        said.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": sha256}]));
    }
    said
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn part(name: &str, needs: &[&str], sha256: Option<&str>) -> Component {
        Component {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            purl: format!("pkg:cargo/{name}@1.0.0"),
            license: "MIT".to_owned(),
            sha256: sha256.map(str::to_owned),
            folder: None,
            texts: Vec::new(),
            needs: needs.iter().map(|need| format!("pkg:cargo/{need}@1.0.0")).collect::<BTreeSet<_>>(),
        }
    }

    #[test]
    fn it_names_every_part_once_and_what_each_needs() {
        let components = Components { root: part("top", &["a"], None), parts: vec![part("a", &[], Some("ab12"))] };
        let text = sbom("assay", &components);
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["metadata"]["component"]["name"], "assay");
        assert_eq!(read["components"].as_array().unwrap().len(), 1);
        assert_eq!(read["components"][0]["hashes"], json!([{"alg": "SHA-256", "content": "ab12"}]));
        assert!(read["metadata"]["component"].get("hashes").is_none());
        assert_eq!(read["dependencies"][0], json!({"ref": "pkg:cargo/top@1.0.0", "dependsOn": ["pkg:cargo/a@1.0.0"]}));
        for changing in ["serialNumber", "timestamp"] {
            assert!(!text.contains(changing), "{changing}");
        }
        assert_eq!(text, sbom("assay", &components));
    }
}
