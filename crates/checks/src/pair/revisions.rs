//! Revisions and images of the static pods.

use std::collections::BTreeSet;

use backup_facts::pair::StaticPod;
use static_resources::Pod;
use wording::clip;

use super::{Comparison, LONGEST, Pair, list};
use crate::finding::Finding;
use crate::findings::{
    IMAGES_DIFFER, MANIFEST_LOOKUP, REVISION_UNKNOWN, ROLLOUT_UNDER_WAY, RUNNING_REVISION_DIFFERS, UNPACKED_ELSEWHERE,
};
use crate::severity::Severity;

/// The pods whose manifests `cluster-restore.sh` took from the tarball until 4.17.
const RESTORED: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
/// The first release whose script leaves the manifests alone.
const NOT_RESTORED_FROM: (u64, u64) = (4, 18);

pub(super) fn check(pair: &Pair<'_>, comparison: &mut Comparison) {
    check_revisions(pair, comparison);
    check_rollout(pair, comparison);
    check_running(pair, comparison);
    check_images(pair, comparison);
    check_members(pair, comparison);
}

/// 2: the revisions in the tarball are those that the operators know of.
fn check_revisions(pair: &Pair<'_>, comparison: &mut Comparison) {
    let node = pair.tarball.static_pods.node.as_ref().map(|node| node.value.as_str());
    let mut compared = false;
    for pod in &pair.tarball.static_pods.pods {
        let Some(known) = pair.cluster.static_pods.get(pod.name.as_str()).filter(|it| !it.nodes.is_empty()) else {
            continue;
        };
        compared = true;
        if let Some((severity, message)) = judge(pod, known, node) {
            let latest = known.latest.unwrap_or_default();
            let finding =
                Finding::new(&REVISION_UNKNOWN, message).with("revision", pod.revision).with("latest", latest);
            comparison.findings.push(Finding { severity, ..finding });
        }
    }
    if compared {
        comparison.made();
    } else {
        comparison.skip("revisions of static pods", "no operator in the snapshot tells them");
    }
}

fn judge(pod: &Pod, known: &StaticPod, node: Option<&str>) -> Option<(Severity, String)> {
    let (name, revision) = (clip(&pod.name, LONGEST), pod.revision);
    let on_node = known.nodes.iter().find(|status| Some(status.node.as_str()) == node);
    if on_node.is_some_and(|status| [status.current, status.target].contains(&revision)) {
        return None;
    }
    let somewhere = known.nodes.iter().any(|status| [status.current, status.target].contains(&revision));
    if known.latest.is_some_and(|latest| revision > latest) {
        let latest = known.latest.unwrap_or_default();
        let message =
            format!("{name} revision {revision} is newer than any the snapshot knows: its newest is {latest}");
        return Some((Severity::High, message));
    }
    if !somewhere {
        let running = known.nodes.iter().map(|status| status.current).collect::<BTreeSet<_>>();
        let running: Vec<String> = running.into_iter().map(|revision| revision.to_string()).collect();
        let message = format!("{name} revision {revision} runs on no node: the snapshot has {}", running.join(", "));
        return Some((Severity::High, message));
    }
    let status = on_node?;
    let message = format!(
        "{name} revision {revision} is not that of node {}, which runs {}",
        clip(&status.node, LONGEST),
        status.current
    );
    Some((Severity::Medium, message))
}

/// 2: whether all nodes run one revision.
fn check_rollout(pair: &Pair<'_>, comparison: &mut Comparison) {
    for (pod, known) in &pair.cluster.static_pods {
        let behind = known.nodes.iter().filter(|status| {
            let moving = status.target != 0 && status.target != status.current;
            moving || known.latest.is_some_and(|latest| status.current < latest)
        });
        let behind: Vec<&str> = behind.map(|status| status.node.as_str()).collect();
        if !behind.is_empty() {
            let revisions: Vec<String> = known.nodes.iter().map(|status| status.current.to_string()).collect();
            let latest = known.latest.unwrap_or_default();
            let message = format!(
                "{pod}: revisions {} run, the newest is {latest}; {} not there yet",
                revisions.join(", "),
                list(behind)
            );
            comparison.findings.push(Finding::new(&ROLLOUT_UNDER_WAY, message).with("latest", latest));
        }
    }
}

