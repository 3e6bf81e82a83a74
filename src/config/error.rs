//! The errors of a configuration.

use luthier_hub::cause::Cause;
use luthier_hub::store::HubError;
use std::path::PathBuf;

/// A configuration that names no hub, or none that can be meant.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {why}")]
    File {
        path: PathBuf,
        #[source]
        why: Cause,
    },
    #[error("there is no profile `{name}` in {path}; the profiles are: {known}")]
    NoSuchProfile {
        name: String,
        path: PathBuf,
        known: String,
    },
    #[error(
        "--profile {profile} names another hub than {variables}; unset {variables}, or leave out --profile"
    )]
    TwoHubs { profile: String, variables: String },
    #[error(
        "a database is given and no object store; add --store s3://bucket/prefix or file:///folder"
    )]
    NoStore,
    #[error(
        "an object store is given and no database; add --database postgres://user@host/database or sqlite:///path/hub.db"
    )]
    NoDatabase,
    #[error(
        "no object store is given; add --store s3://bucket/prefix or file:///folder, or --profile NAME"
    )]
    NoSource,
    #[error("{name} {why}")]
    Value {
        /// The flag or the variable.
        name: String,
        #[source]
        why: ValueError,
    },
    #[error(transparent)]
    Theme(#[from] luthier_tui::ThemeError),
    #[error(transparent)]
    Url(#[from] HubError),
}

/// The reason why a value of a flag or a variable cannot be used. No variant keeps the value: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("is not UTF-8; set it again")]
    NotUtf8,
    #[error("contains a line break or another control character; set it again")]
    Control,
    #[error("may hold letters, digits, `-` and `_` only; choose another name")]
    ProfileName,
    #[error("contains a password; leave it out and use PGPASSWORD or ~/.pgpass")]
    Password,
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, ValueError};
    use std::error::Error;

    #[test]
    fn a_value_that_cannot_be_used_keeps_its_reason() {
        let name = "the variable DATABASE_URL".to_owned();
        let why = ValueError::Control;
        let error = ConfigError::Value { name, why };
        let source = error.source().unwrap().downcast_ref::<ValueError>();
        assert_eq!(source, Some(&why));
        assert_eq!(
            error.to_string(),
            format!("the variable DATABASE_URL {why}")
        );
    }
}
