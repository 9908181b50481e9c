//! `job`: what an engine is given, printed. Nothing is submitted here, and no engine's library is in the tree.

mod kubernetes;
mod slurm;

use std::collections::BTreeSet;

use crate::address::Address;
use crate::error::{Error, print, say};
use crate::place::{Place, part};
use crate::rows;
use kubernetes::KubernetesArgs;
use slurm::SlurmArgs;

/// Arguments of `job`.
#[derive(Debug, clap::Args)]
pub(crate) struct JobArgs {
    #[command(subcommand)]
    engine: Engine,
}

/// The engine.
#[derive(Debug, clap::Subcommand)]
enum Engine {
    /// An Indexed Job for Kubernetes and OpenShift
    Kubernetes(KubernetesArgs),
    /// A batch script with an array for Slurm
    Slurm(SlurmArgs),
}

/// What is the same for each engine.
#[derive(Debug, clap::Args)]
struct Common {
    /// Where the run is kept
    #[arg(long, value_name = "ADDRESS")]
    run: Address,
    /// Only what no part tells of yet
    #[arg(long)]
    missing: bool,
    /// Shards that are judged at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    parallelism: u32,
    /// Hours after which the engine ends it
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=720), value_name = "HOURS")]
    deadline: u32,
    /// Times that a request is tried again
    #[arg(long, default_value_t = crate::store::RETRIES, value_name = "N")]
    retries: usize,
}

/// What is to be judged.
struct Work {
    run: String,
    shards: u32,
    /// What no part tells of yet, where that is asked for.
    missing: Option<BTreeSet<u32>>,
    parallelism: u32,
    hours: u32,
}

/// Prints it.
pub(crate) async fn run(args: JobArgs) -> Result<u8, Error> {
    let common = match &args.engine {
        Engine::Kubernetes(args) => &args.common,
        Engine::Slurm(args) => &args.common,
    };
    let work = work(common).await?;
    if work.missing.as_ref().is_some_and(BTreeSet::is_empty) {
        say("nothing is missing");
        return Ok(0);
    }
    if work.shards == 0 {
        return Err(Error::new("the plan has no shard: nothing is to be judged"));
    }
    print(&match &args.engine {
        Engine::Kubernetes(args) => args.manifest(&work)?,
        Engine::Slurm(args) => args.script(&work),
    })?;
    Ok(0)
}

async fn work(common: &Common) -> Result<Work, Error> {
    let place = Place::open(common.run.clone(), common.retries)?;
    let plan = rows::plan(&place).await?;
    let missing = match common.missing {
        false => None,
        true => {
            let there: BTreeSet<String> = place.parts().await?.into_iter().collect();
            Some((0..plan.shards).filter(|shard| !there.contains(&part(*shard))).collect())
        }
    };
    let (parallelism, hours) = (common.parallelism, common.deadline);
    Ok(Work { run: common.run.to_string(), shards: plan.shards, missing, parallelism, hours })
}
