//! The tables of kube-objects, from the `.proto` files of a release of Kubernetes' API.
//!
//! What a table has stays as it was recorded: a release only adds the messages and fields that are not there yet, each
//! marked with the release that it came with, and marks what that release writes in another way. The files are those of
//! `k8s.io/api`, `k8s.io/apimachinery` and their like. Names in JSON, pointers and what is left out when empty stand in
//! the Go structs beside them; where those are not there, they are guessed by the names and comments of the `.proto`.

mod go;
mod proto;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::{fs, io};

use proto::Field;
use table::{Message, Table};

/// Packages whose objects are asked and answered, or only tested with, and never stored.
const NEVER_STORED: [&str; 6] =
    ["admission", "apidiscovery", "authentication", "authorization", "imagepolicy", "testapigroup"];
/// Messages with metadata that are never stored.
const NO_KINDS: [&str; 7] = [
    "Binding",
    "ComponentStatus",
    "DeploymentRollback",
    "Eviction",
    "PartialObjectMetadata",
    "PodStatusResult",
    "Scale",
];
/// What asks for a part of an object, such as a pod's log: kinds without metadata.
const OPTIONS: [&str; 7] = [
    "NodeProxyOptions",
    "PodAttachOptions",
    "PodExecOptions",
    "PodLogOptions",
    "PodPortForwardOptions",
    "PodProxyOptions",
    "ServiceProxyOptions",
];
/// Messages with a JSON form of their own.
const LEAVES: [(&str, &str); 6] = [
    ("meta/v1.Time", "@time"),
    ("meta/v1.MicroTime", "@microtime"),
    ("meta/v1.FieldsV1", "@fields"),
    ("api/resource.Quantity", "@quantity"),
    ("util/intstr.IntOrString", "@intorstring"),
    ("pkg/runtime.RawExtension", "@raw"),
];

/// What the files of a release say.
#[derive(Default)]
struct Release {
    messages: BTreeMap<String, Vec<Field>>,
    /// Go's structs by package.
    structs: HashMap<String, go::Structs>,
}

/// Adds to the table of the workspace at `root` what the files under `from` know of release 1.`minor`; by default of the
/// newest that the table speaks of.
///
/// # Errors
/// As [`grown`], and where the table cannot be read or written.
pub fn grow(root: &Path, from: &Path, minor: Option<u32>) -> io::Result<()> {
    let path = root.join("crates/kube-objects/schema/kubernetes.txt");
    let text = fs::read_to_string(&path)?;
    let minor = minor.or_else(|| newest(&text)).ok_or_else(|| io::Error::other("the table says no release"))?;
    fs::write(&path, grown(&text, from, minor)?)
}

/// The text of a table, with all that the files under `from` know of release 1.`minor`.
///
/// # Errors
/// Where the files cannot be read or none is a `.proto` of Kubernetes, or where `text` is no table.
pub fn grown(text: &str, from: &Path, minor: u32) -> io::Result<String> {
    let refused = |line| io::Error::other(format!("not a line of a table: `{line}`"));
    let mut table = Table::read(text).map_err(refused)?;
    let mut release = Release::default();
    release.read(from, 0)?;
    if release.messages.is_empty() {
        return Err(io::Error::other(format!("{}: no .proto file of Kubernetes' API is in there", from.display())));
    }
    for line in &mut table.head {
        *line = with_release(line, minor);
    }
    release.add_to(&mut table, minor);
    Ok(table.write())
}

/// The newest release that a table speaks of: 36 where it says `1.17 to 1.36`.
#[must_use]
pub fn newest(text: &str) -> Option<u32> {
    text.lines().take_while(|line| line.starts_with('#')).find_map(|line| Some(end(line)?.1))
}

/// What stands before the newest release of a line, that, and what stands behind it.
fn end(line: &str) -> Option<(&str, u32, &str)> {
    let (before, rest) = line.split_once(" to 1.")?;
    let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
    let (number, behind) = rest.split_at(digits);
    Some((before, number.parse().ok()?, behind))
}

/// `Releases 1.17 to 1.36` with a later end.
fn with_release(line: &str, minor: u32) -> String {
    match end(line) {
        Some((before, newest, behind)) if newest < minor => format!("{before} to 1.{minor}{behind}"),
        _ => line.to_owned(),
    }
}

