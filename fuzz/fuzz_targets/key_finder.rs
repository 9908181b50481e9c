//! A key and any bytes, looked through in pieces: what is found does not depend on where they are cut, and a key that is
//! there, as it is or in base64, is found.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, Finder};
use libfuzzer_sys::fuzz_target;

fn holds(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// Key, form and offset.
fn look(finder: &mut Finder, hay: &[u8], piece: usize) -> Option<(String, &'static str, u64)> {
    finder.restart();
    hay.chunks(piece).find_map(|piece| finder.look(piece).map(|found| (found.key.to_owned(), found.form, found.offset)))
}

fuzz_target!(|data: &[u8]| {
    let Some((key, rest)) = data.split_at_checked(32) else { return };
    let Some((piece, hay)) = rest.split_first() else { return };
    let secret = STANDARD.encode(key);
    let json = format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],
        "providers":[{{"secretbox":{{"keys":[{{"name":"k","secret":"{secret}"}}]}}}}]}}]}}"#
    );
    let config = EncryptionConfig::parse(json.as_bytes()).expect("a configuration");
    let mut finder = Finder::of([&config]);
    let pieces = look(&mut finder, hay, usize::from(*piece) + 1);
    assert_eq!(pieces.is_some(), look(&mut finder, hay, hay.len().max(1)).is_some(), "where it is cut matters");
    assert!(pieces.is_none_or(|(key, _, at)| key == "k" && at < hay.len() as u64));
    if finder.is_empty() {
        return; // a key that would be everywhere
    }
    for form in [key, secret.as_bytes()] {
        let hidden = [hay, form, hay].concat();
        assert!(holds(&hidden, form) && look(&mut finder, &hidden, usize::from(*piece) + 1).is_some(), "not found");
    }
});
