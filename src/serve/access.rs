//! Tokens: who may read and write what.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;

/// What a token allows on a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    Read,
    Write,
}

/// The tokens of a server. Only their sha256 is known here.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<Token>);

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Who has it, for the log.
    pub name: String,
    digest: [u8; 32],
    repositories: Vec<String>,
    right: Right,
}

/// The reason why a file of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    #[error("cannot read the tokens in {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read the tokens in {path}: {source}")]
    Parse {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error(
        "{path}: the token of {name} is not a sha256 in 64 hexadecimal digits; make one with `printf %s TOKEN | sha256sum`"
    )]
    Digest { path: PathBuf, name: String },
    #[error("{path}: the token of {name} names no repository; give OWNER/SLUG, OWNER/* or *")]
    NoRepository { path: PathBuf, name: String },
    #[error(
        "{path}: the token of {name} names {pattern:?}, which matches no repository; write {instead}"
    )]
    Pattern {
        path: PathBuf,
        name: String,
        pattern: String,
        instead: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOfTokens {
    #[serde(default)]
    token: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    repositories: Vec<String>,
    access: Right,
}

impl Tokens {
    /// Reads a file in TOML: for each `[[token]]` its `name`, `sha256` (64 hexadecimal digits), `repositories`
    /// (`owner/slug`, `owner/*` or `*`) and `access` (`read` or `write`).
    ///
    /// # Errors
    /// A file that cannot be read, or that says something else.
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let text = std::fs::read_to_string(path).map_err(|source| TokensError::Read {
            path: path.to_owned(),
            source,
        })?;
        let file: FileOfTokens = toml::from_str(&text).map_err(|source| TokensError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let token = |entry: Entry| {
            let (path, name) = (path.to_owned(), entry.name);
            let mut digest = [0; 32];
            if hex::decode_to_slice(&entry.sha256, &mut digest).is_err() {
                return Err(TokensError::Digest { path, name });
            }
            if entry.repositories.is_empty() {
                return Err(TokensError::NoRepository { path, name });
            }
            if let Some(pattern) = entry.repositories.iter().find(|one| !is_pattern(one)) {
                return Err(TokensError::Pattern {
                    path,
                    name,
                    instead: instead(pattern),
                    pattern: pattern.clone(),
                });
            }
            Ok(Token {
                name,
                digest,
                repositories: entry.repositories,
                right: entry.access,
            })
        };
        file.token
            .into_iter()
            .map(token)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns one token, which may write to the repository `owner/slug` alone.
    #[must_use]
    pub fn of_one(token: &str, repository: &str) -> Self {
        Self(vec![Token {
            name: repository.to_owned(),
            digest: Sha256::digest(token).into(),
            repositories: vec![repository.to_owned()],
            right: Right::Write,
        }])
    }

    /// Returns the token that was sent; `None` if it is unknown. Every token is compared, in constant time.
    #[must_use]
    pub fn find(&self, sent: &str) -> Option<&Token> {
        let digest: [u8; 32] = Sha256::digest(sent).into();
        self.0.iter().fold(None, |found, token| {
            match bool::from(token.digest.ct_eq(&digest)) {
                true => Some(token),
                false => found,
            }
        })
    }
}

/// Returns whether a token may name repositories in this way: `owner/slug`, `owner/*` or `*`.
fn is_pattern(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && !name.contains(['*', '/']) && name.trim() == name;
    match text.split_once('/') {
        None => text == "*",
        Some((owner, slug)) => is_name(owner) && (slug == "*" || is_name(slug)),
    }
}

/// Says what to write in the place of a pattern that matches no repository.
fn instead(pattern: &str) -> String {
    let owner = pattern.trim().trim_end_matches('/');
    let line = |pattern: &str| format!("repositories = [{pattern:?}]");
    match owner {
        "" => "OWNER/SLUG, OWNER/* or *".to_owned(),
        _ if owner.chars().all(|c| c == '*' || c == '/') => line("*"),
        _ if owner.contains(['*', '/']) => "OWNER/SLUG, OWNER/* or *".to_owned(),
        _ => line(&format!("{owner}/*")),
    }
}

impl Token {
    /// Returns whether the token allows `right` on the repository `owner/slug`.
    #[must_use]
    pub fn allows(&self, right: Right, owner: &str, slug: &str) -> bool {
        let covers = |pattern: &String| match pattern.split_once('/') {
            None => pattern == "*",
            Some((of, "*")) => of == owner,
            Some((of, name)) => of == owner && name == slug,
        };
        right <= self.right && self.repositories.iter().any(covers)
    }
}

#[cfg(test)]
#[path = "../../tests/serve/access.rs"]
mod tests;
