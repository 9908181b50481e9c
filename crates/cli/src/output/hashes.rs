//! Hashes of a snapshot, for people.

use backup_facts::snapshot::Integrity;
use document::HexBytes;
use etcd_snapshot::trailer::{Sha256Digest, Trailer};
use etcd_snapshot::{HashKv, Status};

use super::human::Fields;
use crate::exit::Error;
use crate::ui::{Ui, style};
use wording::{Size, count, escape, group_digits};

/// What only all of the file tells.
pub struct Full {
    /// Its SHA-256, and that at its end.
    pub trailer: Trailer,
    /// What the two come to.
    pub integrity: Integrity,
    /// HashKV.
    pub hash_kv: HashKv,
    /// Digest of the live keys and values alone.
    pub content: Sha256Digest,
}

/// The snapshot of that name.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(name: &str, status: &Status, full: Option<&Full>, ui: &mut Ui) -> Result<(), Error> {
    ui.fold();
    let number = |hash: u32| format!("{hash:08x} ({hash})");
    let live = status.total_key_36.map(|live| format!("{} live (etcd 3.6)", group_digits(live)));
    let mut fields = Fields::new();
    if let Some(full) = full {
        let trailer = &full.trailer;
        fields = fields
            .field("file SHA-256", HexBytes(&trailer.file))
            .field("trailer", trailer_words(full.integrity))
            .maybe("  stored", trailer.stored.as_ref().map(|hash| HexBytes(hash)))
            .field("  computed", HexBytes(&trailer.computed));
    }
    fields = fields
        .field("status hash", number(status.hash))
        .field("  revision", status.revision)
        .field("  total keys", format!("{} entries (etcd 3.5)", group_digits(status.total_key)))
        .maybe("", live)
        .field("  total size", Size(status.total_size).exact())
        .maybe("  version", Some(escape(status.version.as_bytes())).filter(|version| !version.is_empty()));
    if let Some(full) = full {
        let kv = &full.hash_kv;
        let compacted = match kv.compact_revision {
            ..0 => "never compacted".to_owned(),
            revision => format!("compacted at {revision}"),
        };
        let dump = &status.dump;
        fields = fields
            .field("HashKV", format!("{} at revision {}, {compacted}", number(kv.hash), kv.hash_revision))
            .field("dump-db hash", format!("{} (etcd 3.4)", number(dump.v34)))
            .field("", format!("{} (etcd 3.5)", number(dump.v35)))
            .field("", format!("{} (etcd 3.6)", number(dump.v36)))
            .field("content digest", HexBytes(&full.content));
    }
    let look = ui.look();
    let title = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
    writeln!(ui.out(), "{title}")?;
    Ok(fields.write(ui.out(), look)?)
}

fn trailer_words(integrity: Integrity) -> String {
    match integrity {
        Integrity::Right => "valid".to_owned(),
        Integrity::RightBefore(bytes) => format!("valid for all but {} that follow it", count(bytes, "byte")),
        Integrity::Wrong => "WRONG: the file is not what was saved".to_owned(),
        Integrity::None => "none: the file was not streamed by `etcdctl snapshot save`".to_owned(),
    }
}
