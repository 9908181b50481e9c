//! The session: threads that walk the snapshot, open objects and follow histories, and this one, which draws and never
//! waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui_core::backend::Backend;
use ratatui_core::terminal::Terminal;

use crate::model::{Model, Settings};
use crate::news::{Event, Found, Panicked, Request, SessionEnd, Snapshot, Summary};

/// News that wait to be looked at; whoever has more to tell waits.
const QUEUE: usize = 64;
/// News that are taken before the keyboard is looked at again.
const AT_ONCE: usize = 64;
/// From one frame to the next, where it shows no more than how far the walk is: what is typed is answered at once, but a
/// slow line is not flooded with counts.
const FRAME: Duration = Duration::from_millis(40);

/// Where keys come from.
pub trait Inputs {
    /// What may go wrong.
    type Error;

    /// Gives what was typed since the last call. Where nothing was, waits until something is, until it is woken, or so
    /// long; for ever, if no time is given.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    fn take(&mut self, longest: Option<Duration>) -> Result<Vec<Event<'static>>, Self::Error>;
}

/// Why a session broke off.
#[derive(Debug, thiserror::Error)]
pub enum SessionError<I, D> {
    /// The terminal cannot be read.
    #[error("cannot read the terminal: {0}")]
    Input(I),
    /// The terminal cannot be written.
    #[error("cannot write the terminal: {0}")]
    Draw(D),
}

/// How a session ended, and what the walk had to say until then.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub ending: SessionEnd,
    /// How the walk ended; `None` where the user was faster.
    pub summary: Option<Summary>,
}

enum Message<'a> {
    Event(Event<'a>),
    Panicked(Panicked),
}

/// Runs a session on a terminal until the user leaves. `wake` must make a waiting [`Inputs::take`] return; it is called
/// from other threads.
///
/// # Errors
/// [`SessionError`] when the terminal fails.
///
/// # Panics
/// When the snapshot panics on its thread: the panic goes on here, after the last frame.
pub fn run<'a, B: Backend, I: Inputs>(
    terminal: &mut Terminal<B>,
    snapshot: &impl Snapshot<'a>,
    inputs: &mut I,
    wake: &(dyn Fn() + Sync),
    settings: Settings,
) -> Result<Ended, SessionError<I::Error, B::Error>> {
    let size = terminal.size().map_err(SessionError::Draw)?;
    let mut model = Model::new(settings, (size.width, size.height));
    let (stop, newest) = (AtomicBool::new(false), AtomicU64::new(0));
    let (news, inbox) = sync_channel(QUEUE);
    let (objects, asked_objects) = channel();
    let (histories, asked_histories) = channel();
    let outcome = thread::scope(|scope| {
        let line = Line { news, wake, stop: &stop, newest: &newest };
        let [walk, object, history] = [line.clone(), line.clone(), line];
        scope.spawn(move || walk.guard(|line| line.walk(snapshot)));
        scope.spawn(move || object.guard(|line| line.answer(snapshot, &asked_objects)));
        scope.spawn(move || history.guard(|line| line.answer(snapshot, &asked_histories)));
        let _stop = StopOnDrop(&stop);
        let mut session = Session { terminal, inputs, inbox, objects, histories, newest: &newest };
        session.run(&mut model)
    });
    match outcome? {
        Some(panicked) => resume_unwind(panicked),
        None => {
            let ending = model.ending().cloned().unwrap_or(SessionEnd::Stopped);
            Ok(Ended { ending, summary: model.summary().cloned() })
        }
    }
}

/// Lets the other threads end, however this one does.
struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// When to draw.
#[derive(Default)]
struct Pace {
    last: Option<Instant>,
    /// Something is not on the screen yet.
    changed: bool,
    /// Somebody waits for it.
    now: bool,
}

impl Pace {
    fn is_due(&self) -> bool {
        self.now || self.rest() == Some(Duration::ZERO)
    }

    /// The time until the next frame, where one is to come; zero before the first.
    fn rest(&self) -> Option<Duration> {
        let Some(last) = self.last else { return Some(Duration::ZERO) };
        self.changed.then(|| FRAME.saturating_sub(last.elapsed()))
    }

    fn hurry(&mut self) {
        self.now = true;
    }

