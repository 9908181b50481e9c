//! The files of the backup, on their way to a host.

use crate::hosts::Host;
use crate::known::BackupFile;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Step};

/// Names of programs that unpack to standard output, by the end of a file's name.
const UNPACK: [(&str, &str); 5] =
    [(".gz", "gzip -dc"), (".zst", "zstd -dc"), (".xz", "xz -dc"), (".bz2", "bzip2 -dc"), (".lz4", "lz4 -dc")];

/// Adds the parts that bring the backup's files to a folder of a host.
pub(crate) fn files(plan: &Plan<'_>, step: Step, host: &Host, folder: &str) -> Step {
    let snapshot = plan.known.snapshot.as_ref();
    let tarball = plan.known.tarball.as_ref().filter(|_| !plan.is_fenced());
    let ssh = host.ssh();
    let step = step.part(Part::whole().titled("Make the folder").run(format!("{ssh} mkdir -p {folder}")));
    let copy = Part::whole().titled("Copy");
    let copy = copy.run(snapshot.map_or_else(|| missing(host, "<snapshot>", folder), |file| bring(file, host, folder)));
    let copy = match tarball {
        Some(file) => copy.run(bring(file, host, folder)),
        None if plan.is_fenced() || plan.is_manual() => copy, // it is not read
        None => copy.run(missing(host, "<tarball>", folder)),
    };
    let protect = format!("{ssh} 'chmod 0600 {folder}/* && sha256sum {folder}/*'");
    let mut check = Part::whole().titled("Keep it from others, and compare").run(protect);
    for file in [snapshot, tarball].into_iter().flatten().filter(|file| unpacked(&file.name).1.is_none()) {
        check = check.expect(format!("{}  {folder}/{}", file.sha256, file.name));
    }
    step.part(copy).part(check)
}

/// Copies a file; one that is compressed as the script cannot take it is unpacked on the way.
fn bring(file: &BackupFile, host: &Host, folder: &str) -> String {
    let (name, program) = unpacked(&file.name);
    let path = word(&file.path);
    match program {
        None => format!("scp -i '<ssh-key-path>' {path} {}", scp_target(host, folder)),
        Some(program) => {
            let there = word(&format!("cat > {}", word(&format!("{folder}/{name}"))));
            format!("{program} {path} | {} {there}", host.ssh())
        }
    }
}

fn missing(host: &Host, blank: &str, folder: &str) -> String {
    format!("scp -i '<ssh-key-path>' '{blank}' {}", scp_target(host, folder))
}

fn scp_target(host: &Host, folder: &str) -> String {
    format!("core@{}", word(&format!("{}:{folder}/", host.url_host())))
}

/// The name that the script looks for, and what unpacks the file to it; a tarball stays as it is.
pub(crate) fn unpacked(name: &str) -> (&str, Option<&'static str>) {
    let packed = UNPACK.iter().find_map(|(end, program)| Some((name.strip_suffix(end)?, *program)));
    match packed {
        Some((inner, program)) if inner.ends_with(".db") => (inner, Some(program)),
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::unpacked;

    #[test]
    fn a_packed_snapshot_is_unpacked_and_a_tarball_is_not() {
        assert_eq!(unpacked("snapshot_1.db"), ("snapshot_1.db", None));
        assert_eq!(unpacked("snapshot_1.db.gz"), ("snapshot_1.db", Some("gzip -dc")));
        assert_eq!(unpacked("static_kuberesources_1.tar.gz"), ("static_kuberesources_1.tar.gz", None));
    }
}
