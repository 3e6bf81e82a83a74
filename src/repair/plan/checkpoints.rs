//! Steps that bring refs into the store, one a repository.

use super::draft::Draft;
use super::group::Group;
use super::{Plan, Refusal};
use crate::RepairError;
use crate::checkpoint::{Target, build};
use crate::steps::Built;
use futures_util::TryStreamExt;
use luthier_audit::{Code, Evidence, Finding, suggest};
use luthier_hub::index::IndexError;
use luthier_hub::progress::Progress;
use luthier_hub::store::checkpoint::keeps_refs;
use luthier_hub::store::doctor::sample;
use luthier_hub::store::{Store, StoreError};
use luthier_object::time;

/// Repositories read at once.
const PAGE: u32 = 500;

/// Plans a checkpoint of every repository whose rows say what the store does not, or of one.
/// Reads; writes nothing.
///
/// # Errors
/// A database that cannot be read, no such repository, or cancellation.
pub async fn checkpoints(
    store: &Store,
    repo: Option<&str>,
    progress: &Progress,
) -> Result<Plan, RepairError> {
    let store = &store.for_job(progress);
    let mut plan = Plan::empty()?;
    plan.nothing_because("The store already knows where every branch points.");
    let hidden = store.index().hidden().iter();
    if let Some(hidden) = hidden.clone().find(|hidden| keeps_refs(hidden)) {
        plan.refuse(Refusal {
            code: Code::RefsUnsaved,
            id: hidden.table.clone(),
            repo: String::new(),
            why: format!("a checkpoint would leave branches out: {}", hidden.said),
            decision: false,
            wanted: None,
        })?;
        return plan.finish();
    }
    // Where branches point must not be written into another hub's store.
    let pair = sample::look(store.index(), store.backend(), store.hub(), false).await?;
    plan.alarms.extend(pair.alarm());
    let made_at = now(store).await?;
    if let Some(path) = repo {
        let found = match path.split_once('/') {
            Some((owner, slug)) => store.index().repo_by_path(owner, slug).await?,
            None => None,
        };
        let Some(row) = found else {
            return Err(suggest::no_such_repo(store, path).await.into());
        };
        let target = target(row.repo_id.clone(), row.path(), &made_at);
        add_or_refuse(store, &mut plan, &target).await?;
        return plan.finish();
    }
    progress.phase("planning", Some(store.index().counts().await?.repos));
    let mut pages = store.index().repo_pages(PAGE);
    while let Some(rows) = pages.try_next().await? {
        for row in &rows {
            progress.checkpoint().await?;
            let target = target(row.repo_id.clone(), row.path(), &made_at);
            add_or_refuse(store, &mut plan, &target).await?;
            progress.update(|f| f.done += 1);
        }
    }
    plan.finish()
}

impl Draft<'_> {
    /// Makes the steps of findings whose remedy is a checkpoint.
    pub async fn make_checkpoints(&mut self, groups: &[Group]) -> Result<(), RepairError> {
        if groups.is_empty() {
            return Ok(());
        }
        let made_at = now(self.store).await?;
        for group in groups {
            self.progress.checkpoint().await?;
            for found in self.report.at(&[group.ordinal]).await? {
                let finding = found.finding;
                let target = Target {
                    others: group.others.len() as u64,
                    ..target(repo_id(&finding), finding.repo, &made_at)
                };
                let why = match one(self.store, &mut self.plan, &target).await? {
                    Made::Step => continue,
                    Made::Skipped(why) => why,
                    Made::Nothing => MENDED.to_owned(),
                };
                for (place, _) in group.findings() {
                    self.plan.skip(place, refusal(&target, why.clone()))?;
                }
            }
            self.progress
                .update(|f| f.done += 1 + group.others.len() as u64);
        }
        Ok(())
    }
}

/// The reason for skipping a finding that was repaired meanwhile.
const MENDED: &str = "it was repaired since the audit";

/// The result for one repository.
enum Made {
    Step,
    /// With a reason.
    Skipped(String),
    /// The store says already where its branches point.
    Nothing,
}

fn target(repo_id: String, repo: String, made_at: &str) -> Target {
    Target {
        repo_id,
        repo,
        made_at: made_at.to_owned(),
        others: 0,
    }
}

/// Adds the step of one repository, if it takes one.
async fn one(store: &Store, plan: &mut Plan, target: &Target) -> Result<Made, RepairError> {
    let why = match build(store, target).await {
        Ok(Built::Step(step, _)) => {
            plan.add(*step)?;
            return Ok(Made::Step);
        }
        Ok(Built::Already) => return Ok(Made::Nothing),
        Ok(Built::Refused(why)) => why,
        // What could not be read is unknown, and unknown is never repaired.
        Err(StoreError::Backend(error)) => format!("it could not be read: {error}"),
        Err(error) => return Err(error.into()),
    };
    Ok(Made::Skipped(why))
}

/// Adds the step of one repository, or the reason against it; nothing where the store says all already.
async fn add_or_refuse(store: &Store, plan: &mut Plan, target: &Target) -> Result<(), RepairError> {
    match one(store, plan, target).await? {
        Made::Skipped(why) => plan.refuse(refusal(target, why)),
        Made::Step | Made::Nothing => Ok(()),
    }
}

fn refusal(target: &Target, why: String) -> Refusal {
    Refusal {
        code: Code::RefsUnsaved,
        id: target.repo.clone(),
        repo: target.repo.clone(),
        why,
        decision: false,
        wanted: None,
    }
}

/// Returns the id of the repository whose refs are not saved; empty for any other finding.
pub(super) fn repo_id(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::RefsUnsaved(seen) => seen.repo_id.clone(),
        _ => String::new(),
    }
}

/// Returns the database's time, as a checkpoint bears it.
async fn now(store: &Store) -> Result<String, IndexError> {
    let now = store.index().now().await?;
    Ok(time::isoformat(now, 0).unwrap_or_default())
}
