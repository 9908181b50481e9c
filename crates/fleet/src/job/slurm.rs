//! A batch script with an array.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Common, Work};

/// Arguments of `job slurm`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet job slurm --run s3://results/runs/1/ | sbatch
  assay-fleet job slurm --run RUN --missing | sbatch

Slurm requeues exit code 75 where slurm.conf has `RequeueExit=75`; elsewhere
`--missing` prints what is left. An array takes numbers up to MaxArraySize, 1001
unless set up otherwise.")]
pub(super) struct SlurmArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Memory of a task
    #[arg(long, default_value = "2G", value_parser = word, value_name = "SIZE")]
    memory: String,
    /// Partition
    #[arg(long, value_parser = word, value_name = "NAME")]
    partition: Option<String>,
}

/// A word that a line of `#SBATCH` takes as it is.
fn word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ',');
    let is_word = !text.is_empty() && text.chars().all(plain);
    is_word.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is no word of letters and digits"))
}

impl SlurmArgs {
    /// The script.
    pub(super) fn script(&self, work: &Work) -> String {
        let array = match &work.missing {
            Some(missing) => ranges(missing),
            None if work.shards == 1 => "0".to_owned(),
            None => format!("0-{}", work.shards - 1),
        };
        let mut head = String::new();
        if let Some(partition) = &self.partition {
            let _ = writeln!(head, "#SBATCH --partition={partition}");
        }
        format!(
            r#"#!/usr/bin/env bash
#SBATCH --job-name=assay-fleet
#SBATCH --array={array}%{parallelism}
#SBATCH --requeue
#SBATCH --cpus-per-task=1
#SBATCH --mem={memory}
#SBATCH --time={hours}:00:00
#SBATCH --output=assay-fleet-%A_%a.log
{head}
# Credentials come from the environment that sbatch takes along, or from the files that it names; this file has none.
set -uo pipefail

code=0
assay-fleet judge --run {run} --spool "${{TMPDIR:-/tmp}}" || code=$?

# A worker that was killed is tried again: slurm.conf has RequeueExit=75. A verdict is no failure, and 64 is final.
[ "$code" -lt 128 ] || code=75
exit "$code"
"#,
            parallelism = work.parallelism,
            memory = self.memory,
            hours = work.hours,
            run = wording::shell_word(&work.run),
        )
    }
}

/// Numbers as Slurm takes them: `0,3-5`.
fn ranges(numbers: &BTreeSet<u32>) -> String {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => found.push((*number, *number)),
        }
    }
    let told = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    found.iter().map(told).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_ranges() {
        for (numbers, told) in [(&[0][..], "0"), (&[0, 1, 2, 5, 7, 8], "0-2,5,7-8"), (&[], "")] {
            assert_eq!(ranges(&numbers.iter().copied().collect()), told);
        }
        assert!(word("2G").is_ok() && word("2G\n#SBATCH --x").is_err() && word("").is_err());
    }
}
