//! What clients ask, command by command, as recorded in `tests/golden/requests`: method, path and code of each request.
//!
//! `ASSAY_UPDATE_SCREENS=1` writes the records anew; what changed in them, a client asks otherwise or is answered otherwise.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The requests in a log of `--log` that are read bit by bit.
pub(crate) struct Asked {
    log: PathBuf,
    read: usize,
    discovery: Vec<String>,
    text: String,
}

impl Asked {
    /// Of a log as it is now.
    pub(crate) fn since_now(log: &Path) -> Self {
        let read = lines(log).len();
        Self { log: log.to_owned(), read, discovery: Vec::new(), text: String::new() }
    }

    /// Adds what was asked since the last time, in the order of paths: clients ask for several at once.
    pub(crate) fn add(&mut self, command: &str) {
        let all = lines(&self.log);
        let mut new: Vec<String> = all.iter().skip(self.read).map(|line| request(line)).collect();
        self.read = all.len();
        new.sort();
        writeln!(self.text, "$ kubectl {command}").unwrap();
        if command == "api-resources" {
            self.discovery.clone_from(&new);
        } else if !self.discovery.is_empty() && self.discovery.iter().all(|line| new.contains(line)) {
            for line in &self.discovery {
                new.iter().position(|other| other == line).map(|at| new.remove(at));
            }
            self.text.push_str("    what api-resources asks\n");
        }
        new.iter().for_each(|line| writeln!(self.text, "    {line}").unwrap());
    }

    /// Compares all that was added with a record.
    pub(crate) fn compare(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/requests").join(name);
        if std::env::var_os("ASSAY_UPDATE_SCREENS").is_some() {
            std::fs::write(&path, &self.text).unwrap();
        }
        let recorded = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = self.text.lines().zip(recorded.lines()).position(|(now, then)| now != then);
        let at = differs.unwrap_or_else(|| self.text.lines().count().min(recorded.lines().count()));
        let around = |text: &str| text.lines().skip(at.saturating_sub(6)).take(12).collect::<Vec<_>>().join("\n");
        assert!(
            self.text == recorded,
            "{name}, line {}:\n{}\n--- for\n{}",
            at + 1,
            around(&self.text),
            around(&recorded)
        );
    }
}

/// `GET /api/v1/nodes 200` of a line that begins with a time and whose path begins with what tells backups apart.
fn request(line: &str) -> String {
    let mut words = line.splitn(4, ' ').skip(1);
    let (code, method, path) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let path = path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
    format!("{method} /{path} {code}")
}

fn lines(log: &Path) -> Vec<String> {
    std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
}
