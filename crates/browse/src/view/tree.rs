//! The tree, and the hits of a search.

use kube_objects::StorageKey;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use wording::{group_digits, shorten_end, shorten_with};

use super::{line, put, put_right};
use crate::focus::Focus;
use crate::model::Model;
use crate::tree::{Entry, Node, Tally};

impl Model<'_> {
    pub(super) fn draw_tree(&self, buffer: &mut Buffer, area: Rect) {
        let look = &self.settings.look;
        if self.rows.is_empty() {
            let text: &[&str] = match (&self.walk.done, self.tree.tally.deleted) {
                (None, _) => &["reading keys ..."],
                (Some(summary), 0) if summary.is_damaged() => {
                    &["no keys could be read", "try `assay ls --salvage`", "or `assay carve`"]
                }
                (Some(_), 0) => &["no keys"],
                (Some(_), _) => &["no live keys", "d shows deleted ones"],
            };
            text.iter().enumerate().for_each(|(row, text)| {
                put(buffer, line(area, row), 0, text, look.dim());
            });
        }
        let height = usize::from(area.height);
        for (row, node) in self.rows.iter().enumerate().skip(self.cursor.top).take(height) {
            let here = line(area, row - self.cursor.top);
            self.draw_node(buffer, here, *node);
            if row == self.cursor.at {
                buffer.set_style(here.intersection(buffer.area), look.cursor(self.focus == Focus::Tree));
            }
        }
    }

    fn draw_node(&self, buffer: &mut Buffer, area: Rect, node: Node) {
        let (look, indent) = (&self.settings.look, 2 * self.tree.depth(node));
        let glyphs = look.glyphs();
        let mark = if self.tree.is_open(node) { glyphs.open } else { glyphs.closed };
        let cut = if matches!(node, Node::Resource(_)) { shorten_end } else { shorten_with };
        let (mark, name, end, style) = match node {
            Node::Resource(number) => {
                let Some(resource) = self.tree.resource(number) else { return };
                let name = self.escape(&resource.heading.text());
                (mark, name, self.tally_text(resource.tally), look.head())
            }
            Node::Group(number) => {
                let Some(group) = self.tree.group(number) else { return };
                let name = self.escape(group.namespace.unwrap_or_default());
                (mark, name, self.tally_text(group.tally), look.name())
            }
            Node::Object(number) => {
                let Some(entry) = self.tree.entry(number) else { return };
                let (mark, style) = if entry.deleted { (glyphs.gone, look.dim()) } else { (" ", Style::new()) };
                (mark, self.name_text(entry), String::new(), style)
            }
        };
        let edge = put_right(buffer, area, &end, look.dim());
        put(buffer, area, indent, mark, style);
        let room = edge.saturating_sub(indent + 3) + u16::from(end.is_empty());
        put(buffer, area, indent + 2, &cut(&name, usize::from(room), glyphs.cut), style);
    }

    fn tally_text(&self, tally: Tally) -> String {
        match (self.with_deleted, tally.deleted) {
            (false, _) | (true, 0) => group_digits(tally.live),
            (true, deleted) => {
                format!("{} +{}{}", group_digits(tally.live), group_digits(deleted), self.settings.look.glyphs().gone)
            }
        }
    }

    pub(super) fn draw_hits(&self, buffer: &mut Buffer, area: Rect) {
        let look = &self.settings.look;
        let first = line(area, 0);
        let (hits, total) = self.search.as_ref().map_or((&[][..], 0), |search| (&search.hits[..], search.total));
        let number = match (total, hits.len() as u64) {
            _ if self.query.trim().is_empty() => String::new(),
            (total, shown) if shown < total => format!("{} of {}", group_digits(shown), group_digits(total)),
            (total, _) => group_digits(total),
        };
        put_right(buffer, first, &number, look.dim());
        let column = put(buffer, first, 0, "/", look.head());
        let column = put(buffer, first, column, &self.escape(self.query.as_bytes()), look.head());
        put(buffer, first, column, " ", look.cursor(true));
        let rest = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area };
        for (row, hit) in hits.iter().enumerate().skip(self.hit.top).take(usize::from(rest.height)) {
            let Some(entry) = self.tree.entry(hit.number) else { continue };
            let here = line(rest, row - self.hit.top);
            let mark = if entry.deleted { look.glyphs().gone } else { " " };
            let column = put(buffer, here, 0, mark, look.dim());
            let text = self.hit_text(entry);
            let room = usize::from(here.width.saturating_sub(column + 1));
            put(buffer, here, column + 1, &shorten_with(&text, room, look.glyphs().cut), Style::new());
            if row == self.hit.at {
                buffer.set_style(here.intersection(buffer.area), look.cursor(true));
            }
        }
    }

    /// `secrets prod/db`, as people name objects; a key that names none stands as it is.
    fn hit_text(&self, entry: &Entry<'_>) -> String {
        let parsed = StorageKey::parse(entry.key);
        if !parsed.well_formed || parsed.resource.is_empty() {
            return self.key_text(entry.key);
        }
        let namespace = parsed.namespace.map_or_else(String::new, |namespace| format!("{}/", self.escape(namespace)));
        format!("{} {namespace}{}", self.escape(parsed.resource), self.name_text(entry))
    }
}
