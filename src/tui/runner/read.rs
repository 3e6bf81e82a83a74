//! Questions that read and nothing else.

use super::Desk;
use crate::audit::inspect;
use crate::object::ObjectId;
use crate::tui::effect::Ask;
use crate::tui::event::Answer;
use crate::tui::lines::{
    BranchLine, FindingLine, GroupLine, Inspected, ObjectLine, RefusalLine, RepoLine, StepLine,
};

impl Desk {
    pub(super) async fn read(&self, ask: Ask) -> Result<Answer, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        match ask {
            Ask::Findings {
                filter,
                skip,
                limit,
            } => {
                let (_, report) = self.report()?;
                let page = report
                    .page(&filter, skip, limit)
                    .await
                    .map_err(|e| words(&e))?;
                Ok(Answer::Findings(
                    page.iter().map(FindingLine::from).collect(),
                ))
            }
            Ask::FindingsCount(filter) => {
                let (_, report) = self.report()?;
                Ok(Answer::Count(
                    report.count(&filter).await.map_err(|e| words(&e))?,
                ))
            }
            Ask::Groups(filter, by) => {
                let (_, report) = self.report()?;
                let groups = report.groups(&filter, by).await.map_err(|e| words(&e))?;
                Ok(Answer::Groups(groups.iter().map(GroupLine::from).collect()))
            }
            Ask::Steps { plan, skip, limit } => {
                let steps = self
                    .planned(plan)?
                    .steps(skip, limit)
                    .await
                    .map_err(|e| words(&e))?;
                Ok(Answer::Steps(steps.iter().map(StepLine::from).collect()))
            }
            Ask::Refusals { plan, skip, limit } => {
                let plan = self.planned(plan)?;
                let refused = plan.refused(skip, limit).await.map_err(|e| words(&e))?;
                Ok(Answer::Refusals(
                    refused.iter().map(RefusalLine::from).collect(),
                ))
            }
            Ask::Inspect { kind, id } => self.inspect(kind, &id).await,
            rows => self.rows(rows).await.map_err(|e| words(&e)),
        }
    }

    /// Everything that comes straight from the database.
    async fn rows(&self, ask: Ask) -> Result<Answer, String> {
        let store = self.store()?;
        let index = store.index();
        let answer = async {
            Ok::<_, crate::index::IndexError>(match ask {
                Ask::Counts => Answer::Counts(index.counts().await?),
                Ask::Repos { after, limit } => {
                    let page = index.repos(after.as_deref(), limit).await?;
                    let ids: Vec<String> =
                        page.rows.iter().map(|row| row.repo_id.clone()).collect();
                    let counts = index.repo_counts(&ids).await?;
                    let rows = page.rows.iter().zip(counts);
                    Answer::Repos {
                        rows: rows
                            .map(|(row, counts)| RepoLine::new(row, counts))
                            .collect(),
                        end: page.end,
                    }
                }
                Ask::Branches {
                    repo_id,
                    after,
                    limit,
                } => {
                    let page = index.branches_of(&repo_id, after.as_deref(), limit).await?;
                    Answer::Branches {
                        rows: page.rows.iter().map(BranchLine::from).collect(),
                        end: page.end,
                    }
                }
                Ask::Browse(browse) => {
                    let page = index.browse(&browse).await?;
                    Answer::Objects {
                        rows: page.rows.iter().map(ObjectLine::from).collect(),
                        end: page.end,
                    }
                }
                Ask::BrowseCount(browse) => Answer::Count(index.browse_count(&browse).await?),
                other => Answer::Failed(format!("{other:?} is not read from the database")),
            })
        };
        answer.await.map_err(|error| error.to_string())
    }

    /// Inspecting compares and renders: it leaves the threads that keep keys flowing.
    async fn inspect(&self, kind: crate::object::Kind, id: &str) -> Result<Answer, String> {
        let store = self.store()?;
        let found = inspect::inspect(&store, kind, &ObjectId::new(id)).await;
        let found = found.map_err(|error| error.to_string())?;
        let made = tokio::task::spawn_blocking(move || Inspected::from(&found)).await;
        Ok(Answer::Inspected(Box::new(
            made.map_err(|error| error.to_string())?,
        )))
    }
}
