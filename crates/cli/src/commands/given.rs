//! Keys that a command line gives.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use artifact::Reading;
use assay::{Given, Input, Keys, Unlock, Watch as _};

use super::unlock::Opener;
use crate::args::{IdentityArgs, KeysInput};
use crate::exit::Error;
use crate::ui::Watcher;

/// A path as it was given; `-` is standard input.
pub(super) fn input(path: &OsString) -> Input {
    if path == "-" { Input::Stdin } else { Input::from(path) }
}

/// The keys that the command line gives, and what opens an escrow.
pub(super) fn keys(
    args: &KeysInput,
    reading: &Reading,
    watch: &Watcher,
) -> Result<(Keys, Option<Arc<dyn Unlock>>), Error> {
    let keys = match (&args.keys, &args.token_file, &args.escrow) {
        (Some(path), ..) => {
            watch.before_keys();
            let folder = Path::new(path);
            Keys::Given(if path != "-" && folder.is_dir() {
                Given::of_directory(folder, reading, watch)?
            } else {
                Given::read(input(path).open_with(reading)?, reading, watch)?
            })
        }
        (None, Some(file), _) => Keys::Given(Given::of_token(input(file).open_with(reading)?, reading, watch)?),
        (None, None, Some(escrow)) => Keys::Escrow(escrow.clone()),
        (None, None, None) => Keys::OfTheBackup,
    };
    let opens = args.escrow.is_some() || opens(&args.open);
    Ok((keys, opens.then(|| Arc::new(Opener::of(&args.open, watch)) as Arc<dyn Unlock>)))
}

/// The keys that the command line gives to a command that looks for no others; `None` where it gives none.
pub(super) fn given(args: &KeysInput, reading: &Reading, watch: &Watcher) -> Result<Option<Given>, Error> {
    match keys(args, reading, watch)? {
        (Keys::Given(given), _) => Ok(Some(given)),
        (Keys::Escrow(path), Some(unlock)) => Ok(Some(Given::of_escrow(&path, &*unlock, None, watch)?)),
        (_, Some(_)) => Err(Error::Usage("an identity or share opens an escrow: name it with `--escrow`".to_owned())),
        (_, None) => Ok(None),
    }
}

/// Whether something was given that may open an escrow.
fn opens(args: &IdentityArgs) -> bool {
    !args.identities.is_empty() || !args.share_files.is_empty()
}
