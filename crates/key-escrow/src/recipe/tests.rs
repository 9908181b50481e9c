use flate2::{Compression, GzBuilder};

use super::*;
use crate::gz::Gunzip;

/// Text with repeats and noise, so that matches, literals and several blocks occur.
fn content(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..len)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if (i / 700) % 3 == 0 { (state >> 24) as u8 } else { b"kind: Secret\nname: etcd-client\n"[i % 31] }
        })
        .collect()
}

fn gz(data: &[u8], level: u32) -> Vec<u8> {
    let mut w = GzBuilder::new().filename("x.tar").write(Vec::new(), Compression::new(level));
    w.write_all(data).unwrap();
    w.finish().unwrap()
}

fn digest(data: &[u8]) -> Digest {
    let mut h = Hasher::default();
    h.update(data);
    h.finish()
}

fn round_trip(gzip: &[u8]) -> Result<usize, String> {
    let mut plain = Vec::new();
    Gunzip::new(gzip).read_to_end(&mut plain).unwrap();
    match analyse(gzip, &digest(&plain), ATTEMPTS[0]).unwrap() {
        Analysis::Refused(why) => Err(why),
        Analysis::Recipe(recipe) => {
            let mut out = Vec::new();
            recreate(&recipe, &mut &plain[..], &mut out).unwrap();
            assert!(out == gzip, "other bytes of {} and {}", out.len(), gzip.len());
            Ok(recipe.len())
        }
    }
}

#[test]
fn recreates_across_chunks_members_and_trailing_bytes() {
    let data = content(3_000_000);
    for (name, bytes) in [
        ("level 1", gz(&data, 1)),
        ("level 6", gz(&data, 6)),
        ("level 9", gz(&data, 9)),
        ("two members", [gz(&data, 6), gz(&data[..5000], 9)].concat()),
        ("trailing", [gz(&data, 6), vec![0; 4096]].concat()),
    ] {
        let size = round_trip(&bytes).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(size < bytes.len() / 20, "{name}: recipe of {size} bytes");
    }
}

#[test]
fn refuses_what_is_not_a_few_bytes() {
    let data = content(10_000);
    assert!(round_trip(&[gz(&data, 6), vec![1; MAX_TRAILING + 1]].concat()).unwrap_err().contains("follow"));
    let small = Digest { size: MAX_CONTENT + 1, sha256: String::new() };
    assert!(matches!(analyse(&gz(&data, 6)[..], &small, ATTEMPTS[0]).unwrap(), Analysis::Refused(_)));
    assert!(matches!(analyse(&gz(&data, 6)[..], &digest(b"other"), ATTEMPTS[0]).unwrap(), Analysis::Refused(_)));
}

#[test]
fn a_recipe_holds_no_content() {
    let data = content(200_000);
    let Analysis::Recipe(recipe) = analyse(&gz(&data, 6)[..], &digest(&data), ATTEMPTS[0]).unwrap() else {
        panic!("refused")
    };
    let text = b"kind: Secret";
    assert!(!recipe.windows(text.len()).any(|w| w == text));
}

#[test]
fn damaged_recipes_are_errors() {
    let data = content(50_000);
    let Analysis::Recipe(recipe) = analyse(&gz(&data, 6)[..], &digest(&data), ATTEMPTS[0]).unwrap() else {
        panic!("refused")
    };
    for cut in 0..recipe.len() {
        assert!(recreate(&recipe[..cut], &mut &data[..], &mut io::sink()).is_err(), "cut at {cut}");
    }
    let run = |recipe: &[u8], data: &[u8]| recreate(recipe, &mut &*data, &mut io::sink());
    assert!(run(&recipe, &data[1..]).is_err(), "content too short");
    assert!(run(&recipe, &[&data[..], b"x"].concat()).is_err(), "content left over");
    let chunk_first = [MAGIC, &[3, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert!(run(&chunk_first, b"").unwrap_err().to_string().contains("before its stream"));
    let huge = [MAGIC, &[2, 3, 255, 255, 255, 255, 0, 0, 0, 0, 0]].concat();
    assert!(run(&huge, b"").unwrap_err().to_string().contains("too large"));
}
