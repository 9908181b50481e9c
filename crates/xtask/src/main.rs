//! `cargo xtask`: the chores of the workspace. What each does is in the library.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xtask::{api, generate, layers, packages, release, schema};

const USAGE: &str = "\
usage: cargo xtask CHORE

  generate [--check]   writes screens, the table of damage, docs/findings.md and docs/assay-1.schema.json anew;
                       with --check nothing is written, and what is stale is named: exit 1
  schema --from DIR [--release 1.N]
                       adds what the `.proto` files in DIR have (k8s.io/api, apimachinery and their like, with the Go
                       files beside them) to crates/kube-objects/schema/kubernetes.txt, marked as of that release; by
                       default the newest that the table speaks of
  packages             holds what each package needs to be built from a registry; exit 1 where one lacks something
  api [--check]        writes what the libraries `assay` and `document` offer to crates/*/public-api.txt; with --check
                       nothing is written, and what differs is named: exit 1
  layers               holds imports and modules against ARCHITECTURE.md; exit 1 where one is not as it says
  sbom TARGET          prints what the binary for that target is made of, as CycloneDX 1.5
  notices TARGET       prints the licences and notices that go out with it
  oci TREE VERSION EPOCH FILE
                       packs a folder as the root of an image into an OCI layout, a tar file
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["generate"] => generate(false),
        ["generate", "--check"] => generate(true),
        ["layers"] => layers(),
        ["sbom", target] => sbom(target),
        ["notices", target] => notices(target),
        ["oci", tree, version, epoch, file] => oci(tree, version, epoch, Path::new(file)),
        ["packages"] => packages(),
        ["api"] => api(false),
        ["api", "--check"] => api(true),
        ["schema", "--from", from] => schema(Path::new(from), None),
        ["schema", "--from", from, "--release", release] => schema(Path::new(from), Some(release)),
        _ => {
            say(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            say(&format!("error: {why}\n"));
            ExitCode::from(2)
        }
    }
}

/// Whether the laws are held; says which are not.
fn layers() -> Result<bool, Box<dyn Error>> {
    let offences = layers::check(&root(), &cargo())?;
    for offence in &offences {
        say(&format!("{offence}\n"));
    }
    Ok(offences.is_empty())
}

/// Whether every package is one; says what is not so.
fn packages() -> Result<bool, Box<dyn Error>> {
    let offences = packages::check(&root(), &cargo())?;
    for offence in &offences {
        say(&format!("{offence}\n"));
    }
    Ok(offences.is_empty())
}

/// Whether both lists are what is offered, or have been made so; says what is gone and what is new.
fn api(check: bool) -> Result<bool, Box<dyn Error>> {
    let changed = api::api(&root(), &cargo(), check)?;
    for list in &changed {
        say(&format!("{}\n", list.list.display()));
        for (sign, lines) in [('-', &list.gone), ('+', &list.new)] {
            lines.iter().for_each(|line| say(&format!("{sign} {line}\n")));
        }
    }
    if check && !changed.is_empty() {
        say("What is gone breaks programs: docs/packages.md. Where that is meant, `cargo xtask api` writes it down.\n");
    }
    Ok(!check || changed.is_empty())
}

/// Whether all that is generated is as it should be, or has been made so.
fn generate(check: bool) -> Result<bool, Box<dyn Error>> {
    let generated = generate::generate(&root(), &cargo(), check)?;
    say(&generated.said);
    for what in &generated.stale {
        say(&format!("{}: {what}\n", if check { "stale" } else { "could not be made" }));
    }
    Ok(generated.stale.is_empty())
}

/// Makes the table of Kubernetes' fields anew.
fn schema(from: &Path, release: Option<&str>) -> Result<bool, Box<dyn Error>> {
    let minor = |release: &str| release.strip_prefix("1.").and_then(|minor| minor.parse().ok());
    let minor = release.map(|release| minor(release).ok_or("a release is named as `1.37`")).transpose()?;
    schema::grow(&root(), from, minor)?;
    Ok(true)
}

/// Prints the bill of materials.
fn sbom(target: &str) -> Result<bool, Box<dyn Error>> {
    print(&release::sbom("assay", &release::components(&root(), &cargo(), target)?))
}

/// Prints the notices.
fn notices(target: &str) -> Result<bool, Box<dyn Error>> {
    print(&release::notices(&release::components(&root(), &cargo(), target)?)?)
}

/// Packs an image.
fn oci(tree: &str, version: &str, epoch: &str, file: &Path) -> Result<bool, Box<dyn Error>> {
    let image = release::Image { tree: tree.into(), version: version.to_owned(), epoch: epoch.parse()? };
    release::image(&image, BufWriter::new(File::create(file)?))?;
    Ok(true)
}

fn print(text: &str) -> Result<bool, Box<dyn Error>> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(true)
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The cargo that runs this.
fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Whoever reads may have gone; there is nobody else to tell.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
