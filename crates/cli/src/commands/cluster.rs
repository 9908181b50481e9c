//! `assay cluster`: what a snapshot says of the cluster that it was taken from.

use artifact::{Contents, Reading};
use assay::documents;
use checks::Findings;
use document::Artifact;
use etcd_snapshot::EtcdState;

use super::{chain, snapshot};
use crate::args::{ClusterArgs, ReportFormat};

use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::cluster::print;
use crate::ui::Ui;
use wording::escape;

pub(super) fn run(args: &ClusterArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), None, reading, ui)?;
    let db = snapshot::database(&source)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(&source, db, None, true, &|bytes| meter.add(bytes))?;
    drop(meter);
    let mut findings = snapshot::check_complete(&source, &scan, ui);
    let mut entries = Findings::default();
    checks::snapshot::bad_entries(&scan, &mut entries);
    findings.extend(entries.into_sorted());
    warn_of_faults(&source, &scan.state, ui);
    let (name, leases) = (source.name(), documents::leases(&scan));
    let blockers = checks::snapshot::upgrade_blockers(&scan);
    if args.output.format() == ReportFormat::Json {
        let artifact = Artifact::Cluster(Box::new(documents::cluster(name.clone(), &scan.state, leases, &blockers)));
        let findings = documents::findings(&findings, &name).collect();
        let document = documents::document("cluster", vec![artifact], findings, ui.ending().verdict());
        document.write(ui.out())?;
    } else {
        print(&name, &scan.state, &leases, &blockers, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.ending())
}

fn warn_of_faults(source: &Contents, state: &EtcdState, ui: &mut Ui) {
    for fault in &state.faults {
        ui.warn(&format!(
            "{}: bucket `{}`, key `{}`: {}",
            source.display(),
            fault.bucket,
            escape(&fault.key),
            escape(fault.problem.as_bytes())
        ));
        ui.settle(Ending::Findings);
    }
}
