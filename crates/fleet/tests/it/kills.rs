//! A worker that is killed, whenever in its life.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};

use crate::moto::{Act, BUCKET, Moto, Proxy, Request};
use crate::support::{Ended, Place, assay};

const T: &str = "2026-11-23_090915";

/// A moment in the life of a worker with three backups, one of them a pair; each is counted, none is timed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// The judge is asked for its release.
    Named,
    /// A request is under way: the plan, the part, the items, four objects, the part again.
    Asked(usize),
    /// Half of an object is there.
    Half(usize),
    /// A judge has begun.
    Begun(usize),
    /// A judge has said all, and has not ended.
    Ended(usize),
    /// The part is written, and the worker does not know.
    Written,
}

/// As many as there are shards.
fn moments() -> Vec<Moment> {
    let asked = (0..8).map(Moment::Asked);
    let of_judges = (0..3).flat_map(|at| [Moment::Begun(at), Moment::Ended(at)]);
    let others = (0..4).map(Moment::Half).chain([Moment::Named, Moment::Written]);
    asked.chain(of_judges).chain(others).collect()
}

/// What happens to a request at a moment, and who is told when it has come: requests and objects before it are counted.
fn act(moment: Moment, request: &Request, (asked, objects): (usize, usize), told: &Sender<()>) -> Act {
    let is_object = request.path.contains(BUCKET);
    match moment {
        Moment::Asked(at) if at == asked => {
            told.send(()).unwrap();
            Act::Hang
        }
        Moment::Half(at) if is_object && at == objects => Act::Stall(50, told.clone()),
        Moment::Written if request.method == "PUT" => Act::Stall(0, told.clone()),
        _ => Act::Pass,
    }
}

/// A judge that kills its worker at a moment that is a file in `folder`: `begun.0`, `ended.2`, `named.0`.
fn judge(place: &Place) -> String {
    let (judge, folder) = (place.path("assay"), place.path("moments"));
    fs::create_dir(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\n\
         moment() {{\n\
         \x20   at=0\n\
         \x20   while ! (set -C; : >\"$1.$at.seen\") 2>/dev/null; do at=$((at + 1)); done\n\
         \x20   [ ! -e \"$1.$at\" ] || kill -KILL $PPID\n\
         }}\n\
         here=$PWD\n\
         cd {folder} || exit 3\n\
         case $1 in verify) moment begun;; *) moment named;; esac\n\
         cd \"$here\" || exit 3\n\
         {assay} \"$@\"\n\
         code=$?\n\
         cd {folder} || exit 3\n\
         case $1 in verify) moment ended;; esac\n\
         exit $code\n",
        folder = folder.display(),
        assay = assay().display()
    );
    fixtures::program(&judge, &script);
    judge.to_str().unwrap().to_owned()
}

/// Twenty clusters, each a shard: a pair, a good and a bad snapshot.
fn fleet(moto: &Moto) {
    let (pair, good) = (fixtures::named("members-m0"), fixtures::named("auth-enabled").bytes());
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    let files = [
        (format!("snapshot_{T}.db"), pair.bytes()),
        (format!("static_kuberesources_{T}.tar.gz"), pair.tarball_bytes()),
        ("x.db".to_owned(), good),
        ("y.db".to_owned(), bad),
    ];
    for (name, bytes) in &files {
        moto.put(&format!("c00/{name}"), bytes);
        for cluster in 1..moments().len() {
            let from = format!("x-amz-copy-source: /{BUCKET}/c00/{name}\r\n");
            moto.ask("PUT", &format!("/{BUCKET}/c{cluster:02}/{name}"), &from, b"");
        }
    }
}

/// Kills a worker at a moment.
fn killed(place: &Place, moto: &Moto, shard: usize, moment: Moment, judge: &str) {
    let folder = place.path("moments");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    let of_judge = match moment {
        Moment::Named => Some("named.0".to_owned()),
        Moment::Begun(at) => Some(format!("begun.{at}")),
        Moment::Ended(at) => Some(format!("ended.{at}")),
        Moment::Asked(_) | Moment::Half(_) | Moment::Written => None,
    };
    if let Some(name) = &of_judge {
        fs::write(folder.join(name), "").unwrap();
    }
    let (told, heard) = mpsc::channel();
    let seen = Mutex::new(((0, 0), told));
    let proxy = Proxy::start(moto.port, move |request| {
        let (before, told) = &mut *seen.lock().unwrap();
        let what = act(moment, request, *before, told);
        *before = (before.0 + 1, before.1 + usize::from(request.path.contains(BUCKET)));
        what
    });
    let mut worker = command(place, proxy.port, shard, "disturbed", judge).spawn().unwrap();
    if of_judge.is_none() {
        heard.recv().unwrap();
        worker.kill().unwrap();
    }
    let ended = worker.wait().unwrap();
    assert_eq!(ended.signal(), Some(9), "{moment:?}");
}

fn command(place: &Place, port: u16, shard: usize, run: &str, judge: &str) -> Command {
    let (at, shard) = (format!("s3://fleet-results/{run}/"), shard.to_string());
    Moto::command(place, port, &["judge", "--run", &at, "--shard", &shard, "--assay", judge])
}

#[test]
fn a_worker_that_is_killed_at_any_of_twenty_moments_leaves_nothing_and_the_next_makes_the_same_part() {
    let Some(moto) = Moto::start() else { return };
    let place = Place::new();
    let (moments, judge) = (moments(), judge(&place));
    assert_eq!(moments.len(), 20);
    fleet(&moto);
    let source = format!("s3://{BUCKET}/");
    for run in ["calm", "disturbed"] {
        let at = format!("s3://fleet-results/{run}/");
        let words = ["plan", "--source", &source, "--run", &at, "--depth", "full", "--shard-items", "3"];
        let planned: Ended = Moto::command(&place, moto.port, &words).output().unwrap().into();
        assert!(planned.err.contains("60 backups in 20 shards"), "{planned:?}");
    }
    let ok = |run: &str, shard: usize| {
        let ended: Ended = command(&place, moto.port, shard, run, &judge).output().unwrap().into();
        assert_eq!((ended.code, place.spooled()), (0, Vec::new()), "shard {shard}: {ended:?}");
        ended
    };
    let part = |run: &str, shard: usize| moto.get(&format!("/fleet-results/{run}/parts/{shard:05}.ndjson.zst"));
    for (shard, moment) in moments.into_iter().enumerate() {
        ok("calm", shard);
        killed(&place, &moto, shard, moment, &judge);
        assert_eq!(part("disturbed", shard).is_some(), moment == Moment::Written, "{moment:?}");
        let again = ok("disturbed", shard);
        assert_eq!(again.err.contains("it is there already"), moment == Moment::Written, "{moment:?}: {again:?}");
        assert!(part("disturbed", shard).is_some(), "{moment:?}");
        assert!(part("disturbed", shard) == part("calm", shard), "{moment:?}: another part");
    }
    for run in ["calm", "disturbed"] {
        let merge = ["merge", "--run", &format!("s3://fleet-results/{run}/")];
        let merged: Ended = Moto::command(&place, moto.port, &merge).output().unwrap().into();
        assert_eq!((merged.code, merged.out.as_str()), (0, "60 backups: 60 judged\n"), "{merged:?}");
    }
}
