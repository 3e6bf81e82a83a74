//! The program: its commands, and the configuration that they share.
//!
//! What it does is done by the crates below; CONTRIBUTING.md draws them.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests clear up after themselves")
)]

pub mod cli;
pub mod config;
