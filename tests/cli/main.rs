//! The program from outside: arguments, exit codes, streams, and what is left on the disk.

#![allow(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests: what fails is a failed test, and what they made they remove"
)]

mod arguments;
mod auditing;
mod bench;
mod checkpoints;
mod configuration;
mod crashing;
mod credentials;
mod cut_pushes;
mod drilling;
mod figures;
mod front_door;
mod hidden;
mod hub_bindings;
mod identity;
mod loaded;
mod logging;
mod machine;
mod naming;
mod packed;
mod plans;
mod pooler;
mod postgres;
mod pulling;
mod readme;
mod rebuilding;
mod recovering;
mod remote;
mod repairing;
mod requests;
mod scoped;
mod serving;
mod sides;
mod signing;
mod stopping;
mod store_faults;
mod store_silent;
mod store_unread;
mod support;
mod typing;
mod undoing;
mod vanishing;
mod watching;

use luthier_testing::postgres as server;
use luthier_testing::s3;
