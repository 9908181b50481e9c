//! `assay keys ls`: the key material in a tarball, never the material itself.

use artifact::{Contents, Reading};
use assay::documents::{self, keys_ls as listed, material as shapes};
use assay::key_material::{Config, KeyMaterial};
use checks::Verdict;
use document::write_compact;
use wording::{escape, inert};

use crate::args::{KeysLsArgs, MaterialFormat, RowFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::keys_ls;
use crate::ui::Ui;

pub(super) fn run(args: &KeysLsArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut raw = Input::from(args.tarball.as_os_str()).open(reading)?.undone();
    let key_material = KeyMaterial::read(&mut raw, reading, &ui.watcher())?;
    judge(&raw, &key_material, ui);
    let mut rows = key_material.rows(args.all);
    rows.sort_by_key(|row| row.class); // the worst to lose first; within a class as in the archive
    match args.format() {
        MaterialFormat::Human => keys_ls::write(&raw, &key_material, &rows, args.long, ui)?,
        MaterialFormat::Json => {
            let verdict = if ui.ending() == Ending::Clean { Verdict::Pass } else { Verdict::Fail };
            let artifact = listed::of(&raw, &key_material, &rows);
            documents::document("keys ls", vec![artifact], Vec::new(), verdict).write(ui.out())?;
        }
        MaterialFormat::Ndjson => {
            for row in &rows {
                write_compact(ui.out(), &shapes::material(row))?;
                writeln!(ui.out())?;
            }
        }
        MaterialFormat::Csv => keys_ls::write_csv(&rows, RowFormat::Csv, ui.out())?,
        MaterialFormat::CsvExact => keys_ls::write_csv(&rows, RowFormat::CsvExact, ui.out())?,
    }
    Ok(ui.ending())
}

/// Says what is wrong, and settles for findings where an archive or a configuration is damaged.
pub(super) fn judge(raw: &Contents, key_material: &KeyMaterial, ui: &mut Ui) {
    for fault in &key_material.resources.faults {
        ui.warn(&format!("{}: {}", raw.display(), inert(&fault.to_string())));
        ui.settle(Ending::Findings);
    }
    if !key_material.resources.complete {
        ui.warn(&format!("{}: what follows is not all of it: reading stopped there", raw.display()));
    }
    for config in &key_material.configs {
        match &config.facts {
            Err(error) => {
                ui.warn(&format!("{}: `{}`: {error}", raw.display(), shown(config)));
                ui.settle(Ending::Findings);
            }
            Ok(facts) => {
                if let Some(words) = facts.limit_words() {
                    ui.warn(&format!("{}: `{}`: {words}", raw.display(), shown(config)));
                }
                for problem in &facts.problems {
                    ui.warn(&format!("`{}`: {}", shown(config), inert(&problem.to_string())));
                }
            }
        }
    }
}

fn shown(config: &Config) -> String {
    escape(config.member.as_bytes()).into_owned()
}
