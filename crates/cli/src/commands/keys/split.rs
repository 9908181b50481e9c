//! `assay keys split`: a keyless tarball, a sealed escrow, and a manifest.

use std::path::Path;

use backup_facts::configuration::InForce;
use jiff::Timestamp;
use key_escrow::{
    EncryptionState, Manifest, MemberLabel, NamedDigest, RejoinMethod, RemovalPolicy, SplitOptions, SplitOutcome,
};
use static_resources::{BackupName, Class, Evidence, Member};

use super::files::{self, shell_word, shown};
use super::inventory::Inventory;
use super::rewrap::opens_words;
use super::{limits, ls, phases, seal};
use crate::args::{ClassArg, KeysSplitArgs, ReportFormat};
use crate::exit::{Error, Outcome};
use crate::failure;
use crate::input::sniff::{Looks, sniff};
use crate::input::{Contents, Reading};
use crate::output::escrow::{FileJson, WrittenJson};
use crate::output::human::{Align, Fields, Table};
use crate::output::json::{Envelope, Verdict};
use crate::ui::{Ui, style};
use wording::{Size, count, escape};

/// What is written into manifests as the tool.
pub(super) const TOOL: &str = concat!("assay ", env!("CARGO_PKG_VERSION"));

/// Classes by which their holder is a cluster administrator, or becomes one.
const ADMIN: [&str; 4] = ["signing-key", "tls-key", "token", "kubeconfig-credential"];

/// Enough of a snapshot to know it by: two pages of the largest size that etcd meets.
const HEAD: usize = 1 << 17;

