//! A key that stays behind: `keys split` looks for it wherever a tarball can hide one, and calls nothing keyless that is not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::keys_support::{Bench, CONFIG, JOIN, files, gunzip};
use crate::run::Run;
use fixtures::gzip;

/// Bytes of every kind, so that the two alphabets of base64 differ.
fn key() -> Vec<u8> {
    (0..32_u8).map(|n| n.wrapping_mul(151).wrapping_add(251)).collect()
}

fn hex(upper: bool) -> String {
    key().iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
}

fn config() -> Vec<u8> {
    let secret = STANDARD.encode(key());
    format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],
        "providers":[{{"aescbc":{{"keys":[{{"name":"9","secret":"{secret}"}}]}}}},{{"identity":{{}}}}]}}]}}"#
    )
    .into_bytes()
}

/// A header block with its checksum, after `change` had its way with it.
fn header(name: &str, kind: u8, size: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut block = vec![0; 512];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    for (at, text) in [(100, "0000600"), (108, "0000000"), (116, "0000000"), (136, "00000000000"), (148, "        ")] {
        put(at, text.as_bytes());
    }
    put(124, format!("{size:011o}").as_bytes());
    put(257, b"ustar\x0000");
    block[156] = kind;
    change(&mut block);
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A member: headers before its own, its own, its data, and padding of this filling.
fn member(name: &str, kind: u8, data: &[u8], filling: &[u8]) -> Vec<u8> {
    let mut blocks = header(name, kind, data.len(), |_| ());
    blocks.extend_from_slice(data);
    let whole = blocks.len().next_multiple_of(512);
    blocks.extend_from_slice(&filling[..filling.len().min(whole - blocks.len())]);
    blocks.resize(whole, 0);
    blocks
}

fn pax(key: &str, value: &[u8]) -> Vec<u8> {
    let body = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let len = (1..).find(|len: &usize| len.to_string().len() + body.len() == *len).unwrap();
    [len.to_string().as_bytes(), &body].concat()
}

const OTHER: &str = "static-pod-resources/etcd-pod-8/configmaps/etcd-pod/notes";

/// A tarball with a configuration, and blocks besides.
fn tarball(blocks: &[u8]) -> Vec<u8> {
    let plain = member("static-pod-resources/etcd-pod-8/configmaps/etcd-pod/version", b'0', b"4.18", b"");
    gzip(
        &[&plain[..], &member(CONFIG, b'0', &config(), b""), blocks, &member(OTHER, b'0', b"end", b""), &[0; 1024]]
            .concat(),
    )
}

/// The key in every form in which it may be found, by name.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let around = |before: &[u8]| [before, &key(), b"\xfe\x02"].concat();
    let base64 = |before: &[u8]| STANDARD.encode(around(before)).into_bytes();
    let url = |before: &[u8]| URL_SAFE.encode(around(before)).into_bytes();
    vec![
        ("as it is", key()),
        ("in base64", base64(b"")),
        ("in base64", base64(b"a")),
        ("in base64", base64(b"ab")),
        ("in base64", url(b"")),
        ("in base64", url(b"a")),
        ("in base64", url(b"ab")),
        ("in base64 twice", STANDARD.encode(format!("key: {}", STANDARD.encode(key()))).into_bytes()),
        ("in hexadecimal digits", hex(false).into_bytes()),
        ("in hexadecimal digits", hex(true).into_bytes()),
    ]
}

/// The error itself: what goes before warns of odd names, and a name is shown as it is.
fn error(run: &Run) -> &str {
    run.err.split_once("error: ").unwrap().1
}

/// That a split of it is refused, names the member and the form, shows nothing of the key and leaves no file.
fn refused(case: &str, bytes: &[u8], form: &str, member: &str) {
    let bench = Bench::new();
    bench.tarball_of(bytes);
    let run = bench.keys("split {tarball} -r RECIPIENT --out {}/vault");
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{case}: {}", run.err);
    for word in ["would still hold encryption key `9`", form, member, "at offset ", "hint: "] {
        assert!(run.err.contains(word), "{case}: no `{word}`: {}", run.err);
    }
    for (_, form) in forms() {
        let shown: String = String::from_utf8_lossy(&form).chars().take(16).collect();
        assert!(!error(&run).contains(&shown), "{case}: {}", run.err);
    }
    assert!(files(&bench.path("vault")).is_empty(), "{case}");
}

#[test]
fn a_key_in_a_member_that_stays_is_found_in_every_form() {
    for (at, (form, bytes)) in forms().into_iter().enumerate() {
        let content = [&b"notes: "[..], &bytes, b"\n"].concat();
        let name = "static-pod-resources/etcd-pod-8/configmaps/etcd-pod/hidden";
        refused(&format!("{form}, {at}"), &tarball(&member(name, b'0', &content, b"")), form, name);
    }
}

