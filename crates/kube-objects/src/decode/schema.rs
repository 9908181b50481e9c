//! The tables of `schema/`, read once.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::plural::is_plural;

const TABLES: [&str; 2] = [include_str!("../../schema/kubernetes.txt"), include_str!("../../schema/openshift.txt")];

/// Every message and kind of the tables.
pub(super) struct Schema {
    messages: Vec<Message>,
    kinds: HashMap<(&'static str, &'static str), usize>,
    names: HashMap<&'static str, usize>,
    /// Lines that could not be read. A test keeps this at none.
    faults: Vec<String>,
}

/// One message: its fields by ascending number.
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: Vec<FieldSpec>,
}

/// One field, as Go and JSON see it.
pub(super) struct FieldSpec {
    pub(super) number: u32,
    /// JSON name; empty for an embedded struct.
    pub(super) json: &'static str,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
    pub(super) pointer: bool,
    omit_empty: Releases,
    omit_zero: Releases,
    exists: Releases,
}

/// Minor releases of Kubernetes, both ends included.
type Releases = RangeInclusive<u32>;

const ALL: Releases = 0..=u32::MAX;
#[expect(clippy::reversed_empty_ranges, reason = "no release at all")]
const NONE: Releases = 1..=0;

impl FieldSpec {
    /// `omitempty` in that release.
    pub(super) fn omits_empty(&self, minor: u32) -> bool {
        self.omit_empty.contains(&minor)
    }

    /// `omitzero` in that release.
    pub(super) fn omits_zero(&self, minor: u32) -> bool {
        self.omit_zero.contains(&minor)
    }

    /// That release has the field, and may print something where none is stored.
    pub(super) fn exists(&self, minor: u32) -> bool {
        self.exists.contains(&minor)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    One,
    List,
    Map,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Bytes,
    Bool,
    Int,
    Uint,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    Raw,
    Fields,
    FieldTree,
    Message(usize),
    Wrapped(Shape, Box<Kind>),
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(&TABLES));

impl Schema {
    /// The tables that are built in.
    pub(super) fn get() -> &'static Self {
        &SCHEMA
    }

