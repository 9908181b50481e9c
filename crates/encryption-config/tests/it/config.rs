//! Reading configurations: notations, wildcards, and every kind of problem.
use encryption_config::{
    EncryptionConfig, Format, GroupResource, KeyNaming, Limits, ParseError, Problem, ProblemKind, Provider,
    ProviderKind,
};

/// `base64(bytes(range(32)))` and others, computed with Python.
const K32: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K24: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const K16: &str = "AAECAwQFBgcICQoLDA0ODw==";

fn parse(text: &str) -> EncryptionConfig {
    EncryptionConfig::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn error(text: &[u8]) -> ParseError {
    match EncryptionConfig::parse(text) {
        Ok(_) => panic!("parsed"),
        Err(error) => error,
    }
}

fn document(entries: &str) -> String {
    format!(r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{entries}]}}"#)
}

fn providers(providers: &str) -> String {
    document(&format!(r#"{{"resources":["secrets"],"providers":[{providers}]}}"#))
}

#[test]
fn json_and_yaml_read_alike() {
    let json = document(&format!(
        r#"{{"resources":["secrets","configmaps"],"providers":[
            {{"aescbc":{{"keys":[{{"name":"2","secret":"{K32}"}},{{"name":"1","secret":"{K24}"}}]}}}},
            {{"secretbox":{{"keys":[{{"name":"sb","secret":"{K32}"}}]}}}},
            {{"kms":{{"name":"1_secrets","endpoint":"unix:///var/run/kmsplugin/kms-1.sock","timeout":"10s","apiVersion":"v2"}}}},
            {{"identity":{{}}}}]}}"#
    ));
    let yaml = format!(
        "---\napiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets, configmaps]\n  providers:\n  - aescbc:\n      keys:\n      - name: \"2\"\n        secret: {K32}\n      - {{name: '1', secret: >-\n          {K24}\n        }}\n  - secretbox: {{keys: [{{name: sb, secret: \"{K32}\"}}]}}\n  - kms:\n      apiVersion: v2\n      name: 1_secrets\n      endpoint: unix:///var/run/kmsplugin/kms-1.sock\n      timeout: 10s\n  - identity: {{}}\n"
    ).replace("{name: '1', secret: >-", "name: '1'\n        secret: >-").replace("\n        }\n", "\n");
    for (text, format) in [(json, Format::Json), (yaml, Format::Yaml)] {
        let config = parse(&text);
        assert_eq!(config.problems, [], "{text}");
        assert_eq!(config.format, format);
        let keys: Vec<_> = config.keys().map(|(kind, key)| (kind, key.name().to_owned(), key.bits())).collect();
        let expected = [
            (ProviderKind::AesCbc, "2".to_owned(), Some(256)),
            (ProviderKind::AesCbc, "1".to_owned(), Some(192)),
            (ProviderKind::SecretBox, "sb".to_owned(), Some(256)),
        ];
        assert_eq!(keys, expected, "{text}");
        let Provider::Kms(kms) = &config.entries[0].providers[2] else { panic!("no kms: {text}") };
        assert_eq!((kms.name.as_str(), kms.v2, kms.generation()), ("1_secrets", true, Some(1)));
        let printed = config.keys().next().unwrap().1.fingerprint().unwrap().to_string();
        assert_eq!(printed, "6c54b44d5a9bfba2318a0758192e2150");
    }
}

#[test]
fn yaml_anchors_keep_working_under_the_mask() {
    let config = parse(&format!(
        "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n- resources: [secrets]\n  providers: &thisAnchorNameIsLongerThanTwentyLetters\n  - aescbc: {{keys: [{{name: \"1\", secret: {K32}}}]}}\n  - identity: {{}}\n- resources: [configmaps]\n  providers: *thisAnchorNameIsLongerThanTwentyLetters\n"
    ));
    assert_eq!(config.problems, []);
    assert_eq!(config.keys().map(|(_, key)| key.bits()).collect::<Vec<_>>(), [Some(256), Some(256)]);
}

/// HyperShift's form: YAML, one entry, active and backup key, names made from the bytes.
#[test]
fn hypershift_names_are_checked_against_the_bytes() {
    // FNV-1 32 of bytes(range(32)), computed with Python
    let yaml = |name: &str| {
        format!(
            "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n- providers:\n  - aescbc:\n      keys:\n      - name: {name}\n        secret: {K32}\n  - identity: {{}}\n  resources:\n  - secrets\n"
        )
    };
    let good = parse(&yaml("key-3283587397"));
    assert_eq!(good.problems, []);
    assert_eq!(good.keys().next().unwrap().1.naming(), KeyNaming::HyperShift { matches: Some(true) });
    let bad = parse(&yaml("key-1"));
    assert_eq!(bad.problems[0].kind, ProblemKind::NameIsNotHash { key: "key-1".into() });
}

