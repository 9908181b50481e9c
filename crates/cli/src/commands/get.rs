//! `assay get`: objects.

use artifact::{Contents, Reading};
use assay::LateKeys;
use backup_facts::version::is_cluster_version;
use lens::{Object, Opener, Reader, Selection, View, release_matters};

use super::chain;
use super::nothing;
use super::objects::{self, Closed};
use crate::args::{GetArgs, ObjectFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::objects as output;
use crate::ui::Ui;

pub(super) fn run(mut args: GetArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let view = View { reveal: args.reveal.reveal, managed_fields: args.show_managed_fields, ..View::default() };
    let format = args.format();
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
        opener: &keys,
    };
    if single {
        get.one(format.unwrap_or(ObjectFormat::Yaml), ui)?;
    } else {
        get.many(format.unwrap_or(ObjectFormat::Table), ui)?;
    }
    Ok(ui.ending())
}

struct Get<'a> {
    source: &'a Contents,
    reader: Reader<'a>,
    selection: Selection,
    at: Option<i64>,
    view: View,
    stored: bool,
    opener: &'a dyn Opener,
}

impl Get<'_> {
    fn one(&self, format: ObjectFormat, ui: &mut Ui) -> Result<(), Error> {
        let found = objects::one(self.source, &self.reader, &self.selection, self.at, ui)?;
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
            return output::bytes(ui.out(), format, bytes);
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
        output::one(format, &found.record, &object, ui)?;
        notes.say(ui);
        Ok(())
    }

    fn many(&self, format: ObjectFormat, ui: &mut Ui) -> Result<(), Error> {
        let matches = |key: &[u8]| is_cluster_version(key) || self.selection.matches(key);
        let newest = objects::newest(self.source, &self.reader, matches, self.at, usize::MAX, ui)?;
        let view = View { server_minor: objects::server_minor(&newest), ..self.view };
        let mut list = output::List::begin(format, ui)?;
        let (mut closed, mut notes) = (Closed::default(), output::Notes::default());
        for (record, object) in self.selection.objects(&newest, self.opener, view) {
            match object {
                Ok(object) => {
                    notes.add(&object);
                    list.object(record, &object, ui)?;
                }
                Err(why) => {
                    list.unseen(record, &why, ui)?;
                    closed.add(record.kv.key, &why, ui);
                }
            }
        }
        list.finish(ui)?;
        if list.is_empty() && closed.is_empty() {
            nothing::empty(self.source, "nothing that is asked for is there", ui);
        }
        nothing::check_named(&self.selection, newest.live().map(|found| found.record.kv.key), self.source, ui);
        closed.finish(ui);
        if format != ObjectFormat::Table {
            notes.say(ui);
        }
        Ok(())
    }
}
