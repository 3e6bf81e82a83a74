//! `luthier pull`.

use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
use luthier_audit::suggest;
use luthier_client::pull::{PullOptions, Pulled, Told, pull};
use luthier_client::{Layout, PullError, Wanted};
use luthier_hub::destination;
use luthier_hub::index::Hidden;
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{FetchError, Fetched, Origin, Refusal};
use luthier_hub::text;
use luthier_object::{Kind, ObjectId};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Refusals that are spelt out for a person; the rest is counted.
const SPELT_OUT: u64 = 20;

/// Heads that are shown to a person.
const HEADS: usize = 10;

#[derive(Args)]
pub struct Pull {
    /// Repository, or one of its branches
    #[arg(value_name = "OWNER/SLUG[@BRANCH]")]
    what: String,
    /// Folder to write; it must be new, be empty, or hold an earlier pull of this repository
    #[arg(long, value_name = "DIR", help_heading = help::OUTPUT)]
    into: PathBuf,
    /// Write the files of this client version
    #[arg(long, help_heading = help::OUTPUT, value_enum, default_value_t = LayoutFlag::Unified)]
    layout: LayoutFlag,
    /// Leave out this commit and everything that it reaches, as for a client that has it
    #[arg(long, help_heading = help::SELECT, value_name = "ID", value_delimiter = ',')]
    have: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutFlag {
    /// Canonical objects in `.muse/objects/sha256/`
    Unified,
    /// Client 0.1: JSON files and raw blobs; only for repositories with ids of that time
    V01,
}

impl Pull {
    fn options(self, what: Wanted) -> PullOptions {
        PullOptions {
            owner: what.owner,
            slug: what.slug,
            branch: what.branch,
            into: self.into,
            layout: match self.layout {
                LayoutFlag::Unified => Layout::Unified,
                LayoutFlag::V01 => Layout::V01,
            },
            have: self.have.iter().map(ObjectId::new).collect(),
        }
    }
}

pub async fn run(command: Pull, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    destination::try_folder(&command.into)
        .map_err(|why| CliError::usage(format!("--into: {why}")))?;
    let store = open(&target, &out).await?;
    let Some(what) = Wanted::parse(&command.what) else {
        let mut error = CliError::from(suggest::no_such_repo(&store, &command.what).await);
        error.message += "; write OWNER/SLUG or OWNER/SLUG@BRANCH";
        return Err(error);
    };
    let options = command.options(what);
    let progress = out.job();
    let mut told = Teller {
        out: &out,
        refused: 0,
        failed: None,
    };
    let mut tell = |what: Told<'_>| told.tell(&what);
    let ended = watch(
        &out,
        &progress,
        pull(&store, &options, &progress, &mut tell),
    )
    .await?;
    if let Some(error) = told.failed {
        return Err(error);
    }
    let pulled = match ended {
        Ok(pulled) => pulled,
        Err(PullError::Refused(sentence)) if out.json => {
            out.object(&json!({ "type": "refusal", "sentence": sentence }))?;
            out.object(&json!({ "type": "summary", "complete": false, "refused": 1 }))?;
            out.flush()?;
            return Ok(Exit::Findings);
        }
        Err(error) => return Err(helped(&store, &options, error).await),
    };
    write_end(&pulled, &options, store.index().hidden(), &out)?;
    Ok(match (pulled.stopped, pulled.is_complete()) {
        (true, _) => Exit::Stopped,
        (false, true) => Exit::Done,
        (false, false) => Exit::Findings,
    })
}

/// Prints what was pulled.
fn write_end(
    pulled: &Pulled,
    options: &PullOptions,
    hidden: &[Hidden],
    out: &Output,
) -> Result<(), CliError> {
    if out.json {
        let mut line = summary(pulled, options);
        line["hidden"] = json!(hidden);
        out.object(&line)?;
    } else {
        for hidden in hidden {
            out.line(&format!(
                "Note: the hub may contain more than was pulled: {}.",
                hidden.said
            ))?;
        }
        write_words(pulled, options, out)?;
    }
    out.flush()
}

/// Returns the error, with the names that may be meant.
async fn helped(store: &Store, options: &PullOptions, error: PullError) -> CliError {
    match error {
        PullError::NoSuchRepo(path) => suggest::no_such_repo(store, &path).await.into(),
        PullError::NoSuchBranch { .. } => {
            let names = branches(store, options).await;
            let mut error = CliError::from(error);
            if !names.is_empty() {
                error.message += &format!("; it has {names}");
            }
            error
        }
        error => error.into(),
    }
}

/// Returns the first branches of a repository in words; empty where the database does not say.
async fn branches(store: &Store, options: &PullOptions) -> String {
    let index = store.index();
    let Ok(Some(repo)) = index.repo_by_path(&options.owner, &options.slug).await else {
        return String::new();
    };
    let Ok(page) = index.branches_of(&repo.repo_id, None, HEADS as u32).await else {
        return String::new();
    };
    let mut names: Vec<String> = page.rows.into_iter().map(|row| row.name).collect();
    names.truncate(HEADS);
    names.join(", ") + if page.end { "" } else { " and others" }
}

/// Writes each message as it comes; the first failure to write is kept.
struct Teller<'o> {
    out: &'o Output,
    refused: u64,
    failed: Option<CliError>,
}

impl Teller<'_> {
    fn tell(&mut self, what: &Told<'_>) {
        if self.failed.is_none() {
            self.failed = self.write(what).err();
        }
    }

    fn write(&mut self, what: &Told<'_>) -> Result<(), CliError> {
        match what {
            Told::Object(fetched) if self.out.json => self.out.object(&object_line(fetched)),
            Told::Object(_) => Ok(()),
            Told::Refused(refusal) if self.out.json => self.out.object(&refusal_line(refusal)),
            Told::Refused(refusal) => {
                self.refused += 1;
                if self.refused > SPELT_OUT {
                    return Ok(());
                }
                self.out.line(&format!("refused  {refusal}."))
            }
        }
    }
}