    fn news(&mut self, event: &Event<'_>) {
        self.changed = true;
        self.now |= !matches!(event, Event::Idle | Event::Found(Found::Keys(_) | Found::Read(_) | Found::Opening(_)));
    }

    fn drawn(&mut self) {
        *self = Self { last: Some(Instant::now()), ..Self::default() };
    }
}

struct Session<'s, 'a, B: Backend, I> {
    terminal: &'s mut Terminal<B>,
    inputs: &'s mut I,
    inbox: Receiver<Message<'a>>,
    objects: Sender<Request<'a>>,
    histories: Sender<Request<'a>>,
    newest: &'s AtomicU64,
}

impl<'a, B: Backend, I: Inputs> Session<'_, 'a, B, I> {
    /// Draws, waits, takes what has come, and again. Gives the panic of another thread, where there was one.
    fn run(&mut self, model: &mut Model<'a>) -> Result<Option<Panicked>, SessionError<I::Error, B::Error>> {
        let mut pace = Pace::default();
        let mut more = false;
        loop {
            if pace.is_due() {
                model.settle();
                model.take_requests().into_iter().for_each(|request| self.ask(request));
                self.terminal.draw(|frame| model.draw(frame)).map_err(SessionError::Draw)?;
                pace.drawn();
            }
            let longest = if more || model.has_work() { Some(Duration::ZERO) } else { pace.rest() };
            for event in self.inputs.take(longest).map_err(SessionError::Input)? {
                pace.hurry();
                model.update(event);
            }
            let mut taken = 0;
            while taken < AT_ONCE {
                match self.inbox.try_recv() {
                    Ok(Message::Event(event)) => {
                        pace.news(&event);
                        model.update(event);
                    }
                    Ok(Message::Panicked(panicked)) => return Ok(Some(panicked)),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
                taken += 1;
            }
            more = taken == AT_ONCE;
            if model.has_work() {
                pace.news(&Event::Idle);
                model.update(Event::Idle);
            }
            model.take_requests().into_iter().for_each(|request| self.ask(request));
            if model.ending().is_some() {
                return Ok(None);
            }
        }
    }

    fn ask(&self, request: Request<'a>) {
        let line = match request {
            Request::Object { .. } => &self.objects,
            Request::History { id, .. } => {
                self.newest.store(id, Ordering::Relaxed);
                &self.histories
            }
        };
        // Where nobody is there to answer, a panic waits in the inbox.
        let _ = line.send(request);
    }
}

/// What another thread has of the session.
#[derive(Clone)]
struct Line<'s, 'a> {
    news: SyncSender<Message<'a>>,
    wake: &'s (dyn Fn() + Sync),
    stop: &'s AtomicBool,
    /// Number of the last history that was asked for.
    newest: &'s AtomicU64,
}

impl<'a> Line<'_, 'a> {
    fn tell(&self, message: Message<'a>) {
        // Nobody listens once the session is over.
        let _ = self.news.send(message);
        (self.wake)();
    }

    fn guard(self, work: impl FnOnce(&Self)) {
        if let Err(panicked) = catch_unwind(AssertUnwindSafe(|| work(&self))) {
            self.tell(Message::Panicked(panicked));
        }
    }

    fn walk(&self, snapshot: &impl Snapshot<'a>) {
        let wanted = || !self.stop.load(Ordering::Relaxed);
        snapshot.walk(&wanted, &|found| self.tell(Message::Event(Event::Found(found))));
    }

    /// Answers questions, the last one only: the others were asked on the way.
    fn answer(&self, snapshot: &impl Snapshot<'a>, asked: &Receiver<Request<'a>>) {
        while let Ok(first) = asked.recv() {
            let event = match asked.try_iter().last().unwrap_or(first) {
                Request::Object { id, key, stored, reveal } => {
                    Event::Object { id, page: snapshot.object(key, stored, reveal) }
                }
                Request::History { id, key, reveal } => {
                    let wanted = || !self.stop.load(Ordering::Relaxed) && self.newest.load(Ordering::Relaxed) <= id;
                    Event::History { id, history: snapshot.history(key, reveal, &wanted) }
                }
            };
            self.tell(Message::Event(event));
        }
    }
}
