//! The files of the backup, on their way to a host.

use std::borrow::Cow;

use crate::hosts::Host;
use crate::known::BackupFile;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Step};

/// Names of programs that unpack to standard output, by the end of a file's name.
const UNPACK: [(&str, &str); 5] =
    [(".gz", "gzip -dc"), (".zst", "zstd -dc"), (".xz", "xz -dc"), (".bz2", "bzip2 -dc"), (".lz4", "lz4 -dc")];

/// A file on its way: where it is taken from, and what it is called where the script looks for it.
pub(crate) struct Copy<'p> {
    /// Its path here; a blank, where the backup has no such file.
    pub(crate) path: Cow<'p, str>,
    /// Its name on the host.
    pub(crate) there: String,
    /// What unpacks it to standard output; `None` where it is copied as it is.
    pub(crate) unpacked_by: Option<&'static str>,
    /// The file of the backup that it is made of; `None` where there is none.
    pub(crate) file: Option<&'p BackupFile>,
    /// Whether what arrives is that very file, byte for byte.
    pub(crate) same: bool,
}

/// The files that a restore reads.
pub(crate) fn of<'p>(plan: &'p Plan<'_>) -> Vec<Copy<'p>> {
    let tarball = match &plan.known.tarball {
        _ if plan.is_fenced() => None,
        None if plan.is_manual() => None,
        None => Some(missing("<tarball>", "static_kuberesources_restore.tar.gz")),
        Some(file) => Some(tarball(plan, file)),
    };
    let snapshot = match &plan.known.snapshot {
        Some(file) => snapshot(file),
        None => missing("<snapshot>", "snapshot_restore.db"),
    };
    std::iter::once(snapshot).chain(tarball).collect()
}

fn missing(blank: &'static str, there: &str) -> Copy<'static> {
    Copy { path: Cow::Borrowed(blank), there: there.to_owned(), unpacked_by: None, file: None, same: false }
}

/// The script takes `snapshot*.db` alone.
fn snapshot(file: &BackupFile) -> Copy<'_> {
    let packed = UNPACK.iter().find_map(|(end, program)| Some((file.name.strip_suffix(end)?, *program)));
    let (name, unpacked_by) = packed.map_or((file.name.as_str(), None), |(name, program)| (name, Some(program)));
    let found = name.starts_with("snapshot") && name.ends_with(".db");
    let there = if found { name } else { "snapshot_restore.db" };
    let same = unpacked_by.is_none();
    Copy { path: Cow::Borrowed(&file.path), there: there.to_owned(), unpacked_by, file: Some(file), same }
}

/// The script takes `static_kuberesources*.tar.gz` alone; one without its keys is put together again first.
fn tarball<'p>(plan: &Plan<'_>, file: &'p BackupFile) -> Copy<'p> {
    if plan.known.keys_apart {
        let whole = whole(&file.name);
        return Copy {
            path: Cow::Owned(whole.clone()),
            there: whole,
            unpacked_by: None,
            file: Some(file),
            same: false,
        };
    }
    let found = file.name.starts_with("static_kuberesources") && file.name.ends_with(".tar.gz");
    let there = if found { file.name.as_str() } else { "static_kuberesources_restore.tar.gz" };
    Copy { path: Cow::Borrowed(&file.path), there: there.to_owned(), unpacked_by: None, file: Some(file), same: true }
}

/// Name of the tarball with its keys, as R-03 makes it where one stands.
pub(crate) fn whole(keyless: &str) -> String {
    match keyless.strip_suffix(".keyless.tar.gz") {
        Some(name) if name.starts_with("static_kuberesources") => format!("{name}.tar.gz"),
        _ => "static_kuberesources_restore.tar.gz".to_owned(),
    }
}

/// Adds the parts that bring the backup's files to a folder of a host.
pub(crate) fn files(plan: &Plan<'_>, step: Step, host: &Host, folder: &str) -> Step {
    let files = of(plan);
    let ssh = host.ssh();
    let step = step.part(
        Part::whole().titled(format!("Make the folder on {}", host.node)).run(format!("{ssh} mkdir -p {folder}")),
    );
    let copy = Part::whole()
        .titled(format!("Copy to {}", host.node))
        .run_all(files.iter().map(|file| bring(file, host, folder)));
    let protect = format!("{ssh} 'chmod 0600 {folder}/* && sha256sum {folder}/*'");
    let check = Part::whole().titled(format!("Keep it from others on {}, and compare", host.node)).run(protect);
    let sums = files.iter().filter(|copy| copy.same);
    let sums = sums.filter_map(|copy| Some(format!("{}  {folder}/{}", copy.file?.sha256, copy.there)));
    step.part(copy).part(sums.fold(check, Part::shows))
}

/// The command that brings a file to a folder of a host.
fn bring(file: &Copy<'_>, host: &Host, folder: &str) -> String {
    let path = word(&file.path);
    if let Some(program) = file.unpacked_by {
        let there = word(&format!("cat > {}", word(&format!("{folder}/{}", file.there))));
        return format!("{program} {path} | {} {there}", host.ssh());
    }
    let same = file.path.rsplit('/').next() == Some(file.there.as_str());
    let there = if same { "" } else { file.there.as_str() };
    format!("scp -i '<ssh-key-path>' {path} core@{}", word(&format!("{}:{folder}/{there}", host.url_host())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> BackupFile {
        BackupFile { path: format!("/b/{name}"), name: name.to_owned(), ..BackupFile::default() }
    }

    #[test]
    fn a_snapshot_gets_the_name_that_the_script_looks_for() {
        for (name, there, program) in [
            ("snapshot_1.db", "snapshot_1.db", None),
            ("snapshot_1.db.gz", "snapshot_1.db", Some("gzip -dc")),
            ("etcd.db", "snapshot_restore.db", None),
            ("etcd.zst", "snapshot_restore.db", Some("zstd -dc")),
        ] {
            let file = file(name);
            let copy = snapshot(&file);
            assert_eq!((copy.there.as_str(), copy.unpacked_by), (there, program), "{name}");
            assert_eq!(copy.same, program.is_none(), "{name}");
        }
    }

    #[test]
    fn a_tarball_with_its_keys_again_is_called_as_it_once_was() {
        assert_eq!(whole("static_kuberesources_1.keyless.tar.gz"), "static_kuberesources_1.tar.gz");
        assert_eq!(whole("keyless.tar.gz"), "static_kuberesources_restore.tar.gz");
    }
}
