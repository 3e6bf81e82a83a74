//! Lengths of time as people write them.

use std::time::Duration;

/// A hundred years: longer is a mistake.
const LONGEST: u64 = 100 * 366 * 86_400;

const FORM: &str = "write a number and a unit: 90s, 15m, 1h, 1d or 2w";

/// The reason why a text is no length of time; each says which forms are read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("a time cannot be negative; {FORM}")]
    Negative,
    #[error("the unit is missing; {FORM}")]
    NoUnit,
    #[error("{FORM}")]
    Form,
    #[error("that is longer than a hundred years; {FORM}")]
    TooLong,
}

/// Reads `90s`, `15m`, `1h`, `1d`, `2w`, sums of these (`1h30m`, `1d 12h`), fractions (`1.5h`), and what the
/// library for times reads besides (`PT15M`).
///
/// # Errors
/// A sentence with the forms that are read.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(DurationError::Negative);
    }
    let found = summed(text).or_else(|| {
        let span: jiff::SignedDuration = text.parse().ok()?;
        span.try_into().ok()
    });
    match found {
        None if text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() => {
            Err(DurationError::NoUnit)
        }
        None => Err(DurationError::Form),
        Some(time) if time.as_secs() > LONGEST => Err(DurationError::TooLong),
        Some(time) => Ok(time),
    }
}

fn summed(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut sum = 0.0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let behind = rest[end..].trim_start();
        let end = behind
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        sum += number * seconds(&behind[..end])?;
        rest = behind[end..].trim_start();
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(sum).unwrap_or(Duration::MAX))
}

/// Returns the seconds in a unit.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "ms" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("0", 0),
            ("0s", 0),
            ("90s", 90),
            ("15m", 900),
            ("15 min", 900),
            ("1h", 3_600),
            ("1.5h", 5_400),
            ("1h30m", 5_400),
            ("1d", 86_400),
            ("1d 12h", 129_600),
            ("2w", 1_209_600),
            ("2 Weeks", 1_209_600),
            ("PT15M", 900),
        ] {
            assert_eq!(duration(text).map(|t| t.as_secs()), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_answered_in_words_of_our_own() {
        for text in [
            "",
            "soon",
            "1",
            "-1h",
            "1y",
            "1h-",
            "99999999999999999999w",
            "1 fortnight",
            "é",
            "1.2.3s",
            "9999999w",
        ] {
            let why = duration(text).unwrap_err().to_string();
            assert!(
                why.contains("1d or 2w") && !why.contains("jiff"),
                "{text}: {why}"
            );
        }
    }
}
