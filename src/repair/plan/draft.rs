//! A plan in the making.

use super::group::Group;
use super::{Plan, Refusal};
use crate::RepairError;
use crate::rows;
use crate::steps::{Built, Origin, StepContext, Target, build};
use futures_util::{StreamExt, stream};
use luthier_audit::{Code, Finding, Remedy, Report};
use luthier_hub::index::{AnyRow, IndexError};
use luthier_hub::progress::Progress;
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId, time};
use std::collections::HashMap;
use tokio::sync::Mutex;

/// Rows held at once; a snapshot's may weigh megabytes.
pub(super) const BATCH: usize = 32;

/// Objects read at once.
pub(super) const CONCURRENCY: usize = 8;

pub(super) struct Draft<'a> {
    pub store: &'a Store,
    pub report: &'a Report,
    pub progress: &'a Progress,
    trees: Mutex<TreeCache>,
    pub plan: Plan,
    /// Findings that need a decision, of which it was found out whether that would lead to a step.
    pub tried: usize,
}

impl<'a> Draft<'a> {
    pub fn new(
        store: &'a Store,
        report: &'a Report,
        progress: &'a Progress,
    ) -> Result<Self, RepairError> {
        let mut plan = Plan::empty()?;
        plan.had_copies(store.copies().is_some());
        Ok(Self {
            store,
            report,
            progress,
            trees: Mutex::default(),
            plan,
            tried: 0,
        })
    }

    /// Returns the context of its steps.
    pub fn context(&self) -> StepContext<'_> {
        StepContext {
            store: self.store,
            trees: &self.trees,
        }
    }

    /// Commits in the order in which they were made, so that parents come before children.
    pub async fn oldest_first(&self, groups: Vec<Group>) -> Result<Vec<Group>, RepairError> {
        let mut dated = Vec::with_capacity(groups.len());
        let mut groups = groups.into_iter();
        loop {
            let batch: Vec<Group> = groups.by_ref().take(BATCH * 8).collect();
            if batch.is_empty() {
                break;
            }
            let findings = self.findings(&batch).await?;
            let ids: Vec<String> = findings.values().map(|f| f.id.clone()).collect();
            let rows = rows::read(self.store, Kind::Commit, &ids).await;
            let rows = rows.map_err(StoreError::from)?;
            for group in batch {
                let row = findings
                    .get(&group.ordinal)
                    .and_then(|finding| rows.get(&finding.id));
                let at = match row {
                    Some(AnyRow::Commit(row)) => time::parse(&row.timestamp),
                    _ => None,
                };
                dated.push((at, group));
            }
            self.progress.checkpoint().await?;
        }
        dated.sort_by_key(|(at, group)| (*at, group.ordinal));
        Ok(dated.into_iter().map(|(_, group)| group).collect())
    }

    /// Makes the steps of one kind.
    pub async fn make(&mut self, kind: Kind, groups: &[Group]) -> Result<(), RepairError> {
        for batch in groups.chunks(BATCH) {
            self.progress.checkpoint().await?;
            let mut findings = self.findings(batch).await?;
            let mut targets = Vec::with_capacity(batch.len());
            let mut groups = Vec::with_capacity(batch.len());
            for group in batch {
                let Some(finding) = findings.remove(&group.ordinal) else {
                    continue;
                };
                let mut target = Target::of(&finding, group.also(), kind);
                if needs_origin(&target) {
                    target.origin = self.origin(&finding, kind).await?;
                }
                targets.push(target);
                groups.push(group);
            }
            let ids: Vec<String> = targets.iter().map(|target| target.id.clone()).collect();
            let rows = rows::read(self.store, kind, &ids).await;
            let rows = rows.map_err(StoreError::from)?;
            for target in &mut targets {
                if let Some(AnyRow::Blob(row)) = rows.get(&target.id) {
                    let wanted = target.wanted.take();
                    target.wanted = wanted.map(|wanted| wanted.under(Some(row.path.clone())));
                }
            }
            let ctx = self.context();
            let built: Vec<_> = stream::iter(&targets)
                .map(|target| build(ctx, target, rows.get(&target.id)))
                .buffered(CONCURRENCY)
                .collect()
                .await;
            for ((target, group), built) in targets.into_iter().zip(groups).zip(built) {
                self.lay_down(target, group, built)?;
            }
            self.progress.update(|f| f.done += batch.len() as u64);
        }
        Ok(())
    }

    fn lay_down(
        &mut self,
        target: Target,
        group: &Group,
        built: Result<Built, StoreError>,
    ) -> Result<(), RepairError> {
        let why = match built {
            Ok(Built::Step(step, _)) => return self.plan.add(*step),
            Ok(Built::Already) => "it was repaired since the audit".to_owned(),
            Ok(Built::Refused(why)) => why,
            // What could not be read is unknown, and unknown is never repaired.
            Err(StoreError::Backend(error)) => format!("it could not be read: {error}"),
            Err(error) => return Err(error.into()),
        };
        let path = target.origin.map(|origin| origin.path);
        let wanted = target.wanted.map(|wanted| wanted.under(path));
        for (place, code) in group.findings() {
            let refusal = Refusal {
                code,
                id: target.id.clone(),
                repo: target.repo.clone(),
                why: why.clone(),
                decision: false,
                wanted: wanted.clone(),
            };
            self.plan.skip(place, refusal)?;
        }
        Ok(())
    }

    /// Returns the repository of a row that has to be added, and of a blob its path: those of the snapshot that refers
    /// to it.
    async fn origin(&self, finding: &Finding, kind: Kind) -> Result<Option<Origin>, StoreError> {
        let index = self.store.index();
        let named_by = finding.evidence.named_by();
        let repo = match finding.repo.split_once('/') {
            Some((owner, slug)) => index.repo_by_path(owner, slug).await?,
            None => index.repo_by_id(&finding.repo).await?,
        };
        if kind != Kind::Blob || finding.remedy == Remedy::Reref {
            return Ok(repo.map(|repo| Origin::alone(&repo.repo_id)));
        }
        let (Some(named_by), Some(repo)) = (named_by, repo) else {
            return Ok(None);
        };
        let found = index.snapshots_by_id(&[named_by.to_owned()]).await?;
        let Some(snapshot) = found.into_iter().next() else {
            return Ok(None);
        };
        let mut trees = self.trees.lock().await;
        let Ok(tree) = self.store.tree(&snapshot, &mut trees).await? else {
            return Ok(None);
        };
        let id = ObjectId::new(&finding.id);
        let path = tree.manifest().iter().find(|(_, blob)| blob.same(&id));
        Ok(path.map(|(path, _)| Origin {
            repo_id: repo.repo_id,
            path: path.clone(),
            created_at: snapshot.created_at.clone(),
        }))
    }

    /// Returns the findings of a batch by their place.
    async fn findings(&self, batch: &[Group]) -> Result<HashMap<u64, Finding>, RepairError> {
        let places: Vec<u64> = batch.iter().map(|group| group.ordinal).collect();
        let found = self.report.at(&places).await?;
        Ok(found
            .into_iter()
            .map(|numbered| (numbered.ordinal, numbered.finding))
            .collect())
    }
}

/// Returns whether the step adds something of which it must be known where it belongs.
fn needs_origin(target: &Target) -> bool {
    target.remedy == Remedy::Reref
        || matches!(
            target.code,
            Code::BlobEmptyMissing | Code::RowMissing | Code::HeadDangling
        )
}

impl From<IndexError> for RepairError {
    fn from(error: IndexError) -> Self {
        RepairError::Store(error.into())
    }
}
