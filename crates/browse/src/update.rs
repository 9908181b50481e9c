//! What keys and news do to the model. Nothing here waits, reads or writes.

mod search;
mod texts;
mod tree;

use kube_objects::ShownKey;

use crate::bindings::{Action, BINDINGS};
use crate::cursor::Cursor;
use crate::focus::{Focus, Mode};
use crate::model::Model;
use crate::news::{Event, Found, Key, SessionEnd};

impl<'a> Model<'a> {
    /// Takes what has happened. News of the walk come in crowds, so that what they change on the screen waits for
    /// [`settle`](Self::settle).
    pub fn update(&mut self, event: Event<'a>) {
        match event {
            Event::Found(found) => return self.found(found),
            Event::Key(key) => self.key(key),
            Event::Resize(columns, rows) => self.resize(columns, rows),
            Event::Object { id, page } => {
                if let Some(shown) = self.shown.as_mut().filter(|shown| shown.id == id) {
                    shown.page = Some(page);
                }
            }
            Event::History { id, history } => {
                let layout = self.layout();
                if let Some(followed) = self.followed.as_mut().filter(|followed| followed.id == id) {
                    let (len, (height, _)) = (history.revisions.len(), layout.history_lines(history.revisions.len()));
                    followed.cursor.go(len.saturating_sub(1), len, height); // the newest is what one asks about
                    followed.history = Some(history);
                }
            }
            Event::Idle => self.go_on(),
            Event::Stop => self.ending = Some(SessionEnd::Stopped),
        }
        self.settle();
    }

    /// Brings the lines that are shown up to date, and asks for what the cursor points at. Comes before
    /// [`draw`](Self::draw).
    pub fn settle(&mut self) {
        self.refresh_rows();
        self.ask();
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.move_cursor(0);
        let (len, height) = (self.search.as_ref().map_or(0, |search| search.hits.len()), self.list_height());
        self.hit.go(self.hit.at, len, height);
        self.scroll(0);
        let layout = self.layout();
        if let Some(followed) = &mut self.followed {
            let len = followed.history.as_ref().map_or(0, |history| history.revisions.len());
            followed.cursor.go(followed.cursor.at, len, layout.history_lines(len).0);
        }
    }

    fn found(&mut self, found: Found<'a>) {
        match found {
            Found::Opening(percent) => self.walk.opening = percent,
            Found::Opened { total } => (self.walk.opened, self.walk.total) = (true, total),
            Found::Revision { current, compacted } => {
                (self.walk.revision, self.walk.compacted) = (Some(current), compacted);
            }
            Found::Keys(items) => {
                items.iter().for_each(|item| self.tree.put(item));
                self.stale = true;
            }
            Found::Read(bytes) => self.walk.read = self.walk.read.saturating_add(bytes),
            Found::Done(summary) => {
                self.walk.done = Some(summary);
                if self.mode == Mode::Search {
                    self.look_again(); // some hits may have been deleted since
                }
            }
        }
    }

    fn go_on(&mut self) {
        if let Some(search) = &mut self.search {
            search.step(&self.tree, self.with_deleted);
        }
    }

    fn key(&mut self, key: Key) {
        self.notice = None;
        if key == Key::Ctrl('c') {
            self.ending = Some(SessionEnd::Quit);
            return;
        }
        match self.mode {
            Mode::Browse => {
                if let Some(action) = Action::of(key) {
                    self.act(action);
                }
            }
            Mode::Search => self.type_search(key),
            Mode::Find => self.type_find(key),
            Mode::Help(top) => self.help(key, top),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Quit => self.ending = Some(SessionEnd::Quit),
            Action::Help => self.mode = Mode::Help(0),
            Action::Print => match self.target_entry() {
                Some(entry) => self.ending = Some(SessionEnd::Print(ShownKey::of(entry.key).into_key().into_owned())),
                None => self.say("there is no key under the cursor: open a resource and choose an object"),
            },
            Action::Deleted => {
                self.with_deleted = !self.with_deleted;
                self.stale = true;
                self.say(if self.with_deleted { "deleted objects are shown" } else { "deleted objects are hidden" });
                if self.search.is_some() {
                    self.look_again();
                }
            }
            Action::Reveal if self.settings.may_reveal => {
                self.reveal = !self.reveal;
                (self.shown, self.followed) = (None, None);
                self.say(if self.reveal { "secrets are REVEALED" } else { "secrets are masked" });
            }
            Action::Reveal => self.say("secrets stay masked: start with --reveal to be allowed to show them"),
            Action::NextPane => self.next_pane(true),
            Action::PreviousPane => self.next_pane(false),
            Action::Search if self.focus == Focus::Object => {
                self.mode = Mode::Find;
                self.query.clear();
            }
            Action::Search => {
                self.mode = Mode::Search;
                self.query.clear();
                (self.search, self.hit) = (None, Cursor::default());
                self.focus = Focus::Tree;
            }
            Action::NextHit => self.next_hit(true),
            Action::PreviousHit => self.next_hit(false),
            other => match self.focus {
                Focus::Tree => self.act_in_tree(other),
                Focus::Object => self.act_in_object(other),
                Focus::History => self.act_in_history(other),
            },
        }
    }

    fn say(&mut self, notice: &str) {
        self.notice = Some(notice.to_owned());
    }

    fn next_pane(&mut self, forward: bool) {
        if self.target().is_none() {
            return self.say("there is no object under the cursor: open a resource and choose one");
        }
        self.focus = match (self.focus, forward) {
            (Focus::Tree, true) | (Focus::History, false) => Focus::Object,
            (Focus::Object, true) | (Focus::Tree, false) => Focus::History,
            (Focus::History, true) | (Focus::Object, false) => Focus::Tree,
        };
        if self.focus == Focus::Tree {
            self.shown = None; // a version chosen in the history has had its time
        }
        self.keep_in_sight();
    }

    fn help(&mut self, key: Key, top: usize) {
        let most = BINDINGS.len().saturating_sub(usize::from(self.size.1).saturating_sub(2));
        match Action::of(key) {
            Some(Action::Up) => self.mode = Mode::Help(top.saturating_sub(1)),
            Some(Action::Down) => self.mode = Mode::Help((top + 1).min(most)),
            Some(Action::PageDown | Action::End) => self.mode = Mode::Help(most),
            Some(Action::PageUp | Action::Home) => self.mode = Mode::Help(0),
            _ => self.mode = Mode::Browse,
        }
    }
}
