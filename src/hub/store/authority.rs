//! The right to write, as a value.

/// Says that a person asked for writing (`--write`, or the demo). Nothing can be written without one,
/// and only the configuration makes it: read-only is a property of the types.
#[derive(Clone, Copy, Debug)]
pub struct Authority(());

impl Authority {
    /// Grants writing: called where `--write` was read, and by the demo for the hub that it has just made.
    #[must_use]
    pub const fn granted() -> Self {
        Self(())
    }
}
