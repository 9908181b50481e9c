//! What it means when a server does not come up, or does not answer as it should.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::GatewayError;

/// Characters of a line of a log that are told.
pub(crate) const LINE: usize = 400;

/// What a log or an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// Another process has the port.
    PortTaken,
    /// The write-ahead log does not add up.
    LogDamaged,
    /// There is a `.snap`, and no database.
    NoDatabase,
    /// The database ends before its last page.
    Truncated,
    /// The database knows less than the `.snap`.
    IndexBehind,
    /// The database cannot be opened, or a page of it read.
    DatabaseDamaged,
    /// The cluster was last served by a newer etcd.
    OlderBinary,
    /// A member of several, alone.
    NoQuorum,
    /// Something else that ended it.
    Ended,
    /// It was not ready in time.
    Late,
    /// A write has no answer, while reads have.
    IndexAhead,
    /// The space quota is exceeded, or its alarm is on.
    NoSpace,
    /// The alarm about members that differ is on.
    Corrupt,
    /// Nobody may ask without a password.
    Authentication,
}

impl Symptom {
    /// What it means, and what to do, where that is known.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::PortTaken => "another process took the port, several times: run it again",
            Self::LogDamaged => "the write-ahead log is damaged: the directory was changed after it was made",
            Self::NoDatabase => "the directory is not whole: its database is missing",
            Self::Truncated => "the database is shorter than it says: it was cut off",
            Self::IndexBehind => "database and log are not of one restore: it was put together by hand",
            Self::DatabaseDamaged => "a page of the database is damaged",
            Self::OlderBinary => "this etcd is older than the one that served the cluster: give the right one",
            Self::NoQuorum => "it waits for the other members of its cluster",
            Self::IndexAhead => {
                "the database says that it has seen more than the log holds, so etcd skips what is written: the \
                 directory was put together by hand; make it anew"
            }
            Self::NoSpace => {
                "the NOSPACE alarm of the old cluster came along: after the restore compact, defragment, then \
                 `etcdctl alarm disarm`; or `assay rebuild --drop-alarms` before"
            }
            Self::Corrupt => {
                "the CORRUPT alarm came along: the backup is of a cluster whose members had come to differ"
            }
            Self::Authentication => {
                "authentication is on, and nobody is known here: `--disable-auth` turns it off in the copy that is started"
            }
            Self::Ended | Self::Late => return None,
        })
    }

    /// What etcd's refusal of a request shows.
    #[must_use]
    pub fn of_refusal(error: &GatewayError) -> Option<Self> {
        let GatewayError::Refused { message, .. } = error else { return None };
        let says = |words: &str| message.contains(words);
        Some(match () {
            () if says("database space exceeded") => Self::NoSpace,
            () if says("corrupt cluster") => Self::Corrupt,
            () if says("user name is empty") => Self::Authentication,
            () => return None,
        })
    }

    fn of_log(log: &str) -> Option<Self> {
        /// Words of etcd and of Go, the most telling first.
        const WORDS: [(&str, Symptom); 15] = [
            ("address already in use", Symptom::PortTaken),
            ("unexpected fault address", Symptom::Truncated),
            ("SIGBUS", Symptom::Truncated),
            ("file size too small", Symptom::Truncated),
            ("failed to find database snapshot file", Symptom::NoDatabase),
            ("does not match with snapshot", Symptom::IndexBehind),
            ("server version is lower than determined cluster version", Symptom::OlderBinary),
            ("cluster cannot be downgraded", Symptom::OlderBinary),
            ("walpb: crc mismatch", Symptom::LogDamaged),
            ("wal: crc mismatch", Symptom::LogDamaged),
            ("failed to read WAL", Symptom::LogDamaged),
            ("failed to open WAL", Symptom::LogDamaged),
            ("invalid database", Symptom::DatabaseDamaged),
            ("invalid page type", Symptom::DatabaseDamaged),
            ("bbolt", Symptom::DatabaseDamaged),
        ];
        WORDS.iter().find(|(words, _)| log.contains(words)).map(|(_, symptom)| *symptom)
    }
}

