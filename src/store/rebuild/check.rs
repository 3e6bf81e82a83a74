//! Checks what the target contains before anything is written: nothing, or rows that this store gives.

use super::{Rebuild, RebuildError, UNKNOWN};
use crate::backend::Key;
use crate::index::{BlobRow, CommitRow, SnapshotRow};
use crate::object::{Kind, ObjectId};
use std::collections::HashMap;

const PAGE: u32 = 500;

impl Rebuild<'_> {
    /// Refuses a database in which anything lies that is not of this store.
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
        let mut after: Option<String> = None;
        loop {
            let page = self
                .target
                .store()
                .index()
                .repos(after.as_deref(), PAGE)
                .await?;
            for row in &page.rows {
                let id = &row.repo_id;
                let found = self.scratch.repo(id).await?;
                if found.is_none() && id != UNKNOWN {
                    return Err(self.refused(format!("the store has no repository {id}")));
                }
            }
            after = page.rows.last().map(|row| row.repo_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    async fn check_branches(&self) -> Result<(), RebuildError> {
        let mut after: Option<String> = None;
        loop {
            let index = self.target.store().index();
            let page = index.branches(after.as_deref(), PAGE).await?;
            for row in &page.rows {
                if self.scratch.branch(&row.branch_id).await?.as_ref() != Some(row) {
                    let why = format!(
                        "the store does not know where its branch {} points",
                        row.name
                    );
                    return Err(self.refused(why));
                }
            }
            after = page.rows.last().map(|row| row.branch_id.clone()).or(after);
            if page.end {
                return Ok(());
            }
        }
    }

    async fn check_objects(&self) -> Result<(), RebuildError> {
        let index = self.target.store().index();
        macro_rules! check {
            ($read:ident, $row:ty, $id:ident, $kind:expr) => {{
                let mut after: Option<String> = None;
                loop {
                    let page = index.$read(after.as_deref(), PAGE).await?;
                    let pointers = page
                        .rows
                        .iter()
                        .map(|row: &$row| (row.$id.as_str(), row.storage_uri.as_deref()));
                    self.check_pointers($kind, pointers.collect()).await?;
                    after = page.rows.last().map(|row| row.$id.clone()).or(after);
                    if page.end {
                        break;
                    }
                    self.progress.checkpoint().await?;
                }
            }};
        }
        check!(commits, CommitRow, commit_id, Kind::Commit);
        check!(snapshots, SnapshotRow, snapshot_id, Kind::Snapshot);
        check!(blobs, BlobRow, object_id, Kind::Blob);
        Ok(())
    }

    /// Each row's pointer is the one that the store's own object of that id would get.
    async fn check_pointers(
        &self,
        kind: Kind,
        rows: Vec<(&str, Option<&str>)>,
    ) -> Result<(), RebuildError> {
        let hex = |id: &str| ObjectId::new(id).hex().map(str::to_owned);
        let hexes: Vec<String> = rows.iter().filter_map(|(id, _)| hex(id)).collect();
        let keys: HashMap<String, String> = self.scratch.keys(kind, &hexes).await?;
        for (id, uri) in rows {
            let key = hex(id).and_then(|hex| Key::new(keys.get(&hex)?).ok());
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
