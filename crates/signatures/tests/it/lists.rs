//! Lists that are refused as a whole, and what they say of it.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use signatures::{ListFault, Revoked, Signers};

use super::{filled, key};

fn fault(list: &str) -> Option<ListFault> {
    Signers::parse(filled(list).as_bytes(), &TimeZone::UTC).err()
}

#[test]
fn a_line_that_is_not_understood_refuses_the_list() {
    for (list, line, word) in [
        ("alice", 1, "no key follows"),
        ("# all of us\nalice {alice}\nbob", 3, "no key follows"),
        ("alice ssh-ed25519 AAAA", 1, "not known"),
        ("alice ssh-ed25519", 1, "no key follows"),
        ("alice namespaces=\"git\" ssh-ed25519 AAAA", 1, "no public key"),
        ("alice cert-authority {alice}", 1, "cert-authority"),
        ("alice CERT-AUTHORITY,namespaces=\"git\" {alice}", 1, "cert-authority"),
        ("alice namespaces=\"git\",cert-authority {alice}", 1, "cert-authority"),
        ("alice no-touch-required {alice}", 1, "`no-touch-required` is not known"),
        ("alice namespaces=git {alice}", 1, "quotation mark"),
        ("alice namespaces=\"git {alice}", 1, "quotation mark"),
        ("\"alice {alice}", 1, "quotation mark"),
        ("ali\"ce {alice}", 1, "quotation mark"),
        ("alice namespaces=\"a\",namespaces=\"b\" {alice}", 1, "twice"),
        ("alice valid-after=\"20260101Z\",valid-after=\"20260102Z\" {alice}", 1, "twice"),
        ("alice valid-after=\"yesterday\" {alice}", 1, "`yesterday` is no time"),
        ("alice valid-after=\"20260102Z\",valid-before=\"20260102Z\" {alice}", 1, "not later"),
        ("alice namespaces=\"a\", {alice}", 1, "not known"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", 1, "private key"),
        ("untrusted comment: erin\nRWQxXm2qHMb1rhuC6/B/vKdWIV9n5cYbk4OhN+H++NJ69Awz33tAshF=", 2, "no public key"),
    ] {
        let found = fault(list).unwrap_or_else(|| panic!("{list} is taken"));
        assert_eq!(found.line, line, "{list}: {found}");
        assert!(found.to_string().contains(word), "{list}: {found}");
    }
    assert_eq!(fault(&"alice {alice}\n".repeat(9_999)), None);
    assert!(fault(&"# x\n".repeat(10_001)).unwrap().to_string().contains("10 000 lines"));
    assert!(Signers::parse(b"alice \xff", &TimeZone::UTC).unwrap_err().to_string().contains("UTF-8"));
    assert!(Signers::parse(&vec![b'#'; (1 << 20) + 1], &TimeZone::UTC).unwrap_err().to_string().contains("1 MiB"));
}

#[test]
fn principals_are_told_as_they_stand() {
    let list = format!("a,b {}\n{}\nRW{}\n", key("alice"), key("erin"), &key("erin").lines().nth(1).unwrap()[2..]);
    let signers = Signers::parse(list.as_bytes(), &TimeZone::UTC).unwrap();
    let told: Vec<_> = signers.principals().collect();
    assert_eq!(told, ["a,b", "minisign public key AEF5C61CAA6D5E31", "minisign AEF5C61CAA6D5E31"]);
}

#[test]
fn a_revoked_key_that_is_none_refuses_the_list() {
    for (list, word) in
        [("{alice}\nssh-ed25519 AAAA", "line 2"), ("SSHKRL\n\0\0", "binary form"), ("alice {alice}", "line 1")]
    {
        let error = Revoked::parse(filled(list).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(Revoked::parse(filled("{alice} of alice\n\n# old\n{erin}\n").as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn no_list_and_no_signature_panics(text in "[ -~\n\"\\\\=,]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Signers::parse(text.as_bytes(), &TimeZone::UTC);
        let _ = Signers::parse(format!("a {text}").as_bytes(), &TimeZone::UTC);
        let _ = Signers::parse(&bytes, &TimeZone::UTC);
        let _ = Revoked::parse(&bytes);
        let _ = signatures::signatures(&bytes);
        let _ = signatures::signatures(format!("-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n").as_bytes());
        let _ = signatures::signatures(format!("untrusted comment: x\nRU{text}\n{text}\n").as_bytes());
    }
}
