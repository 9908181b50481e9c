//! Private keys in PEM, wherever they stand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What stands before and behind the name of a private key in PEM: as it is, and as URLs have it, such as those of MachineConfigs.
const PEM: (&str, &str, &str) = ("-----BEGIN ", "PRIVATE KEY-----", "-----END ");
const PEM_IN_URLS: (&str, &str, &str) = ("-----BEGIN%20", "PRIVATE%20KEY-----", "-----END%20");
/// How base64 of PEM begins.
const PEM_IN_BASE64: &str = "LS0tLS1CRUdJTi";
/// Nothing shorter holds a key.
const LEAST: usize = PEM.0.len() + PEM.1.len();

/// Masks private keys in PEM, whatever kind they stand in, in base64 too.
pub(super) fn private_keys(value: &mut Value) -> usize {
    match value {
        Value::String(text) if text.len() < LEAST => 0,
        Value::String(text) if is_private_key_in_base64(text) => {
            *text = format!("<masked: {} bytes>", text.len());
            1
        }
        Value::String(text) => {
            let mut places = 0;
            for without in [without_private_keys, without_private_keys_in_urls, without_private_keys_in_base64] {
                if let Some((masked, found)) = without(text) {
                    *text = masked;
                    places += found;
                }
            }
            places
        }
        Value::Array(items) => items.iter_mut().map(private_keys).sum(),
        Value::Object(map) => map.values_mut().map(private_keys).sum(),
        _ => 0,
    }
}

/// `binaryData` of ConfigMaps is base64.
fn is_private_key_in_base64(text: &str) -> bool {
    let name = PEM.1.as_bytes();
    text.len() > name.len()
        && STANDARD.decode(text).is_ok_and(|bytes| bytes.windows(name.len()).any(|window| window == name))
}

/// Keys in kubeconfigs, and in URLs, are base64 within a text: with each replaced, and how many there were.
fn without_private_keys_in_base64(text: &str) -> Option<(String, usize)> {
    let (mut masked, mut places, mut rest) = (String::new(), 0, text);
    while let Some(at) = rest.find(PEM_IN_BASE64) {
        let (before, encoded) = rest.split_at(at);
        let (encoded, after) = encoded.split_at(length_of_base64(encoded));
        masked.push_str(before);
        let joined: String = encoded.split_ascii_whitespace().collect();
        let whole = joined.trim_end_matches('=');
        let whole = whole.get(..whole.len() / 4 * 4).unwrap_or_default();
        if is_private_key_in_base64(whole) {
            masked.push_str(&format!("<masked: private key, {} bytes>", encoded.len()));
            places += 1;
        } else {
            masked.push_str(encoded);
        }
        rest = after;
    }
    masked.push_str(rest);
    (places > 0).then_some((masked, places))
}

/// Bytes of the base64 that a text begins with, and of the lines behind it that go on with it: each has its length, the last
/// may be shorter. A line that holds anything besides is none of them.
fn length_of_base64(text: &str) -> usize {
    let run = |text: &str| {
        let is_other = |char: char| !(char.is_ascii_alphanumeric() || "+/=".contains(char));
        text.find(is_other).unwrap_or(text.len())
    };
    let width = run(text);
    let (mut end, mut last) = (width, width);
    while last == width {
        let (base64, rest) = text.split_at(end);
        let line = rest.trim_ascii_start();
        let gap = rest.len() - line.len();
        let is_new = rest.get(..gap).is_some_and(|gap| gap.contains('\n'));
        last = run(line);
        let ends = line.get(last..).is_none_or(|behind| behind.is_empty() || behind.starts_with(['\n', '\r']));
        if base64.ends_with('=') || !is_new || !ends || last == 0 || last > width {
            break;
        }
        end += gap + last;
    }
    end
}

fn without_private_keys(text: &str) -> Option<(String, usize)> {
    without_pem(text, PEM)
}

fn without_private_keys_in_urls(text: &str) -> Option<(String, usize)> {
    without_pem(text, PEM_IN_URLS)
}

