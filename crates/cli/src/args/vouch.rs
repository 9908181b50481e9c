//! Who vouches for the manifest of an escrow.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use key_escrow::Sha256Sum;

/// Who vouches for the manifest of an escrow.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Who vouches for the manifest")]
pub struct VouchArgs {
    /// Who may sign the manifest: OpenSSH's allowed_signers, or public keys of minisign. An unsigned manifest, or one that
    /// was signed by nobody of these, then fails. May be given several times
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub signers: Vec<PathBuf>,
    /// How many people of these have to have signed [default: 1]
    #[arg(long, value_name = "N", requires = "signers")]
    pub require_signers: Option<NonZeroUsize>,
    /// Public keys that were revoked, one a line: what they signed counts for nothing, whenever it was
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers")]
    pub revoked: Vec<PathBuf>,
    /// SHA-256 of the manifest, as `keys split` printed it and it was kept elsewhere; whoever can
    /// write the directory cannot forge that
    #[arg(id = "expect_manifest", long = "expect-manifest-sha256", value_name = "HEX")]
    pub expect: Option<Sha256Sum>,
}

const SIGN_HELP: &str = "\
Examples:
  assay keys sign X.manifest.json -f ~/.ssh/id_ed25519
  assay keys sign X.manifest.json -f id_ed25519_sk.pub -I alice@example.com
  assay keys sign drill.json -f ~/.ssh/id_ed25519               the statement of a drill
  assay keys sign head.json -f ~/.ssh/id_ed25519                the head of a catalog's log

ssh-keygen makes the signature, with the key's agent, token or passphrase; no private key enters
assay. By hand, of a manifest: ssh-keygen -Y sign -n assay-escrow@1 -f KEY X.manifest.json. It is
added to X.manifest.json.sig, and written alone to X.manifest.json.PRINCIPAL.sig, as ssh-keygen
reads one signature a file. Hold a manifest to its signers with --signers.";

/// `assay keys sign`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SIGN_HELP)]
pub struct KeysSignArgs {
    /// Manifest of an escrow, statement of a drill, or head of a catalog's log; it is only read
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Key to sign with: a private key, or the public key of one that an agent holds
    #[arg(short = 'f', long = "key", value_name = "KEY", value_hint = ValueHint::FilePath)]
    pub key: PathBuf,
    /// Name of the signer, as the list of signers has it, for the name of the file with this signature alone [default: the
    /// comment of KEY.pub]
    #[arg(short = 'I', long, value_name = "NAME")]
    pub principal: Option<String>,
}

/// What a drill says of itself, for a catalog that asked for it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Proof for a catalog")]
pub struct StatementArgs {
    /// Sign this challenge with the seed that is sealed in the escrow, or in the share: it proves that the drill took
    /// place. `assay catalog custody challenge` gives one
    #[arg(long, value_name = "HEX", value_parser = challenge)]
    pub challenge: Option<String>,
    /// Cluster that the catalog asked about
    #[arg(long, value_name = "ID", requires = "challenge")]
    pub cluster: Option<String>,
    /// Head of the catalog's log as it asked
    #[arg(long, value_name = "SEQ:HASH", requires = "challenge")]
    pub catalog_head: Option<String>,
    /// Write the statement of the drill to this file, and its signature to FILE.sig; there must be none of that name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub statement: Option<PathBuf>,
}

fn challenge(text: &str) -> Result<String, &'static str> {
    let text = text.to_ascii_lowercase();
    if key_escrow::is_challenge(&text) { Ok(text) } else { Err("a challenge is 32 to 128 hexadecimal digits") }
}
