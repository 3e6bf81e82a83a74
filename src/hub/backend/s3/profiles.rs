//! Profiles of the AWS configuration files, as far as they explain why there are no credentials.

use super::settings_error::{RENEW, SettingsError};
use super::value::clean;
use super::words;
use aws_config::profile::{self, Profile, ProfileSet};
use aws_credential_types::provider::error::CredentialsError;
use aws_types::os_shim_internal::{Env, Fs};
use std::borrow::Cow;
use std::time::Duration;

/// The longest chain of `source_profile` that is followed.
const HOPS: usize = 16;

/// The time that credentials may take: a command of `credential_process` may ask another machine.
pub(super) const LONGEST: Duration = Duration::from_secs(10);

/// The message of a role that takes its keys from the environment, where there are none.
pub(super) const NO_KEYS: &str = "the AWS profile takes its keys from the environment (credential_source = \
     Environment), and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set; set them";

/// The keys of a profile whose values are sent.
const SENT: [&str; 4] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "role_arn",
];

async fn load(name: Option<&str>) -> Result<ProfileSet, SettingsError> {
    let selected = name.map(|name| Cow::Owned(name.to_owned()));
    profile::load(&Fs::real(), &Env::real(), &Default::default(), selected)
        .await
        .map_err(|error| SettingsError::Profiles(Box::new(error)))
}

/// Makes sure that the files can be read, that a profile that was asked for by name is there, and that its keys
/// can be sent.
///
/// # Errors
/// The fault, in a sentence without secrets.
pub(super) async fn check(name: Option<&str>) -> Result<(), SettingsError> {
    let set = match load(name).await {
        Ok(set) => set,
        // Nobody may have meant the files.
        Err(_) if name.is_none() => return Ok(()),
        Err(why) => return Err(why),
    };
    if let Some(name) = name
        && set.get_profile(name).is_none()
    {
        return Err(missing(&set, name));
    }
    let mut at = set.selected_profile();
    for _ in 0..HOPS {
        let Some(profile) = set.get_profile(at) else {
            return Ok(());
        };
        for key in SENT {
            if let Some(flaw) = profile.get(key).and_then(|value| clean(value).err()) {
                return Err(SettingsError::ProfileValue {
                    key,
                    profile: words::line(at),
                    flaw,
                });
            }
        }
        match profile.get("source_profile") {
            Some(next) if next != at => at = next,
            _ => return Ok(()),
        }
    }
    Ok(())
}

fn missing(set: &ProfileSet, name: &str) -> SettingsError {
    let mut known: Vec<&str> = set.profiles().collect();
    known.sort_unstable();
    let known = match known.is_empty() {
        true => "they hold none".to_owned(),
        false => format!("they hold: {}", words::line(&known.join(", "))),
    };
    SettingsError::NoProfile {
        name: words::line(name),
        known,
    }
}

/// Explains why the SDK's chain gave no credentials, and what to do. `error` is `None` where it took too long.
pub(super) async fn explain(name: Option<&str>, error: Option<&CredentialsError>) -> String {
    let reason = reason(error);
    let set = match load(name).await {
        Ok(set) => set,
        Err(why) => return why.to_string(),
    };
    let selected = set.selected_profile();
    match set.get_profile(selected) {
        Some(profile) => of_profile(&set, profile, &reason),
        None if name.is_some() => missing(&set, selected).to_string(),
        None => of_environment(&reason),
    }
}

/// Returns a profile by its kind.
fn of_profile(set: &ProfileSet, profile: &Profile, reason: &str) -> String {
    let name = &words::line(profile.name());
    let has = |key: &str| profile.get(key).is_some();
    let export = format!(
        "export keys from it: eval \"$(aws configure export-credentials --profile {name} --format env)\", and unset AWS_PROFILE"
    );
    if has("role_arn") {
        return of_role(set, profile, reason, &export);
    }
    if has("login_session") {
        return format!(
            "the AWS profile {name} is one of `aws login`, which this build does not read; {export}"
        );
    }
    if has("sso_session") || has("sso_start_url") {
        return format!(
            "the AWS profile {name} is one of SSO, and gave no credentials: {reason}; run `aws sso login --profile {name}`, or {export}"
        );
    }
    if has("credential_process") {
        return format!(
            "credential_process of the AWS profile {name} gave no credentials: {reason}; run its command by hand, or {export}"
        );
    }
    if has("aws_access_key_id") || has("aws_secret_access_key") {
        return format!(
            "the AWS profile {name} holds one of aws_access_key_id and aws_secret_access_key, and not the other; add it"
        );
    }
    match std::env::var_os("AWS_PROFILE").is_some() {
        true => format!(
            "the AWS profile {name} holds no credentials; add aws_access_key_id and aws_secret_access_key, a role, SSO or credential_process"
        ),
        false => of_environment(reason),
    }
}

