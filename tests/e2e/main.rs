//! The program in a real pseudo-terminal, as a person sees it.

mod by_url;
mod connection;
mod console;
mod endings;
mod guides;
mod manners;
mod screen;
#[path = "../support/postgres.rs"]
mod server;
mod tour;
mod traps;
