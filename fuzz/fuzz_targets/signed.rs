//! Any bytes, as a list of signers, as revoked keys and as signatures: nobody has signed what nobody signed.
#![no_main]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use signatures::{Namespace, Revoked, Signers, Trust, signatures, vouched};

/// What no key has ever signed.
const UNSIGNED: &[u8] = b"what nobody has ever signed";

fuzz_target!(|data: &[u8]| {
    // the list and what it is to judge, each before and behind a zero
    let (list, signed) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => data.split_at(at),
        None => (data, data),
    };
    let (signers, revoked) = (Signers::parse(list, &TimeZone::UTC), Revoked::parse(list).unwrap_or_default());
    let (Ok(signers), Ok(blocks)) = (signers, signatures(signed.strip_prefix(b"\0").unwrap_or(signed))) else { return };
    for namespace in [Namespace::Escrow, Namespace::Drill, Namespace::Log] {
        let trust =
            Trust { signers: &signers, revoked: &revoked, namespace, at: Timestamp::UNIX_EPOCH, principal: None };
        let told = vouched(UNSIGNED, &blocks, &trust);
        assert!(told.signed.is_empty() && told.people() == 0, "somebody has signed it");
    }
});
