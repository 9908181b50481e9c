//! The right half: an object, its history, or what a heading holds.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Modifier, Style};
use wording::{count, from_column, shorten_with, width};

use super::{line, put};
use crate::focus::{Focus, Mode};
use crate::layout::Layout;
use crate::model::{Followed, Model, Shown};
use crate::news::{Page, Revision};
use crate::search::find;
use crate::tree::Node;

impl Model<'_> {
    pub(super) fn draw_side(&self, buffer: &mut Buffer, layout: Layout) {
        let area = layout.side;
        match &self.shown {
            Some(shown) => self.draw_page(buffer, layout, shown),
            None if self.mode == Mode::Search => {}
            None => self.draw_heading(buffer, area),
        }
    }

    /// What a resource or a namespace holds.
    fn draw_heading(&self, buffer: &mut Buffer, area: Rect) {
        let look = &self.settings.look;
        let (name, tally, more) = match self.selected() {
            Some(Node::Resource(number)) => {
                let Some(resource) = self.tree.resource(number) else { return };
                let more = match resource.namespaces() {
                    0 => None,
                    namespaces => Some(count(namespaces as u64, "namespace")),
                };
                (self.escape(&resource.heading.text()), resource.tally, more)
            }
            Some(Node::Group(number)) => {
                let Some(group) = self.tree.group(number) else { return };
                (self.escape(group.namespace.unwrap_or_default()), group.tally, None)
            }
            Some(Node::Object(_)) => return,
            None => {
                put(buffer, line(area, 0), 1, &count(self.tree.resources() as u64, "resource"), look.dim());
                return;
            }
        };
        put(buffer, line(area, 0), 1, &name, look.head());
        put(buffer, line(area, 1), 1, &format!("{} live", count(tally.live, "object")), Style::new());
        put(
            buffer,
            line(area, 2),
            1,
            &format!("{} deleted, not yet compacted", count(tally.deleted, "object")),
            look.dim(),
        );
        put(buffer, line(area, 3), 1, &more.unwrap_or_default(), Style::new());
    }

    fn draw_key(&self, buffer: &mut Buffer, area: Rect, number: u32, style: Style) {
        let Some(entry) = self.tree.entry(number) else { return };
        let room = usize::from(area.width.saturating_sub(1));
        let key = self.key_text(entry.key);
        put(buffer, area, 1, &shorten_with(&key, room, self.settings.look.glyphs().cut), style);
    }

    fn draw_page(&self, buffer: &mut Buffer, layout: Layout, shown: &Shown<'_>) {
        let (look, area, head) = (&self.settings.look, layout.side, layout.page_head());
        let focused = self.focus == Focus::Object;
        let style = if focused { look.head().add_modifier(Modifier::UNDERLINED) } else { look.head() };
        self.draw_key(buffer, line(area, 0), shown.number, style);
        let Some(page) = &shown.page else {
            put(buffer, line(area, 1), 1, "opening ...", look.dim());
            return;
        };
        if head > 1 {
            self.draw_facts(buffer, line(area, 1), shown, page);
            put(buffer, line(area, 2), 1, page.note.as_deref().unwrap_or_default(), look.warn());
        }
        if page.lines.is_empty() && head == 1 {
            put(buffer, line(area, 1), 1, page.note.as_deref().unwrap_or_default(), look.warn());
        }
        for (row, text) in page.lines.iter().skip(shown.scroll.top).take(layout.page_lines()).enumerate() {
            self.draw_text(buffer, line(area, row + usize::from(head)), text, shown.scroll.left);
        }
    }

    fn draw_facts(&self, buffer: &mut Buffer, area: Rect, shown: &Shown<'_>, page: &Page) {
        let look = &self.settings.look;
        let entry = self.tree.entry(shown.number).filter(|entry| entry.deleted);
        let state = match (&shown.version, entry) {
            (Some(version), _) => Some(format!("AT REVISION {version}")),
            (None, Some(entry)) => Some(format!("DELETED at {}", entry.main)),
            (None, None) => None,
        };
        let column = state.map_or(1, |state| {
            let column = put(buffer, area, 1, &state, look.warn());
            put(buffer, area, column, look.glyphs().dot, look.dim())
        });
        put(buffer, area, column, &page.facts.join(look.glyphs().dot), look.dim());
    }

    /// A line of YAML: its name coloured, what is looked for marked.
    fn draw_text(&self, buffer: &mut Buffer, area: Rect, text: &str, left: usize) {
        let look = &self.settings.look;
        put(buffer, area, 1, from_column(text, left), Style::new());
        let mark = |buffer: &mut Buffer, from: usize, to: usize, style: Style| {
            let column = |at: usize| text.get(..at).map_or(0, width).saturating_sub(left) + 1;
            let (from, to) = (column(from), column(to).min(usize::from(area.width)));
            let (Ok(x), Ok(width)) = (u16::try_from(from), u16::try_from(to.saturating_sub(from))) else { return };
            let here = Rect { x: area.x.saturating_add(x), width, ..area };
            buffer.set_style(here.intersection(buffer.area), style);
        };
        let start = text.len() - text.trim_start_matches([' ', '-']).len();
        let end = text.find(": ").or_else(|| text.strip_suffix(':').map(str::len));
        if let Some(end) = end.filter(|end| *end > start && !text.get(start..*end).unwrap_or_default().contains(' ')) {
            mark(buffer, start, end, look.name());
        }
        let any_case = !self.wanted.bytes().any(|byte| byte.is_ascii_uppercase());
        if !self.wanted.is_empty()
            && let Some(at) = find(text.as_bytes(), self.wanted.as_bytes(), any_case)
        {
            mark(buffer, at, at + self.wanted.len(), look.cursor(true));
        }
    }

    pub(super) fn draw_history(&self, buffer: &mut Buffer, layout: Layout) {
        let (look, area) = (&self.settings.look, layout.side);
        let Some(followed) = &self.followed else { return };
        self.draw_key(buffer, line(area, 0), followed.number, look.head().add_modifier(Modifier::UNDERLINED));
        let Some(history) = &followed.history else {
            put(buffer, line(area, 1), 1, "reading every revision ...", look.dim());
            return;
        };
        let (rows, _) = layout.history_lines(history.revisions.len());
        for (row, revision) in history.revisions.iter().enumerate().skip(followed.cursor.top).take(rows) {
            let here = line(area, row - followed.cursor.top + 1);
            self.draw_revision(buffer, here, revision);
            if row == followed.cursor.at {
                buffer.set_style(here.intersection(buffer.area), look.cursor(true));
            }
        }
        let below = line(area, rows + 1);
        let rule = look.glyphs().line.repeat(usize::from(area.width));
        put(buffer, below, 0, &rule, look.dim());
        let damaged = self.walk.done.as_ref().is_some_and(|summary| summary.faults > 0);
        let damaged = damaged.then_some("file damaged: revisions may be missing");
        let notes: Vec<&str> = [damaged, history.note.as_deref()].into_iter().flatten().collect();
        if !notes.is_empty() {
            let style = if damaged.is_some() { look.warn() } else { look.dim() };
            put(buffer, below, 2, &format!(" {} ", notes.join("; ")), style);
        }
        self.draw_changes(buffer, Rect { y: below.y.saturating_add(1), ..area }, layout, followed);
    }

    fn draw_revision(&self, buffer: &mut Buffer, area: Rect, revision: &Revision<'_>) {
        let look = &self.settings.look;
        let style = match revision.event {
            "created" => look.good(),
            "deleted" => look.bad(),
            _ => Style::new(),
        };
        put(buffer, area, 1, &revision.number, look.head());
        let number = u16::try_from(revision.number.len()).unwrap_or(0).max(8) + 2;
        put(buffer, area, number, revision.event, style);
        let column = put(buffer, area, number + 8, &revision.when, Style::new());
        put(buffer, area, column.max(number + 8) + 2, &revision.facts.join(look.glyphs().dot), look.dim());
    }

    fn draw_changes(&self, buffer: &mut Buffer, area: Rect, layout: Layout, followed: &Followed<'_>) {
        let Some(history) = &followed.history else { return };
        let Some(revision) = history.revisions.get(followed.cursor.at) else { return };
        let look = &self.settings.look;
        let (_, rows) = layout.history_lines(history.revisions.len());
        let area = Rect { height: u16::try_from(rows).unwrap_or(u16::MAX), ..area };
        if revision.changes.is_empty() {
            let text = match revision.event {
                "created" => "its first version: Enter shows it",
                "deleted" => "deleted: the line above it is what it was last",
                _ => "no field changed",
            };
            put(buffer, line(area, 0), 1, text, look.dim());
        }
        for (row, text) in revision.changes.iter().skip(followed.scroll.top).take(rows).enumerate() {
            put(buffer, line(area, row), 1, from_column(text, followed.scroll.left), Style::new());
        }
    }
}
