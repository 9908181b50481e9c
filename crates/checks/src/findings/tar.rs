//! The tarball of static pod resources: the file, the archive and its members.

mod content;

use super::Entry;
use crate::findings::platforms::OPERATORS;
use crate::severity::Severity::{Critical, High, Low, Medium};

pub use content::*;

/// The compressed stream ends too early.
pub static GZIP_TRUNCATED: Entry = Entry {
    id: "TAR-001",
    name: "gzip-truncated",
    severity: Critical,
    platforms: OPERATORS,
    title: "The compressed stream ends too early",
    cause: "An interrupted backup or transfer, or a full disk. The operator's backup job reports success even then.",
    consequence: "Members behind the break are lost, the last pods (etcd) first. tar fails in the middle of a restore, \
        after etcd was stopped.",
    remedy: "Fetch the file again from where it was stored; if it is as short there, take another backup.",
    source: "RFC 1952; cluster-etcd-operator pkg/cmd/backup logs errors and ends with success",
};

/// The compressed stream is damaged.
pub static GZIP_DAMAGED: Entry = Entry {
    id: "TAR-002",
    name: "gzip-damaged",
    severity: Critical,
    platforms: OPERATORS,
    title: "The compressed stream is damaged",
    cause: "At least one byte changed after the backup was written: a bad disk or transfer. gzip's CRC-32 and length \
        tell, or the stream cannot be decoded at all.",
    consequence: "tar fails in the middle of a restore, after etcd was stopped. What stands before the damage may be wrong.",
    remedy: "Fetch the file again and compare SHA-256; otherwise use another backup.",
    source: "RFC 1952: CRC-32 and length at the end of each member",
};

/// The file is not compressed.
pub static NOT_GZIP: Entry = Entry {
    id: "TAR-003",
    name: "not-gzip",
    severity: Medium,
    platforms: OPERATORS,
    title: "The file is a bare tar, not compressed with gzip",
    cause: "Somebody or some store decompressed it.",
    consequence: "cluster-restore.sh takes static_kuberesources*.tar.gz only and unpacks it with tar -xzf, which refuses a \
        bare tar after etcd was stopped.",
    remedy: "Compress it before a restore: gzip -n FILE. The content is the same.",
    source: "cluster-restore.sh; GNU tar 1.34: gzip: stdin: not in gzip format, exit status 2",
};

/// Several gzip members one after another.
pub static GZIP_MEMBERS: Entry = Entry {
    id: "TAR-004",
    name: "gzip-members",
    severity: Low,
    platforms: OPERATORS,
    title: "Several gzip members stand one after another",
    cause: "No known backup writes it so: the file was put together or compressed anew in blocks.",
    consequence: "gzip and tar read all of it. Other readers stop after the first member.",
    remedy: "Find out who rewrote the file, and compare it with the one on the node if that still exists.",
    source: "RFC 1952 section 2.2; GNU tar 1.34 extracts such a file",
};

/// Bytes follow the gzip stream.
pub static GZIP_TRAILING: Entry = Entry {
    id: "TAR-005",
    name: "gzip-trailing",
    severity: High,
    platforms: OPERATORS,
    title: "Bytes follow the compressed stream",
    cause: "Something was appended: padding of a block device or tape if all bytes are zero, otherwise a tool that wrote \
        two files into one.",
    consequence: "Zeros are passed over. Anything else makes gzip warn and tar -xzf fail, and cluster-restore.sh with it, \
        after etcd was stopped.",
    remedy: "Compare with another copy. To cut the bytes off: gzip -dc FILE | gzip -n >NEW, then verify NEW.",
    source: "GNU tar 1.34: decompression OK, trailing garbage ignored; exit status 2",
};

/// A tar header is damaged.
pub static HEADER_DAMAGED: Entry = Entry {
    id: "TAR-006",
    name: "header-damaged",
    severity: Critical,
    platforms: OPERATORS,
    title: "A tar header is damaged",
    cause: "The archive was changed before it was compressed, or its writer was interrupted and went on.",
    consequence: "Where the next member begins cannot be known: everything behind this header is lost.",
    remedy: "Use another backup. What was read before this place stands in the report.",
    source: "POSIX ustar header: checksum and numeric fields",
};

/// The archive ends in the middle of a member.
pub static ARCHIVE_TRUNCATED: Entry = Entry {
    id: "TAR-007",
    name: "archive-truncated",
    severity: Critical,
    platforms: OPERATORS,
    title: "The archive ends in the middle of a member",
    cause: "tar was interrupted while its output was still compressed to the end: a full disk, a killed job.",
    consequence: "The last member and all that should follow it are lost.",
    remedy: "Use another backup, and look at the disk space of the node that wrote this one.",
    source: "POSIX ustar: a member has as many bytes as its header says",
};

