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
