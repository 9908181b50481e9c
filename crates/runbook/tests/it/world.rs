//! Made clusters, as facts: what a snapshot and a tarball of them would say.

use backup_facts::hazards::{ControlPlaneMachineSet, Hazards, Machine, Node};
use backup_facts::platform::Platform;
use backup_facts::site::{MachineObject, Operator, PeerMember, Proxy, Role, Site, Workload};
use checks::{Finding, Findings};
use document::Runbook;
use runbook::{Asked, BackupFile, Known};
use static_resources::{Pod, Stated, StaticPods};
use version_compat::{Backup, Data, Target, Version};

/// What must never be printed.
pub(crate) const CANARY: &str = "CaNaRy-7f3a";
pub(crate) const NO_PROXY: &str = ".cluster.local,.svc,10.0.0.0/16,10.128.0.0/14,127.0.0.1";

/// A made cluster, its backup, and what is asked.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) platform: Platform,
    pub(crate) release: &'static str,
    pub(crate) hazards: Hazards,
    pub(crate) site: Site,
    pub(crate) pods: Option<StaticPods>,
    pub(crate) snapshot: Option<BackupFile>,
    pub(crate) tarball: Option<BackupFile>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) keys_apart: bool,
    pub(crate) encrypted: bool,
    pub(crate) asked: Asked,
}

