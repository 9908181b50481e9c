//! What a split did, for people and for scripts.

use std::path::Path;

use assay::documents::escrow;
use assay::key_material::KeyMaterial;
use backup_facts::configuration::InForce;
use document::{Artifact, Tarball, Written, WrittenFile};
use key_escrow::{EncryptionState, Manifest, RejoinMethod, SplitOutcome};
use wording::{Size, count, escape, escape_path as shown, shell_word};

use super::escrow::{manifest_words, opens_words, sign_words};
use super::human::{Align, Fields, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Classes by which their holder is a cluster administrator, or becomes one.
const ADMIN: [&str; 4] = ["signing-key", "tls-key", "token", "kubeconfig-credential"];

/// What a split did.
pub struct Split<'a> {
    /// What was split.
    pub tarball: &'a Path,
    /// Where its parts were put.
    pub folder: &'a Path,
    /// What it held.
    pub key_material: &'a KeyMaterial,
    /// What was done.
    pub outcome: &'a SplitOutcome,
    /// The files that were written.
    pub files: Vec<WrittenFile>,
}

impl Split<'_> {
    fn manifest(&self) -> &Manifest {
        &self.outcome.manifest
    }

    /// As scripts read it.
    ///
    /// # Errors
    /// As [`escrow::written`].
    pub fn artifact(self) -> Result<Artifact, document::Error> {
        let join_command = Some(self.join_command());
        let written = escrow::written(self.tarball, Tarball::KIND, self.files, &self.outcome.manifest)?;
        Ok(Artifact::Written(Box::new(Written { join_command, ..written })))
    }

    /// As people read it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, ui: &mut Ui) -> Result<(), Error> {
        let look = ui.look();
        let manifest = self.manifest();
        let title = ui.paint(style::HEAD, shown(self.tarball)).to_string();
        let good = ui.paint(style::GOOD, "proven").to_string();
        let fields = Fields::new()
            .field("keys", self.keys_words())
            .field("removed", self.removed_words())
            .field("still secret", self.remaining_words())
            .field("opens with", opens_words(manifest))
            .field("rejoins by", rejoin_words(manifest))
            .maybe(
                "snapshot",
                manifest
                    .snapshot
                    .as_ref()
                    .map(|s| format!("{} {}", escape(s.file.name.as_bytes()), s.file.digest.sha256)),
            )
            .field(
                "original",
                format!("{good}: re-created from the outputs\nsha256 {}", manifest.original.digest.sha256),
            )
            .maybe("manifest", manifest_words(&self.files));
        let mut table =
            Table::new(&[("file", Align::Left), ("size", Align::Right), ("keep it", Align::Left)]).elastic(0);
        for file in &self.files {
            let name = Path::new(&file.path).file_name().unwrap_or_default();
            let place = match file.role.as_ref() {
                "keyless" => "with the snapshot",
                "escrow" if self.outcome.shares.is_empty() => "away from the snapshot",
                "escrow" => "anywhere; it opens by shares only",
                "share" => "with its custodian alone",
                _ => "with both; it holds no secret",
            };
            table.row([shown(Path::new(name)), Size(file.size).to_string(), place.to_owned()]);
        }
        let out = ui.out();
        writeln!(out, "{title}")?;
        fields.write(out, look)?;
        writeln!(out, "\n  In {}:", shown(self.folder))?;
        table.write(out, look)?;
        let command: Vec<String> = self.join_command().iter().map(|word| shell_word(word)).collect();
        writeln!(out, "\n  To join them again:\n    {}", command.join(" "))?;
        if let Some(words) = sign_words(&self.files) {
            writeln!(out, "\n  {words}")?;
        }
        if manifest.encryption == EncryptionState::KeysRemoved {
            writeln!(
                out,
                "\n  `{}` still holds the keys:\n  remove it once the outputs are in their places.",
                shown(self.tarball)
            )?;
        }
        Ok(())
    }

    fn keys_words(&self) -> String {
        let manifest = self.manifest();
        let names = &manifest.key_names;
        match (manifest.encryption, &self.key_material.in_force) {
            (EncryptionState::KeysRemain, _) => "STILL IN THE KEYLESS TARBALL".to_owned(),
            (EncryptionState::NoKeys, InForce::HeldApart) => {
                "none: this tarball is keyless already; its keys are in another escrow".to_owned()
            }
            (EncryptionState::NoKeys, _) if names.is_empty() => {
                "no encryption keys in this backup; the snapshot is plaintext".to_owned()
            }
            _ if self.key_material.holds_no_key() => {
                "the encryption config holds no key; it went into the escrow".to_owned()
            }
            _ if names.is_empty() => "went into the escrow; the configuration does not tell their names".to_owned(),
            _ => format!(
                "{} {}: in the escrow",
                if names.len() == 1 { "encryption key" } else { "encryption keys" },
                escape(names.join(", ").as_bytes())
            ),
        }
    }

    fn removed_words(&self) -> String {
        let removed = &self.manifest().removed;
        let bytes = removed.iter().map(|member| member.size).sum();
        if removed.is_empty() {
            "nothing".to_owned()
        } else {
            format!("{}, {}", count(removed.len() as u64, "member"), Size(bytes))
        }
    }

    fn remaining_words(&self) -> String {
        let remaining = &self.manifest().remaining;
        if remaining.is_empty() {
            return "nothing that assay knows to be secret".to_owned();
        }
        let total: u64 = remaining.values().sum();
        let classes: Vec<String> = remaining.iter().map(|(class, members)| format!("{members} {class}")).collect();
        let lines: Vec<String> = classes.chunks(3).map(|some| some.join(", ")).collect();
        let mut words = format!("{} of the keyless tarball: {}", count(total, "member"), lines.join(",\n"));
        if remaining.keys().any(|class| ADMIN.contains(&class.as_str())) {
            words.push_str("\nWhoever has it can act as cluster administrator;\n`--class` takes these out too.");
        }
        words
    }

    fn join_command(&self) -> Vec<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut words: Vec<String> = ["assay", "keys", "join"].map(str::to_owned).to_vec();
        words.extend([path(&self.outcome.keyless), "--escrow".to_owned(), path(&self.outcome.escrow)]);
        let manifest = self.manifest();
        let needed = manifest.threshold.as_ref().map_or(0, |threshold| usize::from(threshold.threshold));
        for share in self.outcome.shares.iter().take(needed) {
            words.extend(["--share".to_owned(), path(share), "-i".to_owned(), "IDENTITY".to_owned()]);
        }
        let passphrase = manifest.recipients.iter().all(|recipient| recipient.recipient.is_empty());
        if needed == 0 && !passphrase {
            words.extend(["-i".to_owned(), "IDENTITY".to_owned()]);
        }
        words.extend(["--out".to_owned(), manifest.original.name.clone()]);
        words
    }
}

/// How the gzip bytes come back.
fn rejoin_words(manifest: &Manifest) -> String {
    match manifest.rejoin.method {
        RejoinMethod::Corrections => "corrections to the gzip layer, in the escrow; both files are needed".to_owned(),
        RejoinMethod::SealedOriginal => {
            let why = manifest.rejoin.reason.as_deref().unwrap_or("no other way was found");
            format!(
                "the original, sealed in the escrow under a key that\nneeds the keyless tarball too ({})",
                escape(why.as_bytes())
            )
        }
    }
}
