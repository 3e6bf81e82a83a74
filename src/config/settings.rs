//! What profile, environment and flags give together.

use super::{ConfigError, File, Flags, Profile};
use luthier_hub::store::hub::{Environment, Hub, ObjectStore, Policy};
use luthier_hub::text;
use std::path::{Path, PathBuf};

/// The variables that name the database, the store, and the store's endpoint, the strongest first.
const VARIABLES: [&[&str]; 3] = [
    &["DATABASE_URL"],
    &[
        "LUTHIER_STORE",
        "AWS_S3_ASSET_BUCKET",
        "MUSEHUB_OBJECTS_DIR",
    ],
    &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
];

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
    /// The variables that name another database, store or endpoint than the profile.
    pub overriding: Vec<&'static str>,
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
        let database = flags.database.clone().or_else(|| variable("DATABASE_URL"));
        let store = flags.store.clone().or_else(|| store_of(variable));
        let database = database.or(profile.database.clone());
        let store = store.or(profile.store.clone());
        let endpoint = super::endpoint(variable);
        let own = [
            profile.has_database(database.as_deref()),
            profile.has_store(store.as_deref()),
            profile.has_endpoint(endpoint.as_deref()),
        ];
        let overriding = overriding(flags, own, variable);
        let is_own = own.iter().all(|own| *own);
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
            overriding,
        })
    }

    /// Refuses a profile that was named with `--profile` beside variables that name another hub: a person who
    /// names one hub must never work on another.
    pub fn refuse_two_hubs(&self, flags: &Flags, overriding: &[&str]) -> Result<(), ConfigError> {
        match (&flags.profile, &self.name) {
            (Some(_), Some(profile)) if !overriding.is_empty() => Err(ConfigError::TwoHubs {
                profile: profile.clone(),
                variables: overriding.join(" and "),
            }),
            _ => Ok(()),
        }
    }
}

/// Returns the store that the variables name.
fn store_of(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let bucket = || {
        let name = variable("AWS_S3_ASSET_BUCKET")?;
        Some(match name.contains("://") {
            true => name,
            false => format!("s3://{name}"),
        })
    };
    let objects_folder = || variable("MUSEHUB_OBJECTS_DIR").map(|folder| folder_url(&folder));
    variable("LUTHIER_STORE")
        .or_else(bucket)
        .or_else(objects_folder)
}

/// Returns the variables whose values take the place of the profile's; `own` says which sides the profile agrees on.
fn overriding(
    flags: &Flags,
    own: [bool; 3],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<&'static str> {
    let by_flag = [
        flags.database.is_some(),
        flags.store.is_some(),
        flags.store.is_some(),
    ];
    let sides = own.into_iter().zip(by_flag).zip(VARIABLES);
    sides
        .filter(|((own, by_flag), _)| !own && !by_flag)
        .filter_map(|(_, names)| names.iter().find(|name| variable(name).is_some()).copied())
        .collect()
}

/// Says which variables win over a profile that nobody named on the command line, and which hub is used.
pub(super) fn notice(overriding: &[&str], profile: Option<&str>, hub: &Hub) -> Option<String> {
    let verb = match overriding {
        [] => return None,
        [_] => "wins",
        _ => "win",
    };
    Some(format!(
        "{} {verb} over profile {}: the hub is {} with {}",
        overriding.join(" and "),
        profile?,
        hub.describe_database(),
        hub.describe_store()
    ))
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
