//! The repository of a request, for whoever may see it.

use crate::access::Right;
use crate::answer::Failure;
use crate::router::{LARGEST_BODY, ROOM_UNIT, Serving};
use crate::wire;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use luthier_hub::index::RepoRow;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

/// What a request needs of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Read,
    /// To read, by somebody who is known where tokens are.
    Known,
    Write,
}

/// A request that was read, and its part of the memory that all of them may take.
pub struct Asked<T> {
    pub repo: RepoRow,
    pub what: T,
    pub room: OwnedSemaphorePermit,
}

/// The path of a repository in a request.
#[derive(Debug, serde::Deserialize)]
pub struct RepoPath {
    pub owner: String,
    pub slug: String,
}

impl Serving {
    /// Returns the repository and what is asked of it. The body is read only for whoever may ask, and only once there is
    /// room for it.
    ///
    /// # Errors
    /// As [`Serving::repo`]; a body without a length, that is too large, or that is no such request.
    pub async fn asked<T: DeserializeOwned>(
        &self,
        path: &RepoPath,
        headers: &HeaderMap,
        body: Body,
        need: Need,
    ) -> Result<Asked<T>, Failure> {
        let repo = self.repo(path, headers, need).await?;
        let said = headers.get(header::CONTENT_LENGTH);
        let length = said.and_then(|said| said.to_str().ok()?.parse::<usize>().ok());
        let length = length.ok_or_else(|| {
            Failure::new(
                StatusCode::LENGTH_REQUIRED,
                "the request has no Content-Length",
            )
        })?;
        if length > LARGEST_BODY {
            return Err(Failure::too_large(format!(
                "a request has at most {LARGEST_BODY} bytes; send it in parts"
            )));
        }
        let room = u32::try_from(length.div_ceil(ROOM_UNIT).max(1)).unwrap_or(u32::MAX);
        let room = self.bodies.clone().acquire_many_owned(room).await;
        let room = room.map_err(|_| Failure::unavailable(&"the server is about to stop"))?;
        let bytes = to_bytes(body, length).await;
        let bytes = bytes
            .map_err(|error| Failure::malformed(format!("the body did not come whole: {error}")))?;
        Ok(Asked {
            repo,
            what: wire::read(headers, &bytes)?,
            room,
        })
    }

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
        if need == Need::Write && self.writing.is_none() {
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
