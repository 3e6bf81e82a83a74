//! Where a watch keeps what it has told. One watch of a hub at one depth has it.

use crate::cli::CliError;
use luthier_audit::Depth;
use luthier_hub::destination::DestinationError;
use luthier_hub::store::Hub;
use luthier_repair::journal;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file of the findings that were told, held for as long as this lives.
pub(super) struct Place {
    pub findings: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes the place of this hub and depth.
    ///
    /// # Errors
    /// Another watch has it, or it cannot be written.
    pub fn new(hub: &Hub, depth: Depth) -> Result<Self, CliError> {
        let Some(folder) = journal::state_folder().map(|folder| folder.join("watch")) else {
            return Err(CliError::unusable(
                "there is no place for what was found last: set HOME or XDG_STATE_HOME",
            ));
        };
        let name = format!("{}-{}", &hub.fingerprint()[..16], depth.word());
        let path = folder.join(format!("{name}.lock"));
        let opened = std::fs::create_dir_all(&folder).and_then(|()| {
            let mut how = OpenOptions::new();
            how.write(true).create(true).truncate(false).mode(0o600);
            how.open(&path)
        });
        let lock =
            opened.map_err(|error| CliError::unusable(DestinationError::at(&path, error)))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                findings: folder.join(format!("{name}.jsonl")),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(CliError::unusable(format!(
                "another `luthier watch` on this machine audits this hub at depth {}; end it first, or choose another --depth",
                depth.word()
            ))),
            Err(TryLockError::Error(error)) => {
                Err(CliError::unusable(DestinationError::at(&path, error)))
            }
        }
    }
}
