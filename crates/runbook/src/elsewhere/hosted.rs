//! A hosted control plane of OpenShift: its etcd is a StatefulSet of the management cluster.

use super::kubeadm::Snapshot;
use super::servers::Servers;
use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

const WRITERS: &str = "kube-apiserver openshift-apiserver openshift-oauth-apiserver";

pub(super) fn write(known: &Known<'_>, servers: &Servers, draft: &mut Draft) {
    let told = namespace(servers);
    let namespace = told.clone().unwrap_or_else(|| "<control-plane-namespace>".to_owned());
    draft.add("H-01", pause(&namespace, told.is_some()));
    draft.add("H-02", stop(&namespace));
    draft.add("H-03", volumes(&namespace, servers));
    draft.add("H-04", restore(known, servers, &namespace));
    draft.add("H-05", start(&namespace, servers));
    draft.add("H-06", resume(&namespace));
    draft.add("H-07", anew(known));
}

/// The namespace of the control plane: members of etcd have it in their URLs.
fn namespace(servers: &Servers) -> Option<String> {
    let first = servers.first();
    let mut parts = first.address.strip_prefix(&*first.member)?.strip_prefix(".etcd-discovery.")?.split('.');
    let (namespace, service) = (parts.next()?, parts.next()?);
    (service == "svc" && !namespace.is_empty()).then(|| namespace.to_owned())
}

fn paused(value: &str) -> String {
    format!(
        "oc patch -n '<hosted-cluster-namespace>' hostedclusters/'<hosted-cluster>' -p '{{\"spec\":{{\"pausedUntil\":\"{value}\"}}}}' --type=merge"
    )
}

fn pause(namespace: &str, told: bool) -> Written {
    Ok(Step::new("H-01")
        .at(Place::ManagementCluster)
        .say("This brings the hosted cluster back to the moment of the backup: what was written since is gone.")
        .say_if(
            told,
            format!("The namespace of its control plane, by the members of etcd in the snapshot: `{namespace}`."),
        )
        .part(Part::whole().run(paused("true")))
        .shows("`patched`"))
}

fn scale(namespace: &str, what: &str, replicas: usize) -> String {
    format!("oc scale -n {} --replicas={replicas} {what}", word(namespace))
}

fn stop(namespace: &str) -> Written {
    Ok(Step::new("H-02")
        .at(Place::ManagementCluster)
        .part(Part::whole().run(scale(namespace, &format!("deployment {WRITERS}"), 0)).run(scale(
            namespace,
            "statefulset/etcd",
            0,
        )))
        .wait("up to a minute", "no pod of etcd is left", &format!("oc -n {} get pods -l app=etcd", word(namespace))))
}

fn volumes(namespace: &str, servers: &Servers) -> Written {
    let first = servers.first();
    let lines: Vec<String> = servers
        .others()
        .map(|server| format!("oc -n {} delete pvc {}", word(namespace), word(&format!("data-{}", server.member))))
        .collect();
    if lines.is_empty() {
        return Err("etcd has one member".to_owned());
    }
    Ok(Step::new("H-03")
        .at(Place::ManagementCluster)
        .say(format!("Those of the other members. `data-{}` stays: on it is restored.", first.member))
        .part(Part::whole().run_all(lines)))
}

fn restore(known: &Known<'_>, servers: &Servers, namespace: &str) -> Written {
    let (space, first, snapshot) = (word(namespace), servers.first(), Snapshot::of(known));
    let exec = format!("oc -n {space} exec etcd-restore --");
    let lines = [
        format!("{exec} mv -vT /var/lib/data /var/lib/data.before-restore"),
        format!("{exec} etcdutl snapshot restore /var/lib/restored.db \\"),
        "  --data-dir /var/lib/data --skip-hash-check \\".to_owned(),
        format!("  --name {} --initial-cluster-token etcd-cluster \\", word(&first.member)),
        format!("  --initial-cluster {} \\", word(&servers.initial_cluster())),
        format!("  --initial-advertise-peer-urls {}", word(&first.peer_url)),
        format!("{exec} rm /var/lib/restored.db"),
        format!("oc -n {space} delete pod etcd-restore"),
    ];
    let copy = format!("oc -n {space} cp {} etcd-restore:/var/lib/restored.db", snapshot.here());
    Ok(Step::new("H-04")
        .at(Place::ManagementCluster)
        .say("A pod with etcd's own image and the volume of the first member does it.")
        .say_if(snapshot.is_packed(), "The file is compressed: unpack it first, and copy what comes out.")
        .part(Part::new("H-04a").run_all(helper(&space, &first.member)))
        .part(Part::new("H-04b").run(copy))
        .part(Part::new("H-04c").run_all(lines))
        .shows("`restored snapshot`, and `added member` for each member")
        .trouble(format!(
            "The volume has no room for both: `{exec} rm -r /var/lib/data.before-restore` once you are sure of the snapshot."
        )))
}

/// A pod on the volume of a member. What stands between the marks is read by the shell: a name that is none of a
/// StatefulSet's does not stand there.
fn helper(space: &str, member: &str) -> Vec<String> {
    let plain = member.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let member = if plain { member } else { "etcd-0" };
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd-restore\nspec:\n  restartPolicy: Never\n  containers:\n  - name: restore\n    \
         image: $image\n    command: [sleep, infinity]\n    volumeMounts:\n    - {{name: data, mountPath: /var/lib}}\n  volumes:\n  - \
         name: data\n    persistentVolumeClaim: {{claimName: data-{member}}}"
    );
    let image = "jsonpath='{.spec.template.spec.containers[?(@.name==\"etcd\")].image}'";
    let mut lines = vec![
        format!("image=$(oc -n {space} get statefulset etcd -o {image})"),
        format!("oc -n {space} apply -f - <<END"),
    ];
    lines.extend(manifest.lines().map(str::to_owned));
    lines.push("END".to_owned());
    lines.push(format!("oc -n {space} wait --for=condition=Ready pod/etcd-restore --timeout=5m"));
    lines
}

fn start(namespace: &str, servers: &Servers) -> Written {
    let members = servers.alive().count();
    Ok(Step::new("H-05")
        .at(Place::ManagementCluster)
        .part(
            Part::whole()
                .titled("etcd, and wait until every member is ready")
                .run(scale(namespace, "statefulset/etcd", members))
                .run(format!("oc -n {} rollout status statefulset/etcd --timeout=10m", word(namespace))),
        )
        .part(Part::whole().titled("Then the API servers").run(scale(
            namespace,
            &format!("deployment {WRITERS}"),
            members,
        ))))
}

fn resume(namespace: &str) -> Written {
    Ok(Step::new("H-06")
        .at(Place::ManagementCluster)
        .say("The documentation's variable for the namespace is that of the control plane; a HostedCluster lies in its own.")
        .part(Part::whole().run(paused("")).run(format!("oc -n {} get pods", word(namespace))))
        .shows("all pods Running")
        .wait("some minutes", "the HostedCluster is Available", "oc get hostedclusters -n '<hosted-cluster-namespace>' '<hosted-cluster>'"))
}

fn anew(known: &Known<'_>) -> Written {
    Ok(Step::new("H-07")
        .at(Place::ManagementCluster)
        .only_if("the hosted cluster itself is gone, and made anew")
        .say("Then it takes the snapshot when it is created, and only then: a URL that it can be fetched from, in `spec.etcd.managed.storage.restoreSnapshotURL` of the HostedCluster.")
        .say_if(known.encrypted, "Values are encrypted: the new HostedCluster needs the Secret with the same key of AES-CBC, under `spec.secretEncryption`."))
}
