//! The program: its commands, and the configuration that they share.
//!
//! The crates below do the work; CONTRIBUTING.md draws them.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests clear up after themselves")
)]

pub mod cli;
pub mod config;
