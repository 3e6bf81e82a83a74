//! The journal: what was changed, when, by whom, from which finding, as JSON lines, each with the hash of the line
//! before, in the state folder, one file per hub.
//!
//! It holds ids, keys, sizes and hashes: no message, no secret. It is only ever added to; the one
//! thing that is cut is a last line that a crash left half written, and that is noted.

mod cell_store;
mod error;
mod hub_journal;
mod line;
mod read;
mod tail;
mod unended;
mod verify;

pub(super) use cell_store::CellStore;
pub(super) use error::CellError;
pub use error::JournalError;
pub use hub_journal::HubJournal;
pub use line::{Entry, Event, Line, RecordedOutcome};
pub(super) use read::{Left, lines};
pub use read::{Run, files, lines_of, runs};
#[cfg(test)]
pub(crate) use unended::Writing;
pub use verify::{Tampering, Verified, verify};

use super::RepairError;
use luthier_hub::destination::{self, DestinationError};
use luthier_hub::store::Hub;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tail::Tail;

/// The `prev` of a journal's first line.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How long the hub writes of another process may have the journal before a run begins.
const INSTANT: Duration = Duration::from_secs(1);

/// How long a hub write waits for a run that has the journal.
const HUB_WAIT: Duration = Duration::from_secs(15);

/// The pause between two tries.
const POLL: Duration = Duration::from_millis(10);

/// Returns the folder in which Luthier keeps its state: the platform's state folder.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "luthier")?;
    let folder = folders.state_dir().unwrap_or(folders.data_local_dir());
    Some(folder.to_owned())
}

/// Returns the folder of the journals.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("journal"))
}

/// Returns the path of the journal of `hub`, whether it exists or not.
#[must_use]
pub fn path_of(hub: &Hub) -> Option<PathBuf> {
    // The same hub has the same journal, whatever it is called.
    let name = &hub.fingerprint()[..16];
    folder().map(|folder| folder.join(format!("{name}.jsonl")))
}

/// Makes sure that the journal of `hub` can be written, before a plan is made that is to be applied.
///
/// # Errors
/// [`RepairError::Journal`] with what to do.
pub fn try_place(hub: &Hub) -> Result<(), RepairError> {
    let path = path_of(hub).ok_or_else(no_folder)?;
    let tried = match path.exists() {
        true => OpenOptions::new()
            .append(true)
            .open(&path)
            .map(drop)
            .map_err(|error| DestinationError::at(&path, error)),
        false => path.parent().map_or(Ok(()), destination::try_folder),
    };
    tried.map_err(|error| failed_at(&path, error))
}

fn no_folder() -> RepairError {
    RepairError::Journal {
        path: String::new(),
        source: JournalError::NoFolder,
    }
}

/// Names the journal in an error.
pub(super) fn failed_at(path: &Path, source: impl Into<JournalError>) -> RepairError {
    RepairError::Journal {
        path: path.display().to_string(),
        source: source.into(),
    }
}

/// The journal of one hub, open for appending. One process at a time has it.
pub struct Journal {
    file: Arc<File>,
    path: PathBuf,
    hub: String,
    operator: String,
    host: String,
    /// Of the last line.
    seq: u64,
    prev: String,
    /// No run may have been left open.
    settled: bool,
}

impl Journal {
    /// Opens the journal of `hub`, or begins it.
    ///
    /// # Errors
    /// No state folder, no right to it, another process that has the journal, or a last line that was
    /// tampered with: then nothing may be written until a person has looked.
    pub fn open(hub: &Hub) -> Result<Self, RepairError> {
        let path = path_of(hub).ok_or_else(no_folder)?;
        Self::open_at(&path, &hub.name)
    }

