//! Where a long list goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::status::Status;
use crate::world::{Resource, World};

/// What a `continue` says: the revision, and how many keys the snapshot has before the next. A key itself may be a secret.
#[derive(Serialize, Deserialize)]
struct Continue {
    rv: i64,
    after: usize,
}

/// The text for a client to come back with.
pub(crate) fn next(world: &World, last: &[u8]) -> String {
    let after = world.source.index.rank(last);
    let said = serde_json::to_vec(&Continue { rv: world.at, after }).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(said)
}

/// The key behind which the list of a resource, or of it in a namespace, goes on.
pub(crate) fn after(
    world: &World,
    resource: &Resource,
    namespace: Option<&str>,
    text: &str,
) -> Result<&'static [u8], Status> {
    let wrong = || Status::bad_request("invalid continue token: continue key is not valid");
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| wrong())?;
    let Continue { rv, after } = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if rv != world.at {
        return Err(Status::expired(rv, world.at));
    }
    // of another list, it would begin this one anew, for ever
    world.source.index.key(after).filter(|key| resource.holds(key, namespace)).ok_or_else(wrong)
}
