//! Reports as recorded: what changes in them is seen in a diff.

use std::fs;

use report::Format;

use crate::{DOCUMENTS, folder, report};

#[test]
fn reports_are_as_recorded() {
    let update = std::env::var_os("ASSAY_UPDATE_SCREENS").is_some();
    let mut wrong = Vec::new();
    for name in DOCUMENTS {
        for (format, ending) in
            [(Format::Sarif, "sarif"), (Format::Junit, "xml"), (Format::Prometheus, "prom"), (Format::Html, "html")]
        {
            let path = folder("golden").join(format!("{name}.{ending}"));
            let text = report(name, format);
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}.{ending} does not end in one line feed");
            if update {
                fs::create_dir_all(folder("golden")).unwrap();
                fs::write(&path, text).unwrap();
            } else if fs::read_to_string(&path).unwrap() != text {
                wrong.push(format!("{name}.{ending}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} differ from tests/it/golden; ASSAY_UPDATE_SCREENS=1 writes them anew");
}

/// A document that is cut off anywhere gives a report, and a report gives nothing that obeys.
#[test]
fn no_document_breaks_a_report() {
    let all = [Format::Sarif, Format::Junit, Format::Prometheus, Format::Html];
    let text = fs::read_to_string(folder("documents/hostile.json")).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    for none in [serde_json::Value::Null, serde_json::json!([]), serde_json::json!("x"), serde_json::json!({})] {
        assert!(serde_json::from_value::<document::Document>(none).is_err(), "no document, no report");
    }
    let mut odd = vec![serde_json::json!({"schema": "assay/1"})];
    // each artifact and each finding replaced, one by one, by values of every kind
    for list in ["artifacts", "findings"] {
        for at in 0..whole[list].as_array().unwrap().len() {
            for value in
                [serde_json::json!(null), serde_json::json!(-1), serde_json::json!([[]]), serde_json::json!({"": {}})]
            {
                let mut changed = whole.clone();
                changed[list][at] = value.clone();
                odd.push(changed);
                for (name, _) in whole[list][at].as_object().into_iter().flatten() {
                    let mut changed = whole.clone();
                    changed[list][at][name.as_str()] = value.clone();
                    odd.push(changed);
                }
            }
        }
    }
    assert!(odd.len() > 100, "{}", odd.len());
    for document in &odd {
        for format in all {
            let text = report::render(format, &crate::typed(document), &report::Context::default());
            let obeys = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
            assert!(!text.contains(obeys), "{format:?}");
        }
    }
}
