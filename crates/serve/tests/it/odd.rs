//! Requests that no client makes, in this process: whatever comes has an answer.

use serve::Offline;

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/serve");

/// A generator of numbers that gives the same ones each time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).unwrap() % below.max(1)
    }
}

const WORDS: [&str; 20] = [
    "%00",
    "%2F",
    "..",
    "~",
    "=",
    ",",
    "!",
    "(",
    ")",
    "[",
    "{",
    "\"",
    "\n",
    "\u{0}",
    "9999999999999999999",
    "-1",
    "watch=true",
    "dryRun=All",
    "$patch",
    "k8s\u{0}",
];

fn changed(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.next(4) {
        let at = numbers.next(bytes.len() + 1);
        match numbers.next(4) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.next(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, WORDS[numbers.next(WORDS.len())].bytes())),
            _ => {
                let end = at + numbers.next(bytes.len() - at.min(bytes.len()) + 1);
                let some = bytes[at.min(bytes.len())..end.min(bytes.len())].to_vec();
                let to = numbers.next(bytes.len() + 1);
                drop(bytes.splice(to..to, some));
            }
        }
    }
    bytes
}

#[test]
fn campaign_whatever_is_asked_is_answered() {
    let backup = Offline::open(&fixtures::named("plain-etcd34").snapshot()).unwrap();
    let mut seeds: Vec<_> = std::fs::read_dir(SEEDS).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(seeds.len() >= 5);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut good, mut refused) = (0, 0);
    for round in 0..fixtures::rounds(2_000, 100_000) {
        let request = match round.checked_sub(seeds.len()) {
            None => seeds[round].clone(),
            Some(_) => changed(&seeds[numbers.next(seeds.len())], &mut numbers),
        };
        let mut parts = request.splitn(5, |byte| *byte == b'\n');
        let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let (method, path, accept, content_type) = (text(), text(), text(), text());
        let (code, _) = backup.answer(&method, &path, &accept, &content_type, parts.next().unwrap_or_default());
        assert!((200..600).contains(&code), "{method} {path}: {code}");
        assert!(code >= 400 || ["GET", "HEAD", "POST", "PATCH"].contains(&method.as_str()), "{method} {path}: {code}");
        if round < seeds.len() {
            assert!(code < 300, "{method} {path}: {code}");
        }
        if code < 300 { good += 1 } else { refused += 1 }
    }
    assert!(good > 100 && refused > 100, "{good} {refused}");
}
