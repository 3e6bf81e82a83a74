//! What was changed, when, by whom, from which finding: JSON lines, each with the hash of the one before.

/// The journal of one hub, open for appending.
pub struct Journal {}

impl Journal {
    /// ..
    pub fn open(_hub: &crate::store::Hub) -> Result<Self, super::RepairError> {
        todo!()
    }
}
