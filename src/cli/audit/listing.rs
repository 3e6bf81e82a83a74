//! The findings that an audit lists, their form, and which of them are a failure.

use crate::cli::output::Output;
use crate::cli::{CliError, code, help};
use clap::{Args, ValueEnum};
use luthier_audit::table::{self, Format};
use luthier_audit::{Code, Filter, Grade, Report};

/// Findings fetched from the report at once.
const PAGE: u32 = 1_000;

#[derive(Args)]
pub(super) struct Listing {
    /// List only findings with this code (repeatable); everything is audited all the same
    #[arg(long, value_parser = code, value_name = "CODE", help_heading = help::SELECT)]
    code: Vec<Code>,
    /// List only findings of this grade (repeatable)
    #[arg(long, value_enum, value_name = "GRADE", help_heading = help::SELECT)]
    grade: Vec<GradeFlag>,
    /// Audit only this repository (OWNER/SLUG), as WHAT does
    #[arg(long, value_name = "REPO", conflicts_with = "what", help_heading = help::SELECT)]
    repo: Option<String>,
    /// Exit with 1 only if a listed finding is of this grade or a worse one
    #[arg(long, value_enum, value_name = "GRADE", default_value = "info", help_heading = help::OUTPUT)]
    fail_on: GradeFlag,
    /// Print the list in this form; markdown and csv also say what can be done about each finding
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = help::OUTPUT)]
    format: Option<FormatFlag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum GradeFlag {
    Info,
    Warning,
    Error,
    Critical,
}

impl From<GradeFlag> for Grade {
    fn from(flag: GradeFlag) -> Self {
        match flag {
            GradeFlag::Info => Grade::Info,
            GradeFlag::Warning => Grade::Warning,
            GradeFlag::Error => Grade::Error,
            GradeFlag::Critical => Grade::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatFlag {
    /// A table for chats and pages, with short ids
    Markdown,
    /// For spreadsheets, with whole ids
    Csv,
    /// As --json: one JSON object per line, the summary last
    Json,
}

impl Listing {
    /// Refuses two forms at once.
    pub(super) fn check(&self, out: &Output) -> Result<(), CliError> {
        match self.format {
            Some(FormatFlag::Markdown | FormatFlag::Csv) if out.json => Err(CliError::usage(
                "--json and --format name two forms; use one of them".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn repo(&self) -> Option<&str> {
        self.repo.as_deref()
    }

    /// Returns the form; `None` is words for people.
    pub(super) const fn format(&self, out: &Output) -> Option<Format> {
        match self.format {
            Some(FormatFlag::Markdown) => Some(Format::Markdown),
            Some(FormatFlag::Csv) => Some(Format::Csv),
            Some(FormatFlag::Json) => Some(Format::Jsonl),
            None if out.json => Some(Format::Jsonl),
            None => None,
        }
    }

    /// Returns the filter of the listed findings.
    pub(super) fn filter(&self) -> Filter {
        Filter {
            codes: self.code.clone(),
            grades: self.grade.iter().map(|grade| (*grade).into()).collect(),
            ..Filter::default()
        }
    }

    /// Writes the listed findings.
    pub(super) async fn write(
        &self,
        format: Format,
        report: &Report,
        out: &Output,
    ) -> Result<(), CliError> {
        out.raw(format.head(table::columns(format)).as_bytes())?;
        let (filter, mut skip) = (self.filter(), 0);
        loop {
            let page = report.page(&filter, skip, PAGE).await?;
            for numbered in &page {
                out.raw(table::row(format, numbered).as_bytes())?;
            }
            skip += page.len() as u64;
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Returns whether a listed finding is as bad as `--fail-on` says.
    pub(super) async fn fails(&self, report: &Report) -> Result<bool, CliError> {
        let mut filter = self.filter();
        let listed = |grade: &Grade| filter.grades.is_empty() || filter.grades.contains(grade);
        let all = [Grade::Info, Grade::Warning, Grade::Error, Grade::Critical];
        let least = Grade::from(self.fail_on);
        let grades: Vec<Grade> = all
            .into_iter()
            .filter(|grade| *grade >= least && listed(grade))
            .collect();
        if grades.is_empty() {
            return Ok(false);
        }
        filter.grades = grades;
        Ok(report.count(&filter).await? > 0)
    }
}
