//! Files of a book: of clusters that are made whole, so that everything is read as it is of a real backup.

use backup_facts::hazards;
use backup_facts::platform::Platform;
use backup_facts::site::Site;
use bbolt_page::{Db, Serial};
use document::{BookFile, Runbook};
use etcd_snapshot::{Options, scan};
use fixtures::cluster::{Cluster, Topology, secrets};
use runbook::Task;
use serde_json::Value;

use crate::world::World;

/// What is told of a made cluster.
fn world(name: &'static str, cluster: &Cluster) -> World {
    let bytes = cluster.snapshot();
    let scan = scan(Db::open(&bytes).unwrap(), Options::default(), &Serial);
    let platform = match cluster.topology {
        Topology::HighlyAvailable => Platform::OpenShift,
        Topology::SingleReplica => Platform::SingleNode,
        Topology::DualReplica => Platform::Fenced,
    };
    let now = "2026-11-29T08:00:00Z".parse().unwrap();
    World::new(name, cluster.release, 0).with(|world| {
        world.hazards = hazards::read(&scan, &|_, _| None, None, platform, now, now);
        world.site = Site::read(&scan, &|_, _| None);
        world.platform = platform;
        world.pods = None;
    })
}

fn file<'b>(book: &'b Runbook, name: &str) -> Option<&'b BookFile> {
    book.files.iter().find(|file| file.name == name)
}

fn names(book: &Runbook) -> Vec<&str> {
    book.files.iter().map(|file| file.name.as_str()).collect()
}

/// Every file is needed by a step, every file that a step needs is there, and nothing planted is in one.
#[test]
fn files_and_steps_name_each_other_and_hold_no_secret() {
    for (name, cluster) in Cluster::all() {
        let book = world(name, &cluster).book();
        let needed: Vec<&String> = book.steps.iter().flat_map(|step| &step.files).collect();
        for file in &book.files {
            assert!(needed.contains(&&file.name) && !file.name.contains('/'), "{name}: {}", file.name);
            let found = secrets().into_iter().find(|secret| file.text.contains(secret));
            assert_eq!(found, None, "{name}: {}", file.name);
            assert!(
                file.text.ends_with('\n') && file.sha256.len() == 64 && !file.purpose.is_empty(),
                "{name}: {file:?}"
            );
        }
        assert!(needed.iter().all(|name| file(&book, name).is_some()), "{name}: {needed:?}");
        let mut once = names(&book);
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), book.files.len(), "{name}: each once");
    }
}

/// Check 9: what R-17c asks of the file, and what the Machine API asks of a Machine.
#[test]
fn a_new_machine_is_the_old_one_as_it_was_asked_for() {
    let world = world("long", &Cluster::long());
    let book = world.book();
    assert_eq!(book.recovery_host.as_ref().unwrap().node, "master-0");
    for (old, new) in [("prod-x7k2p-master-1", "prod-x7k2p-master-3"), ("prod-x7k2p-master-2", "prod-x7k2p-master-4")] {
        let file = file(&book, &format!("{new}.yaml")).unwrap_or_else(|| panic!("{new} in {:?}", names(&book)));
        assert!(file.purpose.contains(old) && file.text.starts_with("# User data"), "{}", file.text);
        let made: Value = serde_saphyr::from_str(&file.text).unwrap();
        check_machine(&made);
        let before = &world.site.machines.iter().find(|machine| machine.name == old).unwrap().object;
        assert_eq!(made["metadata"]["name"], new);
        assert_eq!(made["metadata"]["labels"], before["metadata"]["labels"]);
        assert_eq!(made["spec"]["providerSpec"], before["spec"]["providerSpec"]);
        assert_eq!(made["metadata"].as_object().unwrap().len(), 3, "name, namespace and labels: {made:#}");
        assert!(made.get("status").is_none() && made["spec"].get("providerID").is_none(), "{made:#}");
        assert!(made["spec"].get("lifecycleHooks").is_none(), "{made:#}");
    }
    // none is applied that is not there, and the one that is saved does not write over it
    let step = book.steps.iter().find(|step| step.id == "R-17").unwrap();
    let lines: Vec<&String> = step.blocks.iter().flat_map(|block| &block.commands).collect();
    for line in &lines {
        let applied = line.strip_prefix("oc apply -f ");
        assert!(applied.is_none_or(|name| file(&book, name).is_some()), "{line}");
        let saved = line.split_once(" > ").map(|(_, name)| name);
        assert!(saved.is_none_or(|name| file(&book, name).is_none()), "{line}");
    }
    assert!(lines.iter().any(|line| line.starts_with("oc apply -f ")), "{lines:?}");
}

/// The fields and types of a Machine of `machine.openshift.io/v1beta1`.
fn check_machine(machine: &Value) {
    let at = |pointer: &str| machine.pointer(pointer).unwrap();
    let fields = |pointer: &str| at(pointer).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((at("/apiVersion"), at("/kind")), (&"machine.openshift.io/v1beta1".into(), &"Machine".into()));
    assert_eq!(fields(""), ["apiVersion", "kind", "metadata", "spec"]);
    assert_eq!(at("/metadata/namespace"), "openshift-machine-api");
    let labels = at("/metadata/labels").as_object().unwrap();
    assert!(labels.values().all(Value::is_string), "{labels:?}");
    for label in ["cluster-api-cluster", "cluster-api-machine-role", "cluster-api-machine-type"] {
        assert!(labels.contains_key(&format!("machine.openshift.io/{label}")), "{labels:?}");
    }
    let known = ["authoritativeAPI", "lifecycleHooks", "metadata", "providerID", "providerSpec", "taints"];
    assert!(fields("/spec").iter().all(|field| known.contains(&field.as_str())), "{machine:#}");
    for field in ["apiVersion", "kind"] {
        assert!(at(&format!("/spec/providerSpec/value/{field}")).is_string(), "{machine:#}");
    }
}