fn object_line(fetched: &Fetched) -> Value {
    let object = &fetched.object;
    let source = match fetched.origin {
        Origin::Canonical(_) => "store",
        Origin::Reconstructed => "row",
        Origin::Empty => "id",
    };
    json!({
        "type": "object", "kind": object.kind(), "id": object.id(), "bytes": object.bytes().len(),
        "source": source,
    })
}

fn refusal_line(refusal: &Refusal) -> Value {
    json!({
        "type": "refusal", "kind": refusal.kind, "id": refusal.id,
        "why": refusal.why.to_string(), "sentence": refusal.to_string(),
    })
}

fn by_kind(counts: &[u64; 3]) -> Value {
    let pairs = Kind::ALL.into_iter().zip(counts);
    let map: Map<String, Value> = pairs
        .map(|(kind, count)| (kind.to_string(), (*count).into()))
        .collect();
    Value::Object(map)
}

fn summary(pulled: &Pulled, options: &PullOptions) -> Value {
    let heads: Map<String, Value> = pulled
        .branches
        .iter()
        .map(|(name, head)| (name.clone(), json!(head)))
        .collect();
    let received = &pulled.received;
    let made: u64 = received.reconstructed.iter().sum();
    json!({
        "type": "summary", "complete": pulled.is_complete(), "stopped": pulled.stopped,
        "repo": pulled.repo, "layout": options.layout.name(), "branches": heads,
        "fetched": by_kind(&received.fetched), "held": by_kind(&pulled.held),
        "foreign_commits": received.foreign_commits,
        "reconstructed": made, "empty_blobs": received.empty,
        "bytes": received.bytes, "refused": pulled.refused, "unknown_have": pulled.unknown,
    })
}

fn counted(counts: &[u64; 3]) -> String {
    let words: Vec<String> = Kind::ALL
        .into_iter()
        .zip(counts)
        .map(|(kind, count)| text::plural(*count, kind.as_str()))
        .collect();
    words.join(", ")
}

fn write_words(pulled: &Pulled, options: &PullOptions, out: &Output) -> Result<(), CliError> {
    if pulled.refused > SPELT_OUT {
        let more = text::grouped(pulled.refused - SPELT_OUT);
        out.line(&format!("and {more} more; --json lists them all"))?;
    }
    for id in &pulled.unknown {
        out.line(&format!(
            "The hub has no commit {id}; nothing was left out for it."
        ))?;
    }
    if !out.quiet {
        write_counts(pulled, out)?;
    }
    let into = options.into.display();
    if pulled.stopped {
        return out.line(&format!(
            "Stopped before the end; no ref was written. The objects received so far are in {into}; the next run continues from there."
        ));
    }
    if pulled.refused > 0 {
        out.line(&format!(
            "Not pulled: a client would refuse {}. No ref was written; the accepted objects are in {into}, and the next run continues from there.",
            text::plural(pulled.refused, "object"),
        ))?;
        return match options.branch {
            Some(_) => Ok(()),
            None => out.line(&format!("To pull one branch: {}@BRANCH.", pulled.repo)),
        };
    }
    if !out.quiet {
        write_heads(pulled, out)?;
    }
    out.line(&format!("Pulled {} into {into}.", pulled.repo))
}

fn write_heads(pulled: &Pulled, out: &Output) -> Result<(), CliError> {
    for (name, head) in pulled.branches.iter().take(HEADS) {
        let head = match head {
            Some(id) => id.short(),
            None => "(no commit yet)",
        };
        out.line(&format!("  {name} {head}"))?;
    }
    if pulled.branches.len() > HEADS {
        let count = pulled.branches.len() as u64;
        out.line(&format!("  {} heads in all", text::grouped(count)))?;
    }
    Ok(())
}

fn write_counts(pulled: &Pulled, out: &Output) -> Result<(), CliError> {
    let received = &pulled.received;
    let bytes = text::bytes(received.bytes);
    out.line(&format!(
        "{} fetched ({bytes}).",
        counted(&received.fetched)
    ))?;
    if let Some(words) = received.foreign_words() {
        out.line(&format!("{words}."))?;
    }
    if pulled.held.iter().any(|count| *count > 0) {
        out.line(&format!("{} were there already.", counted(&pulled.held)))?;
    }
    let made: u64 = received.reconstructed.iter().sum();
    if made > 0 {
        let made = text::plural(made, "object");
        out.line(&format!(
            "{made} of them made from rows without storage_uri."
        ))?;
    }
    if received.empty > 0 {
        out.line(
            "The empty blob was made without the hub, which does not have it (blob-empty-missing).",
        )?;
    }
    Ok(())
}

impl From<PullError> for CliError {
    fn from(error: PullError) -> Self {
        let exit = match error {
            PullError::NoSuchRepo(_) | PullError::NoSuchBranch { .. } | PullError::Unfit { .. } => {
                Exit::Usage
            }
            PullError::Refused(_) => Exit::Findings,
            PullError::Store(error) | PullError::Fetch(FetchError::Store(error)) => {
                return error.into();
            }
            PullError::Fetch(FetchError::Cancelled(_)) => Exit::Stopped,
            PullError::Fetch(_) | PullError::Folder(_) => Exit::Unusable,
        };
        Self {
            message: error.to_string(),
            exit,
        }
    }
}
