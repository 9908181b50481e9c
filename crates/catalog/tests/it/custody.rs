//! Who can open what, who proved it, and what counts for nothing.

use std::fs;
use std::path::{Path, PathBuf};

use catalog::{Access, Author, Catalog, Drilled, Keys, Kind, Network, PROOF_COUNTS, Unproven};
use document::ClusterStats;
use jiff::{SignedDuration, Timestamp};
use key_escrow::{Attest, Identities, Manifest, NoCallbacks, Standing, Why};

use crate::made::{CLUSTER, now};
use crate::world::World;

const STEM: &str = "static_kuberesources_2026-11-23_090915";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../key-escrow/tests/data").join(name)
}

/// An escrow as it was recorded: any two of three open it.
fn manifest(of: &str) -> PathBuf {
    data(&format!("{of}/{STEM}.manifest.json"))
}

const SECOND: &str = "escrow-v2";
const FIRST: &str = "escrow-v1/sealed-2-of-3";

/// What the custodian of a share says, in answer to a challenge.
fn says(of: &str, share: u8, challenge: Option<&str>) -> (Vec<u8>, Option<String>) {
    let mut ids = Identities::new();
    ids.add_file("identities", &fs::read(data("escrow-v1/identities.txt")).unwrap(), NoCallbacks).unwrap();
    let (manifest, digest) = Manifest::read_with_digest(&manifest(of)).unwrap();
    let attest = Attest {
        tool: "assay test",
        at: now(),
        manifest: &manifest,
        digest: &digest,
        challenge,
        cluster: Some(CLUSTER),
        catalog_head: None,
    };
    let said = attest.share(&data(&format!("{of}/{STEM}.share-{share}-of-3.age")), &ids).unwrap();
    (said.bytes, said.signature)
}

struct Case {
    _folder: tempfile::TempDir,
    catalog: Catalog,
    at: Timestamp,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("c.db"), Access::Write, Network::Refused).unwrap();
        Self { _folder: folder, catalog, at: now() }
    }

    fn write<T>(&mut self, work: impl FnOnce(&mut catalog::Writing<'_>) -> catalog::Result<T>) -> T {
        let author = Author { actor: "ada".to_owned(), host: "h".to_owned(), at: self.at };
        self.catalog.write(&author, work).unwrap().0
    }

    fn knows(&mut self, of: &str) -> String {
        let bytes = fs::read(manifest(of)).unwrap();
        self.write(|it| it.knows_escrow(&bytes, Some(CLUSTER))).unwrap()
    }

    fn asks(&mut self, manifest: &str, challenge: &str) -> bool {
        self.write(|it| it.challenges(manifest, challenge))
    }

    fn hears(&mut self, (statement, signature): &(Vec<u8>, Option<String>)) -> Result<Drilled, Unproven> {
        self.write(|it| it.drilled(statement, signature.as_deref().map(str::as_bytes)))
    }

    /// Since when each custodian has proven it.
    fn proven(&self) -> Vec<Option<Timestamp>> {
        let all = self.catalog.custody(Some(CLUSTER)).unwrap();
        all.iter().flat_map(|it| &it.holders).map(|it| it.proven).collect()
    }
}

fn nonce(digit: char) -> String {
    std::iter::repeat_n(digit, 32).collect()
}

#[test]
fn who_can_open_it_stands_in_the_manifest() {
    let mut case = Case::new();
    let id = case.knows(SECOND);
    assert_eq!(case.knows(SECOND), id, "and once");
    let bob = Manifest::read(&manifest(SECOND)).unwrap().threshold.unwrap().shares[1].recipient.recipient.clone();
    case.write(|it| it.names_custodian(&bob, "Bob", Some("bob@example.com")));
    let all = case.catalog.custody(None).unwrap();
    let [escrow] = &all[..] else { panic!("{all:?}") };
    assert_eq!((escrow.needed, escrow.holders.len(), escrow.proven(now())), (2, 3, 0));
    assert!(escrow.can_be_proven && !escrow.needs_everyone() && escrow.quorum_proven().is_none());
    let names: Vec<_> = escrow.holders.iter().map(|it| (it.share, it.name.as_deref())).collect();
    assert_eq!(names, [(Some(1), None), (Some(2), Some("Bob")), (Some(3), None)]);
    assert_eq!(case.catalog.custody(Some("another")).unwrap(), []);
    assert_eq!(case.write(|it| it.knows_escrow(b"{}", None)), None);
}

