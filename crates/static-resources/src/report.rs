//! What a tarball holds, as plain data without secrets.
use crate::certificate::Certificate;
use crate::class::Class;
use crate::content::Fingerprint;
use crate::fault::Fault;
use crate::gzip::GzipHeader;
use crate::member::{Dialect, Digest, Member, MemberKind};
use crate::path::MemberPath;
use crate::static_pods::StaticPods;

/// Everything read from one tarball. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaticResources {
    /// The members, in the order of the archive.
    pub members: Vec<Member>,
    /// Key material, public keys included, in the order of the archive.
    pub material: Vec<Material>,
    /// Certificates, in the order of the archive.
    pub certificates: Vec<Certificate>,
    /// Files without a byte but NUL and white space, empty ones included, in the order of the archive.
    pub blank: Vec<MemberPath>,
    /// What the manifests and configurations say.
    pub static_pods: StaticPods,
    /// Who wrote the archive.
    pub producer: Producer,
    /// Sizes and digests of the file as a whole.
    pub archive: Archive,
    /// What is wrong, in the order it was met.
    pub faults: Vec<Fault>,
    /// The archive was read to its end. If not, the last fault says why, and members after it
    /// are unknown.
    pub complete: bool,
}

impl StaticResources {
    /// Says whether an EncryptionConfiguration with keys, or a Secret's directory for one, is
    /// in the tarball. Without one the snapshot is plaintext (as far as kube-apiserver goes).
    #[must_use]
    pub fn has_encryption_config(&self) -> bool {
        self.members.iter().any(|member| member.class == Class::EncryptionConfig)
    }

    /// Counts secret members by class, the most sensitive class first.
    #[must_use]
    pub fn secret_members(&self) -> Vec<(Class, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for member in self.members.iter().filter(|member| member.class.is_secret()) {
            let count: &mut usize = counts.entry(member.class).or_default();
            *count = count.saturating_add(1);
        }
        counts.into_iter().collect()
    }
}

/// One piece of key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// The member it stands in.
    pub member: MemberPath,
    /// Its class.
    pub class: Class,
    /// What told.
    pub known_by: KnownBy,
    /// Where in the member's bytes; for base64-encoded material where the encoding begins.
    pub offset: usize,
    /// It was found inside a base64 run.
    pub encoded: bool,
    /// Such as `RSA-2048`, `JWT RS256`, `aescbc`, or the field that holds it.
    pub algorithm: Option<String>,
    /// A public name for it. The keys of an EncryptionConfiguration are named by the crate
    /// `encryption-config`.
    pub fingerprint: Option<Fingerprint>,
    /// A token's subject.
    pub subject: Option<String>,
    /// A token's expiry, RFC 3339 UTC; `None` for what does not expire by itself.
    pub not_after: Option<String>,
}

/// What told the class of material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KnownBy {
    /// The path promises it; the bytes do not look like it.
    Path,
    /// The bytes hold it; the path does not promise it.
    Content,
    /// Both.
    PathAndContent,
}

/// Who wrote an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Producer {
    /// `cluster-backup.sh`: GNU tar, with directory entries.
    ClusterBackupScript,
    /// `cluster-etcd-operator cluster-backup`: Go's archive/tar, regular files only.
    GoBackupCommand,
    /// Neither, or not enough to tell.
    #[default]
    Unknown,
}

impl Producer {
    pub(crate) fn of(members: &[Member], pax_headers: u64, gzip: Option<GzipHeader>) -> Self {
        let all = |dialect: Dialect| !members.is_empty() && members.iter().all(|member| member.dialect == dialect);
        let directories = members.iter().any(|member| member.kind == MemberKind::Directory);
        let only_files = members.iter().all(|member| member.kind == MemberKind::File);
        // Go's gzip writer leaves the operating system at 255, unknown
        let go_gzip = gzip.is_some_and(|header| header.os == 255);
        if all(Dialect::Gnu) && directories && pax_headers == 0 && !go_gzip {
            Producer::ClusterBackupScript
        } else if all(Dialect::Ustar) && only_files && go_gzip {
            Producer::GoBackupCommand
        } else {
            Producer::Unknown
        }
    }
}

/// The file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Bytes of the file.
    pub compressed_size: u64,
    /// SHA-256 of the file.
    pub compressed_sha256: Digest,
    /// Bytes of the inner tar; `None` where it could not be read to its end.
    pub inner_size: Option<u64>,
    /// SHA-256 of the inner tar; `None` where it could not be read to its end.
    pub inner_sha256: Option<Digest>,
    /// The first gzip header; `None` for a bare tar.
    pub gzip: Option<GzipHeader>,
    /// How many gzip members the file has.
    pub gzip_members: u64,
    /// Bytes charged for what is remembered, out of [`crate::Limits::metadata`].
    pub remembered: usize,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            compressed_size: 0,
            compressed_sha256: Digest([0; 32]),
            inner_size: None,
            inner_sha256: None,
            gzip: None,
            gzip_members: 0,
            remembered: 0,
        }
    }
}
