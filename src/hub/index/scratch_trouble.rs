//! What goes wrong with temporary files.

use crate::cause::Cause;
use crate::destination;

/// The reason why a temporary file cannot be used.
#[derive(Debug)]
pub(super) enum Trouble {
    Database(rusqlite::Error),
    File(std::io::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl Trouble {
    /// Returns it in words.
    pub fn words(&self) -> String {
        match self {
            Self::Database(error) => error.to_string(),
            // SQLite's words, which say as much.
            Self::File(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                "database or disk is full".to_owned()
            }
            Self::File(error) => error.to_string(),
        }
    }

    /// Returns it as it is told, with what to do.
    pub fn cause(self) -> Cause {
        let told = destination::temporary_database(&self.words());
        match self {
            Self::Database(error) => Cause::told(told, error),
            Self::File(error) => Cause::told(told, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trouble;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_full_disk_is_told_alike_whoever_wrote() {
        let file = Trouble::from(Error::from(ErrorKind::StorageFull)).cause();
        let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        let database = rusqlite::Error::SqliteFailure(full, None);
        let database = Trouble::from(database).cause();
        for told in [file, database] {
            assert!(told.as_str().contains("free some space there"), "{told}");
        }
    }
}