pub(super) fn run(args: KeysSplitArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    if args.tarball.as_os_str() == "-" {
        return Err(Error::Usage(
            "a split reads the tarball several times: give a file, not standard input".to_owned(),
        ));
    }
    let by_passphrase = args.passphrase || args.passphrase_file.is_some();
    seal::check(&args.to, by_passphrase)?;
    let mut raw = Contents::open(&args.tarball)?;
    let inventory = Inventory::read(&mut raw, reading, ui)?;
    ls::judge(&raw, &inventory, ui);
    if !inventory.resources.complete {
        return Err(failure::told(
            format!("{}: the archive cannot be read to its end, so nobody knows what it holds", raw.display()),
            Some("fetch the tarball again from its source; nothing was written"),
        ));
    }
    let policy = policy(&inventory, &args.classes)?;
    warn_of_odd_places(&inventory, &policy, ui);
    let snapshot = args.snapshot.as_deref().map(|path| snapshot(path, &args.tarball, ui)).transpose()?;
    let passphrase = seal::passphrase(args.passphrase, args.passphrase_file.as_ref(), ui)?;
    let seal_to = seal::seal_to(&args.to, passphrase)?;
    let options = SplitOptions {
        tarball: &args.tarball,
        out_dir: &args.out,
        policy: &policy,
        seal_to,
        armor: args.to.armor,
        snapshot,
        created: whole_seconds(ui.now()),
        tool: TOOL,
        force: args.force,
        seal_original: false,
        limits: limits(reading),
    };
    raw.check_unchanged()?;
    let mut progress = phases::shown(ui);
    let outcome = key_escrow::split(options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    let seen = &inventory.resources.archive;
    if outcome.manifest.original.digest.sha256 != seen.compressed_sha256.to_string() {
        return Err(failure::told(
            format!(
                "{} changed between the inventory and the split: what left was chosen for another file",
                raw.display()
            ),
            Some("remove the outputs, and split again when the file is at rest"),
        ));
    }
    let report = Report { args: &args, inventory: &inventory, outcome: &outcome, files: written(&outcome)? };
    if args.output.format() == ReportFormat::Json {
        report.write_json(ui)?
    } else {
        report.print(ui)?
    }
    Ok(ui.outcome())
}

/// Whole seconds are exact enough for a manifest.
fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// What leaves: every encryption key wherever it stands, and the classes asked for.
fn policy(inventory: &Inventory, classes: &[ClassArg]) -> Result<RemovalPolicy, Error> {
    let mut policy = RemovalPolicy::encryption_config();
    for member in inventory.resources.members.iter().filter(|member| leaves(member.class, classes)) {
        let Some(path) = member.path.as_str() else {
            return Err(failure::told(
                format!("`{}` holds a secret and its path is not UTF-8: it cannot be taken out safely", member.path),
                Some("inspect the tarball before going on; `cluster-backup.sh` writes no such path"),
            ));
        };
        policy = policy.with_member(path, label(inventory, member));
    }
    let mut remaining = std::collections::BTreeMap::new();
    for member in inventory.resources.members.iter().filter(|member| member.class.is_secret()) {
        if policy.removes(&String::from_utf8_lossy(member.path.as_bytes())).is_none() {
            *remaining.entry(member.class).or_insert(0) += 1;
        }
    }
    Ok(remaining.into_iter().fold(policy, |policy, (class, members)| policy.with_remaining(class.as_str(), members)))
}

fn leaves(class: Class, classes: &[ClassArg]) -> bool {
    let asked = |arg: ClassArg| classes.contains(&arg) || classes.contains(&ClassArg::All);
    match class {
        Class::EncryptionConfig | Class::KmsCredential => true,
        Class::SigningKey => asked(ClassArg::SigningKey),
        Class::TlsKey => asked(ClassArg::TlsKey),
        Class::PrivateKey => asked(ClassArg::PrivateKey),
        Class::Token => asked(ClassArg::Token),
        Class::KubeconfigCredential => asked(ClassArg::KubeconfigCredential),
        Class::OtherSecret => asked(ClassArg::OtherSecret),
        Class::Kubeconfig | Class::Certificate | Class::PublicKey | Class::PodManifest | Class::Config => false,
    }
}

/// What the manifest says of a member: its class, and fingerprints of what is in it.
fn label(inventory: &Inventory, member: &Member) -> MemberLabel {
    let keys = inventory.keys_in(&member.path);
    let mut label = MemberLabel::class(member.class.as_str());
    label.key_names = keys.iter().map(|key| key.name.clone()).collect();
    let of_keys = keys.iter().filter_map(|key| key.fingerprint.clone()).collect::<Vec<_>>();
    let material = inventory.resources.material.iter().filter(|material| material.member == member.path);
    let of_others = material.filter_map(|material| material.fingerprint.map(|print| print.to_string()));
    let all: Vec<String> = of_keys.into_iter().chain(of_others).collect();
    label.fingerprint = (!all.is_empty()).then(|| all.join(" "));
    label
}

/// Keys that leave from where nobody looks for them take something else with them.
fn warn_of_odd_places(inventory: &Inventory, policy: &RemovalPolicy, ui: &mut Ui) {
    for material in &inventory.resources.material {
        let path = String::from_utf8_lossy(material.member.as_bytes());
        let key = matches!(material.class, Class::EncryptionConfig | Class::KmsCredential);
        if key && material.evidence == Evidence::Content && policy.removes(&path).is_some() {
            ui.warn(&format!(
                "encryption keys stand in `{}`, where none belong: the whole member goes into the escrow",
                escape(material.member.as_bytes())
            ));
        }
    }
}

/// The snapshot's digest, if it is one.
fn snapshot(path: &Path, tarball: &Path, ui: &mut Ui) -> Result<NamedDigest, Error> {
    let (digest, head) = files::digest(path, HEAD)?;
    let looks = sniff(&head);
    if !(looks.is_bbolt() || matches!(looks, Looks::Gzip | Looks::Zstd)) {
        return Err(failure::told(
            format!("`{}` is no etcd snapshot: it looks like this: {looks}", shown(path)),
            Some("`--snapshot` takes the `snapshot_<timestamp>.db` of the same backup"),
        ));
    }
    let named = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        BackupName::parse(name.trim_end_matches(".gz").trim_end_matches(".zst")).or_else(|| BackupName::parse(name))
    };
    if let (Some(one), Some(other)) = (named(path), named(tarball))
        && (&one.timestamp, one.dirty) != (&other.timestamp, other.dirty)
    {
        ui.warn(&format!(
            "snapshot and tarball are of two backups by their names: {} and {}",
            one.timestamp, other.timestamp
        ));
    }
    Ok(digest)
}

