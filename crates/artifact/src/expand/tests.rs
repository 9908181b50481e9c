use std::cell::Cell;
use std::io::Write;

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::Looks;

const CAP: u64 = 1 << 30;

/// What zstd 1.5 wrote for `hello, snapshot\n` with a checksum.
const FROM_ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x81\x00\x00hello, snapshot\n\xe3\x68\x96\x54";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn expand(packed: &[u8], cap: u64) -> Result<(Vec<u8>, Compression), InputError> {
    read_all(packed, cap, "`x`")
}

/// 3 MiB that compress well but not to nothing.
fn content() -> Vec<u8> {
    (0..3u32 << 20).map(|n| (n / 1000 % 251) as u8).collect()
}

#[test]
fn each_stream_comes_out_as_it_went_in() {
    let content = content();
    let several = [gzip(b"one "), gzip(b"two")].concat();
    let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd(b"one "), &zstd(b"two")].concat();
    for (packed, bytes, compression) in [
        (content.clone(), &content[..], Compression::None),
        (gzip(&content), &content, Compression::Gzip),
        (zstd(&content), &content, Compression::Zstd),
        (several, b"one two", Compression::Gzip),
        (skipped, b"one two", Compression::Zstd),
        (vec![], b"", Compression::None),
        (b"\x1f".to_vec(), b"\x1f", Compression::None),
    ] {
        let (found, kind) = expand(&packed, CAP).unwrap();
        assert!(found == bytes, "{kind}: {} bytes", found.len());
        assert_eq!(kind, compression);
    }
}

#[test]
fn a_magic_that_arrives_byte_by_byte_is_seen() {
    struct Dribble<'a>(&'a [u8]);
    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(1);
            self.0.read(&mut buffer[..len])
        }
    }
    let packed = gzip(b"abc");
    let reader = io::BufReader::with_capacity(1, Dribble(&packed));
    assert_eq!(read_all(reader, CAP, "`x`").unwrap().0, b"abc");
}

#[test]
fn one_byte_more_than_the_cap_is_refused_and_the_cap_itself_is_not() {
    let content = content();
    let cap = content.len() as u64;
    for packed in [content.clone(), gzip(&content), zstd(&content)] {
        assert_eq!(expand(&packed, cap).unwrap().0.len() as u64, cap);
        let error = expand(&packed, cap - 1).unwrap_err();
        assert!(matches!(error, InputError::OverCap { cap: c, .. } if c == cap - 1), "{error}");
    }
}

