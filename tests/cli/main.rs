//! The program from outside: arguments, exit codes, streams, and what is left on the disk.

mod arguments;
mod auditing;
mod checkpoints;
mod configuration;
mod rebuilding;
mod repairing;
mod support;
