//! `assay timeline`: who changed what around a moment.

use std::ops::ControlFlow;

use artifact::{Contents, Reading};
use assay::Pool;
use lens::timeline::{Event, Timeline};
use lens::{Clock, Compared, Reader, View, Window};
use serde_json::{Map, Value};

use super::chain;
use super::nothing;
use super::objects::{self, Closed};
use crate::args::TimelineArgs;
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::steps::{StepLook, Steps};
use crate::ui::Ui;
use wording::count;

pub(super) fn run(args: TimelineArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut selection = args.select.selection(args.what)?;
    let mut keys = objects::keys(&args.keys, reading, ui)?;
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), None, reading, ui)?;
    objects::follow(&mut keys, &source, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let reader = objects::reader(&source, None)?;
    let window = Window::between(args.since, args.until, || clock(&source, &reader, ui))?;
    let view = View { reveal: args.output.reveal.reveal, ..View::default() };
    let compared = Compared { managed_fields: args.output.all };
    let look = StepLook { format: args.output.format(), values: args.output.values, with_key: true };
    // What is known to be missing is said before the first line, and what is found missing on the way after the last.
    objects::check_complete(&source, &reader, 0, ui)?;
    let mut list = Steps::begin(look, "timeline", artifact(&source, &reader, &window), ui)?;
    let mut failed: Result<(), Error> = Ok(());
    let (mut closed, mut unshown) = (Closed::default(), 0);
    let timeline = Timeline { selection: &selection, window, opener: &keys, view, compared };
    // No meter: lines are written as they come, and would run into it.
    let passed = timeline.run(&reader, &Pool, |event| {
        match event {
            Event::Step(step) => {
                unshown += usize::from(objects::wants_keys(step.object.as_ref()));
                failed = list.step(&step, None, ui);
            }
            Event::Unseen(key, why) => closed.add(key, &why, ui),
        }
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if passed.damaged > 0 {
        let records = count(passed.damaged, "unreadable record");
        ui.warn(&format!("{} is damaged: {records}, so this may not be all of it", source.display()));
        ui.settle(Ending::Findings);
    }
    // A reader who stops reading gets the code of a damaged file all the same.
    failed?;
    source.check_unchanged()?;
    objects::say_bare(passed.bare, ui);
    if list.written() == 0 && passed.bare == 0 && closed.is_empty() {
        nothing::empty(&source, "no revision that is asked for is retained", ui);
    }
    nothing::check_named(&selection, passed.keys(), &source, ui);
    closed.finish(ui);
    list.finish(ui)?;
    objects::hint_at_keys(unshown, ui);
    Ok(ui.ending())
}

/// What objects say of the time at which they were written, where a moment has to be found.
fn clock(source: &Contents, reader: &Reader<'_>, ui: &mut Ui) -> Result<Clock, Error> {
    let meter = ui.meter("reading times", Some(source.bytes().len() as u64));
    let clock = Clock::read(reader, &Pool, &|bytes| meter.add(bytes));
    drop(meter);
    if clock.span().is_none() {
        let reason = "no object says when it was written, so a moment has no revision";
        return Err(objects::unanswerable(source, &reason, Some("give revisions instead".to_owned())));
    }
    Ok(clock)
}

fn artifact(source: &Contents, reader: &Reader<'_>, window: &Window) -> Map<String, Value> {
    let mut artifact = Map::new();
    artifact.insert("path".into(), source.name().into());
    artifact.insert("current".into(), reader.current().into());
    artifact.insert("compacted".into(), reader.compacted().into());
    artifact.insert("since".into(), window.first.into());
    artifact.insert("until".into(), window.last.min(reader.current()).into());
    artifact
}
