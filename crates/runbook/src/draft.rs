//! A book in the making: steps in order, and those that are left out.

use document::{BookStep, OmittedStep};

use crate::step::{Written, omitted};

/// A book in the making.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    section: String,
    pub(crate) steps: Vec<BookStep>,
    pub(crate) omitted: Vec<OmittedStep>,
}

impl Draft {
    /// Begins a part of the book.
    pub(crate) fn section(&mut self, title: &str) {
        title.clone_into(&mut self.section);
    }

    /// Adds a step, or notes why it is left out.
    pub(crate) fn add(&mut self, id: &str, written: Written) {
        match written {
            Ok(step) => {
                self.steps.push(BookStep { section: self.section.clone(), ..step.step });
                self.omitted.extend(step.left_out);
            }
            Err(because) => self.omitted.push(omitted(id, because)),
        }
    }
}
