//! `luthier audit`.

mod listing;
mod summary;

use super::duration::duration;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
pub use listing::GradeFlag;
use listing::Listing;
use luthier_audit::evidence::Evidence;
use luthier_audit::finding::Blocks;
use luthier_audit::table::Format;
use luthier_audit::{Auto, Depth, Filter, Finding, Options, Remedy, Report, Scope};
use luthier_hub::text;
use luthier_repair::history;
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
    listing: Listing,
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
    let store = open(&target, &out).await?;
    command.listing.check(&out)?;
    let scope = match (&command.what, command.listing.repo()) {
        (None, Some(repo)) => Scope::Repo(repo.to_owned()),
        (None, None) => Scope::Hub,
        (Some(what), _) if what.contains('/') => Scope::Repo(what.clone()),
        (Some(what), _) => Scope::Id(luthier_audit::inspect::resolve(&store, what).await?.1),
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
    if options.scope == Scope::Hub {
        let now = jiff::Timestamp::now().as_microsecond();
        history::add(&target.hub, report.summary(), now);
    }
    let listing = &command.listing;
    match listing.format(&out) {
        None => write_words(&report, listing, &out).await?,
        Some(Format::Jsonl) => {
            listing.write(Format::Jsonl, &report, &out).await?;
            out.object(&report.summary().to_json())?;
        }
        Some(format) => {
            let progress = out.job();
            let finding_out = luthier_repair::find_fixes(&store, &report, &progress);
            watch(&out, &progress, finding_out).await??;
            listing.write(format, &report, &out).await?;
        }
    }
    out.flush()?;
    let found = listing.fails(&report).await?;
    Ok(match (found, report.summary().complete) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Done,
        (false, false) => Exit::Unusable,
    })
}

async fn write_words(report: &Report, listing: &Listing, out: &Output) -> Result<(), CliError> {
    if let Some(alarm) = &report.summary().wrong_pair {
        out.line(&format!("INCOMPLETE: {alarm}."))?;
        out.line(
            "Check --database and --store with `luthier doctor`. The findings below are about this database and this store.",
        )?;
        out.line("")?;
    }
    let filter = listing.filter();
    let mut skip = 0;
    loop {
        let page = report.page(&filter, skip, PAGE).await?;
        for numbered in &page {
            write_finding(&numbered.finding, out)?;
        }
        skip += page.len() as u64;
        if page.len() < PAGE as usize {
            break;
        }
    }
    summary::write(report.summary(), out)?;
    let all: u64 = report.summary().findings.values().sum();
    match filter == Filter::default() {
        true => Ok(()),
        false => out.line(&format!(
            "Listed: {} of {}.",
            text::grouped(skip),
            text::plural(all, "finding")
        )),
    }
}

/// Says what a finding blocks; nothing where it blocks nothing.
fn blocked(blocks: Blocks) -> Option<String> {
    let count = |n: Option<u64>, noun| match n {
        None => Some(format!("unknown {}", text::many(noun))),
        Some(0) => None,
        Some(n) => Some(text::plural(n, noun)),
    };
    let counts = [(blocks.commits, "commit"), (blocks.branches, "branch")];
    let words: Vec<String> = counts
        .into_iter()
        .filter_map(|(n, noun)| count(n, noun))
        .collect();
    (!words.is_empty()).then(|| format!("Blocks {}.", words.join(", ")))
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
        tail.extend(blocked(blocks));
    }
    if let Evidence::Cycle(links) = &finding.evidence
        && !links.leads_to.is_empty()
    {
        tail.push(format!("It leads to {}.", links.leads_to.join(", ")));
    }
    if let Some(cause) = &finding.caused_by {
        tail.push(format!("Caused by {cause}."));
    }
    tail.push(match (finding.by_hand(), finding.auto) {
        (Some(how), _) => format!("{how}."),
        (None, Auto::Ask) if finding.remedy == Remedy::Restore => {
            "Remedy: restore, after a decision, from the hub or with --copies DIR.".to_owned()
        }
        (None, Auto::Ask) => format!("Remedy: {}, after a decision.", finding.remedy),
        (None, _) => format!("Remedy: {}.", finding.remedy),
    });
    out.line(&format!("         {}", tail.join(" ")))
}
