//! A client's pull: objects first, and once every one is there, the refs that name them.

use super::branches::Branches;
use super::error::PullError;
use super::folder::{Folder, FolderError, Naming, is_temporary};
use super::layout::{HEAD, HEADS, Layout, REPO};
use super::object_dir::{self, Intake, ObjectDir};
use super::received::{Foreign, Received};
use super::walk::{self, Asked, Walk};
use bytes::Bytes;
use luthier_hub::cause::Cause;
use luthier_hub::index::RepoRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{FetchError, Fetched, Holder, Refusal, Step};
use luthier_object::{Kind, ObjectId, json};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

/// The largest `repo.json` that is read, in bytes.
const REPO_LIMIT: u64 = 64 << 10;

/// The subject and the target of a pull.
#[derive(Clone, Debug)]
pub struct PullOptions {
    pub owner: String,
    pub slug: String,
    /// All branches without.
    pub branch: Option<String>,
    /// A folder that does not exist, is empty, or holds an earlier pull of the same repository.
    pub into: PathBuf,
    pub layout: Layout,
    /// Commits that the client has: what they reach is left out.
    pub have: Vec<ObjectId>,
}

/// Told as it happens.
pub enum Told<'t> {
    Object(&'t Fetched),
    Refused(&'t Refusal),
}

/// The result of a pull.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    pub repo: String,
    /// Branches whose refs were written, with their heads.
    pub branches: Vec<(String, Option<ObjectId>)>,
    pub received: Received,
    /// In the folder before, and proved there, in the order of [`Kind::ALL`].
    pub held: [u64; 3],
    /// Objects that a client would refuse.
    pub refused: u64,
    /// The ids of `have` that the hub has no commit of.
    pub unknown: Vec<ObjectId>,
    /// Stopped before the end: what is there stays, and the next run goes on.
    pub stopped: bool,
}

impl Pulled {
    /// Returns whether everything was pulled and the refs were written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.refused == 0 && !self.stopped
    }
}

