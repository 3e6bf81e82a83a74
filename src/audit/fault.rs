//! The taxonomy of faults: one table, from which help, README, JSON and the coverage test are made.
//!
//! A code never changes its meaning.

use serde::{Deserialize, Serialize};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Info,
    Warning,
    Error,
    Critical,
}

/// Says whether a remedy may be applied without a decision.
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

/// What can be done about a finding, as a plan of everything that needs no decision found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fix {
    /// A plan repairs it once it is confirmed.
    Auto,
    /// A plan repairs it once a person has decided.
    Decide,
    /// A copy of the object from elsewhere would repair it.
    Copy,
    /// Luthier has no repair for it.
    None,
}

/// The remedy of a finding.
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
    Hold,
    Index,
    Checkpoint,
    /// Of no fault: what an earlier run changed is put back.
    Undo,
}

/// The depth that shows a fault.
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

/// The family of a code in the taxonomy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    NotYetStored,
    Missing,
    WrongBytes,
    Disagree,
    Identity,
    Graph,
    Location,
    Packs,
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
        UriMissing "uri-missing" Error Yes Backfill Presence "The row has no storage_uri, and the store does not have the object."
        UriUnlinked "uri-unlinked" Warning Yes Link Presence "The row has no storage_uri, but the store has the object: a write was interrupted between the two."
        SpellingLost "spelling-lost" Warning Yes Backfill Rows "The id can be reproduced only with a time zone offset or an empty author that the row has lost."
    }
    Missing {
        ObjectMissing "object-missing" Critical Ask Restore Presence "The row points to an object that neither the store's listing nor a HEAD finds."
        BlobEmptyMissing "blob-empty-missing" Error Yes Restore Presence "A snapshot uses the empty blob, but it has neither a row nor an object: old pushes dropped it."
        ObjectMisplaced "object-misplaced" Error Yes Link Presence "The object is stored under another key than the one that the row points to."
        RowMissing "row-missing" Critical Ask Reindex Rows "A commit, snapshot or branch refers to this id, but it has no row."
    }
    WrongBytes {
        ObjectCorrupt "object-corrupt" Critical Ask Replace Bytes "The bytes cannot be decoded, or do not match the id."
        ObjectEncoded "object-encoded" Error Ask Replace Bytes "The object is intact but wrapped (gzip, zlib, zstd, msgpack, bare JSON or an old header); clients cannot read it."
        ObjectKind "object-kind" Critical Ask Replace Bytes "The object's header says that it is of another kind."
        SizeWrong "size-wrong" Error Ask Reindex Presence "The size in the store's listing differs from size_bytes in the row."
    }
    Disagree {
        ObjectDiverges "object-diverges" Warning Ask Reindex Bytes "The object matches its id, but the row disagrees with it."
        CacheMsgpack "cache-msgpack" Warning Yes Recache Rows "The cached manifest is msgpack instead of JSON."
        CacheDelta "cache-delta" Warning Yes Recache Rows "Only a delta is cached, not the manifest."
        CacheBroken "cache-broken" Error Yes Recache Rows "The cached manifest cannot be decoded, or does not match the id."
        DeltaBroken "delta-broken" Error Yes Recache Rows "The chain of deltas has a missing parent, a cycle, or a step that does not match its id."
        CountWrong "count-wrong" Warning Yes Recache Rows "entry_count differs from the number of entries."
        DirectoriesLost "directories-lost" Critical Yes Recache Rows "The id can be reproduced only with directories that the row has lost."
        ManifestEmptied "manifest-emptied" Critical Yes Recache Rows "The manifest is empty, but the id belongs to one that is not."
    }
    Identity {
        IdentityUnverifiable "identity-unverifiable" Error No None Rows "No known formula reproduces the id from what the hub has, so Luthier makes no object from it."
        IdentityStale "identity-stale" Error Ask Backfill Rows "Only the server's old formula reproduces the id; clients refuse it."
        IdentityAmbiguous "identity-ambiguous" Critical No None Rows "A hashed field contains a NUL character, so another record has the same id."
        IdMalformed "id-malformed" Error No None Rows "The id contains no digest, so nothing can verify it."
    }
    Graph {
        CommitTreeless "commit-treeless" Critical No None Rows "The commit has no snapshot; a clone of it gets an empty tree."
        TreeCollapsed "tree-collapsed" Warning No None Walk "The tree lost almost everything that all its parents have: a pull through a merge without a tree leaves this."
        RowElsewhere "row-elsewhere" Error Ask Reref Rows "The repository uses this id, but its only row belongs to another repository."
        HeadDangling "head-dangling" Critical Ask Reindex Rows "The branch points to a commit that has no row."
        BranchDuplicate "branch-duplicate" Error No None Rows "Two rows have the same branch name."
        BranchUnsafe "branch-unsafe" Error No None Rows "Clients cannot store this branch name as a file, alone or beside another; they refuse to pull the repository."
        Cycle "cycle" Critical No None Walk "The commit or snapshot leads back to itself: a commit through its parents, a snapshot through the bases of its delta."
        PathUnsafe "path-unsafe" Critical No None Rows "The tree contains a path that no client may check out; a pull refuses it."
        ProposalDangling "proposal-dangling" Warning No None Rows "The proposal is merged, but its merge commit is missing or malformed."
        CommitUnreachable "commit-unreachable" Info No None Walk "No branch reaches this commit."
    }
    Location {
        UriRefused "uri-refused" Critical Ask Link Rows "The storage_uri or disk_path is malformed, names another store, or leaves the store; it is never followed."
        ObjectOrphan "object-orphan" Info Ask None Presence "The object is intact, but nothing refers to it."
        BlobUnreferenced "blob-unreferenced" Info No None Walk "No snapshot refers to this row."
        ObjectForeign "object-foreign" Info No None Presence "The key has no known layout, or its bytes match no id."
        RefsUnsaved "refs-unsaved" Warning Yes Checkpoint Presence "The object store alone could not tell where this branch points."
    }
    Packs {
        PackMissing "pack-missing" Critical No None Presence "Blob rows or the index name a pack that neither the store's listing nor a HEAD finds."
        PackCorrupt "pack-corrupt" Critical No None Bytes "The pack's bytes do not hash to its id, or it is no pack."
        PackUnindexed "pack-unindexed" Error Yes Index Presence "The pack is there, but no index row says where in it the blob is: a fetch reads the whole pack, or is refused."
        IndexWrong "index-wrong" Critical Ask Index Bytes "The index row's range leaves the pack, or contains other bytes."
        RepoUnreferenced "repo-unreferenced" Error Ask Hold Walk "The repository's membership tables lack rows that its branches need: the hub's own server searches for each, and large clones time out."
        JobStuck "job-stuck" Warning No None Presence "Blobs of the repository wait for a job of the hub that is absent, failed, or over an hour old."
        FetchPackStale "fetch-pack-stale" Info No None Presence "The pack that the hub prepares for a fetch of this branch is absent or expired."
    }
}

