//! Client libraries.

use crate::served::Served;

/// What the clients of Python print of the fixture.
const PRINTED: &str = "\
typed 84 160 2
dynamic 4.18.30
watch 79 80
refused 405 Method Not Allowed
kr8s master-0 84
";

#[test]
fn pythons_clients_are_content() {
    let (Some(modules), Some(mut python)) = (fixtures::fleet_peer("kubernetes"), fixtures::tool("python3")) else {
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/clients.py");
    for fixture in ["plain-etcd34", "aescbc-rotated"] {
        let served = Served::fixture(fixture, &[]);
        let output = python.env_clear().args(["-W", "ignore", script]).arg(served.kubeconfig());
        let output = output.env("PYTHONPATH", &modules).env("HOME", served.folder()).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if fixture == "plain-etcd34" {
            assert_eq!(out, PRINTED, "{}", String::from_utf8_lossy(&output.stderr));
        } else {
            // values that stay closed break no type
            assert!(
                output.status.success() && out.contains("typed 84 175"),
                "{out}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        python = fixtures::tool("python3").unwrap();
    }
}
