//! Explains errors of the server, of a pooler or of the network, and what to do.

use super::PgUrl;
use super::sessions::{MOST, is_cut_short, is_ended, is_full};
use crate::cause::Cause;
use crate::index::IndexError;

/// The advice for a standby that cancels reads.
const STANDBY: &str = "on a standby, set hot_standby_feedback or max_standby_streaming_delay, or read from the primary";

/// Returns a statement's failure, with what it was for and what to do.
pub(super) fn query_error(what: &'static str, url: &PgUrl, error: sqlx::Error) -> IndexError {
    if is_full(&error) {
        return unreachable(url, &full(&told(&error)));
    }
    if is_ended(&error) {
        return unreachable(url, &told(&error));
    }
    let why = match &error {
        sqlx::Error::Database(e) => {
            let hint = match e.code().as_deref() {
                Some("40001" | "40P01") => return broken_off(what, e.message()),
                Some("25006") => {
                    "; the database takes no changes now: it is a standby, or default_transaction_read_only is on"
                }
                Some("42501") => "; use a role that may do this",
                Some("57014") => {
                    "; it exceeded its time limit or was cancelled; try again when the hub is less busy"
                }
                Some("55P03") => "; another transaction holds the row, try again",
                Some("53100") => "; the database's disk is full",
                _ => "",
            };
            format!("{}{hint}", e.message())
        }
        sqlx::Error::PoolClosed => return unreachable(url, "its connections were closed"),
        other => other.to_string(),
    };
    let why = Cause::told(why, error);
    IndexError::Query { what, why }
}

/// Returns a statement that gave way to another: a standby that had to follow its primary, or a deadlock.
fn broken_off(what: &'static str, told: &str) -> IndexError {
    IndexError::BrokenOff {
        what,
        reason: told
            .trim_start_matches("canceling statement due to ")
            .to_owned(),
        why: format!("{told}; {STANDBY}").into(),
    }
}

fn unreachable(url: &PgUrl, why: &str) -> IndexError {
    IndexError::Unreachable {
        what: url.to_string(),
        why: why.into(),
    }
}

fn told(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => e.message().to_owned(),
        sqlx::Error::Io(e) => e.to_string(),
        other => other.to_string(),
    }
}

/// No connection left: what the server said, and how many are wanted.
fn full(told: &str) -> String {
    let (reading, writing) = MOST;
    format!(
        "{told}; Luthier needs one connection and uses up to {reading}, and {writing} more to write; close connections of other programs, or raise the limit of the role (CONNECTION LIMIT), of the server (max_connections) or of the pooler"
    )
}

/// Explains why a database could not be opened, and what to do.
pub(super) fn open_error(url: &PgUrl, error: &sqlx::Error) -> IndexError {
    let why = match error {
        _ if is_full(error) => full(&told(error)),
        sqlx::Error::Database(e) if matches!(e.code().as_deref(), Some("40001" | "40P01")) => {
            return broken_off("the catalogue", e.message());
        }
        _ if is_cut_short(error) => return unreachable(url, &told(error)),
        sqlx::Error::Database(e) => refused(e.code().as_deref().unwrap_or_default(), e.message()),
        sqlx::Error::Io(e) => {
            format!("{e}; check that the server runs and that host and port are right")
        }
        sqlx::Error::Tls(e) => tls(&e.to_string()),
        sqlx::Error::Protocol(why) => why.clone(),
        other => other.to_string(),
    };
    IndexError::Open {
        what: url.to_string(),
        why: why.into(),
    }
}

/// Explains what a server or a pooler answered, and what to do.
fn refused(code: &str, told: &str) -> String {
    let advice = match code {
        "28P01" | "28000" => "check user and password in DATABASE_URL, --database or PGPASSWORD",
        "3D000" => "check the name at the end of the URL",
        "42501" => "use a role that may do this",
        // A pooler has one code for all of its complaints.
        "08P01" if told.contains("startup parameter") => {
            "a pooler refuses what the URL sets: leave `options` out of it and set them for the role (ALTER ROLE … \
             SET search_path …), or connect to the server itself"
        }
        "08P01" if told.contains("statement pooling") => {
            "a pooler in statement mode allows no transaction, and a read without one cannot be kept from writing: \
             use its transaction or session mode (pool_mode), or connect to the server itself"
        }
        _ => return told.to_owned(),
    };
    format!("{told}; {advice}")
}

/// A server without TLS is one thing, a certificate that does not hold another.
fn tls(told: &str) -> String {
    match told.contains("not support TLS") {
        true => format!(
            "{told}, and the URL asks for it (sslmode): turn on ssl at the server or the pooler, or use \
             ?sslmode=disable where the network is trusted"
        ),
        false => format!(
            "{told}; give the server's CA with sslrootcert=FILE in the URL, or add it to the system's"
        ),
    }
}
