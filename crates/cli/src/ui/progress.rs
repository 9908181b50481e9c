//! A progress bar that only long work shows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this is not worth a bar.
const DELAY: Duration = Duration::from_millis(500);

/// Counts bytes, from any thread, and shows the count after half a second.
///
/// The bar is gone from the terminal when the meter is dropped.
pub struct Meter {
    bar: ProgressBar,
    wanted: bool,
    shown: AtomicBool,
    begun: Instant,
    delay: Duration,
}

impl Meter {
    pub(super) fn new(what: &str, total: Option<u64>, wanted: bool) -> Self {
        Self::delayed(what, total, wanted, DELAY)
    }

    fn delayed(what: &str, total: Option<u64>, wanted: bool, delay: Duration) -> Self {
        let target = ProgressDrawTarget::hidden();
        let bar = ProgressBar::with_draw_target(total, target).with_message(wording::inert(what).into_owned());
        let template = if total.is_some() {
            "{msg} {wide_bar} {bytes}/{total_bytes} {eta}"
        } else {
            "{msg} {spinner} {bytes} {bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, wanted, shown: AtomicBool::new(false), begun: Instant::now(), delay }
    }

    /// Counts more bytes. Cheap, but meant for a call a page or more, not a call a byte.
    pub fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.wanted
            && !self.shown.load(Ordering::Relaxed)
            && self.begun.elapsed() >= self.delay
            && !self.shown.swap(true, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(wanted: bool, delay: Duration) -> bool {
        let meter = Meter::delayed("reading", Some(100), wanted, delay);
        meter.add(10);
        meter.shown.load(Ordering::Relaxed)
    }

    #[test]
    fn only_long_work_is_shown_and_only_where_wanted() {
        assert!(shown(true, Duration::ZERO));
        assert!(!shown(true, Duration::MAX));
        assert!(!shown(false, Duration::ZERO));
    }

    #[test]
    fn threads_count_together() {
        let meter = Meter::delayed("reading", None, false, Duration::MAX);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| meter.add(3)));
            }
        });
        assert_eq!(meter.bar().position(), 12_000);
    }
}
