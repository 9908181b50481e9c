//! `assay export`: objects as manifests.

use std::collections::BTreeMap;

use kube_objects::StorageKey;
use lens::{Found, Keep, Object, Selection, Skip, View, is_first, manifest};

use super::objects::{self, Closed, Keys, LateKeys};
use super::snapshot;
use crate::args::ExportArgs;
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading};
use crate::output::manifests::Manifests;
use crate::ui::Ui;
use wording::{count, escape};

/// Objects that are left out loudly are named up to so many.
const NAMED: usize = 5;

pub(super) fn run(args: ExportArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let mut selection = args.select.selection(args.what)?;
    if selection.is_everything() {
        return Err(Error::Usage("say which objects: `-n NAMESPACE`, `-r RESOURCE`, TYPE/NAME, a key, ...".to_owned()));
    }
    let keys = Keys::given(&args.keys, reading, ui)?;
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let keys = LateKeys::new(keys, &source);
    let reader = objects::reader(&source, args.at_revision)?;
    let wanted = |key: &[u8]| selection.matches(key) || selection.is_own_namespace(key);
    let matches = |key: &[u8]| objects::is_version(key) || wanted(key);
    let newest = objects::newest(&source, &reader, matches, args.at_revision, usize::MAX, ui)?;
    let version = newest.keys.iter().find(|(key, _)| objects::is_version(key)).map(|(_, found)| found);
    let export = Export {
        view: View {
            reveal: args.reveal.reveal,
            managed_fields: args.as_is,
            server_minor: objects::server_minor(version),
        },
        keep: (!args.as_is).then_some(Keep { volume_names: args.keep_volume_names }),
        skips: !args.everything && selection.single().is_none(),
        selection: &selection,
        keys: &keys,
    };
    let mut manifests = Manifests::begin(args.output, args.out)?;
    let mut told = Told::default();
    // What others need comes before them, so that the stream can be applied in one go.
    for first in [true, false] {
        for (key, found) in &newest.keys {
            if !found.record.tombstone && is_first(key) == first && wanted(key) {
                export.one(found, &mut manifests, &mut told, ui)?;
            }
        }
    }
    let live = newest.keys.iter().filter(|(_, found)| !found.record.tombstone);
    objects::check_found(&selection, live.map(|(key, _)| *key), &source, ui);
    told.finish(manifests.written(), ui);
    source.check_unchanged()?;
    Ok(ui.outcome())
}

struct Export<'a> {
    view: View,
    /// What is kept of what is cut; none where nothing is cut.
    keep: Option<Keep>,
    skips: bool,
    selection: &'a Selection,
    keys: &'a LateKeys<'a>,
}

impl Export<'_> {
    fn one(&self, found: &Found<'_>, out: &mut Manifests, told: &mut Told, ui: &mut Ui) -> Result<(), Error> {
        let (key, kv) = (found.record.kv.key, found.record.kv);
        let object = match Object::read(self.keys, key, kv.value, kv.mod_revision, self.view) {
            Ok(object) => object,
            // A key that no API server writes has no manifest, encrypted or not.
            Err(_) if self.skips && StorageKey::parse(key).resource.is_empty() => return Ok(()),
            Err(why) => {
                told.closed.add(key, &why, ui);
                return Ok(());
            }
        };
        let is_own_namespace = self.selection.is_own_namespace(key);
        if self.selection.looks_inside() && !is_own_namespace && !self.selection.matches_object(object.shown()) {
            return Ok(());
        }
        if let Some(skip) = Skip::of(key, object.shown()).filter(|_| self.skips) {
            *told.skipped.entry(skip).or_default() += 1;
            return Ok(());
        }
        if object.is_masked() {
            told.masked(key, ui);
            return Ok(());
        }
        if !object.known_kind() {
            told.unknown(key, "its kind is not known here", ui);
            return Ok(());
        }
        let is_secret = object.holds_secret(key);
        let mut shown = object.into_shown();
        if let Some(keep) = self.keep
            && manifest(&mut shown, keep) > 0
        {
            told.unknown(key, "some of its fields are not known here, and cut", ui);
        }
        out.write(key, &shown, is_secret, ui)
    }
}

/// What was left out, and why.
#[derive(Default)]
struct Told {
    skipped: BTreeMap<Skip, u64>,
    masked: usize,
    unknown: usize,
    closed: Closed,
}

impl Told {
    fn masked(&mut self, key: &[u8], ui: &mut Ui) {
        self.masked += 1;
        if self.masked <= NAMED {
            ui.warn(&format!("`{}` is left out: it holds secrets, and they were not asked for", objects::shown(key)));
        }
    }

    fn unknown(&mut self, key: &[u8], why: &str, ui: &mut Ui) {
        self.unknown += 1;
        if self.unknown <= NAMED {
            ui.warn(&format!("`{}`: {}", objects::shown(key), escape(why.as_bytes())));
        }
    }

    fn finish(self, written: u64, ui: &mut Ui) {
        for (skip, objects) in &self.skipped {
            ui.warn(&format!("{} left out {}; `--everything` includes them", count(*objects, "object"), skip.words()));
        }
        if self.masked > 0 {
            let objects = count(self.masked as u64, "object");
            ui.warn(&format!("{objects} left out because of secrets; `--reveal` exports them with their values"));
        }
        if self.masked > 0 || self.unknown > 0 {
            ui.settle(Outcome::Findings);
        }
        if written == 0 && self.closed.is_empty() && self.masked == 0 {
            ui.warn("nothing was exported: no object is what was asked for");
            if !self.skipped.is_empty() {
                ui.settle(Outcome::Findings);
            }
        }
        self.closed.finish(ui);
        ui.note(&format!("{} exported", count(written, "object")));
    }
}
