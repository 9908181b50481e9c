//! Keys that are left out, as they were named; and the proof that they are.

use std::sync::atomic::{AtomicBool, Ordering};

use artifact::{Contents, Reading};
use assay::Pool;
use bbolt_page::Db;
use document::LeftOut;
use lens::Selection;
use rebuild::{Plan, Traces};
use wording::{escape, group_digits};

use super::file::NewFile;
use crate::args::{RebuildArgs, SelectionText};
use crate::commands::objects;
use crate::exit::Error;

/// What `--only` and `--drop` name.
pub(super) struct Chosen {
    only: Vec<One>,
    drop: Vec<One>,
    /// Whether what nobody should have goes, too.
    sanitize: bool,
}

/// One of them, and whether any key was meant by it.
struct One {
    text: String,
    selection: Selection,
    is_met: AtomicBool,
}

impl One {
    fn matches(&self, key: &[u8]) -> bool {
        let is_met = self.selection.matches(key) || self.selection.is_own_namespace(key);
        if is_met {
            self.is_met.store(true, Ordering::Relaxed);
        }
        is_met
    }
}

impl Chosen {
    /// Of what was named, as this snapshot calls it.
    pub(super) fn of(args: &RebuildArgs, source: &Contents) -> Result<Self, Error> {
        let resolved = |named: &[SelectionText]| {
            let one = |named: &SelectionText| {
                let SelectionText { text, mut selection } = named.clone();
                objects::resolve(&mut selection, &[source])?;
                Ok(One { text, selection, is_met: AtomicBool::new(false) })
            };
            named.iter().map(one).collect::<Result<Vec<One>, Error>>()
        };
        Ok(Self { only: resolved(&args.only)?, drop: resolved(&args.drop)?, sanitize: args.sanitize.is_some() })
    }

    /// Whether a key stays. Each is asked, so that one which no key is meant by is known.
    pub(super) fn keeps(&self, key: &[u8]) -> bool {
        let any = |of: &[One]| of.iter().filter(|one| one.matches(key)).count() > 0;
        let (only, drop) = (any(&self.only), any(&self.drop));
        (only || self.only.is_empty()) && !drop && !(self.sanitize && sanitize::drops(key).is_some())
    }

    /// Leaves out of a plan what is not meant, and says what that is.
    ///
    /// # Errors
    /// Where no key is meant by one of them: a slip of the pen must not look like a file without secrets.
    pub(super) fn narrow<'a>(
        &self,
        plan: Plan<'a>,
        keeps: &'a (dyn Fn(&[u8]) -> bool + Sync),
        source: &Contents,
    ) -> Result<(Plan<'a>, Option<rebuild::LeftOut>), Error> {
        if self.only.is_empty() && self.drop.is_empty() && !self.sanitize {
            return Ok((plan, None));
        }
        let plan = plan.only(keeps);
        let left = plan.left_out();
        let options = self.only.iter().map(|one| ("--only", one)).chain(self.drop.iter().map(|one| ("--drop", one)));
        for (option, one) in options {
            if !one.is_met.load(Ordering::Relaxed) {
                let reason = format!("no key is meant by `{option} {}`", escape(one.text.as_bytes()));
                let hint = Some("`assay ls` lists what is there; nothing was written".to_owned());
                return Err(objects::unanswerable(source, &reason, hint));
            }
        }
        Ok((plan, Some(left)))
    }

    /// Looks for what was left out in the file that was written.
    pub(super) fn prove(
        &self,
        left: rebuild::LeftOut,
        plan: &Plan<'_>,
        new: &NewFile,
        reading: &Reading,
    ) -> Result<LeftOut, Error> {
        let rebuild::LeftOut { keys_before, keys, needles } = left;
        let plain = needles.plain();
        let written = new.read(reading)?;
        let db = Db::open(written.bytes()).map_err(|error| new.refused(&error.to_string()))?;
        let traces = Traces::of(needles, &db, &Pool);
        if let Some(hit) = traces.residue {
            let key = objects::shown(plan.owner(hit.owner).unwrap_or_default());
            return Err(new.refused(&format!("byte {} has something of `{key}`, which was left out", hit.at)));
        }
        let texts = |of: &[One]| of.iter().map(|one| one.text.clone()).collect();
        Ok(LeftOut {
            only: texts(&self.only),
            drop: texts(&self.drop),
            keys,
            of: keys_before,
            shared: traces.shared,
            plain,
        })
    }
}

/// What whoever uses the new file must know.
pub(super) fn notes(rev: Option<i64>, left: Option<&LeftOut>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(LeftOut { keys, of, .. }) = left {
        let (keys, of) = (group_digits(*keys), group_digits(*of));
        notes.push(format!("{keys} of {of} keys left out; this is not a backup of the cluster any more"));
    }
    if let Some(rev) = rev {
        notes.push(format!(
            "revision {rev} is earlier than what clients have seen: restore it with `--bump-revision` and `--mark-compacted`"
        ));
    }
    notes
}
