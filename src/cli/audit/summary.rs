//! The end of an audit, in words.

use crate::cli::CliError;
use crate::cli::output::Output;
use luthier_audit::{Code, Summary};
use luthier_hub::text;
use luthier_object::{Kind, Signature};

/// Prints the figures of an audit.
pub(super) fn write(summary: &Summary, out: &Output) -> Result<(), CliError> {
    found(summary, out)?;
    skipped(summary, out)?;
    incomplete(summary, out)?;
    out.line(&format!("Judged by {}.", summary.model))?;
    signatures(summary, out)?;
    for note in &summary.notes {
        out.line(&format!("Note: {note}."))?;
    }
    not_judged(summary, out)
}

/// Prints the findings by code, and what was checked.
fn found(summary: &Summary, out: &Output) -> Result<(), CliError> {
    let checked = &summary.checked;
    let total: u64 = summary.findings.values().sum();
    if total > 0 {
        out.line("")?;
    }
    for (code, count) in &summary.findings {
        out.line(&format!("{:>9}  {}", text::grouped(*count), code.name()))?;
    }
    let of = match &summary.repo {
        Some(repo) => format!("{repo}: "),
        None => String::new(),
    };
    out.line(&format!(
        "{of}{} at depth {} in {}, {}, {}{}; {} listed, {} read ({}).",
        text::plural(total, "finding"),
        summary.depth.word(),
        text::plural(checked.commits, "commit"),
        text::plural(checked.snapshots, "snapshot"),
        text::plural(checked.blobs, "blob"),
        shared(summary),
        text::plural(checked.listed, "object"),
        text::grouped(checked.read),
        text::bytes(checked.bytes),
    ))
}

/// Prints what the signatures of commits say.
fn signatures(summary: &Summary, out: &Output) -> Result<(), CliError> {
    if summary.signatures.is_empty() {
        return Ok(());
    }
    let counts = summary.signatures.iter().map(|(signature, count)| {
        let count = text::grouped(*count);
        match signature {
            Signature::Valid => format!("{count} valid"),
            Signature::Invalid => format!("{count} invalid"),
            Signature::KeyUnknown => format!("{count} not checked (key unknown)"),
        }
    });
    let counts: Vec<String> = counts.collect();
    out.line(&format!(
        "Signatures: {}. They are a question of trust, not of damage.",
        counts.join(", ")
    ))?;
    for id in &summary.invalid_signatures {
        out.line(&format!("  invalid: commit {id}"))?;
    }
    Ok(())
}

/// Says how many rows of the audited repository are counted in other repositories too.
fn shared(summary: &Summary) -> String {
    let kinds = Kind::ALL.map(|kind| (kind, summary.shared.get(kind.as_str()).copied()));
    let counts: Vec<String> = (kinds.into_iter())
        .filter_map(|(kind, count)| Some(text::plural(count?, kind.as_str())))
        .collect();
    match counts.is_empty() {
        true => String::new(),
        false => format!(
            " ({} of them also in other repositories)",
            counts.join(", ")
        ),
    }
}

/// Prints the rows that have no object yet, and those that were not judged.
fn skipped(summary: &Summary, out: &Output) -> Result<(), CliError> {
    for (kind, count) in summary.null_uris.iter().filter(|(_, count)| **count > 0) {
        out.line(&format!(
            "{} without storage_uri.",
            text::plural(*count, &format!("{kind} row"))
        ))?;
    }
    if summary.single_rows > 0 {
        out.line(&format!("{}.", summary.single_rows_words()))?;
    }
    if summary.too_new > 0 {
        out.line(&format!(
            "{} younger than the grace period: not judged. Try again once it is over, or judge them now with --grace 0s if nobody writes.",
            summary.too_new_words()
        ))?;
    }
    if summary.changed > 0 {
        out.line(&format!(
            "{} changed or deleted while the audit ran; findings that depend on them are not reported.",
            text::plural(summary.changed, "row")
        ))?;
    }
    Ok(())
}

/// Prints what keeps the audit from being complete.
fn incomplete(summary: &Summary, out: &Output) -> Result<(), CliError> {
    if summary.unknown > 0 {
        out.line(&format!(
            "INCOMPLETE: {} without an answer, the first: {}",
            text::plural(summary.unknown, "question"),
            summary.unknown_because.first().map_or("", String::as_str)
        ))?;
    }
    for hidden in &summary.hidden {
        out.line(&format!("INCOMPLETE: {}.", hidden.said))?;
        if !hidden.not_judged.is_empty() {
            out.line(&format!(
                "            These codes are therefore not judged: {}.",
                names(&hidden.not_judged)
            ))?;
        }
    }
    Ok(())
}

/// Prints the codes that this audit could not judge, or not everywhere.
fn not_judged(summary: &Summary, out: &Output) -> Result<(), CliError> {
    let (wide, depth): (Vec<Code>, Vec<Code>) =
        (summary.not_judged.iter()).partition(|code| summary.depth.judges(**code));
    if !depth.is_empty() {
        out.line(&format!("Not judged at this depth: {}.", names(&depth)))?;
    }
    if !wide.is_empty() {
        let wide = names(&wide);
        out.line(&match (&summary.repo, summary.rows_alone) {
            (_, true) => format!("Not judged by an audit of an object or a branch alone: {wide}; an audit of the hub judges them."),
            (Some(_), false) => format!("Not judged by an audit of one repository: {wide}; an audit of the whole hub judges them, so it may count more here."),
            (None, false) => format!("Not judged, since some trees could not be read: {wide}."),
        })?;
    }
    if !summary.judged_in_part.is_empty() {
        out.line(&format!(
            "Judged only on rows with another finding, so there may be more: {}.",
            names(&summary.judged_in_part)
        ))?;
    }
    Ok(())
}

fn names(codes: &[Code]) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
    names.join(", ")
}
