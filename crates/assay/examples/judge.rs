//! Judges what a path leads to: `cargo run --example judge -- PATH`.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use assay::{Judgement, Question};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name a snapshot, a tarball or a directory of backups")?;
    let judgement = assay::open(path)?.judge(&Question::default())?;
    println!("{}", told(&judgement));
    Ok(())
}

/// A line for each finding, then the verdict.
pub(crate) fn told(judgement: &Judgement) -> String {
    let findings = judgement.findings();
    let mut lines: Vec<String> = findings
        .map(|(artifact, finding)| {
            format!("{:8} {} {artifact}: {}", finding.severity().name(), finding.entry().id, finding.message())
        })
        .collect();
    lines.push(judgement.verdict().name().to_owned());
    lines.join("\n")
}
