//! The options of `assay keys`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{FailOn, KeysSignArgs, PlatformArgs, ReportOutput, StatementArgs, VouchArgs};

const KEYS_HELP: &str = "\
Examples:
  assay keys ls static_kuberesources_2026-11-23_010203.tar.gz
  assay keys check /mnt/backup
  assay keys split static_kuberesources_2026-11-23_010203.tar.gz -r age1... --out vault
  assay keys verify-escrow vault/static_kuberesources_2026-11-23_010203.escrow.age -i key.txt

The tarball of a backup holds the keys that open the snapshot. These commands hold them apart and
join them again, byte for byte. An escrow is an age file (https://age-encryption.org): plain
`age -d` opens it, and a README inside says what to do without assay.";

/// `assay keys`.
#[derive(Debug, Clone, Args)]
#[command(after_help = KEYS_HELP, arg_required_else_help = true)]
pub struct KeysArgs {
    /// What to do with the keys.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// The commands under `assay keys`.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// List the key material in a tarball, never the material itself
    Ls(KeysLsArgs),
    /// Take the keys out: a keyless tarball, a sealed escrow, and a manifest
    Split(Box<KeysSplitArgs>),
    /// Give back the original tarball, byte for byte
    Join(Box<KeysJoinArgs>),
    /// Prove that an escrow opens and holds what its manifest says, showing nothing of it
    VerifyEscrow(Box<KeysDrillArgs>),
    /// Prove that keys open every encrypted value of a snapshot
    Check(Box<KeysCheckArgs>),
    /// Seal an escrow to other recipients
    Rewrap(Box<KeysRewrapArgs>),
    /// Sign the manifest of an escrow, or the statement of a drill, with ssh-keygen
    Sign(KeysSignArgs),
}

/// Forms of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaterialFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a head line, and no cell that a spreadsheet takes for a formula
    Csv,
    /// The same with cells as they are
    CsvExact,
}

const LS_HELP: &str = "\
Examples:
  assay keys ls static_kuberesources_2026-11-23_010203.tar.gz
  assay keys ls -l --all static_kuberesources_2026-11-23_010203.tar.gz
  assay keys ls -o csv static_kuberesources_2026-11-23_010203.tar.gz > keys.csv

The fingerprint of an encryption key is scrypt under a fixed salt: equal keys have equal ones. It
makes each guess at a key slow and prevents none: 32 random bytes are never guessed, a key that was
made of a passphrase may be. That of a private key is the SHA-256 of its public key, as
`openssl pkey -pubout -outform DER | sha256sum` prints it.";

/// `assay keys ls`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LS_HELP)]
pub struct KeysLsArgs {
    /// Tarball, with its keys or without; `-` for standard input
    #[arg(value_name = "TARBALL", value_hint = ValueHint::FilePath)]
    pub tarball: OsString,
    /// List public keys and certificates too
    #[arg(short, long)]
    pub all: bool,
    /// With fingerprints, in full
    #[arg(short, long)]
    pub long: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    pub output: MaterialFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl KeysLsArgs {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> MaterialFormat {
        if self.json { MaterialFormat::Json } else { self.output }
    }
}

/// What leaves a tarball besides its encryption keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassArg {
    /// The key that signs service account tokens
    SigningKey,
    /// Private keys of TLS certificates
    TlsKey,
    /// Other private keys
    PrivateKey,
    /// Bearer tokens
    Token,
    /// Kubeconfigs with credentials inside
    KubeconfigCredential,
    /// Secrets of no better known class
    OtherSecret,
    /// Everything secret
    All,
}

/// Whom to seal to.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Who will be able to open it")]
pub struct RecipientArgs {
    /// Recipient: age1..., ssh-ed25519 ..., ssh-rsa ... or a plugin's; may be given several times
    #[arg(short, long = "recipient", value_name = "RECIPIENT")]
    pub recipients: Vec<String>,
    /// File of recipients, one a line; `-` for standard input; may be given several times
    #[arg(short = 'R', long = "recipients-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recipients_files: Vec<OsString>,
    /// Split the way in among this many custodians, one recipient each
    #[arg(long, value_name = "N", requires = "threshold")]
    pub shares: Option<u8>,
    /// How many of the shares it takes to open
    #[arg(long, value_name = "K", requires = "shares")]
    pub threshold: Option<u8>,
    /// Write ASCII-armored age files
    #[arg(long)]
    pub armor: bool,
}

