//! The repository of a request, for whoever may see it.

use crate::access::Right;
use crate::answer::Failure;
use crate::router::Serving;
use axum::http::{HeaderMap, header};
use luthier_hub::index::RepoRow;
use tracing::debug;

/// What a request needs of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Read,
    /// To read, by somebody who is known where tokens are.
    Known,
    Write,
}

/// The path of a repository in a request.
#[derive(Debug, serde::Deserialize)]
pub struct RepoPath {
    pub owner: String,
    pub slug: String,
}

impl Serving {
    /// Returns the row of the repository.
    ///
    /// # Errors
    /// A bad token, no such repository or none that may be seen, a right that is missing, or a database that does not
    /// answer.
    pub async fn repo(
        &self,
        path: &RepoPath,
        headers: &HeaderMap,
        need: Need,
    ) -> Result<RepoRow, Failure> {
        if need == Need::Write && self.authority.is_none() {
            return Err(Failure::forbidden(
                "this server is read-only; push to the hub itself, or ask for a server that was started with --write",
            ));
        }
        let token =
            match bearer(headers)? {
                None => None,
                Some(sent) => match &self.tokens {
                    Some(tokens) => Some(tokens.find(sent).ok_or_else(|| {
                        Failure::unauthorized("the token is unknown to this server")
                    })?),
                    // Whoever serves without tokens asks nobody for one.
                    None => None,
                },
            };
        if need != Need::Read && self.tokens.is_some() && token.is_none() {
            return Err(Failure::unauthorized("this takes a token"));
        }
        let repo = self
            .store()
            .index()
            .repo_by_path(&path.owner, &path.slug)
            .await?;
        let repo = repo.filter(|repo| repo.deleted_at.is_none());
        let repo = repo.ok_or_else(Failure::no_repository)?;
        let allows =
            |right| token.is_some_and(|token| token.allows(right, &repo.owner, &repo.slug));
        if repo.visibility != "public" && !allows(Right::Read) {
            debug!(repository = %repo.path(), "private, and no token that may read it");
            return Err(Failure::no_repository());
        }
        if need == Need::Write && self.tokens.is_some() && !allows(Right::Write) {
            return Err(Failure::forbidden(format!(
                "the token does not allow to push to {}",
                repo.path()
            )));
        }
        Ok(repo)
    }
}

/// Returns the token that was sent.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let Some(sent) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let sent = sent.to_str().ok().and_then(|sent| sent.split_once(' '));
    match sent {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Failure::unauthorized(
            "the Authorization header is not `Bearer TOKEN`",
        )),
    }
}
