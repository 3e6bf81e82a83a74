//! A checkpoint as canonical JSON, and back. What is read is hostile: it is checked to the last key.

use super::{Checkpoint, Refs, Unsound};
use crate::index::{BranchRow, RepoRow};
use luthier_object::json;
use serde::{Deserialize, Serialize};

/// The form that is written; another one is not read.
pub(super) const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Payload {
    version: u64,
    sequence: u64,
    previous: Option<String>,
    made_at: String,
    repo_id: String,
    owner: String,
    slug: String,
    name: String,
    visibility: String,
    owner_user_id: String,
    description: String,
    default_branch: String,
    pushed_at: Option<String>,
    created_at: String,
    deleted_at: Option<String>,
    branches: Vec<Branch>,
}

#[derive(Serialize, Deserialize)]
struct Branch {
    branch_id: String,
    name: String,
    head_commit_id: Option<String>,
}

impl Checkpoint {
    /// Returns the bytes that are stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let repo = self.refs.repo.clone();
        let branches = self.refs.branches.iter().cloned();
        let payload = Payload {
            version: VERSION,
            sequence: self.sequence,
            previous: self.previous.clone(),
            made_at: self.made_at.clone(),
            repo_id: repo.repo_id,
            owner: repo.owner,
            slug: repo.slug,
            name: repo.name,
            visibility: repo.visibility,
            owner_user_id: repo.owner_user_id,
            description: repo.description,
            default_branch: repo.default_branch,
            pushed_at: repo.pushed_at,
            created_at: repo.created_at,
            deleted_at: repo.deleted_at,
            branches: branches
                .map(|row| Branch {
                    branch_id: row.branch_id,
                    name: row.name,
                    head_commit_id: row.head_commit_id,
                })
                .collect(),
        };
        // Texts, numbers and lists of them: nothing here can fail to be JSON.
        let value = serde_json::to_value(payload).unwrap_or_default();
        json::canonical(&value).into_bytes()
    }

    /// Reads what [`Checkpoint::encode`] wrote.
    ///
    /// # Errors
    /// The reason why the bytes are no checkpoint.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unsound> {
        let payload: Payload = serde_json::from_value(json::parse(bytes)?)?;
        if payload.version != VERSION {
            return Err(Unsound::Version(payload.version));
        }
        let repo_id = &payload.repo_id;
        let branches: Vec<BranchRow> = payload
            .branches
            .into_iter()
            .map(|branch| BranchRow {
                branch_id: branch.branch_id,
                repo_id: repo_id.clone(),
                name: branch.name,
                head_commit_id: branch.head_commit_id,
            })
            .collect();
        let place = |row: &BranchRow| (row.name.clone(), row.branch_id.clone());
        if !branches.is_sorted_by(|a, b| place(a) < place(b)) {
            return Err(Unsound::Order);
        }
        Ok(Self {
            sequence: payload.sequence,
            previous: payload.previous,
            made_at: payload.made_at,
            refs: Refs {
                repo: RepoRow {
                    repo_id: payload.repo_id,
                    owner: payload.owner,
                    slug: payload.slug,
                    name: payload.name,
                    visibility: payload.visibility,
                    owner_user_id: payload.owner_user_id,
                    description: payload.description,
                    default_branch: payload.default_branch,
                    pushed_at: payload.pushed_at,
                    created_at: payload.created_at,
                    deleted_at: payload.deleted_at,
                },
                branches,
            },
        })
    }
}
