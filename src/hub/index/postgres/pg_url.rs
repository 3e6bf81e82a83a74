//! The URL of a Postgres hub. The URL may hold a password, so it has no `Debug` and is never shown whole.

use super::PgUrlError;
use crate::{secrets, text};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A database URL, and the part of it that may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PgUrl {
    url: String,
    shown: String,
}

impl fmt::Debug for PgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PgUrl").field(&self.shown).finish()
    }
}

impl fmt::Display for PgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Returns whether a scheme names Postgres, in SQLAlchemy's spelling too: `postgresql+asyncpg`.
#[must_use]
pub fn is_postgres(scheme: &str) -> bool {
    let dialect = scheme
        .split_once('+')
        .map_or(scheme, |(dialect, _)| dialect);
    matches!(dialect, "postgres" | "postgresql")
}

impl PgUrl {
    /// Reads `postgres://user:password@host:5432/database?sslmode=verify-full`, with SQLAlchemy's
    /// schemes and the parameters of its drivers too. What is missing comes from `PGHOST`, `PGPASSWORD` and so on,
    /// and a password from the password file. Service files are not read.
    ///
    /// # Errors
    /// What is wrong with it, without any of its secrets.
    pub fn parse(text: &str) -> Result<Self, PgUrlError> {
        let rest = text
            .split_once("://")
            .filter(|(scheme, _)| is_postgres(&scheme.to_ascii_lowercase()))
            .map(|(_, rest)| rest)
            .ok_or(PgUrlError::Scheme)?;
        let url = super::spelling::plain(rest)?;
        let said = |key: &str| url.query_pairs().any(|(name, _)| name == key);
        if url.host_str().is_none_or(str::is_empty) && !said("host") && !said("hostaddr") {
            check_service()?;
        }
        let url = with_environment(url)?;
        let options =
            PgConnectOptions::from_str(url.as_str()).map_err(|_| PgUrlError::Unreadable)?;
        let host = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let database = options.get_database().unwrap_or("");
        learn_password(&url, &[options.get_username(), &host, database]);
        let shown = format!("{host}:{}/{database}", options.get_port());
        Ok(Self {
            url: url.into(),
            shown: text::safe(&shown).into_owned(),
        })
    }

    /// Returns the URL without password: the one that was given may be passed to a program, and not shown.
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

    /// Returns the name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.shown.rsplit_once('/').map_or("", |(_, name)| name)
    }

    /// Returns how to connect, including the password: never to be shown. Holds the password: never to be shown.
    pub(super) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let options = PgConnectOptions::from_str(&self.url)?
            .application_name("luthier")
            // Poolers refuse what they do not know, and no number with a fraction is read.
            .extra_float_digits(None);
        let has_password = Url::parse(&self.url).is_ok_and(|url| {
            url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
        });
        // A line break at its end comes from the file that it was read from.
        Ok(match std::env::var("PGPASSWORD") {
            Ok(password) if !has_password && password.ends_with(['\n', '\r']) => {
                options.password(password.trim_end_matches(['\n', '\r']))
            }
            _ => options,
        })
    }
}

/// Keeps the password out of all that is shown or logged. One that is the name of the user, the host or the database as
/// well protects nothing, and would take that name out of every line.
fn learn_password(url: &Url, names: &[&str]) {
    let queried = url.query_pairs().find(|(name, _)| name == "password");
    let given = [
        url.password().map(str::to_owned),
        queried.map(|(_, value)| value.into_owned()),
        std::env::var("PGPASSWORD").ok(),
    ];
    let given = given.iter().flatten();
    given
        .filter(|password| !names.contains(&password.trim()))
        .for_each(|password| secrets::learn(password));
}

/// A variable of libpq's that says something, without what was copied along.
fn variable(name: &'static str) -> Result<Option<String>, PgUrlError> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    let value = value.to_str().map(text::unquoted);
    match value {
        None => Err(PgUrlError::VariableEncoding(name)),
        Some("") => Ok(None),
        Some(value) if value.chars().any(char::is_control) => {
            Err(PgUrlError::VariableControl(name))
        }
        Some(value) => Ok(Some(value.to_owned())),
    }
}

/// The driver would pass over a service without a word, and connect to this machine.
fn check_service() -> Result<(), PgUrlError> {
    let named = variable("PGSERVICE")?.is_some();
    match named && variable("PGHOST")?.is_none() && variable("PGHOSTADDR")?.is_none() {
        true => Err(PgUrlError::ServiceVariable),
        false => Ok(()),
    }
}

