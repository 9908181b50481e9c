//! A check of one's own on what a backup says: `cargo run --example own_check -- PATH`.
//!
//! An odd number of voting members is what etcd's documentation asks for; a cluster of two stops where either of them does.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::ops::ControlFlow;

use assay::{Asks, Backup, Error, Question, Silent};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name a snapshot or a directory of backups")?;
    let unread = assay::open(path)?.read_each(&Silent, &mut |backup| {
        match even(backup) {
            Ok(Some(members)) => println!("{}: {members} members, an even number", backup.name()),
            Ok(None) => println!("{}: fine", backup.name()),
            Err(error) => println!("{}: {error}", backup.name()),
        }
        ControlFlow::Continue(())
    });
    unread.into_iter().for_each(|(name, error)| println!("{name}: {error}"));
    Ok(())
}

/// How many voting members the backup is of, where that is an even number.
pub(crate) fn even(backup: &Backup) -> Result<Option<usize>, Error> {
    let mut question = Question::default();
    question.asks = Asks::Contents; // nothing needs to be opened
    let facts = backup.facts(&question, &Silent)?;
    let members = facts.snapshot.iter().flat_map(|snapshot| &snapshot.scan.state.members);
    let voting = members.filter(|member| !member.is_learner).count();
    Ok((voting > 0 && voting % 2 == 0).then_some(voting))
}
