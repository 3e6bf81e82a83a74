//! What a side of a hub is opened for.

/// Reading alone, or writing too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The side itself is told to refuse every change, where it can be.
    Read,
    Write,
}
