use super::*;

fn meta_at(page: usize, big_endian: bool) -> Vec<u8> {
    let mut bytes = vec![0; page + 4096];
    let (magic, version) = if big_endian {
        (BBOLT_MAGIC.to_be_bytes(), 2u32.to_be_bytes())
    } else {
        (BBOLT_MAGIC.to_le_bytes(), 2u32.to_le_bytes())
    };
    bytes[page + 16..page + 20].copy_from_slice(&magic);
    bytes[page + 20..page + 24].copy_from_slice(&version);
    bytes
}

/// Bytes as random as a test can have them: a xorshift generator's.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32).to_le_bytes()[0]
    })
    .take(len)
    .collect()
}

fn tarball(member: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    builder.append_data(&mut header, member, &b"abc"[..]).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn a_meta_is_found_at_any_page_size_and_in_either_byte_order() {
    for page in std::iter::once(0).chain(PAGE_SHIFTS.map(|shift| 1 << shift)) {
        for big_endian in [false, true] {
            assert_eq!(sniff(&meta_at(page, big_endian)), Looks::Bbolt { big_endian, version: 2 }, "page {page}");
        }
    }
}

#[test]
fn pages_without_metas_give_themselves_away() {
    for size in [1024usize, 4096, 65536] {
        let mut bytes = vec![0; size * 8];
        for number in [3usize, 5, 6] {
            bytes[number * size] = u8::try_from(number).unwrap();
            bytes[number * size + 8] = 2;
        }
        assert_eq!(sniff(&bytes), Looks::BboltPages { page_size: size });
        bytes[6 * size] = 7;
        assert!(!sniff(&bytes).is_bbolt(), "two pages are no proof");
    }
}

#[test]
fn other_files_are_named() {
    let text_cut_in_a_character = "é".repeat(2049).into_bytes();
    let cases: Vec<(Vec<u8>, Looks)> = vec![
        (vec![], Looks::Empty),
        (vec![0; 100_000], Looks::Zeros),
        (noise(100_000), Looks::Random),
        (b"\x1f\x8b\x08rest".to_vec(), Looks::Gzip),
        (b"\x28\xb5\x2f\xfdrest".to_vec(), Looks::Zstd),
        (b"\x50\x2a\x4d\x18\x04\0\0\0".to_vec(), Looks::Zstd),
        (b"\xfd7zXZ\0".to_vec(), Looks::Xz),
        (b"BZh91AY".to_vec(), Looks::Bzip2),
        (b"\x04\x22\x4d\x18\x64".to_vec(), Looks::Lz4),
        (b"PK\x03\x04".to_vec(), Looks::Zip),
        (b"[{\"etcdEvent\":{}}]".to_vec(), Looks::Delta),
        (b"[{\"event\":{}}]".to_vec(), Looks::Json),
        (b"SQLite format 3\0".to_vec(), Looks::Sqlite),
        (b"\x04\0\0\0\0\0\0\x84\x08\x04\x10\0\0\0\0\0\x1f".to_vec(), Looks::WriteAheadLog),
        (b"\x08\0\0\0\0\0\0\0\x08\x04\x10\xb0\xc4\xe5\xf8\x0e".to_vec(), Looks::WriteAheadLog),
        (b"\x08\xb0\xc4\xe5\xf8\x0e\x12\x0c\x0a\x04data\x12\x04\x10\x02\x18\x01".to_vec(), Looks::RaftSnapshot),
        (b"age-encryption.org/v1\n".to_vec(), Looks::Age),
        (b"\x7fELF\x02".to_vec(), Looks::Elf),
        (b" {\"a\":1}".to_vec(), Looks::Json),
        (b"apiVersion: v1\nkind: Secret\n".to_vec(), Looks::Yaml),
        (b"<?xml version=\"1.0\"?><Error/>".to_vec(), Looks::Xml),
        (b"<Error><Code>NoSuchKey</Code></Error>".to_vec(), Looks::Xml),
        (b"AAAAAAAAAAAEAAAAAAAAAO3aDO0CAAAA".to_vec(), Looks::Transferred),
        (b"<!DOCTYPE HTML><p>502".to_vec(), Looks::Html),
        (b"hello\n".to_vec(), Looks::Text),
        (text_cut_in_a_character, Looks::Text),
        (b"ab\x00\x01\xff".to_vec(), Looks::Unknown),
        (b"-----BEGIN CERTIFICATE-----\nMII".to_vec(), Looks::Pem("CERTIFICATE".into())),
        (
            tarball("static-pod-resources/a/b"),
            Looks::Tar { member: "static-pod-resources/a/b".into(), static_resources: true },
        ),
        (tarball("etc\x1b[2J/passwd"), Looks::Tar { member: "etc\\u{1b}[2J/passwd".into(), static_resources: false }),
    ];
    for (bytes, looks) in cases {
        assert_eq!(sniff(&bytes), looks);
    }
}

#[test]
fn structured_binary_is_not_called_random() {
    let bytes: Vec<u8> = (0..100_000u32).flat_map(|n| (n * 3).to_le_bytes()).collect();
    assert_eq!(sniff(&bytes), Looks::Unknown);
}

#[test]
fn no_length_is_too_short_to_look_at() {
    let whole = meta_at(0, false);
    let tar = tarball("x");
    for len in 0..600 {
        sniff(&whole[..len]);
        sniff(&tar[..len]);
    }
}
