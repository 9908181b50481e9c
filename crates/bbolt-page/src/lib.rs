//! Bytes to bbolt pages, elements, buckets and structural faults, for a hostile file.
#![forbid(unsafe_code)]
