//! A row's columns as text that can be compared: JSON canonical, times in UTC, trees by their hash.
//! Two databases spell the same thing differently; here it comes out the same.

use super::reconstruct::{self, non_empty};
use crate::index::{BlobRow, BranchRow, CommitRow, MembershipRow, RepoRow, SnapshotRow};
use luthier_object::{Manifest, json, time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub value: Option<String>,
    /// The store alone could give it back: from the object, or from a ref checkpoint.
    pub carried: bool,
}

/// A row that can be compared column by column; two rows of a kind have the same columns in one order.
pub trait Columns {
    /// Returns the columns, without the primary key.
    fn columns(&self) -> Vec<Column>;

    /// Returns their names, in the same order.
    #[must_use]
    fn names() -> Vec<&'static str>
    where
        Self: Default,
    {
        let columns = Self::default().columns();
        columns.into_iter().map(|column| column.name).collect()
    }
}

fn carried(name: &'static str, value: Option<&str>) -> Column {
    Column {
        name,
        value: value.map(str::to_owned),
        carried: true,
    }
}

fn local(name: &'static str, value: Option<&str>) -> Column {
    Column {
        carried: false,
        ..carried(name, value)
    }
}

/// Returns an instant in UTC; text that is none stays as it is.
fn instant(text: &str) -> String {
    let at = time::parse(text).and_then(|at| time::isoformat(at, 0));
    at.unwrap_or_else(|| text.to_owned())
}

impl Columns for RepoRow {
    fn columns(&self) -> Vec<Column> {
        let at = |text: &Option<String>| text.as_deref().map(instant);
        vec![
            carried("owner", Some(&self.owner)),
            carried("slug", Some(&self.slug)),
            carried("name", Some(&self.name)),
            carried("visibility", Some(&self.visibility)),
            carried("owner_user_id", Some(&self.owner_user_id)),
            carried("description", Some(&self.description)),
            carried("default_branch", Some(&self.default_branch)),
            carried("pushed_at", at(&self.pushed_at).as_deref()),
            carried("created_at", Some(&instant(&self.created_at))),
            carried("deleted_at", at(&self.deleted_at).as_deref()),
        ]
    }
}

impl Columns for BranchRow {
    fn columns(&self) -> Vec<Column> {
        vec![
            carried("repo_id", Some(&self.repo_id)),
            carried("name", Some(&self.name)),
            carried("head_commit_id", non_empty(self.head_commit_id.as_deref())),
        ]
    }
}

impl Columns for CommitRow {
    fn columns(&self) -> Vec<Column> {
        let parents = match reconstruct::parent_ids(&self.parent_ids) {
            Ok(parents) => json::canonical(&json!(parents)),
            Err(_) => self.parent_ids.clone(),
        };
        let meta = match reconstruct::commit_rest(&self.commit_meta) {
            Ok(rest) => json::canonical(&Value::Object(rest)),
            Err(_) => self.commit_meta.clone(),
        };
        vec![
            // Later clients leave it out of the record.
            local("repo_id", self.repo_id.as_deref()),
            carried("branch", Some(&self.branch)),
            carried("parent_ids", Some(&parents)),
            carried("message", Some(&self.message)),
            carried("author", Some(&self.author)),
            carried("timestamp", Some(&instant(&self.timestamp))),
            carried("snapshot_id", non_empty(self.snapshot_id.as_deref())),
            carried("commit_meta", Some(&meta)),
            local("created_at", Some(&instant(&self.created_at))),
            carried("storage_uri", self.storage_uri.as_deref()),
        ]
    }
}

impl Columns for SnapshotRow {
    fn columns(&self) -> Vec<Column> {
        let directories = match reconstruct::directories(self) {
            Ok(directories) => json::canonical(&json!(directories)),
            Err(_) => self.directories.clone().unwrap_or_default(),
        };
        let delta = self.delta.as_deref().map(hashed);
        vec![
            local("repo_id", self.repo_id.as_deref()),
            carried(
                "manifest_blob",
                self.manifest.as_deref().map(tree).as_deref(),
            ),
            local("delta_blob", delta.as_deref()),
            local(
                "parent_snapshot_id",
                non_empty(self.parent_snapshot_id.as_deref()),
            ),
            carried(
                "entry_count",
                self.entry_count.map(|n| n.to_string()).as_deref(),
            ),
            carried("directories", Some(&directories)),
            carried("created_at", Some(&instant(&self.created_at))),
            carried("storage_uri", self.storage_uri.as_deref()),
        ]
    }
}

impl Columns for BlobRow {
    fn columns(&self) -> Vec<Column> {
        vec![
            local("repo_id", self.repo_id.as_deref()),
            // Trees may name it under many.
            local("path", Some(&self.path)),
            carried("size_bytes", Some(&self.size_bytes.to_string())),
            carried("storage_uri", self.storage_uri.as_deref()),
            local("disk_path", self.disk_path.as_deref()),
            local("created_at", Some(&instant(&self.created_at))),
        ]
    }
}

impl Columns for MembershipRow {
    fn columns(&self) -> Vec<Column> {
        Vec::new()
    }
}

/// Returns a tree in words that tell one from another, whatever it is encoded in.
fn tree(bytes: &[u8]) -> String {
    match Manifest::decode(bytes) {
        Ok((manifest, _)) => format!("{} entries, {}", manifest.len(), hashed(&manifest.encode())),
        Err(_) => hashed(bytes),
    }
}

fn hashed(bytes: &[u8]) -> String {
    format!("sha256 {}", hex::encode(Sha256::digest(bytes)))
}
