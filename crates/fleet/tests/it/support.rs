//! A fleet in a folder, and the program run on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The time as of which everything is judged here.
pub(crate) const NOW: &str = "2026-11-29T12:00:00Z";

/// How long what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// The judge that was built with this program: `cargo test --workspace` builds both.
pub(crate) fn assay() -> PathBuf {
    let assay = Path::new(env!("CARGO_BIN_EXE_assay-fleet")).with_file_name("assay");
    assert!(assay.is_file(), "{}: build it first: cargo build -p etcd-assay", assay.display());
    assay
}

/// A place for a test: a source, a spool and runs.
pub(crate) struct Place {
    /// All of it.
    pub(crate) folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("spool")).unwrap();
        fs::create_dir(folder.path().join("source")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn address(&self, name: &str) -> String {
        format!("file:{}", self.path(name).display())
    }

    /// Puts a file below the source.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path("source").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The command, with nothing of this process's environment but where programs are.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay-fleet"));
        command.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TMPDIR", self.path("spool")).env("ASSAY_NOW", NOW);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        self.command(words).output().unwrap().into()
    }

    /// Runs what must end with 0.
    pub(crate) fn ok(&self, words: &[&str]) -> Ended {
        let ended = self.run(words);
        assert_eq!(ended.code, 0, "{words:?}: {ended:?}");
        ended
    }

    /// Plans the source, whole, with further words; gives the number of shards.
    pub(crate) fn plan(&self, run: &str, more: &[&str]) -> u64 {
        let (source, run_at) = (self.address("source"), self.address(run));
        let words = ["plan", "--source", &source, "--run", &run_at, "--depth", "full"];
        let words: Vec<&str> = words.into_iter().chain(more.iter().copied()).collect();
        assay();
        self.ok(&words);
        self.json(&format!("{run}/plan.json"))["shards"].as_u64().unwrap()
    }

    /// Judges every shard.
    pub(crate) fn judge(&self, run: &str, shards: u64) {
        for shard in 0..shards {
            self.ok(&["judge", "--run", &self.address(run), "--shard", &shard.to_string()]);
        }
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The rows of a file, unpacked by the real zstd; `None` where it is not installed.
    pub(crate) fn rows(&self, name: &str) -> Option<Vec<Value>> {
        let output = fixtures::tool("zstd")?.arg("-dcq").arg(self.path(name)).output().unwrap();
        assert!(output.status.success(), "{name}");
        let text = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if name.contains("verdicts") || name.contains("findings") {
            hold_to_schema(&rows);
        }
        Some(rows)
    }

    /// What lies in the spool.
    pub(crate) fn spooled(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("spool")).unwrap();
        names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

/// The bytes of a small snapshot that has nothing wrong, and of one that is no better than noise.
pub(crate) fn snapshot() -> Vec<u8> {
    fixtures::named("plain-etcd36").bytes()
}

/// One byte of a leaf, in the middle, is another.
pub(crate) fn flipped() -> Vec<u8> {
    let mut bytes = snapshot();
    let middle = bytes.len() / 2 + 100;
    bytes[middle] ^= 1;
    bytes
}

/// Holds rows to the schema that is published.
pub(crate) fn hold_to_schema(rows: &[Value]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/assay-fleet-1.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let of = |kind: &str| jsonschema::validator_for(&schema["$defs"][kind]).unwrap();
    let (verdict, finding) = (of("verdict"), of("finding"));
    for row in rows {
        let kind = if row.get("state").is_some() { &verdict } else { &finding };
        let wrong: Vec<String> = kind.iter_errors(row).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {row}");
    }
}

/// The rows of one state or verdict, by address.
pub(crate) fn told(rows: &[Value], name: &str) -> Vec<(String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("-").to_owned();
    let short = |uri: String| uri.rsplit("/source/").next().unwrap_or_default().to_owned();
    rows.iter().map(|row| (short(text(row, "uri")), text(row, name))).collect()
}

/// Waits for a state that nobody announces; fails with what is known by then.
pub(crate) fn wait(what: &str, is_so: impl Fn() -> bool, known: impl Fn() -> String) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {} s\n{}", PATIENCE.as_secs(), known());
        std::thread::sleep(LOOK);
    }
}
