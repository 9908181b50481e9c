//! What the catalog decides, by tables and by random histories.

mod made;
mod picks;
mod retains;
mod stored;
