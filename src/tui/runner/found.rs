//! Questions to the reports of audits.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::{Query, ReportRef, Tabled};
use crate::event::Answer;
use crate::lines::{FindingLine, GroupLine, Judged};
use luthier_audit::report::Stretch;
use luthier_audit::table::{self, Format};
use luthier_audit::{AuditError, Depth, Filter, Report};
use luthier_hub::text;
use std::collections::{BTreeMap, HashSet};

/// Findings of a table that is copied: a terminal takes some 70 KiB at once.
const TABLED: usize = 200;

impl RunnerContext {
    /// Answers from the last report.
    pub(super) async fn found(&self, ask: Query) -> Result<Answer, RunnerError> {
        let answer = match ask {
            Query::FindingsAt { report, places } => {
                let page = self.report_named(report)?.at(&places).await;
                page.map(|page| Answer::Findings(page.iter().map(FindingLine::from).collect()))
            }
            Query::Table(Tabled::Wanted(report)) => return self.wanted_table(report).await,
            Query::Table(what) => self.table(what).await,
            Query::Carry {
                from,
                marks,
                cursor,
                filter,
            } => return self.carry(from, &marks, cursor, &filter).await,
            Query::WorstOn { path, ids } => self.judged(&path, ids).await,
            ask => of_report(&self.report()?.1, ask).await,
        };
        answer.map_err(RunnerError::from)
    }

    /// Returns findings as a table in Markdown, the first where there are many.
    async fn table(&self, what: Tabled) -> Result<Answer, AuditError> {
        let Some((_, report)) = self.state().report.clone() else {
            return Ok(Answer::Failed("no audit has finished yet".into()));
        };
        let (total, page) = match what {
            Tabled::Whole(place) => {
                let page = report.at(&[place]).await?;
                return Ok(match page.first() {
                    Some(found) => Answer::Table(table::whole(found)),
                    None => Answer::Failed("the finding is gone".into()),
                });
            }
            Tabled::Wanted(_) => (0, Vec::new()),
            Tabled::Places(mut places) => {
                let total = places.len() as u64;
                places.truncate(TABLED);
                (total, report.at(&places).await?)
            }
            Tabled::List(filter, stretch) => {
                let limit = TABLED as u32;
                let page = report.list(&filter, Stretch { limit, ..stretch }).await?;
                (report.count(&filter).await?, page)
            }
        };
        let format = Format::Markdown;
        let hub = table::code_span(&self.hub.name);
        let mut out = format!("{} of {hub}\n\n", text::plural(total, "finding"));
        out += &format.head(table::columns(format));
        out.extend(page.iter().map(|found| table::row(format, found)));
        let more = total - (page.len() as u64).min(total);
        if more > 0 {
            out += &format!("\nand {} more\n", text::grouped(more));
        }
        Ok(Answer::Table(out))
    }

    /// Returns what is known of each id: the worst finding, or the depth of an audit without findings.
    async fn judged(&self, path: &str, ids: Vec<String>) -> Result<Answer, AuditError> {
        let (report, read) = {
            let held = self.state();
            let Some((_, report)) = held.report.clone() else {
                return Ok(Answer::Judged(BTreeMap::new()));
            };
            let read = ids.iter().filter(|id| held.has_read(id)).cloned();
            (report, read.collect::<HashSet<_>>())
        };
        let worst = report.worst_on(&ids).await?;
        let mut found: BTreeMap<String, Judged> = worst
            .into_iter()
            .map(|(id, code)| (id, Judged::Found(code)))
            .collect();
        let past = report.past_audits().repo(path).filter(|past| past.complete);
        for id in ids {
            let deep = match read.contains(&id) {
                true => Some(Depth::Bytes),
                false => past.map(|past| past.depth),
            };
            let nothing = deep.map_or(Judged::Unlooked, Judged::Clean);
            found.entry(id).or_insert(nothing);
        }
        Ok(Answer::Judged(found))
    }

    /// Finds again in the last report what was marked in the one before.
    async fn carry(
        &self,
        from: ReportRef,
        marks: &[u64],
        cursor: Option<u64>,
        filter: &Filter,
    ) -> Result<Answer, RunnerError> {
        let (_, report) = self.report()?;
        let before = self.report_named(from)?;
        let carried = async {
            let marks = report.carried(&before, marks).await?;
            let cursor: Vec<u64> = cursor.into_iter().collect();
            let cursor = match report.carried(&before, &cursor).await?.first() {
                Some(ordinal) => Some(report.before(filter, *ordinal).await?),
                None => None,
            };
            Ok::<_, AuditError>(Answer::Carried { marks, cursor })
        };
        carried.await.map_err(RunnerError::from)
    }
}

async fn of_report(report: &Report, ask: Query) -> Result<Answer, AuditError> {
    Ok(match ask {
        Query::Findings { filter, stretch } => {
            let page = report.list(&filter, stretch).await?;
            Answer::Findings(page.iter().map(FindingLine::from).collect())
        }
        Query::FindingsCount(filter) => Answer::Count(report.count(&filter).await?),
        Query::Ordinals { filter, stretch } => {
            Answer::Ordinals(report.ordinals(&filter, stretch).await?)
        }
        Query::PlaceOf { filter, ordinal } => {
            let place = report.before(&filter, ordinal).await?;
            let there = report.page(&filter, place, 1).await?;
            let passes = there.first().is_some_and(|found| found.ordinal == ordinal);
            Answer::Place(passes.then_some(place))
        }
        Query::FirstFixable(filter) => Answer::Place(report.first_fixable(&filter).await?),
        Query::Groups(filter, by) => {
            let groups = report.groups(&filter, by).await?;
            Answer::Groups(groups.iter().map(GroupLine::from).collect())
        }
        other => Answer::Failed(format!("{other:?} is not read from a report")),
    })
}
