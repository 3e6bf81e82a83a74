//! The reasons why a checkpoint is not trusted.

use super::MAX_BYTES;
use super::codec::VERSION;
use crate::backend::Key;
use luthier_object::json::JsonError;

/// The reason why bytes under a checkpoint's key are not trusted.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Fields(#[from] serde_json::Error),
    #[error("it is of version {0}, not {VERSION}")]
    Version(u64),
    #[error("its branches are not sorted, or occur twice")]
    Order,
    #[error("it has {size} bytes, more than {MAX_BYTES}")]
    TooLarge { size: u64 },
    #[error("it says that it is number {0}")]
    Number(u64),
    #[error("it belongs to another repository")]
    OtherRepo,
    #[error("it does not name {0}, which lies before it")]
    Unlinked(Key),
    #[error("the checkpoint before it does not exist")]
    BeforeGone,
}
