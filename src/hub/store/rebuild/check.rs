//! Checks what the target contains before anything is written: nothing, or rows that this store gives.

use super::packed::key_of;
use super::{Rebuild, RebuildError, UNKNOWN};
use futures_util::TryStreamExt;
use luthier_object::{Kind, ObjectId};
use std::collections::HashMap;

const PAGE: u32 = 500;

impl Rebuild<'_> {
    /// Refuses a database that contains anything that is not of this store.
    pub(super) async fn check_target(&mut self) -> Result<(), RebuildError> {
        let counts = self.target.store().index().counts().await?;
        let rows =
            counts.repos + counts.branches + counts.commits + counts.snapshots + counts.blobs;
        self.report.rows_before = rows;
        if counts.proposals > 0 {
            return Err(self.refused("it contains proposals, which no store has".to_owned()));
        }
        if rows == 0 {
            return Ok(());
        }
        self.progress.phase("checking", Some(rows));
        self.check_repos().await?;
        self.check_branches().await?;
        self.check_objects().await
    }

    fn refused(&self, why: String) -> RebuildError {
        RebuildError::NotEmpty {
            database: self.target.store().index().describe(),
            why,
        }
    }

    async fn check_repos(&self) -> Result<(), RebuildError> {
        let mut pages = self.target.store().index().repo_pages(PAGE);
        while let Some(rows) = pages.try_next().await? {
            for row in &rows {
                let id = &row.repo_id;
                let found = self.scratch.repo(id).await?;
                if found.is_none() && id != UNKNOWN {
                    return Err(self.refused(format!("the store has no repository {id}")));
                }
            }
        }
        Ok(())
    }

    async fn check_branches(&self) -> Result<(), RebuildError> {
        let mut pages = self.target.store().index().branch_pages(PAGE);
        while let Some(rows) = pages.try_next().await? {
            for row in &rows {
                if self.scratch.branch(&row.branch_id).await?.as_ref() != Some(row) {
                    let why = format!(
                        "the store does not know where its branch {} points",
                        row.name
                    );
                    return Err(self.refused(why));
                }
            }
        }
        Ok(())
    }

    async fn check_objects(&self) -> Result<(), RebuildError> {
        let index = self.target.store().index();
        macro_rules! check {
            ($pages:ident, $id:ident, $kind:expr) => {{
                let mut pages = index.$pages(PAGE);
                while let Some(rows) = pages.try_next().await? {
                    let pointers = rows
                        .iter()
                        .map(|row| (row.$id.as_str(), row.storage_uri.as_deref()));
                    self.check_pointers($kind, pointers.collect()).await?;
                    self.progress.checkpoint().await?;
                }
            }};
        }
        check!(commit_pages, commit_id, Kind::Commit);
        check!(snapshot_pages, snapshot_id, Kind::Snapshot);
        check!(blob_pages, object_id, Kind::Blob);
        Ok(())
    }

    /// Checks that each row's storage_uri is the one that the stored object of that id would get.
    async fn check_pointers(
        &self,
        kind: Kind,
        rows: Vec<(&str, Option<&str>)>,
    ) -> Result<(), RebuildError> {
        let hex = |id: &str| ObjectId::new(id).hex().map(str::to_owned);
        let hexes: Vec<String> = rows.iter().filter_map(|(id, _)| hex(id)).collect();
        let keys: HashMap<String, String> = self.scratch.keys(kind, &hexes).await?;
        for (id, uri) in rows {
            let key = hex(id).and_then(|hex| key_of(keys.get(&hex)?, id).ok());
            let wanted = key.map(|key| self.target.store().backend().uri_for(&key));
            if wanted.is_none() || wanted.as_deref() != uri {
                let why = format!("the store does not have its {kind} {id}");
                return Err(self.refused(why));
            }
        }
        self.progress.update(|f| f.done += hexes.len() as u64);
        Ok(())
    }
}
