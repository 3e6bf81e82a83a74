//! `luthier init`, `luthier commit` and `luthier merge`: the hub's own write sites from the command line.

use super::confirm::production_named;
use super::output::Output;
use super::{CliError, Exit, Global, help, open, target};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use luthier_hub::index::RepoRow;
use luthier_hub::store::Store;
use luthier_hub::store::hub_writes::{
    Authorship, FileChange, HubWriteError, HubWriter, Ids, MAX_ARRIVALS, NewRepo, Written, new_id,
};
use luthier_hub::text;
use luthier_object::ObjectId;
use luthier_repair::journal::{self, HubJournal};
use serde_json::json;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Branch that moves; it is made if there is none
    #[arg(long, value_name = "NAME", help_heading = help::SELECT)]
    branch: String,
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
    writer: HubWriter,
    by: Authorship,
}

impl Site {
    async fn open(global: &Global, said: &Said, message: &str) -> Result<Self, CliError> {
        let target = target(global)?;
        let Some(authority) = &target.authority else {
            return Err(CliError::usage(
                "this run is read-only; add --write to write to the hub",
            ));
        };
        production_named(&target, said.confirm.as_deref())?;
        let store = open(&target).await?;
        let writer = store.writer(authority)?;
        let ledger = HubJournal::open(&writer, said.new_pair).await?;
        let writer = writer.hub_writer(Arc::new(ledger));
        let at = store.index().now().await.map_err(HubWriteError::from)?;
        let author = said.author.clone().unwrap_or_else(journal::operator);
        let by = Authorship {
            author,
            message: message.to_owned(),
            at,
        };
        Ok(Self { store, writer, by })
    }

    async fn repo(&self, path: &str) -> Result<RepoRow, CliError> {
        let (owner, slug) = parts(path)?;
        let found = self.store.index().repo_by_path(owner, slug).await;
        let found = found.map_err(HubWriteError::from)?;
        found.ok_or_else(|| CliError::usage(format!("there is no repository {path}")))
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
    let site = Site::open(global, &command.said, "Initial commit").await?;
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
    let written = site.writer.init_repo(&new, &site.by).await?;
    tell(&out, (&command.repo, &command.branch), new.ids, &written)
}

/// Commits the files of a folder.
pub async fn run_commit(command: Commit, global: &Global, out: Output) -> Result<Exit, CliError> {
    let files = files(&command.from)?;
    let site = Site::open(global, &command.said, &command.message).await?;
    let repo = site.repo(&command.repo).await?;
    let seen = site.writer.head(&repo.repo_id, &command.branch).await?;
    let mut changes = Vec::with_capacity(files.len());
    if let (Some(head), true) = (&seen, command.exact) {
        let kept: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        let before = site.writer.paths(head).await?;
        let gone = before
            .into_iter()
            .filter(|path| !kept.contains(path.as_str()));
        changes.extend(gone.map(|path| FileChange::Remove { path }));
    }
    let put = |(path, bytes)| FileChange::Put { path, bytes };
    changes.extend(files.into_iter().map(put));
    let id = new_id();
    let branch = (command.branch.as_str(), id.as_str());
    let written = site
        .writer
        .commit_files(&repo.repo_id, branch, seen.as_ref(), changes, &site.by);
    let written = written.await?;
    let ids = match &written.head {
        Some(head) => site.writer.ids_of(head).await?,
        None => Ids::default(),
    };
    tell(&out, (&command.repo, &command.branch), ids, &written)
}

/// Returns the files below a folder with their paths, sorted.
fn files(root: &Path) -> Result<Vec<(String, Bytes)>, CliError> {
    let failed = |at: &Path, error: &dyn std::fmt::Display| {
        CliError::usage(format!("cannot read {}: {error}", at.display()))
    };
    let (mut out, mut size) = (Vec::new(), 0);
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| failed(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(&folder, &error))?;
            let (path, kind) = (entry.path(), entry.file_type());
            let kind = kind.map_err(|error| failed(&path, &error))?;
            if kind.is_dir() {
                if !(folder == root && entry.file_name() == ".muse") {
                    open.push(path);
                }
                continue;
            }
            if !kind.is_file() {
                return Err(failed(&path, &"it is neither a file nor a folder"));
            }
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            let name = name
                .ok_or_else(|| failed(&path, &"its name is not UTF-8"))?
                .to_owned();
            let bytes =
                read_within(&path, MAX_ARRIVALS - size).map_err(|error| failed(&path, &error))?;
            size += bytes.len() as u64;
            out.push((name, bytes));
        }
    }
    out.sort();
    Ok(out)
}

/// Reads a file of at most `most` bytes.
fn read_within(path: &Path, most: u64) -> io::Result<Bytes> {
    if std::fs::metadata(path)?.len() > most {
        return Err(io::Error::other(format!(
            "the folder's files have more than {MAX_ARRIVALS} bytes together; commit them in parts"
        )));
    }
    std::fs::read(path).map(Bytes::from)
}

/// Merges a proposal, or one branch into another.
pub async fn run_merge(command: Merge, global: &Global, out: Output) -> Result<Exit, CliError> {
    let message = match (&command.message, &command.from, &command.into) {
        (Some(message), _, _) => message.clone(),
        (None, Some(from), Some(into)) => format!("Merge {from} into {into}"),
        (None, _, _) => format!("Merge proposal {}", command.what),
    };
    let site = Site::open(global, &command.said, &message).await?;
    let merge = match (&command.from, &command.into) {
        (Some(from), Some(into)) => {
            let repo = site.repo(&command.what).await?;
            site.writer
                .merge_branches(&repo.repo_id, (from, into), &site.by)
                .await?
        }
        _ => site.writer.merge_proposal(&command.what, &site.by).await?,
    };
    let subject = (command.what.as_str(), merge.into.as_str());
    tell(&out, subject, merge.ids, &merge.written)
}

fn tell(
    out: &Output,
    (subject, branch): (&str, &str),
    ids: Ids,
    written: &Written,
) -> Result<Exit, CliError> {
    let head = written.head.as_ref().map(ObjectId::as_str);
    let checkpoint = written.checkpoint.as_ref().err();
    if out.json {
        out.object(&json!({
            "type": "written", "subject": subject, "branch": branch, "head": head,
            "ids": ids.name(), "stored": written.stored, "checkpoint_failed": checkpoint,
        }))?;
    } else {
        out.line(&format!(
            "{subject}: {branch} points at {} ({} stored; ids by the formula {}, which the branch's history uses).",
            head.unwrap_or("nothing"),
            text::plural(written.stored, "object"),
            ids.name()
        ))?;
        if let Some(why) = checkpoint {
            out.line(&format!(
                "The checkpoint of the branches was not saved: {why}. `luthier checkpoint --write` saves it."
            ))?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
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
