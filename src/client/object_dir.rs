//! A client's objects: stored objects are checked before they count, new ones are written in batches.

use super::folder::{Folder, FolderError, Naming};
use super::layout::Layout;
use async_trait::async_trait;
use bytes::Bytes;
use luthier_hub::cause::Cause;
use luthier_hub::store::fetch::Holder;
use luthier_object::{Kind, ObjectId, Proof};
use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

/// Files of a batch: written, made durable together, then named.
const BATCH: usize = 256;

/// Bytes of a batch, after which it is closed.
const BATCH_BYTES: u64 = 32 << 20;

/// Threads that wait for the disk at once: a disk makes many files durable as fast as one.
const SYNCS: usize = 8;

/// Objects in a client's folder.
#[derive(Clone)]
pub struct ObjectDir {
    pub folder: Arc<Folder>,
    pub layout: Layout,
}

/// The result of looking an object up.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Proved(Proof),
    Absent,
    /// It is there, and it is not the object, or cannot be read.
    Wrong(String),
}

impl ObjectDir {
    /// Looks an object up and proves it.
    pub async fn find(&self, kind: Kind, id: &ObjectId) -> Found {
        let (object_dir, id) = (self.clone(), id.clone());
        let looked = tokio::task::spawn_blocking(move || object_dir.look(kind, &id)).await;
        looked.unwrap_or_else(|error| Found::Wrong(error.to_string()))
    }

    fn look(&self, kind: Kind, id: &ObjectId) -> Found {
        let Some(path) = self.layout.path(kind, id) else {
            return Found::Wrong("its id contains no digest".to_owned());
        };
        match self.folder.file(&path) {
            Ok(None) => Found::Absent,
            Ok(Some((file, size))) => match self.layout.prove(kind, id, file, size) {
                Ok(proof) => Found::Proved(proof),
                Err(why) => Found::Wrong(why.to_string()),
            },
            Err(error) => Found::Wrong(error.to_string()),
        }
    }

    fn sizes(&self, kind: Kind, ids: &[ObjectId]) -> Result<Vec<Option<u64>>, FolderError> {
        let size = |id| match self.layout.path(kind, id) {
            Some(path) => self.folder.size(&path),
            None => Ok(None),
        };
        ids.iter().map(size).collect()
    }
}

#[async_trait]
impl Holder for ObjectDir {
    async fn sizes(&self, kind: Kind, ids: &[ObjectId]) -> Result<Vec<Option<u64>>, Cause> {
        let (object_dir, ids) = (self.clone(), ids.to_vec());
        tokio::task::spawn_blocking(move || object_dir.sizes(kind, &ids))
            .await
            .map_err(Cause::of)?
            .map_err(Cause::of)
    }

    async fn held(&self, kind: Kind, id: &ObjectId) -> Result<Proof, Cause> {
        let path = || self.layout.path(kind, id).unwrap_or_default();
        match self.find(kind, id).await {
            Found::Proved(proof) => Ok(proof),
            Found::Absent => Err(format!("{} is gone", path()).into()),
            Found::Wrong(why) => Err(format!(
                "{} exists and is not {kind} {id}: {why}; nothing is overwritten, so move it away or pull into another folder",
                path()
            )
            .into()),
        }
    }
}

/// Files on their way into the folder.
pub struct Intake {
    folder: Arc<Folder>,
    naming: Naming,
    staged: Vec<(File, String)>,
    bytes: u64,
    /// Folders that got names which are not durable yet.
    touched: BTreeSet<String>,
}

impl Intake {
    #[must_use]
    pub fn new(folder: Arc<Folder>, naming: Naming) -> Self {
        Self {
            folder,
            naming,
            staged: Vec::new(),
            bytes: 0,
            touched: BTreeSet::new(),
        }
    }

    /// Takes a file in; it has its name once the batch is closed.
    ///
    /// # Errors
    /// The disk refuses, or a file of the batch exists with other bytes.
    pub async fn add(&mut self, path: String, parts: [Bytes; 2]) -> Result<(), FolderError> {
        let (folder, slot) = (self.folder.clone(), self.staged.len());
        self.bytes += parts.iter().map(|part| part.len() as u64).sum::<u64>();
        let file = blocking(move || folder.stage(slot, &[&parts[0], &parts[1]])).await?;
        self.staged.push((file, path));
        if self.staged.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.close_batch().await?;
        }
        Ok(())
    }

    /// Makes all that was taken in durable, names included.
    ///
    /// # Errors
    /// As [`Intake::add`]. What has its name by then is whole.
    pub async fn finish(mut self) -> Result<(), FolderError> {
        self.close_batch().await?;
        let folder = self.folder;
        let touched: Vec<String> = self.touched.into_iter().collect();
        blocking(move || all_at_once(&touched, |path| folder.sync(path))).await
    }

    /// Makes the bytes of a batch durable, then gives them their names: a name never exists with fewer bytes.
    async fn close_batch(&mut self) -> Result<(), FolderError> {
        let (folder, naming) = (self.folder.clone(), self.naming);
        let staged = std::mem::take(&mut self.staged);
        self.bytes = 0;
        for (_, path) in &staged {
            // Its folder may be new too, and so may that one's.
            let mut rest = path.as_str();
            while let Some((parent, _)) = rest.rsplit_once('/') {
                self.touched.insert(parent.to_owned());
                rest = parent;
            }
        }
        blocking(move || {
            all_at_once(&staged, sync_file)?;
            let mut staged = staged.iter().enumerate();
            staged.try_for_each(|(slot, (_, path))| folder.publish(slot, path, naming))
        })
        .await
    }
}

/// Writes one file, durably.
///
/// # Errors
/// As [`Intake::add`].
pub async fn write(
    folder: &Arc<Folder>,
    path: &str,
    text: String,
    naming: Naming,
) -> Result<(), FolderError> {
    let mut intake = Intake::new(folder.clone(), naming);
    let parts = [text.into(), Bytes::new()];
    intake.add(path.to_owned(), parts).await?;
    intake.finish().await
}

fn sync_file((file, path): &(File, String)) -> Result<(), FolderError> {
    file.sync_all().map_err(|source| FolderError::Io {
        path: path.clone(),
        source,
    })
}

/// Waits for the disk on behalf of many, several at a time.
fn all_at_once<T: Sync>(
    items: &[T],
    sync: impl Fn(&T) -> Result<(), FolderError> + Sync,
) -> Result<(), FolderError> {
    let share = items.len().div_ceil(SYNCS).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(|| chunk.iter().try_for_each(&sync)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            let gone = |_| failed(std::io::Error::other("a thread ended early"));
            thread.join().unwrap_or_else(|panic| Err(gone(panic)))
        })
    })
}

fn failed(source: std::io::Error) -> FolderError {
    FolderError::Io {
        path: "writing".to_owned(),
        source,
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FolderError> + Send + 'static,
) -> Result<T, FolderError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(failed(std::io::Error::other(error))))
}
