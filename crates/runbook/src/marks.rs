//! Which steps a finding of `verify` hits.

use checks::{Finding, Severity};
use document::{BookStep, StepFinding};

/// Findings of one ID that a step shows; the rest is counted.
const SHOWN: usize = 3;
/// Where a finding stands whose own steps are not in this book: where the backup is taken in hand.
const ELSE: [&str; 8] = ["R-03", "K-00", "C-01", "U-01", "H-01", "T-01", "G-01", "X-01"];

/// Findings, whole families ending in `*`, and the steps that they hit.
const STEPS: &[(&[&str], &[&str])] = &[
    (&["VER-001", "VER-002", "VER-003", "VER-004", "VER-008", "VER-010", "VER-011", "VER-012", "TAR-028"], &["R-01"]),
    (&["HAZ-017", "HAZ-020", "ETCD-002"], &["R-02"]),
    (&["HAZ-023"], &["R-02", "B-05"]),
    (&["HAZ-025"], &["R-02"]),
    (&["SNAP-002", "SNAP-003"], &["R-03", "R-10", "M-06"]),
    (&["SNAP-*", "SAID-*", "ETCD-022"], &["R-03"]),
    (&["TAR-022", "TAR-023", "TAR-024", "TAR-025", "TAR-034"], &["R-03"]),
    (&["PAIR-001", "PAIR-012", "PAIR-019", "PAIR-020", "PAIR-032", "PAIR-033"], &["R-03"]),
    (&["KEY-001", "KEY-002", "KEY-020", "KEY-021", "KEY-022", "KEY-033", "KEY-034"], &["R-03"]),
    (&["PAIR-018"], &["R-03", "R-04"]),
    (&["HAZ-015"], &["R-04", "R-11"]),
    (&["PAIR-009", "PAIR-035"], &["R-04"]),
    (&["PAIR-021", "PAIR-022", "PAIR-023", "PAIR-024", "PAIR-025", "TAR-033"], &["R-06", "M-02"]),
    (&["TAR-014", "TAR-017", "PAIR-029", "PAIR-030", "PAIR-034"], &["R-10"]),
    (&["HAZ-028"], &["R-10", "R-29", "D-00"]),
    (&["HAZ-016", "HAZ-018", "HAZ-024", "HAZ-026"], &["R-11"]),
    (&["HAZ-012"], &["R-13"]),
    (&["HAZ-032"], &["R-10", "K-03", "C-03", "H-04", "T-03", "X-03"]),
    (&["HAZ-022"], &["R-15", "M-10"]),
    (&["HAZ-019"], &["R-16"]),
    (&["HAZ-013", "HAZ-014", "HAZ-029", "HAZ-034", "HAZ-039"], &["R-17"]),
    (&["HAZ-033"], &["C-05"]),
    (&["HAZ-021"], &["R-20"]),
    (&["PAIR-026"], &["R-23"]),
    (&["PAIR-027"], &["R-23", "B-05"]),
    (&["PAIR-036"], &["B-02"]),
    (&["KEY-023"], &["B-05", "E-01"]),
    (&["KEY-014", "KEY-017", "KEY-018", "KEY-024", "KEY-025", "KEY-026", "KEY-030", "KEY-031", "KEY-038"], &["E-01"]),
    (&["ETCD-001"], &["R-29", "D-00", "D-08"]),
    (&["ETCD-014", "ETCD-015", "ETCD-023", "HAZ-027", "PAIR-016"], &["R-29", "D-00"]),
    (&["HAZ-035", "HAZ-036", "HAZ-037", "HAZ-038"], &["R-29"]),
    (&["HAZ-001", "HAZ-008", "HAZ-009"], &["R-29", "S-01"]),
    (&["HAZ-002", "HAZ-003"], &["R-29", "S-05"]),
    (&["HAZ-004", "HAZ-005", "HAZ-006", "HAZ-007"], &["R-29", "S-03"]),
    (&["HAZ-010", "HAZ-011"], &["R-29", "S-04"]),
];

/// Puts each finding to the steps that it hits. One that needs attention and hits none of them stands where the backup is
/// taken in hand.
pub(crate) fn put(findings: &[Finding], steps: &mut [BookStep]) {
    for finding in findings.iter().filter(|finding| finding.waiver().is_none()) {
        let ids = steps_of(finding.entry().id);
        let mut hit = false;
        for step in steps.iter_mut().filter(|step| ids.contains(&step.id.as_str())) {
            step.findings.push(shown(finding));
            hit = true;
        }
        let serious = finding.severity() >= Severity::Medium;
        if let Some(step) = steps.iter_mut().find(|step| !hit && serious && ELSE.contains(&step.id.as_str())) {
            step.findings.push(shown(finding));
        }
    }
    steps.iter_mut().for_each(|step| shorten(&mut step.findings));
}

fn steps_of(id: &str) -> &'static [&'static str] {
    let is = |pattern: &&str| pattern.strip_suffix('*').map_or(*pattern == id, |family| id.starts_with(family));
    STEPS.iter().find(|(findings, _)| findings.iter().any(is)).map_or(&[], |(_, steps)| steps)
}

fn shown(finding: &Finding) -> StepFinding {
    StepFinding {
        id: finding.entry().id.to_owned(),
        severity: finding.severity(),
        message: finding.message().to_owned(),
    }
}

/// Keeps the first few of each ID, and counts the rest in the last of them.
fn shorten(findings: &mut Vec<StepFinding>) {
    let all = std::mem::take(findings);
    for finding in all {
        let same = findings.iter().filter(|other| other.id == finding.id).count();
        if same < SHOWN {
            findings.push(finding);
        } else if same == SHOWN {
            findings.push(StepFinding {
                message: "and more of them: see the report of assay verify".to_owned(),
                ..finding
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_of_the_table_is_one_of_a_finding() {
        let known = checks::findings::all();
        for id in STEPS.iter().flat_map(|(findings, _)| *findings) {
            let is = |of: &&str| id.strip_suffix('*').map_or(of == id, |family| of.starts_with(family));
            assert!(known.iter().any(|entry| is(&entry.id)), "{id}");
        }
    }

    #[test]
    fn an_exact_id_comes_before_its_family() {
        assert_eq!(steps_of("SNAP-002"), ["R-03", "R-10", "M-06"]);
        assert_eq!(steps_of("SNAP-008"), ["R-03"]);
        assert_eq!(steps_of("KUBE-001"), [""; 0]);
    }

    #[test]
    fn many_of_one_id_are_counted() {
        let one = |id: &str| StepFinding { id: id.to_owned(), ..StepFinding::default() };
        let mut findings: Vec<StepFinding> = (0..9).map(|_| one("HAZ-012")).chain([one("HAZ-016")]).collect();
        shorten(&mut findings);
        assert_eq!(findings.len(), SHOWN + 2);
        assert!(findings.iter().any(|finding| finding.message.contains("and more")));
    }
}
