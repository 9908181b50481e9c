//! The README.txt inside an escrow: for someone with age and tar, years later, without this tool.

use std::fmt::Write as _;

use wording::number_of;

use crate::manifest::{Manifest, RejoinMethod};
use crate::payload::{JoinPlan, ORIGINAL};
use crate::tar_header::BLOCK;

/// More runs than this are left to join.json.
const MAX_SHOWN_RUNS: usize = 64;

pub(crate) fn readme(manifest: &Manifest, plan: &JoinPlan) -> String {
    let mut s = String::new();
    let (original, keyless) = (&manifest.original, &manifest.keyless);
    let holds = match manifest.removed.len() {
        0 => format!(
            "No member was taken out of\n    {}\n    sha256 {}\non {}: this archive holds no key.",
            original.name, original.digest.sha256, manifest.created
        ),
        members => format!(
            "This archive holds {} of\n    {}\n    sha256 {}\nThey were taken out on {} so that keys and data are kept apart.",
            number_of(members as u64, "member", "members"),
            original.name,
            original.digest.sha256,
            manifest.created
        ),
    };
    let _ = write!(
        s,
        "KEY ESCROW OF AN OPENSHIFT ETCD BACKUP

{holds}
The other members are in
    {keyless}
    sha256 {ksha}
manifest.json says what was removed, with class and size.

WITH assay
    assay keys join {keyless} --escrow THIS-FILE.age -i IDENTITY --out {name}
gives the original back byte for byte and proves it.

THE KEYS ONLY
    age -d -i IDENTITY THIS-FILE.age | tar -xp
unpacks the removed members under their own paths.

A TARBALL TO RESTORE FROM, WITHOUT assay
    mkdir whole && cd whole
    tar -xpzf ../{keyless}
    age -d -i IDENTITY ../THIS-FILE.age | tar -xp
    tar -cpzf ../{name} static-pod-resources
Run as root so that owners are kept. Same members, other bytes: enough for
cluster-restore.sh, not for a checksum. The name must be exactly this one.

",
        name = original.name,
        keyless = keyless.file.name,
        ksha = keyless.file.digest.sha256,
    );
    by_hand(&mut s, manifest, plan);
    s
}

/// The tar, and where possible the gzip file, byte for byte with common tools.
fn by_hand(s: &mut String, manifest: &Manifest, plan: &JoinPlan) {
    let removed = plan.removed_bytes().unwrap_or(0);
    let _ = write!(
        s,
        "THE ORIGINAL TAR BYTE FOR BYTE, WITHOUT assay
    age -d -i IDENTITY THIS-FILE.age > payload.tar      (holds keys: a RAM disk)
    tail -c {tail} payload.tar | head -c {removed} > removed.blocks
    gzip -dc {keyless} > keyless.tar
",
        tail = removed + 2 * BLOCK as u64,
        keyless = manifest.keyless.file.name,
    );
    if plan.runs.len() <= MAX_SHOWN_RUNS {
        let (mut from_keyless, mut from_removed) = (0_u64, 0_u64);
        s.push_str("    {\n");
        for (kept, taken) in &plan.runs {
            for (file, skip, count) in
                [("keyless.tar", &mut from_keyless, kept), ("removed.blocks", &mut from_removed, taken)]
            {
                if *count > 0 {
                    let _ = writeln!(s, "      dd status=none bs=512 if={file} skip={skip} count={count}");
                    *skip = skip.saturating_add(*count);
                }
            }
        }
        s.push_str("    } > original.tar\n");
    } else {
        s.push_str("    then follow \"runs\" in join/join.json: pairs of 512-byte blocks,\n    first from keyless.tar, then from removed.blocks, alternating.\n");
    }
    let _ = writeln!(s, "    sha256sum original.tar      must print {}\n", manifest.inner_tar.sha256);
    match plan.method {
        RejoinMethod::Corrections => {
            s.push_str("The gzip layer around it needs assay and join/recipe.bin; any gzip will do\nfor a restore.\n")
        }
        RejoinMethod::SealedOriginal => {
            let _ = write!(
                s,
                "THE ORIGINAL .tar.gz BYTE FOR BYTE, WITHOUT assay
{ORIGINAL} is the original, sealed to a passphrase
that is the HMAC-SHA256 of the keyless tar under \"sealKey\" of join/join.json:
    openssl dgst -sha256 -mac HMAC -macopt hexkey:SEALKEY keyless.tar
    age -d {ORIGINAL} > {name}
",
                name = manifest.original.name,
            );
        }
    }
}
