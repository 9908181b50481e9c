//! What storage objects say about each other, once all of them are read.

use std::collections::{HashMap, HashSet};

use super::{Database, Elsewhere, PodWithClaims, Storage};
use crate::hazards::list::{Listed, ObjectName};

impl Storage {
    /// Holds pods, claims, volumes, attachments and nodes against each other, and puts all lists in order.
    pub(in crate::hazards) fn join(&mut self, nodes: &HashSet<&str>) {
        let volumes: HashMap<&str, bool> =
            self.volumes.items.iter().map(|volume| (volume.name.as_str(), volume.is_exclusive())).collect();
        let all_volumes_known = self.volumes.items.len() as u64 == self.volumes.total;
        for claim in &mut self.claims.items {
            claim.volume_missing =
                all_volumes_known && !claim.volume.is_empty() && !volumes.contains_key(claim.volume.as_str());
        }
        for attachment in &mut self.attachments.items {
            attachment.exclusive = volumes.get(attachment.volume.as_str()).copied().unwrap_or(false);
            // without any node the snapshot is not of a whole cluster, and says nothing
            attachment.node_missing = !nodes.is_empty() && !nodes.contains(attachment.node.as_str());
        }
        let pods = std::mem::take(&mut self.pods);
        self.elsewhere = self.find_elsewhere(&pods);
        self.databases = databases(pods);
        self.sort();
    }

    fn find_elsewhere(&self, pods: &Listed<PodWithClaims>) -> Listed<Elsewhere> {
        let claims: HashMap<&ObjectName, &str> =
            self.claims.items.iter().map(|claim| (&claim.name, claim.volume.as_str())).collect();
        let mut attached: HashMap<&str, Vec<&str>> = HashMap::new();
        for attachment in self.attachments.items.iter().filter(|one| one.attached && one.exclusive) {
            attached.entry(attachment.volume.as_str()).or_default().push(attachment.node.as_str());
        }
        let mut found = Listed::default();
        for pod in pods.items.iter().filter(|pod| !pod.node.is_empty()) {
            for claim in &pod.claims {
                let claim = ObjectName { namespace: pod.name.namespace.clone(), name: claim.clone() };
                let Some(volume) = claims.get(&claim) else { continue };
                let Some(nodes) = attached.get(volume).filter(|nodes| !nodes.contains(&pod.node.as_str())) else {
                    continue;
                };
                found.extend(nodes.iter().map(|node| Elsewhere {
                    pod: pod.name.clone(),
                    pod_node: pod.node.clone(),
                    volume: (*volume).to_owned(),
                    attached_to: (*node).to_owned(),
                }));
            }
        }
        found
    }

    fn sort(&mut self) {
        self.volumes.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.claims.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.attachments.items.sort_by(|a, b| (!a.exclusive, &a.name).cmp(&(!b.exclusive, &b.name)));
        self.local_owners.items.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
        self.stateful_sets.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.elsewhere.items.sort_by(|a, b| (&a.pod, &a.volume).cmp(&(&b.pod, &b.volume)));
        self.databases.items.sort_by(|a, b| a.pod.cmp(&b.pod));
    }
}

fn databases(pods: Listed<PodWithClaims>) -> Listed<Database> {
    let found = pods.items.into_iter();
    found
        .filter_map(|pod| pod.software.map(|software| Database { pod: pod.name, software, claims: pod.claims }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hazards::list::MOST_LISTED;
    use crate::hazards::storage::{Claim, Volume};

    /// Of a volume that was counted and not kept, nobody can say that it is missing.
    #[test]
    fn a_volume_is_missing_only_where_all_are_known() {
        let claim = Claim { volume: "a".to_owned(), ..Claim::default() };
        for (volumes, missing) in [(0, true), (1, true), (MOST_LISTED + 1, false)] {
            let volumes = (0..volumes).map(|n| Volume { name: n.to_string(), ..Volume::default() }).collect();
            let claims = [claim.clone()].into_iter().collect();
            let mut storage = Storage { volumes, claims, ..Storage::default() };
            storage.join(&HashSet::new());
            assert_eq!(storage.claims.items[0].volume_missing, missing);
        }
    }
}
