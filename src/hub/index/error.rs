//! The reasons why a database gave no answer, and whether it may give one a little later.

use crate::cause::Cause;

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("cannot open the database {what}: {why}")]
    Open {
        what: String,
        #[source]
        why: Cause,
    },
    #[error("the database {what} is not a MuseHub hub: {why}")]
    NotAHub {
        what: String,
        #[source]
        why: Cause,
    },
    #[error("the database could not answer ({what}): {why}")]
    Query {
        what: &'static str,
        #[source]
        why: Cause,
    },
    #[error("the database {what} cannot be reached: {why}")]
    Unreachable {
        what: String,
        #[source]
        why: Cause,
    },
    /// What was asked is sound, and the server broke it off: the same may well succeed a little later.
    #[error("the database could not answer ({what}): {why}")]
    BrokenOff {
        what: &'static str,
        /// The server's words in short, for a progress line.
        reason: String,
        #[source]
        why: Cause,
    },
    /// A read that was tried again until its time was over.
    #[error("{error}; {told}")]
    GivenUp {
        #[source]
        error: Box<IndexError>,
        told: String,
    },
    #[error(
        "the database {0} left two reads in a row without an answer, so this run does not ask it again; --retry-for sets how long a read is tried"
    )]
    Silent(String),
    /// Whatever it answered after that is not trusted.
    #[error(
        "the database {what} is gone: {how} while Luthier worked with it; see who did, then run this again on the file that is meant"
    )]
    Gone { what: String, how: &'static str },
    #[error("the database was opened read-only")]
    ReadOnly,
    #[error("another repair is running on this hub ({0}); wait until it has finished")]
    Locked(String),
}

impl IndexError {
    /// Returns, in a few words, why the same may succeed a little later; `None` if it would not.
    #[must_use]
    pub fn transient(&self) -> Option<&str> {
        match self {
            Self::BrokenOff { reason, .. } => Some(reason),
            Self::Unreachable { why, .. } => why.as_str().split(';').next(),
            _ => None,
        }
    }

    /// Returns whether a read ended without an answer although it was tried for as long as it may be.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self, Self::GivenUp { .. }) || self.transient().is_some()
    }

    /// Returns the same failure, with how long it was tried; as it is where nothing was tried again.
    #[must_use]
    pub fn given_up(self, told: String) -> Self {
        match told.is_empty() {
            true => self,
            false => Self::GivenUp {
                error: Box::new(self),
                told,
            },
        }
    }
}
