//! The client's own check of its folder: refs, commits, snapshots, objects, each from the one before.

use super::folder::{Folder, FolderError};
use super::layout::{HEAD, HEADS, Layout, REPO};
use super::object_dir::{Found, ObjectDir};
use luthier_hub::progress::{Cancelled, Progress};
use luthier_hub::store::fetch::objection;
use luthier_object::{Kind, ObjectId, Record, branch, json};
use serde::Serialize;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// The largest ref that is read, in bytes.
const REF_LIMIT: u64 = 4 << 10;

/// The largest `repo.json` that is read, in bytes.
const REPO_LIMIT: u64 = 64 << 10;

/// The reason why a folder that a pull began has no refs.
const UNFINISHED: &str = "it is missing: the pull into this folder was refused or stopped, and no ref is written \
     before a pull is complete; `luthier pull` into this folder says why, or goes on";

/// What is said of an absent object.
const ABSENT: &str = "it is missing";

/// What is said of an absent parent. Nothing in a folder tells a clone that was made with a depth from one that lost a
/// commit.
const NO_PARENT: &str = "it is missing, and all behind it with it: a clone that was made with a depth ends here; in any \
     other, the commit was lost";

/// The greatest depth of folders of refs.
const REF_DEPTH: usize = 64;

/// The tiers of a check, in the client's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Ref,
    Commit,
    Snapshot,
    Object,
}

impl Tier {
    /// Returns the word in a line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Tier::Ref => "ref",
            Tier::Commit => "commit",
            Tier::Snapshot => "snapshot",
            Tier::Object => "object",
        }
    }

    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Commit => Tier::Commit,
            Kind::Snapshot => Tier::Snapshot,
            Kind::Blob => Tier::Object,
        }
    }
}

/// Something that is wrong in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    pub tier: Tier,
    /// An id, or the name of a ref; untrusted text.
    pub id: String,
    /// The object or ref that refers to it.
    pub named_by: String,
    pub why: String,
}

/// The counts of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub layout: String,
    pub refs: u64,
    /// Proved, in the order of [`Kind::ALL`].
    pub proved: [u64; 3],
    pub wrong: u64,
    /// Stopped before the end.
    pub stopped: bool,
}

/// The reason why a check could not start.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{0} contains no .muse folder, so there is nothing to verify")]
    NoRepository(String),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// An object to be looked at, and what names it.
struct Named {
    id: ObjectId,
    by: String,
    /// Named by a commit, not by a ref.
    is_parent: bool,
}

struct Check<'c> {
    object_dir: ObjectDir,
    progress: &'c Progress,
    tell: &'c mut (dyn FnMut(&Wrong) + Send),
    seen: [HashSet<[u8; 32]>; 3],
    verified: Verified,
}

/// Checks a folder, telling what is wrong as it is found.
///
/// # Errors
/// The folder holds no repository, or cannot be listed.
#[tracing::instrument(skip_all)]
pub async fn verify(
    folder: Folder,
    progress: &Progress,
    tell: &mut (dyn FnMut(&Wrong) + Send),
) -> Result<Verified, VerifyError> {
    let folder = Arc::new(folder);
    if folder.list(".muse")?.is_empty() {
        return Err(VerifyError::NoRepository(
            folder.shown().display().to_string(),
        ));
    }
    let layout = detect(&folder);
    progress.phase("verify", None);
    let mut check = Check {
        object_dir: ObjectDir { folder, layout },
        progress,
        tell,
        seen: Default::default(),
        verified: Verified {
            layout: layout.name().to_owned(),
            ..Verified::default()
        },
    };
    let heads = check.refs()?;
    if let Err(Cancelled) = check.walk(heads).await {
        check.verified.stopped = true;
    }
    Ok(check.verified)
}

/// Returns the layout that `repo.json` says, or else the one whose folders are there.
fn detect(folder: &Folder) -> Layout {
    let text = folder.read(REPO, REPO_LIMIT).ok().flatten();
    let value = text.and_then(|bytes| json::parse(&bytes).ok());
    let said = value.as_ref().and_then(|v| v.get("layout")?.as_str());
    let has = |path: &str| folder.list(path).is_ok_and(|names| !names.is_empty());
    match said.and_then(Layout::from_name) {
        Some(layout) => layout,
        None if has(".muse/commits") && !has(".muse/objects/sha256") => Layout::V01,
        None => Layout::Unified,
    }
}

