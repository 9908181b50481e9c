//! Who vouches for the manifest of an escrow.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info};

/// Nothing but itself says that a manifest is the right one.
pub static MANIFEST_UNVOUCHED: Entry = Entry {
    id: "KEY-039",
    name: "manifest-unvouched",
    severity: Info,
    platforms: EVERY,
    title: "Nothing vouches for the manifest of the escrow",
    cause: "It was held against no signature and no digest that was kept elsewhere.",
    consequence: "A manifest is digests: whoever can write its directory makes manifest and files anew, sound in themselves.",
    remedy: "Sign it when it is made (`assay keys sign`) and give --signers FILE, or keep its SHA-256 elsewhere and give \
        --expect-manifest-sha256.",
    source: "assay key-escrow: a manifest carries plain digests",
};

/// Signers were asked for, and nobody signed.
pub static MANIFEST_UNSIGNED: Entry = Entry {
    id: "KEY-040",
    name: "manifest-unsigned",
    severity: High,
    platforms: EVERY,
    title: "The manifest of the escrow is not signed",
    cause: "No signature lies beside it: it was never signed, was made anew by a rewrap, or the signature was left behind.",
    consequence: "Manifest and files may be forged together; nobody says that they are not.",
    remedy: "Find MANIFEST.sig where the manifest was signed. Do not sign what you did not make or check.",
    source: "PROTOCOL.sshsig; `ssh-keygen -Y sign -n assay-escrow@1`",
};

/// A listed key's signature is not of these bytes.
pub static MANIFEST_SIGNATURE_WRONG: Entry = Entry {
    id: "KEY-041",
    name: "manifest-signature-wrong",
    severity: Critical,
    platforms: EVERY,
    title: "A signature is not of this manifest: one of the two was changed",
    cause: "The manifest was changed or replaced after it was signed, or the signature was. A line feed more is a change.",
    consequence: "The files need not be those that were sealed. The keys in such an escrow may be somebody else's.",
    remedy: "Take manifest, signature and escrow from another copy. Do not restore from these.",
    source: "PROTOCOL.sshsig: the signature is of the hash of the exact bytes",
};

/// A signature that cannot be read.
pub static SIGNATURE_UNREADABLE: Entry = Entry {
    id: "KEY-042",
    name: "signature-unreadable",
    severity: High,
    platforms: EVERY,
    title: "A signature of the manifest cannot be read",
    cause: "It is cut off, damaged, or no signature of ssh-keygen or minisign.",
    consequence: "It vouches for nothing.",
    remedy: "Take the signature from another copy, or have the manifest signed again by who can tell that it is right.",
    source: "PROTOCOL.sshsig; minisign's file format",
};

/// A signature by somebody who may not.
pub static SIGNER_NOT_TRUSTED: Entry = Entry {
    id: "KEY-043",
    name: "signer-not-trusted",
    severity: High,
    platforms: EVERY,
    title: "The manifest is signed by a key that the list of signers does not let sign it",
    cause: "The key is not in the list, or the list gives it other namespaces or other days; or the signature was made for \
        something else.",
    consequence: "Anybody can sign. A signature counts by the list that its key is in.",
    remedy: "If the signer is one of yours, add the key to the list, or mend the line's namespaces and days. Never take a key \
        from beside the manifest.",
    source: "ssh-keygen(1), ALLOWED SIGNERS",
};

/// A signature by a key that was revoked.
pub static SIGNER_REVOKED: Entry = Entry {
    id: "KEY-044",
    name: "signer-revoked",
    severity: High,
    platforms: EVERY,
    title: "The manifest is signed with a key that was revoked",
    cause: "The key is in the list of revoked keys. Whenever it signed, it counts no more: a signature has no date of its own.",
    consequence: "Whoever has the leaked key can have made it, with any date.",
    remedy: "Have the manifest checked against another copy and signed with a key that counts.",
    source: "ssh-keygen(1), -r: revoked keys",
};

/// Fewer people than asked for.
pub static TOO_FEW_SIGNERS: Entry = Entry {
    id: "KEY-045",
    name: "too-few-signers",
    severity: High,
    platforms: EVERY,
    title: "Fewer people signed the manifest than --require-signers asks for",
    cause: "Signatures are missing, or several are of one person: people are counted, not keys.",
    consequence: "One person alone vouches, where it takes more.",
    remedy: "Let another signer check the files and sign: `assay keys sign` adds a signature to those that are there.",
    source: "--require-signers",
};

/// Not the manifest whose digest was kept.
pub static MANIFEST_NOT_EXPECTED: Entry = Entry {
    id: "KEY-046",
    name: "manifest-not-expected",
    severity: Critical,
    platforms: EVERY,
    title: "The manifest is not the one whose SHA-256 was kept elsewhere",
    cause: "It was changed, is that of a later rewrap, or was forged together with the files.",
    consequence: "The files need not be those that were sealed.",
    remedy: "Find the manifest with that digest. After a rewrap, keep the digest that it printed.",
    source: "--expect-manifest-sha256",
};

/// Who vouches.
pub static MANIFEST_VOUCHED: Entry = Entry {
    id: "KEY-047",
    name: "manifest-vouched",
    severity: Info,
    platforms: EVERY,
    title: "The manifest of the escrow is vouched for",
    cause: "Enough people of the list of signers signed it, or its SHA-256 is the one that was kept elsewhere.",
    consequence: "Its files are those that were sealed, as far as the signers and the list can be trusted.",
    remedy: "Nothing. Keep the list of signers away from the backups.",
    source: "PROTOCOL.sshsig; --expect-manifest-sha256",
};

pub(super) const ALL: &[&Entry] = &[
    &MANIFEST_UNVOUCHED,
    &MANIFEST_UNSIGNED,
    &MANIFEST_SIGNATURE_WRONG,
    &SIGNATURE_UNREADABLE,
    &SIGNER_NOT_TRUSTED,
    &SIGNER_REVOKED,
    &TOO_FEW_SIGNERS,
    &MANIFEST_NOT_EXPECTED,
    &MANIFEST_VOUCHED,
];
