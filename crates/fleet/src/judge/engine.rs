//! Which shard an engine means.

use crate::error::{Error, say};

/// Variables by which engines number their tasks, the first that is set counts.
const VARIABLES: [&str; 4] =
    ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "CLOUD_RUN_TASK_INDEX"];

/// The shard that was named, else the one that an engine names.
pub(super) fn shard(named: Option<u32>, variable: impl Fn(&str) -> Option<String>) -> Result<u32, Error> {
    if let Some(named) = named {
        return Ok(named);
    }
    let set = VARIABLES.iter().find_map(|name| Some((*name, variable(name)?)));
    let (name, value) = set.ok_or_else(|| {
        Error::new("which shard?").hinted(format!("--shard N, or one of {}, which engines set", VARIABLES.join(", ")))
    })?;
    let number = value.parse().map_err(|_| Error::new(format!("{name} is no number of a shard")))?;
    say(&format!("shard {number}, by {name}"));
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_counts_before_the_engines() {
        let slurm = |name: &str| (name == "SLURM_ARRAY_TASK_ID").then(|| "17".to_owned());
        assert_eq!(shard(Some(3), slurm).unwrap(), 3);
        assert_eq!(shard(None, slurm).unwrap(), 17);
        assert!(shard(None, |_| None).is_err());
        assert!(shard(None, |_| Some("x".to_owned())).is_err());
    }
}
