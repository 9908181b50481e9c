//! The core group, and events.

use jiff::Timestamp;
use lens::table::pod;
use serde_json::{Value, json};

use super::cells::{NONE, Row, UNSET, containers, few, list, number, or, pairs, text as text_of};
use super::{AGE, NAME, Rows, age, integer, text, wide};

pub(super) static TABLES: Rows = &[
    ("", "configmaps", &[NAME, text("Data", |row| json!(row.length("/data") + row.length("/binaryData"))), AGE]),
    ("", "endpoints", &[NAME, text("Endpoints", |row| json!(endpoints(row))), AGE]),
    (
        "",
        "events",
        &[
            text("Last Seen", |row| json!(last_seen(row))),
            text("Type", |row| json!(row.text("/type"))),
            text("Reason", |row| json!(row.text("/reason"))),
            text("Object", |row| json!(involved(row))),
            wide("Subobject", |row| json!(row.text("/involvedObject/fieldPath"))),
            wide("Source", |row| json!(source(row))),
            text("Message", |row| json!(row.text("/message").trim())),
            wide("First Seen", |row| json!(first_seen(row))),
            wide("Count", |row| json!(count(row))),
            wide("Name", |row| json!(row.text("/metadata/name"))),
        ],
    ),
    ("", "namespaces", &[NAME, text("Status", |row| json!(row.text("/status/phase"))), AGE]),
    (
        "",
        "nodes",
        &[
            NAME,
            text("Status", |row| json!(node_status(row))),
            text("Roles", |row| json!(node_roles(row))),
            AGE,
            text("Version", |row| json!(row.text("/status/nodeInfo/kubeletVersion"))),
            wide("Internal-IP", |row| json!(address(row, "InternalIP"))),
            wide("External-IP", |row| json!(address(row, "ExternalIP"))),
            wide("OS-Image", |row| json!(row.text_or("/status/nodeInfo/osImage", age::UNKNOWN))),
            wide("Kernel-Version", |row| json!(kernel(row))),
            wide("Container-Runtime", |row| {
                json!(row.text_or("/status/nodeInfo/containerRuntimeVersion", age::UNKNOWN))
            }),
        ],
    ),
    (
        "",
        "pods",
        &[
            NAME,
            text("Ready", |row| json!(pod::ready(row.object))),
            text("Status", |row| json!(pod::status(row.object))),
            text("Restarts", |row| json!(restarts(row))),
            AGE,
            wide("IP", |row| json!(or(or(row.text("/status/podIPs/0/ip"), row.text("/status/podIP")), NONE))),
            wide("Node", |row| json!(row.text_or("/spec/nodeName", NONE))),
            wide("Nominated Node", |row| json!(row.text_or("/status/nominatedNodeName", NONE))),
            wide("Readiness Gates", |row| json!(gates(row))),
        ],
    ),
    (
        "",
        "podtemplates",
        &[
            NAME,
            text("Containers", |row| json!(containers(row, "/template", "/name"))),
            text("Images", |row| json!(containers(row, "/template", "/image"))),
            text("Pod Labels", |row| json!(pairs(row.object.pointer("/template/metadata/labels")))),
        ],
    ),
    (
        "",
        "replicationcontrollers",
        &[
            NAME,
            integer("Desired", |row| json!(row.number("/spec/replicas"))),
            integer("Current", |row| json!(row.number("/status/replicas"))),
            integer("Ready", |row| json!(row.number("/status/readyReplicas"))),
            AGE,
            wide("Containers", |row| json!(containers(row, "/spec/template", "/name"))),
            wide("Images", |row| json!(containers(row, "/spec/template", "/image"))),
            wide("Selector", |row| json!(pairs(row.object.pointer("/spec/selector")))),
        ],
    ),
    (
        "",
        "resourcequotas",
        &[NAME, text("Request", |row| json!(quota(row, false))), text("Limit", |row| json!(quota(row, true))), AGE],
    ),
    (
        "",
        "secrets",
        &[NAME, text("Type", |row| json!(row.text("/type"))), text("Data", |row| json!(row.length("/data"))), AGE],
    ),
    ("", "serviceaccounts", &[NAME, AGE]),
    (
        "",
        "services",
        &[
            NAME,
            text("Type", |row| json!(row.text("/spec/type"))),
            text("Cluster-IP", |row| json!(or(or(row.text("/spec/clusterIPs/0"), row.text("/spec/clusterIP")), NONE))),
            text("External-IP", |row| json!(external(row))),
            text("Port(s)", |row| json!(ports(row))),
            AGE,
            wide("Selector", |row| json!(pairs(row.object.pointer("/spec/selector")))),
        ],
    ),
];

fn restarts(row: &Row<'_>) -> String {
    match pod::restarted(row.object) {
        (many, None) | (many @ 0, _) => many.to_string(),
        (many, Some(last)) => format!("{many} ({} ago)", age::since(&last, row.now)),
    }
}

fn gates(row: &Row<'_>) -> String {
    let gates = row.list("/spec/readinessGates");
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let is_true = |gate: &&Value| {
        let condition = row.condition(text_of(gate, "/conditionType"));
        condition.is_some_and(|condition| text_of(condition, "/status") == "True")
    };
    format!("{}/{}", gates.iter().filter(is_true).count(), gates.len())
}

