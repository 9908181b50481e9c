//! `assay catalog custody`: who can open what, who proved it when, and who is alone.

use std::path::Path;

use assay::{Identity, documents};
use catalog::{Access, Catalog, Custody, Unproven};
use checks::Verdict;
use document::Artifact;
use key_escrow::Standing;
use sha2::{Digest as _, Sha256};
use wording::{escape_path, inert, shell_word};

use super::{Here, cluster, of, say_head};
use crate::args::{
    CatalogCustodyArgs, CustodyChallengeArgs, CustodyCommand, CustodyNameArgs, CustodyRecordArgs, ReportFormat,
};
use crate::exit::{Ending, Error};
use crate::failure::told;
use crate::input::small_file;
use crate::output::custody as output;
use crate::ui::Ui;

pub(super) fn run(args: &CatalogCustodyArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    match &args.command {
        None => report(args, here, ui),
        Some(CustodyCommand::Challenge(args)) => challenge(args, here, ui),
        Some(CustodyCommand::Record(args)) => record(args, here, ui),
        Some(CustodyCommand::Name(args)) => name(args, here, ui),
    }
}

fn report(args: &CatalogCustodyArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let catalog = here.open(Access::Read)?;
    let of_cluster = cluster(&catalog, args.cluster.as_deref(), here)?;
    let known = catalog.custody(of_cluster.as_deref()).map_err(of)?;
    match args.output.format() {
        ReportFormat::Human => output::report(&known, ui)?,
        ReportFormat::Json => document(&catalog, here, &known, ui)?,
    }
    Ok(Ending::Clean)
}

fn document(catalog: &Catalog, here: &Here, known: &[Custody], ui: &mut Ui) -> Result<(), Error> {
    let all = catalog.backups(None).map_err(of)?;
    let escrows = known.iter().map(|it| Artifact::Custody(Box::new(it.told(ui.now()))));
    let of_catalog = Artifact::Catalog(Box::new(here.told(catalog, &all)?));
    let artifacts = std::iter::once(of_catalog).chain(escrows).collect();
    Ok(documents::document("catalog custody", artifacts, Vec::new(), Verdict::Pass).write(ui.out())?)
}

fn challenge(args: &CustodyChallengeArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let manifest = small_file(&args.manifest)?;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| told(format!("no random numbers: {error}"), None))?;
    let text = wording::hex(&bytes);
    let mut catalog = here.open(Access::Write)?;
    let given = catalog.write(&here.author, |writing| {
        let Some(id) = writing.knows_escrow(&manifest, args.cluster.as_deref())? else { return Ok(None) };
        Ok(writing.challenges(&id, &text)?.then_some(id))
    });
    let (given, head) = given.map_err(of)?;
    let Some(id) = given else {
        let what = format!("`{}` is no manifest that names an escrow", escape_path(&args.manifest));
        return Err(told(what, Some("it is the `.manifest.json` that `assay keys split` wrote")));
    };
    let known = catalog.custody(None).map_err(of)?;
    let cluster = known.into_iter().find(|it| it.manifest == id).and_then(|it| it.cluster);
    let cluster = cluster.map(|it| format!(" --cluster {}", shell_word(&it))).unwrap_or_default();
    writeln!(ui.out(), "challenge  {text}")?;
    writeln!(
        ui.out(),
        "\n  To be answered once, by one custodian, with the escrow or their share of it at hand:\n    \
         assay keys verify-escrow ESCROW --share SHARE -i IDENTITY \\\n      --challenge {text} \\\n      \
         --catalog-head {head}{cluster} --statement said.json\n  Then here:\n    assay catalog custody record said.json"
    )?;
    say_head(head, ui)?;
    Ok(Ending::Clean)
}

fn record(args: &CustodyRecordArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let statement = small_file(&args.statement)?;
    let mut beside = args.statement.as_os_str().to_owned();
    beside.push(".sig");
    let beside = Path::new(&beside);
    let signature = beside.exists().then(|| small_file(beside)).transpose()?;
    here.open(Access::Read)?;
    let mut catalog = here.open(Access::Write)?;
    let heard = catalog.write(&here.author, |writing| writing.drilled(&statement, signature.as_deref()));
    let (heard, head) = heard.map_err(of)?;
    match heard {
        Ok(drilled) => {
            let said = &drilled.attested.statement;
            let what = said.index.map_or_else(|| "the escrow".to_owned(), |index| format!("share {index}"));
            let whom = if said.recipient.is_empty() { "a passphrase" } else { &said.recipient };
            let (what, whom) = (inert(&what), inert(whom));
            match drilled.attested.standing {
                Standing::Proven => writeln!(ui.out(), "proven  {what} was opened for {whom}")?,
                Standing::Stated(why) => {
                    writeln!(ui.out(), "stated  that {what} was opened for {whom}, and not proven: {why}")?;
                }
            }
            say_head(head, ui)?;
            Ok(Ending::Clean)
        }
        Err(why) => {
            ui.settle(Ending::Findings);
            writeln!(ui.out(), "refused  `{}`: {}", escape_path(&args.statement), inert(&why.to_string()))?;
            if matches!(why, Unproven::UnknownEscrow(_)) {
                writeln!(ui.out(), "  `assay catalog custody challenge MANIFEST` makes the escrow known, and asks.")?;
            }
            say_head(head, ui)?;
            Ok(ui.ending())
        }
    }
}

fn name(args: &CustodyNameArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    here.open(Access::Read)?;
    let mut catalog = here.open(Access::Write)?;
    let principal = args.principal.as_deref();
    let named = catalog.write(&here.author, |it| it.names_custodian(&args.recipient, &args.name, principal));
    let (_, head) = named.map_err(of)?;
    writeln!(ui.out(), "{} is {}", inert(&args.recipient), inert(&args.name))?;
    say_head(head, ui)?;
    Ok(Ending::Clean)
}

/// The bytes of a manifest that was just read, if they can be had again as they were: not of a member of an archive.
pub(super) fn of_file(manifest: &Identity) -> Option<Vec<u8>> {
    let bytes = small_file(&manifest.path).ok()?;
    let content: [u8; 32] = Sha256::digest(&bytes).into();
    (content == manifest.content).then_some(bytes)
}
