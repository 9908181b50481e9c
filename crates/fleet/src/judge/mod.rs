//! `judge`: one shard. Each object is put down whole and judged by a child; the rows are one part, written once.
//!
//! It exits 0 when its part is there, whatever the verdicts: an engine would try a bad backup for ever.

mod child;
mod engine;
mod fetch;
mod quick;
pub(crate) mod row;
mod spool;

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::signal::unix::{SignalKind, signal};

use crate::address::Address;
use crate::answer::Answer;
use crate::error::{Error, say};
use crate::item::{Depth, Item, Plan, Role};
use crate::outcome::{PartRow, Row, SCHEMA, State};
use crate::place::{Created, POLICY, Place, part};
use crate::{program, rows, zst};
use child::{Judge, Named};
use fetch::{Missed, Stores};
use quick::Seen;
use row::Judged;
use spool::{Put, Spool};

/// Arguments of `judge`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet judge --run s3://results/runs/1/       the shard the engine means
  assay-fleet judge --run RUN --shard 17 --spool /var/tmp

Exit codes: 0 the part is there, whatever the verdicts; 75 try again; 64 never
again.")]
pub(crate) struct JudgeArgs {
    /// Where the run is kept
    #[arg(long, value_name = "ADDRESS")]
    run: Address,
    /// The shard; else JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX or CLOUD_RUN_TASK_INDEX
    #[arg(long, value_name = "N")]
    shard: Option<u32>,
    /// The judge: `assay` beside this program, else in PATH
    #[arg(long, value_name = "PATH")]
    assay: Option<PathBuf>,
    /// Where objects are put down: two at a time; the folder for temporary files unless given
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Minutes that the judge may take for one backup
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..), value_name = "MINUTES")]
    item_timeout: u64,
    /// Times that a request is tried again
    #[arg(long, default_value_t = crate::store::RETRIES, value_name = "N")]
    retries: usize,
}

/// An item that can be judged: where the judge stands, and which files it reads.
struct Ready {
    put: Put,
    backup: Named,
    sha256: Option<String>,
    /// A quick look was to do, and saw something.
    suspect: bool,
}

/// What there is for an item.
enum Brought {
    /// It is to be judged.
    Whole(Ready),
    /// A quick look saw nothing; the newest revision.
    Plausible(Option<i64>),
}

/// Judges a shard, unless it is told to end: then what was put down is taken away first.
pub(crate) async fn run(args: JudgeArgs) -> Result<u8, Error> {
    let failed = |error: std::io::Error| Error::again(format!("no signals: {error}"));
    let mut end = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let ended = || Err(Error::again("told to end; nothing of this shard was written"));
    let work = std::pin::pin!(judge(args));
    let stop = std::pin::pin!(async {
        let (end, interrupt) = (std::pin::pin!(end.recv()), std::pin::pin!(interrupt.recv()));
        futures::future::select(end, interrupt).await;
    });
    match futures::future::select(work, stop).await {
        futures::future::Either::Left((done, _)) => done,
        futures::future::Either::Right(_) => ended(),
    }
}

async fn judge(args: JudgeArgs) -> Result<u8, Error> {
    let shard = engine::shard(args.shard, |name| std::env::var(name).ok())?;
    let spools = args.spool.unwrap_or_else(std::env::temp_dir);
    // first of all: what a dead worker left here goes also where another has done its shard
    spool::sweep(&spools);
    let place = Place::open(args.run, args.retries)?;
    let plan = rows::plan(&place).await?;
    if shard >= plan.shards {
        return Err(Error::new(format!("there is no shard {shard}: the plan has {}", plan.shards))
            .hinted("a job has as many indexes as the plan has shards, from 0"));
    }
    if is_done(&place, &plan, shard).await? {
        say(&format!("{}: it is there already", place.shown(&part(shard))));
        return Ok(0);
    }
    let items = rows::shard(&place, shard).await?;
    let assay = program::find(args.assay.as_deref())?;
    let version = program::version(&assay).await?;
    if version != plan.assay {
        return Err(Error::new(format!("the plan is for assay {}, this is assay {version}", plan.assay))
            .hinted("plan again, or bring the release of the plan"));
    }
    let mut spool = Spool::new(&spools)?;
    let policy = policy(&place, &plan, &spool).await?;
    let limit = Duration::from_secs(args.item_timeout.saturating_mul(60));
    let judge = Judge::new(assay, plan.now.clone(), policy, limit).await;
    let mut stores = Stores::new(args.retries);
    let judged = all(&items, &plan, &judge, &mut spool, &mut stores).await?;
    write(&place, &plan, shard, &judged).await
}

