//! A hub: its two URLs, and its role for the people who run it.

mod error;
mod path;

pub use error::{HubError, UrlError};

use crate::backend::{Key, s3};
use crate::index::postgres;
use crate::text;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The role of a hub; the console shows its colour.
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
    /// Returns the word of the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Staging => "staging",
            Environment::Demo => "demo",
            Environment::Unknown => "unknown",
        }
    }

    /// Returns the word in the console's first line.
    #[must_use]
    pub const fn badge(self) -> &'static str {
        match self {
            Environment::Production => "PROD",
            Environment::Staging => "STAGING",
            Environment::Demo => "DEMO",
            Environment::Unknown => "UNKNOWN",
        }
    }
}

/// The side that is right about commits and snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Not configured: what a sample of the hub's rows shows.
    #[default]
    ByModel,
    S3Canonical,
    /// A null `storage_uri` on a commit or snapshot is information, not a fault.
    DbCanonical,
}

impl Policy {
    /// Returns the word as configuration and reports write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Policy::ByModel => "by-model",
            Policy::S3Canonical => "s3-canonical",
            Policy::DbCanonical => "db-canonical",
        }
    }
}

/// The place of a hub's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(postgres::PgUrl),
}

/// The place of a hub's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectStore {
    Folder(PathBuf),
    S3(s3::BucketLocation),
}

/// A hub to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// The name that people use; typed to confirm risky writes.
    pub name: String,
    pub environment: Environment,
    pub policy: Policy,
    pub database: Database,
    pub objects: ObjectStore,
}

impl Hub {
    /// Returns the database in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_database(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite {}", path.display()),
            Database::Postgres(place) => format!("postgres {place}"),
        }
    }

    /// Returns the object store in a few words, before it is opened and without secrets.
    #[must_use]
    pub fn describe_store(&self) -> String {
        match &self.objects {
            ObjectStore::Folder(path) => format!("folder {}", path.display()),
            ObjectStore::S3(place) => format!("s3 {}/{}", place.bucket, place.prefix)
                .trim_end_matches('/')
                .to_owned(),
        }
    }

    /// Returns [`Hub::describe_store`] with the endpoint: two endpoints may have buckets with the same name.
    #[must_use]
    pub fn locate_store(&self) -> String {
        match &self.objects {
            ObjectStore::Folder(_) => self.describe_store(),
            ObjectStore::S3(place) => {
                let at = place.endpoint.as_deref().unwrap_or("AWS");
                format!("{} at {}", self.describe_store(), without_secrets(at))
            }
        }
    }

    /// Returns a name for database, endpoint, bucket and prefix together, without secrets: the sha256 of
    /// [`Hub::identity`] in hex. Plans, sign-offs and the journal's file name hold it, so it stays what it was: an
    /// endpoint that only an AWS profile names is not part of it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.identity()))
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

/// Writes a part of a hub's identity: its scheme and the rest, each ended by a NUL.
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
    /// Reads `sqlite:///path/hub.db` and `postgres://user@host:5432/database`, in SQLAlchemy's spellings too
    /// (`sqlite+aiosqlite:///./hub.db`), and the bare path of a file that is there.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    ///
    /// ```
    /// use luthier_hub::store::hub::Database;
    ///
    /// let database = Database::parse("sqlite:///srv/hub.db")?;
    /// assert_eq!(database, Database::Sqlite("/srv/hub.db".into()));
    /// assert!(Database::parse("mysql://hub").is_err());
    /// # Ok::<(), luthier_hub::store::HubError>(())
    /// ```
    pub fn parse(url: &str) -> Result<Self, HubError> {
        let url = text::unquoted(url);
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let parsed = if let Err(why) = whole(url) {
            Err(why)
        } else if postgres::pg_url::is_postgres(&scheme.to_ascii_lowercase()) {
            postgres::PgUrl::parse(url)
                .map(Database::Postgres)
                .map_err(UrlError::from)
        } else if let Some(path) = path::sqlite(url) {
            path.map(Database::Sqlite)
        } else if scheme.is_empty() && Path::new(url).is_file() {
            path::absolute(url).map(Database::Sqlite)
        } else {
            Err(UrlError::scheme(url, scheme))
        };
        parsed.map_err(|source| HubError::DatabaseUrl {
            url: without_secrets(url),
            source,
        })
    }

    /// Returns the URL as it may be shown: without a password.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(path) => url_of("sqlite", path),
            Database::Postgres(place) => place.url(),
        }
    }

    /// Returns the name of a hub without a profile: its database.
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
    /// Reads `s3://bucket/prefix` and `file:///folder`, `file://./folder` from here, and the bare path of a
    /// folder that is there.
    ///
    /// # Errors
    /// A URL of another form, with the form that is right.
    pub fn parse(url: &str) -> Result<Self, HubError> {
        let url = text::unquoted(url);
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let parsed = match (whole(url), scheme.to_ascii_lowercase().as_str()) {
            (Err(why), _) => Err(why),
            (Ok(()), "s3") => bucket_of(rest).map(ObjectStore::S3),
            (Ok(()), "file") => path::read(rest, path::Dialect::Own).map(ObjectStore::Folder),
            (Ok(()), "") => match url.strip_prefix("file:") {
                Some(rest) => path::read(rest, path::Dialect::Own).map(ObjectStore::Folder),
                None if Path::new(url).is_dir() => path::absolute(url).map(ObjectStore::Folder),
                None => Err(UrlError::scheme(url, scheme)),
            },
            (Ok(()), _) => Err(UrlError::scheme(url, scheme)),
        };
        parsed.map_err(|source| HubError::StoreUrl {
            url: without_secrets(url),
            source,
        })
    }

    /// Returns the URL as it may be shown.
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

/// Returns the bucket of `s3://bucket/prefix`. How it is reached is configured elsewhere: in the environment or the
/// profile.
fn bucket_of(rest: &str) -> Result<s3::BucketLocation, UrlError> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if bucket.is_empty() || !bucket.chars().all(fits) {
        return Err(UrlError::Bucket);
    }
    let prefix = prefix.trim_end_matches('/');
    let prefix = match prefix.is_empty() {
        true => String::new(),
        false => format!("{}/", Key::new(prefix)?),
    };
    Ok(s3::BucketLocation {
        bucket: bucket.to_owned(),
        prefix,
        ..s3::BucketLocation::default()
    })
}

/// Returns `scheme:///path`, with the path made absolute.
fn url_of(scheme: &str, path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match url::Url::from_file_path(&absolute) {
        Ok(url) => format!("{scheme}://{}", url.path()),
        Err(()) => format!("{scheme}://{}", absolute.display()),
    }
}

/// Refuses what was cut or joined when it was copied: the parsers take line breaks out without a word.
fn whole(url: &str) -> Result<(), UrlError> {
    match url.chars().any(char::is_control) {
        true => Err(UrlError::Control),
        false => Ok(()),
    }
}

/// Returns a URL that may be shown: without user, password and query.
#[must_use]
pub fn without_secrets(url: &str) -> String {
    let (url, query) = url.split_once(['?', '#']).unwrap_or((url, ""));
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    // What cannot be read may hold a password anywhere in front of its last at-sign.
    let rest = match rest.rsplit_once('@') {
        Some((_, rest)) => rest,
        // Perhaps it is the password that the question mark stands in.
        None if query.contains('@') => "…",
        None => rest,
    };
    text::safe(&format!("{scheme}{rest}")).into_owned()
}
