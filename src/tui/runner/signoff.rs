//! Sign-offs, and what the doctor says before one.

use super::RunnerContext;
use super::error::RunnerError;
use super::known;
use crate::event::Answer;
use crate::lines::{CheckLine, SignedLine, clean};
use luthier_audit::{PullEnd, PullFact};
use luthier_hub::progress::Progress;
use luthier_hub::store::doctor;
use luthier_repair::history;
use luthier_repair::signoff::{self, FailedPull, Options, Signoff};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;

impl RunnerContext {
    /// Runs the doctor on both sides, without a trial write.
    pub(super) async fn doctor(&self) -> Result<Answer, RunnerError> {
        let (hub, runtime) = (self.hub.clone(), Handle::current());
        let examined = move || runtime.block_on(doctor::examine(&hub, None));
        let checks = tokio::task::spawn_blocking(examined).await;
        let checks = checks?;
        Ok(Answer::Checked(
            checks.iter().map(CheckLine::from).collect(),
        ))
    }

    pub(super) async fn sign_off(&self, progress: &Progress) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let store = self.store()?;
        let signed = signoff::run_with_report(&store, &Options::default(), progress).await;
        let (signoff, report) = signed?;
        let line = SignedLine::from(&signoff);
        history::add(&self.hub, report.summary(), known::now());
        self.state().trend = history::load(&self.hub);
        self.learn_aside(Some(report), &facts(&signoff)).await;
        self.state().signoff = Some(Arc::new(signoff));
        Ok(Answer::Signed(Box::new(line)))
    }

    /// Writes the last sign-off's reports into a folder.
    pub(super) fn save_signoff(&self, folder: &str) -> Result<Answer, RunnerError> {
        let last = self.state().signoff.clone();
        let signoff = last.ok_or(RunnerError::NoSignoff)?;
        let saved = signoff.save(Path::new(folder));
        let written = saved?;
        let name = |path: &Path| clean(&path.file_name().unwrap_or_default().to_string_lossy());
        let [machines, people, browsers] = written.each_ref().map(|path| name(path));
        let here = std::env::current_dir().unwrap_or_default();
        let folder: PathBuf = here.join(folder).components().collect();
        Ok(Answer::Wrote(format!(
            "{people}, {browsers} and {machines} to {}",
            clean(&folder.display().to_string())
        )))
    }
}

/// Takes from a sign-off what its pulls say of branches, as far as it names them.
fn facts(signoff: &Signoff) -> Vec<PullFact> {
    let fact = |pull: &FailedPull, outcome| PullFact {
        repo: pull.repo.clone(),
        branch: pull.branch.clone(),
        head: None,
        outcome,
    };
    let failed = signoff.pulls.failed.iter().map(|pull| {
        let why = pull.why.clone();
        fact(pull, PullEnd::Refused { why, id: None })
    });
    let unread = signoff.pulls.unknown.iter();
    let unread = unread.map(|pull| fact(pull, PullEnd::Unread(pull.why.clone())));
    failed.chain(unread).collect()
}
