//! A folder listed in the order of whole keys.

use super::{BackendError, Entry, Meta};
use luthier_object::time::Micros;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The start and end of the names of unfinished puts; listings leave them out.
pub(super) const TEMPORARY: (&str, &str) = (".luthier-", ".tmp");

/// A name that is still to be visited.
struct Named {
    /// The key; a folder's ends in a slash.
    key: String,
    /// The path where the key is not it: a name that is no UTF-8 is listed with U+FFFD, and since no
    /// key leads back to it, it is never opened.
    path: Option<PathBuf>,
}

/// A walk in the order of whole keys. A folder sorts as its name with a slash, so `a-b` comes before
/// `a/b`; one folder's names are held at a time on each level. Links and special files are left out.
/// An error ends the walk.
pub(super) struct Walk {
    root: PathBuf,
    prefix: String,
    start_after: Option<String>,
    /// Names on each level, last first.
    open: Vec<Vec<Named>>,
    started: bool,
}

impl Walk {
    pub(super) fn new(root: &Path, prefix: &str, start_after: Option<&str>) -> Self {
        Self {
            root: root.to_owned(),
            prefix: prefix.to_owned(),
            start_after: start_after.map(str::to_owned),
            open: Vec::new(),
            started: false,
        }
    }

    fn path(&self, named: &Named) -> PathBuf {
        named
            .path
            .clone()
            .unwrap_or_else(|| self.root.join(&named.key))
    }

    /// Reads a folder's names onto a level of their own.
    fn enter(&mut self, folder: &Named) -> Result<(), BackendError> {
        let path = self.path(folder);
        let failed = |error| classify(format!("listing {}", path.display()), error);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            // Gone since its parent was read; a root that is gone is no empty store.
            Err(error) if is_absent(&error) && !folder.key.is_empty() => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let raw = entry.file_name();
            let name = raw.to_string_lossy();
            if is_temporary(&name) || !(kind.is_file() || kind.is_dir()) {
                continue;
            }
            let slash = if kind.is_dir() { "/" } else { "" };
            let key = format!("{}{name}{slash}", folder.key);
            if self.may_hold(&key) {
                let odd = folder.path.is_some() || raw.to_str().is_none();
                let path = odd.then(|| path.join(&raw));
                names.push(Named { key, path });
            }
        }
        names.sort_unstable_by(|a, b| b.key.cmp(&a.key));
        self.open.push(names);
        Ok(())
    }

    /// Returns whether `key`, or something below it, is asked for.
    fn may_hold(&self, key: &str) -> bool {
        let is_folder = key.ends_with('/');
        let in_prefix =
            key.starts_with(&self.prefix) || (is_folder && self.prefix.starts_with(key));
        let behind = self
            .start_after
            .as_deref()
            .is_none_or(|after| key > after || (is_folder && after.starts_with(key)));
        in_prefix && behind
    }

    /// Returns the next object; `None` at the end.
    fn step(&mut self) -> Result<Option<Entry>, BackendError> {
        if !std::mem::replace(&mut self.started, true) {
            self.enter(&Named {
                key: String::new(),
                path: None,
            })?;
        }
        while let Some(level) = self.open.last_mut() {
            let Some(named) = level.pop() else {
                self.open.pop();
                continue;
            };
            if named.key.ends_with('/') {
                self.enter(&named)?;
                continue;
            }
            match fs::symlink_metadata(self.path(&named)) {
                Ok(meta) => {
                    let meta = meta_of(&meta);
                    return Ok(Some(Entry {
                        key: named.key,
                        size: meta.size,
                        modified: meta.modified,
                    }));
                }
                // Gone since its folder was read.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(classify(named.key, error)),
            }
        }
        Ok(None)
    }
}

impl Iterator for Walk {
    type Item = Result<Entry, BackendError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.open.clear();
        }
        step.transpose()
    }
}

pub(super) fn meta_of(meta: &fs::Metadata) -> Meta {
    let modified = meta.modified().ok().map(micros);
    Meta {
        size: meta.len(),
        etag: modified.map(|at| format!("{}-{at}", meta.len())),
        modified,
        encoding: None,
    }
}

pub(super) fn micros(at: SystemTime) -> Micros {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_micros() as Micros,
        Err(before) => -(before.duration().as_micros() as Micros),
    }
}

/// Returns whether a name is one of our own unfinished puts.
fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)
}

/// Returns whether a path part does not exist, has a file in its place, or is longer than the file
/// system can hold: nothing can be stored there.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}

pub(super) fn classify(what: String, error: io::Error) -> BackendError {
    match error.kind() {
        ErrorKind::PermissionDenied => BackendError::Denied { what },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BackendError::Unusable {
            what,
            why: "the disk is full; nothing was stored under this key".into(),
        },
        _ => BackendError::Io {
            what,
            source: error,
        },
    }
}
