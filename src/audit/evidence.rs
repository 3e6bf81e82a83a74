//! Evidence: for each code, the fields that its findings carry.
//!
//! In JSON it is an object of these fields; which ones they are follows from the finding's `code`. A field
//! that a file of an earlier version lacks is read as empty.

mod asked;

use super::fault::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

macro_rules! evidence {
    ($($code:ident $body:ident)*) => {
        /// The evidence of a finding: one variant a code.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Evidence { $($code($body),)* }

        impl Evidence {
            /// Returns the code that it is evidence for.
            #[must_use]
            pub const fn code(&self) -> Code {
                match self { $(Evidence::$code(_) => Code::$code,)* }
            }

            /// Reads the evidence of a code from its JSON object.
            ///
            /// # Errors
            /// A field holds another type than this code's.
            pub fn read(code: Code, fields: Map<String, Value>) -> serde_json::Result<Self> {
                let fields = Value::Object(fields);
                match code {
                    $(Code::$code => serde_json::from_value(fields).map(Evidence::$code),)*
                }
            }
        }
    };
}

evidence! {
    UriMissing NotStored
    UriUnlinked Unlinked
    SpellingLost Spelling
    ObjectMissing Absent
    BlobEmptyMissing Unresolved
    ObjectMisplaced Misplaced
    RowMissing Unresolved
    ObjectCorrupt WrongBytes
    ObjectEncoded Encoded
    ObjectKind OtherKind
    SizeWrong Sizes
    ObjectDiverges Differences
    CacheMsgpack Nothing
    CacheDelta Nothing
    CacheBroken Reason
    DeltaBroken Reason
    CountWrong Counts
    DirectoriesLost Directories
    ManifestEmptied Emptied
    IdentityUnverifiable Reason
    IdentityStale Scheme
    IdentityAmbiguous Ambiguous
    IdMalformed Malformed
    CommitTreeless Treeless
    TreeCollapsed Collapsed
    RowElsewhere Elsewhere
    HeadDangling Head
    BranchDuplicate Heads
    BranchUnsafe UnsafeName
    Cycle Links
    PathUnsafe UnsafePaths
    ProposalDangling Proposal
    CommitUnreachable Nothing
    UriRefused RefusedUri
    ObjectOrphan Orphan
    BlobUnreferenced Nothing
    ObjectForeign Foreign
    RefsUnsaved Unsaved
    PackMissing LostPack
    PackCorrupt DamagedPack
    PackUnindexed Unindexed
    IndexWrong WrongRange
    RepoUnreferenced Unheld
    JobStuck StuckJob
    FetchPackStale StalePack
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name { $($(#[$attr])* pub $field: $type,)* }
    )*};
}

bodies! {
    /// The code alone says everything.
    Nothing {}

    /// Where a commit or snapshot of a cycle leads: the parents or bases through which it comes back to itself.
    Links {
        /// Their ids.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        leads_to: Vec<String>,
    }

    /// Why, in one sentence.
    Reason { why: String, }

    /// The identity scheme that reproduces the id.
    Scheme { scheme: String, }

    /// A row that names no object, and whose object is not there.
    NotStored {
        /// Of a blob: `content_cache` in its row holds bytes that match the id, and a client gets them.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        cached: bool,
        /// Of a blob: the path in its row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Of a commit or snapshot: the identity scheme that reproduces the id.
        #[serde(skip_serializing_if = "Option::is_none")]
        scheme: Option<String>,
        /// Of a snapshot: nothing but this row has its tree, no object, no chain of deltas, no copy under another key.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        single_row: bool,
    }

    /// A row that names no object, and whose object is there.
    Unlinked {
        /// Keys whose bytes prove the id.
        found: Vec<String>,
        /// Of a blob: the path in its row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }

    /// The spelling that fits the id.
    Spelling { author: String, committed_at: String, scheme: String, }

    /// An object that two questions to the store did not find.
    Absent {
        /// The two questions; only of a blob that `disk_path` names.
        #[serde(skip_serializing_if = "Option::is_none")]
        asked: Option<Vec<String>>,
        /// Other keys whose bytes prove the id.
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<Vec<String>>,
        /// The key that the row names.
        key: String,
        /// Of a blob: the path in its row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }

    /// An object under other keys than the row's.
    Misplaced {
        /// Keys whose bytes prove the id.
        found: Vec<String>,
        /// The key that the row names.
        key: String,
    }

    /// An id that is named and has no row.
    Unresolved {
        /// Keys whose bytes prove the id.
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<Vec<String>>,
        /// The commit, snapshot or branch that names it.
        #[serde(skip_serializing_if = "Option::is_none")]
        named_by: Option<String>,
        /// Keys that gave no answer, each with the reason.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        unread: Vec<String>,
    }

    /// Bytes that do not prove the id.
    WrongBytes {
        /// The `Content-Encoding` that they are stored with.
        #[serde(skip_serializing_if = "Option::is_none")]
        content_encoding: Option<String>,
        /// Other listed keys of the digest, unread.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        copies: Vec<String>,
        key: String,
        /// Bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        why: String,
    }

    /// A sound object inside something that clients do not read.
    Encoded {
        #[serde(flatten)]
        bytes: WrongBytes,
        /// The layers from the outside in, ` > ` between them.
        wrapping: String,
    }

    /// An object whose header names another kind.
    OtherKind {
        #[serde(flatten)]
        bytes: WrongBytes,
        /// The kind that the header names.
        header: String,
    }

    /// A size that is not the row's. Bytes.
    Sizes {
        listed: u64,
        path: String,
        size_bytes: i64,
    }

    /// The number of entries in the row, and in the manifest.
    Counts { entries: u64, entry_count: i64, }

    /// The directories with which the id fits.
    Directories {
        /// The first of them.
        directories: Vec<String>,
        /// Where they come from.
        proves_with: String,
    }

    /// A manifest without entries.
    Emptied {
        /// Set where the cache has no bytes at all.
        #[serde(skip_serializing_if = "Option::is_none")]
        cache: Option<String>,
    }

    /// The hashed field that holds a NUL.
    Ambiguous {
        /// Of a commit.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// Of a snapshot: the path.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }

    /// An id without a digest.
    Malformed {
        /// Of a blob: the path in its row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    }

    /// A commit without a snapshot.
    Treeless { parents: Parents, }

    /// A tree with far fewer entries than those of its parents.
    Collapsed {
        /// Of the parent that has the fewest.
        before: u64,
        /// Its own.
        entries: u64,
    }

    /// A row that another repository holds.
    Elsewhere {
        /// The repositories that hold it: `owner/slug`, or the id where there is no such row.
        held_by: Vec<String>,
        /// What names it.
        named_by: String,
    }

    /// The commit that a branch names.
    Head { head: String, }

    /// The commits that the rows of one branch name.
    Heads { heads: Vec<String>, }

    /// A branch name that no client can keep.
    UnsafeName {
        /// Refused also where the branch is pulled by itself.
        alone: bool,
        name: String,
        why: String,
    }

    /// Paths that no checkout may follow.
    UnsafePaths {
        /// Of all of them.
        count: u64,
        /// The first of them, each with the reason.
        paths: Vec<String>,
    }

    /// A merged proposal.
    Proposal {
        merge_commit_id: Option<String>,
        title: String,
        why: String,
    }

    /// A location that is never followed.
    RefusedUri {
        #[serde(skip_serializing_if = "Option::is_none")]
        disk_path: Option<String>,
        /// Keys whose bytes prove the id.
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<Vec<String>>,
        /// Of a blob: the path in its row.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        why: String,
    }

    /// An object that nothing names.
    Orphan {
        /// The kind that its bytes prove.
        proves: String,
        /// Bytes.
        size: u64,
    }

    /// A key that holds no object of ours.
    Foreign {
        /// Bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        why: String,
    }

    /// A pack that two questions to the store did not find.
    LostPack {
        /// Blob rows that name it.
        blobs: u64,
        /// The first of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        named_by: Option<String>,
    }

    /// A pack that is not what its id says.
    DamagedPack {
        key: String,
        /// Bytes.
        size: u64,
        why: String,
    }

    /// A blob in a pack that no index row names.
    Unindexed {
        /// Of the pack.
        key: String,
        pack: String,
    }

    /// Rows that a repository's branches need and that its membership tables do not hold.
    Unheld {
        blobs: u64,
        commits: u64,
        repo_id: String,
        snapshots: u64,
        /// Snapshots among them whose files are not known, so that their blobs are not counted.
        trees_unread: u64,
    }

    /// The newest job that would help, as the hub says.
    StuckJob {
        #[serde(skip_serializing_if = "Option::is_none")]
        created_at: Option<String>,
        job_type: String,
        /// `absent` where there is none.
        state: String,
        /// Blobs of the repository that wait for it.
        waiting: u64,
    }

    /// A head without a pack that is ready for a fetch.
    StalePack {
        /// Of the pack that was prepared; absent where none was.
        #[serde(skip_serializing_if = "Option::is_none")]
        expired_at: Option<String>,
        head: String,
    }

    /// A range that is named for a blob and does not hold it. Bytes.
    WrongRange {
        /// What names it: `index`, or `uri` for the row's own storage_uri.
        from: String,
        length: i64,
        offset: i64,
        pack: String,
        why: String,
    }

    /// Where a branch points in its row, and in the store.
    Unsaved {
        /// The newest sound ref checkpoint.
        checkpoint: Option<String>,
        /// The head in the row.
        head: Option<String>,
        repo_id: String,
        /// The head in that checkpoint.
        saved: Option<String>,
    }
}

/// The parents in a commit's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parents {
    Ids(Vec<String>),
    /// The cell as it is, where it holds no list of ids.
    Text(String),
}

impl Default for Parents {
    fn default() -> Self {
        Parents::Ids(Vec::new())
    }
}

/// The fields that row and object disagree on, by name.
pub type Differences = BTreeMap<String, Sides>;

/// One field on both sides; long texts are cut, and a side without the field has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sides {
    /// The id hashes this field.
    pub identity: bool,
    pub object: Option<String>,
    pub row: Option<String>,
}
