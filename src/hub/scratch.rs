//! The one place for temporary files: one folder a process, which goes with it.
//!
//! Its name and a locked file inside say whose it is. What a killed process left behind is removed by the
//! next run: the system has let go of the lock then, whatever has the process's number by now.

#![allow(
    clippy::disallowed_methods,
    reason = "the one place that makes temporary files and removes them"
)]

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open, openat};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The start of the name of every process's folder.
const PREFIX: &str = "luthier-run-";

/// The file that a living process keeps locked.
const LOCK: &str = "lock";

/// The file in it by which our own folders are recognised.
const MARK: &[u8] = b"luthier: temporary files of a running process; removed by the next run\n";

/// The number of tries for a folder that another process removed while it was made, or that fills up while it is
/// removed.
const TRIES: usize = 8;

/// The folder of this process, for as long as anything lies in it.
static OWN: Mutex<Weak<Own>> = Mutex::new(Weak::new());

/// Handles that are kept for the end: removing a folder takes one for each level, and a run may end because there are
/// no more.
const SPARE: usize = 4;

/// The folder of this process.
struct Own {
    path: PathBuf,
    /// Locked until it is closed.
    _lock: Option<File>,
    spare: Mutex<Vec<File>>,
}

impl Own {
    fn remove(&self) {
        self.spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        empty_and_remove(&self.path);
    }
}

/// A temporary folder, readable by its owner alone; dropping it removes it.
pub struct Folder {
    path: PathBuf,
    _own: Arc<Own>,
}

impl Folder {
    /// Returns the folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Says why nothing can be kept there, and what to do.
#[must_use]
pub fn trouble(error: &io::Error) -> String {
    let place = std::env::temp_dir();
    let place = place.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            format!(
                "the folder for temporary files {place} does not exist; create it, or set TMPDIR to another"
            )
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("temporary files cannot be written in {place}; set TMPDIR to another folder")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("there is no space left in {place}; free some, or set TMPDIR to another folder")
        }
        _ => format!("temporary files in {place}: {error}"),
    }
}

/// Makes a new folder whose name begins with `name`.
///
/// # Errors
/// The folder for temporary files cannot be written.
pub fn folder(name: &str) -> io::Result<Folder> {
    let own = own()?;
    let made = tempfile::Builder::new()
        .prefix(&format!("{name}-"))
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&own.path)?;
    Ok(Folder {
        path: made.keep(),
        _own: own,
    })
}

/// Makes a file without a name: it goes when it is closed, even by a crash.
///
/// # Errors
/// The folder for temporary files cannot be written.
pub fn file() -> io::Result<File> {
    tempfile::tempfile()
}

/// Removes what this process has left, at its end: threads that nobody waits for may still hold some of it.
pub fn remove() {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    if let Some(own) = own {
        own.remove();
    }
}

/// Removes what killed processes of this user have left. Whatever cannot be told to be theirs stays.
pub fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(place: &Path) {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for entry in ours {
        if let Some(lock) = abandoned(&entry.path()) {
            empty_and_remove(&entry.path());
            drop(lock);
        }
    }
}

/// Returns the lock of a folder whose process is gone, taken.
fn abandoned(path: &Path) -> Option<File> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    let user = rustix::process::geteuid().as_raw();
    if !meta.is_dir() || meta.uid() != user {
        return None;
    }
    let here = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = open(path, here | OFlags::DIRECTORY, Mode::empty()).ok()?;
    // A pipe of that name must hold nobody up.
    let flags = here | OFlags::RDWR | OFlags::NONBLOCK;
    let mut lock = File::from(openat(&folder, LOCK, flags, Mode::empty()).ok()?);
    let meta = lock.metadata().ok()?;
    if !meta.is_file() || meta.uid() != user || meta.len() != MARK.len() as u64 {
        return None;
    }
    flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
    let mut mark = Vec::new();
    lock.read_to_end(&mut mark).ok()?;
    (mark == MARK).then_some(lock)
}

/// Returns the folder of this process, made where there is none.
fn own() -> io::Result<Arc<Own>> {
    let mut known = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = known.upgrade() {
        return Ok(own);
    }
    let own = Arc::new(claim()?);
    *known = Arc::downgrade(&own);
    Ok(own)
}

fn claim() -> io::Result<Own> {
    let mut last = io::Error::other("no folder of its own");
    for _ in 0..TRIES {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let path = folder.keep();
        match hold(&path) {
            Ok((lock, spare)) => {
                return Ok(Own {
                    path,
                    _lock: lock,
                    spare: Mutex::new(spare),
                });
            }
            Err(error) => last = error,
        }
        // By name alone: to walk through it would take a handle, and there may be none left.
        let _ = std::fs::remove_file(path.join(LOCK));
        let _ = std::fs::remove_dir(&path);
    }
    Err(last)
}

/// Locks a new folder and marks it, in this order: what is not marked is never swept away. Returns the lock, where the
/// file system has locks, and the spare handles.
fn hold(folder: &Path) -> io::Result<(Option<File>, Vec<File>)> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create_new(true).mode(0o600);
    let mut lock = options.open(folder.join(LOCK))?;
    let spare = (0..SPARE).map(|_| lock.try_clone());
    let spare = spare.collect::<io::Result<_>>()?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => return Err(error.into()),
        // A file system without locks: then nobody may take it for abandoned.
        Err(_) => return Ok((None, spare)),
    }
    lock.write_all(MARK)?;
    Ok((Some(lock), spare))
}

/// Removes all that is in a folder, the lock last, so that what a kill leaves of it is swept away later.
fn empty_and_remove(folder: &Path) {
    for _ in 0..TRIES {
        // What cannot be listed is not empty. Where handles are wanted, another thread may have taken the spare ones.
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten().filter(|entry| entry.file_name() != LOCK) {
            let path = entry.path();
            let _ = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
        }
        match std::fs::read_dir(folder).map(Iterator::count) {
            Ok(0 | 1) => {}
            Ok(_) | Err(_) => continue,
        }
        let _ = std::fs::remove_file(folder.join(LOCK));
        if std::fs::remove_dir(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

#[cfg(test)]
#[path = "../../tests/support/scratch.rs"]
mod tests;
