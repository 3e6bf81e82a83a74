//! Chooses the findings that become steps, and skips others before anything is read.

use super::checkpoints::repo_id;
use super::draft::Draft;
use super::group::Group;
use super::{Refusal, Selection};
use crate::RepairError;
use crate::lacking::Wanted;
use crate::steps::{remedy_of, subject_id, subject_kind};
use luthier_audit::{Auto, Code, Filter, Finding, Numbered, Remedy, Subject};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Findings read at once. Behind a filter each page costs what it skips, so pages are large.
const PAGE: u32 = 5_000;

/// Findings that need a decision, of which a plan finds out whether it would lead to a step.
pub(super) const TRIED: usize = 2_000;

/// One finding that becomes part of a step: 32 bytes, so that a million can be sorted.
struct Chosen {
    kind: Subject,
    /// Of the id: findings of one subject come together. Of a branch, of its repository's.
    subject: [u8; 16],
    remedy: Remedy,
    ordinal: u64,
    code: Code,
}

/// Everything that becomes a step.
#[derive(Default)]
pub(super) struct Choice {
    findings: Vec<Chosen>,
}

impl Choice {
    /// Counts the findings.
    pub fn len(&self) -> u64 {
        self.findings.len() as u64
    }

    /// Returns the steps' findings of one kind, in the order of the report.
    pub fn groups(&self, kind: Subject) -> Vec<Group> {
        let mut own: Vec<&Chosen> = self.findings.iter().filter(|c| c.kind == kind).collect();
        own.sort_unstable_by_key(|c| (c.subject, c.remedy, c.ordinal));
        let mut groups: Vec<Group> = own
            .chunk_by(|a, b| (a.subject, a.remedy) == (b.subject, b.remedy))
            .map(|group| Group {
                ordinal: group[0].ordinal,
                code: group[0].code,
                others: group[1..].iter().map(|c| (c.ordinal, c.code)).collect(),
            })
            .collect();
        groups.sort_unstable_by_key(|group| group.ordinal);
        groups
    }
}

/// Goes through the selection once.
pub(super) async fn choose(
    draft: &mut Draft<'_>,
    selection: &Selection,
) -> Result<Choice, RepairError> {
    let mut choice = Choice::default();
    draft.progress.phase("choosing", None);
    match selection {
        Selection::Auto(filter) => through(draft, filter, false, &mut choice).await?,
        Selection::Chosen(filter) => through(draft, filter, true, &mut choice).await?,
        Selection::Ordinals(places) => {
            for places in places.chunks(PAGE as usize) {
                let page = draft.report.at(places).await?;
                take(draft, page, true, &mut choice).await?;
                draft.progress.checkpoint().await?;
            }
        }
    }
    Ok(choice)
}

async fn through(
    draft: &mut Draft<'_>,
    filter: &Filter,
    named: bool,
    choice: &mut Choice,
) -> Result<(), RepairError> {
    let mut skip = 0;
    loop {
        let page = draft.report.page(filter, skip, PAGE).await?;
        let count = page.len() as u64;
        take(draft, page, named, choice).await?;
        skip += count;
        draft.progress.update(|f| f.done = skip);
        draft.progress.checkpoint().await?;
        if count < u64::from(PAGE) {
            return Ok(());
        }
    }
}

async fn take(
    draft: &mut Draft<'_>,
    page: Vec<Numbered>,
    named: bool,
    choice: &mut Choice,
) -> Result<(), RepairError> {
    let mut tried = match named {
        true => BTreeMap::new(),
        false => undecided(draft, &page).await?,
    };
    let has_copies = draft.store.copies().is_some();
    for Numbered {
        ordinal, finding, ..
    } in page
    {
        let tried = tried.remove(&ordinal);
        // What the hub has nothing to repair with is no decision: whoever names a folder of copies asks for it.
        let from_copies = has_copies && tried.as_ref().is_some_and(|why| why.wanted.is_some());
        if let Some(refusal) = tried.filter(|_| !from_copies) {
            draft.plan.skip(ordinal, refusal)?;
            continue;
        }
        match draft.refusal(&finding, named || from_copies) {
            None => {
                let remedy = remedy_of(&finding);
                let hash: [u8; 32] = match remedy {
                    Remedy::Checkpoint => Sha256::digest(repo_id(&finding)),
                    _ => Sha256::digest(subject_id(&finding)),
                }
                .into();
                let mut subject = [0; 16];
                subject.copy_from_slice(&hash[..16]);
                choice.findings.push(Chosen {
                    kind: subject_kind(&finding).map_or(finding.kind, Subject::from),
                    subject,
                    remedy,
                    ordinal,
                    code: finding.code,
                });
            }
            Some((why, decision)) => {
                let refusal = Refusal {
                    why,
                    decision,
                    code: finding.code,
                    wanted: Wanted::of(&finding).filter(|_| !decision),
                    id: finding.id,
                    repo: finding.repo,
                };
                draft.plan.skip(ordinal, refusal)?;
            }
        }
    }
    Ok(())
}

/// Returns the findings that no decision would make repairable from the hub alone, with the reason. Of many
/// the first are tried, since each costs what planning it costs.
async fn undecided(
    draft: &mut Draft<'_>,
    page: &[Numbered],
) -> Result<BTreeMap<u64, Refusal>, RepairError> {
    let asks = |numbered: &&Numbered| {
        let refusal = draft.refusal(&numbered.finding, false);
        refusal.is_some_and(|(_, decision)| decision)
    };
    let room = TRIED.saturating_sub(draft.tried);
    let places: Vec<u64> = page
        .iter()
        .filter(asks)
        .take(room)
        .map(|numbered| numbered.ordinal)
        .collect();
    draft.tried += places.len();
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let selection = Selection::Ordinals(places);
    let alone = draft.store.clone().without_copies();
    let tried = super::drafted(&alone, draft.report, &selection, draft.progress);
    let tried = Box::pin(tried).await?;
    tried.plan.finish()?.skipped_places()
}

impl Draft<'_> {
    /// Returns the reason why a finding is skipped, and whether only a decision is missing; `named` says that a person
    /// chose it.
    fn refusal(&self, finding: &Finding, named: bool) -> Option<(String, bool)> {
        let said = finding.refused.as_deref();
        let capabilities = self.store.index().capabilities();
        // What the audit saw nothing to work from may still be among the copies.
        let from_copies = self.store.copies().is_some() && Wanted::of(finding).is_some();
        let nothing = finding.auto == Auto::No || finding.remedy == Remedy::None;
        match finding.auto {
            _ if nothing && !from_copies => Some((
                match said {
                    Some(why) => why.to_owned(),
                    None if Wanted::of(finding).is_some() => {
                        "the hub has no valid copy of it; a copy from elsewhere is needed"
                            .to_owned()
                    }
                    None => finding.by_hand().unwrap_or_default(),
                },
                false,
            )),
            Auto::Ask if !named => Some(("it needs a decision".to_owned(), true)),
            _ if finding.code == Code::DirectoriesLost && !capabilities.directories() => Some((
                "the hub's snapshots have no column `directories` to keep them in".to_owned(),
                false,
            )),
            _ => None,
        }
    }
}
