//! Chooses the hub and whether it may be written: profiles, then the environment, then flags; the later wins. A
//! variable that names another hub than a profile given with `--profile` is refused.
//!
//! Reading the configuration writes nothing.

mod error;
mod in_use;
mod init;
mod settings;

pub use error::{ConfigError, ValueError};
pub use in_use::{InUse, Setting, in_use};
pub use init::NewProfile;

use luthier_hub::backend::s3;
use luthier_hub::cause::Cause;
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::{Authority, Environment, HubError, Policy};
use luthier_hub::text;
use luthier_tui::keymap::Overrides;
use luthier_tui::{Look, Themes, Written};
use serde::Deserialize;
use settings::Settings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The values of the command line.
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
    /// The profile that the hub's name and environment are from; `None` where they are from no profile.
    pub profile: Option<String>,
    /// Says which variables won over the profile, where they name another hub than it does.
    pub notice: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The profile that is used where none is named.
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
    /// The name of a theme of the program, or of one of `themes`.
    theme: Option<String>,
    #[serde(default)]
    themes: Written,
    #[serde(default)]
    ascii: bool,
    mouse: Option<bool>,
    #[serde(default)]
    keys: Overrides,
}

/// The console's looks and keys.
#[derive(Clone, Debug, Default)]
pub struct Console {
    pub theme: Look,
    /// Every theme of the file.
    pub themes: Themes,
    /// Plain ASCII only.
    pub ascii: bool,
    /// The mouse is used from the beginning.
    pub mouse: bool,
    /// Keys in the place of the table's: `keys.findings.plan = ["x"]`.
    pub keys: Overrides,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    database: Option<String>,
    store: Option<String>,
    /// `https://host` of a store that is not AWS's.
    endpoint: Option<String>,
    region: Option<String>,
    /// A profile of the AWS SDK's own files, for its credentials.
    aws_profile: Option<String>,
    /// PEM certificates to trust besides the system's.
    ca_file: Option<PathBuf>,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    policy: Policy,
    #[serde(default = "yes")]
    read_only: bool,
}

impl Profile {
    /// Returns whether the profile names this database, or none.
    fn has_database(&self, used: Option<&str>) -> bool {
        let same = |own: &str| match (Database::parse(own), used.map(Database::parse)) {
            (Ok(own), Some(Ok(used))) => own == used,
            _ => used == Some(own),
        };
        self.database.as_deref().is_none_or(same)
    }

    /// Returns whether the profile names this store, or none.
    fn has_store(&self, used: Option<&str>) -> bool {
        let same = |own: &str| match (ObjectStore::parse(own), used.map(ObjectStore::parse)) {
            (Ok(own), Some(Ok(used))) => own == used,
            _ => used == Some(own),
        };
        self.store.as_deref().is_none_or(same)
    }

    /// Returns whether the profile names this endpoint, or none, or whether nothing else does.
    fn has_endpoint(&self, used: Option<&str>) -> bool {
        let same = |own: &str| used.is_none_or(|used| used == own);
        self.endpoint.as_deref().is_none_or(same)
    }

    /// Without the white space and quotes that were copied along with a value.
    fn cleaned(mut self) -> Self {
        let values = [
            &mut self.database,
            &mut self.store,
            &mut self.endpoint,
            &mut self.region,
            &mut self.aws_profile,
        ];
        for value in values.into_iter().flatten() {
            *value = text::unquoted(value).to_owned();
        }
        self
    }
}

const fn yes() -> bool {
    true
}

/// Returns the path of the configuration file on this platform.
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
    check_variables()?;
    resolve(flags, &variable, &path, &text)
}

/// Reads the console's part of the configuration file; `theme` is the one that the command line names.
///
/// # Errors
/// A file that cannot be read, or a theme that is not there or cannot be used.
pub fn console(theme: Option<&str>) -> Result<Console, ConfigError> {
    let (path, text) = read_file()?;
    let file = File::read(&text, &path)?;
    let themes = file.themes(&path)?;
    let own = file.theme(&themes, &path)?;
    Ok(Console {
        theme: match theme {
            Some(name) => themes.find(name, "--theme")?,
            None => own,
        },
        themes,
        ascii: file.ascii,
        mouse: file.mouse.unwrap_or(true),
        keys: file.keys,
    })
}

/// Returns the configuration file and its text, which is empty where there is none.
fn read_file() -> Result<(PathBuf, String), ConfigError> {
    let path = path().unwrap_or_default();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((path, String::new())),
        Err(error) => {
            let why = Cause::of(error);
            Err(ConfigError::File { path, why })
        }
    }
}

/// Returns an environment variable that says something, without the white space and quotes that a file or a shell left
/// around it.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(text::unquoted(&value).to_owned()).filter(|value| !value.is_empty())
}

/// The variables that say which hub is meant.
const READ: [&str; 11] = [
    "DATABASE_URL",
    "LUTHIER_STORE",
    "LUTHIER_PROFILE",
    "AWS_S3_ASSET_BUCKET",
    "MUSEHUB_OBJECTS_DIR",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CA_BUNDLE",
];

