//! Steps as they are written down here: each reads like the procedure itself.

use document::{Block, BookStep, OmittedStep, Wait, Word};

use crate::hosts::Host;
use crate::titles;

/// A line that waits until a command prints nothing more: where the next line must not come before.
pub(crate) fn until_nothing(command: &str) -> String {
    format!("while {command}; do sleep 5; done")
}

/// A step, or why it is not to be done.
pub(crate) type Written = Result<Step, String>;

/// Where a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Workstation,
    RecoveryHost,
    OtherHosts,
    EveryHost,
    Node,
    ManagementCluster,
    Site,
}

impl Place {
    const fn word(self) -> Word {
        Word::Borrowed(match self {
            Self::Workstation => "workstation",
            Self::RecoveryHost => "recovery-host",
            Self::OtherHosts => "other-hosts",
            Self::EveryHost => "every-host",
            Self::Node => "node",
            Self::ManagementCluster => "management-cluster",
            Self::Site => "site",
        })
    }
}

/// A step in the making.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) step: BookStep,
    pub(crate) left_out: Vec<OmittedStep>,
}

impl Step {
    /// The step of that id, on the workstation.
    pub(crate) fn new(id: &str) -> Self {
        let step = BookStep {
            id: id.to_owned(),
            title: titles::of(id).to_owned(),
            place: Place::Workstation.word(),
            ..BookStep::default()
        };
        Self { step, left_out: Vec::new() }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.step.place = place.word();
        self
    }

    /// When it is to be done at all.
    pub(crate) fn only_if(mut self, text: impl Into<String>) -> Self {
        self.step.only_if = Some(text.into());
        self
    }

    /// What it is for: a sentence or two.
    pub(crate) fn say(mut self, text: impl Into<String>) -> Self {
        self.step.text.push(text.into());
        self
    }

    pub(crate) fn say_if(self, holds: bool, text: impl Into<String>) -> Self {
        if holds { self.say(text) } else { self }
    }

    pub(crate) fn part(mut self, part: Part) -> Self {
        self.step.blocks.push(part.0);
        self
    }

    pub(crate) fn parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.step.blocks.extend(parts.into_iter().map(|part| part.0));
        self
    }

    /// A part of it that is not to be done.
    pub(crate) fn without(mut self, id: &str, because: impl Into<String>) -> Self {
        self.left_out.push(omitted(id, because.into()));
        self
    }

    pub(crate) fn shows(mut self, text: impl Into<String>) -> Self {
        self.step.expect.push(text.into());
        self
    }

    pub(crate) fn shows_if(self, holds: bool, text: impl Into<String>) -> Self {
        if holds { self.shows(text) } else { self }
    }

    /// How long, until what, and what to ask: empty where a part does.
    pub(crate) fn wait(mut self, time: &str, until: impl Into<String>, poll: &str) -> Self {
        self.step.wait = Some(Wait { time: time.to_owned(), until: until.into(), poll: poll.to_owned() });
        self
    }

    pub(crate) fn trouble(mut self, text: impl Into<String>) -> Self {
        self.step.trouble.push(text.into());
        self
    }

    pub(crate) fn trouble_if(self, holds: bool, text: impl Into<String>) -> Self {
        if holds { self.trouble(text) } else { self }
    }

    /// Files of the book that it needs.
    pub(crate) fn files(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.step.files.extend(names);
        self
    }
}

/// A step, or a part, that is not to be done.
pub(crate) fn omitted(id: &str, because: String) -> OmittedStep {
    OmittedStep { id: id.to_owned(), title: titles::of(id).to_owned(), because }
}

/// Commands of a step at one place.
#[derive(Debug, Clone)]
pub(crate) struct Part(Block);

impl Part {
    /// The part of that id, on the workstation.
    pub(crate) fn new(id: &str) -> Self {
        Self(Block { id: Some(id.to_owned()), title: titles::of(id).to_owned(), ..Block::default() })
    }

    /// All of a step that has no parts, on the workstation.
    pub(crate) fn whole() -> Self {
        Self(Block::default())
    }

    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.0.title = title.into();
        self
    }

    /// On a host of the control plane.
    pub(crate) fn on(mut self, host: &Host) -> Self {
        self.0.host = Some(host.node.clone());
        self
    }

    /// On a node of any kind, by name.
    pub(crate) fn on_node(mut self, node: &str) -> Self {
        self.0.host = Some(node.to_owned());
        self
    }

    pub(crate) fn run(mut self, line: impl Into<String>) -> Self {
        self.0.commands.push(line.into());
        self
    }

    pub(crate) fn shows(mut self, text: impl Into<String>) -> Self {
        self.0.expect.push(text.into());
        self
    }

    pub(crate) fn run_all(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.0.commands.extend(lines);
        self
    }
}
