//! Checks that must succeed before anything is written. Reading goes on. Reading goes on.

use super::Options;
use crate::{Journal, Plan, RepairError, hub_binding};
use luthier_hub::store::{Store, StoreError};
use luthier_object::time::Micros;
use std::time::SystemTime;

/// Clocks further apart than this make the grace window worthless: 5 minutes.
const TOO_SKEWED: Micros = 300_000_000;

/// Looks for a reason not to write.
///
/// # Errors
/// [`RepairError::Breaker`], which names itself and what to do; or a side that does not tell its time.
pub(super) async fn check(
    store: &Store,
    plan: &Plan,
    journal: &Journal,
    options: &Options,
) -> Result<(), RepairError> {
    let hub = store.hub();
    if let Some(alarm) = plan.alarms().first()
        && !options.mass_fault
    {
        let name = &hub.name;
        return Err(RepairError::Breaker(match plan.is_partial() {
            true => format!(
                "{alarm}. The plan was made from a part of the hub's rows. Plan again as a user who is shown all of them; \
                 `luthier doctor` says which are hidden. To apply this plan all the same, confirm the hub's name with \
                 --mass-fault {name}"
            ),
            false => format!(
                "{alarm}; see with `luthier doctor` whether this is the right store, and if it is, confirm with \
                 --mass-fault {name}"
            ),
        }));
    }
    hub_binding::check(journal, store, options.new_pair)?;
    let here = here();
    let database = store.index().now().await.map_err(StoreError::from)?;
    let objects = store.backend().now().await.map_err(StoreError::from)?;
    let clocks = [
        ("this machine", here),
        ("the database", database),
        ("the object store", objects),
    ];
    skew(&clocks).map_or(Ok(()), |why| Err(RepairError::Breaker(why)))
}

fn here() -> Micros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as Micros)
}

/// Returns the clocks that are furthest apart, where that is too far.
fn skew(clocks: &[(&str, Micros)]) -> Option<String> {
    let slowest = clocks.iter().min_by_key(|(_, now)| *now)?;
    let fastest = clocks.iter().max_by_key(|(_, now)| *now)?;
    let apart = fastest.1.saturating_sub(slowest.1);
    (apart > TOO_SKEWED).then(|| {
        format!(
            "clocks: {} is {} s ahead of {}; the grace period depends on these clocks; synchronise them",
            fastest.0,
            apart / 1_000_000,
            slowest.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::skew;

    #[test]
    fn clocks_up_to_five_minutes_apart_are_borne() {
        let second = 1_000_000;
        let of = |other| skew(&[("this machine", 900 * second), ("the database", other)]);
        assert_eq!(of(900 * second), None);
        assert_eq!(of(600 * second), None);
        assert_eq!(of(1_200 * second), None);
        let why = of(599 * second).unwrap();
        assert!(
            why.contains("this machine is 301 s ahead of the database"),
            "{why}"
        );
        assert!(of(1_201 * second).unwrap().contains("the database is"));
    }
}
