//! From a file to its diagnosis.

use crate::diagnosis::{Diagnosis, Loss, Mend, Proof};
use crate::forms::{self, HEAD};
use crate::layout::Layout;
use crate::profile::{HASH, Profile};
use crate::signature::Ruin;
use crate::step::{Form, Step};
use crate::trials;
use crate::undo::Odd;

/// Translations of ends of lines that are undone one after another.
const TRANSLATIONS: usize = 4;

/// Tells what happened to a file, and how far it can be undone.
///
/// What looks like nothing that a snapshot became is told by its beginning; everything else is read to its end, once for
/// each way that is tried.
#[must_use]
pub fn diagnose(bytes: &[u8]) -> Diagnosis {
    let ways = forms::ways(bytes.get(..HEAD).unwrap_or(bytes));
    let mut best = match ways.ruin {
        Some((steps, ruin)) => Diagnosis::Lost(steps, lost(ruin)),
        None => Diagnosis::Foreign,
    };
    for steps in ways.steps {
        let found = judge(bytes, steps);
        if rank(&found) > rank(&best) {
            best = found;
        }
        if rank(&best) >= PROVEN {
            break;
        }
    }
    best
}

/// Whether what begins so may be a snapshot that something was done to.
#[must_use]
pub fn could_be(beginning: &[u8]) -> bool {
    let ways = forms::ways(beginning.get(..HEAD).unwrap_or(beginning));
    !ways.steps.is_empty() || ways.ruin.is_some()
}

const PROVEN: u8 = 5;

/// How much a diagnosis says.
fn rank(diagnosis: &Diagnosis) -> u8 {
    match diagnosis {
        Diagnosis::Foreign => 0,
        Diagnosis::Other => 1,
        Diagnosis::Lost(..) => 2,
        Diagnosis::Wrong(_) => 3,
        Diagnosis::Mendable(mend) if mend.proof == Proof::Places => 4,
        Diagnosis::Mendable(_) | Diagnosis::Intact => PROVEN,
    }
}

fn lost(ruin: Ruin) -> Loss {
    match ruin {
        Ruin::Replaced => Loss::Replaced,
        Ruin::Stripped => Loss::Stripped,
        Ruin::Dropped => Loss::HighBytes,
        Ruin::ZerosDropped => Loss::Zeros,
    }
}

/// Tells of what comes out of steps, and of what comes out of more of them.
fn judge(bytes: &[u8], steps: Vec<Step>) -> Diagnosis {
    let profile = match Profile::of(bytes, &steps) {
        Ok(profile) => profile,
        Err(Odd::Replaced(_)) => return Diagnosis::Lost(steps, Loss::Replaced),
        Err(Odd::Foreign) => return Diagnosis::Other,
    };
    if let Some(done) = proven(&steps, &profile) {
        return done;
    }
    let mut best = Diagnosis::Other;
    let translated = is_translated(&profile) && count(&steps) < TRANSLATIONS;
    let further = translated.then(|| steps.iter().cloned().chain([Step::LineEnds]).collect());
    for steps in further.into_iter().chain(translated_outside(bytes, &steps)) {
        let found = judge(bytes, steps);
        if rank(&found) >= PROVEN {
            return found;
        }
        best = if rank(&found) > rank(&best) { found } else { best };
    }
    let own = by_pages(bytes, steps, &profile);
    if rank(&own) > rank(&best) { own } else { best }
}

fn count(steps: &[Step]) -> usize {
    steps.iter().filter(|step| **step == Step::LineEnds).count()
}

/// Whether most line feeds have a carriage return before them: of bytes that are none of a text, one of 256 has.
fn is_translated(profile: &Profile) -> bool {
    profile.pairs > 0 && profile.pairs.saturating_mul(2) > profile.feeds
}

/// The steps to try where ends of lines were translated when the text had its form already.
fn translated_outside(bytes: &[u8], steps: &[Step]) -> Option<Vec<Step>> {
    let wide = steps.iter().any(|step| matches!(step, Step::Text(Form::Utf16Le | Form::Utf16Be, _)));
    let outside = steps.iter().take_while(|step| **step == Step::LineEnds).count();
    if !wide || outside >= 2 || count(steps) > outside {
        return None;
    }
    let outer = Profile::of(bytes, steps.get(..outside)?).ok()?;
    is_translated(&outer).then(|| [Step::LineEnds].iter().chain(steps).cloned().collect())
}

