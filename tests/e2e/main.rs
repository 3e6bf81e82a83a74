//! The program in a real pseudo-terminal, as a person sees it.

#![allow(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests: what fails is a failed test, and what they made they remove"
)]

mod by_url;
mod connection;
mod console;
mod copies;
mod endings;
mod guides;
mod manners;
mod screen;
mod themes;
mod tour;
mod traps;

use luthier_testing::postgres as server;
