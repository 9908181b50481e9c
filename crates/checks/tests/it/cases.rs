//! A file for each finding.

use bbolt_page::{Db, Pgid};
use checks::Severity;
use sha2::{Digest, Sha256};
use snapshot_builder::{Builder, FreeList, MEMBER, Put, revision};

/// What the release sets: 8 GiB.
pub(crate) const DEFAULT_QUOTA: u64 = 8 << 30;

/// A file that must bring up a finding.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) file: Vec<u8>,
    pub(crate) quota: u64,
    pub(crate) severity: Option<Severity>,
}

/// A snapshot with enough records for a tree of several pages, and nothing wrong.
pub(crate) fn sound() -> Builder {
    let mut builder = Builder::new();
    builder.create(2, "a").change(3, "a", 2, 2);
    for main in 4..300 {
        builder.create(main, &format!("key-{main}"));
    }
    builder.set("meta", b"consistent_index", &400_u64.to_be_bytes());
    builder
}

fn built(id: &'static str, what: &'static str, change: impl FnOnce(&mut Builder) -> &mut Builder) -> Case {
    let mut builder = sound();
    change(&mut builder);
    Case { id, what, file: builder.build(), quota: DEFAULT_QUOTA, severity: None }
}

/// A sound file, damaged by byte, its trailer made right again: what the SHA-256 cannot show.
fn damaged(id: &'static str, what: &'static str, damage: impl FnOnce(&mut Vec<u8>, &Places)) -> Case {
    let mut pages = sound().pages();
    let places = Places::of(&pages);
    damage(&mut pages, &places);
    Case { id, what, file: sealed(pages), quota: DEFAULT_QUOTA, severity: None }
}

fn sealed(mut pages: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&pages);
    pages.extend_from_slice(&digest);
    pages
}

const PAGE: usize = 4096;

/// Where things lie in the sound file.
struct Places {
    /// Root leaf with the buckets.
    root: usize,
    /// Root branch of bucket `key`.
    branch: usize,
    /// Its first leaf, and its second.
    leaf: usize,
    next: usize,
}

