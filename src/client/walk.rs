//! The walk of a pull: one way from a repository's name to its last object, whether what comes is kept or only tried.

use super::branches::Branches;
use super::error::PullError;
use super::layout::Layout;
use luthier_hub::index::RepoRow;
use luthier_hub::progress::Progress;
use luthier_hub::store::fetch::{Fetch, FetchOptions, Head, Holder, Step};
use luthier_hub::store::{Store, StoreError};
use luthier_object::{Kind, ObjectId};
use std::sync::Arc;

/// The subject that a person asks for: `OWNER/SLUG`, or `OWNER/SLUG@BRANCH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub owner: String,
    pub slug: String,
    pub branch: Option<String>,
}

impl Wanted {
    /// Reads the text that names a repository or one of its branches; `None` where it names neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, rest) = text.split_once('/')?;
        let (slug, branch) = match rest.split_once('@') {
            Some((slug, branch)) => (slug, Some(branch)),
            None => (rest, None),
        };
        let empty = owner.is_empty() || slug.is_empty() || branch == Some("");
        let fits = !empty && !slug.contains('/') && !text.contains('\0');
        fits.then(|| Self {
            owner: owner.to_owned(),
            slug: slug.to_owned(),
            branch: branch.map(str::to_owned),
        })
    }
}

/// A repository as a client sees it.
pub(super) struct Asked {
    pub repo: RepoRow,
    pub branches: Branches,
}

/// Asks for a repository by its path, and for one or all of its branches.
///
/// # Errors
/// No such repository or branch, names that no client can hold, or a database that did not answer.
pub(super) async fn ask(
    store: &Store,
    (owner, slug): (&str, &str),
    branch: Option<&str>,
) -> Result<Asked, PullError> {
    let path = format!("{owner}/{slug}");
    let named = Wanted::parse(&path);
    if named.is_none_or(|n| n.owner != owner || n.slug != slug) {
        let why = format!("{path:?} is not OWNER/SLUG, so no client can ask for this repository");
        return Err(PullError::Refused(why));
    }
    let repo = store.index().repo_by_path(owner, slug).await;
    let repo = repo.map_err(StoreError::from)?;
    let repo = repo.ok_or_else(|| PullError::NoSuchRepo(path.clone()))?;
    if let Some(at) = &repo.deleted_at {
        let why = format!(
            "{path} was deleted ({at}): its rows still exist, but clients are told that it does not"
        );
        return Err(PullError::Refused(why));
    }
    let branches = Branches::choose(store, &repo, branch).await?;
    Ok(Asked { repo, branches })
}

/// A walk under way.
pub(super) struct Walk {
    fetch: Fetch,
    layout: Layout,
}

impl Walk {
    /// Starts at the heads.
    ///
    /// # Errors
    /// A side that could not be asked, or cancellation.
    pub(super) async fn start(
        store: &Store,
        branches: &Branches,
        (have, holder): (&[ObjectId], Option<Arc<dyn Holder>>),
        layout: Layout,
        progress: &Progress,
    ) -> Result<Self, PullError> {
        let want = branches.heads.iter().filter_map(|(name, id)| {
            Some(Head {
                name: name.clone(),
                id: id.clone()?,
            })
        });
        let want = want.collect();
        let options = FetchOptions::default();
        let fetch = store.fetch(want, have, holder, options, progress).await?;
        Ok(Self { fetch, layout })
    }

    /// Returns the ids that the client says it has and of which the hub has no commit.
    pub(super) fn unknown(&self) -> &[ObjectId] {
        self.fetch.unknown()
    }

    /// Returns the next step; `None` at the end.
    ///
    /// # Errors
    /// A side that could not be asked, cancellation, or an object that the client's layout has no place for.
    pub(super) async fn next(&mut self) -> Result<Option<Step>, PullError> {
        let step = self.fetch.next().await?;
        if let Some(Step::Object(fetched)) = &step {
            let proof = fetched.object.proof();
            let (kind, id) = (proof.kind(), proof.id());
            let refused = |why: String| PullError::Refused(format!("{kind} {id}: {why}"));
            let taken = self.layout.takes(proof);
            taken.map_err(|why| refused(why.to_string()))?;
            if let Some(other) = self.same_file(kind, id) {
                return Err(refused(format!(
                    "a {other} of this repository has the same digest, and clients store both in one file"
                )));
            }
        }
        Ok(step)
    }

    /// Returns the other kind that this walk has met under the same digest, where the layout keeps both in one file.
    fn same_file(&self, kind: Kind, id: &ObjectId) -> Option<Kind> {
        let place = self.layout.path(kind, id);
        let others = Kind::ALL.into_iter().filter(|other| *other != kind);
        others
            .filter(|other| self.layout.path(*other, id) == place)
            .find(|other| self.fetch.is_met(*other, id))
    }
}
