//! A sign-off as one page for a browser: nothing is loaded from elsewhere, and the one script in it only hides rows and
//! sorts them. Its hash is in the page's policy, so that no other script runs, whatever a hub says.

use super::parts::{blocks, figures_of, fix, line, sentences, total_of};
use super::{FailedPull, PullOutcome, Signoff, State, Verdict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luthier_hub::text;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("html_report/page.css");
const SCRIPT: &str = include_str!("html_report/page.js");

/// Returns the page: the verdict, then why, then tables that can be filtered and sorted.
#[must_use]
pub fn html(signoff: &Signoff) -> String {
    let mut out = String::new();
    head(&mut out, signoff);
    facts(&mut out, signoff);
    checks(&mut out, signoff);
    drill(&mut out, signoff);
    findings(&mut out, signoff);
    pulls(&mut out, signoff);
    figures(&mut out, signoff);
    line!(out, "<script>{SCRIPT}</script>\n</body>\n</html>");
    out
}

/// Returns a text as HTML shows it: control characters visible, and nothing that is a tag, an entity or the end of an
/// attribute.
fn said(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text::safe(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn head(out: &mut String, signoff: &Signoff) {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let (verdict, hub) = (signoff.verdict.word(), said(&signoff.hub.name));
    line!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>");
    line!(out, "<meta charset=\"utf-8\">");
    line!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">"
    );
    line!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    );
    line!(out, "<title>{verdict}: sign-off of {hub}</title>");
    line!(out, "<style>{STYLE}</style>\n</head>\n<body>");
    let class = match signoff.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Incomplete => "incomplete",
    };
    line!(
        out,
        "<h1><span class=\"{class}\">{verdict}</span> sign-off of {hub}</h1>"
    );
    line!(out, "<p>{}</p>", signoff.verdict.sentence());
    list(out, signoff.reasons.iter().map(|reason| said(reason)));
    for what in &signoff.not_covered {
        line!(out, "<p>Not covered: {}</p>", said(what));
    }
}

fn list(out: &mut String, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        line!(out, "<ul>");
        for item in items {
            line!(out, "<li>{item}</li>");
        }
        line!(out, "</ul>");
    }
}

/// Opens a table; one that can be filtered has a line for it.
fn open(out: &mut String, columns: &[&str]) {
    line!(
        out,
        "<input type=\"search\" placeholder=\"filter\" aria-label=\"filter\"> <span class=\"count\"></span>"
    );
    let heads: Vec<String> = columns
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    line!(
        out,
        "<table class=\"list\"><thead><tr>{}</tr></thead><tbody>",
        heads.concat()
    );
}

/// Writes a row of cells that are HTML already.
fn row(out: &mut String, class: &str, cells: &[String]) {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| format!("<td>{cell}</td>"))
        .collect();
    line!(out, "<tr class=\"{class}\">{}</tr>", cells.concat());
}

fn close(out: &mut String) {
    line!(out, "</tbody></table>");
}

fn facts(out: &mut String, signoff: &Signoff) {
    let hub = &signoff.hub;
    line!(out, "<table>");
    for (name, value) in [
        ("database", hub.database.as_str()),
        ("store", &hub.store),
        ("environment", hub.environment.word()),
        ("judged by", &hub.model),
        ("began", &text::moment(&signoff.began)),
        ("ended", &text::moment(&signoff.ended)),
        ("by", &format!("{} on {}", signoff.operator, signoff.host)),
        ("with", &signoff.program),
        ("digest of everything read", &signoff.digest),
        (
            "checksum of the JSON report beside this page",
            &signoff.sha256,
        ),
    ] {
        line!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            said(value)
        );
    }
    line!(out, "</table>");
}

const fn result(state: State) -> (&'static str, &'static str) {
    match state {
        State::Held => ("passed", "passed"),
        State::Broken => ("failed", "failed"),
        State::Open => ("open", "not checked"),
    }
}

fn checks(out: &mut String, signoff: &Signoff) {
    line!(out, "<h2>Checks</h2>");
    open(out, &["check", "result", "why"]);
    for check in &signoff.checks {
        let (class, word) = result(check.state);
        row(
            out,
            class,
            &[said(&check.name), word.to_owned(), said(&check.said)],
        );
    }
    close(out);
}

