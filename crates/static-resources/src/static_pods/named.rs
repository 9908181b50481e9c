//! Files of the tarball that its own manifests and configurations name.
//!
//! Paths stand in arguments, in shell text, in environment variables and in fields of configurations: they are found by
//! their beginning, wherever they stand.
use std::collections::BTreeSet;

use memchr::memmem;

/// Where a container sees the directory of its revision.
const RESOURCES: &str = "/etc/kubernetes/static-pod-resources/";
/// Where a container sees the directory that a syncer writes. It is not in the tarball, but what etcd reads there is
/// written to each of its revisions, too, and a restore takes it from the revision.
const CERTIFICATES: &str = "/etc/kubernetes/static-pod-certs/";
/// Longer than any path in use; without a bound, a text of one path would be kept again and again.
const LONGEST: usize = 512;
/// Distinct paths of one text.
const MOST: usize = 1_000;

/// The members below `static-pod-resources/<pod>-pod-<revision>` that a text of that pod names, but for those that it
/// asks for first (`[ -f PATH ]`) and those with a wildcard.
pub(super) fn members(text: &[u8], pod: &str, revision: u64) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut optional = BTreeSet::new();
    for (prefix, of_certificates) in [(RESOURCES, false), (CERTIFICATES, true)] {
        for at in memmem::find_iter(text, prefix) {
            let Some(rest) = text.get(at.saturating_add(prefix.len())..) else { continue };
            let Some(rest) = relative(rest) else { continue };
            if of_certificates && !(pod == "etcd" && [".crt", ".key"].iter().any(|end| rest.ends_with(end))) {
                continue;
            }
            let path = format!("static-pod-resources/{pod}-pod-{revision}/{rest}");
            if is_asked_for(text.get(..at).unwrap_or_default()) {
                optional.insert(path);
            } else {
                named.insert(path);
            }
            if named.len().saturating_add(optional.len()) >= MOST {
                break;
            }
        }
    }
    named.retain(|path| !optional.contains(path));
    named
}

/// The member that one path of a pod's configuration leads to.
pub(super) fn member(path: &str, pod: &str, revision: u64) -> Option<String> {
    let rest = path.strip_prefix(RESOURCES)?;
    let whole = relative(rest.as_bytes()).filter(|found| found.len() == rest.len())?;
    Some(format!("static-pod-resources/{pod}-pod-{revision}/{whole}"))
}

/// The path below a pod's directory that a text begins with: `configmaps/...` or `secrets/...`.
fn relative(text: &[u8]) -> Option<&str> {
    let text = text.get(..text.len().min(LONGEST)).unwrap_or(text);
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let length = text.iter().position(|byte| !letter(byte)).unwrap_or(text.len());
    // a wildcard, a variable: what it stands for is not known here
    if text.get(length).is_some_and(|byte| matches!(byte, b'*' | b'?' | b'$' | b'{' | b'[')) {
        return None;
    }
    let path = std::str::from_utf8(text.get(..length)?).ok()?.trim_end_matches(['/', '.']);
    let (plural, rest) = path.split_once('/')?;
    let plain = rest.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    (matches!(plural, "configmaps" | "secrets") && plain).then_some(path)
}

/// Says whether the text before a path is a test of the shell for its file.
fn is_asked_for(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"\\\"")).unwrap_or(before);
    let before = before.strip_suffix(b"\\").unwrap_or(before).trim_ascii_end();
    [&b" -f"[..], b" -e", b" -s", b" -r", b" -d"].iter().any(|test| before.ends_with(test))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_wherever_they_stand() {
        for (pod, text, expected) in [
            (
                "kube-apiserver",
                r#""etcd-keyfile":["/etc/kubernetes/static-pod-resources/secrets/e/tls.key"]"#,
                "secrets/e/tls.key",
            ),
            (
                "x",
                "--a=/etc/kubernetes/static-pod-resources/configmaps/config/config.yaml --b",
                "configmaps/config/config.yaml",
            ),
            ("x", "cat /etc/kubernetes/static-pod-resources/configmaps/a/b\\nexec", "configmaps/a/b"),
            ("x", "keys: /etc/kubernetes/static-pod-resources/configmaps/sa/", "configmaps/sa"),
            ("x", "see /etc/kubernetes/static-pod-resources/configmaps/sa.", "configmaps/sa"),
            ("etcd", "k=/etc/kubernetes/static-pod-certs/secrets/all/a.key", "secrets/all/a.key"),
            // written by a syncer, and of no revision
            ("kube-apiserver", "k=/etc/kubernetes/static-pod-certs/secrets/all/a.key", ""),
            ("etcd", "cp /etc/kubernetes/static-pod-certs/configmaps/etcd-scripts/*.sh /x", ""),
            ("etcd", "ls /etc/kubernetes/static-pod-certs/configmaps/etcd-scripts/a.sh", ""),
            // a file that may be missing
            (
                "x",
                "if [ -f /etc/kubernetes/static-pod-resources/configmaps/a/b ]; then cp /etc/kubernetes/static-pod-resources/configmaps/a/b /c",
                "",
            ),
            ("x", r#"[ -s \"/etc/kubernetes/static-pod-resources/configmaps/a/b\" ]"#, ""),
            // a directory of the host, a variable, a way out
            ("x", r#"{"path":"/etc/kubernetes/static-pod-resources/x-pod-8"}"#, ""),
            ("x", "/etc/kubernetes/static-pod-resources/secrets/${X}/tls.key", ""),
            ("x", "/etc/kubernetes/static-pod-resources/secrets/../../tls.key", ""),
            ("x", "/etc/kubernetes/static-pod-resources/", ""),
        ] {
            let found: Vec<String> = members(text.as_bytes(), pod, 8).into_iter().collect();
            let expected: Vec<String> = Some(expected)
                .filter(|path| !path.is_empty())
                .map(|path| format!("static-pod-resources/{pod}-pod-8/{path}"))
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn one_path_leads_to_one_member() {
        let at = |path| member(path, "kube-apiserver", 9);
        assert_eq!(
            at("/etc/kubernetes/static-pod-resources/secrets/encryption-config/encryption-config").as_deref(),
            Some("static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config")
        );
        for elsewhere in ["/etc/other", "/etc/kubernetes/static-pod-resources/secrets/a b", ""] {
            assert_eq!(at(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_text_of_paths_is_bounded() {
        let text: String = (0..5_000).map(|n| format!("{RESOURCES}secrets/{n}/x ")).collect();
        assert_eq!(members(text.as_bytes(), "x", 1).len(), MOST);
        let endless = format!("{RESOURCES}secrets/{}", "a".repeat(1 << 20));
        assert!(members(endless.as_bytes(), "x", 1).iter().all(|path| path.len() < LONGEST + 64));
    }
}
