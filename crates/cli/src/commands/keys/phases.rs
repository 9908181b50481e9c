//! Progress of a library that reports phases.

use key_escrow::Phase;

use crate::ui::{Meter, Ui};

/// What is done in a phase, for the progress bar; nothing for one that takes no time.
fn word(phase: Phase) -> Option<&'static str> {
    Some(match phase {
        Phase::Splitting => "splitting",
        Phase::Analysing => "analysing",
        Phase::Sealing => "sealing",
        Phase::Verifying => "verifying",
        Phase::Joining => "joining",
        _ => return None,
    })
}

/// Shows a bar for each phase.
pub(super) fn shown(ui: &mut Ui) -> impl FnMut(Phase, u64, Option<u64>) {
    let mut current: Option<(Phase, u64, Meter)> = None;
    move |phase, done, total| {
        if let Some((_, before, meter)) = current.as_mut().filter(|(now, before, _)| *now == phase && *before <= done) {
            meter.add(done - *before);
            *before = done;
            return;
        }
        current = None; // the old bar goes before the new one comes
        if let Some(word) = word(phase) {
            let meter = ui.meter(word, total);
            meter.add(done);
            current = Some((phase, done, meter));
        }
    }
}