/// What the hash says.
fn proven(steps: &[Step], profile: &Profile) -> Option<Diagnosis> {
    let hash = profile.proven?;
    let behind = profile.behind()?;
    let size = profile.len.saturating_sub(behind);
    let mut steps = steps.to_vec();
    if behind > 0 {
        let end = size..u64::MAX;
        match steps.last_mut() {
            // what was cut amid the pages, and what is cut behind them, is one step
            Some(Step::Cut(ranges)) => {
                let before: u64 = ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum();
                ranges.push(size.saturating_add(before)..u64::MAX);
            }
            _ => steps.push(Step::Cut(std::iter::once(end).collect())),
        }
    }
    Some(if steps.is_empty() {
        Diagnosis::Intact
    } else {
        Diagnosis::Mendable(Mend { steps, size, proof: Proof::Hash(hash) })
    })
}

/// What the places of pages say, where the hash says nothing.
fn by_pages(bytes: &[u8], steps: Vec<Step>, profile: &Profile) -> Diagnosis {
    let Some(pages) = profile.pages else {
        return without_returns(profile, true).map_or(Diagnosis::Other, |loss| Diagnosis::Lost(steps, loss));
    };
    let Ok(layout) = Layout::of(bytes, &steps, pages) else { return Diagnosis::Other };
    let trials = trials::of(&layout, profile.len);
    let tried = |trial: &Step| {
        let steps: Vec<Step> = steps.iter().chain([trial]).cloned().collect();
        Profile::of(bytes, &steps).ok().and_then(|profile| proven(&steps, &profile))
    };
    if let Some(found) = trials.steps.iter().find_map(tried) {
        return found;
    }
    let behind = layout.end.as_ref().map_or(0, |end| end.by);
    let moved = layout.lost || !layout.shifts.is_empty();
    if let Some(loss) = without_returns(profile, layout.back > 0) {
        return Diagnosis::Lost(steps, loss);
    }
    if moved {
        return if layout.lost && layout.shifts.is_empty() {
            Diagnosis::Other
        } else {
            alone(bytes, &steps, &trials).unwrap_or(Diagnosis::Lost(steps, Loss::Moved))
        };
    }
    let hash = i64::try_from(HASH).unwrap_or(0);
    if behind < 0 || (1..hash).contains(&behind) {
        let missing = hash.saturating_sub(behind).unsigned_abs();
        return Diagnosis::Lost(steps, Loss::End(missing));
    }
    if steps.is_empty() {
        return Diagnosis::Other;
    }
    if behind == hash && !profile.zero_hash {
        return Diagnosis::Wrong(steps);
    }
    Diagnosis::Mendable(Mend { steps, size: profile.len, proof: Proof::Places })
}

/// The one trial that there is, where no hash can say more than the places of pages do.
fn alone(bytes: &[u8], steps: &[Step], trials: &trials::Trials) -> Option<Diagnosis> {
    let [trial] = trials.steps.as_slice() else { return None };
    let steps: Vec<Step> = steps.iter().chain([trial]).cloned().collect();
    let profile = Profile::of(bytes, &steps).ok().filter(|_| trials.complete)?;
    let without = profile.len == profile.pages?.end();
    without.then_some(Diagnosis::Mendable(Mend { steps, size: profile.len, proof: Proof::Places }))
}

/// What is missing throughout, where something is.
fn without_returns(profile: &Profile, missing: bool) -> Option<Loss> {
    let Profile { feeds, returns, pairs, .. } = *profile;
    match (feeds, returns, pairs) {
        _ if !missing => None,
        (1.., 0, _) => Some(Loss::Returns),
        (0, 1.., _) => Some(Loss::Feeds),
        // one that had two carriage returns before it has one left
        (1.., 1.., _) if pairs.saturating_mul(4) <= feeds => Some(Loss::Pairs),
        _ => None,
    }
}
