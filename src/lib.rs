//! Luthier inspects and repairs MuseHub repositories.
//!
//! The modules, from the ground up; imports run down, never up:
//!
//! | module | does |
//! |---|---|
//! | [`object`] | bytes to records and back, pure |
//! | [`backend`], [`index`] | the object store and the database: the only modules that do I/O |
//! | [`store`] | the only module that writes to a hub |
//! | [`client`] | what a client holds on its own disk: pull and verify |
//! | [`audit`] | knows what is wrong, changes nothing |
//! | [`repair`] | findings to plans, plans to changes through the store |
//! | `cli`, `tui` | two frontends without logic of their own |
//!
//! [`text`], [`secrets`], [`cause`], [`progress`], [`waiting`], [`diagnostics`], [`destination`], [`scratch`],
//! [`panics`] and [`access`] are used on every floor.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests remove what they made")
)]

pub mod access;
pub mod audit;
pub mod backend;
pub mod cause;
pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod destination;
pub mod diagnostics;
pub mod index;
pub mod object;
pub mod panics;
pub mod progress;
pub mod repair;
pub mod scratch;
pub mod secrets;
pub mod store;
pub mod text;
pub mod tui;
pub mod waiting;

#[cfg(test)]
#[path = "../tests/floors/mod.rs"]
mod floors;
#[cfg(test)]
#[path = "../tests/support"]
mod testing {
    pub mod between;
    pub mod dying;
    mod hub;
    pub mod march;
    pub mod postgres;
    pub use hub::*;
}
#[cfg(test)]
#[path = "../tests/support/s3.rs"]
mod testing_s3;
