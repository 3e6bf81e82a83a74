//! Admits arrivals: everything is checked before anything is stored.

use super::stage::Staged;
use super::{Arrivals, HubReader, HubWriteError};
use crate::index::RepoRow;
use crate::store::Store;
use bytes::Bytes;
use luthier_object::{CommitRecord, Kind, ObjectId, Proven, Record, SnapshotRecord, path};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

/// The most bytes of blobs that may arrive at once: 512 MiB, as the hub's own packs.
pub const MAX_ARRIVALS: u64 = 512 << 20;

/// Ids asked for at once.
const IDS: usize = 500;

/// The reason why something is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// An id, a path, or a name.
    pub subject: String,
    pub why: String,
}

impl Objection {
    pub(super) fn new(subject: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.why)
    }
}

/// The admitted arrivals, valid, and the ids that the hub has already.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Each with the path that it came under.
    pub blobs: Vec<(String, Proven)>,
    /// Blobs that arrived ahead of the push.
    pub staged: Vec<Staged>,
    pub snapshots: Vec<Proven>,
    pub commits: Vec<Proven>,
    /// Blobs and snapshots that the arrivals need and that are there.
    pub known: Vec<(Kind, String)>,
}

impl Admitted {
    /// Returns the number of objects that arrive, and of their bytes.
    pub fn size(&self) -> (u64, u64) {
        let blobs = self.blobs.iter().map(|(_, object)| object);
        let objects = blobs.chain(&self.snapshots).chain(&self.commits);
        let sizes = objects.map(|object| object.bytes().len() as u64);
        let sizes = sizes.chain(self.staged.iter().map(|staged| staged.size));
        sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size))
    }

    /// Returns the commits that arrive.
    pub fn commit_records(&self) -> impl Iterator<Item = &CommitRecord> {
        self.commits
            .iter()
            .filter_map(|object| match object.record() {
                Record::Commit(record, _) => Some(&**record),
                Record::Snapshot(..) | Record::Blob(_) => None,
            })
    }
}

/// The checks of one site's arrivals.
struct Admission<'a> {
    store: &'a Store,
    repo: &'a RepoRow,
    objections: Vec<Objection>,
    admitted: Admitted,
}

impl HubReader {
    /// Looks at everything that arrives, and proves it.
    ///
    /// # Errors
    /// Every reason against it, or a side that did not answer.
    pub(super) async fn admit(
        &self,
        repo: &RepoRow,
        arrivals: Arrivals,
    ) -> Result<Admitted, HubWriteError> {
        let mut admission = Admission {
            store: self.store(),
            repo,
            objections: Vec::new(),
            admitted: Admitted::default(),
        };
        admission.blobs(&arrivals);
        admission.snapshots(&arrivals).await?;
        admission.commits(&arrivals).await?;
        match admission.objections.is_empty() {
            true => Ok(admission.admitted),
            false => Err(HubWriteError::Refused(admission.objections)),
        }
    }
}

