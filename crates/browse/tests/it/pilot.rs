//! A snapshot made for tests, and somebody at the keyboard.

use std::borrow::Cow;

use browse::{
    Event, Found, History, Item, Key, Look, Model, Page, Request, Revision, Settings, Snapshot, StillWanted, Summary,
};
use kube_objects::ShownKey;
use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;

/// What no screen may show unless it was revealed.
pub(crate) const CANARY: &str = "CANARY-hunter2";

/// Changes in the order of their revisions: key, and whether it is a deletion.
pub(crate) const CHANGES: &[(&str, bool)] = &[
    ("compact_rev_key", false),
    ("/kubernetes.io/pods/kube-system/dns-1", false),
    ("/kubernetes.io/pods/prod/web-1", false),
    ("/kubernetes.io/pods/prod/web-2", false),
    ("/kubernetes.io/secrets/prod/db", false),
    ("/kubernetes.io/configmaps/prod/app-settings-of-a-name-that-is-far-too-long-for-any-column-of-the-tree", false),
    ("/kubernetes.io/minions/worker-0", false),
    ("/kubernetes.io/deployments/prod/web", false),
    ("/kubernetes.io/pods/prod/web-2", true),
    ("/kubernetes.io/pods/prod/web-3", false),
    ("/kubernetes.io/config.openshift.io/clusterversions/version", false),
    ("/kubernetes.io/secrets/prod/db", false),
    ("/openshift.io/oauth/accesstokens/kX9secretsecretsecret", false),
    ("/evil/\u{1b}[31mred\u{7}\u{202e}/n\r\n\u{9b}2J", false),
];

pub(crate) fn items() -> Vec<Item<'static>> {
    let item = |(at, (key, deleted)): (usize, &(&'static str, bool))| Item {
        key: key.as_bytes(),
        stored: if *deleted { b"" } else { key.as_bytes() },
        main: at as i64 + 2,
        deleted: *deleted,
    };
    CHANGES.iter().enumerate().map(item).collect()
}

/// Answers as a snapshot with these keys would.
pub(crate) struct Sample;

impl Snapshot<'static> for Sample {
    fn walk(&self, _: StillWanted<'_>, tell: &(dyn Fn(Found<'static>) + Sync)) {
        news().into_iter().for_each(tell);
    }

    fn object(&self, key: &'static [u8], stored: &'static [u8], reveal: bool) -> Page {
        if stored.is_empty() {
            return Page { note: Some("only its deletion is retained".to_owned()), ..Page::default() };
        }
        let name = String::from_utf8_lossy(ShownKey::of(key).name()).into_owned();
        let secret = key.windows(9).any(|window| window == b"/secrets/");
        let mut lines = vec!["apiVersion: v1".to_owned()];
        match (secret, reveal) {
            (true, true) => lines.push(format!("data:\n  password: {CANARY}").replace('\n', " ")),
            (true, false) => lines.push("data: <masked: 14 bytes>".to_owned()),
            _ => lines.extend((0..40).map(|number| format!("line-{number}: {}", "value ".repeat(number)))),
        }
        lines.push(format!("name: {}", name.escape_debug()));
        let note = (secret && !reveal).then(|| "secrets are masked".to_owned());
        Page { facts: vec!["rev 12".to_owned(), "version 2".to_owned(), "1.2 KiB".to_owned()], note, lines }
    }

    fn history(&self, key: &'static [u8], reveal: bool, _: StillWanted<'_>) -> History<'static> {
        let revision = |number: i64, event, stored| Revision {
            number: number.to_string(),
            event,
            when: format!("2026-11-23T09:0{number}:00Z kubectl-edit"),
            facts: vec![format!("v{number}"), "1.2 KiB".to_owned()],
            changes: (0..number * 5).map(|at| format!(".spec.field{at}: {at} -> {}", at + 1)).collect(),
            stored,
        };
        let mut revisions = vec![revision(3, "created", key), revision(5, "changed", key), revision(7, "deleted", b"")];
        if reveal {
            revisions[1].changes.push(format!(".data.password: {CANARY}"));
        }
        History { revisions, note: Some("before 3: compacted".to_owned()) }
    }
}

pub(crate) fn news() -> Vec<Found<'static>> {
    let items = items();
    let (early, late) = (items[..6].to_vec(), items[6..].to_vec());
    vec![
        Found::Opened { total: 2000 },
        Found::Revision { current: 15, compacted: Some(2) },
        Found::Keys(early),
        Found::Read(840),
        Found::Keys(late),
        Found::Read(1160),
        Found::Done(Summary::default()),
    ]
}

pub(crate) fn settings() -> Settings {
    fn escape(bytes: &[u8]) -> Cow<'_, str> {
        Cow::Owned(bytes.escape_ascii().to_string())
    }
    let look = Look { color: true, unicode: true, escape };
    Settings {
        name: "snapshot_2026-11-23_090848.db".to_owned(),
        keys: "no decryption keys".to_owned(),
        may_reveal: false,
        look,
    }
}

/// Somebody at the keyboard, who waits for every answer.
pub(crate) struct Pilot {
    pub(crate) model: Model<'static>,
    size: (u16, u16),
    /// Questions that were asked.
    pub(crate) asked: Vec<Request<'static>>,
}

impl Pilot {
    pub(crate) fn new(settings: Settings, size: (u16, u16)) -> Self {
        Self { model: Model::new(settings, size), size, asked: Vec::new() }
    }

    /// One who sees the whole snapshot.
    pub(crate) fn ready(size: (u16, u16)) -> Self {
        let mut pilot = Self::new(settings(), size);
        pilot.tell(news());
        pilot
    }

    pub(crate) fn tell(&mut self, news: Vec<Found<'static>>) {
        news.into_iter().for_each(|found| self.update(Event::Found(found)));
    }

    pub(crate) fn update(&mut self, event: Event<'static>) {
        if let Event::Resize(width, height) = event {
            self.size = (width, height);
        }
        self.model.update(event);
        while self.model.has_work() {
            self.model.update(Event::Idle);
        }
        self.model.settle();
        for request in self.model.take_requests() {
            self.asked.push(request);
            self.model.update(match request {
                Request::Object { id, key, stored, reveal } => {
                    Event::Object { id, page: Sample.object(key, stored, reveal) }
                }
                Request::History { id, key, reveal } => {
                    Event::History { id, history: Sample.history(key, reveal, &|| true) }
                }
            });
        }
    }

    pub(crate) fn press(&mut self, keys: &[Key]) -> &mut Self {
        keys.iter().for_each(|key| self.update(Event::Key(*key)));
        self
    }

    pub(crate) fn type_in(&mut self, text: &str) -> &mut Self {
        text.chars().for_each(|char| self.update(Event::Key(Key::Char(char))));
        self
    }

    /// The screen as text.
    pub(crate) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| self.model.draw(frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let width = usize::from(self.size.0.max(1));
        let lines = buffer.content().chunks(width).map(|line| {
            let text: String = line.iter().map(|cell| cell.symbol()).collect();
            format!("{}\n", text.trim_end())
        });
        lines.collect()
    }

    /// The text of the lines drawn in reverse: where the cursor is.
    pub(crate) fn chosen(&self) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| self.model.draw(frame)).unwrap();
        let reversed = ratatui_core::style::Modifier::REVERSED;
        let lines = terminal.backend().buffer().content().chunks(usize::from(self.size.0)).map(|line| {
            let marked = line.iter().filter(|cell| cell.modifier.contains(reversed));
            marked.map(|cell| cell.symbol()).collect::<String>().trim().to_owned()
        });
        lines.filter(|line| !line.is_empty()).collect()
    }
}
