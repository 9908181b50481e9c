//! control-plane machines that are lost.

use std::collections::BTreeSet;

use crate::hosts::Host;
use crate::manifest;
use crate::plan::Plan;
use crate::procedure::why_no_machines;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

const LIST: &str = "oc get machines -n openshift-machine-api -o wide";
/// Parts of the step that make a Machine by hand.
const BY_HAND: [&str; 6] = ["R-17a", "R-17b", "R-17c", "R-17e", "R-17f", "R-17h"];

/// A Machine to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Successor<'p> {
    /// The host that runs on it.
    pub(crate) host: &'p Host,
    /// The Machine's name; `None` where the backup has none for this host.
    pub(crate) old: Option<&'p str>,
    /// The name of the new one: the same base with the next free number; `None` where it has no number.
    pub(crate) new: Option<String>,
    /// What the cloud calls the old one.
    provider: &'p str,
    /// The manifest of the new one; `None` where the backup has too little for it.
    pub(crate) manifest: Option<String>,
}

impl Successor<'_> {
    /// Name of the file with the new Machine, for who edits it and for this book.
    pub(crate) fn file(&self) -> String {
        match (&self.new, self.old) {
            (Some(new), _) => format!("{new}.yaml"),
            (None, Some(old)) => format!("new-of-{old}.yaml"),
            (None, None) => format!("new-machine-of-{}.yaml", self.host.node),
        }
    }
}

/// The Machines that this book writes manifests for: none where nobody applies one.
pub(crate) fn with_manifests<'p>(plan: &'p Plan<'_>) -> Vec<Successor<'p>> {
    if why_not(plan).is_some() || why_no_machines(plan.known).is_some() || is_active(plan) {
        return Vec::new();
    }
    successors(plan).into_iter().filter(|one| one.manifest.is_some()).collect()
}

/// Machines of hosts that are, or may be, lost: never that of the recovery host.
pub(crate) fn successors<'p>(plan: &'p Plan<'_>) -> Vec<Successor<'p>> {
    let machines = &plan.known.hazards.nodes.machines.items;
    let mut taken: BTreeSet<&str> = machines.iter().map(|machine| machine.name.as_str()).collect();
    taken.extend(plan.known.site.machines.iter().map(|machine| machine.name.as_str()));
    let mut numbers = Numbers::default();
    lost(plan)
        .map(|host| {
            let (old, provider) = machine_of(plan, host).unzip();
            let new = old.and_then(|name| numbers.next(name, &taken));
            let machine = plan.known.site.machines.iter().find(|machine| Some(machine.name.as_str()) == old);
            let manifest = machine.zip(new.as_deref()).and_then(|(machine, new)| manifest::of(machine, new));
            Successor { host, old, new, provider: provider.unwrap_or_default(), manifest }
        })
        .collect()
}

/// The hosts that are lost; where nobody said which, any other than the recovery host.
fn lost<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = &'p Host> {
    let said = plan.others.iter().any(|host| host.lost);
    plan.others.iter().filter(move |host| host.lost || !said)
}

fn machine_of<'p>(plan: &'p Plan<'_>, host: &Host) -> Option<(&'p str, &'p str)> {
    let site = plan.known.site.machines.iter().find(|machine| machine.node == host.node);
    let site = site.map(|machine| (machine.name.as_str(), machine.provider_id.as_str()));
    let noted = || {
        let mut machines = plan.known.hazards.nodes.machines.items.iter();
        machines.find(|machine| machine.control_plane && machine.node == host.node)
    };
    site.or_else(|| noted().map(|machine| (machine.name.as_str(), machine.provider_id.as_str())))
}

/// Numbers that new Machines get: above every one that is there.
#[derive(Default)]
struct Numbers {
    given: std::collections::BTreeMap<String, u64>,
}

impl Numbers {
    fn next(&mut self, name: &str, taken: &BTreeSet<&str>) -> Option<String> {
        let (base, _) = numbered(name)?;
        let of_base = |other: &str| {
            let (kind, number) = numbered(other)?;
            (series(kind) == series(base)).then_some(number)
        };
        let highest = taken.iter().filter_map(|other| of_base(other)).max()?;
        let given = self.given.entry(series(base).to_owned()).or_insert(highest);
        *given = given.checked_add(1)?;
        Some(format!("{base}-{given}"))
    }
}