impl Check<'_> {
    fn wrong(&mut self, tier: Tier, id: &str, by: &str, why: impl Into<String>) {
        let wrong = Wrong {
            tier,
            id: id.to_owned(),
            named_by: by.to_owned(),
            why: why.into(),
        };
        self.verified.wrong += 1;
        self.progress.count(tier.word());
        (self.tell)(&wrong);
    }

    /// Reads `HEAD` and every ref, and returns the commits that they name.
    fn refs(&mut self) -> Result<Vec<Named>, FolderError> {
        let mut heads = Vec::new();
        let mut open = vec![(String::new(), 0)];
        while let Some((below, depth)) = open.pop() {
            for entry in self.object_dir.folder.list(&format!("{HEADS}{below}"))? {
                let Some(name) = entry.name else {
                    self.wrong(Tier::Ref, &below, "", "a name in this folder is not UTF-8");
                    continue;
                };
                let name = format!("{below}/{name}");
                let shown = name.trim_start_matches('/').to_owned();
                if entry.is_folder && depth < REF_DEPTH {
                    open.push((name, depth + 1));
                } else if entry.is_file {
                    heads.extend(self.read_ref(&shown));
                } else {
                    self.wrong(
                        Tier::Ref,
                        &shown,
                        "",
                        "neither file nor folder, or too deep",
                    );
                }
            }
        }
        self.head();
        Ok(heads)
    }

    /// Reads one ref; an empty one is a branch before its first commit.
    fn read_ref(&mut self, name: &str) -> Option<Named> {
        self.verified.refs += 1;
        let by = format!("branch {name}");
        let path = format!("{HEADS}/{name}");
        let bytes = match self.object_dir.folder.read(&path, REF_LIMIT) {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => {
                self.wrong(Tier::Ref, name, "", error.to_string());
                return None;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        let id = ObjectId::new(text.trim());
        if id.as_str().is_empty() {
            return None;
        }
        let own_form = match self.object_dir.layout {
            Layout::Unified => id.hex().is_some(),
            Layout::V01 => id.hex() == Some(id.as_str()),
        };
        if !own_form {
            let why = format!(
                "it contains {:?}, which is not the id of a commit",
                id.as_str()
            );
            self.wrong(Tier::Ref, name, "", why);
            return None;
        }
        Some(Named {
            id,
            by,
            is_parent: false,
        })
    }

    /// Checks that `HEAD` names a branch that exists.
    fn head(&mut self) {
        let text = match self.object_dir.folder.read(HEAD, REF_LIMIT) {
            Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(None) => {
                let began = self.object_dir.folder.read(REPO, REPO_LIMIT);
                let why = match began {
                    Ok(Some(_)) if self.verified.refs == 0 => UNFINISHED,
                    _ => "it is missing",
                };
                return self.wrong(Tier::Ref, "HEAD", "", why);
            }
            Err(error) => return self.wrong(Tier::Ref, "HEAD", "", error.to_string()),
        };
        let named = text.trim().trim_start_matches("ref:").trim();
        let Some(name) = named.strip_prefix("refs/heads/") else {
            let why = format!("it contains {named:?} instead of refs/heads/ and a branch");
            return self.wrong(Tier::Ref, "HEAD", "", why);
        };
        if let Some(why) = branch::check(name) {
            return self.wrong(Tier::Ref, "HEAD", "", format!("{name:?}: {why}"));
        }
        match self.object_dir.folder.size(&format!("{HEADS}/{name}")) {
            Ok(Some(_)) => {}
            Ok(None) => {
                let why = format!("it refers to the branch {name}, which has no ref");
                self.wrong(Tier::Ref, "HEAD", "", why);
            }
            Err(error) => self.wrong(Tier::Ref, "HEAD", "", error.to_string()),
        }
    }

    /// Checks every commit that the refs reach, level by level, each with its tree.
    async fn walk(&mut self, heads: Vec<Named>) -> Result<(), Cancelled> {
        let mut commits = VecDeque::from(heads);
        while let Some(named) = commits.pop_front() {
            let absent = match named.is_parent {
                true => NO_PARENT,
                false => ABSENT,
            };
            let named_by = || named.by.clone();
            let looked = self.look((Kind::Commit, absent), &named.id, named_by);
            let Some(Record::Commit(record, _)) = looked.await? else {
                continue;
            };
            let by = || format!("commit {}", named.id.short());
            let parents = record.parents().cloned();
            commits.extend(parents.map(|id| Named {
                id,
                by: by(),
                is_parent: true,
            }));
            if let Some(id) = record.snapshot_id.clone() {
                self.tree(&id, by).await?;
            }
        }
        Ok(())
    }

    async fn tree(&mut self, id: &ObjectId, by: impl Fn() -> String) -> Result<(), Cancelled> {
        let looked = self.look((Kind::Snapshot, ABSENT), id, by).await?;
        let Some(Record::Snapshot(record, _)) = looked else {
            return Ok(());
        };
        for (path, blob) in record.manifest.iter() {
            let by = || format!("snapshot {} ({path})", id.short());
            self.look((Kind::Blob, ABSENT), blob, by).await?;
        }
        Ok(())
    }

    /// Proves one object, unless it was looked at before, and returns what it says. `absent` is said where there is
    /// none; `by` says what names it.
    async fn look(
        &mut self,
        (kind, absent): (Kind, &str),
        id: &ObjectId,
        by: impl Fn() -> String,
    ) -> Result<Option<Record>, Cancelled> {
        let tier = Tier::of(kind);
        let Some(digest) = id.digest() else {
            self.wrong(tier, id.as_str(), &by(), "its id contains no digest");
            return Ok(None);
        };
        if !self.seen[kind as usize].insert(digest) {
            return Ok(None);
        }
        self.progress.checkpoint().await?;
        self.progress.update(|f| {
            f.done += 1;
            id.as_str().clone_into(&mut f.subject);
        });
        let why = match self.object_dir.find(kind, id).await {
            Found::Proved(proof) => match objection(proof.record()) {
                None => {
                    self.verified.proved[kind as usize] += 1;
                    return Ok(Some(proof.into_record()));
                }
                Some(why) => why.to_string(),
            },
            Found::Absent => absent.to_owned(),
            Found::Wrong(why) => why,
        };
        self.wrong(tier, id.as_str(), &by(), why);
        Ok(None)
    }
}
