//! Files that a command writes at its end: their places are tried before hours of work, and a file has its name only
//! once it is whole and on the disk.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The bytes that a trial writes: a disk without a free block is noticed.
const TRIAL: [u8; 4096] = [0; 4096];

/// The reason why a path cannot be written; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    #[error("the file {} exists already; name another", .0.display())]
    Taken(PathBuf),
    #[error("{} is not a folder; name a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{}", trouble(path, source))]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl DestinationError {
    /// Returns why `path` cannot be written.
    #[must_use]
    pub fn at(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::AlreadyExists => DestinationError::Taken(path),
            _ => DestinationError::Write { path, source },
        }
    }
}

/// Makes sure that a new file can be made at `path`.
///
/// # Errors
/// The file exists, or its folder is missing or cannot be written.
pub fn try_file(path: &Path) -> Result<(), DestinationError> {
    if path.symlink_metadata().is_ok() {
        return Err(DestinationError::Taken(path.to_owned()));
    }
    try_folder(folder_of(path))
}

/// Makes sure that files can be made in `folder`, or that the folder itself can be made.
///
/// # Errors
/// The path is no folder, or cannot be written.
pub fn try_folder(folder: &Path) -> Result<(), DestinationError> {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let nearest = absolute
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok());
    let nearest = nearest.map_or_else(|| PathBuf::from("/"), Path::to_owned);
    if !nearest.is_dir() {
        return Err(DestinationError::NotAFolder(nearest));
    }
    let tried = NamedTempFile::new_in(&nearest).and_then(|mut file| {
        file.write_all(&TRIAL)?;
        file.flush()
    });
    tried.map_err(|error| DestinationError::at(folder, error))
}

/// Replaces the file at `path`, which its owner alone reads; its folder is made where it is missing. A crash leaves
/// the file that was there, or this one.
///
/// # Errors
/// The folder cannot be made, or the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::new(path)?;
    draft.write_all(bytes)?;
    draft.keep()
}

/// A file that replaces the one at its path once it is whole, as [`replace`] does; dropped, it leaves nothing.
pub struct Draft {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Draft {
    /// Returns an empty draft of the file at `path`.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn new(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        std::fs::create_dir_all(folder)?;
        let file = BufWriter::new(NamedTempFile::new_in(folder)?);
        let path = path.to_owned();
        Ok(Self { file, path })
    }

    /// Gives the draft its name, once it is on the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(self) -> io::Result<()> {
        let draft = self.file.into_inner().map_err(|kept| kept.into_error())?;
        draft.as_file().sync_all()?;
        draft.persist(&self.path).map_err(|kept| kept.error)?;
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Gives a draft in the same folder the name `path`, once it is on the disk.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] where there is a file of that name; a disk that refuses.
pub fn keep_new(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path).map_err(|kept| kept.error)?;
    File::open(folder_of(path))?.sync_all()
}

/// The folder that contains a path.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns why `path` cannot be written, and what to do.
fn trouble(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!(
            "{path} cannot be written: its folder does not exist; make the folder, or name another"
        ),
        ErrorKind::PermissionDenied => format!(
            "{path} cannot be written: permission denied; name another place, or change its rights"
        ),
        ErrorKind::ReadOnlyFilesystem => {
            format!("{path} cannot be written: its file system is read-only; name another place")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!(
            "{path} cannot be written: the disk is full; free some space, or name another place"
        ),
        _ => {
            // The library for temporary files names its own file in the text.
            let cause = error
                .get_ref()
                .and_then(|inner| inner.source())
                .map(ToString::to_string);
            format!(
                "{path} cannot be written: {}; name another place",
                cause.unwrap_or_else(|| error.to_string())
            )
        }
    }
}

/// Explains, from SQLite's own words, why a database in the folder for temporary files cannot be used, and what to do.
#[must_use]
pub fn temporary_database(why: &str) -> String {
    let folder = std::env::temp_dir();
    let advice = match why.contains("full") {
        true => "free some space there, or set TMPDIR to a larger one",
        false => "check that it is there and can be written, or set TMPDIR to another",
    };
    format!(
        "{why}, in the folder for temporary files {}; {advice}",
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::{keep_new, replace, try_file, try_folder};
    use std::io::{ErrorKind, Write};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_replaced_whole_and_a_new_one_takes_no_name_from_another() {
        let folder = crate::scratch::folder("places").unwrap();
        let path = folder.path().join("made/state.json");
        for text in ["first", "second"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut draft = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
        draft.write_all(b"third").unwrap();
        let error = keep_new(draft, &path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn a_place_is_tried_and_left_as_it_was() {
        let folder = crate::scratch::folder("places").unwrap();
        let path = folder.path();
        try_folder(path).unwrap();
        try_folder(&path.join("a/b")).unwrap();
        try_file(&path.join("plan.jsonl")).unwrap();
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
        std::fs::write(path.join("file"), "").unwrap();
        for wrong in [path.join("file"), path.join("file/within")] {
            let why = try_file(&wrong).unwrap_err().to_string();
            assert!(why.contains("name a"), "{why}");
        }
        // Nobody can write there, root neither.
        let why = try_file(std::path::Path::new("/proc/luthier/report"))
            .unwrap_err()
            .to_string();
        assert!(why.contains("/proc") && why.contains("name"), "{why}");
    }
}
