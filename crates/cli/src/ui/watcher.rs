//! What the library does, told to people.

use std::sync::{Arc, Once, PoisonError, RwLock};

use assay::{Note, Phase, Watch};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::{Meter, Voice};
use crate::interrupt;

/// Shows progress, says remarks, and forbids core dumps before keys are read.
pub struct Watcher {
    voice: Arc<Voice>,
    meter: RwLock<Option<Meter>>,
    forbidden: Once,
}

impl Watcher {
    pub(super) fn new(voice: Arc<Voice>) -> Self {
        Self { voice, meter: RwLock::new(None), forbidden: Once::new() }
    }

    /// Where people are told things.
    pub fn voice(&self) -> &Arc<Voice> {
        &self.voice
    }

    fn show(&self, meter: Option<Meter>) {
        // the old bar goes before the new one comes
        *self.meter.write().unwrap_or_else(PoisonError::into_inner) = meter;
    }
}

impl Watch for Watcher {
    fn phase(&self, phase: Phase, total: Option<u64>) {
        self.show(None);
        self.show(Some(self.voice.meter(phase.word(), total)));
    }

    fn advance(&self, bytes: u64) {
        if let Some(meter) = &*self.meter.read().unwrap_or_else(PoisonError::into_inner) {
            meter.add(bytes);
        }
    }

    fn done(&self) {
        self.show(None);
    }

    fn note(&self, note: &Note) {
        match note {
            Note::Agree(_) => self.voice.tell(&note.to_string()),
            _ => self.voice.warn(&note.to_string()),
        }
    }

    fn stop(&self) -> bool {
        interrupt::came()
    }

    fn before_keys(&self) {
        self.forbidden.call_once(|| forbid_dumps(&self.voice));
    }
}

/// Keeps the memory of this process out of core files and out of other processes' reach: for a while it holds keys.
pub fn forbid_dumps(voice: &Voice) {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = setrlimit(Resource::Core, none);
    if limited.and(set_dumpable_behavior(DumpableBehavior::NotDumpable)).is_err() {
        voice.warn("the system does not let assay forbid core dumps: a crash may write keys to a core file");
    }
}
