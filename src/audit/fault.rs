//! The taxonomy of faults: one table, from which help, README, JSON and the coverage test are made.
//!
//! A code never changes its meaning.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Info,
    Warning,
    Error,
    Critical,
}

/// Whether a remedy may be applied without a person's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auto {
    /// A person decides outside; the tool shows evidence.
    No,
    /// Only where it was chosen by code or by id.
    Ask,
    /// In bulk, once the plan is confirmed.
    Yes,
}

/// What mends a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remedy {
    None,
    Backfill,
    Link,
    Recache,
    Restore,
    Replace,
    Reindex,
    Reref,
    Checkpoint,
    /// Of no fault: what an earlier run changed is put back.
    Undo,
}

/// What it costs to see a fault; an audit that does not pay says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cost {
    /// Rows.
    Rows,
    /// Rows, and a walk of the graph that they span.
    Walk,
    /// The listing too, and what differs is read.
    Presence,
    /// Every object is read.
    Bytes,
}

/// Where in the taxonomy a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    NotYetStored,
    Missing,
    WrongBytes,
    Disagree,
    Identity,
    Graph,
    Location,
}

/// One row of the taxonomy.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub code: Code,
    pub name: &'static str,
    pub family: Family,
    pub grade: Grade,
    pub auto: Auto,
    pub remedy: Remedy,
    pub cost: Cost,
    /// One sentence for a person.
    pub is: &'static str,
}

macro_rules! faults {
    ($($family:ident { $($code:ident $name:literal $grade:ident $auto:ident $remedy:ident $cost:ident $is:literal)* })*) => {
        /// Every fault that Luthier knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code { $($(#[doc = $is] #[serde(rename = $name)] $code,)*)* }

        /// The taxonomy, in its order.
        pub const FAULTS: &[Fault] = &[$($(Fault {
            code: Code::$code, name: $name, family: Family::$family, grade: Grade::$grade,
            auto: Auto::$auto, remedy: Remedy::$remedy, cost: Cost::$cost, is: $is,
        },)*)*];
    };
}

