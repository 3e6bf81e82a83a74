//! Rows that are pointed at their objects in groups: those who come while a group is under way are the next one.

use crate::index::{IndexError, IndexMut, Link};
use luthier_object::Kind;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The links of one writer that wait for their turn.
#[derive(Default)]
pub(super) struct Links {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    kind: Kind,
    link: Link,
    /// Hears whether the row was changed together with others.
    changed: oneshot::Sender<bool>,
}

impl Links {
    /// Points a row at its object by compare-and-set, in one transaction with those that wait too; `false` where it no
    /// longer is what was seen. A row that a group did not change is asked for by itself, so that no row's trouble is
    /// another's.
    ///
    /// # Errors
    /// The database did not do it, or did not say so.
    pub(super) async fn set(
        &self,
        index: &dyn IndexMut,
        kind: Kind,
        link: Link,
    ) -> Result<bool, IndexError> {
        let (changed, mut answer) = oneshot::channel();
        self.waiting().push(Waiting {
            kind,
            link: link.clone(),
            changed,
        });
        let turn = self.turn.lock().await;
        let changed = match answer.try_recv() {
            Ok(changed) => changed,
            Err(_) => {
                let group = self.take(kind);
                if group.len() < 2 {
                    return alone(index, kind, link).await;
                }
                together(index, kind, group).await;
                answer.try_recv().unwrap_or(false)
            }
        };
        drop(turn);
        match changed {
            true => Ok(true),
            false => alone(index, kind, link).await,
        }
    }

    /// Takes all that wait with a row of this kind; what nobody waits for any more is dropped.
    fn take(&self, kind: Kind) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        waiting.retain(|one| !one.changed.is_closed());
        waiting.extract_if(.., |one| one.kind == kind).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn alone(index: &dyn IndexMut, kind: Kind, link: Link) -> Result<bool, IndexError> {
    let changed = index.set_storage_uri(kind, &[link]).await?;
    Ok(!changed.is_empty())
}

/// Points rows at their objects in one transaction. Where that fails, none of them hears that it was changed.
async fn together(index: &dyn IndexMut, kind: Kind, group: Vec<Waiting>) {
    let links: Vec<Link> = group.iter().map(|one| one.link.clone()).collect();
    let changed = index.set_storage_uri(kind, &links).await;
    let changed: HashSet<String> = changed.unwrap_or_default().into_iter().collect();
    for one in group {
        // Who asked may have been dropped.
        let _ = one.changed.send(changed.contains(&one.link.id));
    }
}

#[cfg(test)]
#[path = "../../../../tests/store/links.rs"]
mod tests;
