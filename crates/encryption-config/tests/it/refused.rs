//! What kube-apiserver refuses to start with, in its words, and what it takes.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encryption_config::EncryptionConfig;

const HEAD: &str = "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\n";

/// What is said of it, with the place.
fn refusals(text: &str) -> Vec<(String, String)> {
    let config = EncryptionConfig::parse(text.as_bytes()).unwrap();
    config.problems.iter().filter_map(|problem| Some((problem.at.clone(), problem.refusal()?))).collect()
}

fn key(name: &str, length: usize) -> String {
    format!("{{name: '{name}', secret: '{}'}}", STANDARD.encode(vec![7; length]))
}

fn of_resources(resources: &str) -> String {
    format!("{HEAD}resources:\n- resources: [{resources}]\n  providers:\n  - aescbc: {{keys: [{}]}}\n", key("1", 32))
}

fn of_providers(providers: &[&str]) -> String {
    let list: String = providers.iter().map(|provider| format!("  - {provider}\n")).collect();
    format!("{HEAD}resources:\n- resources: [secrets]\n  providers:\n{list}")
}

fn of_kms(settings: &str) -> String {
    of_providers(&[&format!("kms: {{{settings}}}")])
}

#[test]
fn each_refusal_has_the_words_of_kube_apiserver() {
    let place = "resources[0]";
    let listed = "resources[0].resources[0]";
    let provider = "resources[0].providers[0]";
    let plugin = |field: &str| format!("resources[0].providers[0].kms.{field}");
    let socket = "endpoint: 'unix:///k.sock'";
    let table: Vec<(String, String, &str)> = vec![
        (
            of_resources("secrets").replace("kind: EncryptionConfiguration\n", ""),
            "kind".into(),
            "Object 'Kind' is missing",
        ),
        (
            of_resources("secrets").replace("Configuration\n", "Config\n"),
            "apiVersion".into(),
            "no kind \"EncryptionConfig\" is registered for version \"apiserver.config.k8s.io/v1\"",
        ),
        (
            of_resources("secrets").replace("apiserver.config.k8s.io/v1", "v1"),
            "apiVersion".into(),
            "no kind \"EncryptionConfiguration\" is registered for version \"v1\"",
        ),
        (format!("{HEAD}resources: []\n"), String::new(), "at least one resources is required"),
        (of_resources(""), place.into(), "at least one resources[0].resources is required"),
        (of_providers(&[]), place.into(), "at least one resources[0].providers is required"),
        (
            of_resources("secrets, configmaps, secrets"),
            place.into(),
            "the same resource cannot be specified multiple times",
        ),
        (of_resources("secrets, '*.'"), place.into(), "using overlapping resources"),
        (of_resources("deployments.apps, '*.*'"), place.into(), "using overlapping resources"),
        (of_resources("Secrets"), listed.into(), "resource name should not contain capital letters"),
        (of_resources("'*'"), listed.into(), "use '*.' to encrypt all the resources from core API group"),
        (of_resources("serviceipallocations"), listed.into(), "resources which do not have REST API/s"),
        (of_resources("events.events.k8s.io"), listed.into(), "'*.events.k8s.io' objects are stored"),
        (of_resources("'*.extensions'"), listed.into(), "'extensions' group has been removed"),
        (of_resources("'secrets.*'"), listed.into(), "encrypting the same resource across groups is not supported"),
        (
            of_resources("'*.*'") + "- resources: [secrets]\n  providers: [{identity: {}}]\n",
            "resources[1]".into(),
            "resource \"secrets\" is masked by earlier rule \"*.*\"",
        ),
        (
            of_resources("'*.'") + "- resources: ['*.']\n  providers: [{identity: {}}]\n",
            "resources[1]".into(),
            "resource \"*.\" is masked by earlier rule \"*.\"",
        ),
        (
            of_providers(&["{}", "identity: {}"]),
            provider.into(),
            "provider does not contain any of the expected providers",
        ),
        (
            of_providers(&[&format!("{{aescbc: {{keys: [{}]}}, identity: {{}}}}", key("1", 32))]),
            provider.into(),
            "more than one provider specified in a single element",
        ),
        (
            of_providers(&["rot13: {}"]),
            "resources[0].providers[0].rot13".into(),
            "strict decoding error: unknown field \"resources[0].providers[0].rot13\"",
        ),
        (
            of_providers(&["aesgcm: {keys: }"]),
            "resources[0].providers[0].aesgcm".into(),
            "at least one keys is required",
        ),
        (
            of_providers(&[&format!("aesgcm: {{keys: [{}]}}", key("", 32))]),
            "resources[0].providers[0].aesgcm.keys[0]".into(),
            "name is a mandatory field for a key",
        ),
        (
            of_providers(&["aesgcm: {keys: [{name: '1'}]}"]),
            "resources[0].providers[0].aesgcm.keys[0]".into(),
            "secret is a mandatory field for a key",
        ),
        (
            of_providers(&["aesgcm: {keys: [{name: '1', secret: '!!'}]}"]),
            "resources[0].providers[0].aesgcm.keys[0]".into(),
            "secrets must be base64 encoded",
        ),
        (
            of_providers(&[&format!("aescbc: {{keys: [{}]}}", key("1", 25))]),
            "resources[0].providers[0].aescbc.keys[0]".into(),
            "secret is not of the expected length, got 25, expected one of [16 24 32]",
        ),
        (
            of_providers(&[&format!("secretbox: {{keys: [{}]}}", key("1", 16))]),
            "resources[0].providers[0].secretbox.keys[0]".into(),
            "secret is not of the expected length, got 16, expected one of [32]",
        ),
        (
            of_kms(&format!("apiVersion: v2, name: a, {socket}, pandas: 1")),
            "resources[0].providers[0].kms".into(),
            "strict decoding error: unknown field \"resources[0].providers[0].kms.pandas\"",
        ),
        (
            of_kms(&format!("apiVersion: v3, name: a, {socket}")),
            plugin("apiVersion"),
            "unsupported apiVersion for KMS provider",
        ),
        (of_kms(socket), "resources[0].providers[0].kms".into(), "name is a mandatory field for a provider"),
        (of_kms("name: a"), plugin("endpoint"), "endpoint is a mandatory field for a kms"),
        (of_kms("name: a, endpoint: 'tcp://h:1'"), plugin("endpoint"), "unsupported scheme"),
        (of_kms(&format!("name: a, {socket}, timeout: 0s")), plugin("timeout"), "timeout should be a positive value"),
        (
            of_kms(&format!("name: a, {socket}, timeout: '-3s'")),
            plugin("timeout"),
            "timeout should be a positive value",
        ),
        (of_kms(&format!("name: a, {socket}, timeout: soon")), plugin("timeout"), "time: invalid duration"),
        (
            of_kms(&format!("name: a, {socket}, cachesize: 0")),
            plugin("cachesize"),
            "cachesize should be a positive value",
        ),
        (
            of_kms(&format!("apiVersion: v2, name: a, {socket}, cachesize: 10")),
            plugin("cachesize"),
            "cachesize is not supported in v2",
        ),
        (
            of_kms(&format!("apiVersion: v2, name: 'a:b', {socket}")),
            "resources[0].providers[0].kms".into(),
            "invalid KMS provider name a:b, must not contain ':'",
        ),
        (
            of_providers(&[
                &format!("kms: {{name: a, {socket}}}"),
                &format!("kms: {{apiVersion: v2, name: a, {socket}}}"),
            ]),
            "resources[0].providers[1].kms".into(),
            "duplicate KMS provider name a",
        ),
    ];
    for (text, at, words) in table {
        let found = refusals(&text);
        let [(place, said)] = &found[..] else { panic!("{text}\n{found:?}") };
        assert!(*place == at && said.starts_with(words), "{text}\n{found:?}");
    }
}

