//! Work on many pages, handed out to the threads of the pool.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use bbolt_page::{Serial, Spread};

/// Results a thread may be ahead of the one that is folded next: memory is bounded by so many pieces.
const AHEAD_PER_THREAD: usize = 4;

/// Runs pieces of work on rayon's threads and folds their results in order, on the calling thread, while
/// later pieces are still under way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pool;

impl Spread for Pool {
    fn join<A: Send, B: Send>(&self, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
        rayon::join(one, other)
    }

    fn map_fold<T: Send>(&self, count: usize, map: impl Fn(usize) -> T + Sync, mut fold: impl FnMut(T)) {
        let threads = rayon::current_num_threads().min(count);
        if threads < 2 {
            return Serial.map_fold(count, map, fold);
        }
        let queue = Queue::new(count, threads * AHEAD_PER_THREAD);
        rayon::in_place_scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| queue.work(&map));
            }
            queue.fold(&map, &mut fold);
        });
    }
}

/// Pieces that are to be done, and results that wait for their turn.
struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    ahead: usize,
}

struct State<T> {
    /// The next piece nobody has taken.
    next: usize,
    /// How many results were folded.
    folded: usize,
    /// Results from `folded` on, as far as they are there.
    ready: VecDeque<Option<T>>,
    /// A piece panicked; nothing more will come of it, and nobody must wait.
    dead: bool,
}

impl<T> Queue<T> {
    fn new(count: usize, ahead: usize) -> Self {
        let state = State { next: 0, folded: 0, ready: VecDeque::new(), dead: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), count, ahead }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a piece, if there is one and it is not too far ahead.
    fn take(&self, state: &mut State<T>) -> Option<usize> {
        let free = state.next < self.count && state.next - state.folded < self.ahead;
        free.then(|| {
            state.next += 1;
            state.next - 1
        })
    }

    fn put(&self, state: &mut State<T>, piece: usize, result: T) {
        let place = piece - state.folded;
        while state.ready.len() <= place {
            state.ready.push_back(None);
        }
        if let Some(slot) = state.ready.get_mut(place) {
            *slot = Some(result);
        }
        self.changed.notify_all();
    }

    /// Does pieces until none is left.
    fn work(&self, map: &impl Fn(usize) -> T) {
        let bell = Bell(self);
        let mut state = self.lock();
        while state.next < self.count && !state.dead {
            let Some(piece) = self.take(&mut state) else {
                // The piece that all wait for was taken by a thread that does not wait.
                state = self.wait(state);
                continue;
            };
            drop(state);
            let result = map(piece);
            state = self.lock();
            self.put(&mut state, piece, result);
        }
        drop(state);
        drop(bell);
    }

    /// Folds all results in order, and does pieces where the next result is not there yet.
    fn fold(&self, map: &impl Fn(usize) -> T, fold: &mut impl FnMut(T)) {
        let _bell = Bell(self);
        let mut state = self.lock();
        while state.folded < self.count && !state.dead {
            if let Some(Some(_)) = state.ready.front() {
                let result = state.ready.pop_front().flatten();
                state.folded += 1;
                self.changed.notify_all();
                drop(state);
                result.into_iter().for_each(&mut *fold);
                state = self.lock();
            } else if let Some(piece) = self.take(&mut state) {
                drop(state);
                let result = map(piece);
                state = self.lock();
                self.put(&mut state, piece, result);
            } else {
                state = self.wait(state);
            }
        }
    }
}

/// Wakes everybody when the thread that holds it panics: they would wait for ever for its piece.
struct Bell<'a, T>(&'a Queue<T>);

impl<T> Drop for Bell<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().dead = true;
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    /// Work whose pieces take very different times.
    fn piece(number: usize) -> usize {
        let rounds = if number.is_multiple_of(7) { 100_000 } else { 10 };
        (0..rounds).fold(number, |sum, n| std::hint::black_box(sum ^ n) ^ n)
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for threads in [1, 2, 3, 8] {
            for count in [0, 1, 2, 500] {
                let mut seen = Vec::new();
                in_pool(threads, || Pool.map_fold(count, piece, |number| seen.push(number)));
                assert!(seen.iter().copied().eq(0..count), "{threads} threads, {count} pieces");
            }
        }
    }

    #[test]
    fn no_thread_runs_far_ahead() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let (done, folded, worst) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let map = |number| {
            let ahead = (done.fetch_add(1, Ordering::SeqCst) + 1) - folded.load(Ordering::SeqCst);
            worst.fetch_max(ahead, Ordering::SeqCst);
            number
        };
        in_pool(4, || {
            Pool.map_fold(10_000, map, |number| {
                piece(number);
                folded.fetch_add(1, Ordering::SeqCst);
            });
        });
        let worst = worst.into_inner();
        assert!(worst <= 4 * AHEAD_PER_THREAD + 4, "{worst} results at once");
    }

    #[test]
    fn it_works_inside_the_pool_with_every_thread_busy() {
        in_pool(2, || {
            let sum = || {
                let mut sum = 0;
                Pool.map_fold(300, piece, |number| sum += number);
                sum
            };
            assert_eq!(rayon::join(sum, sum), (44_850, 44_850));
        });
    }

    #[test]
    fn a_panic_in_a_piece_reaches_the_caller_and_nobody_hangs() {
        for threads in [1, 4] {
            for bad in [0, 50, 99] {
                let work = || Pool.map_fold(100, |number| assert_ne!(number, bad), |()| {});
                let outcome = in_pool(threads, || catch_unwind(AssertUnwindSafe(work)));
                assert!(outcome.is_err());
            }
        }
    }
}
