//! S-01 to S-06: persistent storage, after a restore. What lies on a volume is not in etcd.

use backup_facts::hazards::{LocalOwner, ObjectName, Volume, VolumeSource};
use document::BookFile;
use sha2::{Digest, Sha256};
use wording::{count, escape};

use crate::draft::Draft;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// So many of a kind are told in the book; the rest is counted, or in a file.
const TOLD: usize = 20;
/// Where the Local Storage Operator links devices to.
const LOCAL: &str = "/mnt/local-storage/";
/// The file with every volume.
const VOLUMES: &str = "volumes.tsv";

/// Writes the part; what it needs besides is given back.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) -> Vec<BookFile> {
    draft.section("Put storage right");
    draft.add("S-01", Ok(volumes(plan)));
    draft.add("S-02", gone(plan));
    draft.add("S-03", attached(plan));
    draft.add("S-04", credentials(plan));
    draft.add("S-05", local(plan));
    draft.add("S-06", Ok(claims(plan)));
    let all = &plan.known.hazards.storage.volumes.items;
    if all.is_empty() { Vec::new() } else { vec![file(all)] }
}

/// What asks the API.
fn client(plan: &Plan<'_>) -> &'static str {
    if plan.known.platform.is_openshift() { "oc" } else { "kubectl" }
}

/// The first few as sentences, and how many there are besides.
fn told<T>(step: Step, items: &[T], total: u64, sentence: impl Fn(&T) -> String) -> Step {
    let step = items.iter().take(TOLD).fold(step, |step, item| step.say(format!("- {}", sentence(item))));
    let more = total.saturating_sub(items.len().min(TOLD) as u64);
    step.say_if(more > 0, format!("- and {more} more"))
}

fn name(of: &ObjectName) -> String {
    if of.namespace.is_empty() { of.name.clone() } else { format!("{}/{}", of.namespace, of.name) }
}

fn volumes(plan: &Plan<'_>) -> Step {
    let storage = &plan.known.hazards.storage;
    let drivers = &plan.known.site.drivers.items;
    let step = Step::new("S-01")
        .at(Place::Site)
        .say("The snapshot has the objects that speak of volumes, not what lies on them: that is as it is now, or gone. A workload may start on data that are newer than its objects, or not its own.");
    let step = step.say_if(
        !drivers.is_empty(),
        format!(
            "Drivers of the backup: {}.",
            drivers.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
        ),
    );
    if storage.volumes.items.is_empty() {
        return step.say("The backup has no PersistentVolume.");
    }
    let delete = storage.volumes.items.iter().filter(|volume| volume.reclaim_policy == "Delete").count() as u64;
    let step = step
        .say(format!("Every one of them, with what names it in its storage system, is in `{VOLUMES}`: {}.", count(storage.volumes.total, "volume")))
        .files([VOLUMES.to_owned()])
        .say_if(delete > 0, format!("{} have the reclaim policy Delete: one whose claim is gone is deleted with its content, by the restored cluster.", count(delete, "volume")));
    let step = step.part(Part::whole().titled("Keep one from being deleted").run(format!(
        "{} patch pv '<pv>' -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}'",
        client(plan)
    )));
    let databases = storage.databases.total > 0;
    let step =
        step.say_if(databases, "State on volumes: what is written there and what the objects say are of two moments.");
    told(step, &storage.databases.items, storage.databases.total, |database| {
        let claims = database.claims.iter().map(|claim| format!("`{claim}`")).collect::<Vec<_>>();
        format!("{}: {} on {}", shown(&database.pod), database.software, claims.join(", "))
    })
}

fn shown(of: &ObjectName) -> String {
    format!("`{}`", name(of))
}

fn gone(plan: &Plan<'_>) -> Written {
    if plan.known.hazards.storage.volumes.is_empty() {
        return Err("the backup has no PersistentVolume".to_owned());
    }
    let client = client(plan);
    Ok(Step::new("S-02")
        .say("Restore the volume at the provider, from its own backups. Where it has another name there: the source of a PersistentVolume cannot be changed. Make a new one with the new name, and the claim in `spec.claimRef` without uid; delete the old one first, its policy Retain. The pod then starts by itself.")
        .part(Part::new("S-02a").run(format!("{client} get pods -A | grep -E 'ContainerCreating|Pending'")).run(format!(
            "{client} get events -A | grep -E 'FailedAttachVolume|FailedMount'"
        )))
        .part(Part::new("S-02b").run(format!("{client} get pv '<pv>' -o yaml > pv-old.yaml")))
        .shows("no pod waits for a volume"))
}

fn attached(plan: &Plan<'_>) -> Written {
    let storage = &plan.known.hazards.storage;
    if storage.attachments.is_empty() {
        return Err("the backup has no VolumeAttachment".to_owned());
    }
    let client = client(plan);
    let step = Step::new("S-03")
        .say("The restored cluster takes volumes for attached where they were; the provider has them where they are. A volume that hangs: detach it at the provider from the node where it is, and the cluster attaches it anew.")
        .part(Part::new("S-03a").run(format!("{client} get volumeattachments")))
        .part(Part::new("S-03b").run(format!("{client} get events -A | grep -E 'Multi-Attach|FailedAttachVolume'")));
    let apart = storage.elsewhere.total > 0;
    let step = step.say_if(apart, "Apart from their pods in the backup already; look at these first:");
    let step = told(step, &storage.elsewhere.items, storage.elsewhere.total, |it| {
        format!(
            "`{}` was attached to `{}`, and its pod {} is on `{}`",
            it.volume,
            it.attached_to,
            shown(&it.pod),
            it.pod_node
        )
    });
    let exclusive: Vec<_> = storage.attachments.items.iter().filter(|it| it.exclusive).collect();
    let step = step.say_if(!exclusive.is_empty(), "Attached at the time of the backup, and for one node at a time:");
    Ok(told(step, &exclusive, exclusive.len() as u64, |it| {
        format!("`{}` on `{}`, by `{}`", it.volume, it.node, it.attacher)
    }))
}

fn credentials(plan: &Plan<'_>) -> Written {
    let credentials = &plan.known.hazards.credentials;
    let mut secrets: Vec<String> = credentials.requests.items.iter().map(|request| name(&request.secret)).collect();
    secrets.extend(credentials.volume_secrets.items.iter().map(name));
    secrets.extend(credentials.root_secrets.items.iter().map(name));
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort();
    secrets.dedup();
    if secrets.is_empty() {
        return Err("the backup names no credentials of storage or cloud".to_owned());
    }
    let client = client(plan);
    let step = Step::new("S-04")
        .say("Credentials of storage and cloud that were renewed since the backup are the old ones again. Put the present ones into these Secrets:");
    let total = secrets.len() as u64;
    let step = told(step, &secrets, total, |secret| format!("`{secret}`"));
    let lines = secrets.iter().take(TOLD).filter_map(|secret| secret.split_once('/'));
    Ok(step
        .part(Part::whole().titled("When each was last changed; its values are not shown").run_all(
            lines.map(|(namespace, name)| format!("{client} get secret -n {} {}", word(namespace), word(name))),
        ))
        .trouble("A driver that reads its Secret at its start only: restart its pods."))
}

fn local(plan: &Plan<'_>) -> Written {
    let storage = &plan.known.hazards.storage;
    let mut volumes: Vec<(&Volume, &str)> = storage
        .volumes
        .items
        .iter()
        .filter_map(|volume| match &volume.source {
            VolumeSource::Local { path } => Some((volume, path.as_str())),
            _ => None,
        })
        .collect();
    if volumes.is_empty() && storage.local_owners.is_empty() {
        return Err("the backup has no local volume".to_owned());
    }
    let total = volumes.len();
    volumes.truncate(TOLD);
    let client = client(plan);
    let delete: Vec<String> =
        volumes.iter().map(|(volume, _)| format!("{client} delete pv {}", word(&volume.name))).collect();
    let links = volumes.iter().filter(|(_, path)| path.starts_with(LOCAL)).map(|(volume, path)| {
        let node = volume.nodes.first().map_or("<node>", String::as_str);
        Part::new("S-05b").on_node(node).run(format!("sudo rm {}", word(path)))
    });
    let owners = storage.local_owners.items.iter().take(TOLD).map(|owner| remove(client, owner)).collect::<Vec<_>>();
    let mut step = Step::new("S-05")
        .only_if("a local device was removed or has another name; take the lines of that device alone")
        .part(Part::new("S-05a").run_all(delete))
        .parts(links);
    step = if owners.is_empty() {
        step.without("S-05c", "the backup has no LocalVolume and no LocalVolumeSet")
    } else {
        step.part(Part::new("S-05c").run_all(owners))
    };
    Ok(step.say_if(total > TOLD, format!("The first {TOLD} of {total} local volumes; all are in `{VOLUMES}`.")))
}

fn remove(client: &str, owner: &LocalOwner) -> String {
    let kind = owner.kind.to_lowercase();
    format!("{client} delete {} {} -n {}", word(&kind), word(&owner.name.name), word(&owner.name.namespace))
}

fn claims(plan: &Plan<'_>) -> Step {
    let storage = &plan.known.hazards.storage;
    let open: Vec<_> = storage.claims.items.iter().filter(|claim| claim.phase != "Bound").collect();
    let step = Step::new("S-06").part(Part::whole().run(format!("{} get pvc -A", client(plan)))).shows(
        match storage.claims.total {
            0 => "no claim: the backup has none".to_owned(),
            total => format!("{}, Bound but for those that were not in the backup", count(total, "claim")),
        },
    );
    told(step, &open, open.len() as u64, |claim| {
        let phase = if claim.phase.is_empty() { "in no phase" } else { &claim.phase };
        format!("{} was {phase} in the backup", shown(&claim.name))
    })
}

/// Every volume, a line each.
fn file(volumes: &[Volume]) -> BookFile {
    let mut text = "volume\tdriver\thandle\treclaim policy\tclaim\tclass\tmade\tnodes\n".to_owned();
    for volume in volumes {
        let made = volume.created.map(|created| created.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
        let claim = volume.claim.as_ref().map(name).unwrap_or_default();
        let nodes = volume.nodes.join(",");
        let cells = [
            volume.name.as_str(),
            volume.source.driver(),
            volume.source.handle(),
            &volume.reclaim_policy,
            &claim,
            &volume.storage_class,
            &made,
            &nodes,
        ];
        let cells: Vec<_> = cells.iter().map(|cell| escape(cell.as_bytes())).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    let sha256 = wording::hex(&Sha256::digest(text.as_bytes()));
    let purpose = "Every PersistentVolume of the backup, and what names it in its storage system: S-01.".to_owned();
    BookFile { name: VOLUMES.to_owned(), purpose, sha256, text }
}
