//! An Indexed Job by the controller's rules, on a clock that is counted and not waited for.
//!
//! What is recorded of a real controller (`golden/indexed-jobs.json`) is what this must do: it looks once a second; the
//! lowest index that is neither done nor failed goes first, and one that waits keeps its place; an attempt's end is seen at
//! the next look, the wait after it counts from the end.

use std::collections::BTreeMap;

use serde_json::Value;

/// The wait after the first failure of an index, in seconds; doubled by each further one.
const DELAY: u64 = 10;
/// The longest wait.
const LONGEST: u64 = 600;
/// A process that was told to end.
const TERMINATED: i32 = 143;

/// How a pod ended.
pub(crate) struct Ended {
    pub(crate) exit: i32,
    /// Whether it has the condition `DisruptionTarget`.
    pub(crate) disrupted: bool,
    /// How long it ran.
    pub(crate) seconds: u64,
}

/// A pod, as it was begun and as it ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attempt {
    pub(crate) index: u64,
    /// Failures of its index before it that counted.
    pub(crate) failures: u32,
    /// Those that did not.
    pub(crate) ignored: u32,
    pub(crate) exit: i32,
    /// Seconds since the attempt before it ended.
    pub(crate) waited: Option<u64>,
}

/// What a Job came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) completed: String,
    pub(crate) failed_indexes: String,
    /// None where it is complete.
    pub(crate) reason: Option<String>,
}

/// A Job as its manifest has it.
pub(crate) struct IndexedJob {
    completions: u64,
    parallelism: usize,
    /// Retries that an index has, and the Job.
    per_index: Option<u64>,
    overall: u64,
    max_failed: Option<u64>,
    rules: Vec<Value>,
}

#[derive(Clone)]
enum Index {
    New,
    Running { until: u64, ended: (i32, bool) },
    Waiting { since: u64, until: u64 },
    Done,
    Failed,
}

struct Course {
    indexes: Vec<Index>,
    counts: BTreeMap<u64, (u32, u32)>,
    attempts: Vec<Attempt>,
    failed: u64,
}

impl IndexedJob {
    /// Reads the `spec` of a manifest.
    pub(crate) fn new(spec: &Value) -> Self {
        assert_eq!(spec["completionMode"], "Indexed");
        let of = |name: &str| spec[name].as_u64();
        let per_index = of("backoffLimitPerIndex");
        // the default of either kind
        let overall = of("backoffLimit").unwrap_or(if per_index.is_some() { u64::MAX } else { 6 });
        Self {
            completions: of("completions").unwrap(),
            parallelism: usize::try_from(of("parallelism").unwrap()).unwrap(),
            per_index,
            overall,
            max_failed: of("maxFailedIndexes"),
            rules: spec["podFailurePolicy"]["rules"].as_array().cloned().unwrap_or_default(),
        }
    }

    /// Carries it out. `pod` runs one, given its index and how often that failed before.
    pub(crate) fn run(&self, mut pod: impl FnMut(u64, u32) -> Ended) -> (Status, Vec<Attempt>) {
        let new = vec![Index::New; usize::try_from(self.completions).unwrap()];
        let mut course = Course { indexes: new, counts: BTreeMap::new(), attempts: Vec::new(), failed: 0 };
        for now in 0.. {
            self.see(&mut course, now);
            if let Some(reason) = self.over(&course) {
                return course.end(reason);
            }
            self.start(&mut course, now, &mut pod);
        }
        unreachable!("a Job ends")
    }

    /// Sees which pods have ended.
    fn see(&self, course: &mut Course, now: u64) {
        for at in 0..course.indexes.len() {
            let Index::Running { until, ended: (exit, disrupted) } = course.indexes[at] else { continue };
            if until >= now {
                continue;
            }
            if exit == 0 {
                course.indexes[at] = Index::Done;
                continue;
            }
            let (counted, ignored) = course.counts.entry(at as u64).or_default();
            let action = self.action(exit, disrupted);
            match action {
                "Ignore" => *ignored += 1,
                _ => {
                    *counted += 1;
                    course.failed += 1;
                }
            }
            let (counted, both) = (u64::from(*counted), *counted + *ignored);
            let spent = action != "Ignore" && self.per_index.is_some_and(|limit| counted > limit);
            course.indexes[at] = if action == "FailIndex" || spent {
                Index::Failed
            } else {
                Index::Waiting { since: until, until: until + LONGEST.min(DELAY << (both - 1).min(10)) }
            };
        }
    }

