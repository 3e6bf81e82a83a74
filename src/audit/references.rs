//! Checks references: missing rows, rows held elsewhere, heads, duplicates, proposals.

use super::AuditError;
use super::Depth;
use super::again;
use super::evidence::{self, Elsewhere, Evidence, Head, Heads, Proposal, UnsafeName};
use super::fault::Code;
use super::finding::{Finding, Subject};
use super::probe::{ObjectState, Probe};
use super::scan::Scan;
use super::spool;
use super::unreferenced::kind_under;
use futures_util::TryStreamExt;
use luthier_hub::backend::Key;
use luthier_hub::index::audit_scratch::Unresolved;
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, ObjectId, branch, identity};

const PAGE: u32 = 500;

/// Every code about names.
pub(super) async fn judge(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    missing_rows(scan).await?;
    held_elsewhere(scan).await?;
    branches(scan).await?;
    branch_names(scan).await?;
    proposals(scan).await?;
    match scan.only {
        // Another repository's tree may name it.
        Some(_) => Ok(()),
        None => unreferenced(scan).await,
    }
}

async fn missing_rows(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let mut after: Option<(Kind, String)> = None;
    loop {
        let behind = after.as_ref().map(|(kind, id)| (*kind, id.as_str()));
        let page = scan.scratch.without_row(behind, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some((last.kind, last.id.clone()));
        let page = again::still_missing(scan, page).await?;
        let mut findings = Vec::new();
        for name in &page {
            if scan.withholds(Code::RowMissing, name.kind.into()) {
                continue;
            }
            let stored = stored(scan, name).await?;
            findings.extend(missing_row(name, &stored, scan.options.depth));
        }
        scan.report(findings).await?;
        scan.progress.checkpoint().await?;
    }
}

/// Keys that hold what has no row, and those that gave no answer.
async fn stored(scan: &mut Scan<'_>, name: &Unresolved) -> Result<Stored, AuditError> {
    let mut out = Stored::default();
    let id = ObjectId::new(&name.id);
    let hex = id.hex().map(str::to_owned);
    let Some(hex) = hex.filter(|_| scan.options.depth >= Depth::Presence) else {
        return Ok(out);
    };
    let mut keys = Vec::new();
    if scan.listed {
        let copies = scan.scratch.copies(std::slice::from_ref(&hex)).await?;
        for copy in copies.into_values().flatten() {
            let Ok(key) = Key::new(&copy.key) else {
                continue;
            };
            keys.push((key, Some(copy.size)));
        }
        if keys.is_empty() {
            // The second witness, before the store is said to have no object of it.
            let probe = Probe {
                store: scan.store,
                read: true,
                listed: true,
                witness: &scan.judge.witness,
            };
            match probe.heads(&id, Some(&name.repo_id)).await {
                Ok(there) => keys.extend(there.into_iter().map(|key| (key, None))),
                Err(ObjectState::Unknown { key, why }) => out.unread.push(format!("{key}: {why}")),
                Err(_) => {}
            }
        }
    } else {
        for copy in scan.asked_copies(&name.id, &name.repo_id).await {
            keys.extend(Key::new(&copy.key).ok().map(|key| (key, None)));
        }
    }
    for (key, size) in keys {
        match kind_under(scan.store, &id, &key, size).await {
            Ok(Some(kind)) if kind == name.kind => out.found.push(key.as_str().to_owned()),
            Ok(_) => {}
            Err(why) => out.unread.push(why.to_string()),
        }
    }
    for why in &out.unread {
        scan.unknown(why.clone());
    }
    Ok(out)
}

/// The store's answer about an id that has no row.
#[derive(Default)]
struct Stored {
    found: Vec<String>,
    unread: Vec<String>,
}

fn missing_row(name: &Unresolved, stored: &Stored, depth: Depth) -> Option<Finding> {
    let id = ObjectId::new(&name.id);
    let is_empty_blob = name.kind == Kind::Blob && identity::is_empty_blob(&id);
    // Its bytes are known, so it makes no difference whether a repair that was cut short left them there.
    if is_empty_blob && depth == Depth::Rows {
        return None;
    }
    let nowhere = !is_empty_blob && stored.found.is_empty() && depth >= Depth::Presence;
    let seen = evidence::Unresolved {
        found: Some(stored.found.clone()),
        named_by: Some(name.by_id.clone()),
        unread: match nowhere {
            true => stored.unread.clone(),
            false => Vec::new(),
        },
    };
    let evidence = match is_empty_blob {
        true => Evidence::BlobEmptyMissing(seen),
        false => Evidence::RowMissing(seen),
    };
    let mut finding = Finding::new(evidence, name.kind.into(), &name.id);
    finding.repo.clone_from(&name.repo_id);
    if nowhere {
        finding = finding.without_remedy(match stored.unread.is_empty() {
            true => "the store does not have its object either; a copy is needed",
            false => "the store gave no answer about its object; `unread` has the reason",
        });
    }
    Some(finding)
}

async fn held_elsewhere(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let mut after: Option<Unresolved> = None;
    loop {
        let page = scan.scratch.held_elsewhere(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        let page = again::still_elsewhere(scan, page).await?;
        let mut findings = Vec::new();
        for name in &page {
            if name.repo_id.is_empty() {
                continue;
            }
            let ids = [name.id.clone()];
            let holders = scan.scratch.holders(name.kind, &ids).await?;
            let evidence = Evidence::RowElsewhere(Elsewhere {
                held_by: holders.into_values().next().unwrap_or_default(),
                named_by: name.by_id.clone(),
            });
            let mut finding = Finding::new(evidence, name.kind.into(), &name.id);
            finding.repo.clone_from(&name.repo_id);
            let is_counted = scan.scratch.is_unheld(&name.repo_id, name.kind, &name.id);
            if is_counted.await? {
                let path = scan.scratch.repo_path(&name.repo_id).await?;
                let path = path.as_deref().unwrap_or(&name.repo_id);
                finding.caused_by = Some(format!("{} {path}", Code::RepoUnreferenced));
            }
            if !scan.store.index().capabilities().refs(name.kind) {
                finding = finding.without_remedy(
                    "on this hub a row belongs to one repository; there is no table to add another one",
                );
            }
            findings.push(finding);
        }
        scan.report(findings).await?;
    }
}

async fn branches(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let mut findings = Vec::new();
    let dangling = scan.scratch.dangling_heads().await?;
    for branch in again::still_dangling(scan, dangling).await? {
        let head = branch.head.clone().unwrap_or_default();
        let id = branch_id(scan, &branch.repo_id, &branch.name).await?;
        let mut finding = Finding::new(
            Evidence::HeadDangling(Head { head: head.clone() }),
            Subject::Branch,
            id,
        );
        finding.repo = branch.repo_id;
        let code = Code::RowMissing;
        if let Some(cause) = scan.scratch.finding_on(&head, code as u16).await? {
            finding.caused_by = Some(format!("{code} {head}"));
            // What cannot be done for the row cannot be done for the branch.
            if let Some(why) = spool::from_row(cause).and_then(|cause| cause.refused) {
                let why = format!("of its commit, {why}");
                finding = finding.without_remedy(&why);
            }
        }
        findings.push(finding);
    }
    for (repo_id, name, heads) in scan.scratch.duplicate_branches().await? {
        let id = branch_id(scan, &repo_id, &name).await?;
        let heads = heads.split(' ').filter(|head| !head.is_empty());
        let heads = heads.map(str::to_owned).collect();
        let mut finding = Finding::new(
            Evidence::BranchDuplicate(Heads { heads }),
            Subject::Branch,
            id,
        );
        finding.repo = repo_id;
        findings.push(finding);
    }
    scan.report(findings).await
}

/// Names that no client can keep as files; of one repository at a time, since they clash with each other.
async fn branch_names(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    // Before the first: a name that is empty is judged too.
    let mut after = (String::new(), String::new());
    let mut names: Vec<String> = Vec::new();
    loop {
        let page = scan.scratch.living_branches(&after, PAGE).await?;
        let end = page.len() < PAGE as usize;
        for (repo_id, name) in page {
            if repo_id != after.0 {
                unsafe_names(scan, &after.0, &mut names).await?;
            }
            names.push(name.clone());
            after = (repo_id, name);
        }
        if end {
            return unsafe_names(scan, &after.0, &mut names).await;
        }
        scan.progress.checkpoint().await?;
    }
}

async fn unsafe_names(
    scan: &mut Scan<'_>,
    repo_id: &str,
    names: &mut Vec<String>,
) -> Result<(), AuditError> {
    let mut findings = Vec::new();
    for (name, why) in branch::check_all(names.iter().map(String::as_str)) {
        let id = branch_id(scan, repo_id, &name).await?;
        let evidence = Evidence::BranchUnsafe(UnsafeName {
            alone: branch::check(&name).is_some(),
            name,
            why: why.to_string(),
        });
        let mut finding = Finding::new(evidence, Subject::Branch, id);
        repo_id.clone_into(&mut finding.repo);
        findings.push(finding);
    }
    names.clear();
    scan.report(findings).await
}

/// `owner/slug:name`.
async fn branch_id(scan: &Scan<'_>, repo_id: &str, name: &str) -> Result<String, AuditError> {
    let path = scan.scratch.repo_path(repo_id).await?;
    Ok(format!("{}:{name}", path.as_deref().unwrap_or(repo_id)))
}

async fn proposals(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    let (index, only) = (scan.store.index(), scan.only.clone());
    let mut pages = match &only {
        Some(repo_id) => index.proposal_pages_of(repo_id, PAGE),
        None => index.proposal_pages(PAGE),
    };
    while let Some(rows) = pages.try_next().await? {
        let merged = rows.iter().filter(|row| row.state == "merged");
        let merged = merged.filter_map(|row| row.merge_commit_id.clone());
        scan.know(Kind::Commit, &merged.collect::<Vec<_>>()).await?;
        let mut findings = Vec::new();
        for row in &rows {
            scan.summary.checked.proposals += 1;
            if row.state != "merged" {
                continue;
            }
            let merge = reconstruct::non_empty(row.merge_commit_id.as_deref());
            let (why, cause) = match merge {
                None => ("it names no merge commit", None),
                Some(id) => {
                    let known = scan.scratch.known(Kind::Commit, &[id.to_owned()]).await?;
                    match (known.contains_key(id), ObjectId::new(id).hex()) {
                        (false, _) => ("its merge commit has no row", Some(Code::RowMissing)),
                        (true, None) => (
                            "its merge commit's id is malformed",
                            Some(Code::IdMalformed),
                        ),
                        (true, Some(_)) => continue,
                    }
                }
            };
            let evidence = Evidence::ProposalDangling(Proposal {
                merge_commit_id: merge.map(str::to_owned),
                title: row.title.clone(),
                why: why.to_owned(),
            });
            let mut finding = Finding::new(evidence, Subject::Proposal, &row.proposal_id);
            finding.repo.clone_from(&row.repo_id);
            if let (Some(code), Some(id)) = (cause, merge)
                && scan.scratch.finding_on(id, code as u16).await?.is_some()
            {
                finding.caused_by = Some(format!("{code} {id}"));
            }
            findings.push(finding);
        }
        scan.report(findings).await?;
    }
    Ok(())
}

/// Blob rows that no tree names. Where a tree could not be read, a blob may be named there, and none is judged.
async fn unreferenced(scan: &mut Scan<'_>) -> Result<(), AuditError> {
    if scan.trees_unknown {
        scan.summary.not_judged.push(Code::BlobUnreferenced);
        scan.summary.not_judged.sort_unstable();
        return Ok(());
    }
    let mut after = String::new();
    loop {
        let page = scan.scratch.unnamed_blobs(&after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let page = again::still_there(scan, Kind::Blob, page).await?;
        let holders = scan.scratch.holders(Kind::Blob, &page).await?;
        let findings = page
            .iter()
            .map(|id| {
                let evidence = Evidence::BlobUnreferenced(evidence::Nothing {});
                let mut finding = Finding::new(evidence, Subject::Blob, id);
                finding.repo = holders
                    .get(id)
                    .and_then(|h| h.first())
                    .cloned()
                    .unwrap_or_default();
                finding
            })
            .collect();
        scan.report(findings).await?;
    }
}
