//! The program from outside: arguments, exit codes, streams, and what is left on the disk.

mod arguments;
mod auditing;
mod configuration;
mod pulling;
mod repairing;
mod support;
