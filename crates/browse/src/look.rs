//! How things are to look: colours, glyphs, and what may reach the terminal.

use std::borrow::Cow;

use ratatui_core::style::{Color, Modifier, Style};

/// Shows bytes from a file on one line and without any power over the terminal.
pub type Escape = fn(&[u8]) -> Cow<'_, str>;

/// How things are to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether there may be colours; without, bold, dim and reversed text do.
    pub color: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// Makes names fit for the terminal: in ASCII alone where `unicode` is false.
    pub escape: Escape,
}

/// Signs that lines are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyphs {
    pub(crate) open: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) gone: &'static str,
    pub(crate) bar: &'static str,
    pub(crate) line: &'static str,
    pub(crate) cut: &'static str,
    pub(crate) dot: &'static str,
}

const UNICODE: Glyphs =
    Glyphs { open: "▾", closed: "▸", gone: "×", bar: "│", line: "─", cut: "…", dot: " · " };
const ASCII: Glyphs = Glyphs { open: "-", closed: "+", gone: "x", bar: "|", line: "-", cut: "~", dot: " | " };

impl Look {
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    fn colored(&self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub(crate) fn head(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn name(&self) -> Style {
        self.colored(Color::Cyan)
    }

    pub(crate) fn good(&self) -> Style {
        self.colored(Color::Green)
    }

    pub(crate) fn warn(&self) -> Style {
        self.colored(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn bad(&self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The line under the cursor, in the pane that has the keyboard or in another.
    pub(crate) fn cursor(&self, focused: bool) -> Style {
        let mark = if focused { Modifier::REVERSED } else { Modifier::BOLD | Modifier::UNDERLINED };
        Style::new().add_modifier(mark)
    }
}