impl Code {
    /// Returns the row of the taxonomy.
    #[must_use]
    pub fn fault(self) -> &'static Fault {
        // The macro lays enum and table out in one order.
        &FAULTS[self as usize]
    }

    /// Returns the code as people and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.fault().name
    }

    /// Returns the sentence on a fault that Luthier cannot repair: what a person can do, or that nothing is broken.
    #[must_use]
    pub fn by_hand(self) -> Option<String> {
        let how = self.how()?;
        Some(match self.fault().grade {
            Grade::Info => format!("Nothing is broken: {how}"),
            _ => format!("By hand: {how}"),
        })
    }

    const fn how(self) -> Option<&'static str> {
        Some(match self {
            Code::IdentityUnverifiable => {
                "look for a client that has it; `luthier repair --copies DIR` restores it from there if the bytes match the id"
            }
            Code::IdentityAmbiguous => "commit it again from a client, without the NUL character",
            Code::IdMalformed => "commit it again from a client, which gives it a valid id",
            Code::CommitTreeless => {
                "move the branch back to a parent of this commit, and commit or merge again from a client what came after it"
            }
            Code::TreeCollapsed => {
                "compare it with its parents, and commit the lost files again from a client"
            }
            Code::BranchDuplicate => {
                "ask who pushed it which head is right, and correct the rows of musehub_branches"
            }
            Code::BranchUnsafe => "rename the branch on the hub",
            Code::Cycle => {
                "if a row of the cycle has object-diverges, the repair of that ends the cycle; else follow leads_to, which names for each row the next one, to the row that closes the cycle, and correct that row: parent_ids of a commit to the parents that its object names, parent_snapshot_id of a snapshot to another base, or to null where its manifest is whole"
            }
            Code::PathUnsafe => {
                "no client can pull a branch with this path: commit it again without the path, from a client that has the repository already or with `luthier commit --from FOLDER`, and reset the branch to the new commit"
            }
            Code::ProposalDangling => "correct or reopen the proposal on the hub",
            Code::CommitUnreachable => "make a branch if somebody needs the commit",
            Code::ObjectOrphan | Code::BlobUnreferenced => {
                "an interrupted push or a deleted branch leaves this behind"
            }
            Code::PackMissing => {
                "the pack itself is not made again; its blobs, whose findings are object-missing, are restored from a client's folder (`luthier repair --copies DIR`)"
            }
            Code::PackCorrupt => {
                "blobs whose records still match are served; restore the others from a client (`luthier repair --copies DIR`)"
            }
            Code::JobStuck => {
                "start the hub's mpack.index job again; or repair the findings pack-unindexed of its pack, which does the same work"
            }
            Code::FetchPackStale => {
                "the next fetch of the branch is slower, and the hub prepares the pack again"
            }
            Code::ObjectForeign => "find out which program wrote it; clients never read it",
            _ => return None,
        })
    }

    /// Returns the code that `name` spells.
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
            /// Returns the word as people and JSON write it.
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

