//! What an etcd key and value mean to Kubernetes: resource, namespace, name, encoding.
#![forbid(unsafe_code)]
