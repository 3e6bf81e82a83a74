//! Ref checkpoints of the demo hub: what the store knows of where branches point.

use super::DemoError;
use super::repository::{Heads, Saved};
use super::world::World;
use luthier_hub::backend::Put;
use luthier_hub::store::checkpoint::{Next, Refs};

impl World {
    /// Writes the checkpoints of every repository, once all its rows are there.
    pub(super) async fn save_refs(&self) -> Result<(), DemoError> {
        for repository in self.repos.values() {
            let (repo_id, saved) = (&repository.row.repo_id, &repository.saved);
            let made_at = repository.closing_row().pushed_at.unwrap_or_default();
            let Some(refs) = self.making.writer().store().refs_of(repo_id).await? else {
                return Err(DemoError::Script(format!("no row of {repo_id}")));
            };
            match saved {
                Saved::Never => {}
                Saved::Whole => drop(self.making.writer().save_refs(&refs, &made_at).await?),
                Saved::Before(heads) => {
                    let refs = before(refs, heads);
                    self.making.writer().save_refs(&refs, &made_at).await?;
                }
                Saved::Torn(heads) => {
                    let older = before(refs.clone(), heads);
                    self.making.writer().save_refs(&older, &made_at).await?;
                    self.tear(&refs, &made_at).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes half of the next checkpoint.
    async fn tear(&self, refs: &Refs, made_at: &str) -> Result<(), DemoError> {
        let next = self
            .making
            .writer()
            .store()
            .next_checkpoint(refs, made_at)
            .await?;
        let Next::Write { key, bytes, .. } = next else {
            return Err(DemoError::Script("nothing is left to be torn".to_owned()));
        };
        match self
            .making
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
