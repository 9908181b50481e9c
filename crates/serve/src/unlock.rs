//! What opens an escrow here: identities in files. Nobody is asked for anything.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::Path;

use assay::Unlock;
use assay::parts::key_escrow::{Identities, NoCallbacks, ThresholdInfo};
use zeroize::Zeroizing;

use crate::error::Error;

/// No file of identities is larger.
const LARGEST: usize = 1 << 20;

/// Files of identities, by name. Their content is wiped when it goes. No `Debug`.
pub(crate) struct Files(Vec<(String, Zeroizing<Vec<u8>>)>);

impl Files {
    /// Reads them.
    pub(crate) fn read(names: &[OsString]) -> Result<Self, Error> {
        let read = |name: &OsString| {
            let shown = wording::escape_path(Path::new(name));
            let failed = |error: std::io::Error| Error::new(format!("`{shown}`: {error}"));
            // one allocation that never grows: growing would leave copies behind
            let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
            let file = artifact::open_regular(Path::new(name)).map_err(failed)?;
            file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() > LARGEST {
                return Err(Error::new(format!("`{shown}` is too large for a file of identities")));
            }
            Ok((shown, bytes))
        };
        names.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Unlock for Files {
    fn identities(&self, _: &Path, _: Option<ThresholdInfo>) -> Result<Identities, Box<dyn StdError + Send + Sync>> {
        let mut identities = Identities::new();
        for (name, content) in &self.0 {
            identities.add_file(name, content, NoCallbacks)?;
        }
        Ok(identities)
    }
}
