//! What profile, environment and flags give together.

use super::{ConfigError, File, Flags, Profile};
use luthier_hub::store::hub::{Environment, ObjectStore, Policy};
use luthier_hub::text;
use std::path::{Path, PathBuf};

/// The settings that profile, environment and flags give together.
pub(super) struct Settings {
    /// The profile's name.
    pub name: Option<String>,
    /// The name of the profile's hub; `None` where flags or variables name another hub.
    pub hub: Option<String>,
    /// Where another hub is named, without what it says of its own: environment, policy, and the right to write.
    pub profile: Profile,
    pub database: Option<String>,
    pub store: Option<String>,
}

impl Settings {
    pub fn new(
        flags: &Flags,
        variable: &dyn Fn(&str) -> Option<String>,
        path: &Path,
        contents: &str,
    ) -> Result<Self, ConfigError> {
        let file = File::read(contents, path)?;
        let clean = |value: &Option<String>| {
            value
                .as_deref()
                .map(|value| text::unquoted(value).to_owned())
        };
        let name = clean(&flags.profile)
            .or_else(|| variable("LUTHIER_PROFILE"))
            .or(file.default.clone());
        let mut profile = match &name {
            None => Profile {
                read_only: true,
                ..Profile::default()
            },
            Some(name) => file.profile(name, path)?,
        };
        let bucket = || {
            let name = variable("AWS_S3_ASSET_BUCKET")?;
            Some(match name.contains("://") {
                true => name,
                false => format!("s3://{name}"),
            })
        };
        let objects_folder = || variable("MUSEHUB_OBJECTS_DIR").map(|folder| folder_url(&folder));
        let database = flags.database.clone().or_else(|| variable("DATABASE_URL"));
        let store = flags
            .store
            .clone()
            .or_else(|| variable("LUTHIER_STORE"))
            .or_else(bucket)
            .or_else(objects_folder);
        let database = database.or(profile.database.clone());
        let store = store.or(profile.store.clone());
        let endpoint = super::endpoint(variable);
        let is_own = profile.is_of(database.as_deref(), store.as_deref(), endpoint.as_deref());
        if !is_own {
            profile.environment = Environment::default();
            profile.policy = Policy::default();
            profile.read_only = true;
        }
        Ok(Self {
            hub: name.clone().filter(|_| is_own),
            name,
            database,
            store,
            profile,
        })
    }
}

/// Returns a folder as the hub names it, which is no URL and may be relative.
fn folder_url(folder: &str) -> String {
    if folder.contains("://") {
        return folder.to_owned();
    }
    let home = std::env::var("HOME").ok();
    let folder = match (folder.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(folder),
    };
    let absolute = std::path::absolute(&folder).unwrap_or(folder);
    ObjectStore::Folder(absolute).url()
}
