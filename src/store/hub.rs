//! Which hub: the two URLs, and what the hub is to the people who run it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a hub is to its people; the console wears its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Production,
    Staging,
    Demo,
    /// Nobody said: treated with the care of production.
    #[default]
    Unknown,
}

impl Environment {
    /// The word in the console's first line.
    #[must_use]
    pub const fn badge(self) -> &'static str {
        match self {
            Environment::Production => "PROD",
            Environment::Staging => "STAGING",
            Environment::Demo => "DEMO",
            Environment::Unknown => "HUB",
        }
    }
}

/// Which side holds the truth for commits and snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    #[default]
    S3Canonical,
    /// A null `storage_uri` on a commit or snapshot is information, not a fault.
    DbCanonical,
}

/// Where a hub's rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite(PathBuf),
}

/// Where a hub's objects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectStore {
    Folder(PathBuf),
}

/// A hub to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// What people call it; typed to confirm risky writes.
    pub name: String,
    pub environment: Environment,
    pub policy: Policy,
    pub database: Database,
    pub objects: ObjectStore,
}

/// A URL that names no hub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    #[error("`{url}` is no database URL: {why}; write sqlite:///path/hub.db")]
    DatabaseUrl { url: String, why: String },
    #[error("`{url}` is no object store URL: {why}; write file:///folder")]
    StoreUrl { url: String, why: String },
}

impl Hub {
    /// The database in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_database(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite {}", path.display()),
        }
    }

    /// The object store in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_store(&self) -> String {
        match &self.objects {
            ObjectStore::Folder(path) => format!("folder {}", path.display()),
        }
    }
}

impl Database {
    /// Reads `sqlite:///path/hub.db`.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    pub fn parse(url: &str) -> Result<Self, HubError> {
        path_of(url, "sqlite")
            .map(Database::Sqlite)
            .map_err(|why| HubError::DatabaseUrl {
                url: without_secrets(url),
                why,
            })
    }
}

impl ObjectStore {
    /// Reads `file:///folder`.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    pub fn parse(url: &str) -> Result<Self, HubError> {
        path_of(url, "file")
            .map(ObjectStore::Folder)
            .map_err(|why| HubError::StoreUrl {
                url: without_secrets(url),
                why,
            })
    }
}

/// The absolute path of `scheme:///path`, percent-decoded.
fn path_of(url: &str, scheme: &str) -> Result<PathBuf, String> {
    let parsed = url::Url::parse(url).map_err(|e| e.to_string())?;
    if parsed.scheme() != scheme {
        return Err(format!("the scheme is `{}`", parsed.scheme()));
    }
    if parsed.host_str().is_some_and(|host| !host.is_empty()) {
        return Err("three slashes start an absolute path".to_owned());
    }
    if parsed.path().len() < 2 {
        return Err("the path is missing".to_owned());
    }
    let decoded = percent_encoding::percent_decode_str(parsed.path()).decode_utf8();
    decoded
        .map(|path| PathBuf::from(path.as_ref()))
        .map_err(|e| e.to_string())
}

/// A URL as it may be shown: without user, password and query.
fn without_secrets(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) => {
            // Both fail only for URLs that cannot have what is being taken away.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.set_query(None);
            parsed.to_string()
        }
        Err(_) => url.split_once('@').map_or(url, |(_, rest)| rest).to_owned(),
    }
}