/// Returns what is wrong with a profile that assumes a role.
fn of_role(set: &ProfileSet, profile: &Profile, reason: &str, export: &str) -> String {
    let name = &words::line(profile.name());
    let has = |key: &str| profile.get(key).is_some();
    let source = profile.get("source_profile");
    if let Some(source) = source.filter(|source| set.get_profile(source).is_none()) {
        return format!(
            "source_profile of the AWS profile {name}: {}",
            missing(set, source)
        );
    }
    let from = match (
        source,
        profile.get("credential_source"),
        has("web_identity_token_file"),
    ) {
        (Some(source), ..) => format!(" from the profile {}", words::line(source)),
        (None, Some(source), _) => format!(" from credential_source {}", words::line(source)),
        (None, None, true) => " with its web_identity_token_file".to_owned(),
        (None, None, false) => {
            return format!(
                "the AWS profile {name} names a role and neither source_profile nor credential_source; add one of them"
            );
        }
    };
    if has("mfa_serial") {
        return format!(
            "the role of the AWS profile {name} asks for a code (mfa_serial), which this program does not; {export}"
        );
    }
    format!(
        "the role of the AWS profile {name} cannot be assumed{from}: {reason}; try `aws sts get-caller-identity --profile {name}`"
    )
}

/// Says that no profile is used: keys of the environment, a token of a service account, or the machine's own role.
fn of_environment(reason: &str) -> String {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    for (one, other) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ] {
        if is_set(one) && !is_set(other) {
            return format!(
                "no usable credentials were found: {one} is set and {other} is not; set both"
            );
        }
    }
    if is_set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return format!(
            "no usable credentials were found: the role of AWS_ROLE_ARN cannot be assumed with the token in AWS_WEB_IDENTITY_TOKEN_FILE: {reason}"
        );
    }
    if is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    {
        return format!(
            "no usable credentials were found: the container's service for credentials gave none: {reason}; check AWS_CONTAINER_CREDENTIALS_FULL_URI and its token"
        );
    }
    "no usable credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile \
     that has some"
        .to_owned()
}

/// Returns the SDK's reason in a few words. Its text may repeat what a command or a server printed, so only words that
/// are known are taken from it.
fn reason(error: Option<&CredentialsError>) -> String {
    let Some(error) = error else {
        return format!("no answer within {} s", LONGEST.as_secs());
    };
    let text = words::chain(error);
    let has = |word: &&(&str, &str)| text.contains(word.0);
    let known = REASONS.iter().find(has);
    known.map_or_else(
        || "no reason is known".to_owned(),
        |(_, why)| (*why).to_owned(),
    )
}

/// Parts of the SDK's texts, and what they mean.
const REASONS: [(&str, &str); 27] = [
    ("ExpiredToken", "the token has expired; get a new one"),
    (
        "InvalidIdentityToken",
        "the server does not accept the token (InvalidIdentityToken)",
    ),
    (
        "InvalidClientTokenId",
        "the server does not know the key id (InvalidClientTokenId)",
    ),
    (
        "SignatureDoesNotMatch",
        "the secret key is wrong (SignatureDoesNotMatch)",
    ),
    ("AccessDenied", "the server refuses it (AccessDenied)"),
    (
        "RegionDisabled",
        "the region is disabled for STS (RegionDisabledException)",
    ),
    (
        "UnauthorizedException",
        "the session has expired (UnauthorizedException)",
    ),
    ("cached SSO token has expired", "the session has expired"),
    ("token is expired", "the session has expired"),
    ("expired", "the session has expired"),
    (
        "sso-session named",
        "the section [sso-session] that it names is not there",
    ),
    ("cached SSO token", "there is no session yet"),
    ("SSO token", "there is no session yet"),
    ("No such file", "a file that it names is not there"),
    ("failed to read", "a file that it names cannot be read"),
    ("external process exited", "the command failed"),
    (
        "could not parse response",
        "the command did not print the JSON that is expected",
    ),
    (
        "could not decode output",
        "the command printed what is no UTF-8",
    ),
    ("from external process", "the command cannot be run"),
    ("infinite loop", "its source_profile leads back to itself"),
    (
        "dns error",
        "there is no such host; check the network and AWS_ENDPOINT_URL_STS",
    ),
    (
        "Connection refused",
        "nothing listens at the endpoint; check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS",
    ),
    (
        "certificate",
        "the certificate of the endpoint is not trusted",
    ),
    ("timeout", "the server does not answer in time"),
    ("timed out", "the server does not answer in time"),
    ("was not defined", "a key that it needs is missing"),
    (
        "missing credential source",
        "it names no source of credentials",
    ),
];

/// Says how to renew an expired session.
pub(super) fn renewal() -> String {
    match std::env::var("AWS_PROFILE") {
        Ok(name) if !name.trim().is_empty() => format!(
            "the credentials have expired; get new ones (`aws sso login --profile {}`, or as the profile has it) and start again",
            words::line(name.trim())
        ),
        _ => format!("the credentials have expired; {RENEW}"),
    }
}