    /// Opens the journal as [`Journal::open`] does, in a given folder.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_at(path: &Path, hub: &str) -> Result<Self, RepairError> {
        Self::open_within(path, hub, INSTANT)
    }

    /// Opens the journal as [`Journal::open_at`] does, and waits for at most `wait` while another process has it.
    fn open_within(path: &Path, hub: &str, wait: Duration) -> Result<Self, RepairError> {
        let file = prepare(path).map_err(|e| failed_at(path, e))?;
        lock(&file, wait).map_err(|e| failed_at(path, e))?;
        let tail = Tail::read(&file, path).map_err(|e| failed_at(path, e))?;
        let mut journal = Self {
            file: Arc::new(file),
            path: path.to_owned(),
            hub: hub.to_owned(),
            operator: operator(),
            host: host(),
            seq: tail.seq,
            prev: tail.hash,
            settled: tail.settled,
        };
        if let Some(torn) = tail.torn {
            journal
                .file
                .set_len(torn.from)
                .map_err(|e| journal.failed(e))?;
            journal.append(
                "",
                &[Event::Note {
                    why: "an incomplete line from a crash was removed".to_owned(),
                    cut: torn.text,
                    bytes: torn.bytes,
                    sha256: torn.sha256,
                }],
            )?;
            journal.sync_now()?;
        }
        Ok(journal)
    }

    /// Returns the old cells beside it.
    pub(super) fn cell_store(&self) -> CellStore {
        CellStore::beside(&self.path)
    }

    /// Returns the journal's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds events of a run; they are durable once [`Journal::sync`] has returned.
    ///
    /// # Errors
    /// The file cannot be written: the disk is full, most likely.
    pub fn append(&mut self, run: &str, events: &[Event]) -> Result<(), RepairError> {
        let time = jiff::Timestamp::now().to_string();
        let mut text = Vec::new();
        let (mut seq, mut prev) = (self.seq, self.prev.clone());
        for event in events {
            seq += 1;
            let line = Line {
                seq,
                prev,
                time: time.clone(),
                run: run.to_owned(),
                operator: self.operator.clone(),
                host: self.host.clone(),
                hub: self.hub.clone(),
                event: event.clone(),
            };
            let start = text.len();
            serde_json::to_writer(&mut text, &line).map_err(|e| self.failed(e.into()))?;
            prev = super::steps::hash(&text[start..]);
            text.push(b'\n');
        }
        // One call, so that a crash tears one line at most.
        (&*self.file).write_all(&text).map_err(|e| self.failed(e))?;
        (self.seq, self.prev) = (seq, prev);
        self.settled = events.last().is_some_and(Event::settles);
        Ok(())
    }

    /// Returns whether its last run came to its end, or was looked at since.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Returns the steps that the last run left open, if it did not finish and nobody has resolved them yet.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub(super) fn left_open(&self) -> Result<Option<Left>, RepairError> {
        match self.settled {
            true => Ok(None),
            false => Left::read(&self.path).map_err(|e| self.failed(e)),
        }
    }

    /// Returns its length in bytes.
    fn length(&self) -> Result<u64, RepairError> {
        let metadata = self.file.metadata().map_err(|e| self.failed(e))?;
        Ok(metadata.len())
    }

    fn sync_now(&self) -> Result<(), RepairError> {
        self.file.sync_data().map_err(|e| self.failed(e))
    }

    /// Waits until everything that was added is on the disk.
    ///
    /// # Errors
    /// The disk does not say so: then nothing that was announced may be done.
    pub async fn sync(&self) -> Result<(), RepairError> {
        let file = self.file.clone();
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        synced
            .unwrap_or_else(|e| Err(io::Error::other(e)))
            .map_err(|e| self.failed(e))
    }

    /// Notes beside the journal how far it goes, so that lines missing at its end are seen.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn seal(&self) -> Result<(), RepairError> {
        tail::seal(&self.path, self.seq, &self.prev).map_err(|e| self.failed(e))
    }

    fn failed(&self, why: io::Error) -> RepairError {
        failed_at(&self.path, why)
    }
}

/// Locks the file, which a hub write has for an instant and a repair until its end.
fn lock(file: &File, wait: Duration) -> Result<(), JournalError> {
    let end = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(POLL),
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// Opens the file for appending, readable by its owner alone; makes folder and file where they are missing.
fn prepare(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if is_new && let Some(folder) = path.parent() {
        // A new name is durable once its folder is.
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

/// Returns the name of the user who runs this.
#[must_use]
pub fn operator() -> String {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // A service or a container often has neither variable; the system knows all the same.
    let user = rustix::process::getuid().as_raw();
    said("USER")
        .or_else(|| said("LOGNAME"))
        .or_else(|| account(&std::fs::read_to_string("/etc/passwd").ok()?, user))
        .unwrap_or_else(|| format!("uid {user}"))
}

/// Returns the name of a user's account in the system's list of them.
fn account(accounts: &str, user: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(user) && !name.is_empty()).then(|| name.to_owned())
    })
}

pub(super) fn host() -> String {
    let system = rustix::system::uname();
    match system.nodename().to_string_lossy() {
        name if name.is_empty() => "unknown".to_owned(),
        name => name.into_owned(),
    }
}

/// Returns a name for a new run: when it began, and four letters that tell it from another of that second.
#[must_use]
pub fn new_run() -> String {
    let now = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let letters: String = (0..4).map(|_| fastrand::lowercase()).collect();
    format!("{now}-{letters}")
}
