//! Finds out what can be done about each finding: by the plan of everything that needs no decision.

use super::choose::{self, TRIED};
use super::draft::Draft;
use super::{PAGE, Refusal, Selection, make};
use crate::RepairError;
use crate::steps::subject_id;
use luthier_audit::{Code, Filter, Fix, Report};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use std::collections::HashSet;

/// Findings of which a step is made to find out whether there is one. Of more it is only told what is chosen.
const MADE: u64 = 2_000;

/// Objects of which it is remembered that a copy would restore them.
const WANTED: usize = 100_000;

/// Says in the report what can be done about each of its findings. Returns whether each was tried; otherwise a plan may
/// skip more of them. Reads; writes nothing to the hub.
///
/// # Errors
/// As [`plan`](super::plan).
pub async fn find_fixes(
    store: &Store,
    report: &Report,
    progress: &Progress,
) -> Result<bool, RepairError> {
    // What a folder of copies has is no property of the hub: with it or without it, such a finding needs a copy.
    let alone = store.clone().without_copies();
    let mut draft = Draft::new(&alone, report, progress)?;
    let selection = Selection::Auto(Filter::default());
    let chosen = choose::choose(&mut draft, &selection).await?;
    let tried = chosen.len() <= MADE && draft.tried < TRIED;
    if chosen.len() <= MADE {
        make(&mut draft, &chosen).await?;
    }
    let plan = draft.plan.finish()?;
    report.set_fixes(Some(Fix::Auto), &[]).await?;
    let mut wanted = HashSet::new();
    for skip in (0..plan.totals.refused).step_by(PAGE as usize) {
        let skips = plan.refused.page(skip, PAGE)?.into_iter();
        let skips = skips.filter(|skip| skip.refusal.wanted.is_some());
        wanted.extend(
            skips
                .map(|skip| skip.refusal.id)
                .take(WANTED - WANTED.min(wanted.len())),
        );
    }
    for skip in (0..plan.totals.refused).step_by(PAGE as usize) {
        let skips = plan.refused.page(skip, PAGE)?;
        let mut some: Vec<(u64, Fix)> = Vec::with_capacity(skips.len());
        for skip in &skips {
            let Some(place) = skip.place else { continue };
            let subject = subject(report, place, &skip.refusal).await?;
            some.push((place, fix(&skip.refusal, wanted.contains(&subject))));
        }
        report.set_fixes(None, &some).await?;
    }
    Ok(tried)
}

/// Returns the id of the row that a skipped finding is about: of a dangling head, that of the commit.
async fn subject(report: &Report, place: u64, refusal: &Refusal) -> Result<String, RepairError> {
    if refusal.code == Code::HeadDangling
        && let [found] = report.at(&[place]).await?.as_slice()
    {
        return Ok(subject_id(&found.finding).to_owned());
    }
    Ok(refusal.id.clone())
}

/// What is wrong with the cache of a snapshot whose object a copy restores is repaired with it, and so is a branch with
/// the row of its commit.
fn fix(refusal: &Refusal, is_wanted: bool) -> Fix {
    match (refusal.decision, &refusal.wanted) {
        (true, _) => Fix::Decide,
        (false, Some(_)) => Fix::Copy,
        (false, None) if is_repaired_with(refusal.code) && is_wanted => Fix::Copy,
        (false, None) => Fix::None,
    }
}

const fn is_repaired_with(code: Code) -> bool {
    matches!(
        code,
        Code::CacheBroken | Code::ManifestEmptied | Code::DeltaBroken | Code::HeadDangling
    )
}