/// The end of the archive is not marked.
pub static END_UNMARKED: Entry = Entry {
    id: "TAR-008",
    name: "end-unmarked",
    severity: Medium,
    platforms: OPERATORS,
    title: "The end of the archive is not marked as it should be",
    cause: "tar ends an archive with two blocks of zeros. A writer that was killed between two members leaves none.",
    consequence: "tar takes it without complaint, and nobody can tell whether members are missing.",
    remedy: "See whether all four pods are complete below; take another backup if in doubt.",
    source: "POSIX ustar: end-of-archive indicator; GNU tar 1.34 exits with 0",
};

/// Data behind the end of the archive.
pub static HIDDEN_DATA: Entry = Entry {
    id: "TAR-009",
    name: "hidden-data",
    severity: Medium,
    platforms: OPERATORS,
    title: "Data stands behind the end of the archive",
    cause: "Something was appended to the archive before it was compressed.",
    consequence: "No reader extracts or lists it, this one included: it may hold anything, key material too.",
    remedy: "Treat the file as changed by hand and compare it with another copy.",
    source: "POSIX ustar: whatever follows the end-of-archive indicator is ignored",
};

/// Headers that no producer writes.
pub static ARCHIVE_IRREGULAR: Entry = Entry {
    id: "TAR-010",
    name: "archive-irregular",
    severity: Medium,
    platforms: OPERATORS,
    title: "The archive has headers that no producer writes",
    cause: "Global pax headers, malformed extension headers, or such that belong to no member: another program packed \
        the archive, or it is damaged.",
    consequence: "Readers may disagree about names and sizes.",
    remedy: "Find out who packed the file; prefer the one that cluster-backup.sh wrote.",
    source: "POSIX pax format; cluster-backup.sh uses GNU tar without pax, the operator writes ustar",
};

/// Readers disagree where the next member begins.
pub static AMBIGUOUS_SIZE: Entry = Entry {
    id: "TAR-011",
    name: "ambiguous-size",
    severity: Critical,
    platforms: OPERATORS,
    title: "Readers disagree about where the next member begins",
    cause: "Two sizes for one member, or data behind a header whose kind has none. No writer does that by accident.",
    consequence: "tar may extract other files than a checker saw. assay stops reading at this place.",
    remedy: "Do not extract this file. Use another backup, and find out where this one came from.",
    source: "POSIX pax format; differences between readers are a known way to smuggle members",
};

/// A cap was reached.
pub static NOT_READ_WHOLE: Entry = Entry {
    id: "TAR-012",
    name: "not-read-whole",
    severity: High,
    platforms: OPERATORS,
    title: "The archive is larger than any real one and was not read to its end",
    cause: "A compression bomb, or an archive that holds far more than static pod resources. A real one has about 150 \
        members and a few hundred KiB.",
    consequence: "What follows was not looked at: nothing is proved about it.",
    remedy: "Find out what it holds with tar -tvf. The cap on bytes is --max-expanded.",
    source: "caps of assay's reader: headers, paths, expansion, remembered facts",
};

/// A path that leads out of the directory.
pub static PATH_ESCAPES: Entry = Entry {
    id: "TAR-013",
    name: "path-escapes",
    severity: Critical,
    platforms: OPERATORS,
    title: "A member's path leads out of the directory it is extracted to",
    cause: "The archive was made or changed by hand: no backup writes absolute or empty paths, or `..` in them.",
    consequence: "A careless extraction as root overwrites files of the host.",
    remedy: "Do not extract it. Use another backup, and find out where this one came from.",
    source: "cluster-backup.sh: tar -C /etc/kubernetes static-pod-resources/...",
};

/// A path in another spelling than the restore script looks for.
pub static PATH_NOT_PLAIN: Entry = Entry {
    id: "TAR-014",
    name: "path-not-plain",
    severity: High,
    platforms: OPERATORS,
    title: "A path is not spelled as the restore script looks for it",
    cause: "The archive was packed anew, with a leading `./` for example.",
    consequence: "cluster-restore.sh asks tar for `static-pod-resources`; tar answers `Not found in archive` after etcd \
        was stopped.",
    remedy: "Unpack it and pack it again from the directory above: tar -czf NEW static-pod-resources",
    source: "cluster-restore.sh; GNU tar 1.34 compares member names as text",
};

/// A path that cannot be printed.
pub static PATH_UNPRINTABLE: Entry = Entry {
    id: "TAR-015",
    name: "path-unprintable",
    severity: Medium,
    platforms: OPERATORS,
    title: "A path holds control characters or is not UTF-8",
    cause: "No Secret or ConfigMap key has such a name: the archive is damaged or was changed by hand.",
    consequence: "Listings mislead whoever reads them on a terminal.",
    remedy: "Treat the file as changed by hand and compare it with another copy.",
    source: "Kubernetes: keys of Secrets and ConfigMaps consist of letters, digits, `-`, `_` and `.`",
};

