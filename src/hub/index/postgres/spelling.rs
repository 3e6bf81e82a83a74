//! Database URLs as libpq, SQLAlchemy and its drivers write them, in the one form that the driver here reads.

use super::PgUrlError;
use percent_encoding::percent_decode_str;
use url::Url;

/// Parameters that the driver here knows by the same name.
const KNOWN: [&str; 12] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "hostaddr",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "options",
    "statement-cache-capacity",
];

/// The parts of a URL, as they are written.
struct Parts<'a> {
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: &'a str,
}

/// `user:password@host:port/database?parameters` as a URL whose every parameter is known.
///
/// # Errors
/// What is wrong with it, without any of its secrets.
pub(super) fn plain(rest: &str) -> Result<Url, PgUrlError> {
    let parts = split(rest)?;
    let mut pairs = parameters(parts.query)?;
    let mut authority = String::new();
    if parts.host.to_ascii_lowercase().starts_with("%2f") {
        pairs.push(("host".to_owned(), decoded(parts.host)?));
    } else {
        authority.push_str(parts.host);
    }
    if authority.is_empty() {
        // A URL without a host can name neither user nor port before its path.
        for (name, value) in [
            ("user", parts.user),
            ("password", parts.password),
            ("port", parts.port),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                pairs.insert(0, (name.to_owned(), decoded(value)?));
            }
        }
    } else {
        if let Some(port) = parts.port.filter(|port| !port.is_empty()) {
            authority += &format!(":{port}");
        }
        if let Some(user) = parts.user {
            let password = parts
                .password
                .map_or_else(String::new, |password| format!(":{password}"));
            authority = format!("{user}{password}@{authority}");
        }
    }
    for part in [parts.user, parts.password, Some(parts.path)]
        .into_iter()
        .flatten()
    {
        decoded(part)?;
    }
    let mut url = Url::parse(&format!("postgres://{authority}{}", parts.path))?;
    for (name, value) in pairs {
        url.query_pairs_mut().append_pair(&name, &value);
    }
    Ok(url)
}

/// Cuts a URL at its special characters. One that belongs to a password and is not percent-encoded would
/// make part of the password a host, so it is looked for first.
fn split(rest: &str) -> Result<Parts<'_>, PgUrlError> {
    if rest.contains('#') {
        return Err(PgUrlError::Fragment);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    let is_cut = !authority.contains('@')
        && (path.contains('@') || (path.is_empty() && query.contains('@')));
    if is_cut {
        return Err(PgUrlError::MisplacedAt);
    }
    let (userinfo, hostport) = match authority.rsplit_once('@') {
        Some((userinfo, hostport)) => (Some(userinfo), hostport),
        None => (None, authority),
    };
    if hostport.contains(',') {
        return Err(PgUrlError::SeveralHosts);
    }
    let (host, port) = match hostport.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (hostport, None),
    };
    if port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err()) {
        return Err(PgUrlError::PortOrPassword);
    }
    let user = userinfo.map(|info| info.split_once(':').map_or(info, |(user, _)| user));
    let password = userinfo.and_then(|info| Some(info.split_once(':')?.1));
    Ok(Parts {
        user,
        password,
        host,
        port,
        path,
        query,
    })
}

/// The parameters, by the names that the driver here knows. Those that only tune another driver are left out.
fn parameters(query: &str) -> Result<Vec<(String, String)>, PgUrlError> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut trusts_system = false;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = no_nul(&value)?.to_owned();
        let is_twice = out.iter().any(|(known, _)| *known == *name);
        match &*name {
            "host" | "port" if is_twice || value.contains(',') => {
                return Err(PgUrlError::SeveralHosts);
            }
            "port" if value.parse::<u16>().is_err() => {
                return Err(PgUrlError::Port);
            }
            "service" | "servicefile" => {
                return Err(PgUrlError::Service);
            }
            "passfile" => {
                return Err(PgUrlError::PasswordFile);
            }
            // Roots of the system are what the driver takes where no file is named.
            "sslrootcert" if value == "system" => trusts_system = true,
            // asyncpg's spelling.
            "ssl" => out.push(("sslmode".to_owned(), of_asyncpg(&value))),
            "host" => match value.split_once(':') {
                Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                    out.push(("host".to_owned(), host.to_owned()));
                    out.push(("port".to_owned(), port.to_owned()));
                }
                _ => out.push(("host".to_owned(), value)),
            },
            // JDBC's spelling, and that of drivers which pass on what they do not know.
            "currentSchema" | "search_path" => out.push(("options[search_path]".to_owned(), value)),
            name if KNOWN.contains(&name) || name.starts_with("options[") => {
                out.push((name.to_owned(), value));
            }
            _ => {}
        }
    }
    if trusts_system && !out.iter().any(|(name, _)| name == "sslmode") {
        out.push(("sslmode".to_owned(), "verify-full".to_owned()));
    }
    Ok(out)
}

fn decoded(text: &str) -> Result<String, PgUrlError> {
    let decoded = percent_decode_str(text).decode_utf8()?;
    no_nul(&decoded).map(str::to_owned)
}

/// The protocol ends a text with a NUL.
fn no_nul(text: &str) -> Result<&str, PgUrlError> {
    match text.contains('\0') {
        true => Err(PgUrlError::Nul),
        false => Ok(text),
    }
}

/// asyncpg takes `ssl=true` beside libpq's modes.
fn of_asyncpg(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => "require".to_owned(),
        "false" | "0" | "off" => "disable".to_owned(),
        other => other.to_owned(),
    }
}
