use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

const CONFIG: &str = r#"{"kind":"EncryptionConfiguration","resources":[{"resources":["secrets"],"providers":[{"aescbc":{"keys":[{"name":"1","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"identity":{}}]}]}"#;
/// Throw-away: `openssl genpkey -algorithm ed25519`.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHYvqZ/6gDCm1jZmbsFZo9zdVUMQKNtGospREqBTqn7+\n-----END PRIVATE KEY-----\n";
const RS256: &str = concat!(
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIiwiZXhwIjoxNzAwMDAwMDAwfQ.",
    "c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJl"
);
const HS256: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJl";

fn look(path: &str, text: &str) -> Vec<(Class, bool, Option<String>)> {
    let contents = examine(&MemberPath::new(path.as_bytes().to_vec()), text.as_bytes());
    contents.found.into_iter().map(|found| (found.class, found.encoded, found.algorithm)).collect()
}

fn classes(text: &str) -> Vec<(Class, bool)> {
    look("static-pod-resources/x/configmaps/y/z", text)
        .into_iter()
        .map(|(class, encoded, _)| (class, encoded))
        .collect()
}

#[test]
fn key_material_is_found_in_any_place() {
    let base64 = |text: &str| STANDARD.encode(text);
    let table: Vec<(String, Vec<(Class, bool)>)> = vec![
        (ED25519.into(), vec![(Class::PrivateKey, false)]),
        (format!("# notes\n{ED25519}"), vec![(Class::PrivateKey, false)]),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE".into(), vec![(Class::PrivateKey, false)]),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----".into(),
            vec![(Class::PrivateKey, false)],
        ),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n".into(), vec![(Class::PrivateKey, false)]),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".into(), vec![(Class::PrivateKey, false)]),
        ("key=AGE-SECRET-KEY-1QQQQ".into(), vec![(Class::PrivateKey, false)]),
        ("PuTTY-User-Key-File-3: ssh-ed25519".into(), vec![(Class::PrivateKey, false)]),
        (format!("Authorization: Bearer {RS256}\n"), vec![(Class::Token, false)]),
        (format!("x sha256~{}", "a".repeat(43)), vec![(Class::Token, false)]),
        (CONFIG.into(), vec![(Class::EncryptionConfig, false)]),
        (format!("data:\n  encryption-config: {}\n", base64(CONFIG)), vec![(Class::EncryptionConfig, true)]),
        (format!("data:\n  tls.key: {}\n", base64(ED25519)), vec![(Class::PrivateKey, true)]),
        (format!("data:\n  token: {}\n", base64(RS256)), vec![(Class::Token, true)]),
        (
            "aescbc:\n  keys:\n  - name: k\n    secret: >-\n      AAECAwQFBgcICQoLDA0ODw==\n".into(),
            vec![(Class::EncryptionConfig, false)],
        ),
        (CONFIG.replace('"', "\\\""), vec![(Class::EncryptionConfig, false)]),
        ("current-context: a\nusers:\n- user:\n    token: abc\n".into(), vec![(Class::KubeconfigCredential, false)]),
        ("current-context: a\nusers:\n- user: {password: abc}\n".into(), vec![(Class::KubeconfigCredential, false)]),
        (
            format!("users:\n- user:\n    client-key-data: {}\n", base64(ED25519)),
            vec![(Class::KubeconfigCredential, false), (Class::PrivateKey, true)],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(classes(&text), expected, "{text}");
    }
}

#[test]
fn what_is_no_key_material_is_not_called_so() {
    for text in [
        "",
        "current-context: a\nusers:\n- user:\n    tokenFile: /etc/token\n    client-key: /etc/tls.key\n",
        "current-context: a\nusers:\n- user:\n    token: \"\"\n    password:\n",
        r#"{"aesgcm":{"keys":[{"name":"3","secret":"AAAAAAAAAAAAAAAAAAAAAA=="}]}}"#,
        r#"{"kind":"EncryptionConfiguration","resources":[{"resources":["secrets"],"providers":[{"identity":{}}]}]}"#,
        r#"{"apiServerArguments":{"encryption-provider-config":["/etc/x"]}}"#,
        "image: quay.io/x@sha256:e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1",
        "sha256~short",
        "eyJub3QiOiJhIGp3dCJ9",
    ] {
        assert_eq!(classes(text), [], "{text}");
    }
}

#[test]
fn cloud_settings_are_looked_at_in_their_place_only() {
    let text = "[Global]\nuser = \"u\"\npassword = \"p\"\n";
    let found = look("static-pod-resources/kube-apiserver-pod-9/configmaps/cloud-config/config", text);
    assert_eq!(found, [(Class::OtherSecret, false, Some("password".into()))]);
    assert_eq!(classes(text), []);
}

#[test]
fn tokens_show_their_claims_and_only_safe_fingerprints() {
    let member = MemberPath::new(b"x".to_vec());
    let signed = examine(&member, RS256.as_bytes()).found.pop().unwrap();
    assert_eq!(signed.subject.as_deref(), Some("system:serviceaccount:a:b"));
    assert_eq!(signed.expires, Some(1_700_000_000));
    assert!(signed.fingerprint.is_some());
    // a token under a shared secret can be computed for every guess of that secret
    let shared = examine(&member, HS256.as_bytes()).found.pop().unwrap();
    assert_eq!((shared.algorithm.as_deref(), shared.fingerprint), (Some("JWT HS256"), None));
}

#[test]
fn marks_are_found_across_any_seam() {
    let mut text = vec![b'.'; 1000];
    text.splice(500..500, *b"-----BEGIN RSA PRIVATE KEY-----");
    for chunk in [1, 2, 7, 63, 64, 65, 505, 512, 5000] {
        let mut search = MarkerSearch::new();
        text.chunks(chunk).for_each(|chunk| search.update(chunk));
        let found: Vec<_> = search.finish().found.into_iter().map(|found| (found.class, found.offset)).collect();
        assert_eq!(found, [(Class::PrivateKey, 515)], "chunks of {chunk}");
    }
}
