//! A local folder as object store.
//!
//! Keys are paths below the root. No link is followed on the way, so no key leaves the folder. A put is
//! a temporary file, made durable, then renamed without overwriting.

use super::uri::{self, Key, UriRefusal};
use super::walk::{TEMPORARY, Walk, classify, is_absent, meta_of, micros};
use super::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Meta, Put, Replaced, Replacement,
};
use crate::access::Access;
use crate::cause::Cause;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use luthier_object::time::Micros;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// The error of a range that leaves the object.
pub(super) const BEYOND: &str = "the range leaves the object";

/// A folder that holds objects.
#[derive(Clone, Debug)]
pub struct Local {
    root: PathBuf,
    /// Wait for the disk after each put. Off only while a hub is being made from nothing.
    durable: bool,
}

impl Local {
    /// Opens a folder. It tries to read the folder, so that a wrong folder is reported at once.
    ///
    /// # Errors
    /// No such folder, no folder, or no right to read it.
    pub fn open(root: &Path, access: Access) -> Result<Self, BackendError> {
        let what = || format!("folder {}", root.display());
        let unusable = |why: &str| BackendError::Unusable {
            what: what(),
            why: why.into(),
        };
        let meta = match fs::metadata(root) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(unusable(
                    "there is no such folder; check the path of --store",
                ));
            }
            Err(error) => return Err(classify(what(), error)),
        };
        if !meta.is_dir() {
            return Err(unusable(
                "it is a file; --store takes the folder that holds the objects",
            ));
        }
        fs::read_dir(root).map_err(|error| classify(what(), error))?;
        if access == Access::Write && meta.permissions().readonly() {
            return Err(unusable(
                "it cannot be written; start without --write, or give the right",
            ));
        }
        Ok(Self {
            root: root.to_owned(),
            durable: true,
        })
    }

    /// Returns the same folder, without waiting for the disk: for a hub that is being made from nothing.
    pub(crate) fn hasty(self) -> Self {
        Self {
            durable: false,
            ..self
        }
    }

    /// Dates an object back, so that a hub made today looks its age.
    ///
    /// # Errors
    /// There is no such object, or it cannot be changed.
    pub fn backdate(&self, key: &Key, at: Micros) -> Result<(), BackendError> {
        let at = UNIX_EPOCH + std::time::Duration::from_micros(at.max(0) as u64);
        let Some((path, _)) = self.find(key)? else {
            return Err(classify(key.to_string(), ErrorKind::NotFound.into()));
        };
        File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(at))
            .map_err(|error| classify(key.to_string(), error))
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Returns the file under `key`; `None` where there is none. Links are refused on the whole way: what is behind
    /// one is not in the store.
    fn find(&self, key: &Key) -> Result<Option<(PathBuf, fs::Metadata)>, BackendError> {
        let mut path = self.root.clone();
        let mut meta = None;
        for part in key.as_str().split('/') {
            path.push(part);
            let found = match fs::symlink_metadata(&path) {
                Ok(found) => found,
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(classify(key.to_string(), error)),
            };
            if found.is_symlink() {
                return Err(BackendError::Unusable {
                    what: key.to_string(),
                    why: "a symbolic link lies on its path, and links are not followed".into(),
                });
            }
            meta = Some(found);
        }
        Ok(meta.filter(fs::Metadata::is_file).map(|meta| (path, meta)))
    }

    /// Opens the file under `key`; `None` where there is none.
    fn open_file(&self, key: &Key) -> Result<Option<(File, fs::Metadata)>, BackendError> {
        let Some((path, meta)) = self.find(key)? else {
            return Ok(None);
        };
        let failed = |error| classify(key.to_string(), error);
        let file = match File::open(&path) {
            Ok(file) => file,
            // Gone since it was looked at.
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let opened = file.metadata().map_err(failed)?;
        // What was opened is what was looked at, not a link that took its place since.
        if (opened.dev(), opened.ino()) != (meta.dev(), meta.ino()) {
            return Err(failed(io::Error::other(
                "it was replaced while being opened",
            )));
        }
        Ok(Some((file, opened)))
    }

    fn put(&self, key: &Key, bytes: &[u8]) -> Result<Put, BackendError> {
        let failed = |error| classify(key.to_string(), error);
        if self.find(key)?.is_some() {
            return Ok(Put::AlreadyThere);
        }
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        let made = missing_folders(&self.root, folder);
        fs::create_dir_all(folder).map_err(failed)?;
        let file = self.write_beside(folder, bytes).map_err(failed)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                // A folder keeps the key taken too, but it is no object.
                return match self.find(key)? {
                    Some(_) => Ok(Put::AlreadyThere),
                    None => Err(failed(error.error)),
                };
            }
            Err(error) => return Err(failed(error.error)),
        }
        if self.durable {
            // The new names are durable only once their folders are.
            sync_folder(folder).map_err(failed)?;
            for made in made {
                sync_folder(made.parent().unwrap_or(&self.root)).map_err(failed)?;
            }
        }
        Ok(Put::Stored)
    }

    /// Returns a whole temporary file in `folder`, durable before it gets its name.
    fn write_beside(&self, folder: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY.0)
            .suffix(TEMPORARY.1)
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        if self.durable {
            file.as_file().sync_all()?;
        }
        Ok(file)
    }

    /// Compares right before the rename: a folder has no conditional put, so a writer that comes within
    /// that instant is not seen.
    fn put_over(&self, key: &Key, seen: &[u8], bytes: &[u8]) -> Result<Replaced, BackendError> {
        let failed = |error| classify(key.to_string(), error);
        let Some((path, _)) = self.find(key)? else {
            return Ok(Replaced::Changed);
        };
        let folder = path.parent().unwrap_or(&self.root);
        let file = self.write_beside(folder, bytes).map_err(failed)?;
        if self.find(key)?.is_none() || !holds(&path, seen).map_err(failed)? {
            return Ok(Replaced::Changed);
        }
        file.persist(&path).map_err(|error| failed(error.error))?;
        if self.durable {
            sync_folder(folder).map_err(failed)?;
        }
        Ok(Replaced::Stored)
    }
}