impl Release {
    fn read(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        let ends = |path: &Path, end: &str| path.extension().is_some_and(|extension| extension == end);
        for path in paths.iter().filter(|path| ends(path, "proto")) {
            let Some((package, messages)) = proto::read(&fs::read_to_string(path)?) else { continue };
            let package = short(&package);
            for message in messages {
                self.messages.insert(format!("{package}.{}", message.name), message.fields);
            }
            let structs = self.structs.entry(package).or_default();
            let generated = |path: &Path| path.to_string_lossy().contains("generated");
            for path in paths.iter().filter(|path| ends(path, "go") && !generated(path)) {
                go::read(&fs::read_to_string(path)?, structs);
            }
        }
        for path in paths.iter().filter(|path| depth < 16 && path.is_dir()) {
            self.read(path, depth + 1)?;
        }
        Ok(())
    }

    /// Adds kinds that are stored, and all that they are made of.
    fn add_to(&self, table: &mut Table, minor: u32) {
        let mut open: Vec<String> =
            self.messages.keys().filter(|name| table.messages.contains_key(*name)).cloned().collect();
        for name in self.messages.keys().filter(|name| self.is_stored(name)) {
            let Some((package, kind)) = name.rsplit_once('.') else { continue };
            let version = package.rsplit_once('/').map_or(package, |(_, version)| version);
            let group = table.group(package).map_or_else(|| guessed_group(package), str::to_owned);
            let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            let message = table.messages.entry(name.clone()).or_default();
            message.kind.get_or_insert(format!("{api_version} {kind}"));
            open.push(name.clone());
        }
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some(fields) = self.messages.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
            let Some((package, _)) = name.rsplit_once('.') else { continue };
            open.extend(
                fields
                    .iter()
                    .filter(|field| self.leaf(package, field).is_none())
                    .filter_map(|field| named(package, field)),
            );
            self.merge(&name, fields, table.messages.entry(name.clone()).or_default(), minor);
        }
    }

    fn is_stored(&self, name: &str) -> bool {
        let Some((package, kind)) = name.rsplit_once('.') else { return false };
        let stem = package.split('/').next().unwrap_or_default();
        let has_metadata = self
            .messages
            .get(name)
            .into_iter()
            .flatten()
            .any(|field| field.number == 1 && named(package, field).as_deref() == Some("meta/v1.ObjectMeta"));
        // only the versions of an API are stored: not what embeds metadata, such as a pod's template
        let is_template = kind.ends_with("TemplateSpec") || kind.ends_with("ClaimTemplate");
        // what asks for a part of an object has no metadata; a value that says it is one is shown by its names all the same
        let asks = stem == "core" && OPTIONS.contains(&kind);
        asks || has_metadata
            && !is_template
            && !NEVER_STORED.contains(&stem)
            && stem != "meta"
            && !NO_KINDS.contains(&kind)
    }

    fn merge(&self, name: &str, fields: &[Field], message: &mut Message, minor: u32) {
        for field in fields {
            let Some(line) = self.line(name, field) else { continue };
            match message.fields.get_mut(&field.number) {
                None => drop(message.fields.insert(field.number, format!("{line} from{minor}"))),
                Some(recorded) if self.tag(name, field).is_some() => changed(recorded, &line, minor),
                Some(_) => {} // a guess is no news
            }
        }
        let gone = |number: &u32| !fields.iter().any(|field| field.number == *number);
        for (_, recorded) in message.fields.iter_mut().filter(|(number, _)| gone(number)) {
            let kind = recorded.split(' ').nth(1).unwrap_or_default();
            let prints = !kind.ends_with('?') || !can_be_empty(kind);
            if prints && !recorded.split(' ').any(|word| mark_of(word) == "to" && word != "to") && minor > 0 {
                recorded.push_str(&format!(" to{}", minor - 1));
            }
        }
    }

    /// JSON name and type of a field; `None` for a type that no table can say.
    fn line(&self, name: &str, field: &Field) -> Option<String> {
        let (package, _) = name.rsplit_once('.')?;
        let kind = match field.kind.as_str() {
            "string" | "bytes" | "bool" => field.kind.clone(),
            "int32" | "int64" => "int".to_owned(),
            "uint32" | "uint64" => "uint".to_owned(),
            "double" | "float" => return None,
            _ => match self.leaf(package, field) {
                Some(leaf) => leaf,
                None => {
                    let named = named(package, field)?;
                    named.strip_prefix(&format!("{package}.")).map_or(named.clone(), str::to_owned)
                }
            },
        };
        let tag = self.tag(name, field).cloned().unwrap_or_else(|| guessed(field, &kind));
        let json = if tag.json.is_empty() { "." } else { &tag.json };
        let pointer = if tag.pointer && field.shape.is_empty() { "*" } else { "" };
        let optional = if tag.omit_empty { "?" } else { "" };
        let zero = if tag.omit_zero { " z0" } else { "" };
        Some(format!("{json} {}{pointer}{kind}{optional}{zero}", field.shape))
    }

    /// What Go says of a field.
    fn tag(&self, name: &str, field: &Field) -> Option<&go::Tag> {
        let (package, message) = name.rsplit_once('.')?;
        self.structs.get(package)?.get(&(message.to_owned(), field.number))
    }

    /// The form of a message that is not shown field by field.
    fn leaf(&self, package: &str, field: &Field) -> Option<String> {
        let named = named(package, field)?;
        if let Some((_, leaf)) = LEAVES.iter().find(|(name, _)| *name == named) {
            return Some((*leaf).to_owned());
        }
        match self.messages.get(&named)?.as_slice() {
            [alias] if alias.is_alias && alias.number == 1 => Some(format!("<{}{}>", alias.shape, alias.kind)),
            _ => None,
        }
    }
}

