//! A client's folder, opened part by part from its root, so that no link leads out of it.

use rustix::fs::{self, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The path of a file before it gets its name; the number is its place in the batch.
const TEMPORARY: (&str, &str) = (".muse/.luthier-", ".tmp");

/// A folder that holds `.muse/`. Paths are relative to it, with slashes.
#[derive(Debug)]
pub struct Folder {
    root: OwnedFd,
    shown: PathBuf,
}

/// The reason why something in the folder could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{path}: its path contains a symbolic link, and links are not followed")]
    Link { path: String },
    #[error("{path}: it is not a regular file")]
    NotAFile { path: String },
    /// Sizes in bytes.
    #[error("{path}: it has {size} bytes; at most {limit} are read")]
    TooLarge { path: String, size: u64, limit: u64 },
    #[error(
        "{path}: the file exists with other bytes, and nothing is overwritten; pull into another folder"
    )]
    Taken { path: String },
    #[error("another pull into {path} is running; wait until it has finished")]
    Busy { path: String },
    #[error("{path}: {source}")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `None` where it is no UTF-8.
    pub name: Option<String>,
    pub is_folder: bool,
    pub is_file: bool,
}

/// The way in which a file gets a name that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The name must be free, or its file the same byte for byte.
    New,
    /// The name moves to the new file at once: for refs.
    Move,
}

