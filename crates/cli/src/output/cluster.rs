//! What a snapshot says of the cluster that it was taken from, for people.

use checks::Finding;
use document::Lease;
use etcd_snapshot::EtcdState;
use etcd_snapshot::state::Permission;

use super::human::{Align, Fields, Table};
use super::permission_word;
use crate::exit::Error;
use crate::ui::{Ui, style};
use assay::documents::etcd::alarm_word;
use wording::{count, escape, inert};

/// Leases beyond these are counted; JSON has them all.
const LEASES_SHOWN: usize = 20;

fn upgrade(blockers: &[Finding]) -> String {
    if blockers.is_empty() {
        return "nothing in this file stands against it".to_owned();
    }
    let line = |finding: &Finding| format!("{} {}", finding.entry().id, inert(finding.message()));
    blockers.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The snapshot of that name.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(name: &str, state: &EtcdState, leases: &[Lease], blockers: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    ui.fold();
    let look = ui.look();
    let title = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
    let downgrade = state.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
    let alarms: Vec<String> =
        state.alarms.iter().map(|alarm| format!("{} raised by {:x}", alarm_word(alarm.kind), alarm.member)).collect();
    let fields = Fields::new()
        .field("cluster version", text_or(state.cluster_version.as_deref(), "not stored"))
        .field("storage version", text_or(state.storage_version.as_deref(), "not stored (before etcd 3.6)"))
        .maybe("downgrade", downgrade.map(|to| format!("under way to {}", escape(to.target_version.as_bytes()))))
        .maybe("raft index", state.consistent_index)
        .maybe("raft term", state.term)
        .field("alarms", if alarms.is_empty() { "none".to_owned() } else { alarms.join("\n") })
        .field("authentication", if state.auth_enabled { "on" } else { "off" })
        .field("leases", state.leases.len())
        .field("upgrade of etcd", upgrade(blockers));
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    let tables = [members(state), lease_table(leases), users(state), roles(state)];
    for table in tables.iter().filter(|table| !table.is_empty()) {
        writeln!(out)?;
        table.write(out, look)?;
    }
    if leases.len() > LEASES_SHOWN {
        let more = count((leases.len() - LEASES_SHOWN) as u64, "more lease");
        writeln!(out, "  and {more}; `--json` lists them all")?;
    }
    Ok(())
}

fn text_or(text: Option<&str>, otherwise: &str) -> String {
    text.map_or_else(|| otherwise.to_owned(), |text| escape(text.as_bytes()).into_owned())
}

fn listed(words: &[String]) -> String {
    if words.is_empty() { "-".to_owned() } else { escape(words.join(" ").as_bytes()).into_owned() }
}

fn members(state: &EtcdState) -> Table {
    let columns = ["member", "name", "role", "peer URLs", "client URLs"];
    let mut table = Table::new(&columns.map(|name| (name, Align::Left))).elastic(3);
    for member in &state.members {
        let role = if member.is_learner { "learner" } else { "voter" };
        table.row([
            format!("{:x}", member.id),
            escape(member.name.as_bytes()).into_owned(),
            role.to_owned(),
            listed(&member.peer_urls),
            listed(&member.client_urls),
        ]);
    }
    for id in &state.removed_members {
        table.row([format!("{id:x}"), "-".to_owned(), "removed".to_owned(), "-".to_owned(), "-".to_owned()]);
    }
    table
}

fn lease_table(leases: &[Lease]) -> Table {
    let columns = [("lease", Align::Left), ("TTL s", Align::Right), ("left s", Align::Right), ("keys", Align::Right)];
    let mut table = Table::new(&columns);
    for lease in leases.iter().take(LEASES_SHOWN) {
        let left = lease.remaining_ttl.map_or_else(|| "-".to_owned(), |left| left.to_string());
        table.row([format!("{:x}", lease.id.0), lease.ttl.to_string(), left, lease.keys.to_string()]);
    }
    table
}

fn users(state: &EtcdState) -> Table {
    let mut table = Table::new(&["user", "password", "roles"].map(|name| (name, Align::Left))).elastic(2);
    for user in &state.users {
        let password = match (user.no_password, user.has_password) {
            (true, _) => "certificate only",
            (false, true) => "yes",
            (false, false) => "none",
        };
        table.row([escape(user.name.as_bytes()).into_owned(), password.to_owned(), listed(&user.roles)]);
    }
    table
}

fn roles(state: &EtcdState) -> Table {
    let mut table = Table::new(&["role", "may", "keys"].map(|name| (name, Align::Left))).elastic(2);
    for role in &state.roles {
        let name = escape(role.name.as_bytes()).into_owned();
        if role.permissions.is_empty() {
            table.row([name.clone(), "nothing".to_owned(), "-".to_owned()]);
        }
        for permission in &role.permissions {
            table.row([name.clone(), permission_word(permission).to_owned(), range(permission)]);
        }
    }
    table
}

/// The keys of a permission, in etcd's three ways to name them.
fn range(permission: &Permission) -> String {
    let key = escape(&permission.key);
    match permission.range_end.as_slice() {
        [] => key.into_owned(),
        [0] => format!("from {key} on"),
        end => format!("from {key} to before {}", escape(end)),
    }
}
