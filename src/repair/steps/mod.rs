//! One step, made from what a row says now. Planning and applying both come here: a step that is
//! made again and comes out the same is a step whose preconditions still hold.

mod add;
mod anew;
mod backfill;
mod hold;
mod index;
mod link;
mod recache;
mod reindex;
mod replace;
mod reref;
mod restore;
mod source;

pub(super) use recache::describe;

use super::change::{AddedRow, CellChange, StepChange};
use super::lacking::Wanted;
use super::step::Step;
use luthier_audit::{Auto, Code, Evidence, Finding, Remedy, Subject};
use luthier_hub::backend::{Key, layout};
use luthier_hub::index::{AnyRow, EditableColumn};
use luthier_hub::store::chain::TreeCache;
use luthier_hub::store::write::Change;
use luthier_hub::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

/// The subject to repair, with what its finding says about how.
#[derive(Clone)]
pub(super) struct Target {
    pub code: Code,
    pub also: Vec<Code>,
    pub remedy: Remedy,
    pub kind: Kind,
    pub id: String,
    pub repo: String,
    /// Keys that may hold the object.
    pub keys: Vec<String>,
    /// For what has no row, or none in the repository that names it.
    pub origin: Option<Origin>,
    /// Repositories that hold the row, as the finding says.
    pub holders: Vec<String>,
    /// Set where a copy would help, should there be no step.
    pub wanted: Option<Wanted>,
    /// A plan has this step: where nothing is left of it to do, the hub is as planned.
    pub is_planned: bool,
}

/// The repository and the path of a row that has to be added.
#[derive(Clone)]
pub(super) struct Origin {
    pub repo_id: String,
    /// Of a blob.
    pub path: String,
    /// Of a blob: when the snapshot that names it came.
    pub created_at: String,
}

impl Origin {
    /// Returns the origin of a row that is not added: its repository alone.
    pub fn alone(repo_id: &str) -> Self {
        Self {
            repo_id: repo_id.to_owned(),
            path: String::new(),
            created_at: String::new(),
        }
    }

    /// Returns where an added row belongs.
    fn of(repo_id: &str, row: &AddedRow) -> Self {
        let mut origin = Self::alone(repo_id);
        if let AddedRow::Blob {
            path, created_at, ..
        } = row
        {
            origin.path = path.clone().unwrap_or_default();
            origin.created_at = created_at.clone().unwrap_or_default();
        }
        origin
    }
}

/// The context in which every step is made.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub store: &'a Store,
    pub trees: &'a Mutex<TreeCache>,
}

/// A step as the hub is now.
pub(super) enum Built {
    Step(Box<Step>, Change),
    /// The hub is as wanted.
    Already,
    /// The reason why there is no step.
    Refused(String),
}

/// Why an id has no place in the store.
const NO_DIGEST: &str = "the id contains no digest";

impl Built {
    /// Returns that there is no step, and why.
    fn refused(why: impl std::fmt::Display) -> Self {
        Built::Refused(why.to_string())
    }
}