impl Folder {
    /// Opens a folder that exists.
    ///
    /// # Errors
    /// It does not, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::open(path, flags, Mode::empty())
            .map_err(|errno| failed(&path.display().to_string(), errno))?;
        Ok(Self {
            root,
            shown: path.to_owned(),
        })
    }

    /// Opens a folder, making it where it does not exist.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        std::fs::create_dir_all(path).map_err(|source| FolderError::Io {
            path: path.display().to_string(),
            source,
        })?;
        Self::open(path)
    }

    /// Returns the folder's path, for people.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Keeps other pulls out for as long as this folder is open.
    ///
    /// # Errors
    /// Another one is at work.
    pub fn lock(&self) -> Result<(), FolderError> {
        let path = self.shown.display().to_string();
        fs::flock(&self.root, FlockOperation::NonBlockingLockExclusive).map_err(|errno| match errno
        {
            Errno::WOULDBLOCK => FolderError::Busy { path },
            errno => failed(&path, errno),
        })
    }

    /// Returns the bytes of a file; `None` where there is none.
    ///
    /// # Errors
    /// A link, no regular file, more than `limit` bytes, or a disk that refuses.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FolderError> {
        let Some((file, size)) = self.file(path)? else {
            return Ok(None);
        };
        let too_large = |size| FolderError::TooLarge {
            path: path.to_owned(),
            size,
            limit,
        };
        if size > limit {
            return Err(too_large(size));
        }
        let mut out = Vec::with_capacity(size as usize);
        file.take(limit + 1)
            .read_to_end(&mut out)
            .map_err(|source| io_failed(path, source))?;
        if out.len() as u64 > limit {
            return Err(too_large(out.len() as u64));
        }
        Ok(Some(out))
    }

    /// Returns a file and its size in bytes; `None` where there is none.
    ///
    /// # Errors
    /// As [`Folder::read`].
    pub fn file(&self, path: &str) -> Result<Option<(File, u64)>, FolderError> {
        let Some((parent, name)) = self.parent(path, false)? else {
            return Ok(None);
        };
        // Without waiting: opening a named pipe would hang.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match fs::openat(&parent, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(errno) if is_absent(errno) => return Ok(None),
            Err(errno) => return Err(failed(path, errno)),
        };
        let meta = file.metadata().map_err(|source| io_failed(path, source))?;
        if !meta.is_file() {
            return Err(FolderError::NotAFile {
                path: path.to_owned(),
            });
        }
        Ok(Some((file, meta.len())))
    }

    /// Returns the bytes that a file has; `None` where there is none.
    ///
    /// # Errors
    /// As [`Folder::read`].
    pub fn size(&self, path: &str) -> Result<Option<u64>, FolderError> {
        let Some((parent, name)) = self.parent(path, false)? else {
            return Ok(None);
        };
        match fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Ok(Some(u64::try_from(stat.st_size).unwrap_or(0))),
                FileType::Symlink => Err(FolderError::Link {
                    path: path.to_owned(),
                }),
                _ => Err(FolderError::NotAFile {
                    path: path.to_owned(),
                }),
            },
            Err(errno) if is_absent(errno) => Ok(None),
            Err(errno) => Err(failed(path, errno)),
        }
    }

    /// Returns the names in a folder, sorted; none where it does not exist. `""` is the root.
    ///
    /// # Errors
    /// A link on the way, or a disk that refuses.
    pub fn list(&self, path: &str) -> Result<Vec<Listed>, FolderError> {
        let inside = format!("{path}/.");
        let inside = inside.trim_start_matches('/');
        let Some((folder, _)) = self.parent(inside, false)? else {
            return Ok(Vec::new());
        };
        let entries = Dir::read_from(&folder).map_err(|errno| failed(path, errno))?;
        let mut out = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|errno| failed(path, errno))?;
            let raw = entry.file_name();
            if raw == c"." || raw == c".." {
                continue;
            }
            // Not every file system says in its listing what a name is.
            let kind = match entry.file_type() {
                FileType::Unknown => fs::statat(&folder, raw, AtFlags::SYMLINK_NOFOLLOW)
                    .map(|stat| FileType::from_raw_mode(stat.st_mode))
                    .map_err(|errno| failed(path, errno))?,
                kind => kind,
            };
            out.push(Listed {
                name: raw.to_str().ok().map(str::to_owned),
                is_folder: kind == FileType::Directory,
                is_file: kind == FileType::RegularFile,
            });
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Writes a file that has no name of its own yet, in place `slot` of a batch. What an interrupted
    /// pull left there is written anew.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn stage(&self, slot: usize, parts: &[&[u8]]) -> Result<File, FolderError> {
        let path = temporary(slot);
        let Some((parent, name)) = self.parent(&path, true)? else {
            return Err(io_failed(&path, io::ErrorKind::NotFound.into()));
        };
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::TRUNC
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        let file = fs::openat(&parent, name, flags, Mode::from_raw_mode(0o644))
            .map_err(|errno| failed(&path, errno))?;
        let mut file = File::from(file);
        for part in parts {
            file.write_all(part)
                .map_err(|source| io_failed(&path, source))?;
        }
        Ok(file)
    }

    /// Gives the file in place `slot` its name.
    ///
    /// # Errors
    /// The file exists with other bytes, or the disk refuses.
    pub fn publish(&self, slot: usize, path: &str, naming: Naming) -> Result<(), FolderError> {
        let from = temporary(slot);
        let gone = || io_failed(path, io::ErrorKind::NotFound.into());
        let (here, staged) = self.parent(&from, false)?.ok_or_else(gone)?;
        let (there, name) = self.parent(path, true)?.ok_or_else(gone)?;
        let moved = match naming {
            Naming::Move => fs::renameat(&here, staged, &there, name),
            Naming::New => {
                match fs::renameat_with(&here, staged, &there, name, RenameFlags::NOREPLACE) {
                    // A file system that cannot do both at once; the lock keeps other pulls out.
                    Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                        match fs::statat(&there, name, AtFlags::SYMLINK_NOFOLLOW) {
                            Ok(_) => Err(Errno::EXIST),
                            Err(_) => fs::renameat(&here, staged, &there, name),
                        }
                    }
                    moved => moved,
                }
            }
        };
        match moved {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) if self.same(&from, path)? => Ok(()),
            Err(Errno::EXIST) => Err(FolderError::Taken {
                path: path.to_owned(),
            }),
            Err(errno) => Err(failed(path, errno)),
        }
    }

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self, path: &str) -> Result<(), FolderError> {
        match self.parent(&format!("{path}/."), false)? {
            Some((folder, _)) => fs::fsync(&folder).map_err(|errno| failed(path, errno)),
            None => Ok(()),
        }
    }

    /// Returns whether two files hold the same bytes.
    fn same(&self, one: &str, other: &str) -> Result<bool, FolderError> {
        let (Some((mut one_file, size)), Some((mut other_file, other_size))) =
            (self.file(one)?, self.file(other)?)
        else {
            return Ok(false);
        };
        let (mut a, mut b) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        let mut left = size;
        while size == other_size && left > 0 {
            let count = left.min(a.len() as u64) as usize;
            one_file
                .read_exact(&mut a[..count])
                .map_err(|source| io_failed(one, source))?;
            other_file
                .read_exact(&mut b[..count])
                .map_err(|source| io_failed(other, source))?;
            if a[..count] != b[..count] {
                return Ok(false);
            }
            left -= count as u64;
        }
        Ok(size == other_size)
    }

    /// Returns the folder that contains a path's last name, opened from the root without following a link; `None` where
    /// it does not exist and is not to be made.
    fn parent<'p>(
        &self,
        path: &'p str,
        make: bool,
    ) -> Result<Option<(OwnedFd, &'p str)>, FolderError> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut at = fs::openat(&self.root, ".", flags, Mode::empty())
            .map_err(|errno| failed(path, errno))?;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            if make {
                match fs::mkdirat(&at, part, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(failed(path, errno)),
                }
            }
            at = match fs::openat(&at, part, flags, Mode::empty()) {
                Ok(next) => next,
                Err(errno) => match fs::statat(&at, part, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => {
                        return Err(FolderError::Link {
                            path: path.to_owned(),
                        });
                    }
                    _ if is_absent(errno) && !make => return Ok(None),
                    _ => return Err(failed(path, errno)),
                },
            };
        }
        Ok(Some((at, name)))
    }
}

fn temporary(slot: usize) -> String {
    format!("{}{slot}{}", TEMPORARY.0, TEMPORARY.1)
}

/// Returns whether a name in `.muse/` is what an interrupted pull left.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(".luthier-") && name.ends_with(TEMPORARY.1)
}

/// Returns whether the error means that the file does not exist: no such name, a file where a folder is needed, or a
/// name that is too long.
fn is_absent(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG)
}

fn failed(path: &str, errno: Errno) -> FolderError {
    match errno {
        Errno::LOOP => FolderError::Link {
            path: path.to_owned(),
        },
        errno => io_failed(path, errno.into()),
    }
}

fn io_failed(path: &str, source: io::Error) -> FolderError {
    FolderError::Io {
        path: path.to_owned(),
        source,
    }
}
