//! What is to be restored, and with which options: as etcdutl has them, or as a platform's own script does.

use std::path::Path;

use artifact::{Contents, Reading};
use backup_facts::platform::Platform;
use backup_facts::version::{SnapshotRelease, Sources};
use document::RestoredAs;
use etcd_snapshot::state::Member;
use restore::platforms::Peer;
use restore::{Bump, Cluster, Flags, Release, openshift, platforms};
use serde_json::Value;
use wording::escape;

use crate::args::{EtcdRelease, RehearseArgs, RestoreOf};
use crate::commands::snapshot;
use crate::exit::Error;
use crate::ui::Ui;

/// A file of one number and a few more.
const LONGEST: u64 = 1 << 20;

/// Everything that a restore goes by.
pub(super) struct Asked {
    pub(super) cluster: Cluster,
    pub(super) bump: Option<Bump>,
    /// Whose files are made.
    pub(super) release: Release,
    pub(super) skip_hash_check: bool,
    /// Whose script, and what it was told by; `None` where the command line says all.
    pub(super) of: Option<RestoredAs>,
}

impl Asked {
    /// Of the command line alone. `None` where the snapshot has to be asked.
    pub(super) fn of_line(args: &RehearseArgs) -> Result<Option<Self>, Error> {
        let default = Flags::default();
        let flags = Flags {
            name: args.name.clone().unwrap_or(default.name),
            initial_cluster: args.initial_cluster.clone().unwrap_or(default.initial_cluster),
            token: args.initial_cluster_token.clone().unwrap_or(default.token),
            peer_urls: args.initial_advertise_peer_urls.clone().unwrap_or(default.peer_urls),
        };
        if args.script.is_some() {
            return Ok(None);
        }
        Self::planned(&flags, args, None, Release::default(), None).map(Some)
    }

    /// What the command line says comes before what the script would.
    fn planned(
        flags: &Flags,
        args: &RehearseArgs,
        by: Option<u64>,
        release: Release,
        of: Option<RestoredAs>,
    ) -> Result<Self, Error> {
        let cluster = Cluster::plan(flags).map_err(|error| Error::Usage(error.to_string()))?;
        let bump = args.bump_revision.or(by).filter(|by| *by > 0).map(|by| Bump { by });
        let release = args.etcd_release.map_or(release, EtcdRelease::release);
        Ok(Self { cluster, bump, release, skip_hash_check: args.skip_hash_check, of })
    }

    /// As the platform's own restore has them, for one of the members.
    pub(super) fn of_platform(args: &RehearseArgs, source: &Contents, ui: &mut Ui) -> Result<Self, Error> {
        let Some(RestoreOf { platform, release }) = args.script else { return Err(unknown(source)) };
        if platform == Platform::MicroShift {
            let reason = "MicroShift restores no snapshot: it puts its directory back as it was".to_owned();
            return Err(unanswerable(source, reason, "look at what is in it: `assay verify DIR`"));
        }
        let meter = ui.meter("reading", Some(source.bytes().len() as u64));
        let scan = snapshot::scan(source, snapshot::database(source)?, None, true, &|bytes| meter.add(bytes))?;
        drop(meter);
        let told = SnapshotRelease::of(&scan);
        let (node, host) = member(args, source, &scan.state.members)?;
        if platform == Platform::OpenShift {
            let release = release.or_else(|| Sources::from(&told).release().backup.minor());
            return Self::of_openshift(args, release.ok_or_else(|| unknown(source))?, node, &host);
        }
        let members = &scan.state.members;
        let first = |member: &Member| member.peer_urls.iter().find(|url| self::host(url).is_some()).cloned();
        let listed = members.iter().find(|member| member.name == node).and_then(first);
        let url = listed.filter(|_| args.peer_host.is_none()).unwrap_or_else(|| platforms::url(&host));
        let own = Peer { name: &node, url: &url };
        let urls: Vec<_> = members.iter().filter_map(|member| Some((&member.name, first(member)?))).collect();
        let others = urls.iter().filter(|(name, _)| !name.is_empty() && **name != node);
        let mut peers: Vec<_> = others.map(|(name, url)| Peer { name, url }).chain([own]).collect();
        peers.sort_unstable_by_key(|peer| peer.name);
        let token = match (&args.initial_cluster_token, platform) {
            (Some(token), _) => token.clone(),
            (None, Platform::Kubeadm) => format!("{}{}", platforms::KUBEADM_TOKEN, openshift::uuid(random()?)),
            (None, _) => platforms::HYPERSHIFT_TOKEN.to_owned(),
        };
        let flags = match platform {
            Platform::K3s | Platform::Rke2 => {
                let token = args.initial_cluster_token.clone();
                Flags { token: token.unwrap_or_default(), ..platforms::of_reset(own) }
            }
            _ => platforms::of_all(own, &peers, &token),
        };
        let sources = Sources { platform, ..Sources::from(&told) };
        let minor = sources.release().backup.minor().map(|(major, minor)| format!("{major}.{minor}"));
        // the tool of a release reads the data of that release
        let etcd = if sources.etcd.minor() >= Some((3, 6)) { Release::V36 } else { Release::V35 };
        let (release, token) = (minor.unwrap_or_default(), flags.token.clone());
        let of = RestoredAs { platform: platform.name().into(), release, node: node.clone(), token };
        Self::planned(&flags, args, None, etcd, Some(of))
    }