fn node_status(row: &Row<'_>) -> String {
    let ready = match row.condition("Ready").map(|condition| text_of(condition, "/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let held = if row.flag("/spec/unschedulable") == Some(true) { ",SchedulingDisabled" } else { "" };
    format!("{ready}{held}")
}

fn node_roles(row: &Row<'_>) -> String {
    let labels = row.object.pointer("/metadata/labels").and_then(Value::as_object);
    let mut roles: Vec<&str> = labels
        .into_iter()
        .flatten()
        .filter_map(|(label, value)| match label.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => (label == "kubernetes.io/role").then(|| value.as_str()).flatten(),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    or(&roles.join(","), NONE).to_owned()
}

fn address<'o>(row: &Row<'o>, kind: &str) -> &'o str {
    let found = row.list("/status/addresses").iter().find(|address| text_of(address, "/type") == kind);
    or(found.map_or("", |address| text_of(address, "/address")), NONE)
}

fn ports(row: &Row<'_>) -> String {
    let shown = row.list("/spec/ports").iter().map(|port| {
        let (number, protocol) = (number(port, "/port").unwrap_or(0), text_of(port, "/protocol"));
        match self::number(port, "/nodePort").unwrap_or(0) {
            0 => format!("{number}/{protocol}"),
            node => format!("{number}:{node}/{protocol}"),
        }
    });
    or(&shown.collect::<Vec<_>>().join(","), NONE).to_owned()
}

fn external(row: &Row<'_>) -> String {
    let own: Vec<&str> = row.list("/spec/externalIPs").iter().filter_map(Value::as_str).collect();
    match row.text("/spec/type") {
        "ClusterIP" | "NodePort" => or(&own.join(","), NONE).to_owned(),
        "LoadBalancer" => {
            let balancer = balancers(row.list("/status/loadBalancer/ingress"));
            match (balancer.is_empty(), own.is_empty()) {
                (true, true) => "<pending>".to_owned(),
                (true, false) => own.join(","),
                (false, true) => balancer,
                (false, false) => format!("{balancer},{}", own.join(",")),
            }
        }
        "ExternalName" => row.text("/spec/externalName").to_owned(),
        _ => age::UNKNOWN.to_owned(),
    }
}

/// Addresses of load balancers, each once and in order.
pub(super) fn balancers(ingress: &[Value]) -> String {
    let mut addresses: Vec<&str> =
        ingress.iter().map(|one| or(text_of(one, "/ip"), text_of(one, "/hostname"))).collect();
    addresses.retain(|address| !address.is_empty());
    addresses.sort_unstable();
    addresses.dedup();
    addresses.join(",")
}

fn endpoints(row: &Row<'_>) -> String {
    let subsets = row.list("/subsets");
    let mut all = Vec::new();
    for subset in subsets {
        let (addresses, ports) = (list(subset, "/addresses"), list(subset, "/ports"));
        for address in addresses.iter().map(|address| text_of(address, "/ip")) {
            if ports.is_empty() {
                all.push(address.to_owned());
            }
            all.extend(ports.iter().map(|port| {
                let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
                format!("{host}:{}", number(port, "/port").unwrap_or(0))
            }));
        }
    }
    if subsets.is_empty() { NONE.to_owned() } else { few(&all, 3, "") }
}

fn quota(row: &Row<'_>, limits: bool) -> String {
    let hard = row.object.pointer("/status/hard").and_then(Value::as_object);
    let mut names: Vec<&String> = hard.into_iter().flatten().map(|(name, _)| name).collect();
    names.sort_unstable();
    let said = names.into_iter().filter(|name| name.starts_with("limits") == limits).map(|name| {
        let of = |field: &str| {
            let values = row.object.pointer(field).and_then(|values| values.get(name));
            values.and_then(Value::as_str).unwrap_or("0").to_owned()
        };
        format!("{name}: {}/{}", of("/status/used"), of("/status/hard"))
    });
    said.collect::<Vec<_>>().join(", ")
}

fn first_seen(row: &Row<'_>) -> String {
    let first = row.text("/firstTimestamp");
    row.age(if first.is_empty() { "/eventTime" } else { "/firstTimestamp" })
}

fn last_seen(row: &Row<'_>) -> String {
    if row.object.pointer("/series").is_some_and(|series| !series.is_null()) {
        return row.age("/series/lastObservedTime");
    }
    if row.text("/lastTimestamp").is_empty() { first_seen(row) } else { row.age("/lastTimestamp") }
}

fn count(row: &Row<'_>) -> i64 {
    let series = row.object.pointer("/series").filter(|series| !series.is_null());
    match series {
        Some(series) => number(series, "/count").unwrap_or(0),
        None => row.number("/count").max(1),
    }
}

fn involved(row: &Row<'_>) -> String {
    let kind = row.text("/involvedObject/kind").to_lowercase();
    match row.text("/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(row: &Row<'_>) -> String {
    let component = row.text_or("/source/component", row.text("/reportingComponent"));
    match row.text_or("/source/host", row.text("/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}

/// How long something took, or takes.
pub(super) fn duration(row: &Row<'_>, from: &str, to: &str) -> String {
    let time = |pointer: &str| row.text(pointer).parse::<Timestamp>().ok();
    match (time(from), time(to).or(row.now)) {
        (Some(from), Some(to)) => age::between(from, to),
        _ => String::new(),
    }
}

/// `<unset>` for what is not there.
pub(super) fn unset<'t>(row: &Row<'t>, pointer: &str) -> &'t str {
    row.text_or(pointer, UNSET)
}

fn kernel(row: &Row<'_>) -> String {
    match (row.text("/status/nodeInfo/kernelVersion"), row.text("/status/nodeInfo/architecture")) {
        ("", _) => age::UNKNOWN.to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    }
}