#[test]
fn a_stream_cut_anywhere_is_never_taken_for_whole() {
    let content = b"some bytes of a database, again and again and again and again";
    for (packed, least) in [(gzip(content), 2), (zstd(content), 4)] {
        for len in least..packed.len() {
            let error = expand(&packed[..len], CAP).unwrap_err();
            assert!(matches!(error, InputError::CutOff { .. }), "{len}: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_is_damage() {
    let mut packed = gzip(&content());
    let near_end = packed.len() - 6; // within the CRC of the trailer
    packed[near_end] ^= 1;
    let error = expand(&packed, CAP).unwrap_err();
    assert!(matches!(error, InputError::Damaged { .. }), "{error}");
    assert!(error.to_string().starts_with("`x`: the gzip stream is damaged after 3.0 MiB"), "{error}");

    assert_eq!(expand(FROM_ZSTD, CAP).unwrap().0, b"hello, snapshot\n");
    let mut packed = FROM_ZSTD.to_vec();
    packed[12] ^= 1;
    let error = expand(&packed, CAP).unwrap_err();
    assert!(error.to_string().contains("frame checksum"), "{error}");
}

#[test]
fn garbage_after_a_stream_is_not_dropped_in_silence() {
    for mut packed in [gzip(b"abc"), zstd(b"abc")] {
        packed.extend_from_slice(b"garbage behind the stream");
        let error = expand(&packed, CAP).unwrap_err();
        assert!(matches!(error, InputError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_failing_medium_is_not_called_a_damaged_stream() {
    struct Failing<'a>(&'a [u8], Cell<bool>);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                self.1.set(true);
                return Err(io::Error::from_raw_os_error(libc::EIO));
            }
            self.0.read(buffer)
        }
    }
    let packed = gzip(&content());
    for bytes in [&b"plain"[..], &packed[..packed.len() / 2]] {
        let mut reader = Failing(bytes, Cell::new(false));
        let error = read_all(io::BufReader::new(&mut reader), CAP, "`x`").unwrap_err();
        assert!(matches!(error, InputError::Io { .. }), "{error}");
        assert!(reader.1.get());
    }
}

#[test]
fn more_than_memory_is_refused_before_it_is_taken() {
    let error = read_sized(io::empty(), 1 << 60, "`x`").unwrap_err();
    assert!(matches!(error, InputError::Memory { needed, .. } if needed == 1 << 60), "{error}");
    assert!(error.to_string().starts_with("`x` does not fit in memory: 1.0 EiB needed"), "{error}");
}

#[test]
fn a_file_shorter_than_its_size_comes_back_short() {
    assert_eq!(read_sized(&b"abc"[..], 5, "`x`").unwrap(), b"abc");
    assert_eq!(read_sized(&b"abcdef"[..], 5, "`x`").unwrap(), b"abcde");
}

/// How many bytes of a source were taken.
struct Taken<'a>(io::Cursor<&'a [u8]>, &'a Cell<usize>);

impl Read for Taken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.set(self.1.get() + read);
        Ok(read)
    }
}

/// By count, not by time: of hundreds of megabytes no more is unpacked than a database can hide in.
#[test]
fn what_does_not_begin_as_a_database_is_given_up_on() {
    let piece = vec![0; 4 << 20];
    let text = b"a line of text, and again\n".repeat(200_000);
    let [xz, bzip2, lz4] = [("xz", "-0"), ("bzip2", "-1"), ("lz4", "-1")].map(|(name, level)| {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &piece).unwrap();
        let mut program = fixtures::tool(name)?;
        Some(program.args([level, "--stdout"]).arg(path.path()).output().unwrap().stdout)
    });
    let cases = [
        (Some(gzip(&piece)), 100, Compression::Gzip, Looks::Zeros),
        (Some(zstd(&piece)), 100, Compression::Zstd, Looks::Zeros),
        (xz, 100, Compression::Xz, Looks::Zeros),
        (bzip2, 100, Compression::Bzip2, Looks::Zeros),
        (lz4, 100, Compression::Lz4, Looks::Zeros),
        (Some(gzip(&text)), 80, Compression::Gzip, Looks::Text),
        (Some(piece.clone()), 100, Compression::None, Looks::Zeros),
    ];
    for (packed, times, kind, expected) in cases {
        let Some(packed) = packed else { continue };
        let several = packed.repeat(times);
        let taken = Cell::new(0);
        let source = io::BufReader::with_capacity(1 << 8, Taken(io::Cursor::new(&several), &taken));
        match read_all(source, CAP, "`x`") {
            Err(InputError::NotASnapshot { looks, compression, .. }) => {
                assert_eq!((looks, compression), (expected, kind))
            }
            other => panic!("{kind}: {:?}", other.map(|(bytes, _)| bytes.len())),
        }
        assert!(taken.get() < several.len() / 4, "{kind}: {} of {} bytes were taken", taken.get(), several.len());
        // a little of it is had whole: who asks for something else than a database gets it
        assert!(read_all(&packed.repeat(2)[..], CAP, "`x`").is_ok());
    }
}

/// No ratio: a database of zeros but for its pages compresses a thousandfold, and is had whole.
#[test]
fn a_database_is_read_on_however_well_it_compresses() {
    let mut database = vec![0; 48 << 20];
    for (page, magic_at) in [(1, 0x1_0010), (0, 16)] {
        let mut bytes = database.clone();
        bytes[magic_at..magic_at + 4].copy_from_slice(&0xED0C_DAED_u32.to_le_bytes());
        assert!(expand(&gzip(&bytes), CAP).unwrap().0 == bytes, "{page}");
        assert!(read_sized(&bytes[..], bytes.len() as u64, "`x`").unwrap() == bytes, "{page}");
    }
    assert!(matches!(read_sized(&database[..], 48 << 20, "`x`"), Err(InputError::NotASnapshot { .. })));
    for page in 2..100_usize {
        let at = page * 4096;
        database[at..at + 8].copy_from_slice(&(page as u64).to_le_bytes());
        database[at + 8] = 0x02;
    }
    assert!(expand(&gzip(&database), CAP).unwrap().0 == database, "pages without metas");
}

/// The real program's, in one stream and in several, whole, cut off and damaged.
#[test]
fn what_bzip2_writes_is_read_and_what_is_wrong_with_it_is_told() {
    let content: Vec<u8> =
        (0..150_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> (n % 17)).to_be_bytes()[0]).collect();
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), &content).unwrap();
    let Some(mut bzip2) = fixtures::tool("bzip2") else { return };
    let packed = bzip2.args(["-1", "--stdout"]).arg(path.path()).output().unwrap().stdout;
    assert!(read_all(&packed[..], CAP, "`x`").unwrap() == (content.clone(), Compression::Bzip2));
    assert!(read_all(&packed.repeat(2)[..], CAP, "`x`").unwrap().0 == content.repeat(2));
    assert!(matches!(read_all(&packed[..], 1000, "`x`"), Err(InputError::OverCap { .. })));
    for end in (4..packed.len()).step_by(packed.len() / 20) {
        assert!(matches!(read_all(&packed[..end], CAP, "`x`"), Err(InputError::CutOff { .. })), "{end}");
        let mut wrong = packed.clone();
        wrong[end] ^= 0x41;
        let told = read_all(&wrong[..], CAP, "`x`");
        assert!(matches!(told, Err(InputError::Damaged { .. } | InputError::CutOff { .. })), "{end}");
    }
}
