//! Makes text from files safe, short and countable for people.
//!
//! A name, a value or a message out of a backup may be megabytes long and may hold characters that a terminal obeys:
//! commands, marks that reorder a line, signs without width that make two names look the same. One function says which
//! these are, [`is_plain`]; whatever shows text goes through what stands on it:
//!
//! | for | function | of `a<U+202E>b\` makes |
//! |---|---|---|
//! | names, which can be typed back | [`escape`], [`escape_path`], [`unescape`] | `a\u{202e}b\\` |
//! | words around names | [`inert`], [`inert_lines`] | `a\u{202e}b\` |
//! | bytes that are no text | [`dots`], [`hex_dump`] | `a...b\` |
//! | JSON that is written already | [`inert_json`] | `a\u202eb\` |
//! | messages, in which a name is short | [`clip`]; [`cut`] while it is data | `a b\` |
//!
//! [`hex`] writes digests and the like, [`unhex`] reads them; [`shell_word`] quotes a word for a command line; [`count`] and [`Size`] are how numbers are said, [`shorten`] and its like fit text into columns.
//!
//! Nothing here writes, and no input makes it panic.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clip;
mod columns;
mod digits;
mod dump;
mod escape;
mod number;
mod plain;
mod shell;

pub use clip::{clip, cut};
pub use columns::{from_column, shorten, shorten_end, shorten_with, width};
pub use digits::{hex, unhex};
pub use dump::{dots, hex_dump};
pub use escape::{escape, escape_path, inert, inert_json, inert_lines, unescape};
pub use number::{Size, count, group_digits, noun_of, number_of};
pub use plain::is_plain;
pub use shell::{shell_bytes, shell_word};