/// A member outside the one directory.
pub static OUTSIDE_ROOT: Entry = Entry {
    id: "TAR-016",
    name: "outside-root",
    severity: Medium,
    platforms: OPERATORS,
    title: "A member stands outside static-pod-resources",
    cause: "Something was added to the archive, or it was packed from another directory.",
    consequence: "cluster-restore.sh extracts static-pod-resources alone: such a member is not restored.",
    remedy: "See what it is with tar -tvf; a backup has nothing outside this directory.",
    source: "cluster-restore.sh: tar -xzf FILE static-pod-resources",
};

/// One path twice.
pub static DUPLICATE_MEMBER: Entry = Entry {
    id: "TAR-017",
    name: "duplicate-member",
    severity: High,
    platforms: OPERATORS,
    title: "A path stands twice in the archive",
    cause: "Members were appended (tar -r), or two archives were put together.",
    consequence: "The last one wins on extraction. cluster-restore.sh up to 4.17 looks pod manifests up by name and fails \
        if there are two.",
    remedy: "Use a backup that was not appended to.",
    source: "cluster-restore.sh: tar -tvf FILE '*kube-apiserver-pod.yaml'",
};

/// A link, a device or a sparse file.
pub static NOT_A_FILE: Entry = Entry {
    id: "TAR-018",
    name: "not-a-file",
    severity: High,
    platforms: OPERATORS,
    title: "A member is neither a file nor a directory",
    cause: "Links, devices, pipes and sparse files are in no static pod's directory: the archive was made or changed by \
        hand, or the host's directory was.",
    consequence: "Extracted as root, a link redirects whatever is written through it; what the member should hold is missing.",
    remedy: "Do not extract it before you know why it is there. assay follows no link.",
    source: "library-go installerpod writes regular files; the operator's backup skips symbolic links",
};

/// A member too large to look into.
pub static MEMBER_NOT_EXAMINED: Entry = Entry {
    id: "TAR-019",
    name: "member-not-examined",
    severity: Medium,
    platforms: OPERATORS,
    title: "A member is too large to be looked at whole",
    cause: "Keys of Secrets and ConfigMaps have at most 1 MiB: this came from somewhere else.",
    consequence: "It was searched for marks of key material only; its content is not proved.",
    remedy: "See what it is, and how it came into /etc/kubernetes/static-pod-resources on the node.",
    source: "Kubernetes: Secrets and ConfigMaps are limited to 1 MiB",
};

/// A certificate that does not parse.
pub static CERTIFICATE_UNREADABLE: Entry = Entry {
    id: "TAR-020",
    name: "certificate-unreadable",
    severity: Medium,
    platforms: OPERATORS,
    title: "A certificate cannot be read",
    cause: "The file was changed or cut off on the node or in the archive.",
    consequence: "The server or client that uses it does not start, or trusts nobody.",
    remedy: "Compare with the same file on a control plane node (openssl x509 -text); the operator writes it anew there.",
    source: "RFC 5280",
};

/// A manifest or configuration that does not parse.
pub static CONFIGURATION_UNREADABLE: Entry = Entry {
    id: "TAR-021",
    name: "configuration-unreadable",
    severity: High,
    platforms: OPERATORS,
    title: "A manifest or configuration is neither JSON nor YAML",
    cause: "The file was changed or cut off on the node or in the archive.",
    consequence: "kubelet does not start a pod from such a manifest, a server not from such a configuration.",
    remedy: "Use another backup; compare with the same file on a control plane node.",
    source: "library-go installerpod writes JSON on one line",
};

pub(super) const ALL: &[&Entry] = &[
    &GZIP_TRUNCATED,
    &GZIP_DAMAGED,
    &NOT_GZIP,
    &GZIP_MEMBERS,
    &GZIP_TRAILING,
    &HEADER_DAMAGED,
    &ARCHIVE_TRUNCATED,
    &END_UNMARKED,
    &HIDDEN_DATA,
    &ARCHIVE_IRREGULAR,
    &AMBIGUOUS_SIZE,
    &NOT_READ_WHOLE,
    &PATH_ESCAPES,
    &PATH_NOT_PLAIN,
    &PATH_UNPRINTABLE,
    &OUTSIDE_ROOT,
    &DUPLICATE_MEMBER,
    &NOT_A_FILE,
    &MEMBER_NOT_EXAMINED,
    &CERTIFICATE_UNREADABLE,
    &CONFIGURATION_UNREADABLE,
    &POD_MISSING,
    &SEVERAL_REVISIONS,
    &MANIFEST_MISSING,
    &REVISION_MISMATCH,
    &STAGING_LEFTOVER,
    &POSSIBLY_DIRTY,
    &VERSION_DISAGREES,
    &CERTIFICATE_EXPIRED,
    &CERTIFICATE_NOT_YET_VALID,
    &KEY_PAIR_MISMATCH,
    &SECRET_OUT_OF_PLACE,
    &SECRETS_INSIDE,
    &NAMED_MEMBER_MISSING,
    &HOLLOW_CONFIGURATION,
    &CONTENT_MISSING,
    &HALF_KEY_PAIR,
    &ISSUER_NOT_TRUSTED,
];
