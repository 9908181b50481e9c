//! One HTML file that fetches nothing, and can be printed.
//!
//! Its Content-Security-Policy allows the one style sheet, by digest, and nothing else: no script, no image, no style
//! attribute. Where there are many backups, it allows one script, too, by digest: see [`many`]. Bars and maps are inline SVG whose sizes are shares of the width, so that a phone and a page of paper
//! show the same. `maud` escapes whatever is put between or into tags; [`inert`] takes away what escaping leaves: marks
//! that hide or reorder text. A name from a file stands in `<bdi>`, so that its letters order nothing but themselves.

mod artifact;
mod calendar;
mod coverage;
mod findings;
pub(crate) mod kept;
mod many;
mod space;
mod told;
mod treemap;
pub(crate) mod usage;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use checks::{Severity, Verdict};
use document::Document;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use wording::inert;

use crate::Context;
use told::count;

/// The colours, and how a report looks in them.
static STYLE: LazyLock<String> = LazyLock::new(|| [::calendar::PALETTE, include_str!("style.css")].concat());

pub(crate) fn render(document: &Document, context: &Context<'_>) -> String {
    let verdict = document.verdict.name();
    let rows = document.rows();
    let many = rows.len() > many::FEW;
    let policy = if many { policy_with(&STYLE, many::SCRIPT) } else { policy() };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (verdict.to_uppercase()) " · assay" }
                // the style sheet is ours and has no `<`; escaped, its digest would not be that of the policy
                style { (PreEscaped(STYLE.as_str())) }
            }
            body {
                (head(document, context))
                main.many[many] {
                    @if many {
                        (many::section(document, &rows, context))
                    } @else {
                        (findings::section(document, context))
                        @for (number, artifact) in document.artifacts.iter().enumerate() {
                            (artifact::section(document, artifact, number + 1, context.now))
                        }
                    }
                }
                footer {
                    p {
                        "Made by assay " (text(if document.assay.is_empty() { "?" } else { &document.assay }))
                        " from the document that " code { "assay verify --json" } " prints. "
                        code { "assay explain ID" } " tells more about a finding, offline."
                    }
                }
                // ours, too, and without `<`
                @if many { script { (PreEscaped(many::SCRIPT)) } }
            }
        }
    };
    page.into_string() + "\n"
}

/// What the browser may do: apply the style sheet of reports.
fn policy() -> String {
    policy_of(&STYLE)
}

/// What the browser may do: apply this style sheet.
pub(crate) fn policy_of(style: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

/// The same, and run this script.
fn policy_with(style: &str, script: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(script.as_bytes()));
    format!("{}; script-src 'sha256-{digest}'", policy_of(style))
}

fn head(document: &Document, context: &Context<'_>) -> Markup {
    let verdict = document.verdict.name();
    let mut counts = Severity::ALL.map(|severity| (severity, document.standing(severity)));
    counts.reverse();
    let waived = document.findings.iter().filter(|finding| finding.waived.is_some()).count();
    html! {
        header class={ "verdict " (verdict) } {
            div.band {
                h1 { (verdict.to_uppercase()) }
                p.sentence { (sentence(document)) }
                ul.counts {
                    @for (severity, number) in counts {
                        @if number > 0 {
                            li class={ "badge " (severity.name()) } { b { (number) } " " (severity.name()) }
                        }
                    }
                    @if waived > 0 { li.badge.waived { b { (waived) } " waived" } }
                }
                p.soft {
                    (count(number(document.artifacts.len()), "artifact"))
                    ", fails at " b { (document.fail_on().map_or("never", Severity::name)) }
                    @if let Some(policy) = document.judged_by.as_ref().and_then(|judged| judged.policy.as_deref()) { ", policy " (name(policy)) }
                    @if let Some(now) = context.now { ", report of " (minute(now)) }
                }
            }
        }
    }
}

fn sentence(document: &Document) -> String {
    let failing = document.findings.iter().filter(|finding| document.fails(finding)).count();
    let attention = [Severity::Critical, Severity::High, Severity::Medium].map(|one| document.standing(one));
    let attention = count(number(attention.iter().sum()), "finding");
    match (document.verdict, document.fail_on()) {
        (Verdict::Pass, _) => "Nothing stands against a restore.".to_owned(),
        (Verdict::Warn, None) => format!("{attention} to look at before a restore; nothing was to fail it."),
        (Verdict::Warn, Some(limit)) => {
            format!("{attention} to look at before a restore, none of severity {} or worse.", limit.name())
        }
        (_, Some(limit)) if failing > 0 => {
            let what = format!("{} of severity {} or worse", count(number(failing), "finding"), limit.name());
            let part = if document.is_incomplete() { " Something could not be read or judged, too." } else { "" };
            format!("Do not rely on it: {what}.{part}")
        }
        _ if document.is_cut_short() => "The run was cut short. What follows is only a part.".to_owned(),
        _ => "Something could not be read or judged. What follows is only a part.".to_owned(),
    }
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A resource with its group, as `oc` takes it.
fn resource(resource: &str, group: &str) -> String {
    let (resource, group) = (inert(resource), inert(group));
    if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") }
}

/// Text that comes from a file, to stand among ours.
fn name(text: &str) -> Markup {
    html! { bdi { (inert(text)) } }
}

/// Text that comes from a file and stands alone.
fn text(text: &str) -> Markup {
    html! { (inert(text)) }
}

/// `2026-11-23 09:16 UTC`
fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-23`
fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A share of 100 with three decimals at most, as SVG takes it.
fn percent(share: f64) -> String {
    let clamped = if share.is_finite() { share.clamp(0.0, 100.0) } else { 0.0 };
    let text = format!("{clamped:.3}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `part` of `whole` in percent; 0 where there is no whole.
#[expect(clippy::cast_precision_loss, reason = "a bar has fewer pixels than a float has digits")]
fn share(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { part.max(0) as f64 / whole as f64 * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_what_svg_takes() {
        for (share, expected) in
            [(0.0, "0%"), (33.333_333, "33.333%"), (100.0, "100%"), (250.0, "100%"), (-1.0, "0%"), (f64::NAN, "0%")]
        {
            assert_eq!(percent(share), expected);
        }
        assert!((share(1, 4) - 25.0).abs() < 1e-9 && share(5, 0) == 0.0 && share(-5, 5) == 0.0);
    }

    #[test]
    fn the_style_sheet_fetches_nothing_and_holds_no_tag() {
        for word in ["url(", "@import", "<", "http", "expression("] {
            assert!(!STYLE.contains(word), "{word}");
            assert!(!many::SCRIPT.contains(word), "{word}");
        }
    }
}
