//! How the model is drawn. Drawing changes nothing.

mod object;
mod tree;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use ratatui_core::terminal::Frame;
use wording::{count, group_digits, shorten_with};

use crate::bindings::BINDINGS;
use crate::focus::{Focus, Mode};
use crate::model::Model;
use crate::news::Summary;

/// Writes text into one line of an area, cut at its right edge.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, column: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if area.height == 0 || column >= area.width {
        return column;
    }
    let (end, _) = buffer.set_stringn(area.x + column, area.y, text, usize::from(area.width - column), style);
    end - area.x
}

/// The line of an area, or nothing.
pub(crate) fn line(area: Rect, number: usize) -> Rect {
    match u16::try_from(number) {
        Ok(number) if number < area.height => Rect { y: area.y + number, height: 1, ..area },
        _ => Rect::ZERO,
    }
}

impl Model<'_> {
    /// Draws everything.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        self.draw_into(frame.buffer_mut());
    }

    fn draw_into(&self, buffer: &mut Buffer) {
        if let Mode::Help(top) = self.mode {
            return self.draw_help(buffer, top);
        }
        let layout = self.layout();
        self.draw_title(buffer, layout.title);
        match self.mode {
            Mode::Search => self.draw_hits(buffer, layout.list),
            _ => self.draw_tree(buffer, layout.list),
        }
        let look = &self.settings.look;
        for row in 0..usize::from(layout.bar.height) {
            put(buffer, line(layout.bar, row), 0, look.glyphs().bar, look.dim());
        }
        match self.focus {
            Focus::History => self.draw_history(buffer, layout),
            Focus::Tree | Focus::Object => self.draw_side(buffer, layout),
        }
        self.draw_status(buffer, layout.status);
        self.draw_hints(buffer, layout.hints);
    }

    fn draw_title(&self, buffer: &mut Buffer, area: Rect) {
        let look = &self.settings.look;
        let shown = self.tree.tally;
        let mut right = count(shown.live, "key");
        if self.with_deleted {
            right = format!("{right}, {} deleted", group_digits(shown.deleted));
        }
        if self.walk.done.is_none() {
            right = match self.walk.opened {
                true => format!("reading {} %  {right}", self.walk.percent()),
                false => format!("opening {} %", self.walk.opening),
            };
        }
        let width = usize::from(area.width);
        let room = width.saturating_sub(wording::width(&right) + 1);
        put(buffer, area, 0, &shorten_with(&self.settings.name, room, look.glyphs().cut), look.head());
        let style = if self.walk.done.is_some() { look.dim() } else { look.warn() };
        let column = u16::try_from(width.saturating_sub(wording::width(&right))).unwrap_or(0);
        put(buffer, area, column, &right, style);
    }

    /// Structure, masking, revision, keys; or what was last said.
    fn draw_status(&self, buffer: &mut Buffer, area: Rect) {
        let look = &self.settings.look;
        if let Some(void) = self.walk.done.as_ref().and_then(|summary| summary.void.as_deref()) {
            put(buffer, area, 0, void, look.bad());
            return;
        }
        if self.mode == Mode::Find {
            let column = put(buffer, area, 0, "find: ", look.head());
            let query = self.escape(self.query.as_bytes());
            let column = put(buffer, area, column, &query, Style::new());
            put(buffer, area, column, " ", look.cursor(true));
            return;
        }
        if let Some(notice) = &self.notice {
            put(buffer, area, 0, notice, look.warn());
            return;
        }
        let dot = look.glyphs().dot;
        let mut column = 0;
        for (text, style) in self.status() {
            if column > 0 {
                column = put(buffer, area, column, dot, look.dim());
            }
            column = put(buffer, area, column, &text, style);
        }
    }

    /// What matters most comes first: a narrow screen shows no more.
    fn status(&self) -> Vec<(String, Style)> {
        let look = &self.settings.look;
        let mut parts = vec![match &self.walk.done {
            None => ("structure: reading".to_owned(), look.dim()),
            Some(summary) if summary.is_damaged() => (damage(summary), look.bad()),
            Some(_) => ("structure sound".to_owned(), look.good()),
        }];
        match self.reveal {
            true => parts.insert(0, ("secrets REVEALED".to_owned(), look.warn())),
            false => parts.push(("secrets masked".to_owned(), look.dim())),
        }
        if let Some(revision) = self.walk.revision {
            let compacted = self.walk.compacted.map_or_else(String::new, |at| format!(" (compacted {at})"));
            parts.push((format!("rev {revision}{compacted}"), Style::new()));
        }
        parts.push((self.settings.keys.clone(), Style::new()));
        parts
    }

    fn draw_hints(&self, buffer: &mut Buffer, area: Rect) {
        let text = match (self.mode, self.focus) {
            (Mode::Search, _) => "type to search  Up/Down choose  Enter go there  Esc leave",
            (Mode::Find, _) => "type to find in the text  Enter done  Esc leave",
            (_, Focus::Tree) => "Enter open  / search  Tab object, history  d deleted  p print  ? help  q quit",
            (_, Focus::Object) => "Esc back  Tab history  / find  n N next, previous  r reveal  ? help  q quit",
            (_, Focus::History) => "Enter see version  PgDn PgUp changes  Esc back  Tab tree  ? help  q quit",
        };
        put(buffer, area, 0, text, self.settings.look.dim());
    }

    fn draw_help(&self, buffer: &mut Buffer, top: usize) {
        let look = &self.settings.look;
        let area = buffer.area;
        put(buffer, line(area, 0), 0, "assay browse: keys", look.head());
        for (row, (_, _, keys, text)) in BINDINGS.iter().skip(top).enumerate() {
            let here = line(Rect { height: area.height.saturating_sub(1), ..area }, row + 1);
            put(buffer, here, 1, keys, look.name());
            put(buffer, here, if area.width < 60 { 12 } else { 18 }, text, Style::new());
        }
        let last = line(area, usize::from(area.height.saturating_sub(1)));
        put(buffer, last, 0, "Esc back  Down Up scroll  Ctrl-C quit", look.dim());
    }
}

/// What is wrong with a file, and where one begins to look.
fn damage(summary: &Summary) -> String {
    let faults = (summary.faults > 0).then(|| count(summary.faults, "fault"));
    let records = (summary.damaged > 0).then(|| count(summary.damaged, "unreadable record"));
    let place = summary.page.map(|page| format!("first on page {page}"));
    let parts: Vec<String> = [faults, records, place].into_iter().flatten().collect();
    format!("DAMAGED: {}", parts.join(", "))
}

/// Ends of a line that stand at its right edge, and the room they leave.
pub(crate) fn put_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let width = u16::try_from(wording::width(text)).unwrap_or(u16::MAX);
    let Some(column) = area.width.checked_sub(width) else { return area.width };
    put(buffer, area, column, text, style);
    column
}
