//! `assay get`: objects.

use kube_objects::StorageKey;
use lens::{Found, Object, Opener, Reader, Selection, Target, View, release_matters};

use super::objects::{self, Closed, Keys, LateKeys};
use super::snapshot;
use crate::args::{GetArgs, ObjectFormat};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::objects as output;
use crate::ui::Ui;
use wording::{count, escape};

/// Namesakes that an error lists.
const NAMESAKES: usize = 10;

pub(super) fn run(args: GetArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let format = args.format();
    let view = View { reveal: args.reveal.reveal, managed_fields: args.show_managed_fields, ..View::default() };
    let mut selection = args.select.selection(args.what)?;
    if selection.is_everything() {
        return Err(Error::Usage("say which objects: a key, TYPE/NAME, `-r RESOURCE`, `-n NAMESPACE`, ...".to_owned()));
    }
    let single = selection.single().is_some();
    if !single && matches!(format, Some(ObjectFormat::Raw | ObjectFormat::Hex)) {
        return Err(Error::Usage(
            "`-o raw` and `-o hex` show one value: give its key, TYPE/NAME, or `--exact KEY`".to_owned(),
        ));
    }
    if args.stored && !matches!(format, Some(ObjectFormat::Raw | ObjectFormat::Hex)) {
        return Err(Error::Usage("`--stored` goes with `-o raw` and `-o hex`".to_owned()));
    }
    let keys = Keys::given(&args.keys, reading, ui)?;
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let keys = LateKeys::new(keys, &source);
    let get = Get {
        source: &source,
        reader: objects::reader(&source, args.rev)?,
        selection,
        at: args.rev,
        view,
        stored: args.stored,
        opener: &keys,
    };
    if single {
        get.one(format.unwrap_or(ObjectFormat::Yaml), ui)?;
    } else {
        get.many(format.unwrap_or(ObjectFormat::Table), ui)?;
    }
    Ok(ui.outcome())
}

struct Get<'a> {
    source: &'a Source,
    reader: Reader<'a>,
    selection: Selection,
    at: Option<i64>,
    view: View,
    stored: bool,
    opener: &'a dyn Opener,
}

