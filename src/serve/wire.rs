//! The encoding of March 2026: msgpack maps, with blobs as raw bytes.

use crate::answer::Failure;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use luthier_object::{CommitRecord, ObjectId, SnapshotRecord};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;

pub const MSGPACK: &str = "application/x-msgpack";

/// The 22 keys of a commit. A client takes none other, and has a default for each that is absent.
const COMMIT_KEYS: [&str; 22] = [
    "commit_id",
    "repo_id",
    "branch",
    "snapshot_id",
    "message",
    "committed_at",
    "parent_commit_id",
    "parent2_commit_id",
    "author",
    "metadata",
    "structured_delta",
    "sem_ver_bump",
    "breaking_changes",
    "agent_id",
    "model_id",
    "toolchain_id",
    "prompt_hash",
    "signature",
    "signer_key_id",
    "format_version",
    "reviewed_by",
    "test_runs",
];

#[derive(Serialize)]
pub struct Refs {
    pub repo_id: String,
    pub domain: &'static str,
    pub default_branch: String,
    pub branch_heads: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Ask {
    #[serde(default)]
    pub want: Vec<String>,
    #[serde(default)]
    pub have: Vec<String>,
}

#[derive(Serialize)]
pub struct Negotiated {
    pub ack: Vec<String>,
    pub common_base: Option<String>,
    pub ready: bool,
}

#[derive(Deserialize)]
pub struct ObjectIds {
    pub object_ids: Vec<String>,
}

#[derive(Serialize)]
pub struct Missing {
    pub missing: Vec<String>,
}

#[derive(Serialize)]
pub struct Presigned {
    pub presigned: BTreeMap<String, String>,
    pub inline: Vec<String>,
}

#[derive(Deserialize)]
pub struct SentObjects {
    pub objects: Vec<SentObject>,
}

#[derive(Deserialize)]
pub struct SentObject {
    pub object_id: String,
    pub content: ByteBuf,
}

#[derive(Serialize)]
pub struct Stored {
    pub stored: u64,
    pub skipped: u64,
}

#[derive(Deserialize)]
pub struct SentPush {
    pub bundle: Bundle,
    pub branch: String,
    #[serde(default)]
    pub force: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Bundle {
    pub commits: Vec<Map<String, Value>>,
    pub snapshots: Vec<Map<String, Value>>,
    pub objects: Vec<SentObject>,
}

#[derive(Serialize)]
pub struct Pushed {
    pub ok: bool,
    pub message: String,
    pub branch_heads: BTreeMap<String, String>,
    pub remote_head: Option<String>,
}

/// Reads a request's body: msgpack, or JSON where it says that it is JSON.
///
/// # Errors
/// A body that is no such request.
pub fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Failure> {
    let said = headers.get(header::CONTENT_TYPE);
    let is_json = said.is_some_and(|said| said.as_bytes().starts_with(b"application/json"));
    let broken = |why: String| Failure::malformed(format!("the body cannot be read: {why}"));
    match is_json {
        true => serde_json::from_slice(body).map_err(|error| broken(error.to_string())),
        false => {
            let mut rest = io::Cursor::new(body);
            let read =
                rmp_serde::from_read(&mut rest).map_err(|error| broken(error.to_string()))?;
            match rest.position() == body.len() as u64 {
                true => Ok(read),
                false => Err(broken("bytes follow the request".to_owned())),
            }
        }
    }
}

/// Answers in msgpack, or in JSON for whoever takes nothing else.
///
/// # Errors
/// The value cannot be encoded.
pub fn answer<T: Serialize>(headers: &HeaderMap, value: &T) -> Result<Response, Failure> {
    let encoded = match takes_msgpack(headers) {
        true => rmp_serde::to_vec_named(value)
            .map(|bytes| (MSGPACK, bytes))
            .ok(),
        false => serde_json::to_vec(value)
            .map(|bytes| ("application/json", bytes))
            .ok(),
    };
    let (kind, bytes) =
        encoded.ok_or_else(|| Failure::unavailable(&"an answer cannot be encoded"))?;
    let kind = HeaderValue::from_static(kind);
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

fn takes_msgpack(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter();
    accepts
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(MSGPACK))
}

/// Returns whether an id is one that these clients can take: 64 lower-case hexadecimal digits.
pub fn is_plain(id: &ObjectId) -> bool {
    id.as_str().len() == 64 && id.hex() == Some(id.as_str())
}

/// Writes a commit as one msgpack map.
///
/// # Errors
/// The writer's.
pub fn write_commit(
    out: &mut impl io::Write,
    record: &CommitRecord,
    repo_id: &str,
) -> io::Result<()> {
    let mut map = record.to_map();
    map.insert("repo_id".into(), repo_id.into());
    map.retain(|key, _| COMMIT_KEYS.contains(&key.as_str()));
    rmp_serde::encode::write(out, &map).map_err(io::Error::other)
}

/// Writes a snapshot as one msgpack map.
///
/// # Errors
/// The writer's.
pub fn write_snapshot(out: &mut impl io::Write, record: &SnapshotRecord) -> io::Result<()> {
    map_len(out, 3)?;
    text(out, "snapshot_id")?;
    text(out, record.snapshot_id.as_str())?;
    text(out, "manifest")?;
    map_len(out, record.manifest.len())?;
    for (path, id) in record.manifest.iter() {
        text(out, path)?;
        text(out, id.as_str())?;
    }
    text(out, "created_at")?;
    text(out, &record.created_at)
}

/// Writes a blob as one msgpack map.
///
/// # Errors
/// The writer's.
pub fn write_blob(out: &mut impl io::Write, id: &ObjectId, bytes: &Bytes) -> io::Result<()> {
    map_len(out, 3)?;
    text(out, "object_id")?;
    text(out, id.as_str())?;
    text(out, "content")?;
    rmp::encode::write_bin(out, bytes).map_err(io::Error::from)?;
    text(out, "path")?;
    text(out, "")
}

/// Writes the head of a map.
///
/// # Errors
/// The writer's.
pub fn map_len(out: &mut impl io::Write, len: usize) -> io::Result<()> {
    let len = u32::try_from(len).map_err(io::Error::other)?;
    rmp::encode::write_map_len(out, len).map_err(io::Error::from)?;
    Ok(())
}

/// Writes a text.
///
/// # Errors
/// The writer's.
pub fn text(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    rmp::encode::write_str(out, text).map_err(io::Error::from)
}
