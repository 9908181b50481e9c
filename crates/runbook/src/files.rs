//! Files that steps need, ready to be used.

use std::fmt::Write as _;

use document::{BookFile, BookStep};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::plan::Plan;
use crate::restore::copy;
use crate::restore::exports;
use crate::restore::machines::with_manifests;

/// The operator of etcd does not wait for a quorum.
const GUARD_OFF: &str = "useUnsupportedUnsafeNonHANonProductionUnstableEtcd";

/// A file, and the steps that need it.
struct Made {
    file: BookFile,
    steps: &'static [&'static str],
}

/// The files of a book's steps; the steps that need them name them.
pub(crate) fn of(plan: &Plan<'_>, steps: &mut [BookStep]) -> Vec<BookFile> {
    let made = to_copy(plan).into_iter().chain(proxy(plan)).chain(patches()).chain(machines(plan));
    let mut files = Vec::new();
    for Made { file, steps: needed } in made {
        let users = steps.iter_mut().filter(|step| needed.contains(&step.id.as_str()));
        let users = users.map(|step| step.files.push(file.name.clone())).count();
        if users > 0 {
            files.push(file);
        }
    }
    files
}

fn made(name: &str, purpose: impl Into<String>, steps: &'static [&'static str], text: String) -> Made {
    let sha256 = wording::hex(&Sha256::digest(&text));
    Made { file: BookFile { name: name.to_owned(), purpose: purpose.into(), sha256, text }, steps }
}

/// The files that go to a host: what they are here, and what `sha256sum -c` reads there.
fn to_copy(plan: &Plan<'_>) -> Vec<Made> {
    const STEPS: &[&str] = &["R-06", "M-02"];
    let copies = copy::of(plan);
    let files = || copies.iter().filter_map(|copy| Some((copy, copy.file?)));
    let mut list = String::from("# SHA-256\tbytes\tname on the host\tpath here\n");
    let mut sums = String::new();
    for (copy, file) in files() {
        // of what comes out of the packed file nobody has the sum, and a tarball without keys is not the one to copy
        if copy.same {
            sums.push_str(&checked(&file.sha256, &copy.there));
        }
        let note = if copy.same || copy.unpacked_by.is_some() { "" } else { "\tput the keys back first" };
        let _ = writeln!(list, "{}\t{}\t{}\t{}{note}", file.sha256, file.bytes, line(&copy.there), line(&file.path));
    }
    if files().next().is_none() {
        return Vec::new();
    }
    let list =
        made("files-to-copy.txt", "what is copied to the host, with its SHA-256 as it is stored here", STEPS, list);
    let purpose = "for `sha256sum -c` in the folder on the host";
    let sums = (!sums.is_empty()).then(|| made("backup.sha256", purpose, STEPS, sums));
    std::iter::once(list).chain(sums).collect()
}

/// A name in one line of a list.
fn line(text: &str) -> String {
    wording::inert(text).into_owned()
}

/// A line for `sha256sum -c`, which escapes what would end the line, and says so by a backslash before it.
fn checked(sum: &str, name: &str) -> String {
    let escaped = name.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{sum}  {escaped}\n")
}

/// Exports for the proxy, to be sourced.
fn proxy(plan: &Plan<'_>) -> Option<Made> {
    let lines = exports(plan)?;
    let hidden = plan.known.site.proxy.as_ref().is_some_and(|proxy| proxy.had_credentials);
    let mut text = String::from("# The proxy of the backup, for: . ./proxy.sh\n");
    if hidden {
        text.push_str("# User and password are left out: put them in.\n");
    }
    lines.iter().for_each(|line| text.extend([line.as_str(), "\n"]));
    Some(made(
        "proxy.sh",
        "exports of the proxy, to be sourced on the host before the script runs",
        &["R-09", "B-04"],
        text,
    ))
}

/// Patches that are the same for every cluster.
fn patches() -> [Made; 4] {
    let patch = |name: &'static str, object: &str, steps: &'static [&'static str], spec: Value| {
        let of = steps.first().copied().unwrap_or_default();
        let purpose = format!("the patch of {of}: oc patch {object} --type=merge --patch-file {name}");
        made(name, purpose, steps, format!("{}\n", json!({"spec": spec})))
    };
    let overrides = |value: Value| json!({"unsupportedConfigOverrides": value});
    let encryption = |kind: &str| json!({"encryption": {"type": kind}});
    [
        patch("etcd-guard-off.json", "etcd/cluster", &["R-19"], overrides(json!({GUARD_OFF: true}))),
        patch("etcd-guard-on.json", "etcd/cluster", &["R-21"], overrides(Value::Null)),
        patch("encryption-on.json", "apiserver/cluster", &["E-04"], encryption("aescbc")),
        patch("encryption-off.json", "apiserver/cluster", &["E-09"], encryption("identity")),
    ]
}

/// The Machine of each host that may have to be made again.
fn machines(plan: &Plan<'_>) -> Vec<Made> {
    let successors = with_manifests(plan).into_iter();
    let written = successors.filter_map(|one| {
        let name = one.file();
        let old = one.old.unwrap_or_default();
        let purpose = format!("the Machine that takes the place of {old}, should {} be lost", one.host.node);
        Some(made(&name, purpose, &["R-17"], one.manifest?))
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn a_name_that_would_end_its_line_is_escaped_as_sha256sum_reads_it() {
        assert_eq!(checked("ab", "snapshot 1.db"), "ab  snapshot 1.db\n");
        assert_eq!(checked("ab", "a\\b\nc\rd"), "\\ab  a\\\\b\\nc\\rd\n");
    }
}
