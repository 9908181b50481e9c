//! What is secret, and whether it reaches the screen.

use serde_json::Value;
use snapshot_builder::{Builder, Put};

use super::{USUAL, on_terminal, ready};
use crate::fixture::{Fixture, named};
use crate::pty::{self, Tty};
use crate::run::run;

/// Values of Secrets of a namespace, long enough not to turn up by chance.
fn secrets(fixture: &Fixture, namespace: &str, more: &[&str]) -> Vec<String> {
    let snapshot = fixture.snapshot();
    let line = ["get", snapshot.to_str().unwrap(), "-r", "secrets", "-n", namespace, "-o", "ndjson", "--reveal"];
    let line: Vec<&str> = line.into_iter().chain(more.iter().copied()).collect();
    let out = run(&line).out;
    let mut values = Vec::new();
    for object in out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let data = object["object"]["data"].as_object().cloned().unwrap_or_default();
        values.extend(data.values().filter_map(Value::as_str).filter(|text| text.len() >= 16).map(|text| {
            // A line of the screen holds no more of it.
            text.chars().take(40).collect::<String>()
        }));
    }
    values
}

#[test]
fn a_secret_is_found_and_read_without_being_shown() {
    if pty::is_absent() {
        return;
    }
    let fixture = named("plain-etcd36");
    let values = secrets(&fixture, "openshift-etcd", &[]);
    assert!(values.len() >= 2, "{values:?}");
    let mut tty = ready(&fixture, &[]);
    let screen = tty.wait_for("1 069 keys");
    assert!(
        screen.contains("rev 1289") && screen.contains("no decryption keys") && screen.contains("secrets masked"),
        "{screen}"
    );
    tty.press("/secrets openshift-etcd");
    tty.wait("hits", |screen| screen.contains("secrets openshift-etcd/"));
    tty.press("\r");
    tty.wait_for("hit 1 of");
    tty.press("\r");
    let screen = tty.wait("the object alone", |screen| screen.contains("kind: Secret") && screen.contains("Esc back"));
    assert!(screen.contains("<masked: "), "{screen}");
    assert!(
        screen.contains("secrets are masked") && screen.contains("/kubernetes.io/secrets/openshift-etcd/"),
        "{screen}"
    );
    tty.press("r");
    tty.wait_for("start with --reveal");
    tty.press("\t");
    let screen = tty.wait_for("created");
    assert!(screen.contains("protobuf"), "{screen}");
    tty.press("\u{1b}");
    tty.wait_for("Enter open");
    tty.press("q");
    let ended = tty.end();
    assert_eq!(ended.code(), 0, "{}", ended.left);
    for value in &values {
        assert!(!ended.showed(&value[..16]), "{value}");
    }
}

#[test]
fn what_was_allowed_on_the_command_line_is_revealed_on_demand() {
    if pty::is_absent() {
        return;
    }
    let fixture = named("plain-etcd36");
    let values = secrets(&fixture, "openshift-etcd", &[]);
    let mut tty = ready(&fixture, &["--reveal"]);
    tty.press("/secrets openshift-etcd");
    tty.wait("hits", |screen| screen.contains("secrets openshift-etcd/"));
    tty.press("\r\r");
    tty.wait_for("secrets are masked");
    tty.press("r");
    tty.wait("a value", |screen| values.iter().any(|value| screen.contains(&value[..16])));
    assert!(tty.wait_for("secrets are REVEALED").contains("REVEALED"));
    tty.press("q");
    assert_eq!(tty.end().code(), 0);
}

#[test]
fn keys_open_what_is_encrypted() {
    if pty::is_absent() {
        return;
    }
    let fixture = named("aescbc-rotated");
    let tarball = fixture.tarball();
    let with_keys = ["--keys", tarball.to_str().unwrap()];
    // Routes are sealed with keys that the snapshot itself holds, sealed.
    for (query, kind) in [("/secrets openshift-etcd", "kind: Secret"), ("/routes", "kind: Route")] {
        for (more, expected) in [(&[][..], "no keys were given"), (&with_keys, kind)] {
            let mut tty = ready(&fixture, more);
            tty.press(query);
            tty.wait_for(&query[..7]);
            tty.press("\r\r");
            tty.wait_for("key ");
            tty.wait("the object or why not", |screen| screen.contains(expected) || screen.contains("apiVersion"));
            tty.press("/kind");
            tty.wait_for(if more.is_empty() { expected } else { kind });
            tty.press("\u{3}");
            let ended = tty.end();
            assert_eq!(ended.code(), 0);
            assert_eq!(ended.showed("decryption keys of static"), !more.is_empty());
        }
    }
}

