//! `rehearse --kube-apiserver`: a stand-in for the server on a real etcd, and one for the program that asks it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use peer_harness::{Peer, PeerVersion};
use serde_json::{Value, json};

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{Run, json_of, run};

/// Says what it is; else notes what it got, and waits.
const SERVER: &str = r#"#!/bin/sh
[ "$1" = --version ] && echo Kubernetes v1.20.2 && exit
here=${0%/*}
[ -f "$here/fails" ] && cat "$here/fails" && exit 1
for word; do
    case $word in
        # a real one reads it more than once
        --encryption-provider-config=*) cat "${word#*=}" "${word#*=}" >"$here/configuration" ;;
        --cert-dir=*) echo certificate >"${word#*=}/apiserver.crt" ;;
        --token-auth-file=*) cut -d, -f1 <"${word#*=}" >"$here/token" ;;
    esac
done
printf '%s\n' "$@" >"$here/line"
exec sleep 1000
"#;

/// Answers from files, to whoever brings the token on standard input.
const CURL: &str = r#"#!/bin/sh
[ "$1" = --version ] && echo curl 8.0 && exit
here=${0%/*}
asked=$(cat)
token=$(cat "$here/token")
case "$*" in *"$token"*) exit 9 ;; esac
case $asked in
    *"Authorization: Bearer $token"*) ;;
    *) printf '{"message":"Unauthorized"}\n401' && exit ;;
esac
path=$(printf '%s\n' "$asked" | sed -n 's|^url = "https://127.0.0.1:[0-9]*\(/.*\)"$|\1|p')
file=$here/$(printf %s "$path" | sed 's|[/?&=]|_|g')
[ -f "$file" ] && cat "$file" && printf '\n200' && exit
[ -f "$file.500" ] && cat "$file.500" && printf '\n500' && exit
printf '{"message":"the server could not find it"}\n404'
"#;

const READY: &str = "_readyz_exclude_kms-providers_exclude_kms-provider-0_exclude_kms-provider-1";

/// The programs, and what they answer for a backup.
struct Stand {
    bench: Bench,
    peer: Peer,
    revision: i64,
}

impl Stand {
    fn new(test: &str) -> Option<Self> {
        let peer = Peer::for_test(PeerVersion::V35, test)?;
        let (bench, fixture) = (Bench::new(), named("aescbc-rotated"));
        fixtures::program(&bench.path("kube-apiserver"), SERVER);
        fixtures::program(&bench.path("curl"), CURL);
        let (snapshot, tarball) = (fixture.snapshot(), fixture.tarball());
        let (snapshot, tarball) = (snapshot.to_str().unwrap(), tarball.to_str().unwrap());
        let hash = json_of(&["hash", "--json", snapshot]);
        let revision = hash["artifacts"][0]["status"]["revision"].as_i64().unwrap();
        let stand = Self { bench, peer, revision };
        let resource = |name: &str, verb: &str| json!({"name": name, "verbs": [verb]});
        let resources =
            [("secrets", "list"), ("secrets/status", "list"), ("bindings", "create"), ("configmaps", "list")];
        stand.answers(READY, &json!("ok"));
        stand.answers("_api_v1", &json!({"resources": resources.map(|(name, verb)| resource(name, verb))}));
        let gone = json!({"name": "gone.example", "versions": [{"groupVersion": "gone.example/v1"}]});
        stand.answers("_apis", &json!({"groups": [gone]}));
        for name in ["secrets", "configmaps"] {
            let list = run(&["get", snapshot, name, "-A", "-o", "json", "--reveal", "--keys", tarball]);
            let mut list: Value = serde_json::from_str(&list.out).unwrap();
            for item in list["items"].as_array_mut().unwrap() {
                // as a server lists them
                item.as_object_mut().unwrap().retain(|field, _| field != "apiVersion" && field != "kind");
                item["metadata"]["managedFields"] = json!([{}]);
            }
            // in two answers
            let rest = list["items"].as_array_mut().unwrap().split_off(10);
            stand.answers(&format!("_api_v1_{name}_limit_500_continue_MORE"), &json!({"metadata": {}, "items": rest}));
            list["metadata"] = json!({"continue": "MORE"});
            stand.answers(&stand.list(name), &list);
        }
        Some(stand)
    }

    fn list(&self, resource: &str) -> String {
        format!("_api_v1_{resource}_limit_500_resourceVersion_{}_resourceVersionMatch_Exact", self.revision)
    }

    fn answers(&self, name: &str, answer: &Value) {
        fs::write(self.bench.path(name), answer.to_string()).unwrap();
    }

    fn change(&self, resource: &str, change: impl Fn(&mut Vec<Value>)) {
        let name = self.list(resource);
        let mut list: Value = serde_json::from_str(&self.text(&name)).unwrap();
        change(list["items"].as_array_mut().unwrap());
        self.answers(&name, &list);
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.bench.path(name)).unwrap()
    }

    /// Rehearses it; nothing is left but the directory.
    fn rehearse(&self, backup: &Path, more: &[&str]) -> (Run, Value) {
        let made = Bench::new();
        let (out, server, curl) = (made.text("data"), self.bench.text("kube-apiserver"), self.bench.text("curl"));
        let etcd = self.peer.etcd().to_str().unwrap();
        let line = ["rehearse", backup.to_str().unwrap(), "--out", &out, "--json", "--quick", "--etcd", etcd];
        let run = run(&[&line[..], &["--kube-apiserver", &server, "--ask-with", &curl], more].concat());
        let document: Value = serde_json::from_str(&run.out).unwrap_or_default();
        assert_eq!(made.names(), if run.code == Some(2) { vec![] } else { vec!["data"] }, "{}", run.err);
        assert_eq!(crate::interrupted::of_folder(&made.path("")), Vec::<String>::new());
        (run, document["artifacts"][0].clone())
    }
}

fn wrong(told: &Value) -> Vec<(&str, &str)> {
    let probes = told["boot"]["kubeApiserver"]["probes"].as_array().unwrap().iter();
    probes
        .filter(|probe| probe["ok"] == false)
        .map(|probe| (probe["name"].as_str().unwrap(), probe["got"].as_str().unwrap()))
        .collect()
}

#[test]
fn what_is_served_is_what_is_stored() {
    let Some(stand) = Stand::new("what_is_served_is_what_is_stored") else { return };
    let folder = named("aescbc-rotated").snapshot().parent().unwrap().to_owned();
    let (run, told) = stand.rehearse(&folder, &[]);
    assert_eq!(run.code, Some(0), "{} {}", run.out, run.err);
    let kube = &told["boot"]["kubeApiserver"];
    assert_eq!((&kube["version"], &kube["prefix"]), (&json!("1.20.2"), &json!("kubernetes.io")));
    assert_eq!((&kube["objects"], &kube["encrypted"], &kube["values"]), (&json!(288), &json!(288), &json!(288)));
    assert_eq!((&kube["resources"], &kube["differing"]), (&json!(2), &json!([])));
    let last = told["checks"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["name"], &last["outcome"]), (&json!("kube-apiserver"), &json!("proven")));
    // the keys came through memory, whole each time, and only so
    let configuration = stand.text("configuration");
    let (first, second) = configuration.split_at(configuration.len() / 2);
    assert_eq!(first, second);
    let file = stand.bench.write("again.json", first.as_bytes());
    let line = stand.text("line");
    assert!(line.contains("--encryption-provider-config=/proc/self/fd/0\n"), "{line}");
    assert!(!line.contains(stand.text("token").trim()), "{line}");
    let (run, _) = stand.rehearse(&named("aescbc-rotated").snapshot(), &["--keys", &file]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn what_differs_is_told_and_why_nothing_is_listed() {
    let Some(stand) = Stand::new("what_differs_is_told") else { return };
    let folder = named("aescbc-rotated").snapshot().parent().unwrap().to_owned();
    stand.change("secrets", |items| {
        items[0]["data"] = json!({});
        items[1]["metadata"]["uid"] = json!("other");
        items[2]["metadata"]["resourceVersion"] = json!("1");
        items[3]["metadata"]["name"] = json!("other");
    });
    let (run, told) = stand.rehearse(&folder, &[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let differing = told["boot"]["kubeApiserver"]["differing"].to_string();
    for how in ["has another value", "has another uid", "has another resourceVersion", "is not stored", "is missing"] {
        assert_eq!(differing.matches(how).count(), 1, "{how}: {differing}");
    }
    let names: Vec<&str> = wrong(&told).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["objects", "encrypted", "values", "differing"]);
    let message = "unable to transform key \"/kubernetes.io/secrets/x\": no matching key was found for the provided AES transformer";
    fs::remove_file(stand.bench.path(&stand.list("secrets"))).unwrap();
    stand.answers(&format!("{}.500", stand.list("secrets")), &json!({"message": message}));
    let (run, told) = stand.rehearse(&folder, &[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let (name, got) = wrong(&told)[0];
    assert!(name == "list" && got.contains("(500) unable to transform"), "{got}");
    let probe = &told["boot"]["kubeApiserver"]["probes"][1];
    assert!(probe["meaning"].as_str().unwrap().contains("assay keys check"), "{probe}");
}

#[test]
fn a_server_that_does_not_come_up_is_told_and_what_cannot_be_asked_is_refused() {
    let Some(stand) = Stand::new("a_server_that_does_not_come_up") else { return };
    let (fixture, folder) = (named("aescbc-rotated"), named("aescbc-rotated").snapshot().parent().unwrap().to_owned());
    let fails = "Error: error while parsing file: resources[0].providers[0].aescbc.keys[0].secret: Invalid value\n";
    stand.bench.write("fails", fails.as_bytes());
    let (run, told) = stand.rehearse(&folder, &[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let kube = &told["boot"]["kubeApiserver"];
    assert!(kube["failure"].as_str().unwrap().contains("exit code 1: Error: error while parsing"), "{kube}");
    assert!(kube["meaning"].as_str().unwrap().contains("encryption configuration"), "{kube}");
    let (run, _) = stand.rehearse(&fixture.snapshot(), &[]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("are encrypted, and there are no keys"), "{}", run.err);
    fs::set_permissions(stand.bench.path("curl"), fs::Permissions::from_mode(0o600)).unwrap();
    let (run, _) = stand.rehearse(&folder, &[]);
    assert!(run.err.contains("it is no program"), "{}", run.err);
}