    /// As OpenShift's restore pod of that release, for one of its nodes.
    fn of_openshift(args: &RehearseArgs, (major, minor): (u64, u64), node: String, host: &str) -> Result<Self, Error> {
        let index = args.revision_json.as_deref().map(max_raft_index).transpose()?;
        let by = openshift::bump(major, minor, index);
        let token = match &args.initial_cluster_token {
            Some(token) => token.clone(),
            None => format!("{}{}", openshift::TOKEN, openshift::uuid(random()?)),
        };
        let flags = openshift::flags(&node, host, &token);
        let of = RestoredAs { platform: "openshift".into(), release: format!("{major}.{minor}"), node, token };
        Self::planned(&flags, args, by, openshift::etcd(major, minor), Some(of))
    }
}

fn random() -> Result<[u8; 16], Error> {
    let mut bytes = [0; 16];
    let failed = |error: getrandom::Error| Error::Usage(format!("the system has no random numbers: {error}"));
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn unanswerable(source: &Contents, reason: String, hint: &str) -> Error {
    Error::Unanswerable { display: source.display().to_owned(), reason, hint: Some(hint.to_owned()) }
}

fn unknown(source: &Contents) -> Error {
    let hint = "say it: `--as openshift:4.18`; for another platform give the options that its restore has";
    unanswerable(source, "nothing in it tells which release of OpenShift it is of".to_owned(), hint)
}

/// The node to restore on and its address: what the command line says, or the first member, by name, that has both.
fn member(args: &RehearseArgs, source: &Contents, members: &[Member]) -> Result<(String, String), Error> {
    let known = known(members);
    let found = match &args.node {
        Some(node) => known.iter().find(|(name, _)| name == node).copied(),
        None => known.first().copied(),
    };
    match (found, &args.node, &args.peer_host) {
        (Some((name, _)), _, Some(host)) => Ok((name.to_owned(), host.clone())),
        (Some((name, host)), _, None) => Ok((name.to_owned(), host.to_owned())),
        (None, Some(node), Some(host)) => Ok((node.clone(), host.clone())),
        (None, node, _) => {
            let names: Vec<_> = known.iter().map(|(name, _)| escape(name.as_bytes())).collect();
            let reason = match node {
                Some(node) => {
                    format!("no member is called `{}`: there are {}", escape(node.as_bytes()), names.join(", "))
                }
                None => "no member has a name and an address".to_owned(),
            };
            Err(unanswerable(source, reason, "name the node and its address: `--node NAME --peer-host HOST`"))
        }
    }
}

/// Members that have a name and an address, by name.
fn known(members: &[Member]) -> Vec<(&str, &str)> {
    let mut known: Vec<(&str, &str)> = members
        .iter()
        .filter_map(|member| Some((member.name.as_str(), member.peer_urls.iter().find_map(|url| host(url))?)))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    known.sort_unstable();
    known
}

/// The host of a URL with a port, in the brackets that an address of IPv6 has.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (host, _) = rest.rsplit_once(':')?;
    (!host.is_empty()).then_some(host)
}

/// How far the cluster has been, by the file `revision.json` of a live node.
fn max_raft_index(path: &Path) -> Result<u64, Error> {
    let refused = |reason: &str| {
        let hint = "it lies in /var/lib/etcd of a node that runs, and has a number `maxRaftIndex`";
        Error::Unanswerable {
            display: format!("`{}`", wording::escape_path(path)),
            reason: reason.to_owned(),
            hint: Some(hint.to_owned()),
        }
    };
    let mut text = Vec::new();
    let file = artifact::open_regular(path).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    let read = std::io::Read::read_to_end(&mut std::io::Read::take(file, LONGEST), &mut text);
    read.map_err(|error| refused(&format!("cannot be read: {error}")))?;
    let value: Value = serde_json::from_slice(&text).map_err(|_| refused("it is no JSON"))?;
    value.get("maxRaftIndex").and_then(Value::as_u64).ok_or_else(|| refused("it has no number `maxRaftIndex`"))
}

/// The snapshot of a backup: a file, or of a directory the one that a restore takes.
pub(super) fn source(args: &RehearseArgs, reading: &Reading, ui: &mut Ui) -> Result<Contents, Error> {
    let path = Path::new(&args.backup);
    if !path.is_dir() {
        return snapshot::open(&args.backup.as_os_str().into(), reading, ui);
    }
    let directory = assay::directory::Backups::of(path, reading)?;
    let Some(file) = directory.restorable() else {
        let names: Vec<_> = directory.backups.iter().map(|backup| directory.name_of(backup)).collect();
        return Err(Error::Unanswerable {
            display: format!("`{}`", wording::escape_path(path)),
            reason: format!("a restore would take no snapshot of it: it holds {}", escape(names.join(", ").as_bytes())),
            hint: Some("name the snapshot".to_owned()),
        });
    };
    ui.note(&format!("of the directory, a restore takes `{}`", wording::escape_path(&file)));
    snapshot::ready(directory.open(&file, reading)?, reading, ui)
}