/// Says of a recorded field what a release writes in another way. Its name and type stay: what is stored is read by them.
fn changed(recorded: &mut String, now: &str, minor: u32) {
    let (was, is) = (recorded.split(' ').nth(1).unwrap_or_default(), now.split(' ').nth(1).unwrap_or_default());
    let marked = |line: &str, mark: &str| line.split(' ').skip(2).any(|word| mark_of(word) == mark);
    if was.ends_with('?') != is.ends_with('?')
        && was.trim_end_matches('?') == is.trim_end_matches('?')
        && can_be_empty(is)
    {
        let mark = if is.ends_with('?') { "omit" } else { "keep" };
        if !marked(recorded, "omit") && !marked(recorded, "keep") {
            *recorded = format!("{} {mark}{minor}", recorded.replacen(was, is, 1));
        }
    }
    if marked(now, "z") && !marked(recorded, "z") {
        recorded.push_str(&format!(" z{minor}"));
    }
}

/// `omit` of `omit20`.
fn mark_of(word: &str) -> &str {
    word.trim_end_matches(|char: char| char.is_ascii_digit())
}

/// Whether `omitempty` makes a difference to a type: to Go, a struct is never empty.
fn can_be_empty(kind: &str) -> bool {
    let scalar = ["string", "bytes", "bool", "int", "uint"];
    kind.starts_with(['*', '[', '{', '<']) || scalar.contains(&kind.trim_end_matches('?'))
}

/// `k8s.io.api.core.v1` as the tables name it: `core/v1`; OpenShift's with its name before.
fn short(package: &str) -> String {
    let mut parts = package.rsplit('.');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let owner = if package.starts_with("github.com.openshift.") { "openshift/" } else { "" };
    format!("{owner}{before}/{last}")
}

/// The message that is a field's type, by package and name; `None` for a scalar.
fn named(package: &str, field: &Field) -> Option<String> {
    match field.kind.strip_prefix('.') {
        Some(absolute) => absolute.rsplit_once('.').map(|(package, name)| format!("{}.{name}", short(package))),
        None if field.kind.starts_with(|first: char| first.is_ascii_uppercase()) => {
            Some(format!("{package}.{}", field.kind))
        }
        None => None,
    }
}

/// Groups have no more in their name than the package's where they are older than groups were.
fn guessed_group(package: &str) -> String {
    let stem = package.rsplit('/').nth(1).unwrap_or_default();
    match stem {
        "core" => String::new(),
        "apps" | "autoscaling" | "batch" | "extensions" | "policy" => stem.to_owned(),
        "rbac" => "rbac.authorization.k8s.io".to_owned(),
        "apiserverinternal" => "internal.apiserver.k8s.io".to_owned(),
        "flowcontrol" => "flowcontrol.apiserver.k8s.io".to_owned(),
        _ => format!("{stem}.k8s.io"),
    }
}

/// Without Go's structs: what is optional is left out, and is a pointer unless empty is none.
fn guessed(field: &Field, kind: &str) -> go::Tag {
    let json = field.name.char_indices().map(|(at, c)| if at == 0 { c.to_ascii_lowercase() } else { c }).collect();
    let list = !field.shape.is_empty() || kind.starts_with('<');
    let standard = matches!(field.name.as_str(), "metadata" | "spec" | "status");
    let pointer = field.optional && !list && !standard && !matches!(kind, "string" | "bytes" | "@quantity" | "@raw");
    go::Tag { json, pointer, omit_empty: field.optional, omit_zero: false }
}

#[cfg(test)]
mod tests;
