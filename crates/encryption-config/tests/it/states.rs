//! The table of provider orders, as library-go's state machine writes them.
use encryption_config::{EncryptionConfig, State};

const FAKE: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// Builds a configuration from words such as `identity`, `aescbc:2`, `fake:3`, `kms:1_secrets`.
fn config(order: &[&str]) -> EncryptionConfig {
    let providers: Vec<String> = order.iter().map(|word| provider(word)).collect();
    let json = format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{}]}}]}}"#,
        providers.join(",")
    );
    EncryptionConfig::parse(json.as_bytes()).unwrap()
}

fn provider(word: &str) -> String {
    let Some((kind, name)) = word.split_once(':') else {
        return format!(r#"{{"{word}":{{}}}}"#);
    };
    let key =
        |kind: &str, secret: &str| format!(r#"{{"{kind}":{{"keys":[{{"name":"{name}","secret":"{secret}"}}]}}}}"#);
    match kind {
        "fake" => key("aesgcm", FAKE),
        "kms" => {
            format!(r#"{{"kms":{{"name":"{name}","endpoint":"unix:///x","apiVersion":"v2"}}}}"#)
        }
        _ => {
            // 32 bytes that differ by name
            let byte = name.bytes().fold(1_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) | 1;
            use base64::Engine;
            key(kind, &base64::engine::general_purpose::STANDARD.encode([byte; 32]))
        }
    }
}

#[test]
fn orders_mean_what_library_go_means() {
    use State::*;
    for (order, expected, writer, mode_change) in [
        (&[][..], NeverEncrypted, None, false),
        (&["identity"], NeverEncrypted, Some(""), false),
        (&["identity", "fake:1"], NeverEncrypted, Some(""), false),
        (&["identity", "aescbc:1"], ReadKeyDistributed, Some(""), false),
        (&["aescbc:1", "identity"], Writing, Some("1"), false),
        (&["aescbc:1"], Writing, Some("1"), false),
        (&["aescbc:1", "aescbc:2", "identity"], RotationReadKeyDistributed, Some("1"), false),
        (&["aescbc:2", "aescbc:1", "identity"], Rotated, Some("2"), false),
        (&["aescbc:10", "aescbc:9", "identity"], Rotated, Some("10"), false),
        (&["identity", "aescbc:2", "aesgcm:1", "fake:3"], Decrypting, Some(""), false),
        (&["identity", "aescbc:2", "aescbc:1"], Decrypting, Some(""), false),
        (&["identity", "aescbc:4", "aescbc:2", "fake:3"], ReadKeyDistributed, Some(""), false),
        (&["aescbc:4", "identity", "aescbc:2", "fake:3"], ReEnabled, Some("4"), false),
        (&["aescbc:4", "identity", "fake:3"], ReEnabled, Some("4"), false),
        (&["aescbc:5", "aescbc:4", "identity", "fake:3"], Rotated, Some("5"), false),
        (&["aesgcm:5", "aescbc:4", "identity"], Rotated, Some("5"), true),
        (&["aescbc:4", "aesgcm:5", "identity"], RotationReadKeyDistributed, Some("4"), true),
        (&["kms:6_secrets", "aescbc:5", "identity"], Rotated, Some("6_secrets"), true),
        (&["aescbc:key-b", "aescbc:key-a", "identity"], WritingOrderUnknown, Some("key-b"), false),
    ] {
        let config = config(order);
        let states = config.states();
        assert_eq!(states.len(), 1, "{order:?}");
        assert_eq!(states[0].state, expected, "{order:?}");
        assert_eq!(states[0].writer.as_ref().map(|writer| writer.name()), writer, "{order:?}");
        assert_eq!(states[0].mode_change, mode_change, "{order:?}");
        assert!(states[0].readers.iter().all(|reader| reader.name() != "3" || !order.contains(&"fake:3")), "{order:?}");
    }
}

#[test]
fn a_bookkeeping_entry_is_no_key() {
    let config = config(&["identity", "aesgcm:2", "fake:3"]);
    let keys: Vec<_> = config
        .keys()
        .map(|(_, key)| (key.name().to_owned(), key.is_bookkeeping(), key.fingerprint().is_some()))
        .collect();
    assert_eq!(keys, [("2".to_owned(), false, true), ("3".to_owned(), true, false)]);
    assert_eq!(config.problems.len(), 1, "identity first, and nothing about zero bytes: {:?}", config.problems);
}
