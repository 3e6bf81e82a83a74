//! Paths in URLs, as people and other programs write them: from the root, from here, and in SQLAlchemy's way.

use super::UrlError;
use crate::text;
use std::path::{Path, PathBuf};

/// The number of slashes in front of a URL's path decides where the path starts; SQLAlchemy counts one more than this
/// program, so both readings are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `sqlite:///path` starts at the root.
    Own,
    /// `sqlite+driver:///path` starts here, and `sqlite+driver:////path` at the root.
    SqlAlchemy,
}

/// Returns the absolute path behind `scheme://`, of a file or folder that is there if one reading finds one.
///
/// # Errors
/// A path that cannot be meant, or two readings that find different things.
pub(super) fn read(rest: &str, dialect: Dialect) -> Result<PathBuf, UrlError> {
    let rest = rest.strip_prefix("localhost/").map_or(rest, |path| {
        // `file://localhost/path`, as RFC 8089 has it.
        &rest[rest.len() - path.len() - 1..]
    });
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if path.trim_matches('/').is_empty() {
        return Err(UrlError::NoPath);
    }
    if path.contains('\\') || is_drive(path.trim_start_matches('/')) {
        return Err(UrlError::Windows);
    }
    let mut written = candidates(path, dialect);
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8()?;
    if decoded != path {
        let literal = std::mem::replace(&mut written, candidates(&decoded, dialect));
        written.extend(literal);
    }
    if written.iter().any(|path| has_control(path)) {
        return Err(UrlError::PathControl);
    }
    choose(written)
}

/// Returns a path that is no URL, made absolute.
///
/// # Errors
/// This program runs in a folder that is not there any more.
pub(super) fn absolute(path: &str) -> Result<PathBuf, UrlError> {
    let path = home(path).unwrap_or_else(|| PathBuf::from(path));
    Ok(std::path::absolute(path)?)
}

/// Returns the readings of a path, the one that the dialect means first.
fn candidates(path: &str, dialect: Dialect) -> Vec<PathBuf> {
    let (from_here, from_root) = match path.strip_prefix('/') {
        // Two slashes and no third: what is behind them starts here.
        None => return vec![home(path).unwrap_or_else(|| PathBuf::from(path))],
        Some(rest) if rest.starts_with('/') => {
            return vec![PathBuf::from(format!("/{}", rest.trim_start_matches('/')))];
        }
        Some(rest) => (PathBuf::from(rest), PathBuf::from(path)),
    };
    if let Some(home) = from_here.to_str().and_then(home) {
        return vec![home];
    }
    let says_here = from_here.starts_with(".") || from_here.starts_with("..");
    match (dialect, says_here) {
        (_, true) => vec![from_here],
        (Dialect::SqlAlchemy, false) => vec![from_here, from_root],
        (Dialect::Own, false) => vec![from_root, from_here],
    }
}

/// Expands `~` and `~/path`.
fn home(path: &str) -> Option<PathBuf> {
    let rest = path.strip_prefix('~')?;
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(Path::new(&home).join(rest)),
        None => rest.is_empty().then(|| PathBuf::from(home)),
    }
}

/// Returns the one reading of a path that exists; the first where none does.
fn choose(written: Vec<PathBuf>) -> Result<PathBuf, UrlError> {
    let there: Vec<&PathBuf> = written.iter().filter(|path| path.exists()).collect();
    let real = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    if let [one, others @ ..] = there.as_slice()
        && let Some(other) = others.iter().find(|other| real(other) != real(one))
    {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        return Err(UrlError::Ambiguous {
            one: absolute(one),
            other: absolute(other),
        });
    }
    let chosen = there.first().copied().or(written.first());
    let chosen = chosen.ok_or(UrlError::NoPath)?;
    match there.is_empty() && has_user(chosen) {
        true => Err(UrlError::User),
        false => Ok(std::path::absolute(chosen)?),
    }
}

/// Returns whether a path looks as if another URL with a user and a password stood in it, which no screen may show.
fn has_user(path: &Path) -> bool {
    let path = path.to_string_lossy();
    let before = path.rsplit_once('@').map(|(before, _)| before);
    before.is_some_and(|before| before.contains(':'))
}

fn is_drive(path: &str) -> bool {
    let mut chars = path.chars();
    matches!((chars.next(), chars.next(), chars.next()), (Some(letter), Some(':'), Some('/' | '\\')) if letter.is_ascii_alphabetic())
}

fn has_control(path: &Path) -> bool {
    path.to_string_lossy().chars().any(char::is_control)
}

