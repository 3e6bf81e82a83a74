//! Which hub: the two URLs, and what the hub is to the people who run it.

use crate::backend::{Key, s3};
use crate::index::postgres;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// As the configuration names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Staging => "staging",
            Environment::Demo => "demo",
            Environment::Unknown => "environment not named",
        }
    }

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
    Postgres(postgres::Place),
}

/// Where a hub's objects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectStore {
    Folder(PathBuf),
    S3(s3::Place),
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
    #[error(
        "`{url}` is no database URL: {why}; write postgres://user@host/database or sqlite:///path/hub.db"
    )]
    DatabaseUrl { url: String, why: String },
    #[error("`{url}` is no object store URL: {why}; write s3://bucket/prefix or file:///folder")]
    StoreUrl { url: String, why: String },
}

impl Hub {
    /// The database in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_database(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite {}", path.display()),
            Database::Postgres(place) => format!("postgres {place}"),
        }
    }

    /// The object store in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_store(&self) -> String {
        match &self.objects {
            ObjectStore::Folder(path) => format!("folder {}", path.display()),
            ObjectStore::S3(place) => format!("s3 {}/{}", place.bucket, place.prefix)
                .trim_end_matches('/')
                .to_owned(),
        }
    }

    /// Names database and store together: the same hub has the same text, whatever it is called and
    /// by whatever user it is reached.
    #[must_use]
    pub fn identity(&self) -> Vec<u8> {
        let (mut out, objects) = (Vec::new(), &self.objects);
        match &self.database {
            Database::Sqlite(path) => name_path(&mut out, "sqlite", path),
            Database::Postgres(place) => name(&mut out, "postgres", place.to_string().as_bytes()),
        }
        match objects {
            ObjectStore::Folder(path) => name_path(&mut out, "file", path),
            ObjectStore::S3(place) => {
                name(&mut out, "s3", place.bucket.as_bytes());
                name(&mut out, "prefix", place.prefix.as_bytes());
                let endpoint = place.endpoint.as_deref().unwrap_or_default();
                name(&mut out, "endpoint", endpoint.as_bytes());
            }
        }
        out
    }
}

/// A part of a hub's identity: its scheme and what stands behind it, each ended by a NUL.
fn name(out: &mut Vec<u8>, scheme: &str, rest: &[u8]) {
    out.extend_from_slice(scheme.as_bytes());
    out.push(0);
    out.extend_from_slice(rest);
    out.push(0);
}

fn name_path(out: &mut Vec<u8>, scheme: &str, path: &Path) {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    name(out, scheme, real.as_os_str().as_encoded_bytes());
}

impl Database {
    /// Reads `sqlite:///path/hub.db` and `postgres://user@host:5432/database`.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    pub fn parse(url: &str) -> Result<Self, HubError> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let parsed = if postgres::place::is_postgres(&scheme.to_ascii_lowercase()) {
            postgres::Place::parse(url).map(Database::Postgres)
        } else {
            path_of(url, "sqlite").map(Database::Sqlite)
        };
        parsed.map_err(|why| HubError::DatabaseUrl {
            url: without_secrets(url),
            why,
        })
    }

    /// The URL as it may be shown: without a password.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(path) => url_of("sqlite", path),
            Database::Postgres(place) => place.url(),
        }
    }

    /// What a hub without profile is called: its database.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self {
            Database::Sqlite(path) => path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
            Database::Postgres(place) => Some(place.database().to_owned()),
        };
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| "hub".to_owned())
    }
}

impl ObjectStore {
    /// Reads `s3://bucket/prefix` and `file:///folder`.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    pub fn parse(url: &str) -> Result<Self, HubError> {
        let parsed = match url.strip_prefix("s3://") {
            Some(rest) => bucket_of(rest).map(ObjectStore::S3),
            None => path_of(url, "file").map(ObjectStore::Folder),
        };
        parsed.map_err(|why| HubError::StoreUrl {
            url: without_secrets(url),
            why,
        })
    }

    /// The URL as it may be shown.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            ObjectStore::Folder(path) => url_of("file", path),
            ObjectStore::S3(place) => format!("s3://{}/{}", place.bucket, place.prefix)
                .trim_end_matches('/')
                .to_owned(),
        }
    }
}

/// The bucket of `s3://bucket/prefix`. How it is reached is said elsewhere: in the environment or the
/// profile.
fn bucket_of(rest: &str) -> Result<s3::Place, String> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if bucket.is_empty() || !bucket.chars().all(fits) {
        return Err(
            "the bucket's name is missing, or holds what no bucket's name can hold".to_owned(),
        );
    }
    let prefix = prefix.trim_end_matches('/');
    let prefix = match prefix.is_empty() {
        true => String::new(),
        false => format!("{}/", Key::new(prefix).map_err(|why| why.to_string())?),
    };
    Ok(s3::Place {
        bucket: bucket.to_owned(),
        prefix,
        ..s3::Place::default()
    })
}

/// `scheme:///path`, with the path made absolute.
fn url_of(scheme: &str, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match url::Url::from_file_path(&absolute) {
        Ok(url) => format!("{scheme}://{}", url.path()),
        Err(()) => format!("{scheme}://{}", absolute.display()),
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
#[must_use]
pub fn without_secrets(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) => {
            // Both fail only for URLs that cannot have what is being taken away.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.set_query(None);
            parsed.to_string()
        }
        // What cannot be read may hold a password anywhere in front of its last at-sign.
        Err(_) => url
            .rsplit_once('@')
            .map_or(url, |(_, rest)| rest)
            .to_owned(),
    }
}