fn file(name: &str, digit: char) -> BackupFile {
    BackupFile {
        path: format!("/backups/of today/{name}"),
        name: name.to_owned(),
        bytes: 4096,
        sha256: digit.to_string().repeat(64),
    }
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn node(name: &str, ip: &str, control_plane: bool) -> Node {
    Node {
        name: name.to_owned(),
        control_plane,
        ready: "True".to_owned(),
        addresses: vec![ip.to_owned()],
        ..Node::default()
    }
}

impl World {
    /// A cluster of so many control-plane nodes and three workers, on machines that an installer made.
    pub(crate) fn new(name: &'static str, release: &'static str, masters: usize) -> Self {
        let mut world = Self {
            name,
            platform: Platform::OpenShift,
            release,
            hazards: Hazards::default(),
            site: Site::default(),
            pods: Some(pods()),
            snapshot: Some(file("snapshot_2026-11-20_080000.db", 'a')),
            tarball: Some(file("static_kuberesources_2026-11-20_080000.tar.gz", 'b')),
            findings: Vec::new(),
            keys_apart: false,
            encrypted: false,
            asked: Asked { target: Some(version(release)), ..Asked::default() },
        };
        world.hazards.taken = Some("2026-11-20T08:00:00Z".parse().unwrap());
        world.hazards.restore = "2026-11-29T08:00:00Z".parse().unwrap();
        world.hazards.control_plane.network_type = "OVNKubernetes".to_owned();
        world.site.infrastructure.platform = "AWS".to_owned();
        for at in 0..masters {
            world.add_master(at);
        }
        for at in 0..3 {
            let (name, ip) = (format!("worker-{at}.example.com"), format!("10.0.1.{}", 10 + at));
            world.hazards.nodes.nodes.push(node(&name, &ip, false));
        }
        world.site.operators = vec![operator("etcds", 7), operator("kubeapiservers", 12)];
        world.site.workloads.extend(workloads());
        world
    }

    fn add_master(&mut self, at: usize) {
        let name = format!("master-{at}.example.com");
        self.hazards.nodes.nodes.push(node(&name, &format!("10.0.0.{}", 10 + at), true));
        if let Some(pods) = &mut self.pods {
            pods.etcd.certificate_nodes.insert(name.clone());
        }
        let machine = format!("c-x7kq2-master-{at}");
        self.hazards.nodes.machines.push(Machine {
            name: machine.clone(),
            control_plane: true,
            phase: "Running".to_owned(),
            node: name.clone(),
            provider_id: format!("aws:///eu-1a/i-00{at}"),
            ..Machine::default()
        });
        let mut object = MachineObject::default();
        (object.name, object.node) = (machine, name);
        object.provider_id = format!("aws:///eu-1a/i-00{at}");
        self.site.machines.push(object);
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn topology(self, platform: Platform) -> Self {
        self.with(|world| world.platform = platform)
    }

    pub(crate) fn made_by_hand(self) -> Self {
        self.with(|world| {
            world.site.infrastructure.platform = "None".to_owned();
            world.site.machines.clear();
            world.hazards.nodes.machines = Default::default();
        })
    }

    pub(crate) fn lost(self, nodes: &[&str]) -> Self {
        self.with(|world| world.asked.lost = nodes.iter().map(|node| (*node).to_owned()).collect())
    }

    pub(crate) fn machine_set(self, state: &str) -> Self {
        self.with(|world| {
            let set = ControlPlaneMachineSet { name: "cluster".to_owned(), state: state.to_owned() };
            world.hazards.nodes.machine_sets.push(set);
        })
    }

    /// A third member, on a node that has no other part of the control plane.
    pub(crate) fn arbiter(self) -> Self {
        self.with(|world| {
            let name = "arbiter-0.example.com";
            world.hazards.nodes.nodes.push(node(name, "10.0.0.9", false));
            world.site.members.push(PeerMember { name: name.to_owned(), ..PeerMember::default() });
        })
    }

    pub(crate) fn proxy(self) -> Self {
        self.with(|world| {
            world.site.proxy = Some(Proxy {
                http: "http://<user>:<password>@proxy.example.com:3128".to_owned(),
                https: "https://proxy.example.com:3129".to_owned(),
                no_proxy: NO_PROXY.to_owned(),
                had_credentials: true,
            });
        })
    }

    pub(crate) fn keepalived(self) -> Self {
        self.with(|world| {
            world.site.infrastructure.platform = "VSphere".to_owned();
            world.site.infrastructure.api_vips = vec!["10.0.0.2".to_owned()];
            world.site.infrastructure.ingress_vips = vec!["10.0.0.3".to_owned()];
        })
    }

    /// Raises what the checks find in the hazards.
    pub(crate) fn checked(self) -> Self {
        self.with(|world| {
            let mut findings = Findings::default();
            checks::hazards::check(&world.hazards, &mut findings);
            world.findings = findings.into_sorted();
        })
    }

    pub(crate) fn book(&self) -> Runbook {
        let backup = version(self.release);
        let target = self.asked.target.clone();
        let known = Known {
            path: "/backups/of today",
            name: "of today",
            snapshot: self.snapshot.clone(),
            tarball: self.tarball.clone(),
            static_pods: self.pods.as_ref(),
            platform: self.platform,
            release: self.release.to_owned(),
            backup: Some(Backup::Exact(backup.clone())),
            judgement: target
                .map(|target| version_compat::judge(&Backup::Exact(backup), &Target::Runs(target), Data::default())),
            other_cluster: false,
            revision: Some(31_407),
            hazards: &self.hazards,
            site: &self.site,
            findings: &self.findings,
            verdict: checks::verdict(&self.findings, Some(checks::Severity::High)),
            keys_apart: self.keys_apart,
            encrypted: self.encrypted,
            rehearsal: None,
        };
        runbook::book(&known, &self.asked)
    }
}

fn pods() -> StaticPods {
    let pod = |name: &str, revision| Pod { name: name.to_owned(), revision, ..Pod::default() };
    StaticPods {
        pods: vec![
            pod("kube-apiserver", 12),
            pod("kube-controller-manager", 8),
            pod("kube-scheduler", 6),
            pod("etcd", 7),
        ],
        node: Some(Stated { value: "master-1.example.com".to_owned(), source: "etcd-pod.yaml".to_owned() }),
        ..StaticPods::default()
    }
}

fn operator(resource: &str, revision: u64) -> Operator {
    Operator { resource: resource.to_owned(), latest_revision: Some(revision), ..Operator::default() }
}

fn workloads() -> impl Iterator<Item = Workload> {
    let of = |role, kind: &str, namespace: &str, name: &str| Workload {
        role,
        kind: kind.to_owned(),
        name: backup_facts::hazards::ObjectName::new(namespace, name),
    };
    [
        of(Role::Router, "deployment", "openshift-ingress", "router-default"),
        of(Role::Operator, "deployment", "openshift-dns-operator", "dns-operator"),
        of(Role::ThirdParty, "daemonset", "o'reilly", "$(agent)"),
    ]
    .into_iter()
}
