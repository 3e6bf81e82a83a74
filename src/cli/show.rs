//! `luthier show` and `luthier diff`.

use super::audit::write_finding;
use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit, Global, help, open, target};
use clap::{Args, ValueEnum};
use luthier_audit::inspect::by_bytes::{self, Reach, Searched};
use luthier_audit::inspect::{self, Inspection, ObjectView};
use luthier_audit::{AuditError, FieldDiff, Finding, suggest};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_object::identity::BlobScheme;
use luthier_object::{Kind, ObjectId};
use luthier_repair::wanted::WANTED;
use serde_json::json;
use std::io::IsTerminal;

#[derive(Args)]
pub struct Show {
    /// Id of a commit, snapshot or blob, or 4 or more of its first digits
    ///
    /// A blob has two ids: the sha256 of its bytes, which `sha256sum` prints, and the typed id, which `git hash-object`
    /// prints in a SHA-256 repository. A row holds one of them; both find the blob. If the row holds the other one, give
    /// all digits: Luthier then hashes blobs to find it.
    #[arg(value_name = "ID")]
    id: String,
    /// Hash every blob of the hub if that is needed to find this id
    #[arg(long, help_heading = help::SELECT)]
    search: bool,
    /// Print this much of it
    #[arg(long = "as", help_heading = help::OUTPUT, value_enum, default_value_t = Form::All)]
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Row, object, identity, links and findings
    All,
    /// The canonical object's bytes, as a client receives them
    Bytes,
}

#[derive(Args)]
pub struct Diff {
    /// Id of a commit, snapshot or blob, or 4 or more of its first digits
    ///
    /// A blob has two ids: the sha256 of its bytes, which `sha256sum` prints, and the typed id, which `git hash-object`
    /// prints in a SHA-256 repository. A row holds one of them; both find the blob. If the row holds the other one, give
    /// all digits: Luthier then hashes blobs to find it.
    #[arg(value_name = "ID")]
    id: String,
    /// Hash every blob of the hub if that is needed to find this id
    #[arg(long, help_heading = help::SELECT)]
    search: bool,
}

