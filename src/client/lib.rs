//! Objects on a client's disk: written by a pull, checked by a verify.
//!
//! Everything is in `.muse/` of one folder. No link is followed on the way to a file, so nothing is
//! read or written outside it. Objects come before refs, and no object is ever overwritten.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

pub mod branches;
pub mod copies;
mod error;
pub mod folder;
pub mod layout;
pub mod object_dir;
pub mod packed;
pub mod pull;
pub mod received;
pub mod tried;
pub mod tried_repo;
pub mod verify;
pub mod walk;

pub use copies::ClientFolder;
pub use error::PullError;
pub use folder::{Folder, FolderError};
pub use layout::Layout;
pub use pull::{PullOptions, Pulled};
pub use received::Received;
pub use verify::{Tier, Verified, Wrong};
pub use walk::Wanted;

#[cfg(test)]
#[path = "../../tests/client/mod.rs"]
mod tests;
