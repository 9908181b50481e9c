use super::*;
use crate::tar_header;

/// Removes members by name and records everything.
#[derive(Default)]
struct Recorder {
    remove: &'static str,
    members: Vec<(String, u8, u64)>,
    kept: Vec<u8>,
    removed: Vec<u8>,
    contents: Vec<Vec<u8>>,
}

impl Sink for Recorder {
    fn member(&mut self, member: &Member) -> Result<Fate> {
        self.members.push((member.path(), member.kind, member.size));
        if !self.remove.is_empty() && member.path().contains(self.remove) {
            self.contents.push(Vec::new());
            return Ok(Fate::Remove);
        }
        Ok(Fate::Keep)
    }
    fn blocks(&mut self, bytes: &[u8], fate: Fate) -> Result<()> {
        assert_eq!(bytes.len() % BLOCK, 0);
        if fate == Fate::Keep {
            self.kept.extend_from_slice(bytes)
        } else {
            self.removed.extend_from_slice(bytes)
        }
        Ok(())
    }
    fn content(&mut self, bytes: &[u8]) -> Result<()> {
        self.contents.last_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    }
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

fn header(name: &str, kind: u8, size: u64, link: &str) -> Vec<u8> {
    let mut block = tar_header::build(&name[..name.len().min(100)], size, 0).unwrap();
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    resum(&mut block);
    block.to_vec()
}

fn resum(block: &mut [u8; BLOCK]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut out = header(name, kind, data.len() as u64, "");
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let body: String = records
        .iter()
        .map(|(k, v)| {
            let rest = format!(" {k}={v}\n");
            let len = (1..).find(|n| format!("{n}{rest}").len() == *n).unwrap();
            format!("{len}{rest}")
        })
        .collect();
    member("PaxHeaders/x", b'x', body.as_bytes())
}

fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

fn run(tar: &[u8], remove: &'static str) -> Result<Recorder> {
    let mut sink = Recorder { remove, ..Recorder::default() };
    assert_eq!(walk(tar, Limits::default(), &mut sink)?, tar.len() as u64);
    Ok(sink)
}

#[test]
fn kept_and_removed_blocks_are_the_original_in_order() {
    let long = format!("static-pod-resources/{}/secret", "d".repeat(120));
    let parts = [
        (member("a", b'0', b"stays"), false),
        (
            [member("././@LongLink", b'L', format!("{long}\0").as_bytes()), member(&long, b'0', &[7; 1025])].concat(),
            true,
        ),
        (member("b", b'0', b""), false),
        ([pax(&[("path", "dir/secret-two"), ("mtime", "1.5")]), member("cut", b'0', b"x")].concat(), true),
        ([pax(&[("mtime", "1.5")]), member("c", b'0', b"stays too")].concat(), false),
        (end(), false),
    ];
    let tar = parts.iter().flat_map(|(p, _)| p.clone()).collect::<Vec<_>>();
    let got = run(&tar, "secret").unwrap();
    let side = |want: bool| parts.iter().filter(|(_, r)| *r == want).flat_map(|(p, _)| p.clone()).collect::<Vec<_>>();
    assert_eq!(got.kept, side(false));
    assert_eq!(got.removed, side(true));
    assert_eq!(got.contents, [vec![7; 1025], b"x".to_vec()]);
    assert_eq!(got.members.iter().map(|m| m.0.as_str()).collect::<Vec<_>>(), ["a", &long, "b", "dir/secret-two", "c"]);
}

#[test]
fn pax_size_and_sparse_headers_keep_the_walk_in_step() {
    let mut big = member("big", b'0', &[9; 600]);
    big[124..136].copy_from_slice(b"00000000000\0");
    resum((&mut big[..BLOCK]).try_into().unwrap());
    let mut sparse = header("sparse", b'S', 3, "");
    sparse[482] = 1;
    resum((&mut sparse[..]).try_into().unwrap());
    let mut more = vec![0; BLOCK];
    more[504] = 1;
    let tar = [pax(&[("size", "600")]), big, sparse, more, vec![0; BLOCK], b"abc".to_vec(), vec![0; BLOCK - 3], end()]
        .concat();
    let got = run(&tar, "").unwrap();
    assert_eq!(got.members, [("big".to_owned(), b'0', 600), ("sparse".to_owned(), b'S', 3)]);
}

#[test]
fn whatever_could_be_read_two_ways_is_refused() {
    let symlink = |name: &str, to: &str| header(name, b'2', 0, to);
    let mut sum = member("a", b'0', b"");
    sum[0] = b'b';
    let cases: [(&str, Vec<u8>); 17] = [
        ("unsafe path", member("../a", b'0', b"")),
        ("unsafe path", member("a/../b", b'0', b"")),
        ("unsafe path", member("/etc/shadow", b'0', b"")),
        ("unsafe path", [pax(&[("path", "/abs")]), member("a", b'0', b"")].concat()),
        ("checksum", sum),
        ("below a symbolic link", [symlink("x/l", "enc"), member("x/l/f", b'0', b"")].concat()),
        ("link, directory or device with data", header("l", b'1', 5, "t")),
        ("link, directory or device with data", header("d/", b'5', 512, "")),
        ("directory with data", member("d/", b'0', b"x")),
        ("does not know", member("a", b'M', b"")),
        ("does not know", member("a", b'z', b"")),
        ("global pax", member("g", b'g', b"9 path=a\n")),
        ("ambiguous size", [pax(&[("size", "1"), ("size", "2")]), member("a", b'0', b"")].concat()),
        ("ambiguous size", [pax(&[("size", "-1")]), member("a", b'0', b"")].concat()),
        ("data after the end", [end(), member("a", b'0', b"")].concat()),
        ("end mark follows", [pax(&[("path", "a")]), end()].concat()),
        ("malformed pax", [member("x", b'x', b"nonsense"), member("a", b'0', b"")].concat()),
    ];
    for (what, tar) in cases {
        let tar = [tar, end()].concat();
        let got = run(&tar, "").err().map(|e| e.to_string()).unwrap_or_default();
        assert!(got.contains(what), "{what}: {got}");
    }
}

#[test]
fn truncation_anywhere_but_between_members_is_refused() {
    let tar = [member("a", b'0', b"data"), pax(&[("path", "b")]), member("b", b'0', b"")].concat();
    for cut in 0..tar.len() {
        let whole = [0, 2 * BLOCK].contains(&cut);
        assert_eq!(run(&tar[..cut], "").is_ok(), whole, "cut at {cut}");
    }
}

#[test]
fn limits_stop_the_walk() {
    let tar = [member("a", b'0', b"x"), member("b", b'0', b"x"), end()].concat();
    for limits in [Limits { members: 1, ..Limits::default() }, Limits { tar_bytes: 1024, ..Limits::default() }] {
        assert!(matches!(walk(&tar[..], limits, &mut Recorder::default()), Err(Error::Limit { .. })));
    }
    let huge = header("x", b'x', MAX_EXTENSION + 1, "");
    assert!(matches!(run(&huge, ""), Err(Error::Limit { .. })));
}

#[test]
fn link_targets_resolve_inside_the_tar_only() {
    let target = |name: &str, kind: u8, link: &str| {
        Member { names: vec![name.into()], kind, size: 0, link: link.into(), offset: 0 }.link_target()
    };
    assert_eq!(target("a/b/l", b'2', "../c").as_deref(), Some("a/c"));
    assert_eq!(target("a/b/l", b'1', "./x//y").as_deref(), Some("x/y"));
    assert_eq!(target("a/l", b'2', "../../etc"), None);
    assert_eq!(target("a/l", b'2', "/etc"), None);
    assert_eq!(target("a/l", b'0', "/etc"), None);
}
