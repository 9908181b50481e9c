//! How work on many pages is handed out.

/// Runs independent pieces of work and takes the results in order.
///
/// This crate has no threads. A caller that has some implements `Spread` over them; the order in which `fold` sees
/// the results is the order of the indices, so no output ever depends on timing.
pub trait Spread {
    /// Calls `map(i)` for every `i` below `count`, and `fold` with each result, in order of `i`.
    fn map_fold<T: Send>(&self, count: usize, map: impl Fn(usize) -> T + Sync, fold: impl FnMut(T));

    /// Does two different things, side by side where there are threads for it.
    fn join<A: Send, B: Send>(&self, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
        (one(), other())
    }
}

/// One piece after the other, on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Spread for Serial {
    fn map_fold<T: Send>(&self, count: usize, map: impl Fn(usize) -> T + Sync, fold: impl FnMut(T)) {
        (0..count).map(map).for_each(fold);
    }
}
