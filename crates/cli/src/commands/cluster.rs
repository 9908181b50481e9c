//! `assay cluster`: what a snapshot says of the cluster that it was taken from.

use std::collections::BTreeMap;

use checks::{Finding, Findings};
use document::{Artifact, Cluster, Hex64, KeyBuf, Lease};
use etcd_snapshot::facts::{Permission, Role, User};
use etcd_snapshot::{Facts, Scan};

use super::snapshot;
use crate::args::{ClusterArgs, ReportFormat};
use crate::documents;
use crate::documents::etcd::{self, alarm_word};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::human::{Align, Fields, Table};
use crate::output::json::{Verdict, write_pretty};
use crate::ui::{Ui, style};
use wording::{count, escape, inert};

/// Leases beyond these are counted in human output; JSON has them all.
const LEASES_SHOWN: usize = 20;

pub(super) fn run(args: &ClusterArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    let db = snapshot::database(&source)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(&source, db, None, true, &|bytes| meter.add(bytes))?;
    drop(meter);
    let mut findings = snapshot::check_complete(&source, &scan, ui);
    let mut entries = Findings::default();
    checks::snapshot::bad_entries(&scan, &mut entries);
    findings.extend(entries.into_sorted());
    warn_of_faults(&source, &scan.facts, ui);
    let leases = leases(&scan);
    let blockers = checks::snapshot::upgrade_blockers(&scan);
    if args.output.format() == ReportFormat::Json {
        let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
        let name = source.name();
        let artifacts = vec![document(&name, &scan.facts, leases, &blockers)];
        let findings = documents::findings(&findings, &name).collect();
        write_pretty(ui.out(), &documents::document("cluster", artifacts, findings, verdict))?;
    } else {
        print(&source, &scan.facts, &leases, &blockers, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.outcome())
}

fn warn_of_faults(source: &Source, facts: &Facts, ui: &mut Ui) {
    for fault in &facts.faults {
        ui.warn(&format!(
            "{}: bucket `{}`, key `{}`: {}",
            source.display(),
            fault.bucket,
            escape(&fault.key),
            escape(fault.problem.as_bytes())
        ));
        ui.settle(Outcome::Findings);
    }
}

fn leases(scan: &Scan<'_>) -> Vec<Lease> {
    let mut keys: BTreeMap<i64, u64> = BTreeMap::new();
    for live in scan.store.live().filter(|live| live.kv.lease != 0) {
        *keys.entry(live.kv.lease).or_default() += 1;
    }
    let lease = |lease: &etcd_snapshot::facts::Lease| Lease {
        id: Hex64(lease.id.cast_unsigned()),
        ttl: lease.ttl,
        remaining_ttl: (lease.remaining_ttl != 0).then_some(lease.remaining_ttl),
        keys: keys.get(&lease.id).copied().unwrap_or_default(),
    };
    scan.facts.leases.iter().map(lease).collect()
}

fn document(name: &str, facts: &Facts, leases: Vec<Lease>, blockers: &[Finding]) -> Artifact {
    let user = |user: &User| document::User {
        name: user.name.clone(),
        roles: user.roles.clone(),
        has_password: user.has_password,
        certificate_only: user.no_password,
    };
    let permission = |permission: &Permission| document::Permission {
        read: permission.read,
        write: permission.write,
        key: KeyBuf::from(permission.key.as_slice()),
        range_end: KeyBuf::from(permission.range_end.as_slice()),
    };
    let role = |role: &Role| document::Role {
        name: role.name.clone(),
        permissions: role.permissions.iter().map(permission).collect(),
    };
    Artifact::Cluster(Box::new(Cluster {
        path: name.to_owned(),
        kind: Cluster::KIND,
        etcd: etcd::of(facts),
        lease_list: leases,
        user_list: facts.users.iter().map(user).collect(),
        role_list: facts.roles.iter().map(role).collect(),
        upgrade_blockers: documents::findings(blockers, name).collect(),
        ..Cluster::default()
    }))
}

fn upgrade(blockers: &[Finding]) -> String {
    if blockers.is_empty() {
        return "nothing in this file stands against it".to_owned();
    }
    let line = |finding: &Finding| format!("{} {}", finding.entry().id, inert(finding.message()));
    blockers.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn print(source: &Source, facts: &Facts, leases: &[Lease], blockers: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    let look = ui.look();
    let title = ui.paint(style::HEAD, escape(source.name().as_bytes())).to_string();
    let downgrade = facts.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
    let alarms: Vec<String> =
        facts.alarms.iter().map(|alarm| format!("{} raised by {:x}", alarm_word(alarm.kind), alarm.member)).collect();
    let fields = Fields::new()
        .field("cluster version", text_or(facts.cluster_version.as_deref(), "not stored"))
        .field("storage version", text_or(facts.storage_version.as_deref(), "not stored (before etcd 3.6)"))
        .maybe("downgrade", downgrade.map(|to| format!("under way to {}", escape(to.target_version.as_bytes()))))
        .maybe("raft index", facts.consistent_index)
        .maybe("raft term", facts.term)
        .field("alarms", if alarms.is_empty() { "none".to_owned() } else { alarms.join("\n") })
        .field("authentication", if facts.auth_enabled { "on" } else { "off" })
        .field("leases", facts.leases.len())
        .field("upgrade of etcd", upgrade(blockers));
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    let tables = [members(facts), lease_table(leases), users(facts), roles(facts)];
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

fn members(facts: &Facts) -> Table {
    let columns = ["member", "name", "role", "peer URLs", "client URLs"];
    let mut table = Table::new(&columns.map(|name| (name, Align::Left))).elastic(3);
    for member in &facts.members {
        let role = if member.is_learner { "learner" } else { "voter" };
        table.row([
            format!("{:x}", member.id),
            escape(member.name.as_bytes()).into_owned(),
            role.to_owned(),
            listed(&member.peer_urls),
            listed(&member.client_urls),
        ]);
    }
    for id in &facts.removed_members {
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

fn users(facts: &Facts) -> Table {
    let mut table = Table::new(&["user", "password", "roles"].map(|name| (name, Align::Left))).elastic(2);
    for user in &facts.users {
        let password = match (user.no_password, user.has_password) {
            (true, _) => "certificate only",
            (false, true) => "yes",
            (false, false) => "none",
        };
        table.row([escape(user.name.as_bytes()).into_owned(), password.to_owned(), listed(&user.roles)]);
    }
    table
}

fn roles(facts: &Facts) -> Table {
    let mut table = Table::new(&["role", "may", "keys"].map(|name| (name, Align::Left))).elastic(2);
    for role in &facts.roles {
        let name = escape(role.name.as_bytes()).into_owned();
        if role.permissions.is_empty() {
            table.row([name.clone(), "nothing".to_owned(), "-".to_owned()]);
        }
        for permission in &role.permissions {
            let may = match (permission.read, permission.write) {
                (true, true) => "read, write",
                (true, false) => "read",
                (false, true) => "write",
                (false, false) => "nothing",
            };
            table.row([name.clone(), may.to_owned(), range(permission)]);
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