impl Fault {
    /// Returns how the remedy is applied, in words for people.
    #[must_use]
    pub const fn applied(&self) -> &'static str {
        match (self.remedy, self.auto) {
            (Remedy::None, _) | (_, Auto::No) => "by hand",
            (_, Auto::Ask) => "after a decision",
            (_, Auto::Yes) => "with all others",
        }
    }
}

words! {
    Grade { Info "info" Warning "warning" Error "error" Critical "critical" }
    Auto { No "no" Ask "ask" Yes "yes" }
    Fix { Auto "auto" Decide "decide" Copy "copy" None "none" }
    Remedy {
        None "none" Backfill "backfill" Link "link" Recache "recache" Restore "restore"
        Replace "replace" Reindex "reindex" Reref "reref" Hold "hold" Index "index" Checkpoint "checkpoint" Undo "undo"
    }
    Family {
        NotYetStored "not yet stored" Missing "missing" WrongBytes "wrong bytes"
        Disagree "row and object disagree" Identity "identity" Graph "graph"
        Location "location and rest" Packs "packs"
    }
}

impl Fix {
    /// Every answer, in the order of the lists.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Decide, Self::Copy, Self::None];

    /// Returns the answer that `word` spells.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fix| fix.word() == word)
    }

    /// Returns the sentence that says what can be done.
    #[must_use]
    pub const fn is(self) -> &'static str {
        match self {
            Self::Auto => "A plan repairs these once you confirm it; they need no decision.",
            Self::Decide => "A plan repairs these once you have decided which side is right.",
            Self::Copy => {
                "The hub has no valid copy. A client's folder may have one: `luthier repair --copies DIR`."
            }
            Self::None => "Luthier cannot repair these; the code says what a person can do.",
        }
    }

    /// Returns the word of the lists.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Copy => "copy needed",
            Self::None => "–",
            Self::Auto | Self::Decide => self.word(),
        }
    }
}

/// Codes that only an audit of the whole hub can give: what nothing names anywhere.
pub const WHOLE_HUB: [Code; 2] = [Code::ObjectOrphan, Code::BlobUnreferenced];

/// Returns whether a look at one row alone says all about a code; the others take the graph, the listing, or other
/// rows.
#[must_use]
pub fn is_judged_alone(code: Code) -> bool {
    !matches!(
        code,
        Code::Cycle
            | Code::CommitUnreachable
            | Code::TreeCollapsed
            | Code::RowMissing
            | Code::BlobEmptyMissing
            | Code::RowElsewhere
            | Code::HeadDangling
            | Code::BranchDuplicate
            | Code::ProposalDangling
            | Code::BlobUnreferenced
            | Code::ObjectOrphan
            | Code::ObjectForeign
            | Code::RefsUnsaved
            | Code::PackMissing
            | Code::PackCorrupt
            | Code::RepoUnreferenced
            | Code::JobStuck
            | Code::FetchPackStale
    )
}
