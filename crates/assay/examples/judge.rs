//! Judges what a path leads to: `cargo run --example judge -- PATH`.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use assay::Question;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name a snapshot, a tarball or a directory of backups")?;
    let judgement = assay::open(path)?.judge(&Question::default())?;
    for (artifact, finding) in judgement.findings() {
        println!("{:8} {} {artifact}: {}", finding.severity().name(), finding.entry().id, finding.message());
    }
    println!("{}", judgement.verdict().name());
    Ok(())
}
