//! `luthier audit`.

use super::duration::duration;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
use luthier_audit::{Code, Depth, Filter, Finding, Options, Report, Scope, Summary};
use luthier_hub::text;
use std::time::Duration;

/// Findings fetched from the report at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub struct Audit {
    /// Repository (OWNER/SLUG) or id (4 or more of its first digits); without it, the whole hub
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// How much to read
    #[arg(long, value_enum, default_value_t = DepthFlag::Presence, help_heading = help::SELECT)]
    depth: DepthFlag,
    #[command(flatten)]
    reading: Reading,
}

/// The rows to judge, and the number of parallel reads.
#[derive(Args, Clone)]
pub struct Reading {
    /// Do not judge rows, and objects without a row, that are younger than this; count them (30s, 15m, 1h, 1d)
    #[arg(long, value_parser = duration, default_value = "1h", value_name = "TIME", help_heading = help::SELECT)]
    pub grace: Duration,
    /// Run this many reads at the same time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = help::LIMITS)]
    pub concurrency: u16,
}

/// The audit before a plan, and the numbers of parallel reads and steps.
#[derive(Args, Clone)]
pub struct Planning {
    /// How much to read
    #[arg(long, value_enum, default_value_t = DepthFlag::Bytes, help_heading = help::SELECT)]
    depth: DepthFlag,
    /// Do not judge rows, and objects without a row, that are younger than this; count them (30s, 15m, 1h, 1d)
    #[arg(long, value_parser = duration, default_value = "1h", value_name = "TIME", help_heading = help::SELECT)]
    grace: Duration,
    /// Run this many reads, and at most 32 steps, at the same time [default: 32 reads, 8 steps]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = help::LIMITS)]
    pub concurrency: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DepthFlag {
    /// Rows and the commit graph
    Rows,
    /// Also the store's listing; objects are read only where something differs
    Presence,
    /// Also every object, which is checked against its id
    Bytes,
}

impl From<DepthFlag> for Depth {
    fn from(flag: DepthFlag) -> Self {
        match flag {
            DepthFlag::Rows => Depth::Rows,
            DepthFlag::Presence => Depth::Presence,
            DepthFlag::Bytes => Depth::Bytes,
        }
    }
}

impl Planning {
    pub fn options(&self, scope: Scope) -> Options {
        Options {
            depth: self.depth.into(),
            scope,
            grace: self.grace,
            concurrency: usize::from(self.concurrency.unwrap_or(32)),
        }
    }
}

pub async fn run(command: Audit, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let store = open(&target).await?;
    let scope = match &command.what {
        None => Scope::Hub,
        Some(what) if what.contains('/') => Scope::Repo(what.clone()),
        Some(what) => Scope::Id(luthier_audit::inspect::resolve(&store, what).await?.1),
    };
    let options = Options {
        depth: command.depth.into(),
        scope,
        grace: command.reading.grace,
        concurrency: usize::from(command.reading.concurrency),
    };
    let progress = out.job();
    let report = watch(
        &out,
        &progress,
        luthier_audit::run(&store, &options, &progress),
    )
    .await??;
    if out.json {
        write_json(&report, &out).await?;
    } else {
        write_words(&report, &out).await?;
    }
    out.flush()?;
    let summary = report.summary();
    Ok(match (summary.findings.is_empty(), summary.complete) {
        (true, true) => Exit::Done,
        (true, false) => Exit::Unusable,
        (false, _) => Exit::Findings,
    })
}

async fn write_json(report: &Report, out: &Output) -> Result<(), CliError> {
    let mut skip = 0;
    loop {
        let page = report.page(&Filter::default(), skip, PAGE).await?;
        for numbered in &page {
            out.object(&numbered.finding.to_json())?;
        }
        skip += page.len() as u64;
        if page.len() < PAGE as usize {
            break;
        }
    }
    out.object(&report.summary().to_json())
}

async fn write_words(report: &Report, out: &Output) -> Result<(), CliError> {
    if let Some(alarm) = &report.summary().wrong_pair {
        out.line(&format!("INCOMPLETE: {alarm}."))?;
        out.line(
            "Check --database and --store with `luthier doctor`. The findings below are about this database and this store.",
        )?;
        out.line("")?;
    }
    let mut skip = 0;
    loop {
        let page = report.page(&Filter::default(), skip, PAGE).await?;
        for numbered in &page {
            write_finding(&numbered.finding, out)?;
        }
        skip += page.len() as u64;
        if page.len() < PAGE as usize {
            break;
        }
    }
    write_summary(report.summary(), out)
}

/// Prints two lines: code and object, then what it blocks and what repairs it.
pub fn write_finding(finding: &Finding, out: &Output) -> Result<(), CliError> {
    let place = if finding.repo.is_empty() {
        String::new()
    } else {
        format!("  {}", finding.repo)
    };
    out.graded(
        finding.grade,
        9,
        &format!(
            "{:<22} {:<8} {}{place}",
            finding.code.name(),
            finding.kind.word(),
            finding.id
        ),
    )?;
    if out.quiet {
        return Ok(());
    }
    let mut tail = vec![finding.code.fault().is.to_owned()];
    if let Some(blocks) = finding.blocks {
        let count = |n: Option<u64>, noun| {
            n.map_or_else(
                || format!("unknown {}", text::many(noun)),
                |n| text::plural(n, noun),
            )
        };
        tail.push(format!(
            "Blocks {}, {}.",
            count(blocks.commits, "commit"),
            count(blocks.branches, "branch")
        ));
    }
    if let Some(cause) = &finding.caused_by {
        tail.push(format!("Caused by {cause}."));
    }
    tail.push(match finding.auto {
        luthier_audit::Auto::No => "Luthier cannot repair this.".to_owned(),
        luthier_audit::Auto::Ask => format!("Remedy: {} (needs a decision).", finding.remedy),
        luthier_audit::Auto::Yes => format!("Remedy: {}.", finding.remedy),
    });
    out.line(&format!("         {}", tail.join(" ")))
}

fn write_summary(summary: &Summary, out: &Output) -> Result<(), CliError> {
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
        "{of}{} at depth {} in {}, {}, {}; {} listed, {} read ({}).",
        text::plural(total, "finding"),
        summary.depth.word(),
        text::plural(checked.commits, "commit"),
        text::plural(checked.snapshots, "snapshot"),
        text::plural(checked.blobs, "blob"),
        text::plural(checked.listed, "object"),
        text::grouped(checked.read),
        text::bytes(checked.bytes),
    ))?;
    for (kind, count) in summary.null_uris.iter().filter(|(_, count)| **count > 0) {
        out.line(&format!(
            "{} without storage_uri.",
            text::plural(*count, &format!("{kind} row"))
        ))?;
    }
    if summary.too_new > 0 {
        out.line(&format!(
            "{} younger than the grace period, not judged.",
            text::plural(summary.too_new, "row")
        ))?;
    }
    if summary.changed > 0 {
        out.line(&format!(
            "{} changed or deleted while the audit ran; findings that depend on them are not reported.",
            text::plural(summary.changed, "row")
        ))?;
    }
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
            let names: Vec<&str> = hidden.not_judged.iter().map(|code| code.name()).collect();
            out.line(&format!(
                "            These codes are therefore not judged: {}.",
                names.join(", ")
            ))?;
        }
    }
    for note in &summary.notes {
        out.line(&format!("Note: {note}."))?;
    }
    let (whole, depth): (Vec<Code>, Vec<Code>) = (summary.not_judged.iter())
        .partition(|code| summary.repo.is_some() && luthier_audit::WHOLE_HUB.contains(code));
    let names = |codes: &[Code]| -> String {
        let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
        names.join(", ")
    };
    if !depth.is_empty() {
        out.line(&format!("Not judged at this depth: {}.", names(&depth)))?;
    }
    if !whole.is_empty() {
        out.line(&format!(
            "Not judged by an audit of one repository: {}; an audit of the whole hub judges them.",
            names(&whole)
        ))?;
    }
    if !summary.judged_in_part.is_empty() {
        let names: Vec<&str> = summary
            .judged_in_part
            .iter()
            .map(|code| code.name())
            .collect();
        out.line(&format!(
            "Judged only on rows with another finding, so there may be more: {}.",
            names.join(", ")
        ))?;
    }
    Ok(())
}