/// What kubelets report, against what operators believe.
fn check_running(pair: &Pair<'_>, comparison: &mut Comparison) {
    let mut differ = Vec::new();
    for mirror in &pair.cluster.mirror_pods {
        let known = pair.cluster.static_pods.get(mirror.pod);
        let status = known.and_then(|known| known.nodes.iter().find(|status| status.node == mirror.node));
        if let Some(status) = status.filter(|it| ![it.current, it.target].contains(&mirror.revision)) {
            differ.push(format!(
                "{} on {} is {} by its kubelet, {} by its operator",
                mirror.pod, mirror.node, mirror.revision, status.current
            ));
        }
    }
    if !differ.is_empty() {
        let message = list(differ.iter().map(String::as_str));
        comparison.findings.push(Finding::new(&RUNNING_REVISION_DIFFERS, message).with("pods", differ.len() as u64));
    }
}

/// 15: the images that the manifests name are those that ran.
fn check_images(pair: &Pair<'_>, comparison: &mut Comparison) {
    let node = pair.tarball.static_pods.node.as_ref().map(|node| node.value.as_str());
    let (mut compared, mut differ) = (false, Vec::new());
    for pod in &pair.tarball.static_pods.pods {
        let ran = pair.cluster.mirror_pods.iter().find(|mirror| {
            mirror.pod == pod.name && Some(mirror.node.as_str()) == node && mirror.revision == pod.revision
        });
        let images = pod.manifest.as_ref().map(|manifest| &manifest.images);
        let (Some(ran), Some(images)) = (ran.filter(|ran| !ran.images.is_empty()), images) else { continue };
        compared = true;
        if !ran.images.iter().all(|image| images.contains(image)) {
            differ.push(pod.name.as_str());
        }
    }
    if !compared {
        return comparison
            .skip("images of static pods", "no pod of the tarball's node and revision is in the snapshot");
    }
    comparison.made();
    if !differ.is_empty() {
        let message = format!("pods that ran have images that the manifests do not name: {}", list(differ));
        comparison.findings.push(Finding::new(&IMAGES_DIFFER, message));
    }
}

/// What the restore script would do with the members of this archive.
fn check_members(pair: &Pair<'_>, comparison: &mut Comparison) {
    comparison.made();
    let members = &pair.tarball.members;
    let outside = members.iter().find(|member| {
        let path = member.path.as_bytes();
        !(path == b"static-pod-resources" || path.starts_with(b"static-pod-resources/"))
    });
    if let Some(member) = outside {
        let message = format!(
            "`{}` does not begin with `static-pod-resources/`, the one name that the script unpacks",
            clip(&member.path.to_string(), LONGEST)
        );
        comparison.findings.push(Finding::new(&UNPACKED_ELSEWHERE, message).at(super::at_member(&member.path)));
    }
    if pair.release.is_some_and(|release| release >= NOT_RESTORED_FROM) {
        return;
    }
    for pod in RESTORED {
        let file = format!("{pod}-pod.yaml");
        // `tar -tvf FILE "*<file>"`: the pattern matches any member that ends so
        let found: Vec<_> = members.iter().filter(|it| it.path.as_bytes().ends_with(file.as_bytes())).collect();
        let message = match found.as_slice() {
            [] => continue, // told by itself: the manifest is missing
            [one] if one.path.as_bytes().iter().any(u8::is_ascii_whitespace) => {
                format!(
                    "`{}` has a blank in it: the script reads the part before it",
                    clip(&one.path.to_string(), LONGEST)
                )
            }
            [one] if one.path.as_bytes().split(|byte| *byte == b'/').count() != 3 => {
                format!(
                    "`{}` does not lie two directories deep, as the script cuts it",
                    clip(&one.path.to_string(), LONGEST)
                )
            }
            [_] => continue,
            many => format!("{} members end in `{file}`: the script takes their names for one", many.len()),
        };
        let mut finding = Finding::new(&MANIFEST_LOOKUP, message);
        if pair.release.is_none() {
            finding.severity = Severity::Medium; // it may be of a release that does not look
        }
        comparison.findings.push(finding);
    }
}
