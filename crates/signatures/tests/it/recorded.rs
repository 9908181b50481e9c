//! minisign's signatures, as its program wrote them, and files of several signatures.

use jiff::tz::TimeZone;
use signatures::{Namespace, Revoked, Signers, Trust, Unreadable, signatures, vouched};

use super::{SIGNED, at, data, filled, judged, key, one};

const NOW: &str = "2026-06-01T12:00:00Z";
const ERIN: &str = "minisign public key AEF5C61CAA6D5E31";

fn of_erin(signature: &str, bytes: &[u8], namespace: Namespace, principal: Option<&str>) -> Result<String, String> {
    let said = judged("{erin}", "", data(signature), bytes, (namespace, principal, at(NOW)));
    said.map(|signed| signed.principal).map_err(|refused| refused.to_string())
}

#[test]
fn minisign_counts_for_what_its_comment_says() {
    let erin = || Ok(ERIN.to_owned());
    assert_eq!(of_erin("erin.minisig", SIGNED, Namespace::Escrow, None), erin());
    assert_eq!(of_erin("erin.minisig", SIGNED, Namespace::Escrow, Some(ERIN)), erin());
    assert_eq!(of_erin("erin-drill.minisig", SIGNED, Namespace::Drill, None), erin());
    for (signature, bytes, principal, word) in [
        ("erin.minisig", &b"other"[..], None, "not of these bytes"),
        ("erin.minisig", SIGNED, Some("alice"), "not by alice"),
        ("erin-drill.minisig", SIGNED, None, "made for `assay-drill@1`"),
        ("erin-plain.minisig", SIGNED, None, "made for `timestamp:"),
    ] {
        let refused = of_erin(signature, bytes, Namespace::Escrow, principal).unwrap_err();
        assert!(refused.contains(word), "{signature}: {refused}");
    }
    let legacy = one(data("erin-legacy.minisig"));
    assert_eq!(legacy.err(), Some(Unreadable::Legacy));
    let moved = data("erin-drill.minisig").replace("assay-drill@1", "assay-escrow@1");
    let refused = judged("{erin}", "", &moved, SIGNED, (Namespace::Escrow, None, at(NOW))).unwrap_err();
    assert!(refused.is_changed(), "the comment is signed too: {refused}");
}

#[test]
fn minisign_has_a_name_by_its_comment_and_can_be_revoked() {
    let named = format!("untrusted comment: erin@example.com\n{}", key("erin").lines().nth(1).unwrap());
    let asked = (Namespace::Escrow, None, at(NOW));
    let signed = judged(&named, "", data("erin.minisig"), SIGNED, asked).unwrap();
    assert_eq!(
        (signed.principal.as_str(), signed.key.to_string().as_str()),
        ("erin@example.com", "minisign AEF5C61CAA6D5E31")
    );
    assert!(judged("{erin}", "{erin}", data("erin.minisig"), SIGNED, asked).unwrap_err().is_revoked());
    let unknown = judged("alice {alice}", "", data("erin.minisig"), SIGNED, asked).unwrap_err();
    assert!(unknown.to_string().contains("AEF5C61CAA6D5E31, which is not in the list"), "{unknown}");
}

#[test]
fn each_block_of_a_file_is_read_for_itself() {
    let cut = data("bob.sig").replace("\n-----END SSH SIGNATURE-----", "");
    let torn = data("bob.sig").replacen("U1NIU0lH", "U1NIU0lI", 1);
    let all = [data("alice.sig"), &torn, data("zoe.sig"), data("erin.minisig"), "\n", data("carol.sig")].concat();
    let list = filled("alice {alice}\nops,carol {carol}\n{erin}\nalice {bob}");
    let signers = Signers::parse(list.as_bytes(), &TimeZone::UTC).unwrap();
    let revoked = Revoked::default();
    let trust =
        Trust { signers: &signers, revoked: &revoked, namespace: Namespace::Escrow, at: at(NOW), principal: None };
    let found = vouched(SIGNED, &signatures(all.as_bytes()).unwrap(), &trust);
    let who: Vec<_> = found.signed.iter().map(|signed| signed.principal.as_str()).collect();
    assert_eq!((who, found.people()), (vec!["alice", ERIN, "ops,carol"], 3));
    assert_eq!((found.refused.len(), found.unreadable), (1, vec![Unreadable::Damaged]));

    let twice = [data("alice.sig"), data("bob.sig"), data("alice-sha256.sig")].concat();
    let found = vouched(SIGNED, &signatures(twice.as_bytes()).unwrap(), &trust);
    assert_eq!((found.signed.len(), found.people()), (3, 1), "three signatures, two keys, one person");

    for (text, why) in [
        ("", Unreadable::None),
        ("nothing\n", Unreadable::Stray),
        (&[data("alice.sig"), "and more\n"].concat(), Unreadable::Stray),
        (&data("alice.sig").repeat(65), Unreadable::TooLong),
    ] {
        assert_eq!(signatures(text.as_bytes()).err(), Some(why), "{text:.20}");
    }
    assert_eq!(signatures(&[0xff]).err(), Some(Unreadable::NotText));
    assert_eq!(one(&cut).err(), Some(Unreadable::Damaged));
}

/// Whatever byte of a signature is changed, it counts no more.
#[test]
fn no_changed_signature_counts() {
    let text = data("alice.sig");
    for at_byte in 30..text.len() - 30 {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
        let Ok(signature) = one(std::str::from_utf8(&bytes).unwrap()) else { continue };
        let signers = Signers::parse(filled("alice {alice}").as_bytes(), &TimeZone::UTC).unwrap();
        let (revoked, namespace) = (Revoked::default(), Namespace::Escrow);
        let trust = Trust { signers: &signers, revoked: &revoked, namespace, at: at(NOW), principal: None };
        assert!(signatures::check(SIGNED, &signature, &trust).is_err(), "byte {at_byte}");
    }
}
