//! The program from outside: arguments, exit codes, streams, and what is left on the disk.

mod arguments;
mod auditing;
mod bench;
mod checkpoints;
mod configuration;
mod crashing;
mod hidden;
mod pairs;
mod plans;
mod postgres;
mod pulling;
mod rebuilding;
mod repairing;
#[path = "../support/s3.rs"]
mod s3;
#[path = "../support/postgres.rs"]
mod server;
mod signing;
mod support;
mod undoing;
