//! The write-ahead log of a restored member: its first segment.

use crate::proto::Message;
use crate::{Cluster, Release};

/// Bytes of a segment: what is behind the records is zero, and need not be on the disk.
pub const SEGMENT: u64 = 64_000_000;

const METADATA: u64 = 1;
const ENTRY: u64 = 2;
const STATE: u64 = 3;
const CRC: u64 = 4;
const SNAPSHOT: u64 = 5;
/// An entry that changes the configuration.
const CONF_CHANGE: u64 = 1;

/// The file's name.
#[must_use]
pub fn name() -> String {
    format!("{:016x}-{:016x}.wal", 0, 0)
}

/// Frames of records: length and padding, record, zeros up to a multiple of eight.
#[derive(Default)]
struct Log {
    out: Vec<u8>,
    crc: u32,
}

impl Log {
    /// Appends a record; the sum of all data so far stands in it.
    fn record(mut self, kind: u64, data: Option<Vec<u8>>) -> Self {
        if let Some(data) = &data {
            self.crc = crc32c::crc32c_append(self.crc, data);
        }
        let head = Message::default().number(1, kind).number(2, u64::from(self.crc));
        let record = match &data {
            Some(data) => head.bytes(3, data).done(),
            None => head.done(),
        };
        let pad = record.len().next_multiple_of(8) - record.len();
        let mark = if pad > 0 { (0x80 | pad as u64) << 56 } else { 0 };
        self.out.extend((record.len() as u64 | mark).to_le_bytes());
        self.out.extend_from_slice(&record);
        self.out.resize(self.out.len() + pad, 0);
        self
    }
}

/// The state of the configuration: all members vote.
pub(crate) fn conf_state(cluster: &Cluster) -> Vec<u8> {
    let voters = cluster.members.iter().fold(Message::default(), |message, member| message.number(1, member.id));
    voters.number(5, 0).done()
}

/// What the first segment begins with; zeros follow up to [`SEGMENT`].
#[must_use]
pub fn wal(cluster: &Cluster, release: Release) -> Vec<u8> {
    let count = cluster.count();
    let metadata = Message::default().number(1, cluster.own.id).number(2, cluster.id).done();
    let mut log = Log::default()
        .record(CRC, None)
        .record(METADATA, Some(metadata))
        .record(SNAPSHOT, Some(Message::default().number(1, 0).number(2, 0).done()));
    for (index, member) in (1..).zip(&cluster.members) {
        // a change that adds the member
        let change =
            Message::default().number(1, 0).number(2, 0).number(3, member.id).bytes(4, member.json().as_bytes());
        let entry = Message::default().number(1, CONF_CHANGE).number(2, 1).number(3, index).bytes(4, &change.done());
        log = log.record(ENTRY, Some(entry.done()));
    }
    // the lowest id is voted for, whoever this is
    let vote = cluster.members.first().map_or(0, |member| member.id);
    let state = Message::default().number(1, 1).number(2, vote).number(3, count).done();
    let snapshot = Message::default().number(1, count).number(2, 1);
    let snapshot = if release > Release::V34 { snapshot.bytes(3, &conf_state(cluster)) } else { snapshot };
    log.record(STATE, Some(state)).record(SNAPSHOT, Some(snapshot.done())).out
}