impl Get<'_> {
    fn one(&self, format: ObjectFormat, ui: &mut Ui) -> Result<(), Error> {
        let found = self.find_one(ui)?;
        let (key, stored) = (found.record.kv.key, found.record.kv.value);
        let unseen = |why| objects::unseen(self.source, key, &why);
        if matches!(format, ObjectFormat::Raw | ObjectFormat::Hex) {
            let opened;
            let bytes = if self.stored {
                lens::stored(key, stored, self.view.reveal).map_err(unseen)?
            } else {
                opened = lens::raw(self.opener, key, stored, self.view.reveal).map_err(unseen)?;
                &*opened
            };
            return match format {
                ObjectFormat::Hex => output::hex(ui.out(), bytes),
                _ => Ok(ui.out().write_all(bytes)?),
            };
        }
        let plain = self.opener.open(key, stored).map_err(|why| unseen(why.into()))?;
        let mut view = self.view;
        if release_matters(&plain) {
            let version = objects::newest(self.source, &self.reader, objects::is_version, self.at, 1, ui)?;
            view.server_minor = objects::server_minor(version.keys.values().next());
        }
        let object = Object::of_plain(key, &plain, found.record.kv.mod_revision, view).map_err(unseen)?;
        let mut notes = Notes::default();
        notes.add(&object);
        output::one(ui.out(), format, &found.record, &object)?;
        notes.say(ui);
        Ok(())
    }

    fn find_one(&self, ui: &mut Ui) -> Result<Found<'_>, Error> {
        let target = self.selection.single();
        let enough = if matches!(target, Some(Target::Key(_))) { 1 } else { usize::MAX };
        let matches = |key: &[u8]| self.selection.matches(key);
        let newest = objects::newest(self.source, &self.reader, matches, self.at, enough, ui)?;
        let live: Vec<&Found<'_>> = newest.keys.values().filter(|found| !found.record.tombstone).collect();
        let typed = target.map(Target::typed).unwrap_or_default();
        match (&live[..], newest.keys.values().next()) {
            ([one], _) => Ok(**one),
            ([], Some(gone)) => Err(self.deleted(gone)),
            ([], None) => Err(self.missing(typed, ui)),
            (several, _) => {
                let names: Vec<String> =
                    several.iter().take(NAMESAKES).map(|found| objects::shown(found.record.kv.key)).collect();
                let reason = format!(
                    "`{}` names {}: {}{}",
                    escape(typed),
                    count(several.len() as u64, "object"),
                    names.join(", "),
                    if several.len() > NAMESAKES { ", ..." } else { "" }
                );
                Err(objects::unanswerable(
                    self.source,
                    &reason,
                    Some("add `-n NAMESPACE`, or give the full key".to_owned()),
                ))
            }
        }
    }

    fn deleted(&self, gone: &Found<'_>) -> Error {
        let main = gone.record.revision.main;
        let reason =
            format!("`{}` was deleted at revision {}", objects::shown(gone.record.kv.key), gone.record.revision);
        let before = main.saturating_sub(1);
        let hint =
            self.reader.answerable(before).is_ok().then(|| format!("`--rev {before}` shows it as it was before"));
        objects::absent(self.source, reason, hint)
    }

    fn missing(&self, typed: &[u8], ui: &Ui) -> Error {
        let parsed = StorageKey::parse(typed);
        let typed = if parsed.name_is_token() { objects::shown(typed) } else { escape(typed).into_owned() };
        let at = self.at.map_or_else(String::new, |at| format!(" at revision {at}"));
        let reason = format!("there is no `{typed}`{at}");
        let hint = if typed.contains('\\') {
            "`--exact` takes a key as `assay ls` shows it, with its `\\n` and `\\xff`"
        } else {
            "`assay ls` lists keys; a prefix ends with a slash"
        };
        objects::not_found(self.source, reason, hint, ui)
    }

    fn many(&self, format: ObjectFormat, ui: &mut Ui) -> Result<(), Error> {
        let matches = |key: &[u8]| objects::is_version(key) || self.selection.matches(key);
        let newest = objects::newest(self.source, &self.reader, matches, self.at, usize::MAX, ui)?;
        let version = newest.keys.iter().find(|(key, _)| objects::is_version(key)).map(|(_, found)| found);
        let view = View { server_minor: objects::server_minor(version), ..self.view };
        let mut list = output::List::begin(format, ui)?;
        let (mut closed, mut notes) = (Closed::default(), Notes::default());
        for found in newest.keys.values() {
            let (record, key) = (&found.record, found.record.kv.key);
            if record.tombstone || !self.selection.matches(key) {
                continue;
            }
            match Object::read(self.opener, key, record.kv.value, record.kv.mod_revision, view) {
                Ok(object) if self.selection.looks_inside() && !self.selection.matches_object(object.shown()) => {}
                Ok(object) => {
                    notes.add(&object);
                    list.object(record, &object, ui)?;
                }
                Err(why) => {
                    list.unseen(record, &why, ui)?;
                    closed.add(key, &why, ui);
                }
            }
        }
        list.finish(ui)?;
        if list.is_empty() && closed.is_empty() {
            ui.warn(&format!("{}: nothing that is asked for is there", self.source.display()));
        }
        let live = newest.keys.iter().filter(|(_, found)| !found.record.tombstone);
        objects::check_found(&self.selection, live.map(|(key, _)| *key), self.source, ui);
        closed.finish(ui);
        if format != ObjectFormat::Table {
            notes.say(ui);
        }
        Ok(())
    }
}

/// What the reader of objects should know, said once.
#[derive(Default)]
struct Notes {
    masked: u64,
    unknown_kinds: u64,
    unknown_fields: u64,
}

impl Notes {
    fn add(&mut self, object: &Object) {
        self.masked += u64::from(object.is_masked());
        self.unknown_kinds += u64::from(!object.known_kind());
        self.unknown_fields += u64::from(object.known_kind() && object.unknown_fields() > 0);
    }

    fn say(&self, ui: &mut Ui) {
        if self.masked > 0 {
            ui.warn(&format!("secret values are masked in {}; `--reveal` shows them", count(self.masked, "object")));
        }
        for (objects, what) in [(self.unknown_kinds, "kind is"), (self.unknown_fields, "fields are partly")] {
            if objects > 0 {
                let objects = count(objects, "object");
                ui.warn(&format!("{objects}: {what} not known here; what is not known is shown by field number"));
            }
        }
    }
}
