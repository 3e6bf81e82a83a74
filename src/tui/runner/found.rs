//! Questions to the reports of audits.

use super::Desk;
use crate::audit::{AuditError, Filter, Report};
use crate::tui::effect::{Ask, ReportRef};
use crate::tui::event::Answer;
use crate::tui::lines::{FindingLine, GroupLine};

impl Desk {
    /// What the last report says.
    pub(super) async fn found(&self, ask: Ask) -> Result<Answer, String> {
        let answer = match ask {
            Ask::FindingsAt { report, places } => {
                let page = self.report_named(report)?.at(&places).await;
                page.map(|page| Answer::Findings(page.iter().map(FindingLine::from).collect()))
            }
            Ask::Carry {
                from,
                marks,
                cursor,
                filter,
            } => return self.carry(from, &marks, cursor, &filter).await,
            ask => of_report(&self.report()?.1, ask).await,
        };
        answer.map_err(|error| error.to_string())
    }

    /// Finds again in the last report what was marked in the one before.
    async fn carry(
        &self,
        from: ReportRef,
        marks: &[u64],
        cursor: Option<u64>,
        filter: &Filter,
    ) -> Result<Answer, String> {
        let (_, report) = self.report()?;
        let before = self.held().before.clone();
        let Some((_, before)) = before.filter(|(name, _)| *name == from) else {
            return Err("the hub was audited twice meanwhile".to_owned());
        };
        let carried = async {
            let marks = report.carried(&before, marks).await?;
            let cursor: Vec<u64> = cursor.into_iter().collect();
            let cursor = match report.carried(&before, &cursor).await?.first() {
                Some(ordinal) => Some(report.before(filter, *ordinal).await?),
                None => None,
            };
            Ok::<_, AuditError>(Answer::Carried { marks, cursor })
        };
        carried.await.map_err(|error| error.to_string())
    }
}

async fn of_report(report: &Report, ask: Ask) -> Result<Answer, AuditError> {
    Ok(match ask {
        Ask::Findings { filter, stretch } => {
            let page = report.list(&filter, stretch).await?;
            Answer::Findings(page.iter().map(FindingLine::from).collect())
        }
        Ask::FindingsCount(filter) => Answer::Count(report.count(&filter).await?),
        Ask::Ordinals { filter, stretch } => {
            Answer::Ordinals(report.ordinals(&filter, stretch).await?)
        }
        Ask::PlaceOf { filter, ordinal } => {
            let place = report.before(&filter, ordinal).await?;
            let there = report.page(&filter, place, 1).await?;
            let passes = there.first().is_some_and(|found| found.ordinal == ordinal);
            Answer::Place(passes.then_some(place))
        }
        Ask::WorstOn(ids) => Answer::Worst(report.worst_on(&ids).await?.into_iter().collect()),
        Ask::Groups(filter, by) => {
            let groups = report.groups(&filter, by).await?;
            Answer::Groups(groups.iter().map(GroupLine::from).collect())
        }
        other => Answer::Failed(format!("{other:?} is not read from a report")),
    })
}