/// Parses a SQLite URL: `sqlite`, and SQLAlchemy's `sqlite+aiosqlite` and others. `None` where the scheme is
/// another one.
pub(super) fn sqlite(url: &str) -> Option<Result<PathBuf, UrlError>> {
    let (scheme, rest) = url.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let (name, driver) = match scheme.split_once('+') {
        Some((name, driver)) => (name, Some(driver)),
        None => (scheme.as_str(), None),
    };
    if !matches!(name, "sqlite" | "sqlite3") {
        return None;
    }
    if let Some(driver @ ("pysqlcipher" | "sqlcipher" | "libsql")) = driver {
        return Some(Err(UrlError::Driver(text::safe(driver).into_owned())));
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    if is_memory(rest) {
        return Some(Err(UrlError::Memory));
    }
    // SQLite's own URIs follow SQLAlchemy's slashes: `sqlite:///file:hub.db?uri=true`.
    let inner = rest.trim_start_matches('/').strip_prefix("file:");
    let dialect = match driver {
        Some(_) => Dialect::SqlAlchemy,
        None => Dialect::Own,
    };
    Some(match inner {
        Some(path) => read(path.strip_prefix("//").unwrap_or(path), Dialect::Own),
        None => read(rest, dialect),
    })
}

fn is_memory(rest: &str) -> bool {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    path.trim_matches('/').is_empty()
        || path.contains(":memory:")
        || query.split('&').any(|pair| pair == "mode=memory")
}

#[cfg(test)]
mod tests {
    use super::{Dialect, read, sqlite};
    use std::path::{Path, PathBuf};

    fn here(path: &str) -> PathBuf {
        std::path::absolute(path).unwrap()
    }

    #[test]
    fn slashes_say_where_a_path_starts() {
        for (url, path) in [
            (
                "sqlite:///srv/muse/hub.db",
                PathBuf::from("/srv/muse/hub.db"),
            ),
            ("sqlite:////srv/muse/hub.db", "/srv/muse/hub.db".into()),
            (
                "SQLite+aiosqlite:////srv/muse/hub.db",
                "/srv/muse/hub.db".into(),
            ),
            ("sqlite+aiosqlite:///./muse/hub.db", here("muse/hub.db")),
            ("sqlite+aiosqlite:///muse/hub.db", here("muse/hub.db")),
            (
                "sqlite+pysqlite:///muse/hub.db?timeout=5",
                here("muse/hub.db"),
            ),
            ("sqlite:///./muse/hub.db", here("muse/hub.db")),
            ("sqlite:///../muse/hub.db", here("../muse/hub.db")),
            ("sqlite://muse/hub.db", here("muse/hub.db")),
            ("sqlite:muse/hub.db", here("muse/hub.db")),
            (
                "sqlite:///file:/srv/muse/hub.db?mode=ro&uri=true",
                "/srv/muse/hub.db".into(),
            ),
            ("sqlite:///srv/a%20b.db", "/srv/a b.db".into()),
            // One reading finds something: that is the one.
            ("sqlite:///Cargo.toml", here("Cargo.toml")),
            ("sqlite+aiosqlite:///etc/hostname", "/etc/hostname".into()),
        ] {
            assert_eq!(sqlite(url).unwrap().unwrap(), path, "{url}");
        }
    }

    #[test]
    fn databases_in_memory_and_paths_of_windows_are_refused_by_name() {
        for url in [
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite+aiosqlite://",
            "sqlite:///file:x?mode=memory&cache=shared&uri=true",
        ] {
            let why = sqlite(url).unwrap().unwrap_err().to_string();
            assert!(why.contains("in memory"), "{url}: {why}");
        }
        for url in ["sqlite:///C:\\muse\\hub.db", "sqlite:///C:/muse/hub.db"] {
            let why = sqlite(url).unwrap().unwrap_err().to_string();
            assert!(why.contains("Windows"), "{url}: {why}");
        }
        assert!(sqlite("mysql://host/hub").is_none());
        assert!(sqlite("sqlite+pysqlcipher:///hub.db").unwrap().is_err());
        assert!(sqlite("sqlite:///srv/hub\n.db").unwrap().is_err());
    }

    #[test]
    fn a_path_that_may_hold_a_password_is_refused_unless_it_is_there() {
        for url in [
            "sqlite:///postgres://me:hunter2@db/hub",
            "sqlite:///me:hunter2@db/hub",
            "sqlite:me:hunter%402@db",
        ] {
            let why = sqlite(url).unwrap().unwrap_err().to_string();
            assert!(why.contains("password") && !why.contains("hunter"), "{why}");
        }
        let folder = crate::scratch::folder("paths").unwrap();
        let path = folder.path().join("12:30 me@host.db");
        let written = path.to_str().unwrap();
        assert!(read(written, Dialect::Own).is_err());
        std::fs::write(&path, "").unwrap();
        assert_eq!(read(written, Dialect::Own).unwrap(), path);
    }

    #[test]
    fn two_readings_that_find_different_things_are_refused() {
        let folder = crate::scratch::folder("paths").unwrap();
        let path = folder.path().join("a b.db");
        std::fs::write(&path, "").unwrap();
        let written = format!("{}/a%20b.db", folder.path().display());
        assert_eq!(read(&written, Dialect::Own).unwrap(), path);
        std::fs::write(folder.path().join("a%20b.db"), "").unwrap();
        let why = read(&written, Dialect::Own).unwrap_err().to_string();
        assert!(why.contains("both exist"), "{why}");
        assert!(Path::new(&path).is_file());
    }
}
