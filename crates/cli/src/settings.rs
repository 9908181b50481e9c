//! What was meant: the arguments made sense of, once, before any work is done.

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::args::{GlobalArgs, ListFormat, LsArgs};
use crate::exit::Error;
use crate::glob::KeyGlobs;
use crate::input::{Input, Reading};
use crate::output::rows::Identity;

impl From<&GlobalArgs> for Reading {
    fn from(global: &GlobalArgs) -> Self {
        Self { map: !global.no_mmap, max_expanded: global.max_expanded }
    }
}

/// Sets up the pool of threads, as many as were asked for or as there are cores.
///
/// # Errors
/// When the system gives no threads.
pub fn start_threads(global: &GlobalArgs) -> Result<(), Error> {
    let Some(threads) = global.threads else {
        return Ok(()); // rayon starts its own when it is first used
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .build_global()
        .map_err(|error| Error::Usage(format!("cannot start {threads} threads: {error}")))
}

/// Which revisions a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Keys alive at a revision, or now.
    Live(Option<i64>),
    /// Keys deleted by a revision, or by now.
    Deleted(Option<i64>),
    /// Every revision there is.
    AllRevisions,
}

/// In which form a list is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListForm {
    /// Only the count.
    Count {
        /// As a JSON document.
        json: bool,
    },
    /// A key a line, escaped.
    Names,
    /// A key a line with its details.
    Long,
    /// Raw keys, each ended by a NUL.
    Nul,
    /// One JSON document.
    Json,
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// An SQLite database.
    Sqlite {
        /// The file to write.
        out: PathBuf,
        /// Whether an existing file is replaced.
        force: bool,
    },
}

/// What `assay ls` is to list.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The snapshot.
    pub input: Input,
    /// What keys must begin with; empty for all.
    pub prefix: Vec<u8>,
    /// Resources, any of which will do; empty for all.
    pub resources: Vec<String>,
    /// Namespaces, any of which will do; empty for all.
    pub namespaces: Vec<String>,
    /// Globs, any of which will do.
    pub globs: KeyGlobs,
    /// Which revisions.
    pub view: View,
    /// Whether to read pages without trusting the tree.
    pub salvage: bool,
    /// In which form.
    pub form: ListForm,
}

impl ListForm {
    /// Whether the form shows nothing of a key but its name.
    pub fn is_of_names(&self) -> bool {
        matches!(self, Self::Names | Self::Nul | Self::Count { .. })
    }
}

impl ListRequest {
    /// Whether what a key says of itself matters to whether it is asked for.
    pub fn looks_inside(&self) -> bool {
        !self.resources.is_empty() || !self.namespaces.is_empty()
    }

    /// Whether a key, and what it says of itself, is asked for.
    pub fn wants(&self, key: &[u8], identity: &Identity<'_>) -> bool {
        let any = |wanted: &[String], test: &dyn Fn(&[u8]) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| test(wanted.as_bytes()))
        };
        key.starts_with(&self.prefix)
            && any(&self.resources, &|wanted| names_resource(wanted, identity))
            && any(&self.namespaces, &|wanted| identity.namespace == Some(wanted))
            && self.globs.passes(key)
    }
}

/// Whether `secrets`, `routes.route.openshift.io` or `pods.` (the core group) names a key's resource.
fn names_resource(wanted: &[u8], identity: &Identity<'_>) -> bool {
    let dot = wanted.iter().position(|byte| *byte == b'.');
    let (resource, group) = match dot.and_then(|dot| wanted.split_at_checked(dot)) {
        Some((resource, group)) => (resource, group.get(1..)),
        None => (wanted, None),
    };
    identity.resource == Some(resource) && group.is_none_or(|group| identity.group.unwrap_or_default() == group)
}

impl TryFrom<LsArgs> for ListRequest {
    type Error = Error;

    fn try_from(args: LsArgs) -> Result<Self, Error> {
        let form = list_form(&args)?;
        let view = if args.all_revisions {
            View::AllRevisions
        } else if args.deleted {
            View::Deleted(args.rev)
        } else {
            View::Live(args.rev)
        };
        Ok(Self {
            input: Input::from(args.snapshot.as_os_str()),
            prefix: args.prefix.map(OsStringExt::into_vec).unwrap_or_default(),
            resources: args.resource,
            namespaces: args.namespace,
            globs: KeyGlobs::new(&args.glob).map_err(Error::Usage)?,
            view,
            salvage: args.salvage,
            form,
        })
    }
}

