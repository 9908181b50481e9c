//! The options of commands that look after backups: `catalog prune`, `check`, `stats`, `calendar`, `metrics`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use catalog::{Head, Share};
use clap::{Args, ValueHint};
use jiff::tz::{Offset, TimeZone};

use crate::args::values::{parse_age, parse_size};
use crate::args::{FailOn, ReportOutput};

const PRUNE_HELP: &str = "\
Examples:
  assay catalog prune --keep-daily 7 --keep-weekly 4 --keep-monthly 12
  assay catalog prune --keep-within 30d --apply --plan 3f2a91...
  assay catalog prune --purge --older-than 14d --apply

A plan is shown, and nothing is touched without `--apply`. What any rule keeps, stays; only a backup that can be restored
fills a slot, and a day without one uses none up. Whatever the rules say, the newest that can be restored of each
release and `--min-restorable` of each cluster stay, and keys that a snapshot needs that stays. Nothing is deleted: files
move to `.assay-trash` beside where they lay, after the newest that stays was read again. `--purge` deletes later.
Exit code 2: no rule was given, or the plan is not the one of `--plan`.";

/// `assay catalog prune`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PRUNE_HELP)]
pub struct CatalogPruneArgs {
    /// Keep the newest N
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_last: u32,
    /// Keep the newest of each hour, for N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_hourly: u32,
    /// Keep the newest of each day, for N days that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_daily: u32,
    /// Keep the newest of each week, from Monday on, for N weeks that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_weekly: u32,
    /// Keep the newest of each month, for N months that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_monthly: u32,
    /// Keep the newest of each year, for N years that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub keep_yearly: u32,
    /// Keep all that were taken less than this before the newest that can be restored
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub keep_within: Option<i64>,
    /// Keep so many of each cluster that can be restored, whatever the rules say
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub min_restorable: u32,
    /// Keep those that cannot be restored for so long, as evidence
    #[arg(long, value_name = "AGE", default_value = "14d", value_parser = parse_age)]
    pub keep_failed: i64,
    /// Where days begin: UTC, +02:00 or Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = parse_zone)]
    pub timezone: TimeZone,
    /// Let go of halves of backups, too, whose other half did not come within a day
    #[arg(long)]
    pub orphans: bool,
    /// Carry the plan out
    #[arg(long)]
    pub apply: bool,
    /// Only if it is this plan: the SHA-256 that was shown
    #[arg(long, value_name = "SHA256", requires = "apply", value_parser = parse_digest)]
    pub plan: Option<[u8; 32]>,
    /// Instead, show what lies in the trash for long enough; delete it with `--apply`
    #[arg(long, conflicts_with_all = ["plan", "orphans", "keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly", "keep_within"])]
    pub purge: bool,
    /// How long is long enough
    #[arg(long, value_name = "AGE", requires = "purge", default_value = "14d", value_parser = parse_age)]
    pub older_than: i64,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const CHECK_HELP: &str = "\
Examples:
  assay catalog check                    read every file of this host again
  assay catalog check --share 1/30       each night: everything is read within thirty
  assay catalog check --budget 50G
  assay catalog check --log --expect-head 1234:ab12...
  assay catalog check --log --write-head head.json && assay keys sign head.json -f KEY
  assay catalog check --log --head head.json --signers ~/allowed_signers

Files that were read longest ago come first. What memory still has of a file is let go before it is read, so that the
disk is asked. Exit code 1: a file is not what it was, or the catalog does not hold.";

/// `assay catalog check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CHECK_HELP)]
#[command(group = clap::ArgGroup::new("how-much").args(["all", "share", "budget"]))]
pub struct CatalogCheckArgs {
    /// Read every file that is known on this host; so it is without another of these
    #[arg(long)]
    pub all: bool,
    /// Read one part of so many of all bytes: 1/30
    #[arg(long, value_name = "1/N", value_parser = parse_share)]
    pub share: Option<u32>,
    /// Read no more bytes than this, but one file at least
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub budget: Option<u64>,
    /// Check the catalog itself: that its log is a chain, and that its tables say what the log says
    #[arg(long)]
    pub log: bool,
    /// And that the log goes on from this entry, which a command printed and somebody kept
    #[arg(long, value_name = "SEQ:HASH", requires = "log", value_parser = str::parse::<Head>)]
    pub expect_head: Option<Head>,
    /// The same, of a file that `--write-head` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "log", conflicts_with = "expect_head")]
    pub head: Option<PathBuf>,
    /// Who may sign that file: OpenSSH's allowed_signers, or public keys of minisign; the signature is FILE.sig
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "head")]
    pub signers: Vec<PathBuf>,
    /// How many people of these have to have signed [default: 1]
    #[arg(long, value_name = "N", requires = "signers")]
    pub require_signers: Option<NonZeroUsize>,
    /// Public keys that were revoked, one a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers")]
    pub revoked: Vec<PathBuf>,
    /// Write the log's head to a file, to be signed and kept elsewhere; only where the catalog holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "log")]
    pub write_head: Option<PathBuf>,
    /// Least severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: FailOn,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