    /// The message of a kind. OpenShift 3 stored its kinds under a plain `v1`.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<&Message> {
        const LEGACY: [&str; 9] =
            ["apps", "authorization", "build", "image", "network", "oauth", "route", "template", "user"];
        let known = self.kinds.get(&(api_version, kind)).copied().or_else(|| {
            let legacy = (api_version == "v1").then_some(LEGACY)?;
            legacy
                .iter()
                .find_map(|group| self.kinds.get(&(format!("{group}.openshift.io/v1").as_str(), kind)).copied())
        });
        self.message(known?)
    }

    /// `apiVersion` and kind of a resource. A stable version goes before a beta, and that before an alpha.
    pub(super) fn kind_of(&self, group: &str, resource: &str) -> Option<(&'static str, &'static str)> {
        let is_of = |(version, kind): &&(&'static str, &'static str)| {
            let of = version.rsplit_once('/').map_or("", |(group, _)| group);
            of == group && is_plural(kind.as_bytes(), resource.as_bytes())
        };
        let age = |(version, _): &&(&'static str, &'static str)| {
            (version.contains("alpha"), version.contains("beta"), *version)
        };
        self.kinds.keys().filter(is_of).min_by_key(age).copied()
    }

    pub(super) fn message(&self, index: usize) -> Option<&Message> {
        self.messages.get(index)
    }

    /// The message of that name, such as `meta/v1.ObjectMeta`.
    pub(super) fn named(&self, name: &str) -> Option<&Message> {
        self.message(*self.names.get(name)?)
    }

    fn read(tables: &[&'static str]) -> Self {
        let lines =
            || tables.iter().flat_map(|table| table.lines()).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut schema =
            Self { messages: Vec::new(), kinds: HashMap::new(), names: HashMap::new(), faults: Vec::new() };
        for header in lines().filter(|line| !line.starts_with(' ')) {
            schema.read_header(header);
        }
        let mut current = None;
        for line in lines() {
            let Some(field) = line.strip_prefix(' ') else {
                current = line.split(' ').next().and_then(|name| schema.names.get(name).copied());
                continue;
            };
            let read = current.and_then(|index| Some((index, schema.read_field(index, field)?)));
            match read.and_then(|(index, field)| Some((schema.messages.get_mut(index)?, field))) {
                Some((message, field)) => message.fields.push(field),
                None => schema.faults.push(line.to_owned()),
            }
        }
        schema
    }

    fn read_header(&mut self, header: &'static str) {
        let (name, kind) = header.split_once(" = ").map_or((header, None), |(name, kind)| (name, Some(kind)));
        let index = self.messages.len();
        self.messages.push(Message { name, fields: Vec::new() });
        if self.names.insert(name, index).is_some() {
            self.faults.push(header.to_owned());
        }
        if let Some(kind) = kind {
            let known = kind.split_once(' ').map(|kind| self.kinds.insert(kind, index));
            if known != Some(None) {
                self.faults.push(header.to_owned());
            }
        }
    }

    fn read_field(&self, owner: usize, line: &'static str) -> Option<FieldSpec> {
        let mut words = line.split(' ');
        let (number, json, kind) = (words.next()?, words.next()?, words.next()?);
        let (mut omit_empty, mut omit_zero) = (if kind.ends_with('?') { ALL } else { NONE }, NONE);
        let (mut first, mut last) = (0, u32::MAX);
        for mark in words {
            let digit = mark.find(|char: char| char.is_ascii_digit())?;
            let (word, minor) = mark.split_at_checked(digit)?;
            let minor: u32 = minor.parse().ok()?;
            match word {
                "z" => omit_zero = minor..=u32::MAX,
                "omit" => omit_empty = minor..=u32::MAX,
                "keep" => omit_empty = 0..=minor.checked_sub(1)?,
                "from" => first = minor,
                "to" => last = minor,
                _ => return None,
            }
        }
        let kind = kind.trim_end_matches('?');
        let pointer = kind.starts_with('*');
        let (shape, kind) = shape(kind.trim_start_matches('*'));
        Some(FieldSpec {
            number: number.parse().ok()?,
            json: if json == "." { "" } else { json },
            shape,
            kind: self.read_kind(owner, kind)?,
            pointer,
            omit_empty,
            omit_zero,
            exists: first..=last,
        })
    }

    fn read_kind(&self, owner: usize, kind: &str) -> Option<Kind> {
        Some(match kind {
            "string" => Kind::Text,
            "bytes" => Kind::Bytes,
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "uint" => Kind::Uint,
            "@time" => Kind::Time,
            "@microtime" => Kind::MicroTime,
            "@quantity" => Kind::Quantity,
            "@intorstring" => Kind::IntOrString,
            "@raw" => Kind::Raw,
            "@fields" => Kind::Fields,
            "@fieldtree" => Kind::FieldTree,
            wrapped if wrapped.starts_with('<') => {
                let (shape, kind) = shape(wrapped.strip_prefix('<')?.strip_suffix('>')?);
                Kind::Wrapped(shape, Box::new(self.read_kind(owner, kind)?))
            }
            name if name.contains('/') => Kind::Message(*self.names.get(name)?),
            name => {
                let (package, _) = self.message(owner)?.name.rsplit_once('.')?;
                Kind::Message(*self.names.get(format!("{package}.{name}").as_str())?)
            }
        })
    }
}

