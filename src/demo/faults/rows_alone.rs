//! What any hub has whose commits and snapshots are rows alone: information, not damage.

use super::Declared;
use crate::repository::Saved;
use crate::world::World;
use luthier_audit::{Code, Subject};
use luthier_hub::index::HubEra;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;

/// Returns what an audit finds, given the faults that were built in: no commit and no snapshot has an object, and the
/// store does not know where branches point. Hubs had no checkpoints then.
pub(crate) fn of_rows_alone(
    world: &mut World,
    mut faults: Vec<Declared>,
    tables: HubEra,
) -> Vec<Declared> {
    // Said of the whole hub below, where a row could name an object at all.
    faults.retain(|fault| fault.code != Code::UriMissing);
    if tables == HubEra::June {
        let judged = without_plain_id(&faults);
        let plain = |(kind, id): &(Kind, ObjectId)| {
            Declared::new(Code::UriMissing, (*kind).into(), id.as_str())
        };
        let unlinked = world.unlinked.iter().map(plain);
        let unlinked: Vec<_> = unlinked.filter(|d| !judged.contains(&d.id)).collect();
        faults.extend(unlinked);
    }
    for (path, repository) in &mut world.repos {
        repository.saved = Saved::Never;
        let branches = repository.branches.keys();
        faults.extend(branches.map(|branch| {
            let id = format!("{path}:{branch}");
            Declared::new(Code::RefsUnsaved, Subject::Branch, id)
        }));
    }
    faults.sort();
    faults.dedup();
    faults
}

/// Returns the ids of rows that are judged by their identity, not by the object that they lack.
fn without_plain_id(faults: &[Declared]) -> BTreeSet<String> {
    let by_identity = |code| {
        matches!(
            code,
            Code::IdMalformed
                | Code::IdentityAmbiguous
                | Code::IdentityStale
                | Code::IdentityUnverifiable
                | Code::SpellingLost
        )
    };
    let judged = faults.iter().filter(|fault| by_identity(fault.code));
    judged.map(|fault| fault.id.clone()).collect()
}
