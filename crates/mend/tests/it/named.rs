//! What is said of each kind.

use mend::{Diagnosis, Proof, diagnose};

use crate::damage::{amid, base64, behind, characters, crlf, hexdump, replaced, utf16};
use crate::mended;
use crate::random::{Random, snapshot};

/// A snapshot that is large enough for all that is told of it: two thousand bytes of each value.
fn one() -> Vec<u8> {
    (0..).map(|seed| snapshot(&mut Random::new(seed))).find(|file| file.len() > 100_000).unwrap()
}

fn said(damaged: &[u8]) -> String {
    match diagnose(damaged) {
        Diagnosis::Mendable(mend) => mend.steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        Diagnosis::Lost(_, loss) => format!("lost: {loss}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn each_kind_has_its_words() {
    let one = one();
    let text = |page| characters(&one, page);
    let inserted = [&one[..12_288], b"W1102 slow\n", &one[12_288..]].concat();
    for (damaged, expected) in [
        (one.clone(), "Intact"),
        (crlf(&one), "every line feed in it became CR LF"),
        (utf16(&text(1), true, true), "its bytes were taken for code page 437 and stored as UTF-16, low byte first"),
        (utf16(&text(2), false, true), "its bytes were taken for code page 850 and stored as UTF-16, high byte first"),
        (text(0).into_bytes(), "its bytes were taken for Latin-1 and stored as UTF-8"),
        (base64(&one, 76, "\n"), "it is encoded in base64"),
        (hexdump(&one), "it is a hexadecimal dump"),
        ([b"Starting pod ...\n", &one[..]].concat(), "17 bytes stand before it"),
        (inserted, "11 bytes stand amid it, at offset 12288"),
        ([&one[..], b"\nRemoving\n"].concat(), &format!("bytes follow it, from offset {} on", one.len())),
        (
            String::from_utf8_lossy(&one).into_owned().into_bytes(),
            "lost: bytes that are no text were replaced by one and the same character",
        ),
        (
            utf16(&String::from_utf8_lossy(&one), true, true),
            "lost: bytes that are no text were replaced by one and the same character",
        ),
        (one.iter().map(|byte| byte & 0x7f).collect(), "lost: its bytes were stripped to seven bits"),
        (replaced(&one, b"\r", b""), "lost: every carriage return in it was left out"),
        (replaced(&one, b"\n", b""), "lost: every line feed in it was left out"),
        (replaced(&one, b"\r\n", b"\n"), "lost: every CR LF in it became LF"),
        (replaced(&one, b"\0", b""), "lost: its zero bytes were left out"),
        (one[..one.len() - 32].to_vec(), "Other"),
        (one[..one.len() - 5000].to_vec(), "lost: its last 5000 bytes are missing"),
        (b"<Error><Code>NoSuchKey</Code></Error>".to_vec(), "Foreign"),
        (vec![0; 70_000], "Foreign"),
        (Random::new(4).bytes(70_000), "Foreign"),
        (Vec::new(), "Foreign"),
    ] {
        assert_eq!(said(&damaged), expected);
    }
}

#[test]
fn a_flipped_bit_beside_is_told_by_the_hash() {
    let mut one = one();
    let at = one.len() / 2;
    one[at] ^= 1;
    assert!(matches!(diagnose(&crlf(&one)), Diagnosis::Wrong(steps) if steps.len() == 1));
    assert_eq!(diagnose(&one), Diagnosis::Other);
}

#[test]
fn without_a_hash_the_places_of_pages_are_all_there_is() {
    let one = one();
    let bare = &one[..one.len() - 32];
    for damaged in [crlf(bare), base64(bare, 76, "\n"), [b"banner\n", bare].concat()] {
        let Diagnosis::Mendable(mend) = diagnose(&damaged) else { panic!("{:?}", diagnose(&damaged)) };
        assert_eq!((mend.proof, mended(&mend, &damaged)), (Proof::Places, bare.to_vec()));
    }
}

#[test]
fn a_carriage_return_is_found_again() {
    let mut random = Random::new(3);
    for _ in 0..10 {
        let original = snapshot(&mut random);
        let pairs: Vec<usize> = (0..original.len()).filter(|at| original[*at..].starts_with(b"\r\n")).collect();
        let mut damaged = original.clone();
        damaged.remove(pairs[pairs.len() / 3]);
        let Diagnosis::Mendable(mend) = diagnose(&damaged) else { panic!("{:?}", diagnose(&damaged)) };
        assert!(mended(&mend, &damaged) == original, "{:?}", mend.steps);
    }
}

#[test]
fn what_is_behind_and_amid_is_one_step() {
    let mut random = Random::new(9);
    let one = one();
    let damaged = behind(&amid(&one, &mut random), &mut random);
    let Diagnosis::Mendable(mend) = diagnose(&damaged) else { panic!("{:?}", diagnose(&damaged)) };
    assert_eq!((mended(&mend, &damaged), mend.steps.len()), (one, 1));
}

#[test]
fn what_grows_without_end_is_given_up() {
    // a dump that says that one line stands for more than there is
    let dump = b"00000000  00 00 00 00 00 00 00 00  04 00 00 00 00 00 00 00  |................|\n\
        00000010  ed da 0c ed 02 00 00 00  00 10 00 00 00 00 00 00  |................|\n*\nfffffffffffffff0\n";
    assert!(matches!(diagnose(dump), Diagnosis::Foreign));
}
