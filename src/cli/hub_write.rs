//! `luthier init`, `luthier commit` and `luthier merge`: the hub's own write sites from the command line.

mod folder;
mod words;

use super::confirm::production_named;
use super::output::Output;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
use luthier_hub::index::RepoRow;
use luthier_hub::store::Store;
use luthier_hub::store::hub_writes::{
    Authorship, FileChange, HubReader, HubWriteError, HubWriter, Ids, NewRepo, Onto, Prepared,
    new_id,
};
use luthier_object::ObjectId;
use luthier_repair::journal::{self, HubJournal};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use words::{flags_to_write, show, tell};

/// Who writes, and whether he may.
#[derive(Args)]
struct Said {
    /// Author of the commit [default: the user who runs this]
    #[arg(long, value_name = "NAME", help_heading = help::SELECT)]
    author: Option<String>,
    /// Name of the hub; on production it is needed
    #[arg(long, value_name = "HUB", help_heading = help::APPLY)]
    confirm: Option<String>,
    /// Accept that this profile now uses another database or object store
    #[arg(long, help_heading = help::APPLY)]
    new_pair: bool,
}

#[derive(Args)]
pub struct Init {
    /// Repository to make
    #[arg(value_name = "OWNER/SLUG")]
    repo: String,
    /// Name of its first branch
    #[arg(long, value_name = "NAME", default_value = "main", help_heading = help::SELECT)]
    branch: String,
    /// Show it to its owner and to tokens alone
    #[arg(long, help_heading = help::SELECT)]
    private: bool,
    /// Formulas of its ids: v01 for clients of March 2026, rc7 for those of April and May, typed for later ones
    #[arg(long, value_enum, default_value_t = Formulas::Typed, help_heading = help::SELECT)]
    ids: Formulas,
    #[command(flatten)]
    said: Said,
}

#[derive(Clone, Copy, ValueEnum)]
enum Formulas {
    Typed,
    Rc7,
    V01,
}

#[derive(Args)]
pub struct Commit {
    /// Repository to commit to
    #[arg(value_name = "OWNER/SLUG")]
    repo: String,
    /// Branch that moves; a new one begins at the head of the repository's default branch
    #[arg(long, value_name = "NAME", help_heading = help::SELECT)]
    branch: String,
    /// Begin a new branch at the head of this one
    #[arg(long, value_name = "BRANCH", help_heading = help::SELECT)]
    from_branch: Option<String>,
    /// Begin a new branch with a commit without a parent, unrelated to all other branches
    #[arg(long, conflicts_with = "from_branch", help_heading = help::SELECT)]
    orphan: bool,
    /// Folder whose files are committed; `.muse` in it is left out
    #[arg(long, value_name = "DIR", help_heading = help::SELECT)]
    from: PathBuf,
    /// Remove the branch's files that the folder does not have
    #[arg(long, help_heading = help::SELECT)]
    exact: bool,
    /// What the commit says
    #[arg(long, short, value_name = "TEXT", help_heading = help::SELECT)]
    message: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Args)]
pub struct Merge {
    /// Proposal to merge and close, or the repository of two branches
    #[arg(value_name = "PROPOSAL|OWNER/SLUG")]
    what: String,
    /// Branch to merge, where a repository is given
    #[arg(value_name = "FROM", requires = "into")]
    from: Option<String>,
    /// Branch that moves, where a repository is given
    #[arg(value_name = "INTO")]
    into: Option<String>,
    /// What the commit says [default: Merge FROM into INTO]
    #[arg(long, short, value_name = "TEXT", help_heading = help::SELECT)]
    message: Option<String>,
    #[command(flatten)]
    said: Said,
}

/// A hub that is open for one of these commands.
struct Site {
    store: Store,
    reader: HubReader,
    /// None in a run that only shows what it would write.
    writer: Option<HubWriter>,
    by: Authorship,
    /// The flags with which the same command writes.
    to_write: String,
}

impl Site {
    async fn open(
        global: &Global,
        said: &Said,
        message: &str,
        out: &Output,
    ) -> Result<Self, CliError> {
        let target = target(global)?;
        if target.authority.is_some() {
            production_named(&target, said.confirm.as_deref())?;
        }
        let store = open(&target, out).await?;
        let writer = match &target.authority {
            Some(authority) => {
                let writer = store.writer(authority)?;
                let ledger = HubJournal::open(&writer, said.new_pair).await?;
                Some(writer.hub_writer(Arc::new(ledger)))
            }
            None => None,
        };
        let at = store.index().now().await.map_err(HubWriteError::from)?;
        let author = said.author.clone().unwrap_or_else(journal::operator);
        let by = Authorship {
            author,
            message: message.to_owned(),
            at,
        };
        Ok(Self {
            reader: store.hub_reader(),
            store,
            writer,
            by,
            to_write: flags_to_write(&target),
        })
    }

    async fn repo(&self, path: &str) -> Result<RepoRow, CliError> {
        let (owner, slug) = parts(path)?;
        let found = self.store.index().repo_by_path(owner, slug).await;
        let found = found.map_err(HubWriteError::from)?;
        found.ok_or_else(|| CliError::usage(format!("there is no repository {path}")))
    }

