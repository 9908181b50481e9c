//! `networking.k8s.io`, `discovery.k8s.io`.

use serde_json::{Value, json};

use super::cells::{NONE, Row, UNSET, few, list, number, or, selector, text as text_of};
use super::core::balancers;
use super::{AGE, NAME, Rows, text};

pub(super) static TABLES: Rows = &[
    (
        "discovery.k8s.io",
        "endpointslices",
        &[
            NAME,
            text("AddressType", |row| json!(row.text("/addressType"))),
            text("Ports", |row| json!(slice_ports(row))),
            text("Endpoints", |row| json!(slice_endpoints(row))),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "ingresses",
        &[
            NAME,
            text("Class", |row| json!(row.text_or("/spec/ingressClassName", NONE))),
            text("Hosts", |row| json!(hosts(row))),
            text("Address", |row| json!(balancers(row.list("/status/loadBalancer/ingress")))),
            text("Ports", |row| json!(if row.list("/spec/tls").is_empty() { "80" } else { "80, 443" })),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "ingressclasses",
        &[
            NAME,
            text("Controller", |row| json!(row.text("/spec/controller"))),
            text("Parameters", |row| json!(parameters(row))),
            AGE,
        ],
    ),
    ("networking.k8s.io", "ipaddresses", &[NAME, text("ParentRef", |row| json!(parent(row)))]),
    (
        "networking.k8s.io",
        "networkpolicies",
        &[NAME, text("Pod-Selector", |row| json!(selector(row.object.pointer("/spec/podSelector")))), AGE],
    ),
    ("networking.k8s.io", "servicecidrs", &[NAME, text("CIDRs", |row| json!(row.joined("/spec/cidrs", "", ","))), AGE]),
];

fn slice_ports(row: &Row<'_>) -> String {
    let ports = row.list("/ports");
    let shown: Vec<String> = ports
        .iter()
        .map(|port| number(port, "/port").map_or_else(|| text_of(port, "/name").to_owned(), |port| port.to_string()))
        .collect();
    few(&shown, 3, UNSET)
}

fn slice_endpoints(row: &Row<'_>) -> String {
    let addresses = row.list("/endpoints").iter().flat_map(|endpoint| list(endpoint, "/addresses"));
    let addresses: Vec<String> = addresses.filter_map(Value::as_str).map(str::to_owned).collect();
    few(&addresses, 3, UNSET)
}

fn hosts(row: &Row<'_>) -> String {
    let hosts = row.list("/spec/rules").iter().map(|rule| text_of(rule, "/host")).filter(|host| !host.is_empty());
    let hosts: Vec<String> = hosts.map(str::to_owned).collect();
    few(&hosts, 3, "*")
}

fn parameters(row: &Row<'_>) -> String {
    let Some(parameters) = row.object.pointer("/spec/parameters").filter(|value| !value.is_null()) else {
        return NONE.to_owned();
    };
    let group = text_of(parameters, "/apiGroup");
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    format!("{}{group}/{}", text_of(parameters, "/kind"), text_of(parameters, "/name"))
}

fn parent(row: &Row<'_>) -> String {
    let Some(parent) = row.object.pointer("/spec/parentRef").filter(|value| !value.is_null()) else {
        return NONE.to_owned();
    };
    let group = text_of(parent, "/group");
    let of = text_of(parent, "/resource");
    let of = if group.is_empty() { of.to_owned() } else { format!("{of}.{group}") };
    let names = [text_of(parent, "/namespace"), text_of(parent, "/name")];
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    or(&[of].into_iter().chain(names.into_iter().map(str::to_owned)).collect::<Vec<_>>().join("/"), NONE).to_owned()
}