pub async fn run(command: Show, global: &Global, out: Output) -> Result<Exit, CliError> {
    let store = open(&target(global)?, &out).await?;
    let (kind, id) = resolve(&store, &command.id, command.search, &out).await?;
    if command.form == Form::Bytes {
        let served = store.serve(kind, &id).await?;
        write_bytes(&served.bytes, &out)?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    let found = inspect::inspect(&store, kind, &id).await?;
    if out.json {
        let mut line = serde_json::to_value(&found).unwrap_or_default();
        line["type"] = json!("object");
        out.object(&line)?;
    } else {
        write_all(&found, &out)?;
    }
    out.flush()?;
    Ok(exit(&found))
}

/// Resolves an id; where a person asks for it, by hashing every blob.
async fn resolve(
    store: &Store,
    text: &str,
    search: bool,
    out: &Output,
) -> Result<(Kind, ObjectId), CliError> {
    let found = inspect::resolve(store, text).await;
    let (Err(AuditError::SearchCut { .. }), true) = (&found, search) else {
        return Ok(found?);
    };
    let (id, progress) = (ObjectId::new(text), Progress::new());
    let work = by_bytes::search(store, &id, Reach::ALL, &progress);
    match watch(out, &progress, work).await?? {
        Searched::Found(id) => Ok((Kind::Blob, id)),
        Searched::Nowhere { unread: 0 } | Searched::Cut { .. } => {
            Err(suggest::no_such_id(store, text).await.into())
        }
        Searched::Nowhere { unread } => Err(CliError::unusable(format!(
            "no row, and no blob that could be read, has the id `{text}`; {} could not be read",
            text::plural(unread, "blob")
        ))),
    }
}

pub async fn run_diff(command: Diff, global: &Global, out: Output) -> Result<Exit, CliError> {
    let store = open(&target(global)?, &out).await?;
    let (kind, id) = resolve(&store, &command.id, command.search, &out).await?;
    let found = inspect::inspect(&store, kind, &id).await?;
    let differing = found.fields.iter().filter(|field| !field.same).count();
    if out.json {
        out.object(&json!({
            "type": "diff", "kind": found.kind, "id": found.id, "repo": found.repo,
            "verdict": found.verdict, "object": found.object, "fields": found.fields,
        }))?;
    } else {
        out.line(&format!("{} {}  {}", found.kind, found.id, found.repo))?;
        out.line(&found.verdict)?;
        if matches!(found.object, ObjectView::Present { .. }) {
            write_fields(&found.fields, &out)?;
        } else {
            write_object(&found.object, &out)?;
        }
    }
    out.flush()?;
    Ok(match found.object {
        ObjectView::Present { .. } if differing == 0 => Exit::Done,
        ObjectView::Unknown { .. } => Exit::Unusable,
        _ => Exit::Findings,
    })
}

/// Writes bytes as they are into a file or a pipe, and to a terminal as text that it does not act on.
fn write_bytes(bytes: &[u8], out: &Output) -> Result<(), CliError> {
    if !std::io::stdout().is_terminal() {
        return out.raw(bytes);
    }
    String::from_utf8_lossy(bytes)
        .lines()
        .try_for_each(|line| out.line(line))
}

/// Returns the exit code; an object that could not be read is not sound.
fn exit(found: &Inspection) -> Exit {
    match &found.object {
        _ if !found.findings.is_empty() => Exit::Findings,
        ObjectView::Unknown { .. } => Exit::Unusable,
        _ => Exit::Done,
    }
}

fn write_all(found: &Inspection, out: &Output) -> Result<(), CliError> {
    let title = format!("{} {}  {}", found.kind, found.id, found.repo);
    out.line(title.trim_end())?;
    out.line(&found.verdict)?;
    heading(out, "row")?;
    if found.row.is_empty() {
        out.line("  no row has this id")?;
    }
    for (column, value) in &found.row {
        out.line(&format!(
            "  {column:<20} {}",
            text::cut(value.as_deref().unwrap_or("null"), 400)
        ))?;
    }
    heading(out, "object")?;
    write_object(&found.object, out)?;
    if matches!(found.object, ObjectView::Present { .. }) && !found.fields.is_empty() {
        heading(out, "row beside object")?;
        write_fields(&found.fields, out)?;
    }
    write_ids(found, out)?;
    write_identity(found, out)?;
    write_findings(found, out)
}

/// Prints what each formula gives, and the objects that this one refers to.
fn write_identity(found: &Inspection, out: &Output) -> Result<(), CliError> {
    heading(out, "identity (= marks the formula that gives this id)")?;
    for trial in &found.identity {
        let mark = if trial.matches { "=" } else { " " };
        out.line(&format!(
            "  {mark} {:<15} {}  from the {}",
            trial.scheme, trial.yields, trial.source
        ))?;
    }
    if let Some(signature) = found.signature {
        heading(out, &format!("signature: {}", signature.name()))?;
        out.line(&format!("  {}", signature.is()))?;
    }
    if !found.links.is_empty() {
        heading(out, "links")?;
        for link in &found.links {
            let mark = if link.exists { "" } else { "  no row" };
            out.line(&format!(
                "  {:<23} {} {}{mark}",
                link.role.clone() + link.named_by.words(),
                link.kind,
                link.id
            ))?;
        }
    }
    Ok(())
}

/// Prints the findings, and how to plan their repair.
fn write_findings(found: &Inspection, out: &Output) -> Result<(), CliError> {
    heading(out, "findings")?;
    if found.findings.is_empty() {
        out.line("  none in row and object")?;
    }
    for finding in &found.findings {
        write_finding(finding, out)?;
    }
    let id = found.id.get(..19).unwrap_or(&found.id);
    let by_hand = |finding: &Finding| finding.by_hand().is_some();
    if !found.findings.iter().all(by_hand) {
        out.line(&format!(
            "`luthier repair --id {id}` plans the repair, or says what it takes."
        ))?;
    } else if found.findings.iter().any(|f| WANTED.contains(&f.code)) {
        out.line(&format!(
            "`luthier repair --id {id} --copies DIR` plans the repair from a client's folder."
        ))?;
    }
    if found.repo.is_empty() {
        return Ok(());
    }
    out.line(&format!(
        "Not judged here: what takes other rows, such as a cycle or a branch; `luthier audit {}` does.",
        found.repo
    ))
}

/// Prints both ids of a blob, and which one the hub uses: a mismatch with the other one is no corruption.
fn write_ids(found: &Inspection, out: &Output) -> Result<(), CliError> {
    let Some(ids) = &found.blob_ids else {
        return Ok(());
    };
    heading(out, "ids")?;
    let typed = ids.typed.strip_prefix("sha256:").unwrap_or(&ids.typed);
    for (name, hex, prints) in [
        ("raw", ids.sha256.as_str(), "`sha256sum`"),
        (
            "typed",
            typed,
            "`git hash-object` in a repository of SHA-256",
        ),
    ] {
        out.line(&format!("  {name:<6} {hex}  what {prints} prints"))?;
    }
    out.line(match ids.row_uses {
        Some(BlobScheme::Typed) => "  The row, its key and its URI use the typed id.",
        Some(BlobScheme::Raw) => "  The row, its key and its URI use the raw id.",
        None => "  The row uses neither: its id was not made from these bytes.",
    })
}

fn heading(out: &Output, title: &str) -> Result<(), CliError> {
    out.line("")?;
    out.line(title)
}

fn write_object(object: &ObjectView, out: &Output) -> Result<(), CliError> {
    match object {
        ObjectView::Unlinked { found } if found.is_empty() => out.line(
            "  missing: the row points to no object, and the store has none under a known key",
        ),
        ObjectView::Unlinked { found } => {
            out.line(&format!("  unlinked: the store has {}", found.join(", ")))
        }
        ObjectView::Absent { key } => out.line(&format!("  missing: {key}")),
        ObjectView::Unknown { key, why } => out.line(&format!("  unknown: {key}: {why}")),
        ObjectView::Refused { uri, why } => out.line(&format!("  not followed: {uri}: {why}")),
        ObjectView::Present {
            key,
            place,
            size,
            proved,
            problem,
            pretty,
            ..
        } => {
            out.line(&format!("  {key}, {}", text::plural(*size, "byte")))?;
            if let Some(place) = place {
                out.line(&format!("  {place}"))?;
            }
            match (proved, problem) {
                (Some(scheme), _) => out.line(&format!("  matches its id ({scheme})"))?,
                (None, Some((Some(at), why))) => {
                    out.line(&format!("  corrupt from byte {at}: {why}"))?;
                }
                (None, Some((None, why))) => out.line(&format!("  corrupt: {why}"))?,
                (None, None) => out.line("  not checked")?,
            }
            for line in pretty.iter().flat_map(|text| text.lines()).take(200) {
                out.line(&format!("  {line}"))?;
            }
            Ok(())
        }
    }
}

fn write_fields(fields: &[FieldDiff], out: &Output) -> Result<(), CliError> {
    let same = fields.iter().filter(|field| field.same).count();
    for field in fields.iter().filter(|field| !field.same) {
        let hashed = if field.identity {
            " (part of the id)"
        } else {
            ""
        };
        out.line(&format!("  {}{hashed}", field.name))?;
        for (side, value) in [("row", &field.row), ("object", &field.object)] {
            if let Some(value) = value {
                out.line(&format!("    {side:<7} {}", text::cut(value, 2_000)))?;
            }
        }
    }
    let excused: Vec<String> = fields
        .iter()
        .filter(|field| !field.note.is_empty())
        .map(|field| format!("{} ({})", field.name, field.note))
        .collect();
    if !excused.is_empty() {
        out.line(&format!("  no difference: {}", excused.join(", ")))?;
    }
    out.line(&format!("  {same} same"))
}
