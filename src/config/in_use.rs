//! Explains which hub the configuration, the environment and the flags name, and where each value comes from.

use super::{ConfigError, File, Flags, Settings, check_variables, path, read_file, variable};
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_tui::Themes;
use std::path::PathBuf;

/// A value as it may be shown, and where it comes from: a flag, a variable, the profile, or nothing (the default).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub from: String,
    /// The other value that the profile has, and that `from` takes the place of.
    pub instead_of: Option<String>,
}

/// The configuration in use. No value holds a secret.
#[derive(Clone, Debug, Default)]
pub struct InUse {
    pub file: PathBuf,
    pub file_exists: bool,
    pub profile: Setting,
    pub database: Setting,
    pub store: Setting,
    pub write: Setting,
    pub environment: Setting,
    pub policy: Setting,
    pub theme: Setting,
    /// The themes of the file, each with its name.
    pub themes: Themes,
    /// The reason why every other command refuses this configuration.
    pub refused: Option<String>,
}

/// Explains the configuration in use.
///
/// # Errors
/// As [`super::load`].
pub fn in_use(flags: &Flags) -> Result<InUse, ConfigError> {
    let (file, text) = read_file()?;
    check_variables()?;
    let settings = Settings::new(flags, &variable, &file, &text)?;
    let console = File::read(&text, &file)?;
    let themes = console.themes(&file)?;
    console.theme(&themes, &file)?;
    let name = settings.name.as_deref().unwrap_or_default();
    let in_profile = format!("profile {name}");
    let (has_profile, is_own) = (settings.name.is_some(), settings.hub.is_some());
    let refused = settings.refuse_two_hubs(flags, &settings.overriding);
    Ok(InUse {
        refused: refused.err().map(|why| why.to_string()),
        file_exists: path().is_some_and(|path| path.exists()),
        profile: from(
            name,
            &[
                ("--profile", flags.profile.is_some()),
                ("LUTHIER_PROFILE", is_set("LUTHIER_PROFILE")),
                ("`default` in the file", has_profile),
            ],
        ),
        database: database(flags, &settings, &in_profile)?,
        store: store(flags, &settings, &in_profile)?,
        write: write(flags, &settings),
        environment: from(
            settings.profile.environment.word(),
            &[(&in_profile, is_own)],
        ),
        policy: from(settings.profile.policy.word(), &[(&in_profile, is_own)]),
        theme: from(
            console.theme.as_deref().unwrap_or("auto"),
            &[("the file", console.theme.is_some())],
        ),
        themes,
        file,
    })
}

fn is_set(name: &str) -> bool {
    variable(name).is_some()
}

fn database(flags: &Flags, settings: &Settings, in_profile: &str) -> Result<Setting, ConfigError> {
    let sources = [
        ("--database", flags.database.is_some()),
        ("DATABASE_URL", is_set("DATABASE_URL")),
        (in_profile, settings.database.is_some()),
    ];
    let shown = |url: &str| {
        Ok(match Database::parse(url)? {
            Database::Sqlite(path) => format!("sqlite {}", path.display()),
            Database::Postgres(url) => format!("postgres {url}"),
        })
    };
    url(
        (settings.database.as_deref(), &sources),
        settings.profile.database.as_deref(),
        shown,
    )
}

fn store(flags: &Flags, settings: &Settings, in_profile: &str) -> Result<Setting, ConfigError> {
    let sources = [
        ("--store", flags.store.is_some()),
        ("LUTHIER_STORE", is_set("LUTHIER_STORE")),
        ("AWS_S3_ASSET_BUCKET", is_set("AWS_S3_ASSET_BUCKET")),
        ("MUSEHUB_OBJECTS_DIR", is_set("MUSEHUB_OBJECTS_DIR")),
        (in_profile, settings.store.is_some()),
    ];
    let shown = |url: &str| {
        Ok(match ObjectStore::parse(url)? {
            ObjectStore::Folder(path) => format!("folder {}", path.display()),
            ObjectStore::S3(bucket) => format!("s3 {}/{}", bucket.bucket, bucket.prefix)
                .trim_end_matches('/')
                .to_owned(),
        })
    };
    url(
        (settings.store.as_deref(), &sources),
        settings.profile.store.as_deref(),
        shown,
    )
}

/// Returns a URL that is in use, and the one of the profile where that is another.
fn url(
    (used, sources): (Option<&str>, &[(&str, bool)]),
    in_profile: Option<&str>,
    shown: impl Fn(&str) -> Result<String, ConfigError>,
) -> Result<Setting, ConfigError> {
    let used = used.map(&shown).transpose()?.unwrap_or_default();
    // A URL of the profile that cannot be read is not in use, so it is no error here.
    let other = in_profile.map(|url| shown(url).unwrap_or_else(|why| why.to_string()));
    let instead_of = other.filter(|other| *other != used);
    Ok(Setting {
        instead_of,
        ..from(&used, sources)
    })
}

fn write(flags: &Flags, settings: &Settings) -> Setting {
    match (flags.write, settings.profile.read_only) {
        (true, _) => from("allowed", &[("--write", true)]),
        (false, false) => from("allowed", &[("read_only = false of the profile", true)]),
        (false, true) => from("not allowed; --write allows it for one run", &[]),
    }
}

/// Takes the first source that has the value.
fn from(value: &str, sources: &[(&str, bool)]) -> Setting {
    let source = sources.iter().find(|(_, has)| *has);
    Setting {
        value: value.to_owned(),
        from: source.map_or_else(String::new, |(name, _)| (*name).to_owned()),
        instead_of: None,
    }
}