/// Secrets that nobody asked to see, in objects that people look at.
#[test]
fn planted_secrets_are_on_no_screen() {
    if pty::is_absent() {
        return;
    }
    const PASSWORD: &str = "Zq7b1f0c9ad4e24b6f";
    const OLD_PASSWORD: &str = "Zq0aa5d1e87c3396b1";
    const PRIVATE_KEY: &str = "Zq99c04be1a2f75d38";
    /// Of the days when the name of its object was the token itself.
    const TOKEN: &str = "Zq4d5e6f708192a3b4c5d6e7";
    /// What a ConfigMap holds is shown as it is, unless it is a private key: docs/browse.md says so.
    const SHOWN: &str = "Zqc0ffee0ddba11cafe";
    let base64 = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let mut builder = Builder::new();
    let secret = |password: &str| {
        let data = base64(password);
        format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"db"}},"data":{{"password":"{data}"}}}}"#)
    };
    let kubeconfig = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"admin"}},"data":{{"kubeconfig":"users:\n- user:\n    token: {SHOWN}\n","client.key":"-----BEGIN RSA PRIVATE KEY-----\n{PRIVATE_KEY}\n-----END RSA PRIVATE KEY-----\n"}}}}"#
    );
    let token = format!(
        r#"{{"apiVersion":"oauth.openshift.io/v1","kind":"OAuthAccessToken","metadata":{{"name":"{TOKEN}"}},"authorizeToken":"{TOKEN}"}}"#
    );
    let token_key = format!("/openshift.io/oauth/accesstokens/{TOKEN}");
    let values = [
        ("/kubernetes.io/secrets/a/db", secret(OLD_PASSWORD), 1),
        ("/kubernetes.io/secrets/a/db", secret(PASSWORD), 2),
        ("/kubernetes.io/configmaps/a/admin", kubeconfig, 1),
        (&token_key, token, 1),
    ];
    for (main, (key, value, version)) in (2..).zip(&values) {
        let create = main - version + 1;
        let (key, value) = (key.as_bytes(), value.as_bytes());
        builder.put(main, 0, &Put { key, value, create, modified: main, version: *version, lease: 0 });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    std::fs::write(&path, builder.build()).unwrap();

    let mut tty = Tty::start(&on_terminal(&["browse", path.to_str().unwrap()]), USUAL);
    tty.wait_for("structure sound");
    for (query, hit, kind) in [
        ("secrets db", "secrets a/db", "kind: Secret"),
        ("configmaps", "configmaps a/admin", "kind: ConfigMap"),
        ("tokens", "oauthaccesstokens redacted~", "kind: OAuthAccessToken"),
    ] {
        tty.press("/");
        tty.press(query);
        tty.wait_for(hit);
        tty.press("\r\r");
        tty.wait_for(kind);
        tty.press("r");
        tty.wait_for("start with --reveal");
        tty.press("\t");
        tty.wait_for(".0      created");
        // Its first version, too.
        tty.press("g\r");
        tty.wait_for("AT REVISION");
        tty.press("\u{1b}");
        tty.wait_for("Enter see version");
        tty.press("\u{1b}");
        tty.wait_for("Enter open");
    }
    tty.press("p");
    let ended = tty.end();
    assert!(ended.left.contains("redacted~"), "{}", ended.left);
    assert!(ended.showed(SHOWN), "the test would not see a leak: what is shown by design was not seen");
    for hidden in [PASSWORD, OLD_PASSWORD, PRIVATE_KEY, TOKEN] {
        for form in [hidden.to_owned(), base64(hidden)] {
            assert!(!ended.showed(&form[..12]), "{form}");
        }
    }
}