#[async_trait]
impl Backend for Local {
    fn describe(&self) -> String {
        format!("folder {}", self.root.display())
    }

    fn uri_for(&self, key: &Key) -> String {
        format!("local://{key}")
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        match uri::split(uri)? {
            ("local", key) => Key::new(key),
            (scheme, _) => Err(UriRefusal::ForeignScheme(scheme.to_owned())),
        }
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some((file, opened)) = store.open_file(&key)? else {
                return Ok(None);
            };
            Ok(Some(Body {
                meta: meta_of(&opened),
                stream: chunks(file, key, u64::MAX),
            }))
        })
        .await
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some((mut file, opened)) = store.open_file(&key)? else {
                return Ok(None);
            };
            let meta = meta_of(&opened);
            if offset.checked_add(length).is_none_or(|end| end > meta.size) {
                return Err(classify(key.to_string(), io::Error::other(BEYOND)));
            }
            let sought = file.seek(SeekFrom::Start(offset));
            sought.map_err(|error| classify(key.to_string(), error))?;
            Ok(Some(Body {
                meta: Meta {
                    size: length,
                    ..meta
                },
                stream: chunks(file, key, length),
            }))
        })
        .await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some((path, meta)) = store.find(&key)? else {
                return Ok(None);
            };
            // A file that cannot be read is no answer here either, as with a bucket.
            match File::open(&path) {
                Ok(_) => Ok(Some(meta_of(&meta))),
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(classify(key.to_string(), error)),
            }
        })
        .await
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        let walk = Walk::new(&self.root, prefix, start_after);
        // A batch a turn keeps the blocking pool busy with folders, not with single names.
        stream::unfold(Some(walk), |walk| async move {
            let mut walk = walk?;
            let (batch, rest) = tokio::task::spawn_blocking(move || {
                let batch: Vec<_> = walk.by_ref().take(1_000).collect();
                let rest = (batch.len() == 1_000).then_some(walk);
                (batch, rest)
            })
            .await
            .unwrap_or_else(|error| {
                (
                    vec![Err(classify("listing".into(), io::Error::other(error)))],
                    None,
                )
            });
            Some((stream::iter(batch), rest))
        })
        .flatten()
        .boxed()
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        Ok(micros(SystemTime::now()))
    }
}

#[async_trait]
impl BackendMut for Local {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        let (store, key) = (self.clone(), key.clone());
        blocking(move || store.put(&key, &bytes)).await
    }

    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        let (store, key, seen) = (self.clone(), wanted.key.clone(), wanted.seen.clone());
        blocking(move || store.put_over(&key, &seen, &wanted.bytes)).await
    }

    async fn conditions(&self) -> Result<Conditions, BackendError> {
        let probe = Bytes::from_static(b"luthier asks whether this folder can be written\n");
        let key = Key::new("_luthier/probe").map_err(|why| BackendError::Unusable {
            what: self.describe(),
            why: Cause::of(why),
        })?;
        self.put_if_absent(&key, probe.clone()).await?;
        let again = self.put_if_absent(&key, probe).await?;
        Ok(Conditions {
            if_none_match: again == Put::AlreadyThere,
            // Nothing between this program and the folder could take other bytes.
            checksum: true,
            if_match: true,
        })
    }
}

/// Runs file I/O where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(classify("reading".into(), io::Error::other(error))))
}

/// Returns the next `length` bytes of a file, or all to its end, a chunk at a time.
fn chunks(file: File, key: Key, length: u64) -> BoxStream<'static, Result<Bytes, BackendError>> {
    stream::unfold(Some((file.take(length), key)), |state| async move {
        let (mut file, key) = state?;
        let read = tokio::task::spawn_blocking(move || {
            let room = usize::try_from(file.limit()).unwrap_or(CHUNK);
            let mut chunk = vec![0; CHUNK.min(room)];
            let read = file.read(&mut chunk);
            (read, chunk, file)
        })
        .await;
        match read {
            Ok((Ok(0), ..)) => None,
            Ok((Ok(count), mut chunk, file)) => {
                chunk.truncate(count);
                Some((Ok(chunk.into()), Some((file, key))))
            }
            Ok((Err(error), ..)) => Some((Err(classify(key.to_string(), error)), None)),
            Err(error) => Some((
                Err(classify(key.to_string(), io::Error::other(error))),
                None,
            )),
        }
    })
    .boxed()
}

/// Returns the folders between `root` and `folder` that are not there yet.
fn missing_folders(root: &Path, folder: &Path) -> Vec<PathBuf> {
    folder
        .ancestors()
        .take_while(|path| *path != root && !path.exists())
        .map(Path::to_owned)
        .collect()
}

/// Returns whether a file has exactly these bytes; reads no more than one byte beyond them.
fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut there = Vec::with_capacity(bytes.len());
    let limit = bytes.len() as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut there)?;
    Ok(there == bytes)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