/// What opens an escrow.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What opens it")]
pub struct IdentityArgs {
    /// Identity file: age's, a plugin's, or an ssh private key; `-` for standard input; may be
    /// given several times
    #[arg(short, long = "identity", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub identities: Vec<OsString>,
    /// Key share, sealed or opened; as many as the threshold asks for
    #[arg(long = "share", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub share_files: Vec<PathBuf>,
    /// File whose first line is the passphrase of the escrow or of the identity files; `-` for
    /// standard input, /dev/fd/N for a descriptor; without it a passphrase is asked for
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub passphrase_file: Option<OsString>,
}

const CHECK_HELP: &str = "\
Examples:
  assay keys check /mnt/backup                                  a directory with snapshot and tarball
  assay keys check snapshot.db --keys static_kuberesources.tar.gz
  assay keys check snapshot.db --keys /etc/kubernetes           each file that may hold keys is tried
  assay keys check etcd-snapshot-1 --token-file server/token    k3s and rke2
  assay keys check snapshot.db --escrow X.escrow.age -i key.txt
  assay keys check --json /mnt/backup | jq '.artifacts[].encryption.keysFit'

Every encrypted value is opened, in memory, and counts only when its kind, namespace and name are
those of its etcd key: key names are small numbers that every cluster shares. The keys of routes and
OAuth tokens lie in the snapshot, sealed with those of the tarball; they are found and used.";

/// `assay keys check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CHECK_HELP)]
pub struct KeysCheckArgs {
    /// Snapshot, or directory of backups; `-` for standard input
    #[arg(value_name = "BACKUP", value_hint = ValueHint::AnyPath)]
    pub backup: OsString,
    /// What opens the values; without it, what lies with the snapshot in the directory.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Who vouches for the manifest that lies beside the escrow.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// Open at most N values of each resource under each key, the same in every run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sample: Option<u64>,
    /// Least severity that makes the verdict `fail` and the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: FailOn,
    /// Which platform it is of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

impl KeysInput {
    /// The file or directory that was given, whatever it is.
    pub fn path(&self) -> Option<&OsStr> {
        let escrow = self.escrow.as_deref().map(Path::as_os_str);
        self.keys.as_deref().or(self.token_file.as_deref()).or(escrow)
    }
}

/// What opens encrypted values.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Keys")]
pub struct KeysInput {
    /// Keys: the tarball of the backup, an EncryptionConfiguration or what holds one (a Secret,
    /// RKE's cluster.rkestate, a Talos configuration, the manifest of a static pod), an AES key
    /// alone, or a directory of such files; `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with = "escrow")]
    pub keys: Option<OsString>,
    /// File with the server token of k3s or rke2, which opens the keys that the snapshot itself
    /// holds; `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["keys", "escrow"])]
    pub token_file: Option<OsString>,
    /// Escrow that holds the keys of a tarball; it is opened in memory, nothing is written
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub escrow: Option<PathBuf>,
    /// What opens the escrow.
    #[command(flatten)]
    pub open: IdentityArgs,
}

const SPLIT_HELP: &str = "\
Examples:
  assay keys split static_kuberesources_2026-11-23_010203.tar.gz -r age1... --out vault
  assay keys split TARBALL -R custodians.txt --shares 5 --threshold 3 --out vault
  assay keys split TARBALL -r age1... --class signing-key,token --snapshot SNAPSHOT --out vault

Always taken out is the whole secrets/encryption-config directory, and encryption keys wherever
else they stand. What stays may still be secret: the report counts it by class, and --class takes
it out too. Before success is reported, the outputs are read back and the original is re-created
from them. The original stays as it is: it still holds the keys.";

/// `assay keys split`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SPLIT_HELP)]
pub struct KeysSplitArgs {
    /// Tarball to split; it is only read
    #[arg(value_name = "TARBALL", value_hint = ValueHint::FilePath)]
    pub tarball: PathBuf,
    /// Whom to seal to.
    #[command(flatten)]
    pub to: RecipientArgs,
    /// Seal to a passphrase, asked for on the terminal, instead of recipients
    #[arg(long, conflicts_with_all = ["recipients", "recipients_files", "shares"], help_heading = "Who will be able to open it")]
    pub passphrase: bool,
    /// Seal to the passphrase in the first line of this file; `-` for standard input, /dev/fd/N
    /// for a descriptor
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["recipients", "recipients_files", "shares", "passphrase"], help_heading = "Who will be able to open it")]
    pub passphrase_file: Option<OsString>,
    /// Take this class of secrets out too; may be given several times
    #[arg(long = "class", value_name = "CLASS", value_delimiter = ',')]
    pub classes: Vec<ClassArg>,
    /// Snapshot of the same backup, whose digest goes into the manifest
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub snapshot: Option<PathBuf>,
    /// Directory for the outputs; made if it is missing, for its owner alone
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Replace outputs that exist
    #[arg(long)]
    pub force: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const JOIN_HELP: &str = "\
Examples:
  assay keys join X.keyless.tar.gz --escrow X.escrow.age -i key.txt --out X.tar.gz
  assay keys join X.keyless.tar.gz --escrow X.escrow.age --share X.share-1-of-3.age \\
        --share X.share-3-of-3.age -i alice.txt -i carol.txt --out X.tar.gz