#[test]
fn what_answers_a_challenge_counts_once_and_from_when_it_was_given() {
    let mut case = Case::new();
    let id = case.knows(SECOND);
    let (a, b, c) = (nonce('a'), nonce('b'), nonce('c'));
    assert!(case.asks(&id, &a) && case.asks(&id, &b));
    for (manifest, challenge) in [(id.as_str(), a.as_str()), ("another", &c), (&id, "00")] {
        assert!(!case.asks(manifest, challenge), "given before, for nothing that is known, or no challenge");
    }
    let (given, later) = (case.at, case.at + SignedDuration::from_hours(5));
    case.at = later;
    let bob = says(SECOND, 2, Some(&a));
    assert_eq!(case.hears(&bob).unwrap().attested.standing, Standing::Proven);
    assert_eq!(case.proven(), [None, Some(given), None]);
    assert_eq!(case.hears(&bob), Err(Unproven::Replayed));
    let carol = says(SECOND, 3, Some(&a));
    assert_eq!(case.hears(&carol), Err(Unproven::Replayed), "one answer to one challenge, whoever gives it");
    assert_eq!(case.hears(&says(SECOND, 3, Some(&c))), Err(Unproven::UnknownChallenge));
    assert_eq!(case.hears(&says(SECOND, 3, Some(&b))).unwrap().attested.standing, Standing::Proven);
    let escrow = case.catalog.custody(None).unwrap().remove(0);
    assert_eq!((escrow.proven(later), escrow.quorum_proven()), (2, Some(given)));
    assert_eq!(escrow.proven(given + PROOF_COUNTS), 2);
    assert_eq!(escrow.proven(given + PROOF_COUNTS + SignedDuration::from_secs(1)), 0, "too long ago");
    let mut told = [ClusterStats { cluster: Some(CLUSTER.to_owned()), ..ClusterStats::default() }];
    case.catalog.tell_custody(&mut told, later).unwrap();
    assert_eq!((told[0].escrows[0].needed, told[0].escrows[0].proven), (2, 2));
    let drills = told[0].custodians.iter().map(|it| it.last_drill.is_some());
    assert_eq!(drills.filter(|is| *is).count(), 2);
    assert!(case.catalog.check_log().unwrap().seq >= 8, "what was refused is in the log, too");
}

#[test]
fn what_is_not_proven_is_stated_or_counts_for_nothing() {
    let mut case = Case::new();
    let said = says(SECOND, 1, None);
    assert!(matches!(case.hears(&said), Err(Unproven::UnknownEscrow(_))));
    let (second, first) = (case.knows(SECOND), case.knows(FIRST));
    let stated = case.hears(&said).unwrap();
    assert_eq!((stated.attested.standing, stated.known), (Standing::Stated(Why::NoChallenge), false));
    assert!(case.hears(&said).unwrap().known);
    // of the first format nothing can be proven
    let challenge = nonce('d');
    assert!(case.asks(&first, &challenge));
    let old = case.hears(&says(FIRST, 2, Some(&challenge))).unwrap();
    assert_eq!(old.attested.standing, Standing::Stated(Why::OldFormat));
    // a challenge is of one escrow
    assert_eq!(case.hears(&says(SECOND, 2, Some(&challenge))), Err(Unproven::UnknownChallenge));
    // a statement that somebody changed, and one under another's signature
    let challenge = nonce('e');
    assert!(case.asks(&second, &challenge));
    let (bytes, signature) = says(SECOND, 2, Some(&challenge));
    let changed = String::from_utf8(bytes.clone()).unwrap().replace("assay test", "assay text").into_bytes();
    assert!(matches!(case.hears(&(changed, signature.clone())), Err(Unproven::Contradiction(_))));
    let carol = says(SECOND, 3, Some(&challenge)).1;
    let unsigned = case.hears(&(bytes.clone(), carol)).unwrap();
    assert_eq!(unsigned.attested.standing, Standing::Stated(Why::NotSigned));
    assert!(case.proven().iter().all(Option::is_none));
    let holders: Vec<_> = case.catalog.custody(None).unwrap().into_iter().flat_map(|it| it.holders).collect();
    assert_eq!(holders.iter().filter(|it| it.stated.is_some()).count(), 3);
    // and after all that the right one counts
    assert_eq!(case.hears(&(bytes, signature)).unwrap().attested.standing, Standing::Proven);
}

/// A backup whose keys are in an escrow ranks by when its custodians proved it.
#[test]
fn a_backup_knows_when_its_custodians_proved_it() {
    let world = World::new();
    let bytes = fs::read(manifest(SECOND)).unwrap();
    world.write("m.json", &bytes, 3);
    world.write("e.age", b"sealed", 3);
    world.add_with("b", 3, |it| {
        it.files.push(world.file("m.json", Kind::Manifest));
        it.files.push(world.file("e.age", Kind::Escrow));
        it.record.keys = "escrow";
    });
    let proven = || world.open().backups(None).unwrap().remove(0).keys;
    assert_eq!(proven(), Keys::Escrow { proven: None });
    let mut catalog = world.open();
    for (share, digit) in [(1, '1'), (3, '3')] {
        let author = crate::world::author(now() + SignedDuration::from_hours(i64::from(share)));
        let answered = catalog.write(&author, |it| {
            let id = it.knows_escrow(&bytes, Some(CLUSTER))?.unwrap();
            assert!(it.challenges(&id, &nonce(digit))?);
            let (statement, signature) = says(SECOND, share, Some(&nonce(digit)));
            it.drilled(&statement, signature.as_deref().map(str::as_bytes))
        });
        assert_eq!(answered.unwrap().0.unwrap().attested.standing, Standing::Proven);
        let since = (share == 3).then(|| now() + SignedDuration::from_hours(1));
        assert_eq!(proven(), Keys::Escrow { proven: since }, "two have to have proven it");
    }
}

/// What is said of custody is found without going through the whole log.
#[test]
fn the_log_is_not_gone_through_for_custody() {
    let world = World::new();
    world.add("b", 1);
    let db = rusqlite::Connection::open(world.path("catalog.db")).unwrap();
    for (index, sql) in [
        ("event_custody", "kind >= 'custody-' AND kind < 'custody.' AND kind <> 'custody-refused' ORDER BY seq"),
        (
            "event_custody",
            "kind >= 'custody-' AND kind < 'custody.' AND kind IN ('custody-challenge', 'custody-drill')",
        ),
        ("event_escrow", "kind = 'custody-escrow' AND json_extract(body, '$.sha256') = 'x'"),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT at, kind, body FROM event WHERE {sql}");
        let plan: Vec<String> =
            db.prepare(&sql).unwrap().query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
    }
}
