//! Pulls that are tried, and what they teach.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::PullRequest;
use crate::event::Answer;
use crate::lines::PulledLine;
use luthier_audit::{PullEnd, PullFact};
use luthier_client::PullError;
use luthier_client::tried::{TriedPull, try_pull};
use luthier_client::tried_repo::{BranchEnd, TriedBranch, TriedRepo, try_branches};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;

/// Branches whose ends are taken over at once.
const FACTS: usize = 10_000;

/// Objects that were refused, and are looked at: more of them have few causes.
const CAUSES: usize = 100;

impl RunnerContext {
    /// Tries what a client would receive of a branch, or of every branch of a repository.
    pub(super) async fn pull(
        &self,
        ask: PullRequest,
        progress: &Progress,
    ) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let store = self.store()?.for_job(progress);
        let line = match &ask.branch {
            Some(branch) => self.pull_one(&store, &ask.repo, branch, progress).await?,
            None => self.pull_all(&store, &ask.repo, progress).await?,
        };
        Ok(Answer::Pulled(Box::new(line)))
    }

    async fn pull_one(
        &self,
        store: &Store,
        repo: &str,
        branch: &str,
        progress: &Progress,
    ) -> Result<PulledLine, RunnerError> {
        let path = repo.split_once('/').unwrap_or((repo, ""));
        let tried = try_pull(store, path, Some(branch), progress).await;
        let fact = |head, outcome| PullFact {
            repo: repo.to_owned(),
            branch: branch.to_owned(),
            head,
            outcome,
        };
        let pull = match tried {
            Ok(pull) => pull,
            Err(error) => {
                let outcome = match &error {
                    PullError::Refused(why) => PullEnd::Refused {
                        why: why.clone(),
                        id: None,
                    },
                    error => PullEnd::Unread(error.to_string()),
                };
                self.teach((store, repo), BTreeSet::new(), vec![fact(None, outcome)])
                    .await;
                return Err(error.into());
            }
        };
        if !pull.stopped {
            let fact = fact(head_of(&pull, branch), end_of(&pull));
            let refused = pull
                .refusal
                .iter()
                .map(|refusal| (refusal.kind, refusal.id.clone()));
            self.teach((store, repo), refused.collect(), vec![fact])
                .await;
        }
        Ok(PulledLine::from(&pull))
    }

    async fn pull_all(
        &self,
        store: &Store,
        repo: &str,
        progress: &Progress,
    ) -> Result<PulledLine, RunnerError> {
        let path = repo.split_once('/').unwrap_or((repo, ""));
        let (mut facts, mut refused) = (Vec::new(), BTreeSet::new());
        let mut take = |branch: &TriedBranch| {
            if let BranchEnd::Refused(refusal) = &branch.end
                && refused.len() < CAUSES
            {
                refused.insert((refusal.kind, refusal.id.clone()));
            }
            if facts.len() < FACTS {
                facts.push(PullFact {
                    repo: repo.to_owned(),
                    branch: branch.name.clone(),
                    head: branch.head.as_ref().map(|id| id.as_str().to_owned()),
                    outcome: end(&branch.end),
                });
            }
        };
        let tried = try_branches(store, path, progress, &mut take).await;
        let tried: TriedRepo = tried?;
        self.teach((store, repo), refused, facts).await;
        Ok(PulledLine::from(&tried))
    }

    /// Turns refused objects into findings, and the ends of branches into their marks.
    async fn teach(
        &self,
        (store, repo): (&Store, &str),
        refused: BTreeSet<(Kind, ObjectId)>,
        facts: Vec<PullFact>,
    ) {
        let mut refused = refused.into_iter().peekable();
        while let Some((kind, id)) = refused.next() {
            let report = self.look_at(store, repo, (kind, &id)).await;
            if refused.peek().is_some() {
                self.learn_aside(report, &[]).await;
            } else {
                return self.learn_aside(report, &facts).await;
            }
        }
        self.learn_aside(None, &facts).await;
    }
}

fn head_of(pull: &TriedPull, branch: &str) -> Option<String> {
    let (_, head) = pull.heads.iter().find(|(name, _)| name == branch)?;
    head.as_ref().map(|id| id.as_str().to_owned())
}

fn end_of(pull: &TriedPull) -> PullEnd {
    match &pull.refusal {
        Some(refusal) => PullEnd::Refused {
            why: refusal.to_string(),
            id: Some(refusal.id.as_str().to_owned()),
        },
        None if pull.heads.iter().all(|(_, head)| head.is_none()) => PullEnd::Empty,
        None => PullEnd::Whole,
    }
}

fn end(end: &BranchEnd) -> PullEnd {
    match end {
        BranchEnd::Whole => PullEnd::Whole,
        BranchEnd::Empty => PullEnd::Empty,
        BranchEnd::Refused(refusal) => PullEnd::Refused {
            why: refusal.to_string(),
            id: Some(refusal.id.as_str().to_owned()),
        },
        BranchEnd::Unfit(why) => PullEnd::Refused {
            why: why.clone(),
            id: None,
        },
        BranchEnd::Unread(why) => PullEnd::Unread(why.clone()),
    }
}