impl Admission<'_> {
    fn object(&mut self, subject: &str, why: impl Into<String>) {
        self.objections.push(Objection::new(subject, why));
    }

    fn blobs(&mut self, arrivals: &Arrivals) {
        let total: u64 = arrivals.blobs.iter().map(|b| b.bytes.len() as u64).sum();
        if total > MAX_ARRIVALS {
            let why = format!("{total} bytes of blobs, more than {MAX_ARRIVALS} at once");
            self.object("the push", why);
        }
        for blob in &arrivals.blobs {
            if let Some(why) = path::check(&blob.path) {
                self.object(
                    &blob.path,
                    format!("a path that no client may check out: {why}"),
                );
            }
            match Proven::read(Kind::Blob, &blob.id, blob.bytes.clone()) {
                Ok(object) => self.admitted.blobs.push((blob.path.clone(), object)),
                Err(why) => self.object(blob.id.as_str(), why.to_string()),
            }
        }
    }

    async fn snapshots(&mut self, arrivals: &Arrivals) -> Result<(), HubWriteError> {
        let brought: HashSet<&str> = arrivals.blobs.iter().map(|b| b.id.bare()).collect();
        let mut named: BTreeMap<&ObjectId, &String> = BTreeMap::new();
        for record in &arrivals.snapshots {
            let id = &record.snapshot_id;
            match Proven::read(Kind::Snapshot, id, record.encode().into()) {
                Ok(object) => self.admitted.snapshots.push(object),
                Err(why) => self.object(id.as_str(), why.to_string()),
            }
            self.paths(record);
            for (path, id) in record.manifest.iter() {
                named.entry(id).or_insert(path);
            }
        }
        let missing: Vec<(&ObjectId, &String)> = named
            .into_iter()
            .filter(|(id, _)| !brought.contains(id.bare()))
            .collect();
        for chunk in missing.chunks(IDS) {
            let ids: Vec<String> = chunk.iter().map(|(id, _)| id.as_str().to_owned()).collect();
            let rows = self.store.index().blobs_by_id(&ids).await?;
            let there: HashSet<&str> = rows
                .iter()
                .filter(|row| row.storage_uri.is_some() || row.disk_path.is_some())
                .map(|row| row.object_id.as_str())
                .collect();
            let mut rowless = Vec::new();
            for (id, path) in chunk {
                if there.contains(id.as_str()) {
                    self.admitted
                        .known
                        .push((Kind::Blob, id.as_str().to_owned()));
                } else if let Ok(empty) = Proven::read(Kind::Blob, id, Bytes::new()) {
                    // Nobody has brought it: its id alone gives its bytes.
                    self.admitted.blobs.push(((*path).clone(), empty));
                } else {
                    rowless.push(((*id).clone(), (*path).clone()));
                }
            }
            self.staged(rowless).await?;
        }
        Ok(())
    }

    /// Admits blobs that arrived ahead of the push, and objects to those that did not.
    async fn staged(&mut self, blobs: Vec<(ObjectId, String)>) -> Result<(), HubWriteError> {
        let ids: Vec<ObjectId> = blobs.iter().map(|(id, _)| id.clone()).collect();
        let staged = self.store.staged(blobs).await?;
        let found: HashSet<ObjectId> = staged.iter().map(|blob| blob.id.clone()).collect();
        for id in ids.iter().filter(|id| !found.contains(id)) {
            self.object(
                id.as_str(),
                "a snapshot refers to this blob; it was not sent, and the hub does not have it",
            );
        }
        self.admitted.staged.extend(staged);
        Ok(())
    }

    fn paths(&mut self, record: &SnapshotRecord) {
        let refused = path::check_tree(&record.manifest, &record.directories);
        for (path, why) in refused.into_iter().take(3) {
            self.object(
                record.snapshot_id.as_str(),
                format!("no client may check out the path {path:?}: {why}"),
            );
        }
    }

    async fn commits(&mut self, arrivals: &Arrivals) -> Result<(), HubWriteError> {
        let snapshots: HashSet<&str> = arrivals
            .snapshots
            .iter()
            .map(|record| record.snapshot_id.as_str())
            .collect();
        let commits: HashSet<&str> = arrivals
            .commits
            .iter()
            .map(|record| record.commit_id.as_str())
            .collect();
        let (mut trees, mut parents) = (BTreeSet::new(), BTreeSet::new());
        for record in &arrivals.commits {
            let id = record.commit_id.as_str();
            match Proven::read(Kind::Commit, &record.commit_id, record.encode().into()) {
                Err(why) => self.object(id, why.to_string()),
                Ok(object) => {
                    if let Record::Commit(_, scheme) = object.record()
                        && !scheme.accepted_by_clients()
                    {
                        let why = format!("clients refuse ids of the formula {}", scheme.name());
                        self.object(id, why);
                    }
                    self.admitted.commits.push(object);
                }
            }
            match &record.snapshot_id {
                None => self.object(
                    id,
                    "it has no snapshot; a clone of it would get an empty tree",
                ),
                Some(tree) if !snapshots.contains(tree.as_str()) => {
                    trees.insert(tree.as_str().to_owned());
                }
                Some(_) => {}
            }
            let unknown = record.parents().filter(|id| !commits.contains(id.as_str()));
            parents.extend(unknown.map(|id| id.as_str().to_owned()));
        }
        self.look_up(Kind::Snapshot, trees, "a commit refers to this snapshot")
            .await?;
        self.look_up(Kind::Commit, parents, "a commit refers to this parent")
            .await
    }

    /// Snapshots may come from anywhere in the hub; parents must be this repository's own, since nothing
    /// says that it holds the ancestors of others.
    async fn look_up(
        &mut self,
        kind: Kind,
        ids: BTreeSet<String>,
        named: &str,
    ) -> Result<(), HubWriteError> {
        let ids: Vec<String> = ids.into_iter().collect();
        for chunk in ids.chunks(IDS) {
            let index = self.store.index();
            let found: HashSet<String> = match kind {
                Kind::Commit => index.held_by(kind, &self.repo.repo_id, chunk).await?,
                _ => {
                    let rows = index.snapshots_by_id(chunk).await?;
                    rows.into_iter().map(|row| row.snapshot_id).collect()
                }
            }
            .into_iter()
            .collect();
            for id in chunk {
                if !found.contains(id) {
                    self.object(
                        id,
                        format!("{named}; it was not sent, and the hub does not have it"),
                    );
                } else if kind == Kind::Snapshot {
                    self.admitted.known.push((kind, id.clone()));
                }
            }
        }
        Ok(())
    }
}
