//! The `.snap` of a restored member: the store of etcd 2, with nothing in it but the members.

use std::fmt::Write as _;

use crate::proto::{Message, go_text, go_texts};
use crate::wal::conf_state;
use crate::{Cluster, Member, Release};

/// Events that the store remembers.
const EVENTS: usize = 1000;
/// Counters of the store, in order.
const COUNTERS: [&str; 16] = [
    "getsSuccess",
    "getsFail",
    "setsSuccess",
    "setsFail",
    "deleteSuccess",
    "deleteFail",
    "updateSuccess",
    "updateFail",
    "createSuccess",
    "createFail",
    "compareAndSwapSuccess",
    "compareAndSwapFail",
    "compareAndDeleteSuccess",
    "compareAndDeleteFail",
    "expireCount",
    "watchers",
];

/// The file's name: term 1, and as many entries as members.
#[must_use]
pub fn name(cluster: &Cluster) -> String {
    format!("{:016x}-{:016x}.snap", 1, cluster.count())
}

fn node(path: &str, index: usize, value: &str, children: Option<&str>) -> String {
    let children = children.map_or_else(|| "null".to_owned(), |children| format!("{{{children}}}"));
    format!(
        "{{\"Path\":{},\"CreatedIndex\":{index},\"ModifiedIndex\":{index},\"ExpireTime\":\"0001-01-01T00:00:00Z\",\
         \"Value\":{},\"Children\":{children}}}",
        go_text(path),
        go_text(value)
    )
}

/// The URLs of a member as they stand in the store.
fn attributes(member: &Member) -> String {
    format!("{{\"peerURLs\":{}}}", go_texts(&member.peer_urls))
}

/// The node of every member, in order of their names in the store, which are texts.
fn members(cluster: &Cluster) -> String {
    let mut nodes: Vec<(String, String)> = Vec::new();
    for (index, member) in (1..).zip(&cluster.members) {
        let (hex, path) = (member.hex(), format!("/0/members/{}", member.hex()));
        let leaf = node(&format!("{path}/raftAttributes"), index, &attributes(member), None);
        nodes.push((hex, node(&path, index, "", Some(&format!("\"raftAttributes\":{leaf}")))));
    }
    nodes.sort();
    let nodes: Vec<String> = nodes.iter().map(|(hex, node)| format!("{}:{node}", go_text(hex))).collect();
    nodes.join(",")
}

fn store(cluster: &Cluster, release: Release) -> String {
    let count = cluster.members.len();
    let all = node("/0/members", 1, "", Some(&members(cluster)));
    let zero = node("/0", 0, "", Some(&format!("\"members\":{all}")));
    let one = node("/1", 0, "", Some(""));
    let root = node("/", 0, "", Some(&format!("\"0\":{zero},\"1\":{one}")));
    let mut events = String::new();
    for (index, member) in (1..).zip(&cluster.members) {
        let key = go_text(&format!("/0/members/{}/raftAttributes", member.hex()));
        let value = go_text(&attributes(member));
        let _ = write!(
            events,
            "{{\"action\":\"create\",\"node\":{{\"key\":{key},\"value\":{value},\"modifiedIndex\":{index},\"createdIndex\":{index}}}}},"
        );
    }
    events.push_str(&vec!["null"; EVENTS.saturating_sub(count)].join(","));
    let counter = |name: &str| match name {
        "createSuccess" => count,
        "getsFail" if release >= Release::V36 => 2,
        _ => 0,
    };
    let stats: Vec<String> = COUNTERS.iter().map(|name| format!("\"{name}\":{}", counter(name))).collect();
    format!(
        "{{\"Root\":{root},\"WatcherHub\":{{\"EventHistory\":{{\"Queue\":{{\"Events\":[{}],\"Size\":{count},\"Front\":0,\
         \"Back\":{count},\"Capacity\":{EVENTS}}},\"StartIndex\":1,\"LastIndex\":{count}}}}},\"CurrentIndex\":{count},\
         \"Stats\":{{{}}},\"CurrentVersion\":2}}",
        events.trim_end_matches(','),
        stats.join(",")
    )
}

/// The whole file.
#[must_use]
pub fn snap(cluster: &Cluster, release: Release) -> Vec<u8> {
    let metadata = Message::default().bytes(1, &conf_state(cluster)).number(2, cluster.count()).number(3, 1).done();
    let data = Message::default().bytes(1, store(cluster, release).as_bytes()).bytes(2, &metadata).done();
    Message::default().number(1, u64::from(crc32c::crc32c(&data))).bytes(2, &data).done()
}