/// What looks odd and starts all the same.
#[test]
fn what_an_api_server_takes_is_not_refused() {
    let socket = "endpoint: 'unix:///k.sock'";
    for text in [
        of_resources("secrets"),
        of_resources("secrets").replace(
            "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1",
            "kind: EncryptionConfig\napiVersion: v1",
        ),
        of_resources("secrets, pandas.awesome.bears.example"),
        // each resource is looked up by itself: the lists follow one another
        of_resources("secrets") + "- resources: [secrets]\n  providers: [{identity: {}}]\n",
        of_resources("events")
            + "- resources: ['*.apps']\n  providers: [{identity: {}}]\n- resources: ['*.*']\n  providers: [{identity: {}}]\n",
        // key names may hold colons, and two keys one name
        of_providers(&[
            &format!("aescbc: {{keys: [{}, {}, {}]}}", key("a:b", 32), key("1", 16), key("1", 24)),
            "identity: {}",
        ]),
        of_providers(&["identity: {}", "identity: {}"]),
        of_kms(&format!("name: 'a:b', {socket}, timeout: 1m3.5s, cachesize: -1")),
        of_providers(&[&format!("kms: {{name: a, {socket}}}"), &format!("kms: {{name: a, {socket}}}")]),
    ] {
        assert_eq!(refusals(&text), [], "{text}");
    }
}
