//! The hashes of a snapshot. `hash`, `inspect` and `verify` share them.

use document::HexBytes;
use etcd_snapshot::{DumpHashes, HashKv, Status, trailer};

/// The integrity hash behind the pages.
pub fn trailer(trailer: &trailer::Trailer) -> document::Trailer {
    document::Trailer {
        present: trailer.present,
        valid: trailer.valid(),
        stored: trailer.stored.map(|hash| HexBytes(&hash).to_string()),
        computed: HexBytes(&trailer.computed).to_string(),
    }
}

/// The numbers of `etcdutl snapshot status`.
pub fn status(status: &Status) -> document::Status {
    document::Status {
        hash: status.hash,
        hash_hex: format!("{:08x}", status.hash),
        revision: status.revision,
        total_key: status.total_key,
        total_key36: status.total_key_36,
        total_size: status.total_size,
        version: status.version.clone(),
    }
}

/// HashKV, as `etcdctl endpoint hashkv` gives it.
pub fn hash_kv(hash: &HashKv) -> document::HashKv {
    document::HashKv { hash: hash.hash, hash_revision: hash.hash_revision, compact_revision: hash.compact_revision }
}

/// The hash of `etcd-dump-db`.
pub fn dump(hashes: DumpHashes) -> document::Dump {
    document::Dump { etcd34: hashes.v34, etcd35: hashes.v35, etcd36: hashes.v36 }
}
