//! Says what a hub write would write, and what it wrote.

use crate::cli::output::Output;
use crate::cli::{CliError, Exit};
use crate::config::Target;
use luthier_hub::store::Environment;
use luthier_hub::store::hub_writes::{Changed, HubWrite, Ids, Site, Written};
use luthier_hub::text;
use luthier_object::ObjectId;
use serde_json::json;

/// Names the flags with which the command writes.
pub(super) fn flags_to_write(target: &Target) -> String {
    match target.hub.environment {
        Environment::Production => format!("--write --confirm {}", target.hub.name),
        _ => "--write".to_owned(),
    }
}

/// Says what would be written; `start` says where a branch that is made begins.
pub(super) fn show(
    out: &Output,
    (subject, plan): (&str, &HubWrite),
    (start, changed): (Option<String>, Option<Changed>),
    to_write: &str,
) -> Result<(), CliError> {
    let branch = plan.branch.as_deref().unwrap_or_default();
    if out.json {
        let files = changed.map(|changed| {
            json!({ "added": changed.added, "replaced": changed.replaced, "removed": changed.removed })
        });
        return out.object(&json!({
            "type": "plan", "subject": subject, "site": plan.site, "repo": plan.repo, "branch": branch,
            "from": plan.from, "start": start, "proposal": plan.proposal, "files": files,
            "objects": plan.objects, "bytes": plan.bytes,
        }));
    }
    let words = match plan.site {
        Site::Init => format!(
            "makes the repository {}: branch {branch}, with a first commit and an empty tree",
            plan.repo
        ),
        site => format!(
            "{} to {}: {}",
            site.name(),
            plan.repo,
            match (&plan.from, &start) {
                (Some(from), _) => format!("branch {branch} moves from {from} to a new commit"),
                (None, Some(start)) => format!("branch {branch} is new; {start}"),
                (None, None) => format!("branch {branch} is new"),
            }
        ),
    };
    out.line(&format!("Plan: {words}."))?;
    if let Some(changed) = changed {
        out.line(&format!(
            "Files of {branch}: {} added, {} replaced, {} removed.",
            text::grouped(changed.added),
            text::grouped(changed.replaced),
            text::grouped(changed.removed)
        ))?;
    }
    if let Some(proposal) = &plan.proposal {
        out.line(&format!("The proposal {proposal} is closed."))?;
    }
    out.line(&format!(
        "{}, {}; the store is sent only those that it does not have.",
        text::plural(plan.objects, "object"),
        text::bytes(plan.bytes)
    ))?;
    out.line(&format!("Nothing was written. Add {to_write} to write it."))
}

/// Says what was written.
pub(super) fn tell(
    out: &Output,
    (subject, plan): (&str, &HubWrite),
    ids: Ids,
    written: &Written,
) -> Result<Exit, CliError> {
    let branch = plan.branch.as_deref().unwrap_or_default();
    let head = written.head.as_ref().map(ObjectId::as_str);
    let checkpoint = written.checkpoint.as_ref().err();
    if out.json {
        out.object(&json!({
            "type": "written", "subject": subject, "branch": branch, "head": head,
            "ids": ids.name(), "objects": plan.objects, "stored": written.stored, "checkpoint_failed": checkpoint,
        }))?;
    } else {
        out.line(&format!(
            "{subject}: {branch} points at {} ({}; ids by the formula {}, which the branch's history uses).",
            head.unwrap_or("nothing"),
            stored_words(plan.objects, written.stored),
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

/// Says how many of a write's objects were stored, and what became of the others.
fn stored_words(objects: u64, stored: u64) -> String {
    match objects == stored {
        true => format!("{} stored", text::plural(stored, "object")),
        false => format!(
            "{} of {} stored, the store had the others",
            text::grouped(stored),
            text::plural(objects, "object")
        ),
    }
}
