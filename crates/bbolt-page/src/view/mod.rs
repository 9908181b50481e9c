//! The file as an investigator looks at it: which page is what, and what every byte of a page means.

mod map;
mod page;

pub use map::{BucketPlace, BucketSummary, PageMap, PageRole, PageRun};
pub use page::{BucketView, Child, ElementView, Field, PageView, Part};