/// Pulls into a folder.
///
/// # Errors
/// No such repository or branch, a folder that is in use, a side that could not be used, or whatever a
/// client would refuse as a whole. Refused objects and cancellation are no errors: see [`Pulled`].
#[tracing::instrument(skip_all, fields(owner = options.owner, slug = options.slug))]
pub async fn pull(
    store: &Store,
    options: &PullOptions,
    progress: &Progress,
    tell: &mut (dyn FnMut(Told<'_>) + Send),
) -> Result<Pulled, PullError> {
    let store = &store.for_job(progress);
    let path = (options.owner.as_str(), options.slug.as_str());
    let Asked { repo, branches } = walk::ask(store, path, options.branch.as_deref()).await?;
    let folder = prepare(&repo, options).await?;
    let object_dir = ObjectDir {
        folder,
        layout: options.layout,
    };
    let holder = Arc::new(object_dir.clone());
    let client: (&[ObjectId], Option<Arc<dyn Holder>>) = (&options.have, Some(holder));
    let walk = Walk::start(store, &branches, client, options.layout, progress);
    let mut pulled = Pulled {
        repo: repo.path(),
        ..Pulled::default()
    };
    match walk.await {
        Ok(walk) => {
            let foreign = Foreign::new(store, &repo.repo_id);
            take_in((walk, foreign), &object_dir, &mut pulled, tell).await?;
        }
        Err(PullError::Fetch(FetchError::Cancelled(_))) => pulled.stopped = true,
        Err(error) => return Err(error),
    }
    // Rows are asked first and objects long after.
    store
        .index()
        .in_place()
        .map_err(|error| FetchError::Store(error.into()))?;
    if pulled.is_complete() {
        write_refs(&object_dir, branches, &mut pulled).await?;
    }
    Ok(pulled)
}

/// Opens the folder, and makes it this repository's if it is nobody's.
async fn prepare(repo: &RepoRow, options: &PullOptions) -> Result<Arc<Folder>, PullError> {
    let into = options.into.clone();
    let folder = object_dir::blocking(move || {
        let folder = Folder::create(&into)?;
        folder.lock()?;
        Ok(Arc::new(folder))
    })
    .await?;
    let looked = folder.clone();
    let (names, muse, stands) = object_dir::blocking(move || {
        let stands = looked.read(REPO, REPO_LIMIT)?;
        Ok((looked.list("")?, looked.list(".muse")?, stands))
    })
    .await?;
    let unfit = |why: Cause| PullError::Unfit {
        folder: folder.shown().display().to_string(),
        why,
    };
    if let Some(bytes) = stands {
        return match same_pull(&bytes, repo, options.layout) {
            Ok(()) => Ok(folder),
            Err(why) => Err(unfit(why)),
        };
    }
    let is_ours = |name: &Option<String>| name.as_deref().is_some_and(is_temporary);
    let untouched = names.iter().all(|l| l.name.as_deref() == Some(".muse"))
        && muse.iter().all(|l| is_ours(&l.name));
    if !untouched {
        return Err(unfit(
            "it is not empty and contains no earlier pull; name a new folder".into(),
        ));
    }
    let text = describe(repo, options.layout);
    object_dir::write(&folder, REPO, text, Naming::New).await?;
    Ok(folder)
}

/// Returns whether a `repo.json` is that of an earlier pull of this repository in this layout.
fn same_pull(bytes: &[u8], repo: &RepoRow, layout: Layout) -> Result<(), Cause> {
    let value = json::parse(bytes)
        .map_err(|e| Cause::told(format!("its {REPO} cannot be read: {e}"), e))?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("");
    if text("repo_id") != repo.repo_id {
        return Err(format!(
            "it contains another repository ({}); name a new folder",
            text("repo_id")
        )
        .into());
    }
    match Layout::from_name(text("layout")) {
        Some(found) if found == layout => Ok(()),
        Some(found) => Err(format!(
            "it contains an earlier pull in the layout {}; add --layout {}, or name a new folder",
            found.name(),
            found.name()
        )
        .into()),
        None => Err("it was not written by `luthier pull`; name a new folder".into()),
    }
}

fn describe(repo: &RepoRow, layout: Layout) -> String {
    let pairs = [
        ("repo_id", repo.repo_id.as_str()),
        ("owner", &repo.owner),
        ("slug", &repo.slug),
        ("default_branch", &repo.default_branch),
        ("created_at", &repo.created_at),
        ("layout", layout.name()),
    ];
    let map: Map<String, Value> = pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    json::canonical(&Value::Object(map)) + "\n"
}

/// Writes what is fetched, to the end or until it is stopped.
async fn take_in(
    (mut walk, mut foreign): (Walk, Foreign),
    object_dir: &ObjectDir,
    pulled: &mut Pulled,
    tell: &mut (dyn FnMut(Told<'_>) + Send),
) -> Result<(), PullError> {
    pulled.unknown = walk.unknown().to_vec();
    let mut intake = Intake::new(object_dir.folder.clone(), Naming::New);
    let ended = loop {
        match walk.next().await {
            Ok(None) => break Ok(()),
            Ok(Some(Step::Object(fetched))) => {
                foreign.take(&fetched);
                pulled.received.count(&fetched);
                tell(Told::Object(&fetched));
                let object = &fetched.object;
                let path = object_dir.layout.path(object.kind(), object.id());
                let path = path.ok_or_else(|| no_digest(object.kind(), object.id()))?;
                intake.add(path, object_dir.layout.contents(object)).await?;
            }
            Ok(Some(Step::Held(proof))) => pulled.held[proof.kind() as usize] += 1,
            Ok(Some(Step::Refused(refusal))) => {
                pulled.refused += 1;
                tell(Told::Refused(&refusal));
            }
            Err(PullError::Fetch(FetchError::Cancelled(_))) => {
                pulled.stopped = true;
                break Ok(());
            }
            Err(error) => break Err(error),
        }
    };
    // Whatever ended it, what has come so far need not come again.
    intake.finish().await?;
    drop(walk);
    pulled.received.foreign_commits = foreign.end().await;
    ended
}

fn no_digest(kind: Kind, id: &ObjectId) -> PullError {
    PullError::Refused(format!("{kind} {id}: it has no digest"))
}

/// Moves the refs, now that everything that they name is there. A branch without commit has an empty
/// one, as with the client itself.
async fn write_refs(
    object_dir: &ObjectDir,
    branches: Branches,
    pulled: &mut Pulled,
) -> Result<(), FolderError> {
    let mut refs = Intake::new(object_dir.folder.clone(), Naming::Move);
    for (name, head) in &branches.heads {
        let text = head.as_ref().map_or("", ObjectId::as_str).to_owned();
        let parts = [text.into(), Bytes::new()];
        refs.add(format!("{HEADS}/{name}"), parts).await?;
    }
    refs.finish().await?;
    let head = format!("ref: refs/heads/{}\n", branches.head);
    object_dir::write(&object_dir.folder, HEAD, head, Naming::Move).await?;
    pulled.branches = branches.heads.into_iter().collect();
    Ok(())
}
