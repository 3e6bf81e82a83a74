//! The one way to write.

use super::WriteSide;

/// The only value that can change a hub.
pub struct Writer {
    #[expect(dead_code, reason = "filled in by the write path")]
    side: WriteSide,
}
