//! The file as an investigator looks at it: which page is what, and what every byte of a page means.

mod entries;
mod looked;
mod map;
mod page;

pub use entries::{find_bucket, read_leaves};
pub use looked::Looked;
pub use map::{BucketPlace, BucketSummary, PageCounts, PageMap, PageRole, PageRun, RunMeasure};
pub use page::{BucketView, Child, ElementView, Field, PageView, Part};