    /// What the first rule that fits says of a failure.
    fn action(&self, exit: i32, disrupted: bool) -> &str {
        let fits = |rule: &&Value| {
            let conditions = rule["onPodConditions"].as_array().into_iter().flatten();
            let by_condition = conditions.into_iter().any(|it| it["type"] == "DisruptionTarget" && disrupted);
            let codes = &rule["onExitCodes"];
            let among = codes["values"].as_array().is_some_and(|values| values.contains(&exit.into()));
            by_condition || (codes["operator"] == "In" && among) || (codes["operator"] == "NotIn" && !among)
        };
        self.rules.iter().find(fits).and_then(|rule| rule["action"].as_str()).unwrap_or("Count")
    }

    /// Whether it is over, and for which reason it failed.
    fn over(&self, course: &Course) -> Option<Option<String>> {
        let failed = course.indexes.iter().filter(|index| matches!(index, Index::Failed)).count() as u64;
        let reason = |word: &str| Some(Some(word.to_owned()));
        if self.max_failed.is_some_and(|most| failed > most) {
            return reason("MaxFailedIndexesExceeded");
        }
        if course.failed > self.overall {
            return reason("BackoffLimitExceeded");
        }
        let all = course.indexes.iter().all(|index| matches!(index, Index::Done | Index::Failed));
        match (all, failed) {
            (false, _) => None,
            (true, 0) => Some(None),
            (true, _) => reason("FailedIndexes"),
        }
    }

    /// Starts what may run.
    fn start(&self, course: &mut Course, now: u64, pod: &mut impl FnMut(u64, u32) -> Ended) {
        let open = |index: &Index| !matches!(index, Index::Done | Index::Failed);
        let indexes = course.indexes.iter().enumerate();
        let first: Vec<usize> =
            indexes.filter(|(_, index)| open(index)).map(|(at, _)| at).take(self.parallelism).collect();
        for at in first {
            let waited = match course.indexes[at] {
                Index::New => None,
                Index::Waiting { since, until } if until <= now => Some(now - since),
                _ => continue,
            };
            let index = at as u64;
            let (failures, ignored) = course.counts.get(&index).copied().unwrap_or_default();
            let ended = pod(index, failures);
            course.attempts.push(Attempt { index, failures, ignored, exit: ended.exit, waited });
            course.indexes[at] = Index::Running { until: now + ended.seconds, ended: (ended.exit, ended.disrupted) };
        }
    }
}

impl Course {
    /// Ends it; what still runs is told to end, and counts.
    fn end(mut self, reason: Option<String>) -> (Status, Vec<Attempt>) {
        for at in 0..self.indexes.len() {
            if matches!(self.indexes[at], Index::Running { .. }) {
                self.failed += 1;
                let last = self.attempts.iter_mut().rfind(|attempt| attempt.index == at as u64);
                last.unwrap().exit = TERMINATED;
            }
        }
        let those = |is: fn(&Index) -> bool| {
            let indexes = self.indexes.iter().enumerate();
            indexes.filter(|(_, index)| is(index)).map(|(at, _)| at as u64).collect::<Vec<u64>>()
        };
        let (done, failed) = (those(|it| matches!(it, Index::Done)), those(|it| matches!(it, Index::Failed)));
        let status = Status {
            succeeded: done.len() as u64,
            failed: self.failed,
            completed: told(&done),
            failed_indexes: told(&failed),
            reason,
        };
        (status, self.attempts)
    }
}

/// Indexes as a status has them: two neighbours stand alone, three are a range.
fn told(indexes: &[u64]) -> String {
    let groups = indexes.chunk_by(|one, next| *next == one + 1);
    let words = groups.map(|group| match group {
        [one] => one.to_string(),
        [one, two] => format!("{one},{two}"),
        [one, .., last] => format!("{one}-{last}"),
        [] => String::new(),
    });
    words.collect::<Vec<_>>().join(",")
}