fn written(outcome: &SplitOutcome) -> Result<Vec<FileJson>, Error> {
    let manifest = &outcome.manifest;
    let mut list = vec![files::json("keyless", &outcome.keyless, &manifest.keyless.file.digest)];
    list.extend(files::sealed(&outcome.escrow, manifest.escrow.as_ref(), &outcome.shares, &outcome.manifest_path)?);
    Ok(list)
}

struct Report<'a> {
    args: &'a KeysSplitArgs,
    inventory: &'a Inventory,
    outcome: &'a SplitOutcome,
    files: Vec<FileJson>,
}

impl Report<'_> {
    fn manifest(&self) -> &Manifest {
        &self.outcome.manifest
    }

    fn write_json(self, ui: &mut Ui) -> Result<(), Error> {
        let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
        let document = WrittenJson {
            path: self.args.tarball.to_string_lossy().into_owned(),
            kind: "static-kuberesources",
            join_command: Some(self.join_command()),
            manifest: &self.outcome.manifest,
            manifest_agrees: None,
            files: self.files,
        };
        Ok(Envelope::<_, ()>::new("keys split", &[document], &[], verdict).write(ui.out())?)
    }

    fn print(&self, ui: &mut Ui) -> Result<(), Error> {
        let look = ui.look();
        let manifest = self.manifest();
        let title = ui.paint(style::HEAD, shown(&self.args.tarball)).to_string();
        let good = ui.paint(style::GOOD, "proven").to_string();
        let fields = Fields::new()
            .field("keys", self.keys_words())
            .field("removed", self.removed_words())
            .field("still secret", self.remaining_words())
            .field("opens with", opens_words(manifest))
            .field("rejoins by", rejoin_words(manifest))
            .maybe(
                "snapshot",
                manifest.snapshot.as_ref().map(|s| format!("{} {}", escape(s.name.as_bytes()), s.digest.sha256)),
            )
            .field(
                "original",
                format!("{good}: re-created from the outputs\nsha256 {}", manifest.original.digest.sha256),
            );
        let mut table =
            Table::new(&[("file", Align::Left), ("size", Align::Right), ("keep it", Align::Left)]).elastic(0);
        for file in &self.files {
            let name = Path::new(&file.path).file_name().unwrap_or_default();
            let place = match file.role {
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
        writeln!(out, "\n  In {}:", shown(&self.args.out))?;
        table.write(out, look)?;
        let command: Vec<String> = self.join_command().iter().map(|word| shell_word(word)).collect();
        writeln!(out, "\n  To join them again:\n    {}", command.join(" "))?;
        if manifest.encryption == EncryptionState::KeysRemoved {
            writeln!(
                out,
                "\n  `{}` still holds the keys:\n  remove it once the outputs are in their places.",
                shown(&self.args.tarball)
            )?;
        }
        Ok(())
    }

    fn keys_words(&self) -> String {
        let manifest = self.manifest();
        let names = &manifest.key_names;
        match (manifest.encryption, &self.inventory.in_force) {
            (EncryptionState::KeysRemain, _) => "STILL IN THE KEYLESS TARBALL".to_owned(),
            (EncryptionState::NoKeys, InForce::HeldApart) => {
                "none: this tarball is keyless already; its keys are in another escrow".to_owned()
            }
            (EncryptionState::NoKeys, _) if names.is_empty() => {
                "no encryption keys in this backup; the snapshot is plaintext".to_owned()
            }
            _ if self.inventory.holds_no_key() => {
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
pub(super) fn rejoin_words(manifest: &Manifest) -> String {
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
