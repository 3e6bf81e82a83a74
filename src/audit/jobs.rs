//! The hub's own work on packs: jobs that write the index, and packs that are prepared for fetches. Shown, never touched.

use super::AuditError;
use super::evidence::{Evidence, StalePack, StuckJob};
use super::finding::{Finding, Subject};
use super::scan::Scan;
use futures_util::TryStreamExt;
use luthier_hub::index::{FetchPackRow, Index, JobRow};
use luthier_hub::store::reconstruct::non_empty;
use luthier_object::time::{self, Micros};
use std::collections::{BTreeMap, HashMap};

const PAGE: u32 = 1_000;

/// The job that writes the index rows of a pushed pack.
const INDEXES: &str = "mpack.index";

/// A job that is older and has not ended does not end any more: an hour.
const LONG: Micros = 3_600_000_000;

/// Words by which a job says that it is still to come or under way.
const UNDER_WAY: [&str; 6] = [
    "pending", "queued", "running", "started", "retry", "claimed",
];

/// Judges the repositories whose blobs are in packs.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let repos = scan.packed_repos.clone();
    if repos.is_empty() {
        return Ok(());
    }
    stuck(scan, &repos).await?;
    stale(scan, &repos).await
}

async fn stuck(scan: &mut Scan<'_>, repos: &BTreeMap<String, u64>) -> Result<(), AuditError> {
    let index = scan.store.index();
    let has_jobs = index.capabilities().has_table("musehub_background_jobs");
    if !has_jobs || repos.values().all(|waiting| *waiting == 0) {
        return Ok(());
    }
    let newest = newest_jobs(index, repos).await?;
    let mut findings = Vec::new();
    for (repo_id, waiting) in repos.iter().filter(|(_, waiting)| **waiting > 0) {
        let job = newest.get(repo_id);
        if job.is_some_and(|job| is_under_way(job, scan.began())) {
            continue;
        }
        let evidence = Evidence::JobStuck(StuckJob {
            created_at: job.map(|job| job.created_at.clone()),
            job_type: INDEXES.to_owned(),
            state: job.map_or_else(|| "absent".to_owned(), |job| job.state.clone()),
            waiting: *waiting,
        });
        let path = path_of(index, repo_id).await?;
        let mut finding = Finding::new(evidence, Subject::Repo, path);
        finding.repo.clone_from(repo_id);
        findings.push(finding);
    }
    scan.report(findings).await
}

/// Returns the newest indexing job of each repository.
async fn newest_jobs(
    index: &dyn Index,
    repos: &BTreeMap<String, u64>,
) -> Result<HashMap<String, JobRow>, AuditError> {
    let mut out: HashMap<String, JobRow> = HashMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = index.jobs(after.as_deref(), PAGE).await?;
        after = page.rows.last().map(|row| row.job_id.clone()).or(after);
        for job in page.rows {
            if job.job_type != INDEXES || !repos.contains_key(&job.repo_id) {
                continue;
            }
            let known = out
                .get(&job.repo_id)
                .and_then(|job| time::parse(&job.created_at));
            if known.is_none_or(|known| time::parse(&job.created_at) >= Some(known)) {
                out.insert(job.repo_id.clone(), job);
            }
        }
        if page.end {
            return Ok(out);
        }
    }
}

/// Returns whether a job is still to come or under way, and young enough to end.
fn is_under_way(job: &JobRow, now: Micros) -> bool {
    let state = job.state.to_ascii_lowercase();
    let begun = time::parse(&job.created_at);
    UNDER_WAY.contains(&state.as_str()) && begun.is_some_and(|at| now.saturating_sub(at) <= LONG)
}

async fn stale(scan: &mut Scan<'_>, repos: &BTreeMap<String, u64>) -> Result<(), AuditError> {
    let index = scan.store.index();
    if !index.capabilities().has_table("musehub_fetch_mpack_cache") {
        return Ok(());
    }
    let Some(ready) = prepared(index, repos).await? else {
        return Ok(());
    };
    for repo_id in repos.keys() {
        let Some(repo) = index.repo_by_id(repo_id).await? else {
            continue;
        };
        if repo.deleted_at.is_some() {
            continue;
        }
        let mut findings = Vec::new();
        let mut pages = index.branch_pages_of(repo_id, PAGE);
        while let Some(rows) = pages.try_next().await? {
            for branch in rows {
                let Some(head) = non_empty(branch.head_commit_id.as_deref()) else {
                    continue;
                };
                let row = ready.get(&(repo_id.clone(), head.to_owned()));
                let expires = row.and_then(|row| time::parse(&row.expires_at));
                if expires.is_some_and(|at| at > scan.began()) {
                    continue;
                }
                let evidence = Evidence::FetchPackStale(StalePack {
                    expired_at: row.map(|row| row.expires_at.clone()),
                    head: head.to_owned(),
                });
                let id = format!("{}:{}", repo.path(), branch.name);
                let mut finding = Finding::new(evidence, Subject::Branch, id);
                finding.repo.clone_from(repo_id);
                findings.push(finding);
            }
        }
        scan.report(findings).await?;
    }
    Ok(())
}

/// Returns the packs that were prepared for these repositories, by repository and head; `None` where the hub prepares
/// none for any.
async fn prepared(
    index: &dyn Index,
    repos: &BTreeMap<String, u64>,
) -> Result<Option<HashMap<(String, String), FetchPackRow>>, AuditError> {
    let (mut out, mut any) = (HashMap::new(), false);
    let mut after: Option<String> = None;
    loop {
        let page = index.fetch_packs(after.as_deref(), PAGE).await?;
        after = page.rows.last().map(|row| row.cache_id.clone()).or(after);
        any |= !page.rows.is_empty();
        for row in page.rows {
            if repos.contains_key(&row.repo_id) {
                out.insert((row.repo_id.clone(), row.tip_commit_id.clone()), row);
            }
        }
        if page.end {
            return Ok(any.then_some(out));
        }
    }
}

async fn path_of(index: &dyn Index, repo_id: &str) -> Result<String, AuditError> {
    let row = index.repo_by_id(repo_id).await?;
    Ok(row.map_or_else(|| repo_id.to_owned(), |row| row.path()))
}