#[test]
fn a_key_is_found_wherever_a_tarball_can_hide_one() {
    let hidden = "static-pod-resources/etcd-pod-8/configmaps/etcd-pod/hidden";
    let digits = hex(false);
    let own = |change: &dyn Fn(&mut [u8])| header(hidden, b'0', 0, change);
    let named = format!("static-pod-resources/{digits}");
    let long = format!("{}/{digits}", "static-pod-resources/x".repeat(5));
    let xattr = pax("SCHILY.xattr.user.note", &key());
    let link = header(hidden, b'2', 0, |block| block[157..157 + 64].copy_from_slice(digits.as_bytes()));
    let places: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("padding behind a member", member(hidden, b'0', b"x", &key()), "as it is", hidden),
        (
            "a pax comment",
            [member("pax", b'x', &pax("comment", digits.as_bytes()), b""), member(hidden, b'0', b"x", b"")].concat(),
            "in hexadecimal",
            hidden,
        ),
        (
            "an attribute in a pax header",
            [member("pax", b'x', &xattr, b""), member(hidden, b'0', b"x", b"")].concat(),
            "as it is",
            hidden,
        ),
        (
            "padding behind a pax header",
            [member("pax", b'x', &pax("comment", b"x"), &key()), member(hidden, b'0', b"x", b"")].concat(),
            "as it is",
            hidden,
        ),
        (
            "a global pax comment",
            member("pax", b'g', &pax("comment", digits.as_bytes()), b""),
            "in hexadecimal",
            "between members",
        ),
        (
            "padding behind a global pax header",
            member("pax", b'g', &pax("comment", b"x"), &key()),
            "as it is",
            "between members",
        ),
        (
            "a long name",
            [member("././@LongLink", b'L', format!("{long}\0").as_bytes(), b""), member("cut", b'0', b"x", b"")]
                .concat(),
            "in hexadecimal",
            "whose name holds it",
        ),
        (
            "behind the end of a long name",
            [
                member("././@LongLink", b'L', &[hidden.as_bytes(), b"\0", &key()].concat(), b""),
                member("cut", b'0', b"x", b""),
            ]
            .concat(),
            "as it is",
            hidden,
        ),
        (
            "a long link",
            [member("././@LongLink", b'K', format!("{digits}\0").as_bytes(), b""), header(hidden, b'2', 0, |_| ())]
                .concat(),
            "in hexadecimal",
            hidden,
        ),
        ("a name", member(&named, b'0', b"x", b""), "in hexadecimal", "whose name holds it"),
        (
            "the name of a folder",
            header(&format!("{named}/"), b'5', 0, |_| ()),
            "in hexadecimal",
            "whose name holds it",
        ),
        ("where a link points", link, "in hexadecimal", hidden),
        (
            "the prefix of a name",
            own(&|block| block[345..345 + 64].copy_from_slice(digits.as_bytes())),
            "in hexadecimal",
            "",
        ),
        ("the owner's name", own(&|block| block[265..297].copy_from_slice(&key())), "as it is", hidden),
        ("behind the end of a name", own(&|block| block[60..92].copy_from_slice(&key())), "as it is", hidden),
        ("behind the end of a header", own(&|block| block[500..512].copy_from_slice(&key()[..12])), "", ""),
    ];
    for (name, blocks, form, member) in &places[..places.len() - 1] {
        refused(name, &tarball(blocks), form, member);
    }
    // from the end of a header into what follows
    let mut blocks = header(hidden, b'0', 20, |block| block[500..512].copy_from_slice(&key()[..12]));
    blocks.extend_from_slice(&key()[12..]);
    blocks.resize(1024, 0);
    refused("a header and what follows it", &tarball(&blocks), "as it is", hidden);
}

/// What stands outside of the tar does not get into the keyless tarball, so it needs no refusal.
#[test]
fn nothing_of_the_gzip_layer_stays() {
    let tar = gunzip(&tarball(b""));
    let deflated = gzip(&tar)[10..].to_vec();
    let digits = hex(false);
    let named =
        [&[0x1f, 0x8b, 8, 8 | 16, 0, 0, 0, 0, 0, 3][..], digits.as_bytes(), b"\0", digits.as_bytes(), b"\0", &deflated]
            .concat();
    let extra = [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 32, 0][..], &key(), &deflated].concat();
    let behind = [&gzip(&tar)[..], &key()].concat();
    for bytes in [named, extra, behind] {
        let bench = Bench::new();
        bench.tarball_of(&bytes);
        let split = bench.keys("split {tarball} -r RECIPIENT --out {}/vault");
        assert!(matches!(split.code, Some(0 | 1)), "{}", split.err); // bytes behind the end are told
        for (path, written) in files(&bench.path("vault")) {
            for (_, form) in forms() {
                assert!(memchr::memmem::find(&written, &form).is_none(), "{}", path.display());
            }
        }
        bench.keys_ok(JOIN);
        assert!(std::fs::read(bench.path("back.tar.gz")).unwrap() == bytes);
    }
}

/// The manifest names what leaves, and lies in clear beside it.
#[test]
fn a_key_in_the_name_of_what_leaves_does_not_get_into_the_manifest() {
    let folder = CONFIG.rsplit_once('/').unwrap().0;
    let name = format!("{folder}/{}", hex(true));
    let long =
        [member("././@LongLink", b'L', format!("{name}\0").as_bytes(), b""), member("cut", b'0', b"x", b"")].concat();
    let bench = Bench::new();
    bench.tarball_of(&tarball(&long));
    let run = bench.keys("split {tarball} -r RECIPIENT --out {}/vault");
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("the manifest would hold encryption key `9`"), "{}", run.err);
    assert!(!error(&run).contains(&hex(true)[..20]) && files(&bench.path("vault")).is_empty());
}

/// What merely looks like it is no reason to refuse.
#[test]
fn another_key_and_a_part_of_one_may_stay() {
    let mut other = key();
    other[31] ^= 0x80;
    let data = [&key()[..31], STANDARD.encode(&other).as_bytes(), &hex(false).as_bytes()[..62], &[0; 64]].concat();
    let bench = Bench::new();
    bench.tarball_of(&tarball(&member("static-pod-resources/etcd-pod-8/configmaps/etcd-pod/like", b'0', &data, b"")));
    bench.split();
    bench.keys_ok(JOIN);
}
