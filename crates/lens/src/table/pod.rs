//! What `kubectl get pods` says of a pod: ready containers, status, restarts and the last one of them.

use serde_json::Value;

use super::{NONE, condition, length, number, text};

/// The three of them: they are counted together.
struct Summary {
    ready: usize,
    status: String,
    restarts: i64,
    /// When a container ended that was restarted since: the latest, in RFC 3339.
    last: Option<String>,
}

/// Containers that are ready, of how many: `1/2`.
#[must_use]
pub fn ready(pod: &Value) -> String {
    let total = length(pod, "/spec/containers") + sidecars(pod).count();
    format!("{}/{total}", Summary::of(pod).ready)
}

/// Its status: `Running`, `Init:0/1`, `CrashLoopBackOff`.
#[must_use]
pub fn status(pod: &Value) -> String {
    Summary::of(pod).status
}

pub(super) fn restarts(pod: &Value) -> String {
    restarted(pod).0.to_string()
}

/// How often its containers were restarted, and when last, as the pod has it.
#[must_use]
pub fn restarted(pod: &Value) -> (i64, Option<String>) {
    let summary = Summary::of(pod);
    (summary.restarts, summary.last)
}

impl Summary {
    fn of(pod: &Value) -> Self {
        let mut status = said(pod, "/status/reason").unwrap_or_else(|| text(pod, "/status/phase"));
        if conditions(pod).any(|one| text(one, "/type") == "PodScheduled" && text(one, "/reason") == "SchedulingGated")
        {
            "SchedulingGated".clone_into(&mut status);
        }
        let mut summary = Self { ready: 0, status, restarts: 0, last: None };
        let held_up = summary.initialize(pod);
        if !held_up || condition(pod, "Initialized") == "True" {
            summary.run(pod);
        }
        let ended = ["Succeeded", "Failed"].contains(&text(pod, "/status/phase").as_str());
        if pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()) {
            if text(pod, "/status/reason") == "NodeLost" {
                "Unknown".clone_into(&mut summary.status);
            } else if !ended {
                "Terminating".clone_into(&mut summary.status);
            }
        }
        summary
    }

    /// Counts containers that come before the others; whether one of them holds the pod up, which then is its status.
    fn initialize(&mut self, pod: &Value) -> bool {
        for (at, container) in statuses(pod, "/status/initContainerStatuses").enumerate() {
            self.restarts = self.restarts.saturating_add(number(container, "/restartCount"));
            self.ended(container);
            let is_sidecar = sidecars(pod).any(|name| name == text(container, "/name"));
            if is_sidecar && container.get("started") == Some(&Value::Bool(true)) {
                self.ready += usize::from(is_ready(container));
                continue;
            }
            let terminated = container.pointer("/state/terminated");
            if terminated.is_some_and(|ended| number(ended, "/exitCode") == 0) {
                continue;
            }
            let waits = said(container, "/state/waiting/reason").filter(|reason| reason != "PodInitializing");
            self.status = match terminated {
                Some(ended) => format!("Init:{}", why(ended)),
                None => match waits {
                    Some(reason) => format!("Init:{reason}"),
                    None => format!("Init:{at}/{}", length(pod, "/spec/initContainers")),
                },
            };
            return true;
        }
        false
    }

    /// Counts the containers; of the first one that waits or has ended, why it did is the status.
    fn run(&mut self, pod: &Value) {
        (self.restarts, self.last) = (0, None);
        let of_sidecars = statuses(pod, "/status/initContainerStatuses")
            .filter(|container| sidecars(pod).any(|name| name == text(container, "/name")));
        for one in of_sidecars {
            self.restarts = self.restarts.saturating_add(number(one, "/restartCount"));
            self.ended(one);
        }
        let mut runs = false;
        let containers: Vec<&Value> = statuses(pod, "/status/containerStatuses").collect();
        for container in containers.into_iter().rev() {
            self.restarts = self.restarts.saturating_add(number(container, "/restartCount"));
            self.ended(container);
            if let Some(reason) = said(container, "/state/waiting/reason") {
                self.status = reason;
            } else if let Some(ended) = container.pointer("/state/terminated") {
                self.status = why(ended);
            } else if is_ready(container) {
                runs |= container.pointer("/state/running").is_some();
                self.ready += 1;
            }
        }
        if self.status == "Completed" && runs {
            let status = if condition(pod, "Ready") == "True" { "Running" } else { "NotReady" };
            status.clone_into(&mut self.status);
        }
    }
}

impl Summary {
    /// Times of one form are in the order of their texts.
    fn ended(&mut self, container: &Value) {
        self.last = self.last.take().max(said(container, "/lastState/terminated/finishedAt"));
    }
}

/// Why a container ended: its reason, the signal that ended it, or its exit code.
fn why(ended: &Value) -> String {
    said(ended, "/reason").unwrap_or_else(|| match number(ended, "/signal") {
        0 => format!("ExitCode:{}", number(ended, "/exitCode")),
        signal => format!("Signal:{signal}"),
    })
}

