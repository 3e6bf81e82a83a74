//! Rows into the target: each batch in one transaction, then read back and compared.

use super::packed::{index_row, key_of};
use super::{Rebuild, RebuildError, UNKNOWN};
use crate::backend::Key;
use crate::index::rebuild_scratch::{NamedBlob, TreeLine};
use crate::index::{BlobRow, CommitRow, NewRows, SnapshotRow};
use crate::store::StoreError;
use crate::store::columns::Columns;
use crate::store::rows;
use futures_util::{StreamExt, stream};
use luthier_object::time::Micros;
use luthier_object::{Kind, ObjectId, Proof, Record, SnapshotRecord};
use std::collections::{HashMap, HashSet};

/// Rows asked for at once; snapshots may weigh megabytes, so there are fewer of them.
const PAGE: u32 = 500;
const TREES: u32 = 16;

/// Objects read at once.
const CONCURRENCY: usize = 8;

/// (blob, repository) pairs remembered as laid down, so that a blob that a million trees name is laid
/// down once or little more.
const REMEMBERED: usize = 500_000;

impl Rebuild<'_> {
    pub(super) async fn fill(&mut self) -> Result<(), RebuildError> {
        self.fill_repos().await?;
        self.fill_commits().await?;
        self.fill_trees().await?;
        self.find_unlisted().await?;
        if self.is_held_back() {
            return self.tell_missing().await;
        }
        self.report.unnamed += self.scratch.hold_rest_of_blobs(UNKNOWN).await?;
        self.placeholders().await?;
        self.fill_repos().await?;
        self.fill_blobs().await?;
        self.fill_memberships().await?;
        self.fill_branches().await?;
        self.tell_missing().await
    }

    /// Adds rows; a stop takes effect between two batches.
    async fn insert(&self, rows: &NewRows) -> Result<(), RebuildError> {
        self.progress.checkpoint().await?;
        Ok(self.target.insert(rows).await?)
    }

    async fn fill_repos(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("repositories", None);
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let repos = self.scratch.repos(&after, PAGE).await?;
            let Some(last) = repos.last() else {
                self.report.repos = count;
                return Ok(());
            };
            after.clone_from(&last.repo_id);
            count += repos.len() as u64;
            let rows = NewRows {
                repos,
                ..NewRows::default()
            };
            self.insert(&rows).await?;
            for row in &rows.repos {
                let found = self.target.store().index().repo_by_id(&row.repo_id).await?;
                same("repository", &row.repo_id, row, found.as_ref())?;
            }
        }
    }

    async fn fill_commits(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("commits", None);
        let mut after = String::new();
        loop {
            let lines = self.scratch.commits(&after, PAGE).await?;
            let Some(last) = lines.last() else {
                return Ok(());
            };
            after.clone_from(&last.hex);
            let keys = lines
                .iter()
                .map(|line| (line.key.as_str(), line.hex.as_str()));
            let read = self.read(Kind::Commit, keys.collect()).await?;
            let mut commits: Vec<CommitRow> = Vec::with_capacity(lines.len());
            for (line, read) in lines.iter().zip(read) {
                if let Some((Record::Commit(record, _), uri)) = read {
                    commits.push(rows::commit(&record, &line.repo_id, uri));
                }
            }
            self.put_commits(commits).await?;
        }
    }

    async fn put_commits(&mut self, commits: Vec<CommitRow>) -> Result<(), RebuildError> {
        let ids: Vec<String> = commits.iter().map(|row| row.commit_id.clone()).collect();
        let rows = NewRows {
            commits,
            ..NewRows::default()
        };
        self.insert(&rows).await?;
        let found = self.target.store().index().commits_by_id(&ids).await?;
        let found: HashMap<_, _> = found
            .iter()
            .map(|row| (row.commit_id.as_str(), row))
            .collect();
        for row in &rows.commits {
            let id = row.commit_id.as_str();
            same("commit", id, row, found.get(id).copied())?;
        }
        self.report.commits += ids.len() as u64;
        self.progress.update(|f| f.done += ids.len() as u64);
        Ok(())
    }

    /// Snapshots from the oldest on, so that a blob gets the path under which it was first named.
    async fn fill_trees(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("snapshots", None);
        let mut after: Option<(Micros, String)> = None;
        let mut remembered = HashSet::new();
        loop {
            let behind = after.as_ref().map(|(at, hex)| (*at, hex.as_str()));
            let lines = self.scratch.trees(behind, TREES).await?;
            let Some(last) = lines.last() else {
                return Ok(());
            };
            after = Some((last.at, last.hex.clone()));
            let keys = lines
                .iter()
                .map(|line| (line.key.as_str(), line.hex.as_str()));
            let read = self.read(Kind::Snapshot, keys.collect()).await?;
            let mut snapshots: Vec<SnapshotRow> = Vec::with_capacity(lines.len());
            for (line, read) in lines.iter().zip(read) {
                if let Some((Record::Snapshot(record, _), uri)) = read {
                    self.name_blobs(line, &record, &mut remembered).await?;
                    let repo = line.repos.first().map_or(UNKNOWN, String::as_str);
                    snapshots.push(rows::snapshot(&record, repo, uri));
                }
            }
            self.put_snapshots(snapshots).await?;
        }
    }

    async fn put_snapshots(&mut self, snapshots: Vec<SnapshotRow>) -> Result<(), RebuildError> {
        let ids: Vec<String> = snapshots
            .iter()
            .map(|row| row.snapshot_id.clone())
            .collect();
        let rows = NewRows {
            snapshots,
            ..NewRows::default()
        };
        self.insert(&rows).await?;
        let found = self.target.store().index().snapshots_by_id(&ids).await?;
        let found: HashMap<_, _> = found
            .iter()
            .map(|row| (row.snapshot_id.as_str(), row))
            .collect();
        for row in &rows.snapshots {
            let id = row.snapshot_id.as_str();
            same("snapshot", id, row, found.get(id).copied())?;
        }
        self.report.snapshots += ids.len() as u64;
        self.progress.update(|f| f.done += ids.len() as u64);
        Ok(())
    }

    /// Lays down the blobs that a tree names: those that the store has, and those that it lacks.
    async fn name_blobs(
        &self,
        line: &TreeLine,
        record: &SnapshotRecord,
        remembered: &mut HashSet<[u8; 32]>,
    ) -> Result<(), RebuildError> {
        let entries: Vec<_> = record.manifest.iter().collect();
        let own = line.repos.first().map_or(UNKNOWN, String::as_str);
        for entries in entries.chunks(1_000) {
            let news: Vec<_> = entries
                .iter()
                .filter(|(_, id)| is_news(remembered, id, &line.repos))
                .collect();
            let hexes: Vec<String> = news
                .iter()
                .filter_map(|(_, id)| Some(id.hex()?.to_owned()))
                .collect();
            let keys = self.scratch.keys(Kind::Blob, &hexes).await?;
            let (mut named, mut held, mut lacking) = (Vec::new(), Vec::new(), Vec::new());
            for (path, id) in news {
                let Some(hex) = id.hex().filter(|hex| keys.contains_key(*hex)) else {
                    let by = record.snapshot_id.as_str().to_owned();
                    lacking.push((Kind::Blob, id.as_str().to_owned(), by));
                    continue;
                };
                named.push(NamedBlob {
                    id: id.as_str().to_owned(),
                    hex: hex.to_owned(),
                    path: (*path).clone(),
                    repo_id: own.to_owned(),
                    created_at: rows::instant(&record.created_at),
                });
                let repos = line.repos.iter().cloned();
                held.extend(repos.map(|repo| (id.as_str().to_owned(), repo)));
            }
            self.scratch.add_named(&named).await?;
            self.scratch.hold_blobs(&held).await?;
            self.scratch.lack(&lacking).await?;
        }
        Ok(())
    }

    async fn fill_blobs(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("blobs", None);
        let mut after = String::new();
        loop {
            let lines = self.scratch.blobs(&after, PAGE).await?;
            let Some(last) = lines.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            let backend = self.target.store().backend();
            let (mut blobs, mut packed): (Vec<BlobRow>, _) = (Vec::new(), Vec::new());
            for line in &lines {
                if let Ok(key) = key_of(&line.key, &line.id) {
                    blobs.push(rows::blob(line, backend.uri_for(&key)));
                    packed.extend(index_row(&key, &line.id));
                }
            }
            let ids: Vec<String> = blobs.iter().map(|row| row.object_id.clone()).collect();
            let rows = NewRows {
                blobs,
                packed,
                ..NewRows::default()
            };
            self.insert(&rows).await?;
            let found = self.target.store().index().blobs_by_id(&ids).await?;
            let found: HashMap<_, _> = found
                .iter()
                .map(|row| (row.object_id.as_str(), row))
                .collect();
            for row in &rows.blobs {
                let id = row.object_id.as_str();
                same("blob", id, row, found.get(id).copied())?;
            }
            self.report.blobs += ids.len() as u64;
            self.progress.update(|f| f.done += ids.len() as u64);
        }
    }

    async fn fill_memberships(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("memberships", None);
        for kind in Kind::ALL {
            let mut after: Option<(String, String)> = None;
            loop {
                let held = self.scratch.held(kind, after.as_ref(), PAGE).await?;
                let Some((last, _)) = held.last() else {
                    break;
                };
                after = Some(last.clone());
                self.report.memberships += held.len() as u64;
                let memberships = held.into_iter().map(|(_, row)| (kind, row)).collect();
                let rows = NewRows {
                    memberships,
                    ..NewRows::default()
                };
                self.insert(&rows).await?;
            }
        }
        Ok(())
    }

    /// Writes branches last: a database with branches has every other row.
    async fn fill_branches(&mut self) -> Result<(), RebuildError> {
        self.progress.phase("branches", None);
        let mut after = String::new();
        loop {
            let branches = self.scratch.branches(&after, PAGE).await?;
            let Some(last) = branches.last() else {
                return Ok(());
            };
            after.clone_from(&last.branch_id);
            self.report.branches += branches.len() as u64;
            let rows = NewRows {
                branches,
                ..NewRows::default()
            };
            self.insert(&rows).await?;
        }
    }

    /// Reads the valid object under each key, with the URI that a row gives to it; `None` if it can no longer be read,
    /// which is counted.
    async fn read(
        &mut self,
        kind: Kind,
        keys: Vec<(&str, &str)>,
    ) -> Result<Vec<Option<(Record, String)>>, RebuildError> {
        let store = self.target.store();
        let read: Vec<_> = stream::iter(&keys)
            .map(|(key, hex)| async move {
                let key = Key::new(*key).map_err(|e| e.to_string())?;
                let read = store.read_object(&key).await;
                let bytes = read.map_err(|error| match error {
                    StoreError::Backend(error) => error.reason(key.as_str()),
                    error => error.to_string(),
                })?;
                let bytes = bytes.ok_or_else(|| "it is gone".to_owned())?;
                let proof = Proof::read(kind, &ObjectId::new(*hex), &bytes);
                let record = proof.map_err(|why| why.to_string())?.into_record();
                Ok::<_, String>((record, store.backend().uri_for(&key)))
            })
            .buffered(CONCURRENCY)
            .collect()
            .await;
        let mut out = Vec::with_capacity(read.len());
        for (read, (key, _)) in read.into_iter().zip(keys) {
            out.push(match read {
                Ok(read) => Some(read),
                Err(why) => {
                    self.report.unknown(key.to_owned(), why);
                    None
                }
            });
        }
        Ok(out)
    }
}

/// Returns whether a row came back as it was written, whatever the database spells it in.
fn same<R: Columns>(
    what: &str,
    id: &str,
    wanted: &R,
    found: Option<&R>,
) -> Result<(), RebuildError> {
    let what = || format!("the {what} {id}");
    let Some(found) = found else {
        return Err(RebuildError::Differs {
            what: what(),
            column: "row",
        });
    };
    let pairs = wanted.columns().into_iter().zip(found.columns());
    match pairs.into_iter().find(|(wanted, found)| wanted != found) {
        None => Ok(()),
        Some((wanted, _)) => Err(RebuildError::Differs {
            what: what(),
            column: wanted.name,
        }),
    }
}

/// Returns whether it is not remembered that all these repositories hold a blob.
fn is_news(remembered: &mut HashSet<[u8; 32]>, id: &ObjectId, repos: &[String]) -> bool {
    use sha2::{Digest, Sha256};
    if remembered.len() >= REMEMBERED {
        remembered.clear();
    }
    let mut hasher = Sha256::new();
    for text in std::iter::once(id.as_str()).chain(repos.iter().map(String::as_str)) {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    remembered.insert(hasher.finalize().into())
}
