//! One object from every side: its row, its canonical object, and each difference.

pub mod by_bytes;
mod links;
mod row;
mod rowless;
mod trials;
mod view;

use self::view::Stored;
use super::compare::{self, FieldDiff};
use super::fault::Code;
use super::judge::{Judge, stops_pull};
use super::{AuditError, Depth, Finding, Options, by_id, suggest};
use luthier_hub::index::AnyRow;
use luthier_hub::store::{Policy, Store, reconstruct};
use luthier_hub::text;
use luthier_object::{Kind, ObjectId, Signature};
use serde::Serialize;

/// The bytes of an object that the console keeps: 256 KiB.
pub const PREVIEW_BYTES: usize = 256 << 10;

/// The object that the store has for an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum ObjectView {
    /// The row names no object; `found` lists keys that hold one all the same.
    Unlinked { found: Vec<String> },
    /// Absent by two witnesses.
    Absent { key: String },
    /// The question has no answer.
    Unknown { key: String, why: String },
    /// The URI is not followed.
    Refused { uri: String, why: String },
    /// Bytes are there.
    Present {
        key: String,
        /// Of a blob in a pack, where it was read.
        #[serde(skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// Bytes.
        size: u64,
        /// The first [`PREVIEW_BYTES`]; not in JSON.
        #[serde(skip)]
        bytes: Vec<u8>,
        /// Bytes of the header, the NUL included; 0 where there is none.
        header_len: usize,
        /// The scheme that proves the id.
        proved: Option<String>,
        /// The fault in the bytes, with the position of the first wrong one, if that is known.
        problem: Option<(Option<usize>, String)>,
        /// The payload's JSON, indented, for people; `None` where it is no JSON.
        pretty: Option<String>,
    },
}

/// One identity scheme tried on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// `row`, `row with empty author`, `object`, …
    pub source: String,
    pub scheme: String,
    pub yields: String,
    pub matches: bool,
}

/// The sides of an object that name another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedBy {
    Row,
    Object,
    Both,
}

impl NamedBy {
    /// Returns the words behind a link's role; none where both sides name it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            NamedBy::Row => " (row)",
            NamedBy::Object => " (object)",
            NamedBy::Both => "",
        }
    }
}

/// Another object that this one names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkTo {
    /// `parent`, `snapshot`, `base of the delta`, or the path of a blob.
    pub role: String,
    pub named_by: NamedBy,
    pub kind: Kind,
    pub id: String,
    /// Set if a row with this id exists.
    pub exists: bool,
}

/// One commit, snapshot or blob, from every side. Text is as the hub has it: not yet safe to show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    pub kind: Kind,
    pub id: String,
    /// `owner/slug`, or the bare repository id.
    pub repo: String,
    /// One sentence: what a client that pulls it gets.
    pub verdict: String,
    /// Columns of the row in their order; empty where there is no row.
    pub row: Vec<(String, Option<String>)>,
    pub object: ObjectView,
    pub fields: Vec<FieldDiff>,
    pub identity: Vec<Trial>,
    /// Of a signed commit: what its signature says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Of a blob whose bytes can be read: its two ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob_ids: Option<by_bytes::BlobIds>,
    /// At most 1,000.
    pub links: Vec<LinkTo>,
    /// The findings of an audit of this id alone, at depth bytes.
    pub findings: Vec<Finding>,
}

/// The most links that one object shows.
const LINKS: usize = 1_000;

/// Ids that a prefix is looked up for; beyond, their number is not given.
const COUNTED: u32 = 1_000;

/// Ids that are listed where a prefix has more than one.
const LISTED: usize = 10;

/// Resolves an id that may be cut to a unique prefix of 4 or more digits. A whole one that no row has may be the other
/// id of a blob: that is looked for among its bytes, as far as [`by_bytes::Reach::NEAR`] goes. Last, it may be the id
/// or the key of an object that the store has without a row.
///
/// # Errors
/// No row starts with it and the store has no such object, or more than one row does.
pub async fn resolve(store: &Store, id: &str) -> Result<(Kind, ObjectId), AuditError> {
    let mut found = store.index().ids_with_prefix(id, COUNTED).await?;
    if let Some(small) = suggest::in_small_letters(id).filter(|_| found.is_empty()) {
        found = store.index().ids_with_prefix(&small, COUNTED).await?;
    }
    if let Some(whole) = found.iter().position(|(_, full)| full == id) {
        found = vec![found.swap_remove(whole)];
    }
    match found.as_slice() {
        [] => match by_bytes::resolve(store, id).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => match rowless::resolve(store, id).await {
                Some(found) => Ok(found),
                None => Err(suggest::no_such_id(store, id).await),
            },
            Err(cut @ AuditError::SearchCut { .. }) => rowless::resolve(store, id).await.ok_or(cut),
            Err(error) => Err(error),
        },
        [(kind, full)] => Ok((*kind, ObjectId::new(full))),
        many => {
            let all = many.len() < COUNTED as usize;
            let more = if all { "" } else { "or more " };
            let count = format!("{} {more}", text::grouped(many.len() as u64));
            found.truncate(LISTED);
            Err(AuditError::Ambiguous {
                id: id.to_owned(),
                count: count.trim_end().to_owned(),
                candidates: suggest::candidates(store, found).await?,
            })
        }
    }
}

