//! bbolt pages to etcd's meaning: revisions, live keys, leases, members, hashes, MVCC faults.
#![forbid(unsafe_code)]
