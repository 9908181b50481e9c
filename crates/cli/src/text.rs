//! Words for people, as all crates have them.

pub use wording::{Size, count, escape, escape_path, group_digits, inert, is_plain, shorten, unescape};
