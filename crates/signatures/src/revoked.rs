//! Keys that vouch for nothing any more, whenever they signed: whoever has a leaked key can say any date.

use crate::key::Key;
use crate::list::{is_minisign, lines};
use crate::time::{ListFault, ListFaultKind};

/// Public keys that were revoked.
#[derive(Debug, Clone, Default)]
pub struct Revoked(Vec<Key>);

impl Revoked {
    /// Reads a file of public keys, one a line: as OpenSSH writes them (`keytype base64 [comment]`), or minisign's.
    ///
    /// # Errors
    /// The first line that is no key: one that is stepped over would be a key that is not revoked.
    pub fn parse(bytes: &[u8]) -> Result<Self, ListFault> {
        if bytes.starts_with(b"SSHKRL\n") {
            return Err(ListFault { line: 1, kind: ListFaultKind::Krl });
        }
        let mut keys = Vec::new();
        for (line, text) in lines(bytes)? {
            let fault = |kind| ListFault { line, kind };
            if text.starts_with("untrusted comment:") {
                continue;
            }
            keys.push(if is_minisign(text) {
                Key::minisign(text).map_err(fault)?
            } else {
                Key::ssh(text).ok_or(fault(ListFaultKind::Key("a line of revoked keys is `keytype base64`")))?
            });
        }
        Ok(Self(keys))
    }

    /// Adds those of another list.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn any(&self, is: impl Fn(&Key) -> bool) -> bool {
        self.0.iter().any(is)
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        self.0.contains(key)
    }
}