The file gets its name only when its SHA-256 is that of the original. Without --manifest, the
manifest that lies beside the escrow is used; without any, the copy inside the escrow. Where the
gzip layer does not come back, the tar inside is written as X.tar, proven too, with exit code 1.";

/// `assay keys join`.
#[derive(Debug, Clone, Args)]
#[command(after_help = JOIN_HELP)]
pub struct KeysJoinArgs {
    /// Keyless tarball
    #[arg(value_name = "KEYLESS", value_hint = ValueHint::FilePath)]
    pub keyless: PathBuf,
    /// Escrow
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub escrow: PathBuf,
    /// What opens it.
    #[command(flatten)]
    pub open: IdentityArgs,
    /// Manifest of the split or of the last rewrap
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub manifest: Option<PathBuf>,
    /// Who vouches for the manifest.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// File to write, for its owner alone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Replace the file of --out if it exists
    #[arg(long)]
    pub force: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const DRILL_HELP: &str = "\
Examples:
  assay keys verify-escrow X.escrow.age                         what can be seen from outside
  assay keys verify-escrow X.escrow.age -i key.txt              that it opens, and what it holds
  assay keys verify-escrow X.escrow.age --share X.share-2-of-5.age -i bob.txt
                                                                one custodian's own share
  assay keys verify-escrow X.escrow.age --expect-manifest-sha256 7d1f...
                                                                that nobody forged the files

The custodians' drill: run it from time to time, while a lost key can still be replaced by `assay
keys rewrap`. It writes nothing and shows no secret. The manifest and the keyless tarball are
looked for beside the escrow; every check that was not possible is named.";

/// `assay keys verify-escrow`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DRILL_HELP)]
pub struct KeysDrillArgs {
    /// Escrow
    #[arg(value_name = "ESCROW", value_hint = ValueHint::FilePath)]
    pub escrow: PathBuf,
    /// Manifest of the split or of the last rewrap
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub manifest: Option<PathBuf>,
    /// Who vouches for the manifest.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// Keyless tarball
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub keyless: Option<PathBuf>,
    /// What opens it.
    #[command(flatten)]
    pub open: IdentityArgs,
    /// What is said of it to a catalog.
    #[command(flatten)]
    pub statement: StatementArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const REWRAP_HELP: &str = "\
Examples:
  assay keys rewrap X.escrow.age -i old.txt -r age1... --out new
  assay keys rewrap X.escrow.age -i old.txt -R custodians.txt --shares 5 --threshold 3 --out new

The content never reaches a disk in clear. The old escrow still opens for its old recipients:
whoever is to lose access must not keep it.";

/// `assay keys rewrap`.
#[derive(Debug, Clone, Args)]
#[command(after_help = REWRAP_HELP)]
pub struct KeysRewrapArgs {
    /// Escrow to seal anew; it is only read
    #[arg(value_name = "ESCROW", value_hint = ValueHint::FilePath)]
    pub escrow: PathBuf,
    /// Manifest of the split or of the last rewrap
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub manifest: Option<PathBuf>,
    /// Who vouches for the manifest.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// What opens it.
    #[command(flatten)]
    pub open: IdentityArgs,
    /// Whom to seal to.
    #[command(flatten)]
    pub to: RecipientArgs,
    /// Seal to a new passphrase, asked for on the terminal, instead of recipients
    #[arg(long, conflicts_with_all = ["recipients", "recipients_files"], help_heading = "Who will be able to open it")]
    pub new_passphrase: bool,
    /// Seal to the passphrase in the first line of this file; `-` for standard input, /dev/fd/N
    /// for a descriptor
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["recipients", "recipients_files", "new_passphrase"], help_heading = "Who will be able to open it")]
    pub new_passphrase_file: Option<OsString>,
    /// Directory for the outputs; made if it is missing, for its owner alone
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Replace outputs that exist
    #[arg(long)]
    pub force: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

#[cfg(test)]
mod tests;
