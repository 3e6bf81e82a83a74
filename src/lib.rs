//! The program: its commands, and the configuration that they share.
//!
//! The crates below do the work; CONTRIBUTING.md draws them.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

pub mod cli;
pub mod config;
