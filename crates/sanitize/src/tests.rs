use serde_json::{Value, json};

use super::*;

/// What is left of an object, what was taken away, and the rules.
fn cleaned(key: &str, object: &Value) -> (Value, Vec<String>, Vec<&'static str>) {
    let (value, taken, rules) = cleaned_bytes(key, Some(object.to_string().as_bytes()));
    (serde_json::from_slice(&value).unwrap(), taken, rules)
}

fn cleaned_bytes(key: &str, opened: Option<&[u8]>) -> (Vec<u8>, Vec<String>, Vec<&'static str>) {
    let mut taken = Vec::new();
    let mut removed = |bytes: &[u8]| taken.push(bytes.escape_ascii().to_string());
    let repeats = |text: &[u8]| text.windows(9).any(|window| window == b"elsewhere");
    let cleaned = clean(key.as_bytes(), opened, &mut Aside { removed: &mut removed, repeats: &repeats });
    (cleaned.value, taken, cleaned.rules.into_keys().map(Rule::word).collect())
}

const POD: &str = "/registry/pods/ns/name";

#[test]
fn of_a_secret_only_its_frame_is_left() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "name", "namespace": "ns", "labels": {"app": "web"}, "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{}}", "openshift.io/token-secret.value": "CANARY"},
            "managedFields": [{"manager": "x", "fieldsV1": {"f:data": {"v:CANARY": {}}}}]},
        "data": {"password": "Q0FOQVJZLTE=", "empty": ""}, "stringData": {"user": "CANARY-2"}});
    let (left, taken, rules) = cleaned("/registry/secrets/ns/name", &secret);
    let expected = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "name", "namespace": "ns", "labels": {"app": "web"}, "annotations": {}},
        "data": {"password": "", "empty": ""}, "stringData": {"user": ""}});
    assert_eq!(left, expected);
    for canary in ["CANARY-1", "Q0FOQVJZLTE=", "CANARY-2", "CANARY"] {
        assert!(taken.contains(&canary.to_owned()), "{canary}: {taken:?}");
    }
    assert_eq!(rules, ["secret-data", "annotation", "managed-fields"]);
}

/// What lies among Secrets and says that it is something else is not believed.
#[test]
fn what_cannot_be_read_is_replaced() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "name"}, "data": {"a": "CANARY"}});
    let stub = |why: &str| {
        json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "name", "namespace": "ns",
            "annotations": {"assay/redacted": why}}})
    };
    let key = "/registry/secrets/ns/name";
    let pod = pod.to_string();
    for (opened, why, rule) in [
        (Some(pod.as_bytes()), "not decodable", "undecodable"),
        (Some(&b"k8s\0CANARY"[..]), "not decodable", "undecodable"),
        (Some(b"{\"kind\":\"Secret\""), "not decodable", "undecodable"),
        (Some(b"CANARY"), "not decodable", "undecodable"),
        (Some(b"\xd9\xd9\xf7\xa1\x44kind\x46Secret"), "not decodable", "undecodable"),
        (None, "encrypted", "encrypted"),
    ] {
        let (left, taken, rules) = cleaned_bytes(key, opened);
        assert_eq!((serde_json::from_slice::<Value>(&left).unwrap(), rules), (stub(why), vec![rule]));
        assert_eq!(taken.len(), usize::from(opened.is_some()));
    }
    let (left, ..) = cleaned_bytes("/registry/example.com/widgets/ns/name", None);
    assert_eq!(serde_json::from_slice::<Value>(&left).unwrap()["apiVersion"], "example.com/v1");
    assert_eq!(cleaned_bytes("foreign", Some(b"CANARY")), (vec![], vec!["CANARY".into()], vec!["foreign"]));
    assert_eq!(cleaned_bytes("compact_rev_key", Some(b"1234")), (b"1234".to_vec(), vec![], vec![]));
}

#[test]
fn a_secret_in_any_text_is_found() {
    let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl";
    for (text, rule, secret) in [
        ("x\n-----BEGIN RSA PRIVATE KEY-----\nCANARY", "private-key", ""),
        (&format!("a {jwt} b"), "token", jwt),
        ("key AKIAIOSFODNN7EXAMPLE", "token", "AKIAIOSFODNN7EXAMPLE"),
        ("sha256~0123456789012345678901234567890123456789012", "token", ""),
        (
            "hash=$2a$10$0123456789012345678901234567890123456789",
            "password-hash",
            "$2a$10$0123456789012345678901234567890123456789",
        ),
        ("postgres://app:CANARY@db:5432/x", "url-password", "CANARY"),
        (r#"{"auths":{"quay.io":{}}}"#, "registry-login", ""),
        ("user: a\npassword: CANARY\n", "assignment", "CANARY"),
        ("--db-password=CANARY --x", "assignment", "CANARY"),
        (r#"{"apiKey": "CANARY", "x": 1}"#, "assignment", "CANARY"),
        ("Authorization: Bearer CANARY", "assignment", "Bearer CANARY"),
        ("cGFzc3dvcmQ6IENBTkFSWS1DQU5BUlk=", "assignment", ""),
        ("seen elsewhere, too", "repeated", ""),
    ] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"note": text}});
        let (left, taken, rules) = cleaned(POD, &pod);
        assert_eq!((left["spec"]["note"].as_str(), rules), (Some("REDACTED"), vec![rule]), "{text}");
        assert!(secret.is_empty() || taken.contains(&secret.to_owned()), "{text}: {taken:?}");
    }
    for harmless in [
        "secretName: web",
        "a password is asked for",
        "password: ${PASSWORD}",
        "token: null",
        "http://host/a@b:c",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "quay.io/openshift/release@sha256:0123456789012345678901234567890123456789",
        "Y2VydGlmaWNhdGUgYW5kIG5vdGhpbmcgZWxzZQ==",
    ] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"note": harmless}});
        assert_eq!(cleaned(POD, &pod), (pod, vec![], vec![]), "{harmless}");
    }
}

