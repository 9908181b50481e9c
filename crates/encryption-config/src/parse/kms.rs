//! What kube-apiserver asks of the settings of a KMS plugin.
use crate::config::Kms;
use crate::problem::ProblemKind;

use super::Reader;

pub(super) fn check(at: &str, kms: &Kms, version: &str, cache: Option<&str>, reader: &mut Reader) {
    let name = kms.name.clone();
    if name.is_empty() {
        reader.report(at, ProblemKind::Missing { name: "plugin name" });
    }
    if version != "v1" && name.contains(':') {
        reader.report(at, ProblemKind::ColonInName { name: name.clone() });
    }
    if version != "v1" && reader.plugins.contains(&name) {
        reader.report(at, ProblemKind::PluginNameTwice { name: name.clone() });
    }
    let settings = [
        ("timeout", timeout(kms.timeout.as_deref())),
        ("endpoint", endpoint(kms.endpoint.as_deref().unwrap_or_default())),
        ("cachesize", cache_size(version, cache)),
        ("apiVersion", api_version(version)),
    ];
    for (field, refusal) in settings {
        if let Some(refusal) = refusal {
            reader.report(&format!("{at}.{field}"), ProblemKind::Plugin { name: name.clone(), field, refusal });
        }
    }
    reader.plugins.push(name);
}

/// A time as Go reads it, `1m30s`, longer than none; the default is three seconds.
fn timeout(text: Option<&str>) -> Option<String> {
    let text = text?;
    let numbers = text.strip_prefix(['+', '-']).unwrap_or(text);
    let unit = ["ns", "us", "µs", "ms", "s", "m", "h"].iter().any(|unit| numbers.ends_with(unit));
    let known = |letter: char| letter.is_ascii_digit() || ".nuµmsh".contains(letter);
    let begins = numbers.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.');
    if numbers != "0" && !(begins && unit && numbers.chars().all(known)) {
        return Some("time: invalid duration".to_owned());
    }
    let none = !numbers.contains(|letter: char| ('1'..='9').contains(&letter));
    (none || text.starts_with('-')).then(|| "timeout should be a positive value".to_owned())
}

fn endpoint(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("endpoint is a mandatory field for a kms".to_owned());
    }
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let unix = scheme.eq_ignore_ascii_case("unix");
    (!unix).then(|| "unsupported scheme for KMS provider, only unix is supported".to_owned())
}

fn cache_size(version: &str, size: Option<&str>) -> Option<String> {
    let size = size?;
    if version != "v1" {
        return Some("cachesize is not supported in v2".to_owned());
    }
    (size == "0").then(|| "cachesize should be a positive value, or negative to disable".to_owned())
}

fn api_version(version: &str) -> Option<String> {
    let known = matches!(version, "v1" | "v2");
    (!known).then(|| "unsupported apiVersion for KMS provider, only v1 and v2 are supported".to_owned())
}
