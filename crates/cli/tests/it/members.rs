//! A tarball that is whole as an archive and would not bring a control plane back: what is in it was changed or removed.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::fixture::named;
use crate::run::run;

/// What becomes of a file: other bytes, or nothing.
type Edit<'e> = &'e dyn Fn(&str, Vec<u8>) -> Option<Vec<u8>>;

/// The tarball of a fixture with its files changed.
fn edited(path: &Path, edit: Edit<'_>) -> Vec<u8> {
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(path).unwrap()));
    let mut out = tar::Builder::new(Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut header = entry.header().clone();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let bytes = if header.entry_type().is_file() { edit(&name, bytes) } else { Some(bytes) };
        let Some(bytes) = bytes else { continue };
        header.set_size(bytes.len() as u64);
        out.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&out.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

/// The exit code, and the findings that are high or worse.
fn serious(edit: Edit<'_>) -> (Option<i32>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("aescbc-rotated");
    let copy = |path: &Path| folder.path().join(path.file_name().unwrap());
    fs::copy(fixture.snapshot(), copy(&fixture.snapshot())).unwrap();
    fs::write(copy(&fixture.tarball()), edited(&fixture.tarball(), edit)).unwrap();
    let run = run(&["verify", "--json", "--target", "4.18.30", folder.path().to_str().unwrap()]);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    let mut ids: Vec<String> = findings
        .filter(|it| it["severity"] == "high" || it["severity"] == "critical")
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    (run.code, ids)
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    Some(text.replace(from, to).into_bytes())
}

#[test]
fn what_would_keep_the_control_plane_down_is_found() {
    let config = "kube-apiserver-pod-9/configmaps/config/config.yaml";
    let without = |part: &'static str| move |name: &str, bytes: Vec<u8>| (!name.contains(part)).then_some(bytes);
    let in_config = |from: &'static str, to: &'static str| {
        move |name: &str, bytes: Vec<u8>| if name.ends_with(config) { replaced(&bytes, from, to) } else { Some(bytes) }
    };
    let other_key = "encryption-provider-other";
    let not_told = in_config("encryption-provider-config", other_key);
    let elsewhere = in_config("secrets/encryption-config/", "secrets/encryption-config-x/");
    let hollow = |name: &str, bytes: Vec<u8>| Some(if name.ends_with("-pod.yaml") { b"{}".to_vec() } else { bytes });
    let cases: [(Edit<'_>, &[&str]); 9] = [
        (&|_, bytes| Some(bytes), &[]),
        (&not_told, &["KEY-005", "KEY-022", "KEY-033"]),
        (&elsewhere, &["KEY-001", "KEY-032"]),
        (&hollow, &["TAR-035"]),
        (&without(config), &["TAR-034"]),
        (&without("secrets/etcd-client/"), &["TAR-034"]),
        (&without("etcd-all-bundles"), &["TAR-034"]),
        (&without("etcd-peer-master-0.key"), &["TAR-034", "TAR-037"]),
        (&without("etcd-serving-master-1.crt"), &["TAR-037"]),
    ];
    for (at, (edit, expected)) in cases.into_iter().enumerate() {
        let code = if expected.is_empty() { Some(0) } else { Some(1) };
        assert_eq!(serious(edit), (code, expected.iter().map(|id| (*id).to_owned()).collect()), "case {at}");
    }
}
