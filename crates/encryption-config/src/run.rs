//! The fingerprints of one run, and what they may cost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::fingerprint::Fingerprint;
use crate::key::Key;

/// What came of asking for the fingerprint of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// This is it.
    Known(Fingerprint),
    /// There is none: a placeholder, or a key without usable bytes.
    Nothing,
    /// It was left out: as many distinct keys as the budget allows had theirs computed before.
    LeftOut,
}

/// The fingerprints of one run: each distinct key's is computed once, whichever files it stands in, and no more of them
/// than a budget allows, whatever files claim.
///
/// Told apart are keys by the SHA-256 of their bytes, which stays in here: no copy of a key is kept.
pub struct Fingerprints {
    budget: usize,
    computed: Mutex<HashMap<[u8; 32], Fingerprint>>,
}

impl Fingerprints {
    /// So many distinct keys have their fingerprints computed in a run: some three seconds. A real backup has three or four.
    pub const BUDGET: usize = 24;

    /// None computed yet, and at most `budget` to be.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self { budget, computed: Mutex::default() }
    }

    /// The fingerprint of a key, computed before or now.
    #[must_use]
    pub fn of(&self, key: &Key) -> Asked {
        let Some(bytes) = key.opening_bytes() else { return Asked::Nothing };
        let name: [u8; 32] = Sha256::digest(bytes).into();
        // Held while one is computed: two threads that ask for the same key must not both pay.
        let mut computed = self.computed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = computed.get(&name) {
            return Asked::Known(*known);
        }
        if computed.len() >= self.budget {
            return Asked::LeftOut;
        }
        match key.fingerprint() {
            Some(fingerprint) => Asked::Known(*computed.entry(name).or_insert(*fingerprint)),
            None => Asked::Nothing,
        }
    }

    /// How many were computed so far.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.computed.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Default for Fingerprints {
    /// With [`Fingerprints::BUDGET`].
    fn default() -> Self {
        Self::new(Self::BUDGET)
    }
}
