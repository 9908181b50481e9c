//! From a private key to the public key it belongs to, which may be named in public.
use sha2::{Digest as _, Sha256};

use crate::member::Digest;

/// What a private key is, and the SHA-256 of its SubjectPublicKeyInfo where that can be told
/// without curve arithmetic.
#[derive(Default)]
pub(crate) struct PrivateKey {
    pub(crate) algorithm: Option<String>,
    pub(crate) public_key: Option<Digest>,
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Reads the DER of a PEM block with that label. What does not parse is no error: it is still
/// a private key by its label.
pub(crate) fn read(label: &str, der: &[u8]) -> PrivateKey {
    let known = match label {
        "RSA PRIVATE KEY" => pkcs1(der),
        "EC PRIVATE KEY" => sec1(der, None),
        "PRIVATE KEY" => pkcs8(der),
        _ => None,
    };
    known.unwrap_or_default()
}

/// The algorithm and digest of a public key: `PUBLIC KEY` is the SubjectPublicKeyInfo itself.
pub(crate) fn public(label: &str, der: &[u8]) -> (Option<String>, Option<Digest>) {
    if label == "RSA PUBLIC KEY" {
        let read = expect(0x30, der).and_then(|(fields, _)| {
            let (n, fields) = expect(0x02, fields)?;
            Some(rsa(n, expect(0x02, fields)?.0))
        });
        return read.map(|key| (key.algorithm, key.public_key)).unwrap_or_default();
    }
    let Some((info, _)) = expect(0x30, der) else { return (None, None) };
    let algorithm = expect(0x30, info).and_then(|(identifier, rest)| {
        let (oid, parameters) = expect(0x06, identifier)?;
        let bits = expect(0x03, rest)?.0;
        match oid {
            RSA => {
                let (numbers, _) = expect(0x30, bits.split_first()?.1)?;
                let (n, _) = expect(0x02, numbers)?;
                Some(format!("RSA-{}", bit_length(n)))
            }
            EC => Some(curve_name(expect(0x06, parameters).map(|(curve, _)| curve)).to_owned()),
            [0x2b, 0x65, 0x70] => Some("Ed25519".to_owned()),
            _ => None,
        }
    });
    (algorithm, Some(Digest(Sha256::digest(der).into())))
}

/// A DER element: its tag, its content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        (bytes.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn expect(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// RSAPrivateKey ::= SEQUENCE { version, n, e, ... }
fn pkcs1(der: &[u8]) -> Option<PrivateKey> {
    let (fields, _) = expect(0x30, der)?;
    let (_, fields) = expect(0x02, fields)?;
    let (n, fields) = expect(0x02, fields)?;
    let (e, _) = expect(0x02, fields)?;
    Some(rsa(n, e))
}

fn rsa(n: &[u8], e: &[u8]) -> PrivateKey {
    let numbers = wrap(0x30, &[wrap(0x02, n), wrap(0x02, e)].concat());
    let public_key = spki(&[wrap(0x06, RSA), vec![0x05, 0x00]].concat(), &numbers);
    PrivateKey { algorithm: Some(format!("RSA-{}", bit_length(n))), public_key: Some(public_key) }
}

fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().position(|byte| *byte != 0).and_then(|at| number.get(at..)).unwrap_or_default();
    let top = significant.first().map_or(0, |byte| byte.leading_zeros());
    significant.len().saturating_mul(8).saturating_sub(usize::try_from(top).unwrap_or(0))
}

fn curve_name(curve: Option<&[u8]>) -> &'static str {
    match curve {
        Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]) => "ECDSA-P256",
        Some([0x2b, 0x81, 0x04, 0x00, 0x22]) => "ECDSA-P384",
        Some([0x2b, 0x81, 0x04, 0x00, 0x23]) => "ECDSA-P521",
        _ => "ECDSA",
    }
}

/// ECPrivateKey ::= SEQUENCE { version, privateKey, [0] curve OPTIONAL, [1] public OPTIONAL }
fn sec1(der: &[u8], curve: Option<&[u8]>) -> Option<PrivateKey> {
    let (fields, _) = expect(0x30, der)?;
    let (_, fields) = expect(0x02, fields)?;
    let (_, mut fields) = expect(0x04, fields)?;
    let (mut curve, mut public) = (curve, None);
    while let Some((tag, content, rest)) = element(fields) {
        match tag {
            0xa0 => curve = Some(expect(0x06, content)?.0),
            0xa1 => public = expect(0x03, content)?.0.split_first().map(|(_, point)| point),
            _ => {}
        }
        fields = rest;
    }
    let algorithm = curve_name(curve);
    let public_key = curve.zip(public).map(|(curve, point)| spki(&[wrap(0x06, EC), wrap(0x06, curve)].concat(), point));
    Some(PrivateKey { algorithm: Some(algorithm.to_owned()), public_key })
}

/// PrivateKeyInfo ::= SEQUENCE { version, AlgorithmIdentifier, OCTET STRING, ... }
fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
    let (fields, _) = expect(0x30, der)?;
    let (_, fields) = expect(0x02, fields)?;
    let (identifier, fields) = expect(0x30, fields)?;
    let (key, _) = expect(0x04, fields)?;
    let (oid, parameters) = expect(0x06, identifier)?;
    let named = |name: &str| Some(PrivateKey { algorithm: Some(name.to_owned()), public_key: None });
    match oid {
        RSA => pkcs1(key),
        EC => sec1(key, expect(0x06, parameters).map(|(curve, _)| curve)),
        [0x2b, 0x65, 0x70] => named("Ed25519"),
        [0x2b, 0x65, 0x71] => named("Ed448"),
        [0x2b, 0x65, 0x6e] => named("X25519"),
        _ => None,
    }
}

/// SHA-256 of SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING }.
fn spki(identifier: &[u8], key: &[u8]) -> Digest {
    let mut bits = vec![0];
    bits.extend_from_slice(key);
    let info = wrap(0x30, &[wrap(0x30, identifier), wrap(0x03, &bits)].concat());
    Digest(Sha256::digest(&info).into())
}

/// Encodes an element with the shortest length. Only public parts pass through here.
fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant = length.iter().position(|byte| *byte != 0).and_then(|at| length.get(at..)).unwrap_or_default();
    match significant {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}
