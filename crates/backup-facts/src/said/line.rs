//! What one line says.

use serde_json::{Map, Value};

use super::{Claim, Length};

/// Words of `cluster-backup.sh` and its tools that mean that there is no backup, by how the line begins and ends.
const FAILURES: [(&str, &str); 5] = [
    ("Backup integrity verification failed", ""),
    ("snapshot failed with exit code", ""),
    ("Currently the", "Aborting!"),
    ("Could not find the status of the", ""),
    ("Error: ", ""),
];
/// Bytes of a failure that are worth keeping.
const WORDS: usize = 200;

/// The claims of a line; `alone` if the text has no other.
pub(super) fn claims(line: &str, alone: bool) -> Vec<Claim> {
    let line = &without_colours(line);
    let line = without_stamp(line);
    if line.is_empty() {
        return Vec::new();
    }
    if let Some(object) = object(line) {
        return of_json(&object);
    }
    if let Some(claim) = words(line).or_else(|| digest(line, alone)) {
        return vec![claim];
    }
    field(line).map(|claim| vec![claim]).or_else(|| talos(line)).or_else(|| row(line)).unwrap_or_default()
}

/// Leaves out what sets colours.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

/// Leaves out what a log puts before each line: the pod, the time, the stream.
fn without_stamp(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some((first, behind)) = rest.split_once(' ') {
        let day = first.as_bytes();
        let time = day.len() >= 19 && day.get(4) == Some(&b'-') && day.get(10) == Some(&b'T');
        let stream = matches!(first, "stdout" | "stderr" | "F");
        if !(time || stream || first.starts_with("[pod/")) {
            break;
        }
        rest = behind.trim_start();
    }
    rest
}

fn object(line: &str) -> Option<Map<String, Value>> {
    let (from, to) = (line.find('{')?, line.rfind('}')?);
    match serde_json::from_str(line.get(from..=to)?) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn of_json(object: &Map<String, Value>) -> Vec<Claim> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let number = |name: &str| object.get(name).and_then(Value::as_u64);
    if let (Some(level), Some(message)) = (text("level"), text("msg")) {
        return match message {
            _ if matches!(level, "fatal" | "panic") => vec![Claim::Failed(short(message))],
            "saved" => text("path").map(|path| Claim::Saved(path.to_owned())).into_iter().collect(),
            "fetched snapshot" => text("size").and_then(length).map(Claim::FileSize).into_iter().collect(),
            _ => Vec::new(),
        };
    }
    let (Some(hash), Some(revision)) = (object.get("hash").and_then(hash_of), number("revision")) else {
        return Vec::new();
    };
    let mut claims = vec![Claim::Hash(hash)];
    claims.extend(i64::try_from(revision).ok().map(Claim::Revision));
    claims.extend(number("totalKey").map(Claim::TotalKey));
    claims.extend(number("totalSize").map(|bytes| Claim::TotalSize(Length::Exact(bytes))));
    claims.extend(text("version").filter(|it| !it.is_empty()).map(|it| Claim::StorageVersion(it.to_owned())));
    claims
}

fn hash_of(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|hash| u32::try_from(hash).ok()),
        Value::String(text) => hex(text),
        _ => None,
    }
}

/// A hash in hexadecimal, as etcd writes it: without leading zeros.
fn hex(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// `114446336`, `114 MB`.
fn length(text: &str) -> Option<Length> {
    let text = text.trim();
    if let Ok(bytes) = text.parse() {
        return Some(Length::Exact(bytes));
    }
    let (number, unit) = text.split_once(' ')?;
    let sound = number.parse::<f64>().is_ok() && unit.ends_with('B') && unit.len() <= 2;
    sound.then(|| Length::Rounded(text.to_owned()))
}

fn words(line: &str) -> Option<Claim> {
    if let Some(found) = line.strip_prefix("found latest ") {
        let (name, path) = found.split_once(": ")?;
        let (_, revision) = path.trim().trim_end_matches('/').rsplit_once("-pod-")?;
        let revision = revision.parse().ok()?;
        return Some(Claim::Pod { name: name.trim().to_owned(), revision });
    }
    if let Some((_, path)) = line.split_once("Snapshot saved at ") {
        return Some(Claim::Saved(path.trim().to_owned()));
    }
    let failed = FAILURES.iter().any(|(begin, end)| line.starts_with(begin) && line.ends_with(end));
    failed.then(|| Claim::Failed(short(line)))
}

fn short(words: &str) -> String {
    words.chars().take(WORDS).collect()
}

/// A line of `sha256sum`, of either form; a digest without a name only where nothing else is said: a container has an ID
/// of as many digits.
fn digest(line: &str, alone: bool) -> Option<Claim> {
    if let Some((name, digits)) = line.strip_prefix("SHA256 (").and_then(|rest| rest.rsplit_once(") = ")) {
        return Some(Claim::Digest { name: name.to_owned(), sha256: sha256(digits)? });
    }
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (digits, name) = match line.split_once([' ', '\t']) {
        Some((digits, name)) => (digits, name.trim_start().trim_start_matches('*')),
        None if alone => (line, ""),
        None => return None,
    };
    let name = if escaped { name.replace("\\n", "\n").replace("\\\\", "\\") } else { name.to_owned() };
    Some(Claim::Digest { sha256: sha256(digits)?, name })
}

fn sha256(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// A line of `-w fields`.
fn field(line: &str) -> Option<Claim> {
    let (name, value) = line.strip_prefix('"')?.split_once("\" : ")?;
    let value = value.trim();
    match name {
        "Hash" => value.parse().ok().map(Claim::Hash),
        "Revision" => value.parse().ok().map(Claim::Revision),
        "Keys" => value.parse().ok().map(Claim::TotalKey),
        "Size" => value.parse().ok().map(|bytes| Claim::TotalSize(Length::Exact(bytes))),
        "Version" => {
            let version = value.trim_matches('"');
            (!version.is_empty()).then(|| Claim::StorageVersion(version.to_owned()))
        }
        _ => None,
    }
}

/// `snapshot info: hash c25fd181, revision 4193, total keys 1287, total size 3035136`
fn talos(line: &str) -> Option<Vec<Claim>> {
    let (_, told) = line.split_once("snapshot info: hash ")?;
    let mut parts = told.split(", ");
    let mut named = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).map(str::trim);
    let (hash, revision) = (named("")?, named("revision ")?);
    status([hash, revision, named("total keys ")?, named("total size ")?], None)
}

/// A row of `-w table`, and the line that `etcdctl` and `etcdutl` print where nothing is asked for.
fn row(line: &str) -> Option<Vec<Claim>> {
    let cells: Vec<&str> = match line.contains(['|', '\u{2502}']) {
        true => line.split(['|', '\u{2502}']).map(str::trim).filter(|cell| !cell.is_empty()).collect(),
        false => line.split(", ").map(str::trim).collect(),
    };
    match cells.as_slice() {
        [hash, revision, keys, size] => status([hash, revision, keys, size], None),
        [hash, revision, keys, size, version] => status([hash, revision, keys, size], Some(version)),
        _ => None,
    }
}

/// All of a status, or nothing: half of one is something else.
fn status([hash, revision, keys, size]: [&str; 4], version: Option<&str>) -> Option<Vec<Claim>> {
    let mut claims = vec![
        Claim::Hash(hex(hash)?),
        Claim::Revision(revision.parse().ok()?),
        Claim::TotalKey(keys.parse().ok()?),
        Claim::TotalSize(length(size)?),
    ];
    claims.extend(version.filter(|version| !version.is_empty()).map(|it| Claim::StorageVersion(it.to_owned())));
    Some(claims)
}
