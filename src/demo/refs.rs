//! Ref checkpoints of the demo hub: what the store knows of where branches point.

use super::DemoError;
use super::world::World;
use crate::backend::Put;
use crate::store::checkpoint::{Next, Refs};
use std::collections::BTreeMap;

/// Heads as they were when a checkpoint was made; `None` for a branch that did not exist.
pub(super) type Heads = BTreeMap<String, Option<String>>;

/// The checkpoints of a repository.
#[derive(Clone, Default)]
pub(super) enum Saved {
    /// One that says what the rows say.
    #[default]
    Whole,
    Never,
    /// One from before some branches moved.
    Before(Heads),
    /// The same, and a newer one of which half is there.
    Torn(Heads),
}

impl World {
    /// Writes the checkpoints of every repository, once all its rows are there.
    pub(super) async fn save_refs(&self) -> Result<(), DemoError> {
        for repository in self.repos.values() {
            let (repo_id, saved) = (&repository.row.repo_id, &repository.saved);
            let made_at = repository.closing_row().pushed_at.unwrap_or_default();
            let Some(refs) = self.writer.store().refs_of(repo_id).await? else {
                return Err(DemoError::Script(format!("no row of {repo_id}")));
            };
            match saved {
                Saved::Never => {}
                Saved::Whole => drop(self.writer.save_refs(&refs, &made_at).await?),
                Saved::Before(heads) => {
                    let refs = before(refs, heads);
                    self.writer.save_refs(&refs, &made_at).await?;
                }
                Saved::Torn(heads) => {
                    let older = before(refs.clone(), heads);
                    self.writer.save_refs(&older, &made_at).await?;
                    self.tear(&refs, &made_at).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes half of the next checkpoint.
    async fn tear(&self, refs: &Refs, made_at: &str) -> Result<(), DemoError> {
        let next = self.writer.store().next_checkpoint(refs, made_at).await?;
        let Next::Write { key, bytes, .. } = next else {
            return Err(DemoError::Script("nothing is left to be torn".to_owned()));
        };
        match self
            .writer
            .plant(&key, bytes.slice(..bytes.len() / 2))
            .await?
        {
            Put::Stored => Ok(()),
            Put::AlreadyThere => Err(DemoError::Refused(format!("{key} is taken"))),
        }
    }
}

fn before(mut refs: Refs, heads: &Heads) -> Refs {
    refs.branches
        .retain(|row| heads.get(&row.name).is_none_or(Option::is_some));
    for row in &mut refs.branches {
        if let Some(head) = heads.get(&row.name) {
            row.head_commit_id.clone_from(head);
        }
    }
    refs
}