/// Puts what `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE` and `PGSSLMODE` say into the URL where it says nothing: the
/// driver takes them as they are, and passes over a port or a mode that it cannot read.
fn with_environment(mut url: Url) -> Result<Url, PgUrlError> {
    let said = |url: &Url, keys: &[&str]| url.query_pairs().any(|(name, _)| keys.contains(&&*name));
    let mut more: Vec<(&str, String)> = Vec::new();
    if url.host_str().is_none_or(str::is_empty) && !said(&url, &["host", "hostaddr"]) {
        let host = match variable("PGHOSTADDR")? {
            Some(address) => Some(address),
            None => variable("PGHOST")?,
        };
        if let Some(host) = host {
            if host.contains(',') {
                return Err(PgUrlError::HostVariable);
            }
            more.push(("host", host));
        }
    }
    if url.port().is_none()
        && !said(&url, &["port"])
        && let Some(port) = variable("PGPORT")?
    {
        port.parse::<u16>().map_err(PgUrlError::PortVariable)?;
        more.push(("port", port));
    }
    if url.username().is_empty()
        && !said(&url, &["user"])
        && let Some(user) = variable("PGUSER")?
    {
        more.push(("user", user));
    }
    if url.path().trim_matches('/').is_empty()
        && !said(&url, &["dbname"])
        && let Some(database) = variable("PGDATABASE")?
    {
        more.push(("dbname", database));
    }
    if !said(&url, &["sslmode"])
        && let Some(mode) = variable("PGSSLMODE")?
    {
        mode.parse::<PgSslMode>()
            .map_err(|_| PgUrlError::TlsVariable)?;
        more.push(("sslmode", mode));
    }
    for (name, value) in more {
        url.query_pairs_mut().append_pair(name, &value);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::PgUrl;

    #[test]
    fn the_spellings_of_other_programs_are_read() {
        for text in [
            "postgres://u:s3cret@db.example:6543/hub",
            "postgresql://u:s3cret@db.example:6543/hub",
            "postgresql+asyncpg://u:s3cret@db.example:6543/hub?ssl=true",
            "postgresql+asyncpg://u:s3cret@db.example:6543/hub?ssl=require&prepared_statement_cache_size=0&command_timeout=60",
            "postgresql+psycopg://u:s3cret@db.example:6543/hub?connect_timeout=10&target_session_attrs=read-write",
            "postgresql+pg8000://u:s3cret@db.example:6543/hub?channel_binding=require&sslmode=require",
            "POSTGRESQL+psycopg2://u:s3cret@db.example:6543/hub?sslmode=prefer",
            "postgresql+asyncpg://u:s3cret@/hub?host=db.example&port=6543",
            "postgresql+asyncpg://u:s3cret@/hub?host=db.example:6543",
            "postgresql:///hub?user=u&password=s3cret&host=db.example&port=6543",
            "postgres://u:s3cret@db.example:6543/hub?sslrootcert=system&sslmode=verify-full",
        ] {
            let url = PgUrl::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(url.to_string(), "db.example:6543/hub", "{text}");
            assert_eq!(url.database(), "hub");
            assert!(!format!("{url:?} {}", url.url()).contains("s3cret"));
            // What is shown can be typed again.
            assert_eq!(
                PgUrl::parse(&url.url()).unwrap().to_string(),
                url.to_string()
            );
        }
    }

    #[test]
    fn sockets_and_addresses_are_read() {
        for (text, shown) in [
            (
                "postgresql+asyncpg://u:p@/hub?host=/run/pg",
                "/run/pg:5432/hub",
            ),
            ("postgres://u@%2Frun%2Fpg/hub", "/run/pg:5432/hub"),
            ("postgres://u@%2Frun%2Fpg:6000/hub", "/run/pg:6000/hub"),
            ("postgres:///hub?host=/run/pg&port=6000", "/run/pg:6000/hub"),
            ("postgres://u:p@[::1]:6000/hub", "[::1]:6000/hub"),
            ("postgres://u:p@[::1]/hub", "[::1]:5432/hub"),
            ("postgres://u:p@ss@db/hub", "db:5432/hub"),
            ("postgres://u:p%40%2Fs%25@db/hub", "db:5432/hub"),
            ("postgres://u:p%ss@db/hub", "db:5432/hub"),
            ("postgres://u@db", "db:5432/"),
        ] {
            let url = PgUrl::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(url.to_string(), shown, "{text}");
            assert!(url.options().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_postgres_is_refused_without_its_secrets() {
        for text in [
            "mysql://u:s3cret@db/hub",
            "postgres//u:s3cret@db/hub",
            "postgres://u:s3cret@db:port/hub",
            "postgres://u:s3cret@db/hub?sslmode=sometimes",
            "postgres://u:12#s3cret@db/hub",
            "postgres://u:12/s3cret@db/hub",
            "postgres://u:12?s3cret@db/hub",
            "postgres://u:s3cret@one,two/hub",
            "postgres://u:s3cret@one:1,two:2/hub",
            "postgres://u:s3cret@/hub?host=one&host=two",
            "postgres://u:s3cret@db/hub?service=muse",
            "postgres://u:s3cret@db/hub?port=many",
            "postgres://u:s3cret%00@db/hub",
            "postgres://u:s3cret@db:99999/hub",
            "postgres://u:s3cret@[::1/hub",
        ] {
            let why = PgUrl::parse(text).unwrap_err().to_string();
            assert!(!why.contains("s3cret") && !why.contains("12"), "{why}");
        }
    }
}