#[test]
fn resources_are_found_exact_then_group_then_all() {
    let entry = |resources: &str, name: &str| {
        format!(
            r#"{{"resources":["{resources}"],"providers":[{{"aescbc":{{"keys":[{{"name":"{name}","secret":"{K32}"}}]}}}},{{"identity":{{}}}}]}}"#
        )
    };
    let entries = [
        entry("secrets", "1"),
        entry("*.", "2"),
        entry("*.apps", "3"),
        entry("*.*", "4"),
        entry("routes.route.openshift.io", "5"),
    ];
    let config = parse(&document(&entries.join(",")));
    for (resource, key) in [
        ("secrets", "1"),
        ("configmaps", "2"),
        ("deployments.apps", "3"),
        ("events.events.k8s.io", "4"),
        ("routes.route.openshift.io", "5"),
    ] {
        let found = config.providers_for(&GroupResource::parse(resource));
        assert_eq!(found[0].keys()[0].name(), key, "{resource}");
    }
    let masked = ProblemKind::MaskedResource { resource: "routes.route.openshift.io".into(), by: "*.*".into() };
    assert_eq!(config.problems, [Problem { at: "resources[4]".into(), kind: masked }]);
    assert_eq!(config.entries[1].resources[0].to_string(), "*.");
}

#[test]
fn each_problem_is_named_with_its_place() {
    let identity = r#"{"identity":{}}"#;
    let key = |name: &str, secret: &str| format!(r#"{{"name":"{name}","secret":"{secret}"}}"#);
    let aescbc = |keys: &str| format!(r#"{{"aescbc":{{"keys":[{keys}]}}}}"#);
    let good = aescbc(&key("1", K32));
    let secrets = || "secrets".to_owned();
    let table: Vec<(String, &str, ProblemKind)> = vec![
        (
            providers(&format!("{good},{identity}")).replace("Configuration\"", "Config2\""),
            "kind",
            ProblemKind::Kind { got: "EncryptionConfig2".into() },
        ),
        (
            providers(&format!("{good},{identity}")).replace("io/v1", "io/v9"),
            "apiVersion",
            ProblemKind::ApiVersion {
                got: "apiserver.config.k8s.io/v9".into(),
                kind: "EncryptionConfiguration".into(),
            },
        ),
        (
            providers(&format!("{good},{identity}")).replace("\"kind\"", "\"extra\":1,\"kind\""),
            "",
            ProblemKind::UnknownField { name: "extra".into() },
        ),
        (
            providers(&format!(r#"{good},{identity},{{"rot13":{{}}}}"#)),
            "resources[0].providers[2].rot13",
            ProblemKind::UnknownProvider { name: "rot13".into() },
        ),
        (
            providers(&format!("{good},{identity}")).replace("\"name\":\"1\"", "\"name\":\"9\",\"name\":\"1\""),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::DuplicateField { name: "name".into() },
        ),
        (
            providers(&format!("{good},{identity}")).replace("\"name\":\"1\"", "\"name\":1"),
            "resources[0].providers[0].aescbc.keys[0].name",
            ProblemKind::Type { expected: "a string", got: "a number" },
        ),
        (
            providers(&format!("{good},{identity},[]")),
            "resources[0].providers[2]",
            ProblemKind::Type { expected: "an object", got: "a list" },
        ),
        (
            providers(&format!("{good},{identity},{{}}")),
            "resources[0].providers[2]",
            ProblemKind::Missing { name: "provider" },
        ),
        (
            providers(&format!("{},{identity}", aescbc(""))),
            "resources[0].providers[0].aescbc",
            ProblemKind::Missing { name: "keys" },
        ),
        (
            providers(&format!("{},{identity}", aescbc(&key("", K32)))),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::Missing { name: "name" },
        ),
        (
            providers(&format!("{},{identity}", aescbc(&key("1", "")))),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::Missing { name: "secret" },
        ),
        (
            providers(&format!(r#"{{"aescbc":{{"keys":[{}]}},"identity":{{}}}}"#, key("1", K32))),
            "resources[0].providers[0]",
            ProblemKind::SeveralProviders { count: 2 },
        ),
        (
            providers(&format!("{},{identity}", aescbc(&key("1", "not base64!")))),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::Base64 { key: "1".into() },
        ),
        (
            providers(&format!("{},{identity}", aescbc(&key("1", "AAEC")))),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::KeyLength { key: "1".into(), got: 3, expected: "16, 24 or 32" },
        ),
        (
            providers(&format!(r#"{{"secretbox":{{"keys":[{}]}}}},{identity}"#, key("1", K16))),
            "resources[0].providers[0].secretbox.keys[0]",
            ProblemKind::KeyLength { key: "1".into(), got: 16, expected: "32" },
        ),
        (
            providers(&format!("{},{identity}", aescbc(&key("1", "AAAAAAAAAAAAAAAAAAAAAA==")))),
            "resources[0].providers[0].aescbc.keys[0]",
            ProblemKind::ZeroKey { key: "1".into() },
        ),
        (
            providers(&format!("{},{},{identity}", good, aescbc(&key("1", K16)))),
            "resources[0]",
            ProblemKind::DuplicateKeyName { resource: secrets(), key: "1".into(), same_material: false },
        ),
        (
            providers(&format!("{good},{good},{identity}")),
            "resources[0]",
            ProblemKind::DuplicateKeyName { resource: secrets(), key: "1".into(), same_material: true },
        ),
        (providers(&format!("{identity},{good}")), "resources[0]", ProblemKind::IdentityFirst { resource: secrets() }),
        (providers(&good), "resources[0]", ProblemKind::NoIdentity { resource: secrets() }),
        (
            providers(&format!("{good},{identity}")).replace("[\"secrets\"]", "[\"secrets\",\"secrets\"]"),
            "resources[0]",
            ProblemKind::DuplicateResource { resource: secrets(), in_one_list: true },
        ),
        (
            providers(&format!("{good},{identity}")).replace("[\"secrets\"]", "[\"sec*.apps\"]"),
            "resources[0].resources[0]",
            ProblemKind::ResourcePattern { resource: "sec*.apps".into(), refusal: None },
        ),
        (
            providers(&format!("{good},{identity}")).replace("[\"secrets\"]", "[]"),
            "resources[0]",
            ProblemKind::Missing { name: "resources" },
        ),
        (providers(""), "resources[0]", ProblemKind::Missing { name: "providers" }),
    ];
    for (text, at, kind) in table {
        assert_eq!(parse(&text).problems, [Problem { at: at.into(), kind }], "{text}");
    }
}

/// Nothing that can be printed repeats the text of a secret, however broken it is.
#[test]
fn no_message_repeats_a_secret() {
    const BROKEN: &str = "TopSecretTopSecret!TopSecretTopSecret";
    let forms = [
        providers(&format!(r#"{{"aescbc":{{"keys":[{{"name":"1","secret":"{BROKEN}"}}]}}}}"#)),
        providers(&format!(r#"{{"aescbc":{{"keys":[{{"name":"1","{BROKEN}":1}}]}}}}"#)),
        format!(
            "kind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: x\n        secret: {BROKEN}\n"
        ),
    ];
    for text in forms {
        let config = parse(&text);
        assert!(!config.problems.is_empty());
        for problem in &config.problems {
            assert!(!format!("{problem} {problem:?}").contains("TopSecret"), "{problem}");
        }
    }
    for text in [
        format!(r#"{{"resources": "{BROKEN}"#),
        format!("resources: [\"{BROKEN}\n  : {{"),
        format!("- {BROKEN}"),
        BROKEN.to_owned(),
    ] {
        let error = error(text.as_bytes());
        assert!(!format!("{error} {error:?}").contains("TopSecret"), "{error}");
    }
}

#[test]
fn what_is_no_configuration_is_an_error() {
    assert_eq!(error(b"\xff\xfe"), ParseError::NotText { offset: 0 });
    assert_eq!(error(b"k8s:enc:aescbc:v1:1:\x80"), ParseError::NotText { offset: 20 });
    assert!(matches!(error(b""), ParseError::Syntax { .. } | ParseError::NotAConfiguration { .. }));
    assert!(matches!(error(b"{"), ParseError::Syntax { format: Format::Json, line: 1 }));
    assert!(matches!(error(b"a: [\n"), ParseError::Syntax { format: Format::Yaml, .. }));
    assert!(matches!(error(b"[]"), ParseError::NotAConfiguration { .. }));
    assert!(matches!(error(b"{\"kind\":\"Secret\"}"), ParseError::NotAConfiguration { .. }));
    let limits = Limits { bytes: 10, ..Limits::default() };
    let outcome = EncryptionConfig::parse_with(&[b' '; 11], &limits).err();
    assert_eq!(outcome, Some(ParseError::TooLarge { got: 11, limit: 10 }));
}

#[test]
fn a_flood_of_problems_is_cut_and_says_so() {
    let keys = vec![r#"{"name":"","secret":""}"#; 800].join(",");
    let config = parse(&providers(&format!(r#"{{"aescbc":{{"keys":[{keys}]}}}},{{"identity":{{}}}}"#)));
    assert_eq!(config.problems.len(), Limits::default().problems + 1);
    assert_eq!(config.problems.last().unwrap().kind, ProblemKind::TooMany { limit: 1000 });
}
