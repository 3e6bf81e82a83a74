//! Suggests what a person may have meant by a name that does not exist: bounded look-ups, for error messages.

use super::AuditError;
use futures_util::TryStreamExt;
use luthier_hub::index::{Hidden, RepoRow};
use luthier_hub::store::Store;
use luthier_object::Kind;
use similar::TextDiff;

/// Repositories looked through for a name that is alike.
const LOOKED_THROUGH: usize = 10_000;

/// Repositories of a page.
const PAGE: u32 = 500;

/// Names that a message lists.
const SHOWN: usize = 5;

/// The likeness of two names from which one is suggested for the other: 1 is the same.
const ALIKE: f32 = 0.75;

/// A row whose id starts with what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub kind: Kind,
    pub id: String,
    /// `owner/slug`, or the repository's id where it has no row; empty where the hub does not say.
    pub repo: String,
}

/// Returns the error for a repository that is not there, with those that may be meant.
pub async fn no_such_repo(store: &Store, path: &str) -> AuditError {
    let mut hint = match repos(store, path).await.as_slice() {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(", ")),
    };
    hint += &hidden_repos(store).await;
    let path = path.to_owned();
    AuditError::NoSuchRepo { path, hint }
}

/// That a repository may be there and not be shown, where the database hides rows of repositories from this user; empty
/// where it does not, or does not answer.
pub async fn hidden_repos(store: &Store) -> String {
    let seen = store.index().visibility(false).await.unwrap_or_default();
    let hides = |hidden: &&Hidden| hidden.table == "musehub_repos" && hidden.why.hides();
    match seen.hidden.iter().find(hides) {
        Some(hidden) => format!(
            ". It may be there and not be shown to this user: {}",
            hidden.said
        ),
        None => String::new(),
    }
}

/// Returns the error for an id that nothing has. What was typed may be a repository, or the half of its name.
pub async fn no_such_id(store: &Store, id: &str) -> AuditError {
    let found = repos(store, id).await;
    let is_repo = found.iter().any(|name| name == id);
    let hint = match found.as_slice() {
        _ if is_repo => {
            format!("; it is a repository: `luthier audit {id}` audits it")
        }
        [] => "; an id is given by 4 or more of its first digits, a repository as OWNER/SLUG"
            .to_owned(),
        names => format!("; did you mean the repository {}?", names.join(", ")),
    };
    let id = id.to_owned();
    AuditError::NoSuchId { id, hint }
}

/// Names of repositories like `typed`, the likeliest first; beyond a few, how many more there are. A side
/// that does not answer suggests nothing: the message is about something else.
pub async fn repos(store: &Store, typed: &str) -> Vec<String> {
    let typed = typed.trim_matches('/').to_lowercase();
    let mut found: Vec<(u8, String)> = Vec::new();
    let (mut pages, mut seen) = (store.index().repo_pages(PAGE), 0);
    while seen < LOOKED_THROUGH
        && let Ok(Some(rows)) = pages.try_next().await
    {
        seen += rows.len();
        let living = rows.iter().filter(|row| row.deleted_at.is_none());
        found.extend(living.filter_map(|row| Some((rank(row, &typed)?, row.path()))));
    }
    found.sort_unstable();
    let more = found.len().saturating_sub(SHOWN);
    let mut names: Vec<String> = found
        .into_iter()
        .map(|(_, name)| name)
        .take(SHOWN)
        .collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}

/// Ranks a repository by how likely it is meant, 0 first; `None` if it is not.
fn rank(row: &RepoRow, typed: &str) -> Option<u8> {
    let (owner, slug) = (row.owner.to_lowercase(), row.slug.to_lowercase());
    // `owner/slug@branch` is what a pull takes.
    let bare = typed.split_once('@').map_or(typed, |(bare, _)| bare);
    let path = format!("{owner}/{slug}");
    if path == bare || row.repo_id == typed {
        return Some(0);
    }
    match bare.split_once('/') {
        None if owner == bare || slug == bare => Some(1),
        None if bare.len() > 1 && (owner.starts_with(bare) || slug.contains(bare)) => Some(2),
        None => (alike(&owner, bare) || alike(&slug, bare)).then_some(3),
        Some((_, name)) if slug == name => Some(1),
        Some((by, name)) if owner == by && alike(&slug, name) => Some(1),
        Some(_) if alike(&path, bare) => Some(2),
        Some((by, _)) if owner == by => Some(3),
        Some(_) => None,
    }
}

fn alike(a: &str, b: &str) -> bool {
    // Of names this long, none is a slip of the other.
    let short = a.len().max(b.len()) <= 200;
    short && TextDiff::from_chars(a, b).ratio() >= ALIKE
}

/// Kind and repository of each id. Rows are read one by one: a snapshot's may be large.
///
/// # Errors
/// The database cannot be read.
pub async fn candidates(
    store: &Store,
    ids: Vec<(Kind, String)>,
) -> Result<Vec<Candidate>, AuditError> {
    let mut out = Vec::with_capacity(ids.len());
    for (kind, id) in ids {
        let index = store.index();
        let one = [id.clone()];
        let repo_id = match kind {
            Kind::Commit => index
                .commits_by_id(&one)
                .await?
                .pop()
                .and_then(|row| row.repo_id),
            Kind::Snapshot => index
                .snapshots_by_id(&one)
                .await?
                .pop()
                .and_then(|row| row.repo_id),
            Kind::Blob => index
                .blobs_by_id(&one)
                .await?
                .pop()
                .and_then(|row| row.repo_id),
        };
        let repo = match repo_id {
            None => String::new(),
            Some(repo_id) => match index.repo_by_id(&repo_id).await? {
                Some(row) => row.path(),
                None => repo_id,
            },
        };
        out.push(Candidate { kind, id, repo });
    }
    Ok(out)
}

/// Returns the id without its capital letters, where it is one of hex digits that has some.
#[must_use]
pub fn in_small_letters(id: &str) -> Option<String> {
    let (algo, digits) = id.split_once(':').unwrap_or(("", id));
    let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let algo = algo.is_empty() || algo.eq_ignore_ascii_case("sha256");
    let small = id.to_ascii_lowercase();
    (hex && algo && small != id).then_some(small)
}

/// Returns whether a text names a commit, snapshot or blob that has a row.
///
/// # Errors
/// The database cannot be read.
pub async fn is_start_of_an_id(store: &Store, text: &str) -> Result<bool, AuditError> {
    Ok(!store.index().ids_with_prefix(text, 1).await?.is_empty())
}