fn shape(kind: &str) -> (Shape, &str) {
    if let Some(item) = kind.strip_prefix("[]") {
        (Shape::List, item)
    } else if let Some(item) = kind.strip_prefix("{}") {
        (Shape::Map, item)
    } else {
        (Shape::One, kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        let schema = Schema::get();
        assert_eq!(schema.faults, [""; 0]);
        assert!(schema.messages.len() > 700, "{}", schema.messages.len());
        assert!(schema.kinds.len() > 150, "{}", schema.kinds.len());
        for message in &schema.messages {
            let ascending = message.fields.windows(2).all(|pair| pair[0].number < pair[1].number);
            assert!(ascending, "{}", message.name);
        }
        let fields: usize = schema.messages.iter().map(|message| message.fields.len()).sum();
        let lines = TABLES.iter().flat_map(|table| table.lines()).filter(|line| line.starts_with(' ')).count();
        assert_eq!(fields, lines);
    }

    #[test]
    fn unreadable_lines_are_counted() {
        let faulty = ["a/v1.A = v1 A\n 1 b string\n x c string\n 2 d Nowhere\n 3 e\n 4 f int since9\na/v1.A = v1 A\n"];
        assert_eq!(Schema::read(&faulty).faults.len(), 6);
    }

    /// A field that came after the first release of the tables says with which.
    #[test]
    fn fields_say_from_which_release_they_are() {
        for (message, number, first) in [
            ("core/v1.Pod", 2, 0),
            ("core/v1.PodSpec", 36, 23),
            ("core/v1.PodSpec", 44, 37),
            ("scheduling/v1beta1.PodGroup", 1, 37),
            ("apps/v1.StatefulSetStatus", 11, 22),
        ] {
            let found = Schema::get().named(message).expect(message);
            let field = found.fields.iter().find(|field| field.number == number).expect(message);
            assert_eq!(*field.exists.start(), first, "{message} {number}");
        }
        let fields = || Schema::get().named("meta/v1.ManagedFieldsEntry").into_iter().flat_map(|entry| &entry.fields);
        assert!(fields().any(|field| field.json == "fields" && *field.exists.end() == 15));
    }

    #[test]
    fn field_numbers_are_those_the_references_name() {
        // openshift-backup.md 5.1 and 7.2, and Kubernetes' API conventions
        for (message, number, json) in [
            ("meta/v1.ObjectMeta", 5, "uid"),
            ("meta/v1.ObjectMeta", 12, "annotations"),
            ("core/v1.Secret", 3, "type"),
            ("core/v1.ConfigMap", 3, "binaryData"),
            ("core/v1.NodeStatus", 7, "nodeInfo"),
            ("core/v1.NodeSystemInfo", 7, "kubeletVersion"),
            ("core/v1.PersistentVolumeSource", 22, "csi"),
            ("core/v1.PersistentVolumeSpec", 9, "nodeAffinity"),
            ("storage/v1.VolumeAttachmentStatus", 4, "detachError"),
            ("apps/v1.StatefulSetSpec", 5, "serviceName"),
            ("certificates/v1.CertificateSigningRequestSpec", 7, "signerName"),
            ("coordination/v1.LeaseSpec", 4, "renewTime"),
        ] {
            let found = Schema::get().named(message).expect(message);
            let field = found.fields.iter().find(|field| field.number == number).expect(json);
            assert_eq!(field.json, json, "{message}");
        }
    }

    #[test]
    fn kinds_of_every_age_are_known() {
        for (api_version, kind, name) in [
            ("v1", "Pod", "core/v1.Pod"),
            ("extensions/v1beta1", "Ingress", "extensions/v1beta1.Ingress"),
            ("policy/v1beta1", "PodSecurityPolicy", "policy/v1beta1.PodSecurityPolicy"),
            ("batch/v1beta1", "CronJob", "batch/v1beta1.CronJob"),
            ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2beta2.HorizontalPodAutoscaler"),
            ("flowcontrol.apiserver.k8s.io/v1alpha1", "FlowSchema", "flowcontrol/v1alpha1.FlowSchema"),
            ("resource.k8s.io/v1", "ResourceClaim", "resource/v1.ResourceClaim"),
            ("route.openshift.io/v1", "Route", "openshift/route/v1.Route"),
            ("v1", "BuildConfig", "openshift/build/v1.BuildConfig"),
        ] {
            let found = Schema::get().kind(api_version, kind).map(|message| message.name);
            assert_eq!(found, Some(name));
        }
        assert!(Schema::get().kind("v1", "Review").is_none());
        assert!(Schema::get().kind("v2", "Pod").is_none());
    }
}
