//! One step, made from what a row says now. Planning and applying both come here: a step that is
//! made again and comes out the same is a step whose preconditions still hold.

use super::plan::{RowChange, Step};
use super::recache;
use super::rows::Row;
use crate::audit::{Code, Finding, Remedy};
use crate::backend::{Key, layout};
use crate::object::{Kind, ObjectId, identity};
use crate::store::chain::TreeCache;
use crate::store::write::{Change, proves};
use crate::store::{Store, StoreError, read};
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

/// What is to be mended, and what its finding says about how.
pub(super) struct Target {
    pub code: Code,
    pub also: Vec<Code>,
    pub remedy: Remedy,
    pub kind: Kind,
    pub id: String,
    pub repo: String,
    /// Keys that may hold the object.
    pub keys: Vec<String>,
    /// For a blob that never had a row.
    pub origin: Option<Origin>,
}

/// Where a blob without row belongs.
#[derive(Clone)]
pub(super) struct Origin {
    pub repo_id: String,
    pub path: String,
    pub created_at: String,
}

/// A step as the hub is now.
pub(super) enum Built {
    Step(Box<Step>, Change),
    /// The hub is as wanted.
    Already,
    /// Why there is no step.
    Refused(String),
}

impl Target {
    /// What `findings` of one subject, which share their remedy, ask for.
    pub fn of(finding: &Finding, also: Vec<Code>, kind: Kind) -> Self {
        let mut keys: Vec<String> = layout::key_for(&ObjectId::new(&finding.id))
            .map(|key| key.as_str().to_owned())
            .into_iter()
            .collect();
        let found = finding.evidence.get("found").and_then(Value::as_array);
        for key in found.into_iter().flatten().filter_map(Value::as_str) {
            if !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
        Self {
            code: finding.code,
            also,
            remedy: finding.remedy,
            kind,
            id: finding.id.clone(),
            repo: finding.repo.clone(),
            keys,
            origin: None,
        }
    }

    /// What a step of a plan asks for.
    pub fn again(step: &Step, kind: Kind) -> Self {
        let value = |column: &str| {
            let change = step.row.iter().find(|change| change.column == column);
            change.and_then(|change| change.to.clone())
        };
        let origin = value("repo_id").zip(value("path")).zip(value("created_at"));
        Self {
            code: step.code,
            also: step.also.clone(),
            remedy: step.remedy,
            kind,
            id: step.id.clone(),
            repo: step.repo.clone(),
            keys: step.key.clone().into_iter().collect(),
            origin: origin.map(|((repo_id, path), created_at)| Origin {
                repo_id,
                path,
                created_at,
            }),
        }
    }

    /// A step in words; what it writes to the store is added by who knows it.
    pub fn step(&self, words: String, precondition: String, row: Vec<RowChange>) -> Step {
        Step {
            number: 0,
            code: self.code,
            also: self.also.clone(),
            remedy: self.remedy,
            kind: self.kind.into(),
            id: self.id.clone(),
            repo: self.repo.clone(),
            words,
            precondition,
            key: None,
            bytes: 0,
            sha256: None,
            row,
        }
    }
}

/// Makes the step for `target` from its row as it is now.
///
/// # Errors
/// A side that could not be asked: then nothing is known.
pub(super) async fn build(
    store: &Store,
    trees: &Mutex<TreeCache>,
    target: &Target,
    row: Option<&Row>,
) -> Result<Built, StoreError> {
    match (target.remedy, row) {
        (Remedy::Restore | Remedy::Reindex, row) => restore(store, target, row).await,
        (Remedy::Recache, Some(Row::Snapshot(row))) => {
            recache::build(store, trees, target, row).await
        }
        (Remedy::Backfill, Some(row)) => backfill(store, trees, target, row).await,
        (Remedy::Link, Some(row)) => link(store, target, row).await,
        (_, None) => Ok(Built::Refused("its row is gone".to_owned())),
        (remedy, Some(_)) => Ok(Built::Refused(format!(
            "the remedy `{remedy}` does not apply to a {}",
            target.kind
        ))),
    }
}

/// Stores what the row proves, and points the row at it.
async fn backfill(
    store: &Store,
    trees: &Mutex<TreeCache>,
    target: &Target,
    row: &Row,
) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let Some(key) = layout::key_for(&id) else {
        return Ok(Built::Refused("the id holds no digest".to_owned()));
    };
    let uri = store.backend().uri_for(&key);
    match row.uri() {
        Some(now) if now == uri => return Ok(Built::Already),
        Some(now) => return Ok(Built::Refused(format!("the row names {now} by now"))),
        None => {}
    }
    let bytes = match row {
        Row::Commit(row) => read::canonical_commit(row),
        Row::Snapshot(row) => {
            store
                .canonical_snapshot(row, &mut *trees.lock().await)
                .await?
        }
        Row::Blob(_) => Err("a row holds no bytes of a blob".to_owned()),
    };
    let bytes = match bytes {
        Ok(bytes) => Bytes::from(bytes),
        Err(why) => return Ok(Built::Refused(why)),
    };
    let scheme = match proves(target.kind, &id, &bytes) {
        Ok(scheme) => scheme,
        Err(why) => return Ok(Built::Refused(why)),
    };
    let step = Step {
        key: Some(key.as_str().to_owned()),
        bytes: bytes.len() as u64,
        sha256: Some(hash(&bytes)),
        ..target.step(
            format!(
                "Stores the {} as its row proves it ({scheme}), then points the row at it.",
                target.kind
            ),
            still(None),
            vec![pointer(None, &uri)],
        )
    };
    let change = Change::Store {
        kind: target.kind,
        id,
        seen_uri: None,
        bytes,
    };
    Ok(Built::Step(Box::new(step), change))
}

