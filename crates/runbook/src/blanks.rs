//! What the backup cannot know: blanks in commands, and what finds them.

use document::{Blank, BookStep};

use crate::shell::word;

/// A blank: as it stands in commands, what belongs there, and what finds it.
type Known = (&'static str, &'static str, Option<&'static str>);

const BLANKS: &[Known] = &[
    ("<ssh-key-path>", "file of the private key for SSH to the hosts, user core", None),
    ("<installation_directory>", "folder that the installer wrote, with auth/kubeconfig in it", None),
    ("<recovery-host>", "the host to restore on: the backup names no control-plane node", Some("oc get nodes")),
    ("<live-host>", "the host that Q-01 found", Some("sudo crictl ps --name '^etcd$'")),
    ("<snapshot>", "the backup's snapshot", None),
    ("<tarball>", "the backup's tarball", None),
    ("<whole-tarball>", "name for the tarball with its keys", None),
    ("<escrow>", "the sealed keys of the tarball: a file that ends in .escrow.age", None),
    ("<identity>", "your file that opens the sealed keys", None),
    ("<node>", "the node that stays NotReady, or whose pod hangs", Some("oc get nodes")),
    ("<csr_name>", "name of a request", Some("oc get csr")),
    ("<cluster_admin>", "a user with the role cluster-admin", None),
    ("<old-machine>", "the Machine of the lost host", Some("oc get machines -n openshift-machine-api -o wide")),
    ("<reported_vip>", "each address that the command before shows", Some("ip -o address")),
    ("<device>", "the device that holds it", Some("ip -o address")),
    ("<namespace>", "namespace of an operator", Some("oc get deployments -A")),
    ("<uuid>", "the token, made once", Some("uuidgen")),
    ("<release>", "the release that the cluster runs", Some("oc get clusterversion version")),
    ("<ssh-user>", "a user of the hosts who may use sudo", None),
    ("<host-name>", "name of a host of etcd: the backup names none", None),
    ("<host-address>", "its address for the other members", None),
    ("<data-dir>", "the data directory of etcd on that host, moved away before", None),
    ("<pv>", "name of a volume", Some("oc get pv")),
    ("<microshift-host>", "the host of MicroShift, with a user who may use sudo: user@address", None),
    ("<hosted-cluster>", "name of the HostedCluster", Some("oc get hostedclusters -A")),
    ("<hosted-cluster-namespace>", "its namespace, often `clusters`", Some("oc get hostedclusters -A")),
    ("<control-plane-namespace>", "namespace of its control plane", Some("oc get hostedcontrolplanes -A")),
    ("<shoot-namespace>", "namespace of the shoot in the seed", Some("kubectl get etcds -A")),
    (
        "<etcd-name>",
        "the etcd that is meant: `etcd-main` or `etcd-events`, each by itself",
        Some("kubectl get etcds -A"),
    ),
    ("<user>", "user at the proxy", None),
    ("<password>", "password at the proxy", None),
];

/// The blanks of all commands, in the order of their first use.
pub(crate) fn of(steps: &[BookStep]) -> Vec<Blank> {
    let mut blanks: Vec<Blank> = Vec::new();
    let blocks = steps.iter().flat_map(|step| &step.blocks);
    let texts = blocks.flat_map(|block| block.commands.iter().map(String::as_str).chain(block.host.as_deref()));
    for placeholder in texts.flat_map(placeholders) {
        if !blanks.iter().any(|blank| blank.placeholder == placeholder) {
            blanks.extend(described(placeholder));
        }
    }
    blanks
}

/// Whatever stands in angle brackets and looks like a blank.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('<').filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let end = rest.find('>')?;
        let placeholder = rest.get(..=end)?;
        let inner = rest.get(1..end)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        (!inner.is_empty() && inner.chars().all(fits)).then_some(placeholder)
    })
}

fn described(placeholder: &str) -> Option<Blank> {
    if let Some(node) = placeholder.strip_prefix("<ip-of-").and_then(|rest| rest.strip_suffix('>')) {
        return Some(Blank {
            placeholder: placeholder.to_owned(),
            means: format!("internal address of {node}"),
            found_by: Some(format!("oc get node {} -o wide", word(node))),
        });
    }
    let (_, means, found_by) = BLANKS.iter().find(|(known, _, _)| *known == placeholder)?;
    Some(Blank {
        placeholder: placeholder.to_owned(),
        means: (*means).to_owned(),
        found_by: found_by.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn a_placeholder_is_a_word_in_angle_brackets() {
        let found = |text| placeholders(text).collect::<Vec<_>>();
        assert_eq!(found("ssh -i '<ssh-key-path>' core@'<ip-of-a.b>'"), ["<ssh-key-path>", "<ip-of-a.b>"]);
        assert_eq!(found("http://'<user>:<password>@p'"), ["<user>", "<password>"]);
        assert_eq!(found("cat <in >out; a < b > c; <>"), [""; 0]);
    }
}
