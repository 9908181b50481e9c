//! Stores other than moto, and rights taken away one by one.

use serde_json::Value;

use crate::moto::{Act, Moto, Proxy};
use crate::services::{Service, azure, google, post, rclone};
use crate::support::{Ended, Place, flipped, snapshot};

const T: &str = "2026-11-23_090915";

/// A pair, a good and a bad snapshot.
fn backups() -> Vec<(String, Vec<u8>)> {
    let pair = fixtures::named("aescbc-rotated");
    vec![
        (format!("a/snapshot_{T}.db"), pair.bytes()),
        (format!("a/static_kuberesources_{T}.tar.gz"), pair.tarball_bytes()),
        (format!("b/snapshot_{T}.db"), snapshot()),
        (format!("c/snapshot_{T}.db"), flipped()),
    ]
}

fn borrowed(backups: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    backups.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

/// Plans, judges and merges; gives what `report` says of verdicts, and what `plan` said.
fn judged(service: &Service, place: &Place, source: &str, run: &str, depth: &str) -> (String, Ended) {
    crate::support::assay();
    let planned = service.ok(place, &["plan", "--source", source, "--run", run, "--depth", depth]);
    service.ok(place, &["judge", "--run", run, "--shard", "0"]);
    let again = service.ok(place, &["judge", "--run", run, "--shard", "0"]);
    assert!(again.err.contains("it is there already"), "{again:?}");
    assert_eq!(service.ok(place, &["merge", "--run", run]).out, "3 backups: 3 judged\n");
    assert_eq!(place.spooled(), [""; 0]);
    let report = service.run(place, &["report", "--run", run]).out;
    (report.lines().find(|line| line.starts_with("verdicts: ")).unwrap_or_default().to_owned(), planned)
}

const VERDICTS: &str = "verdicts: 1 fail, 1 pass, 1 warn";

#[test]
fn blobs_of_azure_are_judged_and_the_run_is_kept_beside() {
    let (place, backups) = (Place::new(), backups());
    let Some(service) = azure(&place, &borrowed(&backups)) else { return };
    let (verdicts, planned) = judged(&service, &place, "az://backups/", "az://results/runs/1/", "full");
    assert_eq!(verdicts, VERDICTS);
    assert!(!planned.err.contains("written over"), "a part is written once: {planned:?}");
    // ranges are bounded here: there are none from the end
    let run = place.address("quick");
    service.ok(&place, &["plan", "--source", "az://backups/b/", "--run", &run, "--depth", "quick"]);
    service.ok(&place, &["judge", "--run", &run, "--shard", "0"]);
    service.ok(&place, &["merge", "--run", &run]);
    assert_eq!(place.json("quick/run.json")["verdicts"], serde_json::json!({"plausible": 1}));
}

/// The server takes no upload of this client's: it is read from.
#[test]
fn objects_of_google_are_judged_into_a_folder() {
    let (place, backups) = (Place::new(), backups());
    let Some(service) = google(&place, &borrowed(&backups)) else { return };
    let (verdicts, _) = judged(&service, &place, "gs://backups/", &place.address("run"), "full");
    assert_eq!(verdicts, VERDICTS);
    let run = place.address("quick");
    service.ok(&place, &["plan", "--source", "gs://backups/b/", "--run", &run, "--depth", "quick"]);
    service.ok(&place, &["judge", "--run", &run, "--shard", "0"]);
    service.ok(&place, &["merge", "--run", &run]);
    assert_eq!(place.json("quick/run.json")["verdicts"], serde_json::json!({"plausible": 1}));
}

#[test]
fn a_store_that_keeps_few_rules_serves_all_the_same() {
    let (place, backups) = (Place::new(), backups());
    let Some(mut service) = rclone(&place, &borrowed(&backups)) else { return };
    let proxy = Proxy::start(service.port(), |_| Act::Pass);
    service.through(proxy.port);
    // ranges come as whole objects: each is read whole, after one attempt at a look
    let (verdicts, planned) = judged(&service, &place, "s3://backups/", "s3://results/runs/1/", "quick");
    assert_eq!(verdicts, VERDICTS);
    assert!(planned.err.contains("written over"), "it does not refuse what is there: {planned:?}");
    assert_eq!(proxy.count("backups/b/snapshot"), 2, "a look, and the whole");
    // a condition is passed over: what comes is compared with the plan
    let run = place.address("run");
    service.ok(&place, &["plan", "--source", "s3://backups/", "--run", &run, "--depth", "full"]);
    std::fs::write(place.path(&format!("rclone/backups/b/snapshot_{T}.db")), flipped()).unwrap();
    service.ok(&place, &["judge", "--run", &run, "--shard", "0"]);
    service.ok(&place, &["merge", "--run", &run]);
    assert_eq!(place.json("run/run.json")["states"], serde_json::json!({"changed": 1, "judged": 2}));
}

/// What is asked for, action by action: `docs/fleet.md` lists these and no other.
pub(crate) const RIGHTS: [(&str, &str); 5] = [
    ("s3:ListBucket", "arn:aws:s3:::etcd-backups"),
    ("s3:GetObject", "arn:aws:s3:::etcd-backups/*"),
    ("s3:PutObject", "arn:aws:s3:::fleet-results/runs/*"),
    ("s3:GetObject", "arn:aws:s3:::fleet-results/runs/*"),
    ("s3:ListBucket", "arn:aws:s3:::fleet-results"),
];

/// Makes a user with these rights; gives the key's id and its secret.
pub(crate) fn user(moto: &Moto, name: &str, rights: &[(&str, &str)]) -> (String, String) {
    let ask = |words: &str| post(moto.port, "/", "application/x-www-form-urlencoded", words.as_bytes());
    let statements: Vec<Value> = rights
        .iter()
        .map(|(action, resource)| serde_json::json!({"Effect": "Allow", "Action": action, "Resource": resource}))
        .collect();
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let encoded: String = policy.bytes().map(|byte| format!("%{byte:02X}")).collect();
    ask(&format!("Action=CreateUser&Version=2010-05-08&UserName={name}"));
    ask(&format!("Action=PutUserPolicy&Version=2010-05-08&UserName={name}&PolicyName=fleet&PolicyDocument={encoded}"));
    let answer = ask(&format!("Action=CreateAccessKey&Version=2010-05-08&UserName={name}"));
    let field = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>")).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    (field("AccessKeyId"), field("SecretAccessKey"))
}

#[test]
fn the_listed_rights_are_enough_and_each_is_needed() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    for (name, bytes) in backups() {
        moto.put(&name, &bytes);
    }
    let all = user(&moto, "all", &RIGHTS);
    let users: Vec<(String, String)> = (0..RIGHTS.len())
        .map(|without| {
            let kept: Vec<_> = RIGHTS.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, it)| *it).collect();
            user(&moto, &format!("without-{without}"), &kept)
        })
        .collect();
    post(moto.port, "/moto-api/reset-auth", "text/plain", b"0");

    let run = |who: &(String, String), words: &[&str]| moto.run_as(who, &place, words);
    crate::support::assay();
    let at = |name: &str| format!("s3://fleet-results/runs/{name}/");
    let plan = |who, name: &str| {
        let at = at(name);
        run(who, &["plan", "--source", "s3://etcd-backups/", "--run", &at, "--depth", "full", "--shard-items", "3"])
    };
    let judge = |who, name: &str| run(who, &["judge", "--run", &at(name), "--shard", "0"]);
    let merge = |who, name: &str| run(who, &["merge", "--run", &at(name)]);
    let missing = |who, name: &str| run(who, &["job", "slurm", "--run", &at(name), "--missing"]);
    // each right taken away, on runs that somebody with all of them planned: exit codes of four commands
    let expected = [
        ("list backups", [2, 0, 0, 0]),
        ("read backups", [0, 64, 3, 0]),
        ("write results", [2, 64, 2, 0]),
        ("read results", [2, 64, 2, 2]),
        ("list results", [0, 0, 0, 2]),
    ];
    for (who, (what, codes)) in users.iter().zip(expected) {
        let name = what.replace(' ', "-");
        assert_eq!(plan(&all, &name).code, 0, "{what}");
        let ended = [plan(who, &format!("{name}-own")), judge(who, &name), merge(who, &name), missing(who, &name)];
        let found: Vec<i32> = ended.iter().map(|ended| ended.code).collect();
        assert_eq!(found, codes, "without the right to {what}: {ended:#?}");
        for ended in ended.iter().filter(|ended| ![0, 3].contains(&ended.code)) {
            assert!(ended.err.contains("refuse"), "{what}: {ended:?}");
        }
    }
    for (command, code) in
        [(plan(&all, "all"), 0), (judge(&all, "all"), 0), (merge(&all, "all"), 0), (missing(&all, "all"), 0)]
    {
        assert_eq!(command.code, code, "{command:?}");
    }
    // a run elsewhere is refused
    assert_eq!(run(&all, &["plan", "--source", "s3://etcd-backups/", "--run", "s3://fleet-results/else/"]).code, 2);
    assert_eq!(run(&all, &["plan", "--source", "s3://etcd-backups/", "--run", "s3://etcd-backups/run/"]).code, 2);
}
