//! Which hub, and whether it may be written: profiles, then the environment, then flags, the later winning.
//!
//! Reading the configuration writes nothing.

use crate::store::hub::{Database, Hub, ObjectStore};
use crate::store::{Authority, Environment, HubError, Policy};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was said on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub profile: Option<String>,
    pub database: Option<String>,
    pub store: Option<String>,
    pub write: bool,
}

/// A hub to be opened, with the right to write it if that was given.
#[derive(Clone, Debug)]
pub struct Target {
    pub hub: Hub,
    pub authority: Option<Authority>,
}

/// A configuration that names no hub, or none that can be meant.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("there is no profile `{name}` in {path}; it has: {known}")]
    NoSuchProfile {
        name: String,
        path: PathBuf,
        known: String,
    },
    #[error("a database is given and no object store; add --store file:///folder")]
    NoStore,
    #[error("an object store is given and no database; add --database sqlite:///path/hub.db")]
    NoDatabase,
    #[error("no object store is given; add --store file:///folder, or --profile NAME")]
    NoSource,
    #[error(transparent)]
    Url(#[from] HubError),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The profile that is used where none is named.
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    database: Option<String>,
    store: Option<String>,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    policy: Policy,
    #[serde(default = "yes")]
    read_only: bool,
}

const fn yes() -> bool {
    true
}

/// Where the configuration file lies on this platform.
#[must_use]
pub fn path() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "luthier")?;
    Some(folders.config_dir().join("config.toml"))
}

/// Reads the file, the environment and the flags; `None` where none of them names a hub.
///
/// # Errors
/// A file that cannot be read, a profile that is not there, or a URL that names nothing.
pub fn load(flags: &Flags) -> Result<Option<Target>, ConfigError> {
    let (path, text) = read_file()?;
    resolve(flags, &variable, &path, &text)
}

/// The configuration file and its text, which is empty where there is none.
fn read_file() -> Result<(PathBuf, String), ConfigError> {
    let path = path().unwrap_or_default();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((path, String::new())),
        Err(error) => {
            let why = error.to_string();
            Err(ConfigError::File { path, why })
        }
    }
}

/// An environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// As [`load`], from given sources.
///
/// # Errors
/// As [`load`].
pub fn resolve(
    flags: &Flags,
    variable: &dyn Fn(&str) -> Option<String>,
    path: &Path,
    text: &str,
) -> Result<Option<Target>, ConfigError> {
    let said = Said::new(flags, variable, path, text)?;
    let (database, store) = match (said.database, said.store) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(ConfigError::NoStore),
        (None, Some(_)) => return Err(ConfigError::NoDatabase),
        (Some(database), Some(store)) => (Database::parse(&database)?, ObjectStore::parse(&store)?),
    };
    let write = flags.write || !said.profile.read_only;
    Ok(Some(Target {
        hub: Hub {
            name: said.name.unwrap_or_else(|| name_of(&database)),
            environment: said.profile.environment,
            policy: said.profile.policy,
            database,
            objects: store,
        },
        authority: write.then(Authority::granted),
    }))
}

/// The hub that a rebuild makes: the configured store, beside a database that is yet to be filled. A
/// profile that may be written says nothing about another database, so only `--write` counts here.
///
/// # Errors
/// As [`load`], and where no object store is named.
pub fn load_rebuilt(flags: &Flags, into: &str) -> Result<Target, ConfigError> {
    let (path, text) = read_file()?;
    let said = Said::new(flags, &variable, &path, &text)?;
    let store = said.store.ok_or(ConfigError::NoSource)?;
    let database = Database::parse(into)?;
    Ok(Target {
        hub: Hub {
            name: name_of(&database),
            environment: said.profile.environment,
            policy: said.profile.policy,
            database,
            objects: ObjectStore::parse(&store)?,
        },
        authority: flags.write.then(Authority::granted),
    })
}

/// What profile, environment and flags say together.
struct Said {
    name: Option<String>,
    profile: Profile,
    database: Option<String>,
    store: Option<String>,
}

impl Said {
    fn new(
        flags: &Flags,
        variable: &dyn Fn(&str) -> Option<String>,
        path: &Path,
        text: &str,
    ) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError::File {
            path: path.to_owned(),
            why: error.to_string().trim_end().replace('\n', " "),
        })?;
        let name = flags
            .profile
            .clone()
            .or_else(|| variable("LUTHIER_PROFILE"))
            .or(file.default.clone());
        let profile = match &name {
            None => Profile {
                read_only: true,
                ..Profile::default()
            },
            Some(name) => file.profile(name, path)?,
        };
        let objects_folder = || {
            let folder = variable("MUSEHUB_OBJECTS_DIR")?;
            url::Url::from_directory_path(folder).ok().map(String::from)
        };
        let database = flags.database.clone().or_else(|| variable("DATABASE_URL"));
        let store = flags
            .store
            .clone()
            .or_else(|| variable("LUTHIER_STORE"))
            .or_else(objects_folder);
        Ok(Self {
            name,
            database: database.or(profile.database.clone()),
            store: store.or(profile.store.clone()),
            profile,
        })
    }
}

impl File {
    fn profile(&self, name: &str, path: &Path) -> Result<Profile, ConfigError> {
        let found = self.profiles.get(name).cloned();
        found.ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            ConfigError::NoSuchProfile {
                name: name.to_owned(),
                path: path.to_owned(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }
        })
    }
}

/// A hub without profile is called after its database.
fn name_of(database: &Database) -> String {
    let Database::Sqlite(path) = database;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "hub".to_owned())
}

/// The target of a demo hub: it is ours, so it may be written.
#[must_use]
pub fn demo(hub: Hub) -> Target {
    Target {
        hub,
        authority: Some(Authority::granted()),
    }
}
