//! Repairs: planning, applying, the journal.

mod applying;
mod demo;
mod journal;
mod planning;
mod support;