/// Looks at one object from every side; where no row has the id, at what the store has.
///
/// # Errors
/// A side that cannot be read at all.
pub async fn inspect(store: &Store, kind: Kind, id: &ObjectId) -> Result<Inspection, AuditError> {
    // The grades of findings follow from the policy.
    let store = &match store.hub().policy {
        Policy::ByModel => store.by_model().await?,
        Policy::S3Canonical | Policy::DbCanonical => store.clone(),
    };
    let options = Options {
        depth: Depth::Bytes,
        ..Options::default()
    };
    let judge = Judge::new(store, &options, false);
    let Some((repo_id, verdict)) = by_id::row(store, &judge, kind, id).await? else {
        return match rowless::inspect(store, kind, id).await? {
            Some(seen) => Ok(seen),
            None => Err(suggest::no_such_id(store, id.as_str()).await),
        };
    };
    let row = row::read(store, kind, id).await?;
    let repo = repo_path(store, &repo_id).await?;
    let mut findings = verdict.findings;
    for finding in &mut findings {
        finding.repo.clone_from(&repo);
    }
    let object = view::object(store, kind, id, &row).await;
    let stored = view::stored(store, &row).await;
    let links = links::of(store, &row, stored.as_ref(), verdict.manifest.as_deref()).await?;
    let (manifest, blob_ids) = (
        verdict.manifest.as_deref(),
        by_bytes::ids_of(store, &row).await,
    );
    Ok(Inspection {
        kind,
        id: id.as_str().to_owned(),
        repo,
        verdict: sentence(kind, &findings, &object),
        fields: fields(&row, stored.as_ref()),
        identity: trials::of(&row, stored.as_ref(), manifest, blob_ids.as_ref()),
        blob_ids,
        signature: verdict.signature,
        row: row::columns(&row),
        object,
        links,
        findings,
    })
}

/// `owner/slug` of a repository; its id where it has no row.
async fn repo_path(store: &Store, repo_id: &str) -> Result<String, AuditError> {
    let found = store.index().repo_by_id(repo_id).await?;
    Ok(found.map_or_else(|| repo_id.to_owned(), |row| row.path()))
}

/// Row and object, field by field.
fn fields(row: &AnyRow, stored: Option<&Stored>) -> Vec<FieldDiff> {
    match (row, stored) {
        (AnyRow::Commit(row), Some(Stored::Commit(object))) => compare::commit(row, object),
        (AnyRow::Snapshot(row), Some(Stored::Snapshot(object))) => compare::snapshot(row, object),
        (AnyRow::Commit(_) | AnyRow::Snapshot(_), Some(_)) => Vec::new(),
        (AnyRow::Commit(row), None) => reconstruct::commit_record(row)
            .map(|record| compare::alone(&record.to_map()))
            .unwrap_or_default(),
        (AnyRow::Snapshot(row), None) => compare::alone(&compare::snapshot_columns(row)),
        (AnyRow::Blob(row), Some(Stored::Bytes(size))) => compare::blob(row, Some(*size)),
        (AnyRow::Blob(row), _) => compare::blob(row, None),
    }
}

/// Says in one sentence what a client that pulls it gets.
fn sentence(kind: Kind, findings: &[Finding], object: &ObjectView) -> String {
    let worst = findings
        .iter()
        .filter(|finding| stops_pull(finding))
        .max_by_key(|finding| finding.grade);
    if let Some(finding) = worst {
        return match finding.code {
            Code::CommitTreeless => {
                "This commit has no tree: the server merged without making a snapshot. A clone of a branch that ends here is empty."
                    .to_owned()
            }
            code => format!("A client cannot pull this {kind}. {}", code.fault().is),
        };
    }
    match (object, findings) {
        (
            ObjectView::Present {
                proved: Some(scheme),
                ..
            },
            [],
        ) => {
            format!("A client gets the stored object, and it matches its id ({scheme}).")
        }
        (ObjectView::Present { .. }, _) => {
            format!("A client gets the stored object. {}", first(findings))
        }
        (ObjectView::Unknown { why, .. }, _) => {
            format!("Unknown what a client gets: the store gives no answer ({why}).")
        }
        (ObjectView::Unlinked { .. }, _) if kind != Kind::Blob => {
            format!(
                "A client gets bytes made from the row; the store has no object. {}",
                first(findings)
            )
        }
        _ => first(findings),
    }
}

fn first(findings: &[Finding]) -> String {
    findings
        .iter()
        .max_by_key(|finding| finding.grade)
        .map_or_else(String::new, |finding| finding.code.fault().is.to_owned())
}
