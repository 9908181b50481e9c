//! Volumes and `storage.k8s.io`.

use serde_json::{Value, json};

use super::cells::{NONE, Row, UNSET, list, or, scalar, text as text_of};
use super::core::unset;
use super::{AGE, NAME, Rows, boolean, integer, text, wide};

pub(super) static TABLES: Rows = &[
    (
        "",
        "persistentvolumes",
        &[
            NAME,
            text("Capacity", |row| json!(quantity(row, "/spec/capacity/storage"))),
            text("Access Modes", |row| json!(modes(row, "/spec/accessModes"))),
            text("Reclaim Policy", |row| json!(row.text("/spec/persistentVolumeReclaimPolicy"))),
            text("Status", |row| json!(phase(row))),
            text("Claim", |row| json!(claim(row))),
            text("StorageClass", |row| json!(class(row))),
            text("VolumeAttributesClass", |row| json!(unset(row, "/spec/volumeAttributesClassName"))),
            text("Reason", |row| json!(row.text("/status/reason"))),
            AGE,
            wide("VolumeMode", |row| json!(unset(row, "/spec/volumeMode"))),
        ],
    ),
    (
        "",
        "persistentvolumeclaims",
        &[
            NAME,
            text("Status", |row| json!(phase(row))),
            text("Volume", |row| json!(row.text("/spec/volumeName"))),
            text("Capacity", |row| {
                json!(if is_bound(row) { quantity(row, "/status/capacity/storage") } else { String::new() })
            }),
            text("Access Modes", |row| {
                json!(if is_bound(row) { modes(row, "/status/accessModes") } else { String::new() })
            }),
            text("StorageClass", |row| json!(class(row))),
            text("VolumeAttributesClass", |row| json!(unset(row, "/spec/volumeAttributesClassName"))),
            AGE,
            wide("VolumeMode", |row| json!(unset(row, "/spec/volumeMode"))),
        ],
    ),
    (
        "storage.k8s.io",
        "csidrivers",
        &[
            NAME,
            boolean("AttachRequired", |row| json!(row.flag("/spec/attachRequired").unwrap_or(true))),
            boolean("PodInfoOnMount", |row| json!(row.flag("/spec/podInfoOnMount").unwrap_or(false))),
            boolean("StorageCapacity", |row| json!(row.flag("/spec/storageCapacity").unwrap_or(false))),
            text("TokenRequests", |row| json!(or(&row.joined("/spec/tokenRequests", "/audience", ","), UNSET))),
            boolean("RequiresRepublish", |row| json!(row.flag("/spec/requiresRepublish").unwrap_or(false))),
            text("Modes", |row| json!(or(&row.joined("/spec/volumeLifecycleModes", "", ","), NONE))),
            AGE,
        ],
    ),
    ("storage.k8s.io", "csinodes", &[NAME, integer("Drivers", |row| json!(row.length("/spec/drivers"))), AGE]),
    (
        "storage.k8s.io",
        "storageclasses",
        &[
            text("Name", |row| json!(class_name(row))),
            text("Provisioner", |row| json!(row.text("/provisioner"))),
            text("ReclaimPolicy", |row| json!(row.text_or("/reclaimPolicy", "Delete"))),
            text("VolumeBindingMode", |row| json!(row.text_or("/volumeBindingMode", "Immediate"))),
            text("AllowVolumeExpansion", |row| json!(row.flag("/allowVolumeExpansion").unwrap_or(false))),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "volumeattachments",
        &[
            NAME,
            text("Attacher", |row| json!(row.text("/spec/attacher"))),
            text("PV", |row| json!(row.text("/spec/source/persistentVolumeName"))),
            text("Node", |row| json!(row.text("/spec/nodeName"))),
            boolean("Attached", |row| json!(row.flag("/status/attached").unwrap_or(false))),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "volumeattributesclasses",
        &[NAME, text("DriverName", |row| json!(row.text("/driverName"))), AGE],
    ),
];

fn quantity(row: &Row<'_>, pointer: &str) -> String {
    scalar(row.object.pointer(pointer)).unwrap_or_else(|| "0".to_owned())
}

fn is_bound(row: &Row<'_>) -> bool {
    !row.text("/spec/volumeName").is_empty()
}

fn phase<'o>(row: &Row<'o>) -> &'o str {
    if row.text("/metadata/deletionTimestamp").is_empty() { row.text("/status/phase") } else { "Terminating" }
}

fn modes(row: &Row<'_>, pointer: &str) -> String {
    let all: Vec<&str> = row.list(pointer).iter().filter_map(Value::as_str).collect();
    let known =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    known.iter().filter(|(mode, _)| all.contains(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn claim(row: &Row<'_>) -> String {
    match row.object.pointer("/spec/claimRef").filter(|claim| !claim.is_null()) {
        Some(claim) => format!("{}/{}", text_of(claim, "/namespace"), text_of(claim, "/name")),
        None => String::new(),
    }
}

fn class<'o>(row: &Row<'o>) -> &'o str {
    let annotations = row.object.pointer("/metadata/annotations");
    let old = annotations.and_then(|all| all.get("volume.beta.kubernetes.io/storage-class")).and_then(Value::as_str);
    old.unwrap_or_else(|| row.text("/spec/storageClassName"))
}

fn class_name(row: &Row<'_>) -> String {
    let annotations = row.object.pointer("/metadata/annotations");
    let is_default =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
            .iter()
            .any(|name| annotations.and_then(|all| all.get(*name)).and_then(Value::as_str) == Some("true"));
    let name = row.text("/metadata/name");
    if is_default { format!("{name} (default)") } else { name.to_owned() }
}

/// How many items a list has, for kinds of which only that is shown.
pub(super) fn many(row: &Row<'_>, pointer: &str) -> usize {
    list(row.object, pointer).len()
}
