//! Findings: worst first, each kind with what was found, where, and what to do.

use checks::Severity;
use document::{Document, Finding};
use maud::{Markup, html};

use super::told::count;
use super::{name, number, text};
use crate::Context;
use crate::parts::{in_words, place};

/// Findings of one kind that stand open; the rest are behind a line to click.
const OPEN: usize = 5;

pub(crate) fn section(document: &Document, context: &Context<'_>) -> Markup {
    let several = document.names().len() > 1;
    let mut groups: Vec<(&str, Vec<Vec<&Finding>>)> = document
        .names()
        .into_iter()
        .map(|name| (name, document.kinds(name)))
        .filter(|(_, kinds)| !kinds.is_empty())
        .collect();
    for (_, kinds) in &mut groups {
        kinds.sort_by_key(|kind| std::cmp::Reverse(rank(kind)));
    }
    groups.sort_by_key(|(_, kinds)| std::cmp::Reverse(kinds.first().map(|kind| rank(kind))));
    html! {
        section #findings {
            h2 { "Findings" }
            @if groups.is_empty() { p.soft { "None." } }
            @for (artifact, kinds) in &groups {
                @if several { h3.path { (name(artifact)) } }
                @for kind in kinds { (card(kind, document, context)) }
            }
        }
    }
}

/// What counts before what is waived, then the worst.
fn rank(kind: &[&Finding]) -> (bool, Option<Severity>) {
    (kind.iter().any(|finding| finding.waived.is_none()), kind.iter().map(|finding| finding.severity).max())
}

fn card(kind: &[&Finding], document: &Document, context: &Context<'_>) -> Markup {
    let Some(first) = kind.iter().max_by_key(|finding| finding.severity) else { return html! {} };
    let rule = context.rule(&first.id);
    let waived = kind.iter().all(|finding| finding.waived.is_some());
    let fails = kind.iter().any(|finding| document.fails(finding));
    let (open, folded) = kind.split_at(kind.len().min(OPEN));
    html! {
        article.finding.waived[waived].fails[fails] data-id=(wording::inert(&first.id)) {
            header {
                span class={ "badge " (first.severity.name()) } { (first.severity.name()) }
                @if waived { span.badge.waived { "waived" } }
                h4 { @match rule { Some(rule) => (rule.title), None => (text(&first.name)) } }
                span.id { (text(&first.id)) " " (text(&first.name)) }
            }
            ul.found { @for finding in open { (item(finding)) } }
            @if !folded.is_empty() {
                details {
                    summary { (count(number(folded.len()), "more finding")) " of this kind" }
                    ul.found { @for finding in folded { (item(finding)) } }
                }
            }
            p.remedy { b { "What to do: " } (quoted(&first.remedy)) }
            @if let Some(rule) = rule {
                details {
                    summary { "Why it matters" }
                    dl {
                        dt { "How it comes about" } dd { (quoted(rule.cause)) }
                        dt { "What it leads to" } dd { (quoted(rule.consequence)) }
                        dt { "Source" } dd { (rule.source) }
                    }
                }
            }
        }
    }
}

/// A sentence of ours, with what stands between backticks as code.
fn quoted(sentence: &str) -> Markup {
    let parts: Vec<&str> = sentence.split('`').collect();
    // an odd number of backticks: they are part of a name
    if parts.len().is_multiple_of(2) {
        return text(sentence);
    }
    html! {
        @for (at, part) in parts.into_iter().enumerate() {
            @if at.is_multiple_of(2) { (text(part)) } @else { code { (text(part)) } }
        }
    }
}

fn item(finding: &Finding) -> Markup {
    let mut evidence: Vec<_> = finding.evidence.iter().collect();
    evidence.sort_by_key(|(name, _)| *name);
    html! {
        li {
            span.message { bdi { (quoted(&finding.message)) } }
            @if let Some(place) = place(finding) { " " span.place { (name(&place)) } }
            @if let Some(waived) = &finding.waived {
                p.waiver { "Waived until " (name(&waived.until)) ": " (name(&waived.reason)) }
            }
            @if !evidence.is_empty() {
                details.evidence {
                    summary { "evidence" }
                    table { tbody {
                        @for (label, value) in evidence {
                            tr { th scope="row" { (name(label)) } td { bdi { (in_words(value)) } } }
                        }
                    } }
                }
            }
        }
    }
}