fn drill(out: &mut String, signoff: &Signoff) {
    let Some(drill) = &signoff.drill else { return };
    line!(out, "<h2>Drill of the write sites</h2>");
    line!(
        out,
        "<p>In {}, which stays and is marked as deleted; checksum of the report {}.</p>",
        said(&drill.repo),
        said(&drill.sha256)
    );
    open(out, &["step", "result", "why"]);
    for step in &drill.steps {
        let (class, word) = result(step.state);
        row(
            out,
            class,
            &[said(&step.name), word.to_owned(), said(&step.said)],
        );
    }
    close(out);
}

fn findings(out: &mut String, signoff: &Signoff) {
    if signoff.left_total == 0 {
        return;
    }
    line!(out, "<h2>Remaining findings</h2>");
    line!(
        out,
        "<p>{}. Causes first, sorted by what they block.</p>",
        signoff.left_words()
    );
    if let Some(words) = signoff.fix_words() {
        line!(out, "<p>Of these, {words}.</p>");
    }
    open(
        out,
        &["grade", "code", "fix", "kind", "id", "repository", "blocks"],
    );
    for left in &signoff.left {
        row(
            out,
            left.grade.word(),
            &[
                left.grade.word().to_owned(),
                left.code.name().to_owned(),
                fix(left).to_owned(),
                left.kind.word().to_owned(),
                format!("<code>{}</code>", said(&left.id)),
                said(&left.repo),
                said(&blocks(left, str::to_owned)),
            ],
        );
    }
    close(out);
    more(out, signoff.left_total, signoff.left.len());
}

fn more(out: &mut String, total: u64, listed: usize) {
    let rest = total.saturating_sub(listed as u64);
    if rest > 0 {
        line!(
            out,
            "<p>and {} more, which no report lists one by one.</p>",
            text::grouped(rest)
        );
    }
}

fn pulls(out: &mut String, signoff: &Signoff) {
    let pulls = &signoff.pulls;
    line!(out, "<h2>Pulls</h2>");
    for sentence in sentences(pulls) {
        line!(out, "<p>{}</p>", said(&sentence));
    }
    failed(out, pulls);
}

fn failed(out: &mut String, pulls: &PullOutcome) {
    if pulls.refused.is_empty() && pulls.failed.is_empty() && pulls.unknown.is_empty() {
        return;
    }
    open(out, &["repository", "branch", "result", "why"]);
    for refused in &pulls.refused {
        let cells = [
            said(&refused.repo),
            "all".into(),
            "failed".into(),
            said(&refused.why),
        ];
        row(out, "failed", &cells);
    }
    let of = |out: &mut String, pulls: &[FailedPull], class: &str, word: &str| {
        for pull in pulls {
            let cells = [
                said(&pull.repo),
                said(&pull.branch),
                word.to_owned(),
                said(&pull.why),
            ];
            row(out, class, &cells);
        }
    };
    of(out, &pulls.failed, "failed", "failed");
    of(out, &pulls.unknown, "open", "not read");
    close(out);
    let lists = [
        (pulls.refused_total, pulls.refused.len()),
        (
            total_of(&pulls.failed, pulls.failed_total),
            pulls.failed.len(),
        ),
        (
            total_of(&pulls.unknown, pulls.unknown_total),
            pulls.unknown.len(),
        ),
    ];
    let total = lists.iter().map(|(total, _)| total).sum();
    more(out, total, lists.iter().map(|(_, listed)| listed).sum());
}

fn figures(out: &mut String, signoff: &Signoff) {
    line!(out, "<h2>Figures</h2>\n<table>");
    for (what, count) in figures_of(signoff) {
        line!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{count}</td></tr>",
            said(&what)
        );
    }
    line!(out, "</table>");
    let hidden = signoff.hidden.iter().map(|hidden| &hidden.said);
    let told = signoff.unknown_because.iter().chain(hidden);
    list(out, told.chain(&signoff.notes).map(|why| said(why)));
}