fn said(object: &Value, pointer: &str) -> Option<String> {
    let text = text(object, pointer);
    (!text.is_empty() && text != NONE).then_some(text)
}

fn is_ready(container: &Value) -> bool {
    container.get("ready") == Some(&Value::Bool(true))
}

fn conditions(pod: &Value) -> impl Iterator<Item = &Value> {
    statuses(pod, "/status/conditions")
}

fn statuses<'p>(pod: &'p Value, pointer: &str) -> impl Iterator<Item = &'p Value> + use<'p> {
    pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Names of init containers that go on running beside the others.
fn sidecars(pod: &Value) -> impl Iterator<Item = String> + '_ {
    let all = statuses(pod, "/spec/initContainers");
    all.filter(|one| text(one, "/restartPolicy") == "Always").map(|one| text(one, "/name"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cells(pod: &Value) -> [String; 3] {
        [ready(pod), status(pod), restarts(pod)]
    }

    /// As kubectl's table of tests for pods has them.
    #[test]
    fn a_pod_is_summed_up_as_kubectl_does_it() {
        let running = json!({"running": {}});
        let ended = |reason: Value, code: i64, signal: i64| json!({"terminated": {"reason": reason, "exitCode": code, "signal": signal}});
        let waits = |reason: &str| json!({"waiting": {"reason": reason}});
        let one = |state: &Value, ready: bool, restarts: i64| json!({"name": "c", "state": state, "ready": ready, "restartCount": restarts});
        let pod = |phase: &str, init: Value, containers: Value, conditions: Value| {
            json!({"spec": {"containers": [{}, {}], "initContainers": [{"name": "c"}, {"name": "d"}]},
                "status": {"phase": phase, "initContainerStatuses": init, "containerStatuses": containers,
                    "conditions": conditions}})
        };
        let ready = json!([{"type": "Ready", "status": "True"}]);
        for (pod, expected) in [
            (
                pod(
                    "Running",
                    json!([]),
                    json!([one(&running, true, 2), one(&waits("CrashLoopBackOff"), false, 3)]),
                    json!([]),
                ),
                ["1/2", "CrashLoopBackOff", "5"],
            ),
            (
                pod(
                    "Pending",
                    json!([one(&waits("CrashLoopBackOff"), false, 4)]),
                    json!([one(&waits("PodInitializing"), false, 0)]),
                    json!([]),
                ),
                ["0/2", "Init:CrashLoopBackOff", "4"],
            ),
            (
                pod(
                    "Pending",
                    json!([one(&ended(json!("Completed"), 0, 0), true, 1), one(&running, false, 0)]),
                    json!([]),
                    json!([]),
                ),
                ["0/2", "Init:1/2", "1"],
            ),
            (
                pod("Pending", json!([one(&ended(Value::Null, 1, 0), false, 0)]), json!([]), json!([])),
                ["0/2", "Init:ExitCode:1", "0"],
            ),
            (
                pod(
                    "Running",
                    json!([]),
                    json!([one(&running, true, 0), one(&ended(json!("Completed"), 0, 0), false, 0)]),
                    ready.clone(),
                ),
                ["1/2", "Running", "0"],
            ),
            (
                pod(
                    "Running",
                    json!([]),
                    json!([one(&running, true, 0), one(&ended(json!("Completed"), 0, 0), false, 0)]),
                    json!([]),
                ),
                ["1/2", "NotReady", "0"],
            ),
            (
                pod("Failed", json!([]), json!([one(&ended(Value::Null, 137, 9), false, 0)]), json!([])),
                ["0/2", "Signal:9", "0"],
            ),
            (
                pod("Succeeded", json!([]), json!([one(&ended(json!("Completed"), 0, 0), false, 0)]), json!([])),
                ["0/2", "Completed", "0"],
            ),
            (
                pod("Pending", json!([]), json!([]), json!([{"type": "PodScheduled", "reason": "SchedulingGated"}])),
                ["0/2", "SchedulingGated", "0"],
            ),
        ] {
            assert_eq!(cells(&pod), expected, "{pod}");
        }
    }

    #[test]
    fn a_sidecar_counts_among_the_containers() {
        let pod = json!({"spec": {"containers": [{}], "initContainers": [{"name": "s", "restartPolicy": "Always"}]},
            "status": {"phase": "Running",
                "initContainerStatuses": [{"name": "s", "started": true, "ready": true, "restartCount": 2, "state": {"running": {}}}],
                "containerStatuses": [{"name": "c", "ready": true, "restartCount": 1, "state": {"running": {}}}]}});
        assert_eq!(cells(&pod), ["2/2", "Running", "3"]);
        let mut deleted = pod;
        deleted["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(status(&deleted), "Terminating");
        deleted["status"]["phase"] = json!("Succeeded");
        assert_eq!(status(&deleted), "Succeeded");
    }
}