/// Whether the shard's part is there: it was written whole, and an engine may start a shard that is done.
async fn is_done(place: &Place, plan: &Plan, shard: u32) -> Result<bool, Error> {
    let Some(packed) = place.read(&part(shard)).await? else { return Ok(false) };
    let first = rows::rows::<Row>(packed.as_slice(), String::new()).next();
    Ok(matches!(first, Some(Ok(Row::Part(it))) if it.plan == plan.digest && it.shard == Some(shard)))
}

/// Puts the policy where the judge finds it; it must be the one that was planned with.
async fn policy(place: &Place, plan: &Plan, spool: &Spool) -> Result<bool, Error> {
    let Some(digest) = &plan.policy else { return Ok(false) };
    let bytes = place.read(POLICY).await?.unwrap_or_default();
    if wording::hex(&Sha256::digest(&bytes)) != *digest {
        return Err(Error::new(format!("{}: not the policy of the plan", place.shown(POLICY))));
    }
    let failed = |error: std::io::Error| Error::again(format!("the spool: {error}"));
    let mut file = spool::new_file(&spool.path().join("policy.toml")).map_err(failed)?;
    std::io::Write::write_all(&mut file, &bytes).map_err(failed)?;
    Ok(true)
}

/// Judges the items of a shard: while one is judged the next is put down, so that there are never more than two.
async fn all(
    items: &[Item],
    plan: &Plan,
    judge: &Judge,
    spool: &mut Spool,
    stores: &mut Stores,
) -> Result<Vec<Judged>, Error> {
    let mut found = Vec::new();
    let mut refused = 0_usize;
    let mut rest = items.iter();
    let mut waiting = match rest.next() {
        Some(item) => Some((item, bring(item, spool, stores).await)),
        None => None,
    };
    while let Some((item, brought)) = waiting.take() {
        let next = rest.next();
        let fetching = async {
            match next {
                Some(next) => Some((next, bring(next, spool, stores).await)),
                None => None,
            }
        };
        let judging = one(item, brought, plan, judge, &mut refused);
        let (judged, fetched) = futures::future::join(judging, fetching).await;
        found.push(judged?);
        waiting = fetched;
    }
    if refused > 1 && refused == items.len() {
        return Err(Error::new("the store refuses every object of this shard").hinted("docs/fleet.md lists the rights"));
    }
    Ok(found)
}

/// Looks at an item quickly, where that is planned; puts down what it needs, where that is planned or was suspect.
async fn bring(item: &Item, spool: &mut Spool, stores: &mut Stores) -> Result<Brought, Missed> {
    let quick = item.depth == Depth::Quick;
    if let Some(file) = item.main().filter(|_| quick) {
        let bytes = match stores.of(&file.uri)? {
            Some((store, key)) => quick::Bytes::Object(store, key),
            None => quick::Bytes::File(fetch::opened(file)?.1),
        };
        match quick::look(bytes, file).await.map_err(fetch::missed)? {
            Seen::Plausible(revision) => return Ok(Brought::Plausible(revision)),
            Seen::Suspect(what) => say(&format!("{}: {what}: it is judged whole", item.shown())),
        }
    }
    Ok(Brought::Whole(Ready { suspect: quick, ..put_down(item, spool, stores).await? }))
}

