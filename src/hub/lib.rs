//! A hub: its database, its object store, and the one way to write to them.
//!
//! | module | does |
//! |---|---|
//! | [`backend`], [`index`] | the object store and the database: the only modules that do I/O on a hub |
//! | [`store`] | the only module that writes to a hub |
//!
//! The others are used by every crate above. The traits that write, `BackendMut` and `IndexMut`, are private to this
//! crate: whoever wants to write asks [`store`] for a [`store::Writer`].

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

pub mod access;
pub mod backend;
pub mod cause;
pub mod destination;
pub mod diagnostics;
pub mod index;
pub mod panics;
pub mod progress;
pub mod scratch;
pub mod secrets;
pub mod store;
pub mod text;
pub mod waiting;

#[cfg(any(test, feature = "testing"))]
#[path = "../../tests/support"]
#[allow(
    clippy::disallowed_methods,
    clippy::must_use_candidate,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "this is for tests: they clear up after themselves and end where they cannot go on"
)]
pub mod testing {
    //! Hubs for tests, of this crate and of those above.
    pub mod between;
    pub mod dying;
    mod hub;
    pub use hub::*;
    pub mod june;
    pub mod march;
    pub mod scripted;
}