fn list_form(args: &LsArgs) -> Result<ListForm, Error> {
    let usage = |text: &str| Err(Error::Usage(text.to_owned()));
    let format = args.format();
    let human = format == ListFormat::Human;
    if format == ListFormat::Sqlite && (args.all_revisions || args.deleted) {
        return usage(
            "`-o sqlite` holds every revision and every deletion as it is: leave out `--all-revisions` and `--deleted`",
        );
    }
    if args.out.is_some() && format != ListFormat::Sqlite {
        return usage("`--out` goes with `-o sqlite`; other output goes to standard output");
    }
    if args.count {
        return match format {
            ListFormat::Human => Ok(ListForm::Count { json: false }),
            ListFormat::Json => Ok(ListForm::Count { json: true }),
            _ => usage("`--count` goes with human or JSON output only"),
        };
    }
    if args.long && !human {
        return usage("`--long` goes with human output only; the other forms hold every detail as they are");
    }
    Ok(match format {
        ListFormat::Human if args.null => ListForm::Nul,
        ListFormat::Human if args.long => ListForm::Long,
        ListFormat::Human => ListForm::Names,
        ListFormat::Json => ListForm::Json,
        ListFormat::Ndjson => ListForm::Ndjson,
        ListFormat::Csv => ListForm::Csv,
        ListFormat::Sqlite => match &args.out {
            Some(out) => ListForm::Sqlite { out: out.clone(), force: args.force },
            None => return usage("`-o sqlite` needs a file: add `--out FILE`"),
        },
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Ls {
        #[command(flatten)]
        args: LsArgs,
    }

    fn request(line: &[&str]) -> Result<ListRequest, String> {
        let args = Ls::try_parse_from(["ls", "s"].iter().chain(line)).unwrap().args;
        ListRequest::try_from(args).map_err(|error| error.to_string())
    }

    #[test]
    fn each_form_is_reached() {
        let sqlite = ListForm::Sqlite { out: "f".into(), force: true };
        for (line, form) in [
            (&[][..], ListForm::Names),
            (&["-l"], ListForm::Long),
            (&["-0"], ListForm::Nul),
            (&["--count"], ListForm::Count { json: false }),
            (&["--count", "--json"], ListForm::Count { json: true }),
            (&["--json"], ListForm::Json),
            (&["-o", "ndjson"], ListForm::Ndjson),
            (&["-o", "csv"], ListForm::Csv),
            (&["-o", "sqlite", "--out", "f", "--force"], sqlite),
        ] {
            assert_eq!(request(line).unwrap().form, form, "{line:?}");
        }
    }

    #[test]
    fn forms_that_do_not_go_together_are_refused() {
        for (line, message) in [
            (&["-o", "sqlite"][..], "needs a file"),
            (&["-o", "sqlite", "--out", "f", "--deleted"], "every deletion as it is"),
            (&["-o", "sqlite", "--out", "f", "--all-revisions"], "every revision"),
            (&["--out", "f"], "goes with `-o sqlite`"),
            (&["--count", "-o", "csv"], "`--count` goes with"),
            (&["-l", "--json"], "`--long` goes with human"),
            (&["-g", "[x"], "is not a glob"),
        ] {
            let error = request(line).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn views_are_told_apart() {
        for (line, view) in [
            (&[][..], View::Live(None)),
            (&["--rev", "7"], View::Live(Some(7))),
            (&["--deleted", "--rev", "7"], View::Deleted(Some(7))),
            (&["--all-revisions"], View::AllRevisions),
        ] {
            assert_eq!(request(line).unwrap().view, view);
        }
    }

    #[test]
    fn a_key_must_pass_every_kind_of_filter() {
        let key = &b"/kubernetes.io/secrets/prod/db"[..];
        let secret =
            Identity { resource: Some(b"secrets"), group: Some(b""), namespace: Some(b"prod"), ..Identity::default() };
        for (line, wanted) in [
            (&["/kubernetes.io/"][..], true),
            (&["/openshift.io/"], false),
            (&["-r", "secrets"], true),
            (&["-r", "secrets."], true),
            (&["-r", "secrets.example.com"], false),
            (&["-r", "pods", "-r", "secrets"], true),
            (&["-n", "prod", "-r", "pods"], false),
            (&["-n", "prod", "-g", "d*"], true),
            (&["-n", "dev"], false),
        ] {
            let request = request(line).unwrap();
            assert_eq!(request.wants(key, &secret), wanted, "{line:?}");
            assert!(!line.contains(&"-r") || !request.wants(key, &Identity::default()));
        }
    }
}
