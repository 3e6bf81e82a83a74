//! What profile, environment and flags give together.

use super::{ConfigError, File, Flags, Profile};
use luthier_hub::store::hub::ObjectStore;
use luthier_hub::text;
use std::path::{Path, PathBuf};

/// The settings that profile, environment and flags give together.
pub(super) struct Settings {
    pub name: Option<String>,
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
        let profile = match &name {
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
        Ok(Self {
            name,
            database: database.or(profile.database.clone()),
            store: store.or(profile.store.clone()),
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
