//! The commit record.

use super::{FrameError, Kind, ObjectId, RecordError, frame, json, type_name};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// A commit as its payload states it. Text is kept as written: ids hash the text.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitRecord {
    pub commit_id: ObjectId,
    pub repo_id: String,
    pub branch: String,
    /// Null only in rows of old server merges: a commit without a tree.
    pub snapshot_id: Option<ObjectId>,
    pub message: String,
    /// ISO-8601 with offset, never re-formatted.
    pub committed_at: String,
    pub parent_commit_id: Option<ObjectId>,
    pub parent2_commit_id: Option<ObjectId>,
    pub author: String,
    /// `metadata` and every key after it in the format's table, all of them always present,
    /// and the keys that the table does not know, which are kept and written back.
    pub rest: Map<String, Value>,
}

/// Keys with a field of their own; all others live in [`CommitRecord::rest`].
pub const OWN: [&str; 9] = [
    "commit_id",
    "repo_id",
    "branch",
    "snapshot_id",
    "message",
    "committed_at",
    "parent_commit_id",
    "parent2_commit_id",
    "author",
];

/// Returns the rest of the format's table, each key with its default.
#[must_use]
pub fn defaults() -> &'static [(&'static str, Value)] {
    static DEFAULTS: LazyLock<Vec<(&'static str, Value)>> = LazyLock::new(|| {
        vec![
            ("metadata", json!({})),
            ("structured_delta", Value::Null),
            ("sem_ver_bump", json!("none")),
            ("breaking_changes", json!([])),
            ("reviewed_by", json!([])),
            ("agent_id", json!("")),
            ("model_id", json!("")),
            ("toolchain_id", json!("")),
            ("prompt_hash", json!("")),
            ("signature", json!("")),
            ("signer_key_id", json!("")),
            ("signer_public_key", json!("")),
            ("format_version", json!(1)),
            ("test_runs", json!(0)),
        ]
    });
    &DEFAULTS
}

/// Returns the rest of a commit that states nothing more.
#[must_use]
pub fn default_rest() -> Map<String, Value> {
    let rest = defaults().iter();
    rest.map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

impl CommitRecord {
    /// Reads a record from a payload's object, filling in defaults.
    ///
    /// # Errors
    /// A required key that is missing, or a key of another type than the format's.
    pub fn from_map(mut map: Map<String, Value>) -> Result<Self, RecordError> {
        let record = Self {
            commit_id: ObjectId::new(required(&mut map, "commit_id")?),
            repo_id: text(&mut map, "repo_id")?.unwrap_or_default(),
            branch: required(&mut map, "branch")?,
            snapshot_id: nullable_id(&mut map, "snapshot_id", true)?,
            message: required(&mut map, "message")?,
            committed_at: required(&mut map, "committed_at")?,
            parent_commit_id: nullable_id(&mut map, "parent_commit_id", false)?,
            parent2_commit_id: nullable_id(&mut map, "parent2_commit_id", false)?,
            author: text(&mut map, "author")?.unwrap_or_default(),
            rest: Map::new(),
        };
        Ok(Self {
            rest: with_defaults(map)?,
            ..record
        })
    }

    /// Reads a canonical commit.
    ///
    /// # Errors
    /// Whatever makes the bytes no canonical commit, named.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let record = Self::from_map(frame::decode_json(bytes, Kind::Commit)?)?;
        #[cfg(any(test, feature = "testing"))]
        super::tally::decoded(Kind::Commit, &record.commit_id);
        Ok(record)
    }

    /// Returns the payload's object: every key of the format's table, and the unknown ones.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        let id = |id: &Option<ObjectId>| id.as_ref().map_or(Value::Null, |id| json!(id.as_str()));
        let mut map = self.rest.clone();
        map.insert("commit_id".into(), json!(self.commit_id.as_str()));
        map.insert("repo_id".into(), json!(self.repo_id));
        map.insert("branch".into(), json!(self.branch));
        map.insert("snapshot_id".into(), id(&self.snapshot_id));
        map.insert("message".into(), json!(self.message));
        map.insert("committed_at".into(), json!(self.committed_at));
        map.insert("parent_commit_id".into(), id(&self.parent_commit_id));
        map.insert("parent2_commit_id".into(), id(&self.parent2_commit_id));
        map.insert("author".into(), json!(self.author));
        map
    }

    /// Returns the canonical object.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let payload = json::canonical(&Value::Object(self.to_map()));
        frame::encode(Kind::Commit, payload.as_bytes())
    }

    /// Returns the parents that are not null, in order.
    pub fn parents(&self) -> impl Iterator<Item = &ObjectId> {
        self.parent_commit_id.iter().chain(&self.parent2_commit_id)
    }

    /// Returns a text of the rest of the table; empty where it is absent.
    #[must_use]
    pub fn rest_text(&self, key: &str) -> &str {
        self.rest.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// Returns whether the format's table knows `key`.
    #[must_use]
    pub fn knows(key: &str) -> bool {
        OWN.contains(&key) || defaults().iter().any(|(known, _)| *known == key)
    }
}

/// Checks the types of the rest of the table and fills in what is absent.
///
/// # Errors
/// A field with a value of another type.
pub fn with_defaults(mut map: Map<String, Value>) -> Result<Map<String, Value>, RecordError> {
    for (key, default) in defaults() {
        let value = map.entry(*key).or_insert_with(|| default.clone());
        let (fits, expected) = match default {
            Value::Null => (true, ""),
            Value::String(_) => (value.is_string(), "a string"),
            Value::Number(_) => (value.is_i64() || value.is_u64(), "an integer"),
            Value::Object(_) => (value.is_object(), "an object"),
            Value::Array(_) => {
                let strings = |list: &Vec<Value>| list.iter().all(Value::is_string);
                (value.as_array().is_some_and(strings), "a list of strings")
            }
            Value::Bool(_) => (value.is_boolean(), "a boolean"),
        };
        if !fits {
            return Err(RecordError::Type {
                key: (*key).into(),
                expected,
                found: type_name(value),
            });
        }
    }
    Ok(map)
}

/// Takes a text out of `map`; `None` where the key is absent.
pub(crate) fn text(
    map: &mut Map<String, Value>,
    key: &'static str,
) -> Result<Option<String>, RecordError> {
    match map.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(RecordError::Type {
            key: key.into(),
            expected: "a string",
            found: type_name(&other),
        }),
    }
}

pub(crate) fn required(
    map: &mut Map<String, Value>,
    key: &'static str,
) -> Result<String, RecordError> {
    text(map, key)?.ok_or(RecordError::Missing(key))
}

fn nullable_id(
    map: &mut Map<String, Value>,
    key: &'static str,
    must_stand: bool,
) -> Result<Option<ObjectId>, RecordError> {
    match map.get(key) {
        None if must_stand => Err(RecordError::Missing(key)),
        None => Ok(None),
        Some(Value::Null) => {
            map.remove(key);
            Ok(None)
        }
        Some(_) => Ok(text(map, key)?.map(ObjectId::new)),
    }
}
