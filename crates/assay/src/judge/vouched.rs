//! What vouches for the manifest that a question is answered by.

use checks::Finding;
use checks::vouched::no_manifest;
use key_escrow::Sha256Sum;

use crate::error::Error;
use crate::keys::{Keys, manifest_beside};
use crate::question::{Asks, Question};
use crate::vouch::shown;

/// What vouches for the manifest that a question is answered by: the one that is given, or, where anybody is asked for, the one
/// beside the escrow that gives the keys. With the findings, what its bytes have to be when it is read again.
///
/// # Errors
/// If the manifest or a signature cannot be read.
pub(super) fn of(question: &Question) -> Result<(Vec<Finding>, Option<Sha256Sum>), Error> {
    let vouch = &question.vouch;
    let given = question.escrow_manifest.as_deref().filter(|_| question.asks == Asks::Restore);
    let escrow = if let Keys::Escrow(path) = &question.keys { Some(path.as_path()) } else { None };
    let manifest = match (given, escrow) {
        (Some(path), _) => path.to_path_buf(),
        (None, Some(escrow)) if vouch.asks() => match manifest_beside(escrow)? {
            Some((path, _)) => path,
            None => return Ok((vec![no_manifest(&shown(escrow))], None)),
        },
        _ => return Ok((Vec::new(), None)),
    };
    let held = vouch.hold(&manifest, question.now)?;
    Ok((held.findings, vouch.asks().then_some(held.sum)))
}
