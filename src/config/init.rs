//! The text of a new profile, for a new configuration file or behind the profiles of one that is there.

use super::{ConfigError, File, ValueError};
use luthier_hub::store::hub::{Database, Environment, ObjectStore};
use luthier_hub::text;
use std::path::Path;

/// A profile that can be written into a configuration file.
#[derive(Clone, Debug)]
pub struct NewProfile {
    name: String,
    text: String,
}

/// Returns the URL of a database so that it means the same in every folder.
fn from_anywhere(database: &str) -> Result<String, ConfigError> {
    let named = Database::parse(database)?;
    let url = match &named {
        Database::Sqlite(path) => format!("sqlite://{}", path.display()),
        Database::Postgres(_) => return Ok(database.to_owned()),
    };
    // A path that no URL can say stays as it was given.
    let is_same = Database::parse(&url).is_ok_and(|read| read == named);
    Ok(if is_same { url } else { database.to_owned() })
}

/// Returns the URL of an object store so that it means the same in every folder.
fn store_from_anywhere(store: &str) -> Result<String, ConfigError> {
    let named = ObjectStore::parse(store)?;
    let url = match &named {
        ObjectStore::Folder(path) => format!("file://{}", path.display()),
        ObjectStore::S3(_) => return Ok(store.to_owned()),
    };
    let is_same = ObjectStore::parse(&url).is_ok_and(|read| read == named);
    Ok(if is_same { url } else { store.to_owned() })
}

impl NewProfile {
    /// Makes the profile of a hub.
    ///
    /// # Errors
    /// A URL that names nothing, or one that holds a password, which belongs in no file of Luthier's.
    pub fn new(
        name: &str,
        (database, store): (&str, &str),
        environment: Option<Environment>,
    ) -> Result<Self, ConfigError> {
        let value = |name: &str, why: ValueError| ConfigError::Value {
            name: name.to_owned(),
            why,
        };
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(value("--profile", ValueError::ProfileName));
        }
        let (database, store) = (text::unquoted(database), text::unquoted(store));
        let (database, store) = (&from_anywhere(database)?, &store_from_anywhere(store)?);
        let has_password = url::Url::parse(database).is_ok_and(|url| {
            url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
        });
        if has_password {
            return Err(value("--database", ValueError::Password));
        }
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let environment = match environment {
            Some(environment) => format!("environment = \"{}\"", environment.word()),
            None => "# environment = \"production\"".to_owned(),
        };
        Ok(Self {
            name: name.to_owned(),
            text: format!(
                "[profiles.{name}]\n\
                 database = {}\n\
                 store = {}\n\
                 # production, staging, demo or unknown: how much has to be confirmed before a write\n\
                 {environment}\n\
                 # false: this profile may write without --write\n\
                 # read_only = true\n",
                quoted(database),
                quoted(store)
            ),
        })
    }

    /// Returns a configuration file with this profile alone.
    #[must_use]
    pub fn first(&self) -> String {
        format!(
            "# Luthier's configuration. `luthier config show` prints what is in use.\n\
             default = \"{}\"\n\n{}",
            self.name, self.text
        )
    }

    /// Returns what adds the profile at the end of a file with `contents`; `None` if the file has a profile of this name.
    ///
    /// # Errors
    /// A file that cannot be read, with the profile or without it.
    pub fn added(&self, path: &Path, contents: &str) -> Result<Option<String>, ConfigError> {
        if File::read(contents, path)?
            .profiles
            .contains_key(&self.name)
        {
            return Ok(None);
        }
        let gap = match contents.ends_with('\n') || contents.is_empty() {
            true => "\n",
            false => "\n\n",
        };
        let added = format!("{gap}{}", self.text);
        File::read(&format!("{contents}{added}"), path)?;
        Ok(Some(added))
    }
}
