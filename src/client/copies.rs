//! A client's folder as a source of copies: its objects, in whatever layout and in packs, for a hub that lost them.

use super::folder::{Folder, FolderError};
use super::layout::{LARGEST, Layout};
use super::packed::{Packed, PackedError};
use async_trait::async_trait;
use bytes::Bytes;
use luthier_hub::cause::Cause;
use luthier_hub::store::Copies;
use luthier_object::{Kind, ObjectId, frame};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The parts that may come before an object's path: the given folder may be the one that contains `.muse/`, that folder
/// itself, or the one of its objects.
const PREFIXES: [&str; 3] = ["", ".muse/", ".muse/objects/"];

/// A folder that holds objects of a client.
#[derive(Clone)]
pub struct ClientFolder {
    folder: Arc<Folder>,
    /// Its packs, once an object was looked for.
    packed: Arc<Mutex<Option<Packed>>>,
}

impl ClientFolder {
    /// Opens the folder.
    ///
    /// # Errors
    /// It does not exist, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            folder: Arc::new(Folder::open(path)?),
            packed: Arc::default(),
        })
    }

    /// Returns what the folder has for an object: the files of its own first.
    fn read(&self, kind: Kind, id: &ObjectId) -> Result<Vec<(String, Bytes)>, PackedError> {
        let mut found = self.files(paths(kind, id))?;
        found.extend(self.in_packs(id)?);
        let mut out = Vec::new();
        for (path, bytes) in found {
            if kind == Kind::Blob {
                out.extend(payload(&bytes).map(|inner| (path.clone(), inner)));
            }
            out.push((path, bytes));
        }
        Ok(out)
    }

    fn files(&self, paths: Vec<String>) -> Result<Vec<(String, Bytes)>, FolderError> {
        let mut out = Vec::new();
        for path in paths {
            match self.folder.read(&path, LARGEST) {
                Ok(Some(bytes)) => out.push((path, bytes.into())),
                // A folder that has the name of an object is none.
                Ok(None) | Err(FolderError::NotAFile { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(out)
    }

    fn in_packs(&self, id: &ObjectId) -> Result<Vec<(String, Bytes)>, PackedError> {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        let packed = match &mut *packed {
            Some(packed) => packed,
            unread => unread.insert(Packed::open(&self.folder)?),
        };
        packed.contents(&self.folder, id)
    }
}

#[async_trait]
impl Copies for ClientFolder {
    async fn candidates(&self, kind: Kind, id: &ObjectId) -> Result<Vec<(String, Bytes)>, Cause> {
        let (own, id) = (self.clone(), id.clone());
        tokio::task::spawn_blocking(move || own.read(kind, &id))
            .await
            .map_err(Cause::of)?
            .map_err(Cause::of)
    }
}

/// Lists the paths an object may have in any client's folder. What keeps blobs with their header comes first: with it
/// their bytes hash to the id as well.
fn paths(kind: Kind, id: &ObjectId) -> Vec<String> {
    let mut out = Vec::new();
    for layout in [Layout::Unified, Layout::V01] {
        let Some(path) = layout.path(kind, id) else {
            continue;
        };
        let short = PREFIXES
            .iter()
            .filter_map(|prefix| path.strip_prefix(prefix));
        out.extend(short.map(str::to_owned));
    }
    // A folder of files that are named by their digest.
    out.extend(id.hex().map(str::to_owned));
    out.dedup();
    out
}

/// Returns the bytes after a blob's header.
fn payload(bytes: &Bytes) -> Option<Bytes> {
    let frame = frame::decode(bytes).ok()?;
    (frame.kind == Kind::Blob).then(|| bytes.slice_ref(frame.payload))
}