/// Refuses a variable that cannot be read, which would otherwise count as one that is not set.
fn check_variables() -> Result<(), ConfigError> {
    let wrong = |name: &str, why: ValueError| {
        let name = format!("the variable {name}");
        Err(ConfigError::Value { name, why })
    };
    for name in READ {
        match std::env::var(name) {
            Err(std::env::VarError::NotUnicode(_)) => return wrong(name, ValueError::NotUtf8),
            Ok(value) if text::unquoted(&value).chars().any(char::is_control) => {
                return wrong(name, ValueError::Control);
            }
            _ => {}
        }
    }
    Ok(())
}

/// As [`load`], from given sources.
///
/// # Errors
/// As [`load`].
pub fn resolve(
    flags: &Flags,
    variable: &dyn Fn(&str) -> Option<String>,
    path: &Path,
    contents: &str,
) -> Result<Option<Target>, ConfigError> {
    let said = Settings::new(flags, variable, path, contents)?;
    said.refuse_two_hubs(flags, &said.overriding)?;
    let overriding = said.overriding.clone();
    let name = said.name.clone();
    let profile = said.hub.clone();
    let (database, store) = match (said.database, said.store) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(ConfigError::NoStore),
        (None, Some(_)) => return Err(ConfigError::NoDatabase),
        (Some(database), Some(store)) => (Database::parse(&database)?, ObjectStore::parse(&store)?),
    };
    let store = reached(store, &said.profile, variable);
    let write = flags.write || !said.profile.read_only;
    let hub = Hub {
        name: said.hub.unwrap_or_else(|| database.name()),
        environment: said.profile.environment,
        policy: said.profile.policy,
        database,
        objects: store,
    };
    Ok(Some(Target {
        notice: settings::notice(&overriding, name.as_deref(), &hub),
        hub,
        authority: write.then(Authority::granted),
        profile,
    }))
}

/// Returns the hub that a rebuild makes: the configured store, beside a database that is yet to be filled. A profile
/// that may be written says nothing about another database, so only `--write` counts here.
///
/// # Errors
/// As [`load`], and where no object store is named.
pub fn load_rebuilt(flags: &Flags, into: &str) -> Result<Target, ConfigError> {
    let (path, text) = read_file()?;
    check_variables()?;
    let said = Settings::new(flags, &variable, &path, &text)?;
    // The configured database is not looked at.
    let mut overriding = said.overriding.clone();
    overriding.retain(|name| *name != "DATABASE_URL");
    said.refuse_two_hubs(flags, &overriding)?;
    let store = said.store.ok_or(ConfigError::NoSource)?;
    let database = Database::parse(into)?;
    let hub = Hub {
        name: database.name(),
        environment: said.profile.environment,
        policy: said.profile.policy,
        database,
        objects: reached(ObjectStore::parse(&store)?, &said.profile, &variable),
    };
    Ok(Target {
        notice: settings::notice(&overriding, said.name.as_deref(), &hub),
        hub,
        authority: flags.write.then(Authority::granted),
        profile: None,
    })
}

impl File {
    fn read(text: &str, path: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::File {
            path: path.to_owned(),
            why: Cause::told(error.to_string().trim_end().replace('\n', " "), error),
        })
    }

    /// Returns the themes of the file.
    fn themes(&self, path: &Path) -> Result<Themes, ConfigError> {
        Themes::new(&self.themes).map_err(|why| ConfigError::File {
            path: path.to_owned(),
            why: Cause::of(why),
        })
    }

    /// Returns the theme that the file chooses.
    fn theme(&self, themes: &Themes, path: &Path) -> Result<Look, ConfigError> {
        let found = self.theme.as_deref().map(|name| themes.find(name, "theme"));
        found
            .transpose()
            .map(Option::unwrap_or_default)
            .map_err(|why| {
                let (path, why) = (path.to_owned(), Cause::of(why));
                ConfigError::File { path, why }
            })
    }

    fn profile(&self, name: &str, path: &Path) -> Result<Profile, ConfigError> {
        let found = self.profiles.get(name).cloned().map(Profile::cleaned);
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

/// Returns an object store with how it is reached, from the SDK's own variables and the profile.
fn reached(
    store: ObjectStore,
    profile: &Profile,
    variable: &dyn Fn(&str) -> Option<String>,
) -> ObjectStore {
    match store {
        ObjectStore::Folder(path) => ObjectStore::Folder(path),
        ObjectStore::S3(place) => ObjectStore::S3(s3::BucketLocation {
            endpoint: endpoint(variable).or_else(|| profile.endpoint.clone()),
            region: variable("AWS_REGION").or_else(|| profile.region.clone()),
            aws_profile: variable("AWS_PROFILE")
                .or_else(|| variable("AWS_DEFAULT_PROFILE"))
                .or_else(|| profile.aws_profile.clone()),
            ca_file: variable("AWS_CA_BUNDLE")
                .map(PathBuf::from)
                .or_else(|| profile.ca_file.clone()),
            ..place
        }),
    }
}

/// Returns an object store by its URL alone, reached as the environment says.
///
/// # Errors
/// A URL that names nothing.
pub fn object_store(url: &str) -> Result<ObjectStore, HubError> {
    let store = ObjectStore::parse(url)?;
    Ok(reached(store, &Profile::default(), &variable))
}

/// Returns the SDK's own variables; an endpoint is part of which hub this is.
fn endpoint(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"))
}

/// Returns the target of a demo hub: it is ours, so it may be written.
#[must_use]
pub fn demo(hub: Hub) -> Target {
    Target {
        hub,
        authority: Some(Authority::granted()),
        profile: None,
        notice: None,
    }
}
