//! Steps that add memberships, one a row; a finding is of all rows of its repository.

use super::Refusal;
use super::draft::{BATCH, CONCURRENCY, Draft};
use super::group::Group;
use crate::RepairError;
use crate::rows;
use crate::step::Step;
use crate::steps::{Built, Target, build};
use futures_util::{StreamExt, stream};
use luthier_audit::{Evidence, Finding};
use luthier_hub::store::StoreError;
use luthier_hub::text::plural;
use luthier_object::Kind;

/// The steps of one repository.
#[derive(Default)]
struct Made {
    steps: u64,
    skipped: u64,
    /// The reason for the first row that is skipped.
    why: Option<String>,
}

impl Draft<'_> {
    /// Makes the steps of findings whose remedy is `hold`.
    pub async fn make_holds(&mut self, groups: &[Group]) -> Result<(), RepairError> {
        for group in groups {
            self.progress.checkpoint().await?;
            for found in self.report.at(&[group.ordinal]).await? {
                self.hold_rows(found.ordinal, &found.finding).await?;
            }
            self.progress.update(|f| f.done += 1);
        }
        Ok(())
    }

    async fn hold_rows(&mut self, place: u64, finding: &Finding) -> Result<(), RepairError> {
        let Evidence::RepoUnreferenced(seen) = &finding.evidence else {
            return Ok(());
        };
        let mut made = Made::default();
        // What is needed comes before what needs it.
        for kind in [Kind::Blob, Kind::Snapshot, Kind::Commit] {
            let mut after = String::new();
            loop {
                let limit = BATCH as u32;
                let ids = self
                    .report
                    .unheld(&seen.repo_id, kind, &after, limit)
                    .await?;
                let Some(last) = ids.last() else { break };
                after.clone_from(last);
                self.hold_some(finding, (&seen.repo_id, kind), ids, &mut made)
                    .await?;
            }
        }
        let why = match (made.why, made.skipped) {
            (Some(why), skipped) => format!("{} skipped; the first: {why}", plural(skipped, "row")),
            (None, _) if made.steps == 0 => "it was repaired since the audit".to_owned(),
            (None, _) => return Ok(()),
        };
        let refusal = Refusal {
            code: finding.code,
            id: finding.id.clone(),
            repo: finding.repo.clone(),
            why,
            decision: false,
            wanted: None,
        };
        match made.steps {
            0 => self.plan.skip(place, refusal),
            _ => self.plan.refuse(refusal),
        }
    }

    /// Makes the steps of a few rows of one kind.
    async fn hold_some(
        &mut self,
        finding: &Finding,
        (repo_id, kind): (&str, Kind),
        ids: Vec<String>,
        made: &mut Made,
    ) -> Result<(), RepairError> {
        self.progress.checkpoint().await?;
        let rows = rows::read(self.store, kind, &ids).await;
        let rows = rows.map_err(StoreError::from)?;
        let targets = ids.into_iter();
        let targets: Vec<Target> = targets
            .map(|id| Target::to_hold(finding, repo_id, kind, id))
            .collect();
        let ctx = self.context();
        let built: Vec<_> = stream::iter(&targets)
            .map(|target| build(ctx, target, rows.get(&target.id)))
            .buffered(CONCURRENCY)
            .collect()
            .await;
        for built in built {
            match built? {
                Built::Step(step, _) => {
                    let more = made.steps > 0;
                    made.steps += 1;
                    self.plan.add(Step { more, ..*step })?;
                }
                Built::Already => {}
                Built::Refused(why) => {
                    made.skipped += 1;
                    made.why.get_or_insert(why);
                }
            }
        }
        Ok(())
    }
}