impl Target {
    /// Returns the target of `findings` on one subject, which share their remedy.
    pub fn of(finding: &Finding, also: Vec<Code>, kind: Kind) -> Self {
        let id = subject_id(finding);
        let first = layout::key_for(&ObjectId::new(id));
        let first = first.map(|key| key.as_str().to_owned());
        let mut keys: Vec<String> = first.into_iter().collect();
        for key in finding.evidence.keys() {
            if !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
        Self {
            code: finding.code,
            also,
            remedy: remedy_of(finding),
            kind,
            id: id.to_owned(),
            repo: finding.repo.clone(),
            keys,
            origin: None,
            holders: match &finding.evidence {
                Evidence::RowElsewhere(seen) => seen.held_by.clone(),
                _ => Vec::new(),
            },
            wanted: Wanted::of(finding),
            is_planned: false,
        }
    }

    /// Returns the target of a row that the repository of a finding needs and does not hold.
    pub fn to_hold(finding: &Finding, repo_id: &str, kind: Kind, id: String) -> Self {
        Self {
            code: finding.code,
            also: Vec::new(),
            remedy: Remedy::Hold,
            kind,
            id,
            repo: finding.repo.clone(),
            keys: Vec::new(),
            origin: Some(Origin::alone(repo_id)),
            holders: Vec::new(),
            wanted: None,
            is_planned: false,
        }
    }

    /// Returns the target of a step of a plan.
    pub fn again(step: &Step, kind: Kind) -> Self {
        let (origin, holder) = match &step.change {
            StepChange::Add { repo_id, row } => (Some(Origin::of(repo_id, row)), None),
            StepChange::Hold {
                repo_id, holder, ..
            } => (Some(Origin::alone(repo_id)), holder.clone()),
            StepChange::Row { .. }
            | StepChange::Index { .. }
            | StepChange::SaveRefs { .. }
            | StepChange::Unknown(_) => (None, None),
        };
        Self {
            code: step.code,
            also: step.also.clone(),
            remedy: step.remedy,
            kind,
            id: step.id.clone(),
            repo: step.repo.clone(),
            keys: step.key.iter().chain(&step.from).cloned().collect(),
            origin,
            holders: holder.into_iter().collect(),
            wanted: None,
            is_planned: true,
        }
    }

    /// Returns the id, and the key under which a new object of it goes; `None` where the id contains no digest.
    async fn home(&self, store: &Store) -> Result<Option<(ObjectId, Key)>, StoreError> {
        let id = ObjectId::new(&self.id);
        let key = store.home(self.kind, &id).await?;
        Ok(key.map(|key| (id, key)))
    }

    /// Returns the path that a blob has: in its row, else in the tree that names it.
    fn path(&self, row: Option<&AnyRow>) -> Option<String> {
        let path = match (row, &self.origin) {
            (Some(AnyRow::Blob(row)), _) => Some(&row.path),
            (_, origin) => origin.as_ref().map(|origin| &origin.path),
        };
        path.filter(|path| !path.is_empty()).cloned()
    }

    /// Makes a step with its words; the caller adds what it writes to the store.
    pub fn step(&self, words: String, precondition: String, change: StepChange) -> Step {
        Step {
            number: 0,
            code: self.code,
            also: self.also.clone(),
            others: 0,
            more: false,
            remedy: self.remedy,
            kind: self.kind.into(),
            id: self.id.clone(),
            repo: self.repo.clone(),
            path: None,
            words,
            precondition,
            key: None,
            from: None,
            bytes: 0,
            sha256: None,
            change,
        }
    }
}

/// Returns the id whose row or object a finding is about: of a dangling head, the commit that it names.
pub(super) fn subject_id(finding: &Finding) -> &str {
    match &finding.evidence {
        Evidence::HeadDangling(seen) => &seen.head,
        _ => &finding.id,
    }
}

/// Returns the kind of that row.
pub(super) fn subject_kind(finding: &Finding) -> Option<Kind> {
    match finding.code {
        Code::HeadDangling => Some(Kind::Commit),
        _ => finding.kind.kind(),
    }
}

/// Returns a finding's remedy, once it is to be applied: where a row holds nothing to work from, and for an id that
/// nothing here reproduces, it takes a copy.
pub(super) fn remedy_of(finding: &Finding) -> Remedy {
    match (finding.code, finding.kind) {
        (Code::UriMissing, Subject::Blob) | (Code::IdentityUnverifiable, _) => Remedy::Restore,
        // No key of the store holds it, so there is nothing to link.
        (Code::UriRefused, _) if finding.auto == Auto::No => Remedy::Restore,
        _ => finding.remedy,
    }
}

/// Makes the step for `target` from its row as it is now.
///
/// # Errors
/// A side that could not be asked: then nothing is known.
pub(super) async fn build(
    ctx: StepContext<'_>,
    target: &Target,
    row: Option<&AnyRow>,
) -> Result<Built, StoreError> {
    Ok(match made(ctx, target, row).await? {
        Built::Step(step, change) => {
            let path = target.path(row);
            Built::Step(Box::new(Step { path, ..*step }), change)
        }
        other => other,
    })
}

async fn made(
    ctx: StepContext<'_>,
    target: &Target,
    row: Option<&AnyRow>,
) -> Result<Built, StoreError> {
    let store = ctx.store;
    match (target.remedy, row) {
        (Remedy::Recache, Some(AnyRow::Snapshot(row))) => {
            recache::build(store, ctx.trees, target, row).await
        }
        (Remedy::Backfill, Some(row)) => backfill::build(ctx, target, row).await,
        (Remedy::Index, Some(row)) => index::build(store, target, row).await,
        (Remedy::Link, Some(row)) => link::build(store, target, row).await,
        (Remedy::Restore, Some(row)) => restore::build(ctx, target, row).await,
        (Remedy::Restore | Remedy::Reindex, None) => add::build(ctx, target).await,
        (Remedy::Replace, Some(row)) => replace::build(ctx, target, row).await,
        (Remedy::Reindex, Some(row)) => reindex::build(store, target, row).await,
        (Remedy::Reref, Some(_)) => reref::build(store, target).await,
        (Remedy::Hold, Some(row)) => hold::build(store, target, row).await,
        (_, None) => Ok(Built::Refused("its row is gone".to_owned())),
        (remedy, Some(_)) => Ok(Built::Refused(format!(
            "the remedy `{remedy}` cannot be used on a {}",
            target.kind
        ))),
    }
}

fn pointer(from: Option<&str>, to: &str) -> CellChange {
    CellChange {
        column: EditableColumn::StorageUri,
        from: from.map(str::to_owned),
        to: Some(to.to_owned()),
    }
}

/// Returns the cells that point a row to `uri`; none where it does already.
fn pointed(row: &AnyRow, uri: &str) -> Vec<CellChange> {
    match row.uri() == Some(uri) {
        true => Vec::new(),
        false => vec![pointer(row.uri(), uri)],
    }
}

fn still(uri: Option<&str>) -> String {
    match uri {
        None => "The row's storage_uri is still null.".to_owned(),
        Some(uri) => format!("The row's storage_uri is still {uri}."),
    }
}

/// Returns the sha256 in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The most bytes of a value that a plan shows; longer values are counted only.
const SHOWN: usize = 400;

/// Returns a cell as a plan shows it.
pub(super) fn shorten(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    format!("{} bytes, sha256 {}", text.len(), hash(text.as_bytes()))
}
