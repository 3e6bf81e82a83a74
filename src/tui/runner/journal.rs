//! Questions to the journal, and to the doctor.

use super::RunnerContext;
use super::error::RunnerError;
use crate::event::Answer;
use crate::lines::{ChainLine, JournalLine, RunLine};
use luthier_repair::journal;
use std::path::PathBuf;

/// The newest runs that are listed.
const RUNS: usize = 10_000;

impl RunnerContext {
    /// Returns the path of this hub's journal, if there is one yet.
    fn journal(&self) -> Option<PathBuf> {
        journal::path_of(&self.hub).filter(|path| path.exists())
    }

    pub(super) async fn runs(&self) -> Result<Answer, RunnerError> {
        let Some(path) = self.journal() else {
            return Ok(Answer::Runs(Vec::new()));
        };
        let runs = read(move || journal::runs(&path)).await?;
        Ok(Answer::Runs(
            runs.iter().take(RUNS).map(RunLine::from).collect(),
        ))
    }

    pub(super) async fn run_lines(
        &self,
        run: String,
        skip: u64,
        limit: u32,
    ) -> Result<Answer, RunnerError> {
        let path = self.journal().ok_or(RunnerError::JournalGone)?;
        let lines = read(move || journal::lines_of(&path, &run, skip, limit)).await?;
        Ok(Answer::RunLines(
            lines.iter().rev().map(JournalLine::from).collect(),
        ))
    }

    pub(super) async fn chain(&self) -> Result<Answer, RunnerError> {
        let path = self.journal().ok_or(RunnerError::NoJournal)?;
        let verified = read(move || journal::verify(&path)).await?;
        Ok(Answer::Chain(ChainLine::from(&verified)))
    }
}

/// Reads a file on a thread that may wait.
async fn read<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, RunnerError> {
    let done = tokio::task::spawn_blocking(work).await;
    done?.map_err(RunnerError::Journal)
}