/// A server that did not come up, or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{how}{}{line}", if line.is_empty() { "" } else { ": " })]
pub struct Failure {
    /// How it ended, or that it did not.
    pub how: String,
    /// The line of its log that tells why, as far as one does.
    pub line: String,
    /// What that shows.
    pub symptom: Symptom,
}

impl Failure {
    pub(crate) fn ended(status: ExitStatus, log: &str) -> Self {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("etcd ended with exit code {code}"),
            (None, Some(signal)) => format!("etcd was ended by signal {signal}"),
            (None, None) => "etcd ended".to_owned(),
        };
        Self { how, line: telling(log), symptom: Symptom::of_log(log).unwrap_or(Symptom::Ended) }
    }

    pub(crate) fn late(within: Duration, log: &str) -> Self {
        let alone = log.contains("failed to publish local member");
        let symptom = if alone { Symptom::NoQuorum } else { Symptom::Late };
        Self { how: format!("etcd was not ready after {} s", within.as_secs()), line: telling(log), symptom }
    }
}

/// The line of a log that tells why; of one in JSON, what it says.
fn telling(log: &str) -> String {
    let worst =
        ["panic:", "fatal error:", "\"level\":\"panic\"", "\"level\":\"fatal\"", "\"level\":\"error\"", "error"];
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = worst.iter().find_map(|word| lines().find(|line| line.contains(word))).or_else(|| lines().next_back());
    line.map(plainly).unwrap_or_default().chars().take(LINE).collect()
}

/// `message: error` of a line in JSON; another as it is.
fn plainly(line: &str) -> String {
    let Ok(said) = serde_json::from_str::<serde_json::Value>(line) else { return line.to_owned() };
    let text = |name: &str| said.get(name).and_then(serde_json::Value::as_str);
    match (text("msg"), text("error")) {
        (Some(message), Some(error)) => format!("{message}: {error}"),
        (Some(message), None) => message.to_owned(),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32, log: &str) -> Failure {
        Failure::ended(ExitStatus::from_raw(code << 8), log)
    }

    #[test]
    fn what_a_log_means() {
        let taken = "{\"level\":\"warn\",\"msg\":\"failed to x\"}\n{\"level\":\"fatal\",\"ts\":\"1\",\"msg\":\"discovery \
            failed\",\"error\":\"listen tcp 127.0.0.1:1: bind: address already in use\"}\n";
        let told = failure(1, taken);
        assert_eq!(told.symptom, Symptom::PortTaken);
        assert_eq!(
            told.to_string(),
            "etcd ended with exit code 1: discovery failed: listen tcp 127.0.0.1:1: bind: address already in use"
        );
        let fault = "unexpected fault address 0x7f\nfatal error: fault\n[signal SIGBUS: bus error]\ngo.etcd.io/bbolt.x";
        assert_eq!(failure(2, fault).symptom, Symptom::Truncated);
        assert_eq!(failure(2, fault).line, "fatal error: fault");
        let none = "{\"level\":\"panic\",\"msg\":\"failed to recover v3 backend from snapshot\",\"error\":\"failed to find \
            database snapshot file (snap: snapshot file doesn't exist)\"}\npanic: failed to recover v3 backend\n";
        assert_eq!(failure(2, none).symptom, Symptom::NoDatabase);
        assert_eq!(failure(3, "").to_string(), "etcd ended with exit code 3");
        assert_eq!(failure(3, "").symptom, Symptom::Ended);
        let alone = "{\"level\":\"warn\",\"msg\":\"failed to publish local member to cluster through raft\"}";
        assert_eq!(Failure::late(Duration::from_secs(2), alone).symptom, Symptom::NoQuorum);
        assert_eq!(Failure::ended(ExitStatus::from_raw(9), "").how, "etcd was ended by signal 9");
    }
}