impl CatalogCheckArgs {
    /// How much is to be read; `None`: the catalog alone is checked.
    pub fn share(&self) -> Option<Share> {
        match (self.share, self.budget) {
            (Some(parts), _) => Some(Share::OneOf(parts)),
            (_, Some(bytes)) => Some(Share::Bytes(bytes)),
            _ => (self.all || !self.log).then_some(Share::All),
        }
    }
}

/// Of which clusters figures are told.
#[derive(Debug, Clone, Args)]
pub struct CatalogFiguresArgs {
    /// Of this cluster: its ID, the beginning of it, or its name
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Where days begin: UTC, +02:00 or Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = parse_zone)]
    pub timezone: TimeZone,
}

const STATS_HELP: &str = "\
Examples:
  assay catalog stats
  assay catalog stats --json | jq '.artifacts[].cadence.gaps'";

/// `assay catalog stats`.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATS_HELP)]
pub struct CatalogStatsArgs {
    /// Which.
    #[command(flatten)]
    pub of: CatalogFiguresArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const CALENDAR_HELP: &str = "\
Examples:
  assay catalog calendar -o backups.html
  assay catalog calendar --timezone Europe/Berlin > backups.html

One page that fetches nothing and can be printed: a cell a day, with a mark beside its colour.";

/// `assay catalog calendar`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CALENDAR_HELP)]
pub struct CatalogCalendarArgs {
    /// Which.
    #[command(flatten)]
    pub of: CatalogFiguresArgs,
    /// Write the page to this file, whole or not at all; without it, to standard output
    #[arg(short = 'o', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Print the figures of the page as one JSON document instead
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
}

const METRICS_HELP: &str = "\
Examples:
  assay catalog metrics -o /var/lib/node_exporter/assay.prom
  assay catalog metrics | grep last_restorable

Prometheus' text format, one series a cluster. recipes/prometheus/ has alerts and a dashboard for it.";

/// `assay catalog metrics`.
#[derive(Debug, Clone, Args)]
#[command(after_help = METRICS_HELP)]
pub struct CatalogMetricsArgs {
    /// Write them to this file, whole or not at all; without it, to standard output
    #[arg(short = 'o', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

/// A time zone by name, or by its distance from UTC.
fn parse_zone(text: &str) -> Result<TimeZone, String> {
    const SHAPE: &str =
        "expected UTC, an offset such as +02:00, or a name such as Europe/Berlin that this system knows";
    if text.eq_ignore_ascii_case("utc") {
        return Ok(TimeZone::UTC);
    }
    match text.strip_prefix(['+', '-']) {
        Some(rest) => {
            let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
            let number = |text: &str, limit| text.parse().ok().filter(|number: &i32| (0..limit).contains(number));
            let (hours, minutes) = number(hours, 24).zip(number(minutes, 60)).ok_or(SHAPE)?;
            let seconds = (hours * 60 + minutes) * 60;
            let signed = if text.starts_with('-') { -seconds } else { seconds };
            Offset::from_seconds(signed).map(TimeZone::fixed).map_err(|_| SHAPE.to_owned())
        }
        None => TimeZone::get(text).map_err(|_| SHAPE.to_owned()),
    }
}

/// The `N` of `1/N`.
fn parse_share(text: &str) -> Result<u32, String> {
    let parts = text.strip_prefix("1/").and_then(|parts| parts.parse().ok()).filter(|parts| *parts > 0);
    parts.ok_or_else(|| "expected one part of so many, such as 1/30".to_owned())
}

/// A SHA-256 in hexadecimal digits.
fn parse_digest(text: &str) -> Result<[u8; 32], String> {
    // a head of a log has the same digits
    let head: Result<Head, _> = format!("0:{text}").parse();
    head.map(|head| head.hash).map_err(|_| "expected the 64 hexadecimal digits of the plan that was shown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_shares_and_digests_are_read() {
        for (text, seconds) in
            [("UTC", 0), ("utc", 0), ("+02:00", 7200), ("-0330", i32::MIN), ("-03:30", -12_600), ("+9", 32_400)]
        {
            let offset = parse_zone(text).map(|zone| zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds());
            assert_eq!(offset.ok(), (seconds != i32::MIN).then_some(seconds), "{text}");
        }
        assert!(parse_zone("Middle/Earth").is_err() && parse_zone("+25").is_err());
        assert_eq!(
            (parse_share("1/30"), parse_share("1/0").is_err(), parse_share("2/3").is_err()),
            (Ok(30), true, true)
        );
        assert_eq!(parse_digest(&"0a".repeat(32)), Ok([10; 32]));
        assert!(parse_digest("0a").is_err());
    }
}
