//! The objects that a client receives, counted: the command and the console show the same figures.

use luthier_hub::index::Capabilities;
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{Fetched, Origin};
use luthier_hub::text;
use luthier_object::Kind;
use tokio::task::JoinSet;

/// Commits whose repository is asked for at once.
const PAGE: usize = 1_000;

/// Received objects in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// All of them, in the order of [`Kind::ALL`].
    pub fetched: [u64; 3],
    /// Of these, made from rows, because no object is stored.
    pub reconstructed: [u64; 3],
    /// Of these, empty blobs that the hub has no object of.
    pub empty: u64,
    /// Of these, commits that the repository does not hold: only others do. `None` where the hub does not say.
    pub foreign_commits: Option<u64>,
    /// Raw bytes of all of them.
    pub bytes: u64,
}

impl Received {
    /// Counts one object.
    pub(super) fn count(&mut self, fetched: &Fetched) {
        let kind = fetched.object.kind() as usize;
        self.fetched[kind] += 1;
        self.bytes += fetched.object.bytes().len() as u64;
        match fetched.origin {
            Origin::Canonical(_) => {}
            Origin::Reconstructed => self.reconstructed[kind] += 1,
            Origin::Empty => self.empty += 1,
        }
    }

    /// Adds the figures of another pull: what both received is counted twice.
    pub(super) fn add(&mut self, other: &Self) {
        for kind in Kind::ALL.map(|kind| kind as usize) {
            self.fetched[kind] += other.fetched[kind];
            self.reconstructed[kind] += other.reconstructed[kind];
        }
        self.empty += other.empty;
        self.bytes += other.bytes;
        if let Some(more) = other.foreign_commits {
            *self.foreign_commits.get_or_insert(0) += more;
        }
    }

    /// Returns the number of objects.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.fetched.iter().sum()
    }

    /// Says how many commits an audit of the repository does not count; `None` if it counts all.
    #[must_use]
    pub fn foreign_words(&self) -> Option<String> {
        let count = self.foreign_commits.filter(|count| *count > 0)?;
        let (verb, them) = match count {
            1 => ("belongs", "it"),
            _ => ("belong", "them"),
        };
        Some(format!(
            "{} of the commits {verb} to other repositories; an audit of this one does not count {them}",
            text::grouped(count)
        ))
    }
}

/// Counts the received commits that the repository does not hold.
pub(super) struct Foreign {
    store: Store,
    repo_id: String,
    open: Vec<String>,
    is_said: bool,
    /// How many of a page are foreign. Tasks of their own: a walk that is not polled meanwhile may hold what they wait for.
    asked: JoinSet<Option<u64>>,
}

impl Foreign {
    pub(super) fn new(store: &Store, repo_id: &str) -> Self {
        let capabilities = store.index().capabilities();
        let is_said = match capabilities.refs(Kind::Commit) {
            true => true,
            false => capabilities.has(Capabilities::table(Kind::Commit), "repo_id"),
        };
        Self {
            store: store.clone(),
            repo_id: repo_id.to_owned(),
            open: Vec::new(),
            is_said,
            asked: JoinSet::new(),
        }
    }

    /// Takes an object that was received.
    pub(super) fn take(&mut self, fetched: &Fetched) {
        if fetched.object.kind() == Kind::Commit && self.is_said {
            self.open.push(fetched.object.id().as_str().to_owned());
            if self.open.len() >= PAGE {
                self.ask();
            }
        }
    }

    /// Returns the count; `None` where the database did not say. Ends only once the walk has been dropped.
    pub(super) async fn end(mut self) -> Option<u64> {
        if !self.is_said {
            return None;
        }
        self.ask();
        let pages = self.asked.join_all().await;
        pages.into_iter().sum()
    }

    /// Asks for the repository's own of the open ids. A pull does not fail because this is unknown.
    fn ask(&mut self) {
        let (store, repo_id) = (self.store.clone(), self.repo_id.clone());
        let ids = std::mem::take(&mut self.open);
        self.asked.spawn(async move {
            let held = store.index().held_by(Kind::Commit, &repo_id, &ids).await;
            match held {
                Ok(held) => Some(ids.len().saturating_sub(held.len()) as u64),
                Err(error) => {
                    tracing::debug!(%error, "the repository of the received commits is unknown");
                    None
                }
            }
        });
    }
}
