//! A part: of which plan and shard, and whether it tells of each of its items exactly once.

use crate::error::Error;
use crate::item::{Item, Plan};
use crate::judge::row::Judged;
use crate::outcome::{PartRow, Row, SCHEMA};
use crate::rows::rows;

/// A part, packed.
pub(super) struct Part {
    /// Its bytes.
    pub(super) packed: Vec<u8>,
    /// Its address.
    pub(super) name: String,
}

impl Part {
    /// What it tells, one item at a time.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Judged, Error>> + use<'_> {
        let mut rows = rows::<Row>(self.packed.as_slice(), self.name.clone()).skip(1).peekable();
        std::iter::from_fn(move || {
            let verdict = match rows.next()? {
                Ok(Row::Verdict(verdict)) => *verdict,
                Ok(_) => return Some(Err(Error::new("a finding of no item"))),
                Err(error) => return Some(Err(error)),
            };
            let mut findings = Vec::new();
            while let Some(row) = rows.next_if(|row| !matches!(row, Ok(Row::Verdict(_)))) {
                match row {
                    Ok(Row::Finding(finding)) if finding.item == verdict.item => findings.push(*finding),
                    Ok(_) => return Some(Err(Error::new("a finding of another item"))),
                    Err(error) => return Some(Err(error)),
                }
            }
            Some(Ok(Judged { verdict, findings }))
        })
    }

    /// Reads all of it, and says why it cannot be used.
    pub(super) fn check(&self, shard: Option<u32>, items: &[&Item], plan: &Plan) -> Result<(), String> {
        let expected =
            PartRow { schema: SCHEMA.to_owned(), plan: plan.digest.clone(), shard, items: items.len() as u64 };
        match rows::<Row>(self.packed.as_slice(), String::new()).next() {
            Some(Ok(Row::Part(part))) if part == expected => {}
            Some(Ok(Row::Part(part))) if part.plan != expected.plan => return Err("it is of another plan".to_owned()),
            Some(Ok(Row::Part(_))) => return Err("it is of another shard".to_owned()),
            _ => return Err("it does not tell what it is of".to_owned()),
        }
        let mut told = self.rows();
        for item in items {
            match told.next() {
                Some(Ok(judged)) if judged.verdict.item == item.item => {}
                Some(Ok(_)) => return Err("it tells of other items than the plan".to_owned()),
                Some(Err(error)) => return Err(format!("it cannot be read{error}")),
                None => return Err("it does not tell of all its items".to_owned()),
            }
        }
        if told.next().is_some() { Err("it tells of more than its items".to_owned()) } else { Ok(()) }
    }
}
