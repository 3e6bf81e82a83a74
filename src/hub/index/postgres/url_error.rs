//! Why a text is no URL of a Postgres database. No variant holds a secret.

/// How special characters of user and password are written.
const ENCODE: &str = "percent-encode special characters of user and password: %23 for #, %2F for /, %3F for ?, %40 for @";

/// Why a text is no URL of a Postgres database, or the environment does not say what it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PgUrlError {
    #[error("the scheme is not postgres")]
    Scheme,
    #[error("it cannot be read; percent-encode special characters of user and password")]
    Unreadable,
    #[error(transparent)]
    Parse(#[from] url::ParseError),
    #[error("it holds a `#`; {ENCODE}")]
    Fragment,
    #[error("its `@` comes after a `/` or `?`; {ENCODE}")]
    MisplacedAt,
    #[error("it names several hosts; name the one that is meant")]
    SeveralHosts,
    #[error("its port is no number up to 65535; if that is part of a password, {ENCODE}")]
    PortOrPassword,
    #[error("its port is no number up to 65535")]
    Port,
    #[error(
        "it names a service, and service files are not read here; write host, port, user and database"
    )]
    Service,
    #[error("it names a password file; name it in PGPASSFILE instead")]
    PasswordFile,
    #[error("its percent-encoding is not UTF-8")]
    Encoding(#[from] std::str::Utf8Error),
    #[error("it holds a NUL")]
    Nul,
    #[error("the variable {0} is no UTF-8")]
    VariableEncoding(&'static str),
    #[error("the variable {0} holds a line break or another control character")]
    VariableControl(&'static str),
    #[error(
        "PGSERVICE names a service, but service files are not read; write host, port, user and database into the URL"
    )]
    ServiceVariable,
    #[error("PGHOST names several hosts; name one")]
    HostVariable,
    #[error("PGPORT is not a port number")]
    PortVariable(#[source] std::num::ParseIntError),
    #[error(
        "PGSSLMODE is not a TLS mode; use disable, allow, prefer, require, verify-ca or verify-full"
    )]
    TlsVariable,
}
