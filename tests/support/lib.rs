//! Servers that the tests of several crates use. Nothing here knows Luthier.

#![allow(
    clippy::disallowed_methods,
    clippy::must_use_candidate,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "this is for tests: they clear up after themselves and end where they cannot go on"
)]

pub mod postgres;
#[path = "s3.rs"]
pub mod s3;