faults! {
    NotYetStored {
        UriMissing "uri-missing" Error Yes Backfill Presence "The row has no storage_uri and the store has no object."
        UriUnlinked "uri-unlinked" Warning Yes Link Presence "The row has no storage_uri, and a proved object is there: a crash between put and update."
        SpellingLost "spelling-lost" Warning Yes Backfill Rows "The id fits only with another offset or an empty author than the row has."
    }
    Missing {
        ObjectMissing "object-missing" Critical Ask Restore Presence "The row names an object, and two questions to the store found nothing there."
        BlobEmptyMissing "blob-empty-missing" Error Yes Restore Presence "A snapshot names the empty blob, and neither row nor object exists: old pushes dropped it."
        ObjectMisplaced "object-misplaced" Error Yes Link Presence "Proved bytes lie under a key that the row does not name."
        RowMissing "row-missing" Critical Ask Reindex Rows "A commit, snapshot or branch names it, and there is no row."
    }
    WrongBytes {
        ObjectCorrupt "object-corrupt" Critical Ask Replace Bytes "The bytes are refused by the reader, or do not prove the id."
        ObjectEncoded "object-encoded" Error Ask Replace Bytes "Sound inside gzip, zlib, zstd, msgpack, bare JSON or an old header, which clients do not read."
        ObjectKind "object-kind" Critical Ask Replace Bytes "The object's header names another kind."
        SizeWrong "size-wrong" Error Ask Reindex Presence "The listed size is not the row's size_bytes."
    }
    Disagree {
        ObjectDiverges "object-diverges" Warning Ask Reindex Bytes "The object is proved, and the row disagrees with it."
        CacheMsgpack "cache-msgpack" Warning Yes Recache Rows "The cached manifest is msgpack."
        CacheDelta "cache-delta" Warning Yes Recache Rows "Only a delta is cached, no manifest."
        CacheBroken "cache-broken" Error Yes Recache Rows "The cached manifest cannot be decoded or does not prove the id."
        DeltaBroken "delta-broken" Error Yes Recache Rows "The chain of deltas has a missing parent, a cycle, or a step that does not prove."
        CountWrong "count-wrong" Warning Yes Recache Rows "entry_count is not the number of entries."
        DirectoriesLost "directories-lost" Critical Yes Recache Rows "The id fits only with directories that the row lacks."
        ManifestEmptied "manifest-emptied" Critical Yes Recache Rows "The manifest is empty, and the id is not that of an empty one."
    }
    Identity {
        IdentityUnverifiable "identity-unverifiable" Error No None Rows "Nothing reproduces the id, so nothing is ever written under it."
        IdentityStale "identity-stale" Error Ask Backfill Rows "Only the server's old formula reproduces the id, and clients refuse it."
        IdentityAmbiguous "identity-ambiguous" Critical No None Rows "A NUL inside a hashed field: another record has the same id."
        IdMalformed "id-malformed" Error No None Rows "The id holds no digest, so nothing can ever verify it."
    }
    Graph {
        CommitTreeless "commit-treeless" Critical No None Rows "The commit has no snapshot: a clone of it gets an empty tree."
        TreeCollapsed "tree-collapsed" Warning No None Walk "Its tree lost almost all that every parent had: what a pull through a treeless merge leaves."
        RowElsewhere "row-elsewhere" Error Ask Reref Rows "Named in one repository, and its only row belongs to another."
        HeadDangling "head-dangling" Critical Ask Reindex Rows "The branch's head names no commit."
        BranchDuplicate "branch-duplicate" Error No None Rows "Two rows for one branch name."
        BranchUnsafe "branch-unsafe" Error No None Rows "A branch name that no client can keep as a file, alone or beside another; a pull of the repository refuses it."
        Cycle "cycle" Critical No None Walk "It is an ancestor of itself."
        PathUnsafe "path-unsafe" Critical No None Rows "A path that no checkout may follow; a pull refuses it."
        ProposalDangling "proposal-dangling" Warning No None Rows "Merged, and its commit is missing or malformed."
        CommitUnreachable "commit-unreachable" Info No None Walk "No branch reaches it."
    }
    Location {
        UriRefused "uri-refused" Critical Ask Link Rows "The storage_uri or disk_path is malformed, foreign, or leaves the store; it is never followed."
        ObjectOrphan "object-orphan" Info Ask None Presence "A proved object that nothing names."
        BlobUnreferenced "blob-unreferenced" Info No None Walk "A row that no snapshot names."
        ObjectForeign "object-foreign" Info No None Presence "A key of no known layout, or bytes that prove nothing."
        RefsUnsaved "refs-unsaved" Warning Yes Checkpoint Presence "The store alone could not say where this branch points."
    }
}

impl Code {
    /// The row of the taxonomy.
    #[must_use]
    pub fn fault(self) -> &'static Fault {
        // The macro lays enum and table out in one order.
        &FAULTS[self as usize]
    }

    /// The code as people and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.fault().name
    }

    /// The code that `name` spells.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FAULTS.iter().find(|f| f.name == name).map(|f| f.code)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! words {
    ($($type:ident { $($variant:ident $word:literal)* })*) => {$(
        impl $type {
            /// The word as people and JSON write it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($type::$variant => $word,)* }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    )*};
}

words! {
    Grade { Info "info" Warning "warning" Error "error" Critical "critical" }
    Auto { No "no" Ask "ask" Yes "yes" }
    Remedy {
        None "none" Backfill "backfill" Link "link" Recache "recache" Restore "restore"
        Replace "replace" Reindex "reindex" Reref "reref" Checkpoint "checkpoint" Undo "undo"
    }
    Family {
        NotYetStored "not yet stored" Missing "missing" WrongBytes "wrong bytes"
        Disagree "row and object disagree" Identity "identity" Graph "graph"
        Location "location and rest"
    }
}
