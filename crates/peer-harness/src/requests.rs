//! What a server can be asked to do through its JSON gateway.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::HarnessError;
use crate::fact::{KeyFact, LeaseFact, MemberFact};
use crate::gateway::{bytes, id, number, revision_in};
use crate::hex::sha256;
use crate::server::EtcdServer;

/// One change. Several in one [`EtcdServer::txn`] share a main revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Writes a key; `lease` 0 attaches none and detaches what there was.
    Put {
        /// Name.
        key: Vec<u8>,
        /// Value, any bytes.
        value: Vec<u8>,
        /// Lease to attach, 0 for none.
        lease: i64,
    },
    /// Deletes one key.
    Delete {
        /// Name.
        key: Vec<u8>,
    },
    /// Deletes every key that begins with `prefix`, which must not be empty nor all 0xff.
    DeletePrefix {
        /// Beginning of the names.
        prefix: Vec<u8>,
    },
}

impl EtcdServer {
    /// Writes a key; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::Put { key: key.to_vec(), value: value.to_vec(), lease: 0 }])
    }

    /// Writes a key attached to a lease; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn put_with_lease(&self, key: &[u8], value: &[u8], lease: i64) -> Result<i64, HarnessError> {
        self.txn(&[Op::Put { key: key.to_vec(), value: value.to_vec(), lease }])
    }

    /// Deletes a key; gives the main revision, which stays where it was if there is no such key.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn delete(&self, key: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::Delete { key: key.to_vec() }])
    }

    /// Deletes every key that begins with `prefix`, in one revision.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn delete_prefix(&self, prefix: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::DeletePrefix { prefix: prefix.to_vec() }])
    }

    /// Applies changes in one transaction; gives its main revision. One change is sent as the plain request
    /// that clients use, several as a transaction; no key may be changed twice in one.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn txn(&self, ops: &[Op]) -> Result<i64, HarnessError> {
        let answer = match ops {
            [op @ Op::Put { .. }] => self.gateway.post("/v3/kv/put", &op.body())?,
            [op] => self.gateway.post("/v3/kv/deleterange", &op.body())?,
            ops => {
                let success: Vec<Value> = ops.iter().map(|op| json!({ op.name(): op.body() })).collect();
                self.gateway.post("/v3/kv/txn", &json!({ "success": success }))?
            }
        };
        revision_in(&answer)
    }

    /// Grants a lease under an ID of the caller's choosing.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn lease_grant(&self, id: i64, ttl_seconds: i64) -> Result<(), HarnessError> {
        let body = json!({ "ID": id.to_string(), "TTL": ttl_seconds.to_string() });
        self.gateway.post("/v3/lease/grant", &body).map(drop)
    }

    /// Revokes a lease and deletes its keys, in one revision; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn lease_revoke(&self, id: i64) -> Result<i64, HarnessError> {
        revision_in(&self.gateway.post("/v3/lease/revoke", &json!({ "ID": id.to_string() }))?)
    }

    /// A lease with its keys, sorted.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] if there is no such lease.
    pub fn lease(&self, id: i64) -> Result<LeaseFact, HarnessError> {
        let path = "/v3/lease/timetolive";
        let answer = self.gateway.post(path, &json!({ "ID": id.to_string(), "keys": true }))?;
        let keys = answer.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut keys = keys.iter().map(|key| bytes(Some(key), path)).collect::<Result<Vec<_>, _>>()?;
        keys.sort_unstable();
        Ok(LeaseFact { id, granted_ttl: number(&answer, "grantedTTL", path)?, keys })
    }

    /// Compacts everything older than what is live at `revision`, and returns when it is gone from the file.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn compact(&self, revision: i64) -> Result<(), HarnessError> {
        let body = json!({ "revision": revision.to_string(), "physical": true });
        self.gateway.post("/v3/kv/compaction", &body).map(drop)
    }

    /// Adds a learner that will never be started (a voting member would cost the quorum); gives its ID.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn member_add_learner(&self, peer_url: &str) -> Result<u64, HarnessError> {
        let path = "/v3/cluster/member/add";
        let answer = self.gateway.post(path, &json!({ "peerURLs": [peer_url], "isLearner": true }))?;
        id(answer.pointer("/member/ID"), path)
    }

    /// Removes a member.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] with etcd's reason.
    pub fn member_remove(&self, id: u64) -> Result<(), HarnessError> {
        self.gateway.post("/v3/cluster/member/remove", &json!({ "ID": id.to_string() })).map(drop)
    }

    /// The members, sorted by ID.
    ///
    /// # Errors
    /// [`HarnessError::Answer`] if a member has no ID.
    pub fn members(&self) -> Result<Vec<MemberFact>, HarnessError> {
        let path = "/v3/cluster/member/list";
        let answer = self.gateway.post(path, &json!({}))?;
        let list = answer.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let fact = |member: &Value| {
            let urls = member.get("peerURLs").and_then(Value::as_array).cloned().unwrap_or_default();
            Ok(MemberFact {
                id: id(member.get("ID"), path)?,
                name: member.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                peer_urls: urls.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                is_learner: member.get("isLearner").and_then(Value::as_bool).unwrap_or_default(),
            })
        };
        let mut members = list.iter().map(fact).collect::<Result<Vec<_>, HarnessError>>()?;
        members.sort_unstable_by_key(|member| member.id);
        Ok(members)
    }

    /// The current main revision.
    ///
    /// # Errors
    /// [`HarnessError::Answer`] if the server does not say.
    pub fn revision(&self) -> Result<i64, HarnessError> {
        revision_in(&self.gateway.post("/v3/maintenance/status", &json!({}))?)
    }

    /// Live keys at a revision, in key order, with what etcd tells of each; 0 means now.
    ///
    /// # Errors
    /// [`HarnessError::Gateway`] if the revision is compacted ([`HarnessError::is_compacted`]) or in the future.
    pub fn keys_at(&self, revision: i64) -> Result<Vec<KeyFact>, HarnessError> {
        let path = "/v3/kv/range";
        let all = BASE64_STANDARD.encode([0]);
        let body = json!({ "key": all, "range_end": all, "revision": revision.to_string() });
        let answer = self.gateway.post(path, &body)?;
        let kvs = answer.get("kvs").and_then(Value::as_array).cloned().unwrap_or_default();
        let fact = |kv: &Value| {
            let value = bytes(kv.get("value"), path)?;
            Ok(KeyFact {
                key: bytes(kv.get("key"), path)?,
                create_revision: number(kv, "create_revision", path)?,
                mod_revision: number(kv, "mod_revision", path)?,
                version: number(kv, "version", path)?,
                lease: number(kv, "lease", path)?,
                value_len: value.len(),
                value_sha256: sha256(&value),
            })
        };
        kvs.iter().map(fact).collect()
    }
}

impl Op {
    fn name(&self) -> &'static str {
        match self {
            Self::Put { .. } => "request_put",
            Self::Delete { .. } | Self::DeletePrefix { .. } => "request_delete_range",
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Put { key, value, lease } => json!({
                "key": BASE64_STANDARD.encode(key),
                "value": BASE64_STANDARD.encode(value),
                "lease": lease.to_string(),
            }),
            Self::Delete { key } => json!({ "key": BASE64_STANDARD.encode(key) }),
            Self::DeletePrefix { prefix } => json!({
                "key": BASE64_STANDARD.encode(prefix),
                "range_end": BASE64_STANDARD.encode(after(prefix)),
            }),
        }
    }
}

/// The least key above every key with this prefix; etcd's own rule.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix() {
        let table: [(&[u8], &[u8]); 4] = [(b"a", b"b"), (b"a\xff", b"b"), (b"a/", b"a0"), (b"\xff\xff", b"\0")];
        for (prefix, end) in table {
            assert_eq!(after(prefix), end);
        }
    }
}