/// Check 8: and none where it would be made by nobody, or by somebody else.
#[test]
fn no_manifest_is_written_where_no_machine_is_made_by_hand() {
    for (name, cluster) in Cluster::all() {
        let book = world(name, &cluster).book();
        let manifests = book.files.iter().filter(|file| file.name.ends_with(".yaml")).count();
        let expected = match name {
            "single-node" | "manual" | "active" | "bare-metal" | "fenced" => 0,
            "five" => 4,
            _ => 2,
        };
        assert_eq!(manifests, expected, "{name}: {:?}", names(&book));
    }
    // a set that took over has put letters of its own into the names
    let set = Cluster { machines: fixtures::cluster::Machines::Set, ..Cluster::short() };
    let inactive = world("inactive", &set).with(|world| {
        world.hazards.nodes.machine_sets.items.iter_mut().for_each(|set| set.state = "Inactive".to_owned());
    });
    let book = inactive.book();
    for name in ["prod-x7k2p-master-b4t7q-3.yaml", "prod-x7k2p-master-m2zcp-4.yaml"] {
        assert!(file(&book, name).is_some(), "{name} in {:?}", names(&book));
    }
}

#[test]
fn names_that_are_no_names_make_no_file() {
    let hostile = world("hostile", &Cluster::short()).with(|world| {
        for (machine, name) in world.site.machines.iter_mut().zip(["../x-0", "../../etc/x-1", "x y-2"]) {
            name.clone_into(&mut machine.name);
        }
        world.hazards.nodes.machines = Default::default();
    });
    assert!(hostile.book().files.iter().all(|file| !file.name.ends_with(".yaml")), "{:?}", names(&hostile.book()));
}

#[test]
fn what_is_copied_is_listed_with_its_sums() {
    let (long, digits) = (world("long", &Cluster::long()), ["a".repeat(64), "b".repeat(64)]);
    let book = long.book();
    let [a, b] = digits;
    let sums = &file(&book, "backup.sha256").unwrap().text;
    assert_eq!(
        *sums,
        format!("{a}  snapshot_2026-11-20_080000.db\n{b}  static_kuberesources_2026-11-20_080000.tar.gz\n")
    );
    let list = &file(&book, "files-to-copy.txt").unwrap().text;
    assert!(list.contains(&format!(
        "{a}\t4096\tsnapshot_2026-11-20_080000.db\t/backups/of today/snapshot_2026-11-20_080000.db\n"
    )));
    let packed =
        long.with(|world| world.snapshot.as_mut().unwrap().name.push_str(".gz")).with(|world| world.keys_apart = true);
    let book = packed.book();
    assert!(file(&book, "backup.sha256").is_none(), "nothing is known of what comes out of them");
    assert!(file(&book, "files-to-copy.txt").unwrap().text.contains("\tput the keys back first\n"));
}

#[test]
fn exports_and_patches_are_those_of_the_steps() {
    let book = world("long", &Cluster::long()).book();
    let exports = &file(&book, "proxy.sh").unwrap().text;
    assert!(exports.contains("export HTTP_PROXY='http://<user>:<password>@proxy.example.com:3128'\n"), "{exports}");
    assert!(
        exports.contains("export NO_PROXY='.cluster.local,.internal.example.com,.svc,") && exports.contains("# User")
    );
    for line in exports.lines().filter(|line| !line.starts_with('#')) {
        assert!(
            book.steps.iter().flat_map(|step| &step.blocks).any(|block| block.commands.iter().any(|it| it == line))
        );
    }
    check_patches(&book, &[("etcd-guard-off.json", "R-19"), ("etcd-guard-on.json", "R-21")]);
    let encryption = world("long", &Cluster::long()).with(|world| world.asked.task = Task::Encryption).book();
    assert_eq!(names(&encryption), ["encryption-on.json", "encryption-off.json"]);
    check_patches(&encryption, &[("encryption-on.json", "E-04"), ("encryption-off.json", "E-09")]);
    let short = world("short", &Cluster::short()).book();
    assert!(file(&short, "proxy.sh").is_none(), "{:?}", names(&short));
    let single = world("single-node", &Cluster::single_node()).book();
    assert!(file(&single, "etcd-guard-off.json").is_none(), "a single node has no guard");
}

/// Each says what the command of its step says.
fn check_patches(book: &Runbook, patches: &[(&str, &str)]) {
    for (name, step) in patches {
        let patch: Value = serde_json::from_str(file(book, name).unwrap().text.trim_end()).unwrap();
        let step = book.steps.iter().find(|it| it.id == *step).unwrap();
        assert_eq!(step.files, [*name]);
        let said = step.blocks.iter().flat_map(|block| &block.commands).find_map(|line| line.split_once("-p '"));
        let said: Value = serde_json::from_str(said.unwrap().1.trim_end_matches('\'')).unwrap();
        assert_eq!(patch, said, "{name}");
    }
}