/// The text with each private key replaced, and how many there were; none where there is none.
fn without_pem(text: &str, (begin, name, end): (&str, &str, &str)) -> Option<(String, usize)> {
    if !text.contains(name) {
        return None;
    }
    let (mut masked, mut places, mut rest) = (String::new(), 0, text);
    while let Some((before, after)) = rest.split_once(begin) {
        masked.push_str(before);
        // The label is at most a few words; PEM of anything else is left as it is.
        let label = after.find("-----").and_then(|at| after.get(..at.saturating_add(5)));
        let Some(label) = label.filter(|label| label.ends_with(name)) else {
            masked.push_str(begin);
            rest = after;
            continue;
        };
        let body = after.get(label.len()..).unwrap_or_default();
        let length = match body.find(end) {
            Some(at) => {
                let tail = body.get(at.saturating_add(end.len())..).unwrap_or_default();
                let closed = tail.find("-----").map_or(tail.len(), |found| found.saturating_add(5));
                at.saturating_add(end.len()).saturating_add(closed)
            }
            None => body.len(),
        };
        masked.push_str(&format!("<masked: private key, {} bytes>", begin.len() + label.len() + length));
        places += 1;
        rest = body.get(length..).unwrap_or_default();
    }
    masked.push_str(rest);
    (places > 0).then_some((masked, places))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(mut value: Value) -> (usize, Value) {
        let places = private_keys(&mut value);
        (places, value)
    }

    #[test]
    fn a_private_key_in_base64_is_masked() {
        let key = STANDARD.encode("x\n-----BEGIN EC PRIVATE KEY-----\nCANARY\n-----END EC PRIVATE KEY-----\n");
        let public = STANDARD.encode("-----BEGIN CERTIFICATE-----\nPUBLIC\n-----END CERTIFICATE-----\n");
        let (places, shown) =
            masked(json!({"kind": "ConfigMap", "apiVersion": "v1", "binaryData": {"key": key, "public": public}}));
        assert_eq!((places, &shown["binaryData"]["public"]), (1, &json!(public)));
        assert_eq!(shown["binaryData"]["key"], format!("<masked: {} bytes>", key.len()));
    }

    #[test]
    fn a_private_key_within_a_text_is_masked_however_it_is_encoded() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nCANARYCANARYCANARY\n-----END RSA PRIVATE KEY-----\n";
        let public = STANDARD.encode("-----BEGIN CERTIFICATE-----\nPUBLIC\n-----END CERTIFICATE-----\n");
        for extra in ["", "x", "xx"] {
            let encoded = STANDARD.encode(format!("{pem}{extra}"));
            let kubeconfig = format!(
                "users:\n- name: a\n  user:\n    client-certificate-data: {public}\n    client-key-data: {encoded}\n    token: t\n"
            );
            let url = format!("data:;base64,{encoded}");
            let escaped = format!("data:,a%0A{}b", pem.replace(' ', "%20").replace('\n', "%0A"));
            let (places, shown) =
                masked(json!({"kind": "MachineConfig", "apiVersion": "machineconfiguration.openshift.io/v1",
                "spec": {"a": kubeconfig, "b": url, "c": escaped, "d": public}}));
            let text = |name: &str| shown["spec"][name].as_str().unwrap().to_owned();
            assert_eq!(places, 3);
            let key = format!("<masked: private key, {} bytes>", encoded.len());
            assert_eq!(text("a"), kubeconfig.replace(&encoded, &key));
            assert_eq!(text("b"), format!("data:;base64,{key}"));
            assert!(
                text("c").starts_with("data:,a%0A<masked: private key, ") && text("c").ends_with(">%0Ab"),
                "{}",
                text("c")
            );
            assert_eq!(text("d"), public);
        }
    }

    #[test]
    fn base64_that_is_broken_over_lines_is_masked_to_its_end() {
        let certificate = "-----BEGIN CERTIFICATE-----\nPUBLIC\n-----END CERTIFICATE-----\n";
        let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", "CANARY".repeat(60));
        for text in [pem.clone(), format!("{certificate}{pem}"), format!("{pem}x"), format!("{pem}xx")] {
            let encoded = STANDARD.encode(&text);
            for (width, indent) in [(64, "\n"), (76, "\r\n    "), (encoded.len(), "\n  ")] {
                let lines: Vec<&str> =
                    encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let folded = format!("key: |{indent}{}\n  token: t\n", lines.join(indent));
                let (places, shown) = masked(json!({"data": {"f": folded}}));
                let shown = shown["data"]["f"].as_str().unwrap();
                assert_eq!(places, 1, "{shown}");
                assert!(shown.starts_with(&format!("key: |{indent}<masked: private key, ")), "{shown}");
                assert!(shown.ends_with(" bytes>\n  token: t\n"), "{shown}");
            }
        }
    }

    #[test]
    fn private_keys_are_masked_in_any_kind() {
        let pem = "a\n-----BEGIN CERTIFICATE-----\nPUBLIC\n-----END CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\nCANARY\n\
                   -----END RSA PRIVATE KEY-----\nz -----BEGIN PRIVATE KEY-----CANARY";
        let (places, shown) = masked(json!({"kind": "ConfigMap", "apiVersion": "v1", "data": {"f": pem}}));
        let text = shown["data"]["f"].as_str().unwrap();
        assert_eq!(places, 2);
        assert!(
            !text.contains("CANARY") && text.contains("PUBLIC") && text.contains("\nz <masked: private key"),
            "{text}"
        );
        for harmless in ["PRIVATE KEY-----", "-----BEGIN ", "-----BEGIN x PRIVATE KEY----"] {
            assert_eq!(without_private_keys(harmless), None);
        }
    }
}
