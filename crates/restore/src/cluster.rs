//! Who the members of the restored cluster are.

use sha1::{Digest, Sha1};

use crate::proto::{go_text, go_texts};

/// What etcdutl's flags say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// `--name`
    pub name: String,
    /// `--initial-cluster`: `name=url,...`
    pub initial_cluster: String,
    /// `--initial-cluster-token`
    pub token: String,
    /// `--initial-advertise-peer-urls`: `url,...`
    pub peer_urls: String,
}

impl Default for Flags {
    /// What etcdutl takes where nothing is said.
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            initial_cluster: "default=http://localhost:2380".to_owned(),
            token: "etcd-cluster".to_owned(),
            peer_urls: "http://localhost:2380".to_owned(),
        }
    }
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id, by URLs and token.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its URLs for its peers, in order.
    pub peer_urls: Vec<String>,
}

/// A cluster to be, its members in order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its id, by those of its members.
    pub id: u64,
    /// Its members, the lowest id first.
    pub members: Vec<Member>,
    /// Which of them this is.
    pub own: Member,
}

/// Why there is no such cluster, in etcd's own words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A member that is not among the members.
    #[error("couldn't find local name {name:?} in the initial cluster configuration")]
    NoLocalName {
        /// `--name`.
        name: String,
    },
    /// A URL that two members have.
    #[error("initial cluster {cluster:?} has duplicate url {url:?}")]
    DuplicateUrl {
        /// `--initial-cluster`.
        cluster: String,
        /// The URL.
        url: String,
    },
    /// A part without a name or without a URL.
    #[error("{part:?} in the initial cluster is no NAME=URL")]
    Part {
        /// The part.
        part: String,
    },
    /// What is no URL of a peer.
    #[error("{url:?} is no URL of a peer: expected http://HOST:PORT or https://HOST:PORT")]
    Url {
        /// As given.
        url: String,
    },
    /// The member's URLs are said twice, and differently. etcd also takes host names that resolve to the same; nothing is
    /// resolved here.
    #[error("--initial-cluster has {listed} for {name:?}, --initial-advertise-peer-urls has {advertised}")]
    OtherUrls {
        /// `--name`.
        name: String,
        /// Its URLs in `--initial-cluster`.
        listed: String,
        /// Its URLs in `--initial-advertise-peer-urls`.
        advertised: String,
    },
}

fn eight(digest: &[u8]) -> u64 {
    digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

/// URLs in order, each of a scheme and a form that etcd takes.
fn urls<'u>(urls: impl Iterator<Item = &'u str>) -> Result<Vec<String>, PlanError> {
    let mut checked = Vec::new();
    for url in urls.map(str::trim) {
        let host = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let port = host.and_then(|host| host.rsplit_once(':')).filter(|(host, _)| !host.is_empty());
        let sound = url.starts_with("unix://")
            || url.starts_with("unixs://")
            || port.is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if !sound {
            return Err(PlanError::Url { url: url.to_owned() });
        }
        checked.push(url.to_owned());
    }
    checked.sort();
    Ok(checked)
}

impl Cluster {
    /// Who the members are, or why etcd would refuse.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan(flags: &Flags) -> Result<Self, PlanError> {
        let mut listed: Vec<(String, Vec<&str>)> = Vec::new();
        for part in flags.initial_cluster.split(',').filter(|part| !part.is_empty()) {
            let named = part.split_once('=').filter(|(name, url)| !name.trim().is_empty() && !url.trim().is_empty());
            let (name, url) = named.ok_or_else(|| PlanError::Part { part: part.to_owned() })?;
            let name = name.trim();
            match listed.iter_mut().find(|(known, _)| known == name) {
                Some((_, urls)) => urls.push(url),
                None => listed.push((name.to_owned(), vec![url])),
            }
        }
        let mut members = Vec::new();
        for (name, theirs) in listed {
            let peer_urls = urls(theirs.into_iter())?;
            let mut sha = Sha1::new();
            peer_urls.iter().for_each(|url| sha.update(url));
            sha.update(&flags.token);
            members.push(Member { id: eight(&sha.finalize()), name, peer_urls });
        }
        let mut all: Vec<&String> = members.iter().flat_map(|member| &member.peer_urls).collect();
        all.sort();
        let twice = all.iter().zip(all.iter().skip(1)).find(|(one, next)| one == next);
        if let Some((url, _)) = twice {
            return Err(PlanError::DuplicateUrl { cluster: flags.initial_cluster.clone(), url: (*url).clone() });
        }
        members.sort_by_key(|member| member.id);
        let own = members.iter().find(|member| member.name == flags.name).cloned();
        let own = own.ok_or_else(|| PlanError::NoLocalName { name: flags.name.clone() })?;
        let advertised = urls(flags.peer_urls.split(','))?;
        if advertised != own.peer_urls {
            let (listed, advertised) = (own.peer_urls.join(","), advertised.join(","));
            return Err(PlanError::OtherUrls { name: flags.name.clone(), listed, advertised });
        }
        let mut sha = Sha1::new();
        members.iter().for_each(|member| sha.update(member.id.to_be_bytes()));
        Ok(Self { id: eight(&sha.finalize()), members, own })
    }

    /// How many members, as an index of the log.
    pub(crate) fn count(&self) -> u64 {
        self.members.len() as u64
    }
}

impl Member {
    /// The id as etcd writes it: hexadecimal, without leading zeros.
    #[must_use]
    pub fn hex(&self) -> String {
        format!("{:x}", self.id)
    }

    /// The member as bucket `members` and the log have it.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{{\"id\":{},\"peerURLs\":{},\"name\":{}}}", self.id, go_texts(&self.peer_urls), go_text(&self.name))
    }
}
