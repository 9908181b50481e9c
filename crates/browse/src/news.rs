//! What a snapshot tells the browser, and what the browser asks of it.

/// A change of one key, as the walk comes by it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The KeyValue as stored; empty for a deletion.
    pub stored: &'a [u8],
    /// Main revision of the change.
    pub main: i64,
    /// Whether the change is a deletion.
    pub deleted: bool,
}

/// What the walk has to say.
#[derive(Debug, Clone)]
pub enum Found<'a> {
    /// How much of the way to the records is gone, in percent.
    Opening(u8),
    /// The way to the records is known.
    Opened {
        /// Pages of records that will be read.
        total: u64,
    },
    /// What the snapshot is at.
    Revision {
        /// The revision that a server would be at.
        current: i64,
        /// The revision up to which history was compacted.
        compacted: Option<i64>,
    },
    /// Keys, in the order of their revisions.
    Keys(Vec<Item<'a>>),
    /// Pages read since it was last said.
    Read(u64),
    /// That was all.
    Done(Summary),
}

/// How a walk ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Faults of the structure that are not harmless.
    pub faults: u64,
    /// Elements that are no intact records.
    pub damaged: u64,
    /// The first page where anything is wrong, as far as a page is.
    pub page: Option<u64>,
    /// Why nothing of this may be believed: the file changed or failed while it was read.
    pub void: Option<String>,
}

impl Summary {
    /// Whether there may be more in the file than can be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.faults > 0 || self.damaged > 0
    }
}

/// A question to the snapshot; `id` comes back with its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// One version of an object.
    Object {
        /// Number of the question.
        id: u64,
        /// The key.
        key: &'a [u8],
        /// The KeyValue as stored; empty where no version of it is retained.
        stored: &'a [u8],
        /// Whether secrets are wanted.
        reveal: bool,
    },
    /// What became of a key, revision after revision.
    History {
        /// Number of the question.
        id: u64,
        /// The key.
        key: &'a [u8],
        /// Whether secrets are wanted.
        reveal: bool,
    },
}

/// A version of an object, as it may be shown. No `Debug`: with secrets revealed, it holds them.
#[derive(Clone, Default)]
pub struct Page {
    /// What there is to know of the version besides its content, a phrase each.
    pub facts: Vec<String>,
    /// What the reader should know before reading: that secrets are masked, or why there is nothing to see.
    pub note: Option<String>,
    /// The content, line by line. Nothing in it has power over a terminal.
    pub lines: Vec<String>,
}

/// What became of a key. No `Debug`, as [`Page`].
#[derive(Clone, Default)]
pub struct History<'a> {
    /// Revisions, oldest first.
    pub revisions: Vec<Revision<'a>>,
    /// What is not among them: compacted, or too many to keep.
    pub note: Option<String>,
}

/// One revision of a key. No `Debug`, as [`Page`].
#[derive(Clone, Default)]
pub struct Revision<'a> {
    /// The revision, `main` or `main.sub`.
    pub number: String,
    /// What it did: `created`, `changed`, `deleted`.
    pub event: &'static str,
    /// When and by whom, as far as the object says.
    pub when: String,
    /// Version, size and the like, a phrase each.
    pub facts: Vec<String>,
    /// Fields that changed, a line each. Nothing in it has power over a terminal.
    pub changes: Vec<String>,
    /// The KeyValue as stored; empty for a deletion.
    pub stored: &'a [u8],
}

/// Asked in the middle of long work: whether the answer is still wanted.
pub type StillWanted<'w> = &'w (dyn Fn() -> bool + Sync);

/// A snapshot that can be browsed. Called from threads of their own, so it may take its time.
pub trait Snapshot<'a>: Sync {
    /// Goes through all records and tells of them, while they are wanted. [`Found::Done`] comes last.
    fn walk(&self, wanted: StillWanted<'_>, tell: &(dyn Fn(Found<'a>) + Sync));

    /// Opens and decodes one version of an object.
    fn object(&self, key: &'a [u8], stored: &'a [u8], reveal: bool) -> Page;

    /// Follows a key through its revisions, while that is wanted.
    fn history(&self, key: &'a [u8], reveal: bool, wanted: StillWanted<'_>) -> History<'a>;
}

/// What happened, for [`Model::update`](crate::Model::update).
pub enum Event<'a> {
    /// A key was pressed.
    Key(Key),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The walk has news.
    Found(Found<'a>),
    /// A version of an object was opened.
    Object {
        /// Number of the question.
        id: u64,
        /// The answer.
        page: Page,
    },
    /// A history was followed.
    History {
        /// Number of the question.
        id: u64,
        /// The answer.
        history: History<'a>,
    },
    /// There is time to go on with what was begun, such as a search.
    Idle,
    /// The terminal is gone, or the process was asked to end.
    Stop,
}

/// A key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "keys are known by name")]
pub enum Key {
    Char(char),
    Ctrl(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
}

/// How the session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The user has seen enough.
    Quit,
    /// The user wants the name of this key, as it may be shown.
    Print(Vec<u8>),
    /// The terminal is gone, or the process was asked to end.
    Stopped,
}

/// A panic on another thread.
pub(crate) type Panicked = Box<dyn std::any::Any + Send>;
