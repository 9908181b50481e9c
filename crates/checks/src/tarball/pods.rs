//! Static pods: all four, each once, whole and of the revision they claim; versions that agree.

use std::collections::HashSet;

use static_resources::Pod;
use wording::clip;

use super::{LONGEST, TarballAsked};
use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    MANIFEST_MISSING, POD_MISSING, POSSIBLY_DIRTY, REVISION_MISMATCH, SEVERAL_REVISIONS, STAGING_LEFTOVER,
    VERSION_DISAGREES,
};

/// What every backup holds, in the order of the archive.
const PODS: [&str; 4] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];

pub(super) fn check(asked: &TarballAsked<'_>, findings: &mut Findings) {
    if asked.name.dirty {
        let message = "the name says `__POSSIBLY_DIRTY__`: rollouts were not checked for";
        findings.push(Finding::new(&POSSIBLY_DIRTY, message));
    }
    let pods = &asked.resources().static_pods.pods;
    for name in PODS {
        let mut revisions: Vec<u64> = pods.iter().filter(|pod| pod.name == name).map(|pod| pod.revision).collect();
        revisions.sort_unstable();
        match revisions.as_slice() {
            // in an archive that was not read to its end it may follow
            [] if asked.resources().complete => {
                findings.push(Finding::new(&POD_MISSING, format!("no directory `{name}-pod-<revision>`")));
            }
            [] | [_] => {}
            _ => {
                let list: Vec<String> = revisions.iter().take(10).map(u64::to_string).collect();
                let message = format!("`{name}` is there in {} revisions: {}", revisions.len(), list.join(", "));
                findings.push(Finding::new(&SEVERAL_REVISIONS, message).with("revisions", revisions.len() as u64));
            }
        }
    }
    let members: HashSet<&[u8]> = asked.resources().members.iter().map(|member| member.path.as_bytes()).collect();
    pods.iter().for_each(|pod| check_pod(asked, &members, pod, findings));
    check_version(asked, findings);
}

fn check_pod(asked: &TarballAsked<'_>, members: &HashSet<&[u8]>, pod: &Pod, findings: &mut Findings) {
    let directory = clip(&format!("{}-pod-{}", pod.name, pod.revision), LONGEST);
    let file = format!("static-pod-resources/{directory}/{}-pod.yaml", pod.name);
    let at = |path: &str| Location { member: Some(clip(path, LONGEST)), ..Location::default() };
    // one that is there and does not parse is a fault of its own
    let there = members.contains(file.as_bytes());
    if pod.manifest.is_none() && asked.resources().complete && !there {
        findings.push(Finding::new(
            &MANIFEST_MISSING,
            format!("no `{}-pod.yaml` in `{directory}`", clip(&pod.name, LONGEST)),
        ));
    }
    if let (Some(false), Some(manifest)) = (pod.revision_agrees(), &pod.manifest) {
        let said = [
            ("label", manifest.revision_label.clone()),
            ("environment", manifest.revision_env.clone()),
            ("host path", manifest.revision_path.map(|revision| revision.to_string())),
        ];
        let said: Vec<String> =
            said.into_iter().filter_map(|(what, value)| Some(format!("{what} {}", clip(&value?, LONGEST)))).collect();
        let message = format!("the manifest in `{directory}` says: {}", said.join(", "));
        findings.push(Finding::new(&REVISION_MISMATCH, message).with("revision", pod.revision).at(at(&file)));
    }
    if pod.staging > 0 {
        let message = format!("{} members below `{directory}/staging`", pod.staging);
        let place = at(&format!("static-pod-resources/{directory}/staging"));
        findings.push(Finding::new(&STAGING_LEFTOVER, message).with("members", pod.staging).at(place));
    }
}

fn check_version(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let version = &asked.resources().static_pods.version;
    if version.agrees() {
        return;
    }
    let mut said: Vec<&str> = Vec::new();
    for claim in version.payload.iter().chain(&version.builds) {
        if !said.contains(&claim.raw.as_str()) && said.len() < 8 {
            said.push(&claim.raw);
        }
    }
    let message = clip(&format!("the members say: {}", said.join(", ")), LONGEST);
    findings.push(Finding::new(&VERSION_DISAGREES, message));
}
