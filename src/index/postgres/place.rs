//! Where a Postgres hub is. The URL may hold a password, so it has no `Debug` and is never shown whole.

use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A database URL, and the part of it that may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    url: String,
    shown: String,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.shown).finish()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether a scheme names Postgres, in SQLAlchemy's spelling too: `postgresql+asyncpg`.
#[must_use]
pub fn is_postgres(scheme: &str) -> bool {
    let dialect = scheme
        .split_once('+')
        .map_or(scheme, |(dialect, _)| dialect);
    matches!(dialect, "postgres" | "postgresql")
}

impl Place {
    /// Reads `postgres://user:password@host:5432/database?sslmode=verify-full`, with SQLAlchemy's
    /// schemes and asyncpg's `ssl` too. What is missing comes from `PGHOST`, `PGPASSWORD` and so on.
    ///
    /// # Errors
    /// What is wrong with it, in words, without any of its secrets.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .split_once("://")
            .filter(|(scheme, _)| is_postgres(&scheme.to_ascii_lowercase()))
            .map(|(_, rest)| rest)
            .ok_or("the scheme is not postgres")?;
        let mut url = Url::parse(&format!("postgres://{rest}")).map_err(|e| e.to_string())?;
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        let mut host = None;
        for (name, value) in pairs {
            let (name, value) = match name.as_str() {
                // asyncpg's spelling.
                "ssl" => ("sslmode".to_owned(), of_asyncpg(&value)),
                _ => (name, value),
            };
            if name == "host" {
                host = Some(value.clone());
            }
            url.query_pairs_mut().append_pair(&name, &value);
        }
        let url = url.to_string();
        let options = PgConnectOptions::from_str(&url).map_err(|_| {
            "it cannot be read; percent-encode special characters of user and password".to_owned()
        })?;
        let host = host.unwrap_or_else(|| options.get_host().to_owned());
        let shown = format!(
            "{host}:{}/{}",
            options.get_port(),
            options.get_database().unwrap_or("")
        );
        Ok(Self { url, shown })
    }

    /// The URL without password: the one that was given may be told to a program, and not shown.
    #[must_use]
    pub fn url(&self) -> String {
        let Ok(mut url) = Url::parse(&self.url) else {
            return format!("postgres://{}", self.shown);
        };
        // Both fail only where there is nothing to take away.
        let _ = url.set_password(None);
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "password")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        for (name, value) in kept {
            url.query_pairs_mut().append_pair(&name, &value);
        }
        url.to_string()
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.shown.rsplit_once('/').map_or("", |(_, name)| name)
    }

    /// How to connect. Holds the password: never to be shown.
    pub(super) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        Ok(PgConnectOptions::from_str(&self.url)?
            .application_name("luthier")
            // Poolers refuse what they do not know, and no number with a fraction is read.
            .extra_float_digits(None))
    }
}

/// asyncpg takes `ssl=true` beside libpq's modes.
fn of_asyncpg(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" => "require".to_owned(),
        "false" | "0" => "disable".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn the_spellings_of_other_programs_are_read() {
        for text in [
            "postgres://u:s3cret@db.example:6543/hub",
            "postgresql://u:s3cret@db.example:6543/hub",
            "postgresql+asyncpg://u:s3cret@db.example:6543/hub?ssl=true",
            "POSTGRESQL+psycopg2://u:s3cret@db.example:6543/hub?sslmode=prefer",
        ] {
            let place = Place::parse(text).unwrap();
            assert_eq!(place.to_string(), "db.example:6543/hub", "{text}");
            assert_eq!(place.database(), "hub");
            assert!(!format!("{place:?} {}", place.url()).contains("s3cret"));
            assert!(place.url().starts_with("postgres://u@db.example:6543/hub"));
        }
    }

    #[test]
    fn what_is_no_url_of_postgres_is_refused_without_its_secrets() {
        for text in [
            "mysql://u:s3cret@db/hub",
            "postgres//u:s3cret@db/hub",
            "postgres://u:s3cret@db:port/hub",
            "postgres://u:s3cret@db/hub?sslmode=sometimes",
        ] {
            let why = Place::parse(text).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
