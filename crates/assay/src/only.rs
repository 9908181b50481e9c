//! The one backup that something led to, for whoever goes on asking.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::backup::Backup;
use crate::backups::{Backups, Turn};
use crate::error::Error;
use crate::question::{Asks, Question};
use crate::watch::Watch;

impl Backups {
    /// Opens the only backup there is, for its snapshot and the keys of the question, and gives it away.
    ///
    /// # Errors
    /// Where there is none with a snapshot, where it cannot be read, or where there are several.
    pub fn only(&self, question: &Question, watch: &dyn Watch) -> Result<Backup, Error> {
        let mut question = question.clone();
        question.asks = Asks::Keys;
        let (mut found, mut failed) = (Vec::new(), None);
        let _ = self.turns(&question, watch, &mut |turn| {
            match turn {
                Turn::Backup(backup) if backup.snapshot.is_some() => found.push(backup.taken()),
                Turn::Unread(_, error) => failed = Some(error),
                _ => {}
            }
            // two are too many already: no third is opened
            if found.len() > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match (found.pop(), found.pop(), failed) {
            (Some(one), None, _) => Ok(one),
            (Some(one), Some(other), _) => Err(Error::NotOne { names: [other.name, one.name] }),
            (None, _, Some(error)) => Err(error),
            (None, _, None) => Err(Error::NoSnapshot { path: PathBuf::from(".") }),
        }
    }
}