/// Points the row at an object that is there and proves.
async fn link(store: &Store, target: &Target, row: &Row) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let keys = target.keys.iter().filter_map(|key| Key::new(key).ok());
    let mut refused = "no key is known that holds it".to_owned();
    for key in keys {
        let uri = store.backend().uri_for(&key);
        let Some(bytes) = store.read_object(&key).await? else {
            continue;
        };
        let scheme = match proves(target.kind, &id, &bytes) {
            Ok(scheme) => scheme,
            Err(why) => {
                refused = format!("{key}: {why}");
                continue;
            }
        };
        if row.uri() == Some(uri.as_str()) {
            return Ok(Built::Already);
        }
        let step = Step {
            key: Some(key.as_str().to_owned()),
            sha256: Some(hash(&bytes)),
            ..target.step(
                format!("Points the row at the object under {key}, which proves it ({scheme})."),
                still(row.uri()),
                vec![pointer(row.uri(), &uri)],
            )
        };
        let change = Change::Link {
            kind: target.kind,
            id,
            seen_uri: row.uri().map(str::to_owned),
            key,
        };
        return Ok(Built::Step(Box::new(step), change));
    }
    Ok(Built::Refused(refused))
}

/// Stores the empty blob, whose bytes are known to everyone, and its row where that never was.
async fn restore(store: &Store, target: &Target, row: Option<&Row>) -> Result<Built, StoreError> {
    let id = ObjectId::new(&target.id);
    let (true, Some(key)) = (identity::is_empty_blob(&id), layout::key_for(&id)) else {
        return Ok(Built::Refused(
            "the remedy `restore` is built into this version for the empty blob only".to_owned(),
        ));
    };
    let uri = store.backend().uri_for(&key);
    let bytes = Bytes::new();
    let (step, change) = match (row, &target.origin) {
        (Some(row), _) => {
            let there = store.backend().head(&key).await?.is_some();
            if there && row.uri() == Some(uri.as_str()) {
                return Ok(Built::Already);
            }
            let step = target.step(
                "Stores the empty blob again, and points the row at it.".to_owned(),
                still(row.uri()),
                vec![pointer(row.uri(), &uri)],
            );
            let seen_uri = row.uri().map(str::to_owned);
            let kind = Kind::Blob;
            (
                step,
                Change::Store {
                    kind,
                    id,
                    seen_uri,
                    bytes: bytes.clone(),
                },
            )
        }
        (None, Some(origin)) => {
            let step = target.step(
                format!(
                    "Stores the empty blob, and adds its row for {}.",
                    origin.path
                ),
                "There is still no row of this id.".to_owned(),
                new_blob(origin, &uri),
            );
            let change = Change::Restore {
                id,
                repo_id: origin.repo_id.clone(),
                path: origin.path.clone(),
                created_at: origin.created_at.clone(),
                bytes: bytes.clone(),
            };
            (step, change)
        }
        (None, None) => {
            let why = "it is not known which repository and path it belongs to";
            return Ok(Built::Refused(why.to_owned()));
        }
    };
    let step = Step {
        key: Some(key.as_str().to_owned()),
        sha256: Some(hash(&bytes)),
        ..step
    };
    Ok(Built::Step(Box::new(step), change))
}

fn new_blob(origin: &Origin, uri: &str) -> Vec<RowChange> {
    let cells = [
        ("repo_id", origin.repo_id.as_str()),
        ("path", &origin.path),
        ("size_bytes", "0"),
        ("storage_uri", uri),
        ("created_at", &origin.created_at),
    ];
    cells
        .into_iter()
        .map(|(column, to)| RowChange {
            column: column.to_owned(),
            from: None,
            to: Some(to.to_owned()),
        })
        .collect()
}

fn pointer(from: Option<&str>, to: &str) -> RowChange {
    RowChange {
        column: "storage_uri".to_owned(),
        from: from.map(str::to_owned),
        to: Some(to.to_owned()),
    }
}

fn still(uri: Option<&str>) -> String {
    match uri {
        None => "The row's storage_uri is still null.".to_owned(),
        Some(uri) => format!("The row's storage_uri is still {uri}."),
    }
}

/// sha256 in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
