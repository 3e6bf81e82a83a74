//! A sign-off for people, in Markdown.

use super::parts::{blocks, figures_of, fix, line, sentences, total_of};
use super::{FailedPull, RefusedRepo, Signoff, State};
use luthier_audit::table::code_span as code;
use luthier_hub::text;
use std::fmt::Write;

/// Lines of what is left, and of failed pulls, before the rest is only counted.
const SHOWN: usize = 200;

/// Returns the report: the verdict, then why, then the figures.
#[must_use]
pub fn markdown(signoff: &Signoff) -> String {
    let mut out = String::new();
    head(&mut out, signoff);
    checks(&mut out, signoff);
    drill(&mut out, signoff);
    left(&mut out, signoff);
    pulls(&mut out, signoff);
    figures(&mut out, signoff);
    out
}

fn head(out: &mut String, signoff: &Signoff) {
    line!(
        out,
        "# {}: sign-off of {}\n",
        signoff.verdict.word(),
        code(&signoff.hub.name)
    );
    line!(out, "{}\n", signoff.verdict.sentence());
    for reason in &signoff.reasons {
        line!(out, "- {}", text::safe(reason));
    }
    if !signoff.reasons.is_empty() {
        line!(out, "");
    }
    for what in &signoff.not_covered {
        line!(out, "Not covered: {}\n", text::safe(what));
    }
    let hub = &signoff.hub;
    line!(out, "| | |\n|---|---|");
    line!(out, "| database | {} |", code(&hub.database));
    line!(out, "| store | {} |", code(&hub.store));
    line!(out, "| environment | {} |", hub.environment.word());
    line!(out, "| judged by | {} |", text::safe(&hub.model));
    line!(out, "| began | {} |", text::moment(&signoff.began));
    line!(out, "| ended | {} |", text::moment(&signoff.ended));
    line!(
        out,
        "| by | {} on {} |",
        code(&signoff.operator),
        code(&signoff.host)
    );
    line!(out, "| with | {} |", signoff.program);
    line!(out, "| digest of everything read | `{}` |", signoff.digest);
    line!(
        out,
        "| checksum of the JSON report beside this page | `{}` |\n",
        signoff.sha256
    );
}

const fn result(state: State) -> &'static str {
    match state {
        State::Held => "passed",
        State::Broken => "**failed**",
        State::Open => "**not checked**",
    }
}

fn checks(out: &mut String, signoff: &Signoff) {
    line!(out, "## Checks\n\n| check | result | why |\n|---|---|---|");
    for check in &signoff.checks {
        let (name, state) = (&check.name, result(check.state));
        line!(out, "| {name} | {state} | {} |", text::safe(&check.said));
    }
    line!(out, "");
}

fn drill(out: &mut String, signoff: &Signoff) {
    let Some(drill) = &signoff.drill else { return };
    line!(
        out,
        "## Drill of the write sites\n\nIn {}, which stays and is marked as deleted; checksum of the report `{}`.\n",
        code(&drill.repo),
        text::safe(&drill.sha256)
    );
    line!(out, "| step | result | why |\n|---|---|---|");
    for step in &drill.steps {
        let (name, state) = (code(&step.name), result(step.state));
        line!(out, "| {name} | {state} | {} |", code(&step.said));
    }
    line!(out, "");
}

fn left(out: &mut String, signoff: &Signoff) {
    if signoff.left_total == 0 {
        return;
    }
    line!(out, "## Remaining findings\n");
    line!(
        out,
        "{}. Causes first, sorted by what they block.\n",
        signoff.left_words()
    );
    if let Some(words) = signoff.fix_words() {
        line!(out, "Of these, {words}.\n");
    }
    line!(
        out,
        "| code | grade | fix | what | repository | blocks |\n|---|---|---|---|---|---|"
    );
    for left in signoff.left.iter().take(SHOWN) {
        line!(
            out,
            "| {} | {} | {} | {} {} | {} | {} |",
            left.code,
            left.grade,
            fix(left),
            left.kind,
            code(&left.id),
            code(&left.repo),
            blocks(left, code)
        );
    }
    more(out, signoff.left_total, signoff.left.len());
}

fn more(out: &mut String, total: u64, listed: usize) {
    let shown = listed.min(SHOWN) as u64;
    match total - shown.min(total) {
        0 => line!(out, ""),
        rest => line!(
            out,
            "\nand {} more in the JSON report.\n",
            text::grouped(rest)
        ),
    };
}

fn pulls(out: &mut String, signoff: &Signoff) {
    let pulls = &signoff.pulls;
    line!(out, "## Pulls\n");
    for sentence in sentences(pulls) {
        line!(out, "{sentence}\n");
    }
    for refused in pulls.refused.iter().take(SHOWN) {
        let words = RefusedRepo::worded(&code(&refused.repo), &code(&refused.why));
        line!(out, "- {words}");
    }
    if !pulls.refused.is_empty() {
        more(out, pulls.refused_total, pulls.refused.len());
    }
    list(out, &pulls.failed, pulls.failed_total);
    list(out, &pulls.unknown, pulls.unknown_total);
}

fn list(out: &mut String, pulls: &[FailedPull], total: u64) {
    if pulls.is_empty() {
        return;
    }
    for pull in pulls.iter().take(SHOWN) {
        line!(
            out,
            "- {} {}: {}",
            code(&pull.repo),
            code(&pull.branch),
            code(&pull.why)
        );
    }
    more(out, total_of(pulls, total), pulls.len());
}

fn figures(out: &mut String, signoff: &Signoff) {
    line!(out, "## Figures\n\n| | |\n|---|--:|");
    for (what, count) in figures_of(signoff) {
        line!(out, "| {what} | {count} |");
    }
    let hidden = signoff.hidden.iter().map(|hidden| &hidden.said);
    let told = signoff.unknown_because.iter().chain(hidden);
    for why in told.chain(&signoff.notes) {
        line!(out, "\n- {}", code(why));
    }
}