    /// Writes what was prepared and says what became of it; without `--write`, says what would be written.
    async fn finish(
        self,
        subject: &str,
        prepared: Prepared,
        start: Option<String>,
        out: &Output,
    ) -> Result<Exit, CliError> {
        let (plan, ids, changed) = (prepared.told(), prepared.ids(), prepared.changed);
        match &self.writer {
            Some(writer) => tell(out, (subject, &plan), ids, &writer.write(prepared).await?),
            None => {
                show(out, (subject, &plan), (start, changed), &self.to_write)?;
                out.flush()?;
                Ok(Exit::Done)
            }
        }
    }
}

fn parts(path: &str) -> Result<(&str, &str), CliError> {
    let split = path
        .split_once('/')
        .filter(|(owner, slug)| !owner.is_empty() && !slug.is_empty() && !slug.contains('/'));
    split.ok_or_else(|| CliError::usage(format!("`{path}` is not OWNER/SLUG")))
}

/// Makes a repository with a first commit.
pub async fn run_init(command: Init, global: &Global, out: Output) -> Result<Exit, CliError> {
    let (owner, slug) = parts(&command.repo)?;
    let site = Site::open(global, &command.said, "Initial commit", &out).await?;
    let new = NewRepo {
        repo_id: new_id(),
        owner: owner.to_owned(),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        visibility: if command.private { "private" } else { "public" }.to_owned(),
        owner_user_id: owner.to_owned(),
        description: String::new(),
        default_branch: command.branch.clone(),
        branch_id: new_id(),
        ids: match command.ids {
            Formulas::Typed => Ids::Typed,
            Formulas::Rc7 => Ids::Rc7,
            Formulas::V01 => Ids::V01,
        },
    };
    let prepared = site.reader.prepare_init(&new, &site.by).await?;
    site.finish(&command.repo, prepared, None, &out).await
}

/// Commits the files of a folder.
pub async fn run_commit(command: Commit, global: &Global, out: Output) -> Result<Exit, CliError> {
    let files = folder::files(&command.from)?;
    let site = Site::open(global, &command.said, &command.message, &out).await?;
    let repo = site.repo(&command.repo).await?;
    let (seen, start) = heads(&command, &repo, &site.reader).await?;
    let parent = seen.as_ref().or(start.as_ref().map(|(_, head)| head));
    let mut changes = Vec::with_capacity(files.len());
    if let (Some(head), true) = (parent, command.exact) {
        let kept: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        let before = site.reader.paths(head).await?;
        let gone = before
            .into_iter()
            .filter(|path| !kept.contains(path.as_str()));
        changes.extend(gone.map(|path| FileChange::Remove { path }));
    }
    let put = |(path, bytes)| FileChange::Put { path, bytes };
    changes.extend(files.into_iter().map(put));
    let onto = Onto {
        branch: &command.branch,
        branch_id: &new_id(),
        seen: seen.as_ref(),
        start: start.as_ref().map(|(_, head)| head),
    };
    let prepared = site
        .reader
        .prepare_files(&repo.repo_id, onto, changes, &site.by)
        .await?;
    let start = match (&seen, start) {
        (Some(_), _) => None,
        (None, Some((branch, head))) => Some(format!("it begins at {branch}, {head}")),
        (None, None) => Some("its first commit has no parent".to_owned()),
    };
    site.finish(&command.repo, prepared, start, &out).await
}

/// Returns the head of the branch, and where a branch that is made begins: its name and its head.
async fn heads(
    command: &Commit,
    repo: &RepoRow,
    reader: &HubReader,
) -> Result<(Option<ObjectId>, Option<(String, ObjectId)>), CliError> {
    let (id, name) = (&repo.repo_id, &command.branch);
    let seen = reader.head(id, name).await?;
    if seen.is_some() {
        return match command.orphan || command.from_branch.is_some() {
            true => Err(CliError::usage(format!(
                "--orphan and --from-branch are for a new branch, and {name} exists already"
            ))),
            false => Ok((seen, None)),
        };
    }
    let start = match &command.from_branch {
        Some(start) => {
            let head = reader.head(id, start).await?;
            let none = || CliError::usage(format!("--from-branch {start}: it has no commit"));
            Some((start.clone(), head.ok_or_else(none)?))
        }
        None if command.orphan => None,
        None => {
            let head = reader.head(id, &repo.default_branch).await?;
            head.map(|head| (repo.default_branch.clone(), head))
        }
    };
    Ok((None, start))
}

/// Merges a proposal, or one branch into another.
pub async fn run_merge(command: Merge, global: &Global, out: Output) -> Result<Exit, CliError> {
    let message = match (&command.message, &command.from, &command.into) {
        (Some(message), _, _) => message.clone(),
        (None, Some(from), Some(into)) => format!("Merge {from} into {into}"),
        (None, _, _) => format!("Merge proposal {}", command.what),
    };
    let site = Site::open(global, &command.said, &message, &out).await?;
    let prepared = match (&command.from, &command.into) {
        (Some(from), Some(into)) => {
            let repo = site.repo(&command.what).await?;
            site.reader
                .prepare_merge(&repo.repo_id, (from, into), &site.by)
                .await?
        }
        _ => {
            site.reader
                .prepare_proposal(&command.what, &site.by)
                .await?
        }
    };
    site.finish(&command.what, prepared, None, &out).await
}

impl From<HubWriteError> for CliError {
    fn from(error: HubWriteError) -> Self {
        match error {
            HubWriteError::Store(error) => error.into(),
            HubWriteError::Write(error) => CliError::unusable(error),
            error => CliError {
                message: error.to_string(),
                exit: Exit::Findings,
            },
        }
    }
}
