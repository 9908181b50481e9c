//! What OpenShift's own scripts restore with, by release.

use crate::Release;
use crate::cluster::Flags;

/// What every script adds to the revision where the node does not tell how far it has been.
pub const BUMP: u64 = 1_000_000_000;
/// The first minor release of 4 whose restore pod always raises the revision.
pub const BUMPS_FROM: u64 = 18;
/// What begins the token of each restore; a random UUID follows.
pub const TOKEN: &str = "openshift-etcd-";

/// The options of the restore pod, for the one member that it makes: `host` is a name or an address, in brackets if it is one
/// of IPv6.
#[must_use]
pub fn flags(name: &str, host: &str, token: &str) -> Flags {
    let url = format!("https://{host}:2380");
    Flags { name: name.to_owned(), initial_cluster: format!("{name}={url}"), token: token.to_owned(), peer_urls: url }
}

/// By how much the script raises the revision; `None` where it does not. `max_raft_index` is that of `revision.json`, a file of
/// the live node.
#[must_use]
pub fn bump(major: u64, minor: u64, max_raft_index: Option<u64>) -> Option<u64> {
    let bumps = major > 4 || minor >= BUMPS_FROM;
    // as the script has it: 1.2 times, rounded down
    let raised = max_raft_index.map(|index| u64::try_from(u128::from(index) * 6 / 5).unwrap_or(u64::MAX));
    bumps.then(|| raised.filter(|by| *by > 0).unwrap_or(BUMP))
}

/// The etcd in the images of a release: 3.4 until 4.8, 3.5 until 4.20, then 3.6.
#[must_use]
pub fn etcd(major: u64, minor: u64) -> Release {
    match (major, minor) {
        (..=4, ..=8) => Release::V34,
        (..=4, ..=20) => Release::V35,
        _ => Release::V36,
    }
}

/// A random UUID of these bytes, as `uuidgen` writes it.
#[must_use]
pub fn uuid(mut bytes: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    (*version, *variant) = (*version & 0x0f | 0x40, *variant & 0x3f | 0x80);
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_raise_the_revision_as_their_scripts_do() {
        for (major, minor, index, expected) in [
            (4, 10, None, None),
            (4, 17, Some(10), None),
            (4, 18, None, Some(BUMP)),
            (4, 18, Some(0), Some(BUMP)),
            (4, 22, Some(1_000_004), Some(1_200_004)),
            (5, 0, Some(u64::MAX), Some(u64::MAX)),
        ] {
            assert_eq!(bump(major, minor, index), expected, "{major}.{minor}");
        }
    }

    #[test]
    fn each_release_has_its_etcd() {
        let expected = [(8, Release::V34), (9, Release::V35), (20, Release::V35), (21, Release::V36)];
        assert!(expected.iter().all(|(minor, release)| etcd(4, *minor) == *release));
        assert_eq!(etcd(5, 0), Release::V36);
    }

    #[test]
    fn a_uuid_is_one_of_version_4() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn the_member_is_the_node() {
        let flags = flags("master-0", "[fd00::1]", "t");
        assert_eq!(flags.initial_cluster, "master-0=https://[fd00::1]:2380");
        assert_eq!(flags.peer_urls, "https://[fd00::1]:2380");
    }
}
