//! What the browser knows and shows.

use kube_objects::ShownKey;

use crate::cursor::{Cursor, Scroll};
use crate::focus::{Focus, Mode};
use crate::layout::Layout;
use crate::look::Look;
use crate::news::{History, Page, Request, SessionEnd, Summary};
use crate::search::Search;
use crate::tree::{Entry, Node, Tree};

/// What a session is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the file, fit for the terminal.
    pub name: String,
    /// Which keys open encrypted values, such as `no decryption keys`; fit for the terminal.
    pub keys: String,
    /// Whether secrets may be revealed at all.
    pub may_reveal: bool,
    /// How things are to look.
    pub look: Look,
}

/// How far the walk is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    /// Percent of the way to the records.
    pub(crate) opening: u8,
    pub(crate) opened: bool,
    pub(crate) revision: Option<i64>,
    pub(crate) compacted: Option<i64>,
    pub(crate) total: u64,
    pub(crate) read: u64,
    pub(crate) done: Option<Summary>,
}

impl Walk {
    pub(crate) fn percent(&self) -> u64 {
        if self.done.is_some() {
            return 100;
        }
        // 100 is for when it is done.
        self.read.saturating_mul(100).checked_div(self.total).unwrap_or(0).min(99)
    }
}

/// The object that is shown. No `Debug`: it may hold what is secret.
pub(crate) struct Shown<'a> {
    pub(crate) number: u32,
    pub(crate) stored: &'a [u8],
    pub(crate) id: u64,
    /// The revision, where it is not the newest.
    pub(crate) version: Option<String>,
    pub(crate) page: Option<Page>,
    pub(crate) scroll: Scroll,
}

/// The history that is shown. No `Debug`: it may hold what is secret.
pub(crate) struct Followed<'a> {
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) history: Option<History<'a>>,
    pub(crate) cursor: Cursor,
    /// Of the changes.
    pub(crate) scroll: Scroll,
}

/// All that the browser knows. News come in by [`update`](Model::update), questions go out by
/// [`take_requests`](Model::take_requests), and [`draw`](Model::draw) shows it. No `Debug`: it may hold what is secret.
pub struct Model<'a> {
    pub(crate) settings: Settings,
    pub(crate) size: (u16, u16),
    pub(crate) tree: Tree<'a>,
    pub(crate) rows: Vec<Node>,
    /// The rows are no longer those of the tree.
    pub(crate) stale: bool,
    pub(crate) cursor: Cursor,
    /// The user has chosen a line; before, the cursor stays on top while keys arrive.
    pub(crate) moved: bool,
    pub(crate) focus: Focus,
    pub(crate) mode: Mode,
    pub(crate) query: String,
    pub(crate) search: Option<Search<'a>>,
    pub(crate) hit: Cursor,
    /// What is looked for in the text of objects.
    pub(crate) wanted: String,
    pub(crate) shown: Option<Shown<'a>>,
    pub(crate) followed: Option<Followed<'a>>,
    pub(crate) with_deleted: bool,
    pub(crate) reveal: bool,
    pub(crate) walk: Walk,
    pub(crate) notice: Option<String>,
    pub(crate) ending: Option<SessionEnd>,
    requests: Vec<Request<'a>>,
    last_id: u64,
}

impl<'a> Model<'a> {
    /// Knows nothing yet, and can be drawn: columns and rows of the terminal come along.
    #[must_use]
    pub fn new(settings: Settings, size: (u16, u16)) -> Self {
        Self {
            settings,
            size,
            tree: Tree::default(),
            rows: Vec::new(),
            stale: false,
            cursor: Cursor::default(),
            moved: false,
            focus: Focus::Tree,
            mode: Mode::Browse,
            query: String::new(),
            search: None,
            hit: Cursor::default(),
            wanted: String::new(),
            shown: None,
            followed: None,
            with_deleted: false,
            reveal: false,
            walk: Walk::default(),
            notice: None,
            ending: None,
            requests: Vec::new(),
            last_id: 0,
        }
    }

