//! What is written by a program and not by hand: screens, the table of damage, the page of findings, the schema.
//!
//! Each is made by the test that holds it (`tests/e2e/readme`), from the binary, the table of findings and docs/json.md,
//! so that what is written and what is held cannot differ. The chore runs them, to write or to tell what is stale.

use std::io;
use std::path::Path;
use std::process::Command;

/// A test that makes something, and what it makes.
const MAKERS: [(&str, &str); 5] = [
    ("readme::screens::every_screen_is_what_assay_prints", "the screens of README.md and docs/*.md"),
    ("readme::damage::the_table_of_damage_is_what_the_tools_say", "the table of damage"),
    ("readme::findings::the_page_of_findings_is_their_table", "docs/findings.md"),
    ("readme::platforms::the_page_of_platforms_is_their_table", "docs/platforms.md"),
    ("readme::published::the_schema_is_the_page", "docs/assay-1.schema.json"),
];

/// Under this variable the tests write what they would else hold.
const WRITES: &str = "ASSAY_UPDATE_SCREENS";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// What is not as it would be made, or could not be made.
    pub stale: Vec<&'static str>,
    /// What the makers said, where something is stale.
    pub said: String,
}

/// Makes everything in the workspace at `root` anew, or with `check` only looks whether it is as it would be made;
/// `cargo` is the program that builds and runs the makers.
///
/// # Errors
/// Where they cannot be built or run.
pub fn generate(root: &Path, cargo: &Path, check: bool) -> io::Result<Generated> {
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["test", "--quiet", "--package", "etcd-assay", "--test", "e2e", "--", "--exact"]);
    command.args(MAKERS.map(|(name, _)| name)).args(["--format", "pretty"]).env_remove(WRITES);
    if !check {
        command.env(WRITES, "1");
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let stale = stale(&said);
    if stale.len() == MAKERS.len() && !said.contains("test result: FAILED") {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let said = if stale.is_empty() { String::new() } else { said };
    Ok(Generated { stale, said })
}

/// What is made by those tests that did not say that all is well.
fn stale(said: &str) -> Vec<&'static str> {
    let is_well = |name: &str| said.lines().any(|line| line.strip_prefix("test ") == Some(&format!("{name} ... ok")));
    MAKERS.iter().filter(|(name, _)| !is_well(name)).map(|(_, what)| *what).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_did_not_pass_is_stale() {
        let line = |(name, _): &(&str, &str), end: &str| format!("test {name} ... {end}\n");
        let all: String = MAKERS.iter().map(|maker| line(maker, "ok")).collect();
        assert_eq!(stale(&all), [""; 0]);
        let one = all.replace(&line(&MAKERS[2], "ok"), &line(&MAKERS[2], "FAILED"));
        assert_eq!(stale(&one), ["docs/findings.md"]);
        assert_eq!(stale("running 0 tests").len(), MAKERS.len(), "a maker that was not found made nothing");
    }

    /// A test that is renamed would else be missed only when somebody generates.
    #[test]
    fn every_maker_is_there() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/readme");
        for (name, _) in MAKERS {
            let parts: Vec<&str> = name.split("::").collect();
            let source = fs::read_to_string(tests.join(format!("{}.rs", parts[1]))).unwrap();
            assert!(source.contains(&format!("fn {}()", parts[2])), "{name}");
        }
    }
}