/// `base-3` as its base and its number.
fn numbered(name: &str) -> Option<(&str, u64)> {
    let (base, number) = name.rsplit_once('-')?;
    Some((base, number.parse().ok()?))
}

/// What Machines of one control plane share of their base: a ControlPlaneMachineSet puts random letters behind it.
fn series(base: &str) -> &str {
    base.find("-master").map_or(base, |at| base.get(..at + "-master".len()).unwrap_or(base))
}

/// Why no Machine is re-created here, whoever made the hosts.
fn why_not(plan: &Plan<'_>) -> Option<&'static str> {
    let bare_metal = plan.known.site.infrastructure.platform == "BareMetal" && why_no_machines(plan.known).is_none();
    if plan.is_single() {
        Some("there is no other control-plane host")
    } else if plan.is_manual() {
        Some("every host is kept")
    } else if plan.is_fenced() {
        Some("the other node joins by itself; to replace one under fencing is a procedure of its own")
    } else {
        bare_metal.then_some(
            "bare metal by the installer: its machines are not re-created. See the chapter of the documentation on \
             replacing a bare-metal control-plane node",
        )
    }
}

///
pub(super) fn recreate(plan: &Plan<'_>) -> Written {
    if let Some(reason) = why_not(plan) {
        return Err(reason.to_owned());
    }
    let step = Step::new("R-17").say(format!(
        "One host after the other, and never {}: it is the only one that has the data.",
        plan.recovery.node
    ));
    let step = match plan.others.iter().any(|host| host.lost) {
        true => step,
        false => step.only_if("a control-plane host is lost and does not come back"),
    };
    Ok(match why_no_machines(plan.known) {
        Some(reason) => by_hand(plan, step, reason),
        None if is_active(plan) => by_set(plan, step),
        None => with_manifest(plan, step),
    })
}

/// Whether a ControlPlaneMachineSet replaces Machines by itself.
pub(crate) fn is_active(plan: &Plan<'_>) -> bool {
    plan.known.hazards.nodes.machine_sets.items.iter().any(|set| set.state == "Active")
}

/// No Machine API: the Node alone.
fn by_hand(plan: &Plan<'_>, step: Step, reason: &str) -> Step {
    let step = step
        .say(format!("{}. Make the host again as it was once made.", capital(reason)))
        .say("Delete its Node before the new host boots for the first time.");
    let delete = |host: &Host| {
        Part::whole().titled(format!("If {} is lost", host.node)).run(format!("oc delete node {}", word(&host.node)))
    };
    let step = step.parts(lost(plan).map(delete));
    let left_out = BY_HAND.iter().chain(&["R-17d", "R-17g"]);
    left_out.fold(step, |step, id| step.without(id, reason))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// An active ControlPlaneMachineSet makes the new Machine.
fn by_set(plan: &Plan<'_>, step: Step) -> Step {
    let step = step.say("A ControlPlaneMachineSet is active: delete the Machine, and it makes a new one by itself.");
    let step = successors(plan).iter().fold(step, |step, one| step.part(delete(one)).part(wait_for(one, false)));
    let step = BY_HAND
        .iter()
        .fold(step, |step, id| step.without(id, "the ControlPlaneMachineSet is active: it makes the Machine"));
    running(step)
}

fn with_manifest(plan: &Plan<'_>, step: Step) -> Step {
    let all = successors(plan);
    let list = all.iter().fold(Part::new("R-17a").run(LIST), |part, one| match one.old {
        Some(old) => part.shows(format!("in the backup: {old}, node {}, {}", one.host.node, one.provider)),
        None => part.shows(format!("in the backup: no Machine for node {}", one.host.node)),
    });
    let step = step.part(list).parts(all.iter().map(save));
    let step = edit(step, &all);
    let step = all.iter().enumerate().fold(step, |step, (at, one)| {
        let step = step.part(delete(one)).part(gone(one)).part(create(one)).part(wait_for(one, true));
        match at + 1 < all.len() {
            true => {
                step.part(Part::new("R-17h").titled("Running, and its member has joined: go on with the next host"))
            }
            false => step,
        }
    });
    let step = if all.len() > 1 { step } else { step.without("R-17h", "one host is lost") };
    running(step)
}

fn running(step: Step) -> Step {
    step.at(Place::Workstation)
        .wait("some minutes for each Machine", "its phase is Running, and R-13 is done for its node", LIST)
        .trouble(
            "Deleting for more than 10 minutes: a hook of etcd holds it. Empty spec.lifecycleHooks of the Machine.",
        )
}

fn old_name(one: &Successor<'_>) -> String {
    word(one.old.unwrap_or("<old-machine>"))
}

fn save(one: &Successor<'_>) -> Part {
    let (old, to) = match (one.old, &one.manifest) {
        // the new one is in this book, and must not be written over
        (Some(old), Some(_)) => (word(old), format!("{old}.yaml")),
        _ => (old_name(one), one.file()),
    };
    Part::new("R-17b")
        .titled(format!("Save the Machine of {}", one.host.node))
        .run(format!("oc get machine {old} -n openshift-machine-api -o yaml > {}", word(&to)))
}

/// What is edited by hand in each file.
fn edit(step: Step, all: &[Successor<'_>]) -> Step {
    let names = all.iter().fold(Part::new("R-17c.ii"), |part, one| {
        let new = one.new.as_deref().unwrap_or("a name that no Machine has");
        part.shows(format!("{}: metadata.name is {new}", one.file()))
    });
    let (done, open): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.manifest.is_some());
    let files = |some: &[&Successor<'_>]| some.iter().map(|one| one.file()).collect::<Vec<_>>().join(", ");
    let title = match (done.is_empty(), open.is_empty()) {
        (true, _) => "In each file that was saved, with an editor:".to_owned(),
        (false, true) => format!("Done already in files of this book: {}. Compare with what was saved:", files(&done)),
        (false, false) => format!("In {}, with an editor; done already in {}:", files(&open), files(&done)),
    };
    step.part(Part::new("R-17c").titled(title))
        .part(Part::new("R-17c.i"))
        .part(names.shows("metadata.selfLink, if it is there: drop it"))
        .part(Part::new("R-17c.iii"))
        .part(Part::new("R-17c.iv"))
        .part(Part::new("R-17c.v").shows(
            "drop creationTimestamp, managedFields, finalizers, ownerReferences and spec.lifecycleHooks, too; keep labels, \
             spec.providerSpec and taints",
        ))
}

fn delete(one: &Successor<'_>) -> Part {
    Part::new("R-17d")
        .titled(format!("{} is lost: delete its Machine", one.host.node))
        .run(format!("oc delete machine -n openshift-machine-api {}", old_name(one)))
}

fn gone(one: &Successor<'_>) -> Part {
    Part::new("R-17e").run(LIST).shows(format!("no line with {}", one.old.unwrap_or("the old Machine")))
}

fn create(one: &Successor<'_>) -> Part {
    Part::new("R-17f").run(format!("oc apply -f {}", word(&one.file())))
}

fn wait_for(one: &Successor<'_>, named: bool) -> Part {
    let name = one.new.as_deref().filter(|_| named).unwrap_or("a new Machine");
    Part::new("R-17g").run(LIST).shows(format!("{name}: Provisioning, then Running; then R-13 for its node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_machine_gets_the_next_number_that_none_has() {
        let taken = BTreeSet::from(["c-x7-master-0", "c-x7-master-1", "c-x7-master-4", "c-x7-worker-9"]);
        let mut numbers = Numbers::default();
        assert_eq!(numbers.next("c-x7-master-1", &taken).as_deref(), Some("c-x7-master-5"));
        assert_eq!(numbers.next("c-x7-master-4", &taken).as_deref(), Some("c-x7-master-6"));
        assert_eq!(numbers.next("lonely", &taken), None);
    }

    #[test]
    fn random_letters_of_a_set_do_not_start_a_series_of_their_own() {
        let taken = BTreeSet::from(["c-master-0", "c-master-abcde-3"]);
        assert_eq!(Numbers::default().next("c-master-0", &taken).as_deref(), Some("c-master-4"));
    }
}
