//! What Secrets and ConfigMaps hold, against what the installer wrote into files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube_objects::protobuf::Message;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// One entry of a Secret or ConfigMap, borrowed.
#[derive(Clone, Copy)]
pub struct Content<'v> {
    /// The entry's name.
    pub name: &'v [u8],
    /// Its bytes.
    pub bytes: &'v [u8],
}

/// The entries of `data` of an opened Secret or ConfigMap. Only protobuf is read, in which API servers store both.
pub fn contents<'v>(object: &'v [u8]) -> impl Iterator<Item = Content<'v>> {
    // Secret and ConfigMap alike {1: metadata, 2: data, a map entry {1: key, 2: value} each}
    let entries = Message::of_object(object).into_iter().flat_map(|object| object.messages(2));
    entries.map(|entry| {
        let part = |number| entry.message(number).map_or(&[][..], Message::as_bytes);
        Content { name: part(1), bytes: part(2) }
    })
}

/// The bytes as the installer of static pods writes them: three words stand for what a node fills in (library-go
/// `pkg/operator/staticpod/installerpod`). `None` where none of them occurs.
#[must_use]
pub fn substituted(bytes: &[u8], revision: u64, node: &str) -> Option<Zeroizing<Vec<u8>>> {
    let variable = node.replace(['-', '.'], "_");
    let revision = revision.to_string();
    let words: [(&[u8], &[u8]); 3] = [
        (b"REVISION", revision.as_bytes()),
        (b"NODE_NAME", node.as_bytes()),
        (b"NODE_ENVVAR_NAME", variable.as_bytes()),
    ];
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(64)));
    let (mut rest, mut any) = (bytes, false);
    while let Some((&first, after)) = rest.split_first() {
        let word = words.iter().find(|(word, _)| rest.starts_with(word));
        if let Some((word, by)) = word {
            out.extend_from_slice(by);
            rest = rest.get(word.len()..).unwrap_or_default();
            any = true;
        } else {
            out.push(first);
            rest = after;
        }
    }
    any.then_some(out)
}

/// SHA-256 of every certificate in a PEM bundle, as certificates of a tarball are told apart.
#[must_use]
pub fn pem_fingerprints(pem: &[u8]) -> Vec<[u8; 32]> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    let blocks = text.split(BEGIN).skip(1).filter_map(|block| block.split_once(END)).map(|(body, _)| body);
    let der = blocks.filter_map(|body| {
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        STANDARD.decode(body).ok()
    });
    der.map(|der| Sha256::digest(der).into()).collect()
}
