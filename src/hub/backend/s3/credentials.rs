//! Credentials: found by the SDK's own chain, checked before they are used, and explained where there are none.

use super::profiles::{self, LONGEST};
use super::settings_error::UnsoundCredentials;
use super::value::clean;
use crate::secrets;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Region, SharedCredentialsProvider, SharedHttpClient};
use std::error::Error;
use std::time::SystemTime;

/// The reason why there are no credentials, in a sentence for a person that contains no secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCredentials(pub String);

impl NoCredentials {
    /// Returns the sentence in an error of the SDK, if one of its causes is ours.
    pub(super) fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(NoCredentials(why)) = error.downcast_ref() {
                return Some(why);
            }
            cause = error.source();
        }
        None
    }
}

/// A provider that hands on only what can be sent in a header, whatever it comes from.
#[derive(Debug)]
pub(super) struct Checked<P> {
    inner: P,
    source: Source,
}

/// A place in which credentials are looked for.
#[derive(Debug)]
enum Source {
    Environment,
    /// The SDK's chain, with the profile that was asked for by name, if one was.
    Chain(Option<String>),
}

/// Returns the chain of the SDK; a profile that is asked for by name goes before the keys of the environment. `region`
/// is where a role is assumed.
pub(super) async fn chain(
    profile: Option<&str>,
    region: Region,
    http: SharedHttpClient,
    limits: TimeoutConfig,
) -> Checked<SharedCredentialsProvider> {
    let config = ProviderConfig::without_region()
        .with_region(Some(region.clone()))
        .with_http_client(http)
        .with_timeout_config(limits);
    let environment = || Checked {
        inner: EnvironmentVariableCredentialsProvider::new(),
        source: Source::Environment,
    };
    let inner = match profile {
        Some(name) => SharedCredentialsProvider::new(
            ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .with_custom_provider("Environment", environment())
                .profile_name(name)
                .build(),
        ),
        None => SharedCredentialsProvider::new(
            DefaultCredentialsChain::builder()
                .configure(config)
                .region(region)
                .with_custom_credential_source("Environment", environment())
                .build()
                .await,
        ),
    };
    Checked {
        inner,
        source: Source::Chain(profile.map(str::to_owned)),
    }
}

impl<P> Checked<P> {
    async fn explain(&self, error: Option<&CredentialsError>) -> String {
        match &self.source {
            Source::Environment => profiles::NO_KEYS.to_owned(),
            Source::Chain(profile) => profiles::explain(profile.as_deref(), error).await,
        }
    }
}

impl<P: ProvideCredentials> Checked<P> {
    async fn load(&self) -> provider::Result {
        let found = tokio::time::timeout(LONGEST, self.inner.provide_credentials()).await;
        let why = match found {
            Ok(Ok(credentials)) => match sound(&credentials) {
                Ok(credentials) => return Ok(credentials),
                Err(why) => why.to_string(),
            },
            Ok(Err(error)) => match NoCredentials::within(&error) {
                Some(why) => why.to_owned(),
                None => self.explain(Some(&error)).await,
            },
            Err(_) => self.explain(None).await,
        };
        Err(CredentialsError::provider_error(NoCredentials(why)))
    }
}

impl<P: ProvideCredentials> ProvideCredentials for Checked<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// Returns the same credentials without white space and quotes around them, or names the one that cannot be sent.
fn sound(found: &Credentials) -> Result<Credentials, UnsoundCredentials> {
    if let Some(end) = found.expiry().filter(|end| *end <= SystemTime::now()) {
        let end = jiff::Timestamp::try_from(end).map_or_else(|_| String::new(), |t| t.to_string());
        return Err(UnsoundCredentials::Expired(end));
    }
    let id = part("access key id", found.access_key_id())?;
    let secret = part("secret access key", found.secret_access_key())?;
    found.session_token().into_iter().for_each(secrets::learn);
    secrets::learn(id);
    secrets::learn(secret);
    let token = match found.session_token().map(str::trim) {
        None | Some("") => None,
        Some(token) => Some(part("session token", token)?),
    };
    if id == found.access_key_id()
        && secret == found.secret_access_key()
        && token == found.session_token()
    {
        return Ok(found.clone());
    }
    let (id, secret, token) = (id.to_owned(), secret.to_owned(), token.map(str::to_owned));
    Ok(Credentials::new(
        id,
        secret,
        token,
        found.expiry(),
        "luthier",
    ))
}

/// Returns one value of the credentials without white space and quotes, or why it cannot be sent.
fn part<'a>(what: &'static str, value: &'a str) -> Result<&'a str, UnsoundCredentials> {
    clean(value).map_err(|flaw| UnsoundCredentials::Value { what, flaw })
}

#[cfg(test)]
mod tests {
    use super::sound;
    use aws_credential_types::Credentials;
    use std::time::{Duration, SystemTime};

    fn of(id: &str, secret: &str, token: Option<&str>) -> Credentials {
        Credentials::new(id, secret, token.map(str::to_owned), None, "test")
    }

    #[test]
    fn what_stands_around_a_value_is_taken_off_and_what_stands_within_is_refused() {
        for (id, secret, token) in [
            ("AKX\n", "SKX", None),
            ("AKX\r\n", "SKX\r\n", Some("T\n")),
            ("\"AKX\"", "'SKX'", Some("T")),
            (" AKX", "\tSKX ", Some("")),
            ("\u{feff}AKX", "SKX", None),
        ] {
            let found = sound(&of(id, secret, token)).unwrap();
            assert_eq!(found.access_key_id(), "AKX");
            assert_eq!(found.secret_access_key(), "SKX");
            assert!(matches!(found.session_token(), None | Some("T")));
        }
        for (id, secret, token) in [
            ("AK X", "SKX", None),
            ("AKX", "SKX\nAWS_REGION=x", None),
            ("AKX", "SKX", Some("to\nken")),
            ("AKX", "s\u{fc}ss", None),
            ("AKX", "SK\0X", None),
            ("", "SKX", None),
        ] {
            let why = sound(&of(id, secret, token)).unwrap_err().to_string();
            for value in [secret, "AWS_REGION"] {
                assert!(!why.contains(value) || value.is_empty(), "{why}");
            }
        }
    }

    #[test]
    fn credentials_whose_time_is_over_are_told_with_how_to_renew_them() {
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let why = sound(&Credentials::new("AKX", "SKX", None, Some(past), "test"))
            .unwrap_err()
            .to_string();
        assert!(why.contains("expired at 2023-11-14T22:13:20Z"), "{why}");
        assert!(why.contains("aws sso login"), "{why}");
    }
}
