//! A hub as a server: the wire that clients of March 2026 fetch from and push to.
//!
//! | module | does |
//! |---|---|
//! | [`access`] | who may read and write what |
//! | [`listen`] | connections, and TLS |
//! | `answer` | statuses and sentences |
//! | `wire` | the encoding of requests and answers |
//! | `refs`, `fetch`, `negotiate`, `objects`, `push` | one call each |
//! | `spool` | answers that are larger than memory should hold |
//! | [`mod@survey`] | which repositories can be served |
//! | `metrics` | what was served, for a monitor |
//! | `watched` | what a watch found, for a monitor |
//!
//! Nothing is sent that was not proved first: clients check blobs alone, and report no gap.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests clear up after themselves")
)]

pub mod access;
mod answer;
mod fetch;
mod flights;
pub mod listen;
mod metrics;
mod negotiate;
mod objects;
mod push;
mod refs;
mod repos;
mod router;
mod spool;
pub mod survey;
mod watched;
mod wire;

pub use access::{Tokens, TokensError};
pub use listen::{Tls, TlsError, serve};
pub use router::{Options, Writing, router};
pub use survey::{Survey, survey};
pub use watched::{AuditFigures, Watched, watch_router};

#[cfg(test)]
#[path = "../../tests/serve/mod.rs"]
mod tests;
