//! Hub writes that a killed process left without an end. A process killed between the rows and the checkpoint leaves
//! branches whose heads the store does not know; the next process that writes saves them and ends these writes.

use super::read::lines_within;
use super::{Event, HUB_WAIT, Journal, JournalError, POLL, RecordedOutcome, failed_at};
use crate::RepairError;
use luthier_hub::store::Writer;
use luthier_hub::store::checkpoint::{CheckpointError, Refs};
use luthier_hub::store::hub_writes::{HubWrite, Site};
use luthier_object::time::isoformat;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Instant;
use tracing::warn;

/// Keeps others from taking the writes of this process for those of a dead one. The system lets go of the file when
/// the process ends, however it ends. The file holds the length of the journal, in bytes, up to which every hub write
/// has its end.
#[derive(Debug)]
pub(crate) struct Writing {
    file: File,
}

impl Writing {
    /// Enters this process among those that write to the hub. Whoever is the only one first ends what dead processes
    /// left without an end.
    ///
    /// # Errors
    /// The journal cannot be read or written, or another process is busy with this for too long.
    pub async fn enter(writer: &Writer, path: &Path, hub: &str) -> Result<Self, RepairError> {
        let failed = |error: io::Error| failed_at(path, error);
        let own = Self::open(path).map_err(failed)?;
        match own.file.try_lock() {
            Ok(()) => {
                own.end_all(writer, path, hub).await?;
                own.file.unlock().map_err(failed)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let last = Instant::now() + HUB_WAIT;
        loop {
            match own.file.try_lock_shared() {
                Ok(()) => return Ok(own),
                Err(TryLockError::WouldBlock) if Instant::now() < last => {
                    tokio::time::sleep(POLL).await;
                }
                Err(TryLockError::WouldBlock) => return Err(failed_at(path, JournalError::InUse)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    fn open(journal: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(journal.with_extension("writing"))?;
        Ok(Self { file })
    }

    /// Ends every hub write without an end. What cannot be looked up now is left to the next process.
    async fn end_all(&self, writer: &Writer, path: &Path, hub: &str) -> Result<(), RepairError> {
        let failed = |error: io::Error| failed_at(path, error);
        let mut journal = Journal::open_within(path, hub, HUB_WAIT)?;
        let length = journal.length()?;
        let from = self.ended_before().filter(|at| *at <= length);
        let open = unended(path, from.unwrap_or(0), length).map_err(failed)?;
        let mut is_whole = true;
        for (run, write) in &open {
            match look(writer, write).await {
                Ok(end) => journal.append(run, &[end])?,
                Err(error) => {
                    let repo = &write.repo;
                    warn!(%run, %repo, "what a killed process wrote cannot be looked up: {error}");
                    is_whole = false;
                }
            }
        }
        if !open.is_empty() {
            journal.sync_now()?;
            journal.seal()?;
        }
        match is_whole {
            true => self.keep_ended_before(journal.length()?).map_err(failed),
            false => Ok(()),
        }
    }

    /// Returns the length that the file holds; `None` where a crash left none.
    fn ended_before(&self) -> Option<u64> {
        let mut text = String::new();
        (&self.file).take(32).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    fn keep_ended_before(&self, length: u64) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{length}")
    }
}

/// Returns the hub writes that are announced in a part of the journal, in bytes, and have no end there.
fn unended(path: &Path, from: u64, to: u64) -> io::Result<BTreeMap<String, HubWrite>> {
    let mut open = BTreeMap::new();
    for line in lines_within(path, from, to)? {
        let line = line?;
        match line.event {
            Event::Announced(write) => {
                open.insert(line.run, write);
            }
            Event::Made { .. } => {
                open.remove(&line.run);
            }
            _ => {}
        }
    }
    Ok(open)
}

/// Returns the end of a write, as far as the rows show it. The store knows then where the branches of its repository
/// point.
async fn look(writer: &Writer, write: &HubWrite) -> Result<Event, CheckpointError> {
    let refs = match write.site {
        // They have no row.
        Site::Blobs => None,
        _ => writer.store().refs_of(&write.repo_id).await?,
    };
    if let Some(refs) = &refs {
        let now = writer.store().index().now().await?;
        let made_at = isoformat(now, 0).unwrap_or_default();
        writer.save_refs(refs, &made_at).await?;
    }
    let (outcome, why) = ended(write, refs.as_ref());
    Ok(Event::Made {
        outcome,
        why: Some(why.to_owned()),
        stored: 0,
        write: write.clone(),
    })
}

/// Returns what became of a write whose repository has these refs; none where it has no row.
fn ended(write: &HubWrite, refs: Option<&Refs>) -> (RecordedOutcome, &'static str) {
    let is_done = match (write.site, refs) {
        (_, None) => false,
        (Site::Delete, Some(refs)) => refs.repo.deleted_at.is_some(),
        (_, Some(refs)) if write.to.is_some() => refs
            .branches
            .iter()
            .any(|row| write.branch.as_ref() == Some(&row.name) && row.head_commit_id == write.to),
        (_, Some(_)) => {
            let why = "the process was killed; all rows of this write are there, or none is";
            return (RecordedOutcome::Failed, why);
        }
    };
    match (is_done, &write.branch) {
        (true, _) => (
            RecordedOutcome::FoundDone,
            "the process was killed after this write",
        ),
        (false, Some(_)) => (
            RecordedOutcome::FoundNotDone,
            "the process was killed during this write; the branch does not point at its commit",
        ),
        (false, None) => (
            RecordedOutcome::FoundNotDone,
            "the process was killed during this write",
        ),
    }
}
