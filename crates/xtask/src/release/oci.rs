//! An image of a container as an OCI layout in a tar file, written without a daemon: one layer, its configuration, its
//! manifest, an index. Equal input, equal bytes.

use std::fs;
use std::io::{self, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// What an image is made of.
#[derive(Debug, Clone)]
pub struct Image {
    /// The folder that becomes the image's root: files with their modes, folders, symbolic links. Owners do not count: all
    /// is root's.
    pub tree: PathBuf,
    /// The version, which is also the name of the image in the layout.
    pub version: String,
    /// Seconds since 1970: every time in the image.
    pub epoch: i64,
}

/// The user when nobody says otherwise; OpenShift gives a random one of group 0.
const USER: &str = "65532:65532";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// Writes the layout as a tar file, as `skopeo` reads it by `oci-archive:`.
///
/// # Errors
/// Where the tree cannot be read, `out` not be written, or the epoch is no time.
pub fn image(image: &Image, out: impl Write) -> Result<(), Error> {
    let created = Timestamp::from_second(image.epoch).map_err(|_| Error::Epoch(image.epoch))?.to_string();
    let epoch = u64::try_from(image.epoch).map_err(|_| Error::Epoch(image.epoch))?;
    let layer_tar = layer(&image.tree, epoch)?;
    let mut layer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    layer.write_all(&layer_tar)?;
    let layer = layer.finish()?;
    let labels = json!({
        "org.opencontainers.image.title": "assay",
        "org.opencontainers.image.description": "Prove, offline, that an OpenShift etcd backup will restore",
        "org.opencontainers.image.version": image.version,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.created": created,
    });
    let config = json!({
        "created": created,
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": USER,
            "Env": ["PATH=/usr/bin"],
            "Entrypoint": ["/usr/bin/assay"],
            "Cmd": ["--help"],
            "WorkingDir": "/work",
            "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", sha256(&layer_tar))]},
        "history": [{"created": created, "created_by": "scripts/release"}],
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, &config),
        "layers": [descriptor(LAYER_TYPE, &layer)],
        "annotations": labels,
    });
    let manifest = manifest.to_string().into_bytes();
    let mut described = descriptor(MANIFEST_TYPE, &manifest);
    if let Some(described) = described.as_object_mut() {
        described.insert("annotations".to_owned(), json!({"org.opencontainers.image.ref.name": image.version}));
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [described]}).to_string();
    let mut blobs =
        [&config, &layer, &manifest].map(|blob| (format!("blobs/sha256/{}", sha256(blob)), blob.as_slice()));
    blobs.sort();
    let mut tar = tar::Builder::new(out);
    for folder in ["blobs/", "blobs/sha256/"] {
        tar.append_data(&mut header(tar::EntryType::Directory, 0o755, 0, epoch), folder, io::empty())?;
    }
    let layout = br#"{"imageLayoutVersion":"1.0.0"}"#;
    let named = [("index.json".to_owned(), index.as_bytes()), ("oci-layout".to_owned(), layout.as_slice())];
    for (name, bytes) in blobs.into_iter().chain(named) {
        tar.append_data(&mut header(tar::EntryType::Regular, 0o644, bytes.len() as u64, epoch), name, bytes)?;
    }
    tar.into_inner()?.flush()?;
    Ok(())
}

