//! control-plane machines that are lost.

use std::collections::BTreeSet;

use crate::hosts::Host;
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
            Successor { host, old, new, provider: provider.unwrap_or_default() }
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

///
pub(super) fn recreate(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("there is no other control-plane host".to_owned());
    }
    if plan.is_manual() {
        return Err("every host is kept".to_owned());
    }
    if plan.is_fenced() {
        return Err("the other node joins by itself; to replace one under fencing is a procedure of its own".to_owned());
    }
    if plan.known.site.infrastructure.platform == "BareMetal" && why_no_machines(plan.known).is_none() {
        return Err(
            "bare metal by the installer: its machines are not re-created. See the chapter of the documentation on \
             replacing a bare-metal control-plane node"
                .to_owned(),
        );
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
        Some(old) => part.expect(format!("in the backup: {old}, node {}, {}", one.host.node, one.provider)),
        None => part.expect(format!("in the backup: no Machine for node {}", one.host.node)),
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

/// The file that a new Machine is kept in.
fn file(one: &Successor<'_>) -> String {
    match (&one.new, one.old) {
        (Some(new), _) => format!("{new}.yaml"),
        (None, Some(old)) => format!("new-of-{old}.yaml"),
        (None, None) => format!("new-machine-of-{}.yaml", one.host.node),
    }
}

fn old_name(one: &Successor<'_>) -> String {
    word(one.old.unwrap_or("<old-machine>"))
}

fn save(one: &Successor<'_>) -> Part {
    let (old, file) = (old_name(one), word(&file(one)));
    Part::new("R-17b")
        .titled(format!("Save the Machine of {}", one.host.node))
        .run(format!("oc get machine {old} -n openshift-machine-api -o yaml > {file}"))
}

/// What is edited by hand in each file.
fn edit(step: Step, all: &[Successor<'_>]) -> Step {
    let names = all.iter().fold(Part::new("R-17c.ii"), |part, one| {
        let new = one.new.as_deref().unwrap_or("a name that no Machine has");
        part.expect(format!("{}: metadata.name is {new}", file(one)))
    });
    step.part(Part::new("R-17c").titled("In each file that was saved, with an editor:"))
        .part(Part::new("R-17c.i"))
        .part(names.expect("metadata.selfLink, if it is there: drop it"))
        .part(Part::new("R-17c.iii"))
        .part(Part::new("R-17c.iv"))
        .part(Part::new("R-17c.v").expect(
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
    Part::new("R-17e").run(LIST).expect(format!("no line with {}", one.old.unwrap_or("the old Machine")))
}

fn create(one: &Successor<'_>) -> Part {
    Part::new("R-17f").run(format!("oc apply -f {}", word(&file(one))))
}

fn wait_for(one: &Successor<'_>, named: bool) -> Part {
    let name = one.new.as_deref().filter(|_| named).unwrap_or("a new Machine");
    Part::new("R-17g").run(LIST).expect(format!("{name}: Provisioning, then Running; then R-13 for its node"))
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
