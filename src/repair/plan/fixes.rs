//! Finds out what can be done about each finding: by the plan of everything that needs no decision.

use super::choose::{self, TRIED};
use super::draft::Draft;
use super::{PAGE, Refusal, Selection, make};
use crate::RepairError;
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
        let some: Vec<(u64, Fix)> = skips
            .iter()
            .filter_map(|skip| Some((skip.place?, fix(&skip.refusal, &wanted))))
            .collect();
        report.set_fixes(None, &some).await?;
    }
    Ok(tried)
}

/// What is wrong with the cache of a snapshot whose object a copy restores is repaired with it.
fn fix(refusal: &Refusal, wanted: &HashSet<String>) -> Fix {
    match (refusal.decision, &refusal.wanted) {
        (true, _) => Fix::Decide,
        (false, Some(_)) => Fix::Copy,
        (false, None) if of_cache(refusal.code) && wanted.contains(&refusal.id) => Fix::Copy,
        (false, None) => Fix::None,
    }
}

const fn of_cache(code: Code) -> bool {
    matches!(
        code,
        Code::CacheBroken | Code::ManifestEmptied | Code::DeltaBroken
    )
}
