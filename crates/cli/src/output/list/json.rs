//! Lists for scripts: objects, a line each or in one document.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::{Head, KeySink};
use crate::exit::Error;
use crate::output::json::{Hex64, Key, SCHEMA, Verdict, write_compact};
use crate::output::rows::{KeyRow, RevisionRow};

/// A live key as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson<'a> {
    key: Key<'a>,
    resource: Option<Key<'a>>,
    group: Option<Key<'a>>,
    namespace: Option<Key<'a>>,
    name: Option<Key<'a>>,
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: Option<Hex64>,
    size: u64,
    encoding: Option<&'a str>,
    provider: Option<Key<'a>>,
    key_name: Option<Key<'a>>,
}

impl<'a> From<&KeyRow<'a>> for KeyJson<'a> {
    fn from(row: &KeyRow<'a>) -> Self {
        Self {
            key: Key(row.key),
            resource: row.identity.resource.map(Key),
            group: row.identity.group.map(Key),
            namespace: row.identity.namespace.map(Key),
            name: row.identity.name.map(Key),
            create_revision: row.create_revision,
            mod_revision: row.mod_revision,
            version: row.version,
            lease: row.lease.map(Hex64),
            size: row.size,
            encoding: row.encoding,
            provider: row.provider.map(Key),
            key_name: row.key_name.map(Key),
        }
    }
}

/// One revision as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionJson<'a> {
    key: Key<'a>,
    resource: Option<Key<'a>>,
    group: Option<Key<'a>>,
    namespace: Option<Key<'a>>,
    name: Option<Key<'a>>,
    revision: i64,
    sub: i64,
    tombstone: bool,
    create_revision: i64,
    version: i64,
    lease: Option<Hex64>,
    size: u64,
}

impl<'a> From<&RevisionRow<'a>> for RevisionJson<'a> {
    fn from(row: &RevisionRow<'a>) -> Self {
        Self {
            key: Key(row.key),
            resource: row.identity.resource.map(Key),
            group: row.identity.group.map(Key),
            namespace: row.identity.namespace.map(Key),
            name: row.identity.name.map(Key),
            revision: row.main,
            sub: row.sub,
            tombstone: row.tombstone,
            create_revision: row.create_revision,
            version: row.version,
            lease: row.lease.map(Hex64),
            size: row.size,
        }
    }
}

/// An object a line.
pub(super) struct Ndjson<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Ndjson<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }
}

impl KeySink for Ndjson<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        write_compact(self.out, &KeyJson::from(row))?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        write_compact(self.out, &RevisionJson::from(row))?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// What stands in the artifact of a JSON list.
enum Body {
    Keys { first: bool },
    Count(u64),
}

/// The envelope with its keys, written as they come; nothing is held back.
pub(super) struct Document<'a> {
    out: &'a mut dyn Write,
    body: Body,
    findings: Vec<Value>,
    verdict: Verdict,
}

impl<'a> Document<'a> {
    /// A document with every key.
    pub(super) fn keys(out: &'a mut dyn Write, head: &Head) -> Result<Self, Error> {
        Self::begin(out, head, Body::Keys { first: true })
    }

    /// A document with their count.
    pub(super) fn count(out: &'a mut dyn Write, head: &Head) -> Result<Self, Error> {
        Self::begin(out, head, Body::Count(0))
    }

    fn begin(out: &'a mut dyn Write, head: &Head, body: Body) -> Result<Self, Error> {
        let version = env!("CARGO_PKG_VERSION");
        write!(out, "{{\"schema\":\"{SCHEMA}\",\"command\":\"ls\",\"assay\":\"{version}\",\"artifacts\":[{{")?;
        for (name, value) in &head.artifact {
            write_compact(out, name)?;
            out.write_all(b":")?;
            write_compact(out, value)?;
            out.write_all(b",")?;
        }
        if let Body::Keys { .. } = body {
            out.write_all(b"\"keys\":[")?;
        }
        Ok(Self { out, body, findings: head.findings.clone(), verdict: head.verdict })
    }

    fn item(&mut self, item: &impl Serialize) -> Result<(), Error> {
        match &mut self.body {
            Body::Count(count) => *count += 1,
            Body::Keys { first } => {
                let comma: &[u8] = if *first { b"\n" } else { b",\n" };
                *first = false;
                self.out.write_all(comma)?;
                write_compact(self.out, item)?;
            }
        }
        Ok(())
    }
}

impl KeySink for Document<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        self.item(&KeyJson::from(row))
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.item(&RevisionJson::from(row))
    }

    fn finish(&mut self) -> Result<(), Error> {
        match self.body {
            Body::Keys { .. } => self.out.write_all(b"\n]")?,
            Body::Count(count) => write!(self.out, "\"count\":{count}")?,
        }
        self.out.write_all(b"}],\"findings\":")?;
        write_compact(self.out, &self.findings)?;
        self.out.write_all(b",\"verdict\":")?;
        write_compact(self.out, &self.verdict)?;
        Ok(self.out.write_all(b"}\n")?)
    }
}
