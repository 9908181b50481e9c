//! Procedures of other platforms.

use backup_facts::platform::Platform;
use document::Runbook;

use crate::cases;
use crate::world::World;

fn of(platform: Platform) -> World {
    cases::elsewhere().into_iter().find(|world| world.platform == platform).unwrap()
}

/// Hosts and commands of a step.
fn blocks<'b>(book: &'b Runbook, id: &str) -> Vec<(&'b str, String)> {
    let step = book.steps.iter().find(|step| step.id == id).unwrap();
    step.blocks.iter().map(|block| (block.host.as_deref().unwrap_or_default(), block.commands.join("\n"))).collect()
}

#[test]
fn every_platform_has_a_page_and_no_blank_without_a_meaning() {
    for world in cases::elsewhere() {
        let book = world.book();
        assert!(!book.steps.is_empty() && !book.because.is_empty(), "{}", world.name);
        for step in &book.steps {
            assert!(!step.title.is_empty(), "{}: {}", world.name, step.id);
            for block in &step.blocks {
                let titled = block.id.as_ref().is_none_or(|_| !block.title.is_empty());
                assert!(titled, "{}: {:?}", world.name, block.id);
            }
        }
        assert!(
            book.omitted.iter().all(|step| !step.title.is_empty() && !step.because.is_empty()),
            "{:?}",
            book.omitted
        );
        let text = serde_json::to_string(&book.steps).unwrap();
        for blank in text.split("'<").skip(1).filter_map(|rest| rest.split_once(">'")) {
            let placeholder = format!("<{}>", blank.0);
            assert!(book.blanks.iter().any(|blank| blank.placeholder == placeholder), "{}: {placeholder}", world.name);
        }
    }
}

#[test]
fn kubeadm_restores_every_member_with_the_names_and_addresses_of_the_backup() {
    let book = of(Platform::Kubeadm).book();
    let restores = blocks(&book, "K-03");
    assert_eq!(restores.len(), 3);
    let cluster = "'master-0.example.com=https://10.0.0.10:2380,master-1.example.com=https://10.0.0.11:2380,master-2.example.com=https://10.0.0.12:2380'";
    for (at, (host, lines)) in restores.iter().enumerate() {
        assert_eq!(*host, format!("master-{at}.example.com"));
        for word in [
            "etcdutl snapshot restore /var/tmp/snapshot_2026-11-20_080000.db".to_owned(),
            format!("--name {host} "),
            format!("--initial-cluster {cluster} "),
            format!("--initial-advertise-peer-urls https://10.0.0.{}:2380 ", 10 + at),
            "--initial-cluster-token '<uuid>' ".to_owned(),
        ] {
            assert!(lines.contains(&word), "{word}: {lines}");
        }
    }
    let stops = blocks(&book, "K-01");
    let last_api = stops.iter().rposition(|(_, lines)| lines.contains("kube-apiserver.yaml")).unwrap();
    let first_etcd = stops.iter().position(|(_, lines)| lines.contains("etcd.yaml")).unwrap();
    assert!(last_api < first_etcd, "API servers stop before any member does");
}

#[test]
fn a_lost_host_is_no_member_of_what_is_restored() {
    let book = of(Platform::Kubeadm).lost(&["master-1.example.com"]).book();
    for step in book.steps.iter().filter(|step| step.id != "K-07") {
        for block in &step.blocks {
            assert!(!block.commands.join(" ").contains("master-1"), "{}", step.id);
            assert_ne!(block.host.as_deref(), Some("master-1.example.com"));
        }
    }
    assert!(blocks(&book, "K-07")[0].1.contains("kubectl delete node master-1.example.com"));
    assert!(of(Platform::Kubeadm).book().omitted.iter().any(|step| step.id == "K-07"));
}

#[test]
fn the_tool_is_that_of_the_version_of_etcd() {
    for (version, tool, bumps) in [
        ("3.4.0", "sudo ETCDCTL_API=3 etcdctl snapshot restore", false),
        ("3.5.0", "sudo etcdutl snapshot restore", false),
        ("3.6.0", "sudo etcdutl snapshot restore", true),
        ("", "sudo etcdutl snapshot restore", false),
    ] {
        let book = of(Platform::Kubeadm).with(|world| world.site.etcd_version = version.to_owned()).book();
        let (_, lines) = &blocks(&book, "K-03")[0];
        assert!(lines.starts_with(tool), "{version}: {lines}");
        assert_eq!(lines.contains("--bump-revision"), bumps, "{version}");
    }
}

#[test]
fn a_reset_is_done_on_one_server_and_its_data_are_left_alone() {
    for (platform, program, service) in [(Platform::K3s, "k3s", "k3s"), (Platform::Rke2, "rke2", "rke2-server")] {
        let world = of(platform).with(|world| world.asked.recovery_host = Some("master-1.example.com".to_owned()));
        let book = world.book();
        let host = book.recovery_host.as_ref().unwrap();
        assert_eq!((host.node.as_str(), host.proposed), ("master-1.example.com", false));
        let reset = blocks(&book, "C-03");
        assert_eq!(reset.len(), 1);
        assert_eq!(reset[0].0, "master-1.example.com");
        assert!(
            reset[0].1.contains(&format!("sudo {program} server"))
                && reset[0].1.contains("--cluster-reset-restore-path=")
        );
        assert_eq!(blocks(&book, "C-02").len(), 3);
        let others = blocks(&book, "C-05");
        assert_eq!(
            others.iter().map(|(host, _)| *host).collect::<Vec<_>>(),
            ["master-0.example.com", "master-2.example.com"]
        );
        assert!(others.iter().all(|(_, lines)| lines.contains("/server/db.before-restore") && lines.contains(service)));
        for step in &book.steps {
            for block in step.blocks.iter().filter(|block| block.host.as_deref() == Some("master-1.example.com")) {
                assert!(
                    !block.commands.iter().any(|line| line.contains("mv ") || line.contains("rm -r")),
                    "{}",
                    step.id
                );
            }
        }
    }
}

#[test]
fn the_namespace_of_a_hosted_control_plane_is_in_its_members() {
    let book = of(Platform::HyperShift).book();
    assert!(blocks(&book, "H-03")[0].1.contains("oc -n clusters-shop delete pvc data-etcd-1"));
    assert!(!book.steps.iter().flat_map(|step| &step.blocks).any(|block| {
        block.commands.iter().any(|line| line.contains("pvc data-etcd-0") || line.contains("<control-plane-namespace>"))
    }));
}

#[test]
fn another_release_and_a_critical_finding_are_refused_here_too() {
    let world = of(Platform::Kubeadm).with(|world| world.asked.target = Some("1.29.1".parse().unwrap()));
    let refusals = world.book().refusals;
    assert!(refusals.iter().any(|refusal| refusal.text.contains("1.29.1")), "{refusals:?}");
    let book = of(Platform::Kubeadm).book();
    assert!(book.refusals.is_empty(), "no tarball is missed: {:?}", book.refusals);
}
