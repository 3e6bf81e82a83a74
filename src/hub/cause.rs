//! The cause of a failure, in words for a person, with the error behind it.

use std::error::Error;
use std::fmt;

/// A sentence for a person, and the error that it tells of, where there is one. One word in size.
#[derive(Debug)]
pub struct Cause(Box<Told>);

#[derive(Debug)]
struct Told {
    words: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Cause {
    /// Returns an error as its own sentence.
    #[must_use]
    pub fn of(error: impl Error + Send + Sync + 'static) -> Self {
        Self::told(error.to_string(), error)
    }

    /// Returns a sentence that tells of an error: often with what to do.
    #[must_use]
    pub fn told(words: impl Into<String>, error: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(Told {
            words: words.into(),
            source: Some(Box::new(error)),
        }))
    }

    /// Returns the sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.words
    }
}

impl From<String> for Cause {
    fn from(words: String) -> Self {
        Self(Box::new(Told {
            words,
            source: None,
        }))
    }
}

impl From<&str> for Cause {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(&**source)
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;
    use std::error::Error;

    #[test]
    fn the_error_behind_a_sentence_is_kept() {
        let error = std::io::Error::other("the disk is full");
        let cause = Cause::told(format!("{error}; free some space"), error);
        assert_eq!(cause.to_string(), "the disk is full; free some space");
        assert_eq!(cause.source().unwrap().to_string(), "the disk is full");
        assert!(Cause::from("nothing behind it").source().is_none());
    }
}
