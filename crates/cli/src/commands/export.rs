//! `assay export`: objects as manifests.

use std::collections::BTreeMap;

use artifact::{Contents, Reading};
use assay::LateKeys;
use backup_facts::version::is_cluster_version;
use lens::{Export, Exported, Keep, Skip, View};

use super::chain;
use super::nothing;
use super::objects::{self, Closed};
use crate::args::ExportArgs;
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::manifests::Manifests;
use crate::ui::Ui;
use wording::{count, escape};

/// Objects that are left out loudly are named up to so many.
const NAMED: usize = 5;

pub(super) fn run(args: ExportArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut selection = args.select.selection(args.what)?;
    if selection.is_everything() {
        return Err(Error::Usage("say which objects: `-n NAMESPACE`, `-r RESOURCE`, TYPE/NAME, a key, ...".to_owned()));
    }
    let keys = objects::keys(&args.keys, reading, ui)?;
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), None, reading, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let keys = LateKeys::new(keys, &source);
    let reader = objects::reader(&source, args.at_revision)?;
    let wanted = |key: &[u8]| is_cluster_version(key) || selection.matches(key) || selection.is_own_namespace(key);
    let newest = objects::newest(&source, &reader, wanted, args.at_revision, usize::MAX, ui)?;
    let export = Export {
        view: View {
            reveal: args.reveal.reveal,
            managed_fields: args.as_is,
            server_minor: objects::server_minor(&newest),
            ..View::default()
        },
        keep: (!args.as_is).then_some(Keep { volume_names: args.keep_volume_names }),
        skips: !args.everything && selection.single().is_none(),
        selection: &selection,
        opener: &keys,
    };
    let mut manifests = Manifests::begin(args.output, args.out)?;
    let mut told = Told::default();
    for found in export.in_order(&newest) {
        give(found.record.kv.key, export.of(&found), &mut manifests, &mut told, ui)?;
    }
    nothing::check_named(&selection, newest.live().map(|found| found.record.kv.key), &source, ui);
    told.finish(manifests.written(), &source, ui);
    source.check_unchanged()?;
    Ok(ui.ending())
}

/// Writes one object, or tells why it is left out.
fn give(key: &[u8], exported: Exported, out: &mut Manifests, told: &mut Told, ui: &mut Ui) -> Result<(), Error> {
    match exported {
        Exported::NotMeant => {}
        Exported::Unseen(why) => told.closed.add(key, &why, ui),
        Exported::Skipped(skip) => *told.skipped.entry(skip).or_default() += 1,
        Exported::Masked => told.masked(key, ui),
        Exported::UnknownKind => told.unknown(key, "its kind is not known here", ui),
        Exported::Manifest { shown, is_secret, is_cut } => {
            if is_cut {
                told.unknown(key, "some of its fields are not known here, and cut", ui);
            }
            out.write(key, &shown, is_secret, ui)?;
        }
    }
    Ok(())
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

    fn finish(self, written: u64, source: &Contents, ui: &mut Ui) {
        for (skip, objects) in &self.skipped {
            ui.warn(&format!("{} left out {}; `--everything` includes them", count(*objects, "object"), skip.words()));
        }
        if self.masked > 0 {
            let objects = count(self.masked as u64, "object");
            ui.warn(&format!("{objects} left out because of secrets; `--reveal` exports them with their values"));
        }
        if self.masked > 0 || self.unknown > 0 {
            ui.settle(Ending::Findings);
        }
        if written == 0 && self.closed.is_empty() && self.masked == 0 {
            let why = if self.skipped.is_empty() {
                "no object is what was asked for"
            } else {
                "all that was asked for is left out"
            };
            nothing::empty(source, &format!("nothing was exported: {why}"), ui);
        }
        self.closed.finish(ui);
        ui.note(&format!("{} exported", count(written, "object")));
    }
}