async fn put_down(item: &Item, spool: &mut Spool, stores: &mut Stores) -> Result<Ready, Missed> {
    let fetched = |uri: &str| !uri.starts_with("file://");
    let bytes = item.judged().filter(|file| fetched(&file.uri)).map(|file| file.size).sum();
    let put = spool.put(bytes).map_err(Missed::Again)?;
    let (mut backup, mut sha256) = (Named::default(), None);
    for file in item.judged() {
        let name = match stores.of(&file.uri)? {
            None => fetch::in_place(file)?,
            Some((store, key)) => {
                let name = fetch::local_name(&file.uri);
                let hash = fetch::fetch(&*store, &key, file, &put.folder.join(&name)).await?;
                sha256.get_or_insert(hash);
                name.into()
            }
        };
        match file.role {
            Role::Manifest => backup.manifest = Some(name),
            Role::Snapshot | Role::Tarball => backup.files.push(name),
        }
    }
    Ok(Ready { put, backup, sha256, suspect: false })
}

/// What comes of one item.
async fn one(
    item: &Item,
    brought: Result<Brought, Missed>,
    plan: &Plan,
    judge: &Judge,
    refused: &mut usize,
) -> Result<Judged, Error> {
    let told = |state: State, why: String| {
        say(&format!("{}: {}: {why}", item.shown(), state.name()));
        Ok(row::unknown(item, plan, state, Some(why)))
    };
    let ready = match brought {
        Ok(Brought::Whole(ready)) => ready,
        Ok(Brought::Plausible(revision)) => return Ok(row::quick(item, plan, revision)),
        Err(Missed::Again(error)) => return Err(error),
        Err(Missed::Told(state, why)) => return told(state, why),
        Err(Missed::Refused(code)) => {
            *refused += 1;
            return told(State::Unreadable, format!("the store refuses it ({code})"));
        }
    };
    let (verified, odd) = verified(judge, &ready).await?;
    // what was judged where it lies may have been written to meanwhile
    for file in item.judged().filter(|file| file.uri.starts_with("file://")) {
        if let Err(Missed::Told(state, why)) = fetch::in_place(file) {
            return told(state, why);
        }
    }
    match verified {
        Ok(answer) if ready.suspect => {
            // what was suspect was read whole, and its row says so
            let whole = Item { depth: Depth::Full, ..item.clone() };
            Ok(row::judged(&whole, plan, &answer, (ready.sha256, odd)))
        }
        Ok(answer) => Ok(row::judged(item, plan, &answer, (ready.sha256, odd))),
        Err(why) => told(State::JudgeFailed, why),
    }
}

/// What the judge says; where it cannot read the manifest that lies beside, what it says without, and why not.
async fn verified(judge: &Judge, ready: &Ready) -> Result<(Result<Answer, String>, Option<String>), Error> {
    let folder = &ready.put.folder;
    let told = judge.verify(folder, &ready.backup).await?;
    let odd = told.as_ref().ok().and_then(Answer::unreadable).map(str::to_owned);
    let Some(odd) = odd.filter(|_| ready.backup.manifest.is_some()) else { return Ok((told, None)) };
    let without = Named { files: ready.backup.files.clone(), manifest: None };
    let told = judge.verify(folder, &without).await?;
    let is_read = told.as_ref().is_ok_and(|answer| answer.unreadable().is_none());
    Ok((told, is_read.then_some(odd)))
}

/// Writes the part, unless another attempt was first: then it must hold the same.
async fn write(place: &Place, plan: &Plan, shard: u32, judged: &[Judged]) -> Result<u8, Error> {
    let mut lines = zst::Writer::default();
    let (schema, digest) = (SCHEMA.to_owned(), plan.digest.clone());
    lines.row(&Row::Part(PartRow { schema, plan: digest, shard: Some(shard), items: judged.len() as u64 }))?;
    for Judged { verdict, findings } in judged {
        lines.row(&Row::Verdict(Box::new(verdict.clone())))?;
        findings.iter().try_for_each(|finding| lines.row(&Row::Finding(Box::new(finding.clone()))))?;
    }
    let name = part(shard);
    match place.create(&name, lines.finish()).await? {
        Created::New => say(&format!("{}: {}", place.shown(&name), wording::count(judged.len() as u64, "item"))),
        Created::Same => say(&format!("{}: another attempt was first, with the same bytes", place.shown(&name))),
        // what a backup is may have changed between two attempts: the first that was written counts
        Created::Other => say(&format!("{}: another attempt was first, and saw something else", place.shown(&name))),
    }
    Ok(0)
}