fn u32_at(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

fn u64_at(file: &[u8], at: usize) -> usize {
    usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap()
}

impl Places {
    fn of(file: &[u8]) -> Self {
        let Pgid(root) = Db::open(file).unwrap().meta().root;
        let root = usize::try_from(root).unwrap() * PAGE;
        let value = Self::bucket_value(file, root, b"key");
        let branch = u64_at(file, value) * PAGE;
        let child = |n: usize| u64_at(file, branch + 16 + 16 * n + 8) * PAGE;
        Self { root, branch, leaf: child(0), next: child(1) }
    }

    fn bucket_value(file: &[u8], root: usize, name: &[u8]) -> usize {
        let element = |n: usize| root + 16 + 16 * n;
        let key = |n: usize| element(n) + u32_at(file, element(n) + 4);
        let n = (0..10).find(|&n| &file[key(n)..][..u32_at(file, element(n) + 8)] == name).unwrap();
        key(n) + name.len()
    }
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn seal_meta(file: &mut [u8], slot: usize) {
    let at = slot * PAGE + 16;
    let sum = file[at..at + 56]
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    put(file, at + 56, &sum.to_le_bytes());
}

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    [file(), structure(), records(), state(), members(), auth()].into_iter().flatten().collect()
}

/// A sound file with lines in it, in many pages.
fn texts() -> Vec<u8> {
    let mut builder = sound();
    for main in 300..500 {
        let value = "a line\r\nand another\n".repeat(20);
        let (key, value) = (format!("text-{main}"), value.as_bytes());
        let put = Put { key: key.as_bytes(), value, create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    builder.build()
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(old) {
            out.extend_from_slice(new);
            rest = behind;
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    out
}

fn file() -> Vec<Case> {
    let with = |id, what, file| Case { id, what, file, quota: DEFAULT_QUOTA, severity: None };
    let mut flipped = sound().build();
    let at = Places::of(&flipped).leaf + PAGE - 200;
    flipped[at] ^= 1;
    let mut longer = sound().pages();
    longer.extend_from_slice(&[1; 1000]);
    let mut truncated = sound().pages();
    truncated.truncate(truncated.len() - PAGE);
    vec![
        with("SNAP-002", "no trailer", sound().pages()),
        with("SNAP-003", "a flipped byte", flipped),
        with("SNAP-004", "a page is missing", truncated),
        damaged("SNAP-005", "meta 0 zeroed", |file, _| put(file, 0, &[0; PAGE])),
        damaged("SNAP-006", "flags in a meta", |file, _| {
            put(file, PAGE + 16 + 12, &[7]);
            seal_meta(file, 1);
        }),
        with("SNAP-007", "something behind the pages", longer),
        with("SNAP-007", "a byte behind a sound snapshot", [sound().build(), vec![b'\n']].concat()),
        damaged("SNAP-008", "metas of two transactions", |file, _| {
            put(file, PAGE + 16 + 48, &1_u64.to_le_bytes());
            put(file, 16 + 48, &2_u64.to_le_bytes());
            put(file, PAGE + 16 + 16, &3_u64.to_le_bytes());
            seal_meta(file, 0);
            seal_meta(file, 1);
        }),
        with("SNAP-009", "a copy of a live file, one page from another transaction", {
            let mut pages = sound().pages();
            let places = Places::of(&pages);
            pages.copy_within(places.next..places.next + PAGE, places.leaf);
            put(&mut pages, 16 + 48, &2_u64.to_le_bytes());
            put(&mut pages, PAGE + 16 + 48, &1_u64.to_le_bytes());
            put(&mut pages, PAGE + 16 + 16, &3_u64.to_le_bytes());
            seal_meta(&mut pages, 0);
            seal_meta(&mut pages, 1);
            pages
        }),
        with("SNAP-011", "ends of lines translated", replaced(&texts(), b"\n", b"\r\n")),
        with("SNAP-011", "lines amid the pages", {
            let mut file = sound().build();
            file.splice(2 * PAGE..2 * PAGE, *b"W1102 slow\n");
            file
        }),
        with("SNAP-012", "ends of lines shortened", replaced(&texts(), b"\r\n", b"\n")),
        damaged("SNAP-013", "a leaf is zeros", |file, places| put(file, places.leaf, &[0; PAGE])),
        damaged("SNAP-010", "another root in the losing meta", |file, _| {
            put(file, PAGE + 16 + 16, &3_u64.to_le_bytes());
            seal_meta(file, 1);
        }),
    ]
}

fn structure() -> Vec<Case> {
    vec![
        damaged("PAGE-001", "a child out of range", |file, p| put(file, p.branch + 16 + 8, &[0xff; 8])),
        damaged("PAGE-002", "a wrong page id", |file, p| put(file, p.leaf, &[0xff; 8])),
        damaged("PAGE-003", "one child twice", |file, p| {
            let child = file[p.branch + 16 + 8..][..8].to_vec();
            put(file, p.branch + 32 + 8, &child);
        }),
        damaged("PAGE-004", "a child that is its own ancestor", |file, p| {
            put(file, p.branch + 16 + 8, &((p.branch / PAGE) as u64).to_le_bytes());
        }),
        damaged("PAGE-005", "a value that leaves its page", |file, p| put(file, p.leaf + 16 + 12, &[0xff; 4])),
        damaged("PAGE-017", "a count lowered by one", |file, p| file[p.leaf + 10] -= 1),
        damaged("PAGE-006", "a value cut short", |file, p| file[p.leaf + 16 + 12] -= 1),
        damaged("PAGE-006", "a gap between elements", |file, p| {
            let last = p.leaf + 16 + 16 * (usize::from(file[p.leaf + 10]) - 1);
            let pos = u32_at(file, last + 4) as u32 + 1;
            let vsize = u32_at(file, last + 12) as u32 - 1;
            let from = last + pos as usize - 1;
            file.copy_within(from..from + 17 + vsize as usize, from + 1);
            put(file, last + 4, &pos.to_le_bytes());
            put(file, last + 12, &vsize.to_le_bytes());
        }),
        damaged("PAGE-007", "a key out of order", |file, p| {
            let first = p.leaf + 16 + u32_at(file, p.leaf + 16 + 4);
            put(file, first, &[0x7f; 8]);
        }),
        damaged("PAGE-008", "a leaf where branches are", |file, p| {
            // The first child becomes a branch of one child: its leaf is one level deeper than the others.
            let deeper = file[p.branch + 16 + 8..][..8].to_vec();
            let free = 2 * PAGE;
            assert!(free != p.root && free != p.branch && free != p.leaf);
            let key = p.branch + 16 + u32_at(file, p.branch + 16 + 4);
            let key = file[key..key + 17].to_vec();
            put(file, free, &[0; PAGE]);
            put(file, free, &2_u64.to_le_bytes());
            put(file, free + 8, &[1, 0, 1, 0]);
            put(file, free + 16, &[16, 0, 0, 0, 17, 0, 0, 0]);
            put(file, free + 24, &deeper);
            put(file, free + 32, &key);
            put(file, p.branch + 16 + 8, &2_u64.to_le_bytes());
        }),
        damaged("PAGE-009", "a leaf with count 0", |file, p| put(file, p.leaf + 10, &[0, 0])),
        damaged("PAGE-010", "flags in an inline bucket", |file, p| {
            let value = Places::bucket_value(file, p.root, b"meta");
            put(file, value + 16 + 8, &[9]);
        }),
        damaged("PAGE-011", "a large bucket left inline", |file, p| {
            // The last bucket of the root page takes all that is left of the page.
            let value = Places::bucket_value(file, p.root, b"meta");
            let element = (0..10).map(|n| p.root + 16 + 16 * n).max().unwrap();
            let vsize = (p.root + PAGE - value) as u32;
            put(file, element + 12, &vsize.to_le_bytes());
        }),
        damaged("PAGE-012", "a plain value in the root", |file, p| put(file, p.root + 16, &[0])),
        // of more kinds in lists.rs
        built("PAGE-013", "a page that is free and in use", |b| b.free_list(FreeList::of(vec![2, 3, 4, 5, 6, 7]))),
        built("PAGE-014", "no bucket key", |b| b.drop_bucket("key")),
        Case { severity: Some(Severity::High), ..built("PAGE-014", "no bucket lease", |b| b.drop_bucket("lease")) },
        built("PAGE-015", "a bucket of some other program", |b| b.set("mine", b"k", b"v")),
        built("PAGE-016", "a page that the writer freed", |b| b),
    ]
}

fn records() -> Vec<Case> {
    let fields = |create, modified, version| Put { key: b"new", value: b"", create, modified, version, lease: 0 };
    vec![
        built("MVCC-001", "a value that is no message", |b| b.set("key", &revision(300, 0), b"\xff")),
        built("MVCC-002", "a wrong mod_revision", |b| b.put(300, 0, &fields(301, 301, 1))),
        built("MVCC-003", "a version left out", |b| b.change(300, "a", 2, 4)),
        built("MVCC-004", "a revision left out", |b| b.create(301, "new")),
        built("MVCC-005", "a change of nothing", |b| b.put(300, 0, &fields(299, 300, 2))),
        built("MVCC-006", "a deletion of nothing", |b| b.delete(300, 0, "never")),
        built("MVCC-007", "put and tombstone at once", |b| b.delete(299, 0, "key-299")),
        built("MVCC-008", "a compaction under way", |b| b.compacted(200, Some(100))),
        built("MVCC-009", "finished before it began", |b| b.compacted(100, Some(200))),
        built("MVCC-012", "compacted beyond the last record", |b| b.compacted(900, Some(900))),
        built("MVCC-010", "two records below the compaction", |b| b.compacted(200, Some(200))),
        built("MVCC-011", "the marker of a restore", |b| {
            b.set("key", &revision(1_000_299, 0), b"").compacted(1_000_299, None)
        }),
        built("MVCC-001", "an empty record", |b| b.set("key", &revision(300, 0), b"")),
        built("MVCC-002", "a record at revision 1", |b| b.create(1, "early")),
        built("MVCC-002", "more changes than revisions", |b| b.change(300, "a", 2, 1000)),
        built("MVCC-001", "a record without a key", |b| b.put(300, 0, &Put { key: b"", ..fields(300, 300, 1) })),
        built("MVCC-002", "a put marked as a tombstone", |b| {
            let at = [revision(300, 0), b"t".to_vec()].concat();
            b.set("key", &at, b"\x0a\x05key-9\x10\xac\x02\x18\xac\x02\x20\x01\x2a\x01v")
        }),
        built("MVCC-001", "a tombstone without a key", |b| b.delete(300, 0, "")),
        built("MVCC-001", "a tag of a key flipped into that of a value", |b| {
            b.set("key", &revision(300, 0), b"\x2a\x03new\x10\xac\x02\x18\xac\x02\x20\x01")
        }),
        built("MVCC-001", "a key that is a number", |b| {
            b.set("key", &revision(300, 0), b"\x08\x01\x10\xac\x02\x18\xac\x02\x20\x01")
        }),
        foreign("a field that no etcd knows", b"\x38\x07"),
        foreign("a lease twice, the last is none", b"\x30\x07\x30\x00"),
        foreign("a lease by a number of 33 bits", b"\xb0\x80\x80\x80\x80\x01\x07"),
        foreign("a group", b"\x3b\x08\x01\x3c"),
        foreign("a lease in more bytes than it takes", b"\x30\x80\x00"),
        Case {
            file: {
                let mut builder = Builder::new();
                builder.compacted(20, Some(20)).build()
            },
            ..built("MVCC-014", "nothing is left", |b| b)
        },
    ]
}

/// A put at revision 300 with something behind it that etcd reads and never writes.
fn foreign(what: &'static str, tail: &[u8]) -> Case {
    let message = [&b"\x0a\x03new\x10\xac\x02\x18\xac\x02\x20\x01"[..], tail].concat();
    built("MVCC-013", what, |b| b.set("key", &revision(300, 0), &message))
}

const BCRYPT: &[u8] = b"$2a$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";

/// authpb.User: name, password, roles.
fn user(name: &str, password: &[u8], roles: &[&str]) -> Vec<u8> {
    let field = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8], bytes].concat();
    let mut message = [field(0x0a, name.as_bytes()), field(0x12, password)].concat();
    roles.iter().for_each(|role| message.extend(field(0x1a, role.as_bytes())));
    message
}

/// Ends a change of a builder.
fn done(_: &mut Builder) {}

/// Users and roles: what etcd cannot read, what nobody can use, and what does not add up.
fn auth() -> Vec<Case> {
    let root = user("root", BCRYPT, &["root"]);
    let with = |id, what, change: &dyn Fn(&mut Builder)| {
        built(id, what, |b| {
            b.set("auth", b"authEnabled", &[1]).set("authUsers", b"root", &root);
            change(b);
            b
        })
    };
    let odd = |what, change: &dyn Fn(&mut Builder)| with("ETCD-019", what, change);
    let set = |bucket: &'static str, key: &'static [u8], value: Vec<u8>| {
        move |b: &mut Builder| done(b.set(bucket, key, &value))
    };
    vec![
        with("ETCD-012", "a user under another name", &set("authUsers", b"admin", user("bob", BCRYPT, &[]))),
        with("ETCD-012", "a user whose name is a number", &set("authUsers", b"bob", b"\x08\x01".to_vec())),
        with("ETCD-012", "an option that is bytes", &set("authUsers", b"bob", b"\x0a\x03bob\x22\x02\x0a\x00".to_vec())),
        with(
            "ETCD-012",
            "a permission of another type",
            &set("authRoles", b"r", b"\x0a\x01r\x12\x02\x0a\x00".to_vec()),
        ),
        with("ETCD-012", "authEnabled is a digit", &set("auth", b"authEnabled", b"1".to_vec())),
        odd("a password that is no hash", &set("authUsers", b"bob", user("bob", b"secret", &[]))),
        odd("no password, and no way without", &set("authUsers", b"bob", user("bob", b"", &[]))),
        odd("a permission for nothing", &set("authRoles", b"r", b"\x0a\x01r\x12\x00".to_vec())),
        odd("a role twice", &set("authUsers", b"bob", user("bob", BCRYPT, &["root", "root"]))),
        odd("a permission twice", &set("authRoles", b"r", b"\x0a\x01r\x12\x03\x12\x01k\x12\x03\x12\x01k".to_vec())),
        odd("a permission of no kind", &set("authRoles", b"r", b"\x0a\x01r\x12\x05\x08\x63\x12\x01k".to_vec())),
        odd("an entry of no name that is known", &set("auth", b"authEnable", b"1".to_vec())),
        odd("another in meta", &set("meta", b"konsistent_index", 7_u64.to_be_bytes().to_vec())),
        odd("a term of no raft", &set("meta", b"term", u64::MAX.to_be_bytes().to_vec())),
        odd("a version that is none", &set("cluster", b"clusterVersion", b"3.5".to_vec())),
        odd("more time left than granted", &|b| {
            done(b.set("lease", &7_u64.to_be_bytes(), b"\x08\x07\x10\x3c\x18\x3d"))
        }),
        with("ETCD-012", "a time to live that is bytes", &|b| {
            done(b.set("lease", &7_u64.to_be_bytes(), b"\x08\x07\x12\x01x"))
        }),
        with("ETCD-012", "a downgrade to no version", &|b| {
            done(b.set("cluster", b"downgrade", br#"{"target-version":"x","enabled":true}"#))
        }),
        with("ETCD-021", "it is on", &done),
        with("ETCD-020", "no root", &|b| done(b.unset("authUsers", b"root"))),
        with("ETCD-020", "no switch", &|b| done(b.unset("auth", b"authEnabled"))),
        with("ETCD-020", "no such role", &set("authUsers", b"bob", user("bob", BCRYPT, &["r"]))),
    ]
}

fn state() -> Vec<Case> {
    let alarm = |kind: u8| [0x08, 0x01, 0x10, kind];
    let leased = |lease| Put { key: b"new", value: b"", create: 300, modified: 300, version: 1, lease };
    let sized = |id, severity, quota| Case { quota, severity: Some(severity), ..built(id, "a small quota", |b| b) };
    let size = Db::open(&sound().pages()).unwrap().size();
    vec![
        built("ETCD-001", "NOSPACE", |b| b.set("alarm", &alarm(1), b"")),
        built("ETCD-002", "CORRUPT", |b| b.set("alarm", &alarm(2), b"")),
        built("ETCD-006", "a lease that is gone", |b| b.put(300, 0, &leased(77))),
        built("ETCD-007", "leases nobody uses", |b| (1..1200).fold(b, |b, id| b.lease(id, 60))),
        built("ETCD-008", "a negative lease", |b| b.lease(-5, 60)),
        built("ETCD-018", "a negative time to live", |b| b.lease(77, -1).put(300, 0, &leased(77))),
        built("ETCD-018", "a time to live that overflows", |b| b.lease(77, i64::MAX / 1000).put(300, 0, &leased(77))),
        Case { severity: Some(Severity::Medium), ..built("ETCD-018", "no key to lose", |b| b.lease(77, 0)) },
        built("ETCD-009", "no raft index", |b| b.unset("meta", b"consistent_index")),
        built("ETCD-010", "a downgrade", |b| {
            b.set("cluster", b"downgrade", br#"{"target-version":"3.4.0","enabled":true}"#)
        }),
        built("ETCD-011", "a raft index below the revision", |b| {
            b.set("meta", b"consistent_index", &3_u64.to_be_bytes())
        }),
        built("ETCD-012", "a member that is no JSON", |b| b.set("members", b"77", b"{")),
        Case {
            severity: Some(Severity::Medium),
            ..built("ETCD-012", "an alarm of a new kind", |b| b.set("alarm", &alarm(9), b""))
        },
        fragmented(),
        forgotten(),
        sized("ETCD-015", Severity::High, size + size / 10),
        sized("ETCD-015", Severity::Medium, size * 100 / 80),
        sized("ETCD-015", Severity::Low, size * 100 / 70),
        built("KUBE-001", "a compaction that never was", |b| {
            let value = b"250";
            b.put(300, 0, &Put { key: b"compact_rev_key", value, create: 300, modified: 300, version: 1, lease: 0 })
        }),
        endless(Severity::Medium, b"/kubernetes.io/masterleases/192.0.2.114"),
        endless(Severity::Low, b"/kubernetes.io/events/default/web.17d0"),
        broken("a protobuf that breaks off", b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x0b\x0a"),
        broken("JSON that breaks off", b"{\"kind\":\"Secret\",\"data\":{"),
        broken("zeroes", &[0; 64]),
        broken("nothing at all", b""),
        broken("a prefix that is none", b"k8s:eXc:aescbc:v1:1:0123456789abcdef0123456789abcdef"),
        built("ETCD-017", "storage above cluster", |b| b.set("meta", b"storageVersion", b"3.6.0")),
        Case {
            severity: Some(Severity::Medium),
            ..built("ETCD-018", "most keys on a lease of a second", |b| {
                let leased = |main| Put { create: main, modified: main, ..leased(77) };
                b.lease(77, 1);
                (300..400).fold(b, |b, main| {
                    let key = format!("leased-{main}");
                    b.put(main, 0, &Put { key: key.as_bytes(), ..leased(main) })
                })
            })
        },
        misfiled("another name", br#"{"kind":"Secret","metadata":{"name":"c","namespace":"a"}}"#),
        misfiled("another namespace", br#"{"kind":"Secret","metadata":{"name":"b","namespace":"c"}}"#),
        misfiled("another kind", br#"{"kind":"Pod","metadata":{"name":"b","namespace":"a"}}"#),
        misfiled(
            "another name, in protobuf",
            b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x08\x0a\x06\x0a\x01c\x1a\x01a",
        ),
    ]
}

/// A value that an API server would have put under a lease.
fn endless(severity: Severity, key: &'static [u8]) -> Case {
    let put = Put { key, value: b"{}", create: 300, modified: 300, version: 1, lease: 0 };
    Case { severity: Some(severity), ..built("KUBE-003", "no lease", |b| b.put(300, 0, &put)) }
}

/// A value under a key of an API server that it cannot decode.
fn broken(what: &'static str, value: &'static [u8]) -> Case {
    built("KUBE-002", what, |b| secret(namespace(b), value))
}

/// An object that is another than its key says.
fn misfiled(what: &'static str, value: &'static [u8]) -> Case {
    built("KUBE-004", what, |b| secret(namespace(b), value))
}

/// What tells that the store is a cluster's.
pub(crate) fn namespace(builder: &mut Builder) -> &mut Builder {
    let (key, value) = (b"/kubernetes.io/namespaces/default", br#"{"kind":"Namespace","metadata":{"name":"default"}}"#);
    builder.put(301, 0, &Put { key, value, create: 301, modified: 301, version: 1, lease: 0 })
}

/// A value under the key of a Secret.
pub(crate) fn secret<'b>(builder: &'b mut Builder, value: &[u8]) -> &'b mut Builder {
    let key = b"/kubernetes.io/secrets/a/b";
    builder.put(302, 0, &Put { key, value, create: 302, modified: 302, version: 1, lease: 0 })
}

/// A sound file that claims so many bytes of pages more, all free, and so many transactions.
pub(crate) fn with_free(bytes: usize, transactions: Option<u64>) -> Vec<u8> {
    let mut pages = sound().pages();
    let high_water = (pages.len() + bytes) / PAGE;
    for slot in 0..2 {
        put(&mut pages, slot * PAGE + 16 + 40, &(high_water as u64).to_le_bytes());
        if let Some(transactions) = transactions {
            put(&mut pages, slot * PAGE + 16 + 48, &(transactions - slot as u64).to_le_bytes());
        }
        seal_meta(&mut pages, slot);
    }
    pages.resize(high_water * PAGE, 0);
    sealed(pages)
}

fn fragmented() -> Case {
    Case { id: "ETCD-014", what: "free pages", file: with_free(110 << 20, None), quota: DEFAULT_QUOTA, severity: None }
}

/// Ten transactions a second, for a year and a half.
fn forgotten() -> Case {
    let file = with_free(11 << 20, Some(10 * 86_400 * 547));
    Case { id: "ETCD-023", what: "not defragmented for long", file, quota: DEFAULT_QUOTA, severity: None }
}

fn members() -> Vec<Case> {
    vec![
        built("ETCD-003", "listed and removed", |b| {
            b.set("members_removed", format!("{MEMBER:x}").as_bytes(), b"removed")
        }),
        built("ETCD-004", "a voter stored as a learner", |b| b.member(MEMBER, "default", true)),
        built("ETCD-005", "a voter that is not listed", |b| b.conf_state(&[MEMBER, 7], &[])),
        built("ETCD-013", "a learner", |b| b.member(7, "new", true).conf_state(&[MEMBER], &[7])),
        built("ETCD-016", "no member at all", |b| b.unset("members", format!("{MEMBER:x}").as_bytes())),
    ]
}
