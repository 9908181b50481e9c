//! Custom kinds: their versions, columns, short names and fields, by the definitions of the revision shown.

use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::client::{ask, get, prefix};
use crate::kubectl;
use crate::served::Served;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

fn put(builder: &mut Builder, main: i64, key: &str, value: &Value) {
    let value = value.to_string();
    let put = Put { key: key.as_bytes(), value: value.as_bytes(), create: main, modified: main, version: 1, lease: 0 };
    builder.put(main, 0, &put);
}

fn definition(plural: &str, kind: &str, spec: &Value) -> (String, Value) {
    let name = format!("{plural}.example.com");
    let mut object = json!({"kind": "CustomResourceDefinition", "metadata": {"name": name}, "spec": {"group": "example.com",
        "names": {"plural": plural, "kind": kind, "shortNames": [plural[..1].to_owned()], "categories": ["toys"]}}});
    for (field, value) in spec.as_object().unwrap() {
        match field.as_str() {
            "apiVersion" => object["apiVersion"] = value.clone(),
            _ => object["spec"][field] = value.clone(),
        }
    }
    (format!("/registry/apiextensions.k8s.io/customresourcedefinitions/{name}"), object)
}

fn served() -> (tempfile::TempDir, Served) {
    let mut builder = Builder::new();
    let widget = |name: &str, color: Value| {
        json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name, "namespace": "a",
            "creationTimestamp": "2026-11-23T09:00:00Z"}, "spec": {"color": color, "sizes": [1, 2]},
            "status": {"made": "2026-11-22T09:00:00Z", "ready": true}})
    };
    // as every release stores definitions: v1beta1, what is said once for all versions beside them
    let (key, old) = definition(
        "widgets",
        "Widget",
        &json!({"apiVersion": "apiextensions.k8s.io/v1beta1", "scope": "Namespaced",
        "version": "v1", "versions": [{"name": "v1", "served": true, "storage": true}, {"name": "v1alpha1", "served": true, "storage": false}],
        "conversion": {"strategy": "None"}, "selectableFields": [{"jsonPath": ".spec.color"}],
        "additionalPrinterColumns": [{"name": "Color", "type": "string", "JSONPath": ".spec.color"},
            {"name": "Sizes", "type": "string", "JSONPath": ".spec.sizes[*]", "priority": 1},
            {"name": "First", "type": "integer", "JSONPath": ".spec.sizes[0]"},
            {"name": "Ready", "type": "boolean", "JSONPath": ".status.ready"},
            {"name": "Made", "type": "date", "JSONPath": ".status.made"},
            {"name": "Wrong", "type": "integer", "JSONPath": ".spec.color"}]}),
    );
    put(&mut builder, 2, &key, &old);
    let (key, new) = definition(
        "gadgets",
        "Gadget",
        &json!({"apiVersion": "apiextensions.k8s.io/v1", "scope": "Cluster",
        "versions": [{"name": "v1", "served": true, "storage": false}, {"name": "v2", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "description": "What it does.",
                "properties": {"speed": {"type": "integer", "description": "How fast."}}}}}}}],
        "conversion": {"strategy": "Webhook", "webhook": {}}}),
    );
    put(&mut builder, 3, &key, &new);
    put(&mut builder, 4, "/registry/example.com/widgets/a/one", &widget("one", json!("red")));
    put(&mut builder, 5, "/registry/example.com/widgets/a/two", &widget("two", json!("blue")));
    put(
        &mut builder,
        6,
        "/registry/example.com/gadgets/g",
        &json!({"apiVersion": "example.com/v2", "kind": "Gadget",
        "metadata": {"name": "g", "creationTimestamp": "2026-11-23T10:00:00Z"}}),
    );
    builder.delete(7, 0, &key);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    std::fs::write(&path, builder.build()).unwrap();
    let served = Served::start(&path, &["--at", "6"]);
    (folder, served)
}

#[test]
fn columns_versions_and_fields_are_those_of_definitions() {
    let (_folder, served) = served();
    let table = get(&served, "/apis/example.com/v1/widgets", TABLE).json();
    let heads: Vec<&Value> = table["columnDefinitions"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(json!(heads), json!(["Name", "Color", "Sizes", "First", "Ready", "Made", "Wrong"]));
    assert_eq!(table["columnDefinitions"][2]["priority"], 1);
    let cells = &table["rows"][0]["cells"];
    assert_eq!(*cells, json!(["one", "red", "1 2", 1, true, cells[5], null]));
    assert!(cells[5].as_str().unwrap().ends_with('h') || cells[5].as_str().unwrap().ends_with('d'), "{cells}");

    let alpha = get(&served, "/apis/example.com/v1alpha1/namespaces/a/widgets/one", "application/json").json();
    assert_eq!((&alpha["apiVersion"], &alpha["spec"]["color"]), (&json!("example.com/v1alpha1"), &json!("red")));
    let of = |selector: &str| {
        get(&served, &format!("/apis/example.com/v1/widgets?fieldSelector={selector}"), "application/json")
    };
    assert_eq!(of("spec.color%3Dblue").json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(of("spec.sizes%3Dblue").code, 400);

    let at = |path: &str| ask(&served, "GET", &format!("{}{path}", prefix(&served, "backup@6")), &[], b"");
    assert_eq!((at("/apis/example.com/v2/gadgets").code, at("/apis/example.com/v1/gadgets").code), (200, 404));
    // it is gone at the last revision, and with it its objects
    assert_eq!(get(&served, "/apis/example.com/v2/gadgets", "application/json").code, 404);
    let read =
        get(&served, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", "application/json")
            .json();
    assert_eq!(
        (&read["apiVersion"], &read["spec"]["versions"][1]["additionalPrinterColumns"][0]["jsonPath"]),
        (&json!("apiextensions.k8s.io/v1"), &json!(".spec.color"))
    );
}

#[test]
fn kubectl_knows_them_by_their_short_names() {
    let (_folder, served) = served();
    for kubectl in kubectl::all() {
        for (args, expected) in [
            (&["get", "w", "-n", "a"][..], "one    red     1       true"),
            (&["get", "widgets", "-n", "a", "-o", "wide"], "SIZES"),
            (&["get", "toys", "-A"], "two"),
            (&["get", "g", "--context", "backup@6"], "g      "),
            (&["explain", "gadgets.spec", "--context", "backup@6"], "How fast."),
            (&["get", "gadgets"], "the server doesn't have a resource type"),
        ] {
            let output = kubectl.run(&served, args);
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(said.contains(expected), "{args:?}: {said}");
        }
    }
}
