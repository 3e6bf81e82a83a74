//! The purpose for which a side of a hub is opened.

/// Reading alone, or writing too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The side itself is told to refuse every change, where it can be.
    Read,
    Write,
}
