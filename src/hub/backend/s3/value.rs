//! Values that people copy into variables and files, with what gets copied along.

use super::settings_error::{Flaw, SettingsError};

/// Returns the value without white space, byte order mark and a pair of quotes around it.
///
/// # Errors
/// The rest is empty, or has a character that no header may have.
pub(super) fn clean(value: &str) -> Result<&str, Flaw> {
    let value = crate::text::unquoted(value);
    let flaw = |c: char| match c {
        '\n' | '\r' => Some(Flaw::LineBreak),
        ' ' | '\t' => Some(Flaw::Space),
        c if c.is_control() => Some(Flaw::Control),
        c if !c.is_ascii() => Some(Flaw::NotAscii),
        _ => None,
    };
    match value.chars().find_map(flaw) {
        Some(flaw) => Err(flaw),
        None if value.is_empty() => Err(Flaw::Empty),
        None => Ok(value),
    }
}

/// Checks a region's name, or says why it is none.
pub(super) fn region(value: &str) -> Result<String, SettingsError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match clean(value) {
        Ok(name) if name.len() <= 63 && name.chars().all(plain) => Ok(name.to_owned()),
        _ => Err(SettingsError::Region(super::words::line(value))),
    }
}

/// Variables that are read through [`clean`], or by the configuration, which does the same.
const CLEANED: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "AWS_S3_ASSET_BUCKET",
];

/// Refuses what the SDK reads for itself where white space or a control character got into it.
pub(super) fn check_environment() -> Result<(), SettingsError> {
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("AWS_")) else {
            continue;
        };
        let flaw = match value.to_str() {
            None => "is not UTF-8",
            Some(_) if CLEANED.contains(&name) => continue,
            Some(value) if value.chars().any(char::is_control) => {
                "holds a line break or a control character"
            }
            Some(value) if value != value.trim() => "starts or ends with a space",
            Some(_) => continue,
        };
        return Err(SettingsError::Variable {
            name: name.to_owned(),
            flaw,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Flaw, clean, region};

    #[test]
    fn what_was_copied_along_is_taken_off() {
        for value in [
            "x-1",
            " x-1\n",
            "\"x-1\"\r\n",
            "'x-1'",
            "\u{feff}x-1",
            "\u{a0}x-1",
        ] {
            assert_eq!(clean(value), Ok("x-1"), "{value:?}");
            assert_eq!(region(value).unwrap(), "x-1", "{value:?}");
        }
        assert_eq!(clean("\"\""), Err(Flaw::Empty));
        assert_eq!(clean("a\nb"), Err(Flaw::LineBreak));
        for value in ["us east", "us/east", "", "é", "us-east-1,eu-west-1", "a@b"] {
            assert!(
                region(value)
                    .unwrap_err()
                    .to_string()
                    .contains("AWS_REGION"),
                "{value:?}"
            );
        }
    }
}
