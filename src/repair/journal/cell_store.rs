//! Old cells that are longer than what a journal's line shows: kept beside it, by their hash, so that an
//! undo has them.

use super::CellError;
use crate::steps::hash;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A longer cell is none of ours: rows with one are not repaired. Bytes.
const LONGEST: u64 = 64 << 20;

/// A folder of cells, each under the sha256 of its bytes; nothing in it is ever changed.
#[derive(Clone, Debug)]
pub(crate) struct CellStore {
    folder: PathBuf,
}

impl CellStore {
    /// Returns the cell store of the journals in the same folder.
    pub fn beside(journal: &Path) -> Self {
        Self {
            folder: journal.with_file_name("cells"),
        }
    }

    /// Keeps cells; when it returns they are on the disk, and their owner alone can read them.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep(&self, cells: &[Vec<u8>]) -> io::Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder)?;
        for cell in cells {
            let name = hash(cell);
            let whole = self.take(&name).is_ok();
            if !whole {
                self.put(&name, cell)?;
            }
        }
        // New names are durable once their folder is.
        File::open(&self.folder)?.sync_all()?;
        match self.folder.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    fn put(&self, name: &str, cell: &[u8]) -> io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(&self.folder)?;
        draft.write_all(cell)?;
        draft.as_file().sync_all()?;
        draft.persist(self.folder.join(name)).map_err(|e| e.error)?;
        Ok(())
    }

    /// Returns the cell with this sha256.
    ///
    /// # Errors
    /// It is not there, or is no longer what was kept.
    pub fn take(&self, sha256: &str) -> Result<Vec<u8>, CellError> {
        let path = self.folder.join(sha256);
        let cell = read(&path).map_err(|source| CellError::Unreadable {
            path: path.clone(),
            source,
        })?;
        match hash(&cell) == sha256 {
            true => Ok(cell),
            false => Err(CellError::Changed(path)),
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).open(path)?;
    let mut cell = Vec::new();
    file.take(LONGEST).read_to_end(&mut cell)?;
    Ok(cell)
}