#[test]
fn what_is_named_as_a_secret_is_one() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "my-token", "annotations": {"x/api-token": "A"}},
        "spec": {"containers": [{"name": "c", "args": ["--token", "B"], "env": [
            {"name": "DB_PASSWORD", "value": "C"}, {"name": "USER", "value": "kept"},
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "db-password", "key": "token"}}}]}],
            "volumes": [{"secret": {"secretName": "kept-secret"}}], "httpGet": {"tls.key": "D", "clientSecret": "E"}}});
    let (left, mut taken, rules) = cleaned(POD, &pod);
    taken.sort();
    assert_eq!((taken, rules), (vec!["A".into(), "C".into(), "D".into(), "E".into()], vec!["secret-name"]));
    assert_eq!(left["metadata"]["name"], "my-token");
    assert_eq!(left["spec"]["containers"][0]["env"][2], pod["spec"]["containers"][0]["env"][2]);
    let map = json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "spec": {"config": {
        "storage": {"files": [{"path": "/etc/x", "contents": {"source": "data:,harmless"}}]}}}});
    let (left, _, rules) = cleaned("/registry/machineconfiguration.openshift.io/machineconfigs/a", &map);
    assert_eq!(left["spec"]["config"]["storage"]["files"][0]["path"], "/etc/x");
    assert_eq!(rules, ["file-contents"]);
}

#[test]
fn a_template_is_looked_into() {
    let template = json!({"apiVersion": "template.openshift.io/v1", "kind": "Template",
        "parameters": [{"name": "P", "value": "CANARY"}],
        "objects": [{"apiVersion": "v1", "kind": "Secret", "data": {"a": "Q0FOQVJZ"}}, {"apiVersion": "v1", "kind": "Pod", "data": {"a": "x"}}]});
    let (left, _, rules) = cleaned("/openshift.io/templates/ns/t", &template);
    assert!(!left.to_string().contains("CANARY") && !left.to_string().contains("Q0FOQVJZ"), "{left}");
    assert_eq!(left["objects"][1]["data"]["a"], "x");
    assert_eq!(rules, ["secret-data", "parameter"]);
}

#[test]
fn some_keys_go_altogether() {
    for (key, rule) in [
        ("/kubernetes.io/events/ns/a", Some(Rule::Event)),
        ("/registry/events.k8s.io/events/ns/a", Some(Rule::Event)),
        ("/openshift.io/oauth/accesstokens/secret-name", Some(Rule::OAuthToken)),
        ("/bootstrap/abc", Some(Rule::Bootstrap)),
        ("/kubernetes.io/secrets/ns/a", None),
        ("/kubernetes.io/pods/events/events", None),
    ] {
        assert_eq!(drops(key.as_bytes()), rule, "{key}");
    }
}

#[test]
fn a_user_of_etcd_loses_the_password_alone() {
    let user = b"\x0a\x04root\x12\x08hash-hsh\x1a\x04role\x22\x02\x08\x00";
    let mut taken = Vec::new();
    let mut removed = |bytes: &[u8]| taken.push(bytes.to_vec());
    let mut aside = Aside { removed: &mut removed, repeats: &|_| false };
    assert_eq!(auth_user(user, &mut aside), Some(b"\x0a\x04root\x1a\x04role\x22\x02\x08\x00".to_vec()));
    assert_eq!(auth_user(b"\x0a\x04root\x1a\x04role", &mut aside), None);
    assert_eq!(auth_user(b"\x0a\x40root", &mut aside), Some(Vec::new()));
    assert_eq!(taken, [b"hash-hsh".to_vec(), b"\x0a\x40root".to_vec()]);
}

/// Wherever in a base64 text bytes begin, one of their forms is in it.
#[test]
fn every_form_is_found_in_its_text() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    for length in 8..40 {
        let secret: Vec<u8> = (0..length).map(|at| b'a' + at % 5 * 5 + at % 3).collect();
        let forms = forms(&secret);
        assert_eq!(forms.len(), 5);
        for before in 0..9 {
            for after in 0..4 {
                let text = [&vec![b'<'; before][..], &secret, &vec![b'>'; after]].concat();
                let text = STANDARD.encode(text).into_bytes();
                let found = |form: &Vec<u8>| text.windows(form.len()).any(|window| window == form);
                assert!(forms.iter().any(found), "{length} {before} {after}");
            }
        }
        let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(forms.contains(&hex.into_bytes()));
    }
}

#[test]
fn what_says_little_is_weak_and_certificates_are_public() {
    for weak in [&b"password"[..], b"changeme", &[0; 64], b"aaaaaaaaaaaaaaaab"] {
        assert!(is_weak(weak), "{}", weak.escape_ascii());
    }
    for strong in [&b"correct horse battery"[..], b"kX9$mQ2#pL7", b"01234567"] {
        assert!(!is_weak(strong), "{}", strong.escape_ascii());
    }
    assert!(is_public(b"-----BEGIN CERTIFICATE-----\nMIIB"));
    assert!(!is_public(b"-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\n"));
    assert!(!is_public(b"MIIB"));
}
