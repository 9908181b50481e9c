//! `assay get`: objects.

use artifact::{Contents, Reading};
use assay::LateKeys;
use backup_facts::version::is_cluster_version;
use lens::{Object, Opener, Reader, Selection, SortBy, View, release_matters};

use super::chain;
use super::nothing;
use super::objects::{self, Closed};
use crate::args::{GetArgs, ObjectFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::objects::{self as output, ObjectLook};
use crate::ui::Ui;

pub(super) fn run(mut args: GetArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let view = View { reveal: args.reveal.reveal, managed_fields: args.show_managed_fields, ..View::default() };
    let (format, sort_by, bare) = (args.format(), args.sort_by.take(), args.no_headers);
    warn_of_text(format.as_ref(), ui);
    let mut selection = args.selection().map_err(Error::Usage)?;
    let single = selection.single().is_some();
    let keys = objects::keys(&args.keys, reading, ui)?;
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), args.rev, reading, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let keys = LateKeys::new(keys, &source);
    let get = Get {
        source: &source,
        reader: objects::reader(&source, args.rev)?,
        selection,
        at: args.rev,
        view,
        stored: args.stored,
        sort_by,
        opener: &keys,
    };
    let usual = if single { ObjectFormat::Yaml } else { ObjectFormat::Table { wide: false } };
    let look = ObjectLook { format: format.unwrap_or(usual), bare };
    if single {
        get.one(&look, ui)?;
    } else {
        get.many(&look, ui)?;
    }
    Ok(ui.ending())
}

/// A template without braces is printed as it stands, which nobody means.
fn warn_of_text(format: Option<&ObjectFormat>, ui: &mut Ui) {
    if let Some(ObjectFormat::JsonPath(template)) = format
        && !template.has_expressions()
    {
        ui.warn("the template has no expression: write it in braces, as `{.metadata.name}`");
    }
}

struct Get<'a> {
    source: &'a Contents,
    reader: Reader<'a>,
    selection: Selection,
    at: Option<i64>,
    view: View,
    stored: bool,
    sort_by: Option<SortBy>,
    opener: &'a dyn Opener,
}

impl Get<'_> {
    fn one(&self, look: &ObjectLook, ui: &mut Ui) -> Result<(), Error> {
        let found = objects::one(self.source, &self.reader, &self.selection, self.at, ui)?;
        let (key, stored) = (found.record.kv.key, found.record.kv.value);
        let unseen = |why| objects::unseen(self.source, key, &why);
        if matches!(look.format, ObjectFormat::Raw | ObjectFormat::Hex) {
            let opened;
            let bytes = if self.stored {
                lens::stored(key, stored, self.view.reveal).map_err(unseen)?
            } else {
                opened = lens::raw(self.opener, key, stored, self.view.reveal).map_err(unseen)?;
                &*opened
            };
            return output::bytes(ui.out(), &look.format, bytes);
        }
        let plain = self.opener.open(key, stored).map_err(|why| unseen(why.into()))?;
        let mut view = self.view;
        if release_matters(&plain) {
            let version = objects::newest(self.source, &self.reader, is_cluster_version, self.at, 1, ui)?;
            view.server_minor = objects::server_minor(&version);
        }
        let object = Object::of_plain(key, &plain, found.record.kv.mod_revision, view).map_err(unseen)?;
        let mut notes = output::Notes::default();
        notes.add(&object);
        output::one(look, &found.record, &object, ui)?;
        notes.say(ui);
        Ok(())
    }

    fn many(&self, look: &ObjectLook, ui: &mut Ui) -> Result<(), Error> {
        let matches = |key: &[u8]| is_cluster_version(key) || self.selection.matches(key);
        let newest = objects::newest(self.source, &self.reader, matches, self.at, usize::MAX, ui)?;
        let view = View { server_minor: objects::server_minor(&newest), ..self.view };
        let mut list = output::List::begin(look, ui)?;
        let (mut closed, mut notes, mut kept) = (Closed::default(), output::Notes::default(), Vec::new());
        for (record, object) in self.selection.objects(&newest, self.opener, view) {
            match object {
                Ok(object) => {
                    notes.add(&object);
                    match &self.sort_by {
                        Some(_) => kept.push((record, object)),
                        None => list.object(&record, &object, ui)?,
                    }
                }
                Err(why) => {
                    list.unseen(&record, &why, ui)?;
                    closed.add(record.kv.key, &why, ui);
                }
            }
        }
        if let Some(by) = &self.sort_by {
            let sorted = by.sort(kept, |(_, object)| object.shown());
            for (record, object) in sorted.map_err(|error| Error::Usage(error.to_string()))? {
                list.object(&record, &object, ui)?;
            }
        }
        list.finish(ui)?;
        if list.is_empty() && closed.is_empty() {
            nothing::empty(self.source, "nothing that is asked for is there", ui);
        }
        nothing::check_named(&self.selection, newest.live().map(|found| found.record.kv.key), self.source, ui);
        closed.finish(ui);
        if !matches!(look.format, ObjectFormat::Table { .. } | ObjectFormat::Name) {
            notes.say(ui);
        }
        Ok(())
    }
}