fn descriptor(kind: &str, blob: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": format!("sha256:{}", sha256(blob)), "size": blob.len()})
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The tree as a tar archive, in the order of the names.
fn layer(tree: &Path, epoch: u64) -> Result<Vec<u8>, Error> {
    let mut paths = Vec::new();
    collect(tree, &mut paths)?;
    paths.sort();
    let mut tar = tar::Builder::new(Vec::new());
    for path in paths {
        let name = path.strip_prefix(tree).unwrap_or(&path);
        let metadata = fs::symlink_metadata(&path).map_err(Error::file(&path))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_symlink() {
            let target = fs::read_link(&path).map_err(Error::file(&path))?;
            tar.append_link(&mut header(tar::EntryType::Symlink, 0o777, 0, epoch), name, target)?;
        } else if metadata.is_dir() {
            // a name that ends so is a folder's for whoever reads the name alone
            let name = name.join("");
            tar.append_data(&mut header(tar::EntryType::Directory, mode, 0, epoch), name, io::empty())?;
        } else {
            let mut bytes = Vec::new();
            fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(Error::file(&path))?;
            let mut header = header(tar::EntryType::Regular, mode, bytes.len() as u64, epoch);
            tar.append_data(&mut header, name, bytes.as_slice())?;
        }
    }
    Ok(tar.into_inner()?)
}

/// All that is below a folder, without following links.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let entry = entry.map_err(Error::file(folder))?;
        paths.push(entry.path());
        if entry.file_type().map_err(Error::file(entry.path()))?.is_dir() {
            collect(&entry.path(), paths)?;
        }
    }
    Ok(())
}

fn header(kind: tar::EntryType, mode: u32, size: u64, epoch: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(epoch);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::symlink;

    use super::*;

    const EPOCH: i64 = 1_796_016_789;

    fn written(tree: &Path) -> Vec<u8> {
        let mut out = Vec::new();
        image(&Image { tree: tree.to_owned(), version: "1.2.3".to_owned(), epoch: EPOCH }, &mut out).unwrap();
        out
    }

    fn files(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(tar);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), EPOCH as u64);
            assert_eq!((entry.header().uid().unwrap(), entry.header().gid().unwrap()), (0, 0));
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let name = format!("{name} {:o}", entry.header().mode().unwrap());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        });
        entries.collect()
    }

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("usr/bin")).unwrap();
        fs::create_dir(at("tmp")).unwrap();
        fs::set_permissions(at("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::write(at("usr/bin/assay"), b"binary").unwrap();
        fs::set_permissions(at("usr/bin/assay"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("assay", at("usr/bin/kubectl-assay")).unwrap();
        tree
    }

    /// Follows the digests from the index to the files, as whoever pulls the image does.
    #[test]
    fn every_digest_leads_to_the_bytes_that_have_it() {
        let tree = tree();
        let files_of = files(&written(tree.path()));
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
            let bytes = files_of[&format!("blobs/sha256/{digest} 644")].clone();
            assert_eq!((sha256(&bytes), bytes.len() as u64), (digest, descriptor["size"].as_u64().unwrap()));
            bytes
        };
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(read(&files_of["oci-layout 644"])["imageLayoutVersion"], "1.0.0");
        let index = read(&files_of["index.json 644"]);
        assert_eq!(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "1.2.3");
        let manifest = read(&blob(&index["manifests"][0]));
        let config = read(&blob(&manifest["config"]));
        assert_eq!(config["config"]["User"], USER);
        assert_eq!(config["created"], "2026-11-30T05:33:09Z");
        let mut layer = Vec::new();
        flate2::read::GzDecoder::new(blob(&manifest["layers"][0]).as_slice()).read_to_end(&mut layer).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], json!([format!("sha256:{}", sha256(&layer))]));
        let names: Vec<String> = files(&layer).into_keys().collect();
        let modes: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.starts_with("usr/ ")).collect();
        assert!(modes.contains(&"tmp/ 1777") && modes.contains(&"usr/bin/assay 755"), "{names:?}");
        assert!(modes.contains(&"usr/bin/kubectl-assay 777"), "{names:?}");
    }

    #[test]
    fn equal_trees_make_equal_bytes_wherever_and_whenever_they_lie() {
        let (one, other) = (tree(), tree());
        fs::File::open(other.path().join("usr/bin/assay")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert!(written(one.path()) == written(other.path()));
        fs::write(other.path().join("usr/bin/assay"), b"another").unwrap();
        assert!(written(one.path()) != written(other.path()));
    }

    #[test]
    fn a_time_before_the_first_is_refused() {
        let tree = tree();
        let before = Image { tree: tree.path().to_owned(), version: "1".to_owned(), epoch: -1 };
        assert!(matches!(image(&before, io::sink()), Err(Error::Epoch(-1))));
    }
}
