//! No bytes make this crate panic, run away, or grow.
use encryption_config::{EncryptionConfig, Keyring, KmsEnvelope, Limits, ParseError, StoredValue};
use proptest::prelude::*;

const GOOD: &str = r#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],"providers":[{"aescbc":{"keys":[{"name":"1","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"aesgcm":{"keys":[{"name":"1","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"secretbox":{"keys":[{"name":"1","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}},{"identity":{}}]}]}"#;

fn error(text: &str) -> ParseError {
    EncryptionConfig::parse(text.as_bytes()).err().expect("must be refused")
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let earlier = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{earlier}]\n"));
    }
    bomb.push_str("kind: EncryptionConfiguration\nresources: *a11\n");
    assert!(matches!(error(&bomb), ParseError::Syntax { .. } | ParseError::TooManyNodes { .. }));
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{\"a\":", "- ", "{a: "] {
        let text = open.repeat(100_000);
        assert!(matches!(error(&text), ParseError::Syntax { .. }), "{open}");
        let inside = format!("{{\"kind\":\"EncryptionConfiguration\",\"resources\":{text}");
        assert!(matches!(error(&inside), ParseError::Syntax { .. }), "{open}");
    }
    // closed, so that only the cap refuses it
    let closed = format!("{{\"resources\":{}{}}}", "[".repeat(40), "]".repeat(40));
    assert!(matches!(error(&closed), ParseError::Syntax { .. }));
}

#[test]
fn a_flood_of_nodes_is_refused() {
    let many = format!("{{\"resources\":[{}1]}}", "1,".repeat(Limits::default().nodes));
    assert_eq!(error(&many), ParseError::TooManyNodes { limit: Limits::default().nodes });
}

#[test]
fn a_truncated_file_is_an_error_or_a_configuration() {
    for length in 0..GOOD.len() {
        let _outcome = EncryptionConfig::parse(&GOOD.as_bytes()[..length]);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _outcome = EncryptionConfig::parse(&bytes);
    }

    #[test]
    fn no_text_panics_the_parser(text in "[-\\[\\]{}:,&*!|>'\"%@` \n\ta-z0-9+/=]{0,200}") {
        let _outcome = EncryptionConfig::parse(text.as_bytes());
        let _outcome = EncryptionConfig::parse(format!("resources:\n{text}").as_bytes());
    }

    #[test]
    fn no_flipped_byte_panics(at in 0..GOOD.len(), byte in any::<u8>()) {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(config) = EncryptionConfig::parse(&bytes) {
            let _states = config.states().len();
        }
    }

    #[test]
    fn no_value_panics_open(
        prefix in prop_oneof![
            Just("k8s:enc:aescbc:v1:1:"), Just("k8s:enc:aesgcm:v1:1:"), Just("k8s:enc:secretbox:v1:1:"),
            Just("k8s:enc:kms:v1:1:"), Just("k8s:enc:kms:v2:1:"), Just("k8s:enc:"), Just("")
        ],
        body in proptest::collection::vec(any::<u8>(), 0..200),
        key in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut ring = Keyring::default();
        ring.add(EncryptionConfig::parse(GOOD.as_bytes()).unwrap());
        let stored = [prefix.as_bytes(), &body].concat();
        let _outcome = ring.open("secrets", &key, &stored).is_ok();
        let _outcome = StoredValue::read(&body).is_ok();
        let _outcome = KmsEnvelope::read_v2(&body).is_ok();
    }
}
