//! The calls of the wire over a real database and store.

mod recorded;
mod rules;
mod support;