    /// How the session ended, once it has.
    #[must_use]
    pub fn ending(&self) -> Option<&SessionEnd> {
        self.ending.as_ref()
    }

    /// How the walk ended, once it has.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.walk.done.as_ref()
    }

    /// The questions that came up since this was last asked.
    pub fn take_requests(&mut self) -> Vec<Request<'a>> {
        std::mem::take(&mut self.requests)
    }

    /// Whether something was begun that [`Event::Idle`](crate::Event::Idle) goes on with.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.has_more(&self.tree))
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::of(self.size, self.focus, self.mode)
    }

    pub(crate) fn selected(&self) -> Option<Node> {
        self.rows.get(self.cursor.at).copied()
    }

    /// The object under the cursor: of the search while it is typed, else of the tree.
    pub(crate) fn target(&self) -> Option<u32> {
        if self.mode == Mode::Search {
            return Some(self.search.as_ref()?.hits.get(self.hit.at)?.number);
        }
        match self.selected()? {
            Node::Object(number) => Some(number),
            Node::Resource(_) | Node::Group(_) => None,
        }
    }

    pub(crate) fn target_entry(&self) -> Option<&Entry<'a>> {
        self.tree.entry(self.target()?)
    }

    /// Rebuilds the rows where the tree has changed; what was chosen stays where it was on the screen.
    pub(crate) fn refresh_rows(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let chosen = self.selected().filter(|_| self.moved);
        let above = self.cursor.at.saturating_sub(self.cursor.top);
        self.tree.rows(self.with_deleted, &mut self.rows);
        let mut node = chosen;
        let place = loop {
            let Some(here) = node else { break None };
            match self.rows.iter().position(|row| *row == here) {
                Some(place) => break Some(place),
                None => node = self.tree.parent(here),
            }
        };
        let at = place.unwrap_or(if self.moved { self.cursor.at } else { 0 });
        self.cursor.top = at.saturating_sub(above);
        self.cursor.go(at, self.rows.len(), usize::from(self.layout().list.height));
    }

    /// Asks for what the cursor points at, where it is not there yet.
    pub(crate) fn ask(&mut self) {
        let Some(number) = self.target() else {
            (self.shown, self.followed) = (None, None);
            return;
        };
        let Some(entry) = self.tree.entry(number).copied() else { return };
        let reveal = self.reveal;
        let known = self.shown.as_ref().filter(|shown| shown.number == number);
        if known.is_none_or(|shown| shown.version.is_none() && !std::ptr::eq(shown.stored, entry.stored)) {
            self.show(number, entry.stored, None);
        }
        let followed = self.followed.as_ref().is_some_and(|followed| followed.number == number);
        if !followed {
            self.followed = None;
        }
        if self.focus == Focus::History && self.followed.is_none() {
            let id = self.next_id();
            self.requests.push(Request::History { id, key: entry.key, reveal });
            let (cursor, scroll) = (Cursor::default(), Scroll::default());
            self.followed = Some(Followed { number, id, history: None, cursor, scroll });
        }
    }

    /// Asks for one version of an object.
    pub(crate) fn show(&mut self, number: u32, stored: &'a [u8], version: Option<String>) {
        let Some(key) = self.tree.entry(number).map(|entry| entry.key) else { return };
        let id = self.next_id();
        self.requests.push(Request::Object { id, key, stored, reveal: self.reveal });
        self.shown = Some(Shown { number, stored, id, version, page: None, scroll: Scroll::default() });
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A key, fit for everybody's eyes and for the terminal.
    pub(crate) fn key_text(&self, key: &[u8]) -> String {
        (self.settings.look.escape)(ShownKey::of(key).key()).into_owned()
    }

    pub(crate) fn name_text(&self, entry: &Entry<'_>) -> String {
        let shown = ShownKey::of(entry.key);
        // An empty name is still a line that can be chosen.
        let name = if shown.name().is_empty() { shown.key() } else { shown.name() };
        (self.settings.look.escape)(name).into_owned()
    }

    pub(crate) fn escape(&self, bytes: &[u8]) -> String {
        (self.settings.look.escape)(bytes).into_owned()
    }
}
