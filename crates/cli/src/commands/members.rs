//! Snapshots of further members, beside the two that are compared.

use std::sync::Arc;

use artifact::{Contents, Reading};
use assay::Pool;
use assay::members::{Sighting, compare};
use checks::pair::Members;
use etcd_snapshot::{Scan, trailer};
use lens::members::{Standing, cluster};

use super::snapshot;
use crate::exit::Error;
use crate::input::Input;
use crate::ui::Ui;

/// Snapshots that are open, and where each stands.
#[derive(Default)]
pub(super) struct Several {
    sources: Vec<Arc<Contents>>,
    seen: Vec<Sighting>,
}

impl Several {
    /// Takes one that was walked already, in its newest view.
    pub(super) fn add(&mut self, source: &Arc<Contents>, scan: &Scan<'_>) {
        let standing = Standing::of(scan, scan.hash_kv(&Pool).ok(), cluster(scan));
        let sound = standing.whole;
        let digest = Some(trailer::read(source.bytes(), &|_| ()).computed);
        self.seen.push(Sighting { name: source.name(), standing, digest, sound });
        self.sources.push(Arc::clone(source));
    }

    /// Opens a further one.
    pub(super) fn open(&mut self, input: &Input, reading: &Reading, ui: &mut Ui) -> Result<(), Error> {
        let source = Arc::new(snapshot::open(input, reading, ui)?);
        let scan = snapshot::scan(&source, snapshot::database(&source)?, None, false, &|_| ())?;
        snapshot::check_complete(&source, &scan, ui);
        self.add(&source, &scan);
        Ok(())
    }

    /// Holds those of one cluster against each other.
    pub(super) fn compare(&self) -> Vec<Members> {
        compare(&self.seen, &|number| self.sources.get(number).cloned())
    }
}
